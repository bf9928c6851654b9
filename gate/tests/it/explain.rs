//! `gate explain`, and a change of what measures, through the command line.

use serde_json::json;

use crate::repository::TestRepository;
use crate::subject::{EXACT_BUDGETS, exact_repository};

/// A probe that tells what its value is made of.
fn probe(entries: f64, index: f64, value: f64) -> String {
    let line = json!({
        "case": "int",
        "value": value,
        "unit": "B",
        "parts": {"entries": entries, "index": index, "slack": 2.0},
    });
    format!("#!/bin/sh\necho '{line}'\n")
}

/// Base is made of 40 bytes.
fn repository() -> TestRepository {
    let repository = exact_repository();
    repository.write("probe.sh", &probe(30.0, 8.0, 40.0));
    repository.commit("tell the parts");
    repository
}

#[test]
fn the_last_report_says_which_part_grew() {
    let repository = repository();
    repository.write("probe.sh", &probe(31.5, 7.5, 41.0));
    repository.commit("larger entries, a smaller index");
    repository.run(&["compare", "--quiet"]);
    let told = repository.run(&["explain", "bytes_per_key"]);
    assert_eq!(told.status, 0, "{}", told.stderr);
    let lines: Vec<&str> = told
        .stdout
        .lines()
        .skip(1)
        .filter(|l| !l.is_empty())
        .collect();
    assert_eq!(lines[0], "bytes_per_key/int: 40 → 41 B (+2.50%)");
    let words = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(lines[2]), ["30", "31.5", "+1.5", "entries"]);
    assert_eq!(words(lines[3]), ["8", "7.5", "-0.5", "index"]);
    assert_eq!(lines.len(), 4, "slack did not change: {}", told.stdout);
    let comment = std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    assert!(
        comment.contains("| entries | 30 | 31.5 | +1.5 |"),
        "{comment}"
    );
    repository
        .run(&["explain", "bytes_per_kay"])
        .refused(&["no metric matches bytes_per_kay", "bytes_per_key/int"]);
}

#[test]
fn with_a_revision_it_compares_first() {
    let repository = repository();
    repository
        .run(&["explain", "bytes_per_key/int"])
        .refused(&["cannot read", "report.json"]);
    repository.write("probe.sh", &probe(33.0, 8.0, 43.0));
    let told = repository.run(&["explain", "bytes_per_key/int", "HEAD", "--exact-base"]);
    assert_eq!(told.status, 0, "{}", told.stderr);
    assert!(told.stdout.contains("+3  "), "{}", told.stdout);
    assert!(told.stdout.contains("working tree"), "{}", told.stdout);
    assert_eq!(repository.git(&["status", "--porcelain"]), " M probe.sh");
}

#[test]
fn a_base_that_tells_no_parts_is_not_one_that_has_none() {
    let repository = exact_repository();
    repository.write(
        "probe.sh",
        "#!/bin/sh\necho '{\"case\": \"int\", \"value\": 40, \"unit\": \"B\"}'\n",
    );
    repository.commit("a number alone");
    repository.write("probe.sh", &probe(31.0, 8.0, 41.0));
    repository.commit("tell the parts");
    repository.run(&["compare", "--quiet"]);
    let told = repository.run(&["explain", "bytes_per_key/int"]);
    let said = "base's program or head's prints no `parts`";
    assert!(told.stdout.contains(said), "{}", told.stdout);
    assert!(!told.stdout.contains("entries"), "{}", told.stdout);
}

#[test]
fn parts_that_do_not_add_up_are_an_error() {
    let repository = repository();
    repository.write("probe.sh", &probe(30.0, 9.0, 40.0));
    repository.commit("a part too many");
    let parts = [
        "bytes_per_key on head",
        "parts that add up to 41, and not to its value 40",
    ];
    repository.run(&["compare"]).refused(&parts);
}

#[test]
fn a_change_of_the_harness_is_told() {
    let repository = repository();
    let harness = "artifacts = { probe = \"out/probe\" }\nharness = [\"probe*\", \"bench/**\"]";
    let budgets = EXACT_BUDGETS.replace("artifacts = { probe = \"out/probe\" }", harness);
    repository.write("budgets.toml", &budgets);
    repository.commit("name the harness");
    repository.write("README", "no harness\n");
    repository.write("probe.sh", &probe(29.0, 8.0, 39.0));
    repository.commit("another way to count");
    let run = repository.run(&["compare"]);
    let told = "The change touches what measures it: probe.sh.";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    assert_eq!(repository.report()["harness"], json!(["probe.sh"]));
    let comment = std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    assert!(comment.contains(told), "{comment}");

    repository.write("README", "other words\n");
    repository.commit("words alone");
    let run = repository.run(&["compare"]);
    assert!(
        !run.stdout.contains("touches what measures"),
        "{}",
        run.stdout
    );
}
