//! `gate judge` on the report of a real comparison.

use crate::repository::{Run, TestRepository};
use crate::subject::{exact_repository, probe};

const REPORT: &str = "target/gate/report.json";

/// A comparison whose `int` grew by 4 % of its budget of 5 %.
fn compared() -> TestRepository {
    let repository = exact_repository();
    repository.write(
        "probe.sh",
        &probe(&[("int", "50", "B"), ("raw", "300", "B")]),
    );
    repository.commit("small");
    repository.write(
        "probe.sh",
        &probe(&[("int", "52", "B"), ("raw", "300", "B")]),
    );
    repository.commit("larger");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(repository.report()["verdict"], "WARN");
    repository
}

fn judge(repository: &TestRepository, more: &[&str]) -> Run {
    repository.run(&[&["judge", REPORT], more].concat())
}

#[test]
fn a_report_is_judged_as_it_was() {
    let repository = compared();
    let json = judge(&repository, &["--format", "json"]);
    let written = std::fs::read_to_string(repository.path().join(REPORT)).unwrap();
    assert_eq!((json.status, json.stdout), (0, written));
    assert_eq!(json.stderr, "");
    assert_eq!(judge(&repository, &["--fail-on", "warn"]).status, 1);
    let markdown = judge(&repository, &["--format", "markdown", "--out", "again"]).stdout;
    let left = std::fs::read_to_string(repository.path().join("again/report.md")).unwrap();
    assert_eq!(markdown, left);
    assert!(left.contains("**WARN**"));
}

#[test]
fn other_budgets_give_their_verdict() {
    let repository = compared();
    let budgets = std::fs::read_to_string(repository.path().join("budgets.toml")).unwrap();
    let strict = budgets.replace("\"5%\"", "\"3%\"");
    repository.write("strict.toml", &strict);
    let run = judge(&repository, &["--budgets", "strict.toml"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("past budget"), "{}", run.stdout);
    let trade = "\n[[trades]]\nmetric = \"bytes_per_key/int\"\nallow = \"4%\"\n\
                 reason = \"a word more for the expiry\"\n";
    repository.write("traded.toml", &(strict + trade));
    let run = judge(&repository, &["--budgets", "traded.toml"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("traded"), "{}", run.stdout);
}

#[test]
fn what_a_report_concludes_is_not_believed() {
    let repository = compared();
    let path = repository.path().join(REPORT);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("WARN", "PASS")).unwrap();
    let run = judge(&repository, &["--fail-on", "warn"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("says PASS, its samples say WARN"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_cannot_be_judged_is_told() {
    let repository = compared();
    let path = repository.path().join(REPORT);
    let text = std::fs::read_to_string(&path).unwrap();
    for (from, to, parts) in [
        (
            "gate-report/1",
            "gate-report/9",
            ["report.json", "expected `gate-report/1`"],
        ),
        ("\"seed\"", "\"sead\"", ["report.json", "sead"]),
        ("52.0", "NaN", ["report.json", "line"]),
        (
            "52.0",
            "-52.0",
            ["bytes_per_key/int", "must be a finite number"],
        ),
        (
            "bytes_per_key/raw",
            "bytes_per_value/raw",
            ["bytes_per_value/raw", "no budgets file"],
        ),
    ] {
        assert!(text.contains(from), "{from} in {text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        judge(&repository, &[]).refused(&parts);
    }
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    judge(&repository, &[]).refused(&["report.json", "EOF"]);
    repository
        .run(&["judge", "none.json"])
        .refused(&["none.json", "report.json of a run"]);
    std::fs::write(&path, text).unwrap();
    judge(&repository, &["--budgets", "none.toml"]).refused(&["none.toml"]);
}
