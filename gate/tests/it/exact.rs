//! Exact metrics through the command line: counted twice, compared to the last digit.

use serde_json::Value;

use crate::repository::TestRepository;
use crate::subject::{EXACT_BUDGETS, exact_repository, probe};

fn metric<'a>(report: &'a Value, id: &str) -> &'a Value {
    report["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|metric| metric["id"] == id)
        .unwrap()
}

/// Commits a head whose probe prints `lines`, compares, and returns the exit status and the report.
fn compare(repository: &TestRepository, lines: &[(&str, &str, &str)]) -> (i32, Value) {
    repository.write("probe.sh", &probe(lines));
    repository.commit("another probe");
    let run = repository.run(&["compare"]);
    assert!(run.status < 2, "{}", run.stderr);
    (run.status, repository.report())
}

#[test]
fn a_rise_past_the_budget_fails_and_one_inside_it_warns() {
    let repository = exact_repository();
    let (status, report) = compare(&repository, &[("int", "42.5", "B"), ("raw", "300.5", "B")]);
    assert_eq!((status, &report["verdict"]), (1, &Value::from("FAIL")));
    let int = metric(&report, "bytes_per_key/int");
    assert_eq!(int["reason"], "past_budget");
    assert_eq!(int["delta_pct"], 6.25);
    assert_eq!(
        (&int["base"], &int["head"]),
        (&Value::from(40.0), &Value::from(42.5))
    );
    let raw = metric(&report, "bytes_per_key/raw");
    assert_eq!(
        (&raw["verdict"], &raw["reason"]),
        (&"WARN".into(), &"inside_budget".into())
    );
}

#[test]
fn a_fall_is_an_improvement() {
    let (status, report) = compare(
        &exact_repository(),
        &[("int", "30", "B"), ("raw", "300.25", "B")],
    );
    assert_eq!((status, &report["verdict"]), (0, &Value::from("PASS")));
    assert_eq!(metric(&report, "bytes_per_key/int")["reason"], "improved");
}

#[test]
fn a_metric_that_head_lost_fails_and_one_that_it_gained_is_shown() {
    let (status, report) = compare(
        &exact_repository(),
        &[("int", "40", "B"), ("big", "900", "B")],
    );
    assert_eq!(status, 1);
    let raw = metric(&report, "bytes_per_key/raw");
    assert_eq!(
        (&raw["verdict"], &raw["reason"]),
        (&"FAIL".into(), &"missing".into())
    );
    assert_eq!(
        (&raw["base"], &raw["head"]),
        (&Value::from(300.25), &Value::Null)
    );
    let big = metric(&report, "bytes_per_key/big");
    assert_eq!(
        (&big["verdict"], &big["reason"]),
        (&"PASS".into(), &"new".into())
    );
}

#[test]
fn a_metric_called_exact_that_moves_is_unstable() {
    let repository = exact_repository();
    // The count of runs so far, kept beside the artifact, moves the second run by a byte.
    repository.write(
        "probe.sh",
        "#!/bin/sh\necho x >> \"$0.runs\"\nn=$(wc -l < \"$0.runs\")\n\
         echo \"{\\\"case\\\": \\\"int\\\", \\\"value\\\": $((40 + n)), \\\"unit\\\": \\\"B\\\"}\"\n\
         echo '{\"case\": \"raw\", \"value\": 300.25, \"unit\": \"B\"}'\n",
    );
    repository.commit("a probe that counts its runs");
    let run = repository.run(&["compare"]);
    assert!(run.status < 2, "{}", run.stderr);
    let report = repository.report();
    let int = metric(&report, "bytes_per_key/int");
    assert_eq!(int["reason"], "unstable");
    assert_ne!(int["verdict"], "PASS");
    for told in ["base 40 / 40", "head 41 / 42"] {
        assert!(int["message"].as_str().unwrap().contains(told), "{int}");
        assert!(run.stdout.contains(told), "{}", run.stdout);
    }
}

#[test]
fn a_trade_lets_one_named_regression_land_once() {
    let repository = exact_repository();
    repository.write(
        "probe.sh",
        &probe(&[("int", "44", "B"), ("raw", "300.25", "B")]),
    );
    let trade = "\n[[trades]]\nmetric = \"bytes_per_key/int\"\nallow = \"12%\"\n\
                 reason = \"embeds the expiry time in the entry\"\n";
    repository.write("budgets.toml", &format!("{EXACT_BUDGETS}{trade}"));
    repository.commit("trade bytes for an expiry time");
    assert_eq!(repository.run(&["compare"]).status, 0);
    let report = repository.report();
    assert_eq!(metric(&report, "bytes_per_key/int")["reason"], "traded");

    // The entry is spent once merged: the next rise fails.
    let (status, report) = compare(&repository, &[("int", "48", "B"), ("raw", "300.25", "B")]);
    assert_eq!(status, 1);
    assert_eq!(
        metric(&report, "bytes_per_key/int")["reason"],
        "past_budget"
    );
}

