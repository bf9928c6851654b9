//! Recorded baselines: small rises that pass one by one, and are seen together.

use crate::repository::{Run, TestRepository};
use crate::subject::{EXACT_BUDGETS, exact_repository, probe};

/// Each change may add 3 %, all of them together 5 %.
fn budgets() -> String {
    EXACT_BUDGETS.replace("\"5%\"", "\"3%\"") + "\n[baseline]\nbudget = \"5%\"\n"
}

fn file() -> String {
    let (arch, os) = (std::env::consts::ARCH, std::env::consts::OS);
    format!("baselines/{arch}-{os}.toml")
}

/// Commits a probe that reads `int` as this.
fn commit(repository: &TestRepository, int: &str) {
    repository.write(
        "probe.sh",
        &probe(&[("int", int, "B"), ("raw", "4000", "B")]),
    );
    repository.commit(&format!("int takes {int}"));
}

/// `int` at 100 B, recorded and committed.
fn recorded() -> TestRepository {
    let repository = exact_repository();
    repository.write("budgets.toml", &budgets());
    commit(&repository, "100");
    record(&repository, &[]);
    repository.commit("record a baseline");
    repository
}

fn record(repository: &TestRepository, args: &[&str]) {
    let run = repository.run(&[&["baseline", "record"], args].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("2 metrics of"), "{}", run.stdout);
}

fn compare(repository: &TestRepository, int: &str) -> Run {
    commit(repository, int);
    repository.run(&["compare"])
}

#[test]
fn what_is_recorded_is_a_file_to_commit() {
    let repository = recorded();
    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    let commit = repository.git(&["rev-parse", "HEAD~1"]);
    for part in [
        "schema = 1",
        &format!("commit = \"{commit}\""),
        "toolchain = ",
        "\"bytes_per_key/int\" = { value = 100.0, unit = \"B\" }",
        "\"bytes_per_key/raw\" = { value = 4000.0, unit = \"B\" }",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn small_rises_that_each_pass_fail_together() {
    let repository = recorded();
    for int in ["102", "104"] {
        let run = compare(&repository, int);
        assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("it may creep by 5 %"), "{}", run.stdout);
    }
    let run = compare(&repository, "106");
    assert_eq!(run.status, 1, "{}", run.stdout);
    let said =
        "FAIL: bytes_per_key/int crept too far: 100 B when it was recorded, 106 B: 6.0 % more";
    assert!(run.stdout.contains(said), "{}", run.stdout);
    let report = repository.report();
    assert_eq!(report["metrics"][0]["reason"], "inside_budget");
    let again = repository.run(&["judge", "target/gate/report.json"]);
    assert_eq!((again.status, again.stdout), (1, run.stdout));
    let check = repository.run(&["baseline", "check"]);
    assert_eq!(check.status, 1, "{}", check.stdout);
    assert!(
        check.stdout.contains("FAIL bytes_per_key/int")
            && check.stdout.contains("1 metric is as recorded"),
        "{}",
        check.stdout
    );
    let markdown =
        std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    assert!(
        markdown.contains("1 of 2 metrics crept too far"),
        "{markdown}"
    );

    // An improvement is never held against anyone.
    let run = compare(&repository, "90");
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert_eq!(repository.run(&["baseline", "check"]).status, 0);
}

#[test]
fn a_metric_may_have_a_creep_budget_of_its_own() {
    let repository = recorded();
    let own = "[baseline.metrics]\n\"bytes_per_key/int\" = \"20 B\"\n";
    repository.write("budgets.toml", &(budgets() + own));
    let run = compare(&repository, "102");
    assert_eq!(
        run.status, 1,
        "looser than what holds for all: {}",
        run.stdout
    );
    assert!(run.stdout.contains("no reason given"), "{}", run.stdout);
    let run = compare(&repository, "104");
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(
        run.stdout.contains("it may creep by 20 B"),
        "{}",
        run.stdout
    );
    let unknown = own.replace("bytes_per_key/int", "bytes_per_kye/int");
    repository.write("budgets.toml", &(budgets() + &unknown));
    repository
        .run(&["check"])
        .refused(&["no exact metric", "did you mean `bytes_per_key/int`?"]);
}

#[test]
fn a_rise_that_is_recorded_anew_needs_a_reason() {
    let repository = recorded();
    repository.write(
        "probe.sh",
        &probe(&[("int", "102", "B"), ("raw", "4000", "B")]),
    );
    repository.commit("two bytes");
    for (args, status, said) in [
        (&[][..], 1, "100 B -> 102 B; no reason given"),
        (
            &["--reason", "holds the version of a key"][..],
            0,
            "\"holds the version of a key\"",
        ),
    ] {
        record(&repository, args);
        let run = repository.run(&["compare", "HEAD~1"]);
        assert_eq!(run.status, status, "{}\n{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(said), "{}", run.stdout);
    }
    // Without the file nothing would be held against anything.
    std::fs::remove_file(repository.path().join(file())).unwrap();
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(
        run.stdout.contains("2 metrics -> no file; no reason given"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_baseline_that_changes_is_held_against_counts_of_the_same_binary() {
    let repository = recorded();
    repository.write("README", "another word\n");
    repository.commit("a document");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let said = "identical binary";
    assert!(run.stdout.contains(said), "{}", run.stdout);
    assert!(
        run.stdout.contains("baseline: not judged"),
        "{}",
        run.stdout
    );

    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    repository.write(&file(), &text.replace("100.0", "90.0"));
    repository.commit("say that it was smaller");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let said = "FAIL bytes_per_key/int: 90 B when it was recorded, 100 B: 11.1 % more";
    assert!(run.stdout.contains(said), "{}", run.stdout);

    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let tighter = budgets().replace("[baseline]\nbudget = \"5%\"", "[baseline]\nbudget = \"4%\"");
    repository.write("budgets.toml", &tighter);
    repository.commit("a tighter creep budget");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("2 metrics are as recorded"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_baseline_of_another_machine_or_compiler_is_not_judged() {
    let repository = recorded();
    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    let toolchain = text
        .lines()
        .find(|line| line.starts_with("toolchain = "))
        .unwrap();
    for (from, to, said) in [
        (
            toolchain,
            "toolchain = \"another shell 1.0\"",
            "recorded with another toolchain",
        ),
        ("target = \"", "target = \"m68k-", "was recorded on m68k-"),
    ] {
        repository.write(&file(), &text.replace(from, to));
        let run = compare(&repository, "102.5");
        assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
        assert!(
            run.stdout.contains("baseline: not judged: "),
            "{}",
            run.stdout
        );
        assert!(run.stdout.contains(said), "{}", run.stdout);
        repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    }
}

#[test]
fn what_cannot_be_recorded_or_read_is_told() {
    let repository = recorded();
    repository.write(&file(), "schema = 1\nmetrics = 7\n");
    repository.commit("written by hand");
    repository
        .run(&["compare"])
        .refused(&[&file(), "gate baseline record"]);
    repository.write("budgets.toml", EXACT_BUDGETS);
    repository
        .run(&["baseline", "check"])
        .refused(&["no `[baseline]` table"]);
    repository.write("budgets.toml", &budgets());
    repository.write(
        "probe.sh",
        "#!/bin/sh\necho x >> \"$0.runs\"\n\
         echo \"{\\\"value\\\": $(wc -l < \"$0.runs\"), \\\"unit\\\": \\\"B\\\"}\"\n",
    );
    repository.commit("counts its runs");
    repository
        .run(&["baseline", "record"])
        .refused(&["not the same twice"]);
}
