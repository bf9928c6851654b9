//! Recorded baselines: small rises that pass one by one, and are seen together.

use crate::repository::{Run, TestRepository, gate_in};
use crate::subject::{EXACT_BUDGETS, exact_repository, probe};

/// Each change may add 3 %, all of them together 5 %.
pub(crate) fn budgets() -> String {
    EXACT_BUDGETS.replace("\"5%\"", "\"3%\"") + "\n[baseline]\nbudget = \"5%\"\n"
}

pub(crate) fn file() -> String {
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
pub(crate) fn recorded() -> TestRepository {
    let repository = exact_repository();
    repository.write("budgets.toml", &budgets());
    commit(&repository, "100");
    record(&repository, &[]);
    repository.commit("record a baseline");
    repository
}

pub(crate) fn record(repository: &TestRepository, args: &[&str]) -> String {
    let run = repository.run(&[&["baseline", "record"], args].concat());
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("2 metrics of"), "{}", run.stdout);
    run.stdout
}

pub(crate) fn compare(repository: &TestRepository, int: &str) -> Run {
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
        "[counted_on]",
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
fn a_mistyped_case_of_a_creep_budget_is_an_error() {
    let repository = recorded();
    let own = "[baseline.metrics]\n\"bytes_per_key/imt\" = \"1%\"\n";
    repository.write("budgets.toml", &(budgets() + own));
    let told = "the budgets name the case `bytes_per_key/imt`, which the run does not have";
    repository.run(&["compare"]).refused(&[told]);
    repository.run(&["baseline", "check"]).refused(&[told]);
    // Nobody has to record anything to be told.
    std::fs::remove_file(repository.path().join(file())).unwrap();
    repository.run(&["baseline", "check"]).refused(&[told]);
}

/// A probe whose `int` is what a file beside the repository holds, recorded at 100 B: it looks exact, and
/// is not.
fn machine_dependent() -> TestRepository {
    let repository = exact_repository();
    let file = repository.beside("of-the-machine");
    std::fs::write(&file, "100").unwrap();
    repository.write("budgets.toml", &budgets());
    let script = probe(&[("int", r#"'"$(cat FILE)"'"#, "B"), ("raw", "4000", "B")]);
    repository.write("probe.sh", &script.replace("FILE", file.to_str().unwrap()));
    repository.commit("a probe that reads the machine");
    record(&repository, &[]);
    repository.commit("record a baseline");
    repository
}

fn on_a_machine_that_reads(repository: &TestRepository, int: &str) -> Run {
    std::fs::write(repository.beside("of-the-machine"), int).unwrap();
    repository.run(&["baseline", "check"])
}

/// What was said, less what is another in every run or on another architecture.
fn said(repository: &TestRepository, run: &Run) -> String {
    let commit = repository.git(&["rev-parse", "HEAD~1"]);
    let said = run.stdout.replace(&commit[..10], "COMMIT");
    said.replace(&file(), "BASELINE")
}

/// Changes the recorded file, and commits that.
pub(crate) fn edit(repository: &TestRepository, edit: impl FnOnce(&str) -> String) {
    let text = std::fs::read_to_string(repository.path().join(file())).unwrap();
    let edited = edit(&text);
    assert_ne!(text, edited);
    repository.write(&file(), &edited);
    repository.git(&["commit", "--quiet", "--all", "--amend", "--no-edit"]);
}

/// The file with a line that begins with `key` replaced.
pub(crate) fn line(text: &str, key: &str, new: &str) -> String {
    let old = text.lines().find(|line| line.starts_with(key)).unwrap();
    text.replace(old, new)
}

#[test]
fn the_same_code_is_held_to_the_last_digit() {
    let repository = machine_dependent();
    let run = on_a_machine_that_reads(&repository, "100");
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    insta::assert_snapshot!("same_code_same_counts", said(&repository, &run));

    // Better is as wrong as worse, and what a budget would never see as well.
    for int in ["100.00000000000001", "99.99999999999999"] {
        let run = on_a_machine_that_reads(&repository, int);
        assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(int), "{}", run.stdout);
    }
    let run = repository.run(&["baseline", "check"]);
    insta::assert_snapshot!("same_code_other_counts", said(&repository, &run));

    // A comparison that ends in the recorded code says the same, and so does judging it again.
    let run = repository.run(&["compare", "HEAD~1"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let why = "FAIL: bytes_per_key/int is not exact: the same code counted differently here";
    assert!(run.stdout.contains(why), "{}", run.stdout);
    let again = repository.run(&["judge", "target/gate/report.json"]);
    assert_eq!((again.status, again.stdout), (1, run.stdout));
    let markdown =
        std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    assert!(
        markdown.contains("1 of 2 metrics counted otherwise than the same code at"),
        "{markdown}"
    );

    // Other code is held against its budgets.
    repository.write("README", "another word\n");
    let run = repository.run(&["baseline", "check"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("nothing crept too far"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_case_that_the_same_code_counts_on_one_machine_only_is_told() {
    let repository = machine_dependent();
    let more = "100, \"unit\": \"B\"}\n{\"case\": \"hash\", \"value\": 7";
    let run = on_a_machine_that_reads(&repository, more);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let told =
        "bytes_per_key/hash: the same code counted differently here: 7 B, and not counted where it";
    assert!(run.stdout.contains(told), "{}", run.stdout);

    edit(&repository, |text| {
        text.to_owned() + "\"bytes_per_key/set\" = { value = 5.5, unit = \"B\" }\n"
    });
    let run = on_a_machine_that_reads(&repository, "100");
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let told = "bytes_per_key/set: the same code counted differently here: not counted, and 5.5 B where it";
    assert!(run.stdout.contains(told), "{}", run.stdout);
}

#[test]
fn code_that_cannot_be_looked_at_is_held_against_its_budgets_and_that_is_said() {
    let repository = machine_dependent();
    let run = on_a_machine_that_reads(&repository, "101");
    assert_eq!(run.status, 1, "{}", run.stdout);

    let clone = repository.beside("clone");
    let source = format!("file://{}", repository.path().display());
    repository.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        &source,
        clone.to_str().unwrap(),
    ]);
    let mut check = gate_in(&clone, &repository.cache(), &["baseline", "check"]);
    let run = Run::from(check.output().unwrap());
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    insta::assert_snapshot!("commit_is_not_in_a_shallow_clone", said(&repository, &run));

    for commit in ["f".repeat(40), "HEAD".to_owned(), "-q".to_owned()] {
        edit(&repository, |text| {
            line(text, "commit = ", &format!("commit = \"{commit}\""))
        });
        let run = repository.run(&["baseline", "check"]);
        assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
        let short: String = commit.chars().take(10).collect();
        let why = format!("cannot be told, as commit {short} is not in this clone\n");
        assert!(run.stdout.contains(&why), "{}", run.stdout);
    }
}

#[test]
fn the_same_code_on_another_kind_of_machine_is_not_held_to_the_last_digit() {
    for (key, new, why) in [
        (
            "c_library = ",
            "c_library = \"another 7.1\"",
            "the C library was another where it was recorded (another 7.1; this is ",
        ),
        (
            "processor = ",
            "processor = \"SomebodyElse (avx)\"",
            "the processor was another where it was recorded (SomebodyElse (avx); this is ",
        ),
        (
            "[metrics]",
            "valgrind = \"valgrind-1.0\"\n\n[metrics]",
            "valgrind was another where it was recorded (valgrind-1.0; this is not told)",
        ),
    ] {
        let repository = machine_dependent();
        edit(&repository, |text| line(text, key, new));
        let run = on_a_machine_that_reads(&repository, "101");
        assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
        let told = format!("not held to the last digit: {why}");
        assert!(run.stdout.contains(&told), "{}", run.stdout);
        assert!(run.stdout.contains("it may creep by 5 %"), "{}", run.stdout);
    }
    // A file that does not tell.
    let repository = machine_dependent();
    edit(&repository, |text| {
        let (before, rest) = text.split_once("[counted_on]").unwrap();
        let (_, metrics) = rest.split_once("[metrics]").unwrap();
        format!("{before}[metrics]{metrics}")
    });
    let run = on_a_machine_that_reads(&repository, "101");
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    insta::assert_snapshot!("recorded_without_the_machine", said(&repository, &run));
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