#[test]
fn a_loosened_budget_needs_a_reason() {
    let repository = exact_repository();
    repository.write("budgets.toml", &EXACT_BUDGETS.replace("\"5%\"", "\"50%\""));
    repository.commit("a looser budget");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    assert!(
        run.stdout.contains("5%") && run.stdout.contains("50%"),
        "{}",
        run.stdout
    );

    let reason = "\"50%\"\nreason = \"the wide table is on trial for a week\"";
    repository.write("budgets.toml", &EXACT_BUDGETS.replace("\"5%\"", reason));
    repository.git(&["add", "--all"]);
    repository.git(&[
        "commit",
        "--quiet",
        "--amend",
        "-m",
        "a looser budget, with its reason",
    ]);
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("on trial"), "{}", run.stdout);
}

#[test]
fn a_metric_that_base_measures_otherwise_is_not_compared() {
    let repository = exact_repository();
    let serve = "[subject.serve]\ncommand = [\"{probe}\", \"{port}\"]\n\n[metrics";
    let with_server = EXACT_BUDGETS.replacen("[metrics", serve, 1);
    let counted = "probe     = \"command\"\nrun       = [\"{probe}\"]\n";
    let timed = "probe     = \"resp-load\"\nquantity  = \"cpu_per_request\"\n";
    let base = with_server
        .replace(counted, timed)
        .replace("exact     = true\n", "");
    assert!(base.contains(timed) && !base.contains("exact"));
    repository.write("budgets.toml", &base);
    repository.commit("time it");
    let reason = "reason    = \"counts instead of timing it\"\n";
    repository.write("budgets.toml", &format!("{with_server}{reason}"));
    repository.commit("count it");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    for case in ["bytes_per_key/int", "bytes_per_key/raw"] {
        let row = metric(&report, case);
        let told = (&row["verdict"], &row["reason"], &row["base"]);
        assert_eq!(told, (&"WARN".into(), &"new".into(), &Value::Null));
    }
    let told = "base measures it with another probe";
    assert!(run.stdout.contains(told), "{}", run.stdout);
}

#[test]
fn the_same_bytes_are_not_counted() {
    let repository = exact_repository();
    let size = "\n[metrics.size]\nprobe = \"size\"\nartifact = \"probe\"\n\
                direction = \"lower-is-better\"\nbudget = \"5%\"\n";
    repository.write("budgets.toml", &format!("{EXACT_BUDGETS}{size}"));
    // A program that cannot be counted with: whoever runs it learns of it.
    repository.write("probe.sh", "#!/bin/sh\nexit 7\n");
    repository.commit("a probe that fails");
    repository.write("README", "another word\n");
    repository.commit("a document");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    let bytes = metric(&report, "bytes_per_key");
    for number in ["base", "head", "delta_pct", "band_pct", "samples"] {
        assert!(bytes[number].is_null(), "{number}: {bytes}");
    }
    assert_eq!(
        (&bytes["verdict"], &bytes["reason"]),
        (&"PASS".into(), &"identical_binary".into())
    );
    // What costs nothing to read is shown.
    let size = metric(&report, "size/file");
    assert_eq!(
        (&size["base"], &size["reason"]),
        (&17.0.into(), &"within_noise".into())
    );

    // Other words may ask for something else, a budget may be in another unit, a trade may name a case
    // that there is not.
    let budgets = std::fs::read_to_string(repository.path().join("budgets.toml")).unwrap();
    let trade = "\n[[trades]]\nmetric = \"bytes_per_key/int\"\nallow = \"9%\"\n\
                 reason = \"holds the version of a key\"\n";
    for other in [
        budgets.replace("[\"{probe}\"]", "[\"{probe}\", \"memory\"]"),
        budgets.replacen("\"5%\"", "\"4%\"", 1),
        budgets + trade,
    ] {
        repository.write("budgets.toml", &other);
        repository
            .run(&["compare"])
            .refused(&["bytes_per_key", "exit status: 7"]);
    }
}

#[test]
fn a_base_without_budgets_is_judged_by_heads() {
    let repository = TestRepository::new();
    repository.write(
        "build.sh",
        "mkdir -p out && cp probe.sh out/probe && chmod +x out/probe\n",
    );
    repository.write("probe.sh", &probe(&[("int", "40", "B")]));
    repository.write(".gitignore", "/out/\n/target/\n");
    repository.commit("before the gate");
    repository.write("budgets.toml", EXACT_BUDGETS);
    repository.commit("the gate");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    assert_eq!(repository.report()["verdict"], "PASS");
}
