//! The main job from two commits to a verdict, timed metrics included.

use std::time::{Duration, Instant};

use crate::subject::repository;

/// The steps of the last run, in the order in which they ran.
fn steps(report: &serde_json::Value) -> Vec<&str> {
    let timings = report["timings"].as_array().unwrap();
    assert!(
        timings
            .iter()
            .all(|t| t["seconds"].as_f64().unwrap() >= 0.0)
    );
    timings
        .iter()
        .map(|timing| timing["step"].as_str().unwrap())
        .collect()
}

#[test]
fn a_slower_head_fails_and_the_report_says_by_how_much() {
    let repository = repository();
    let server = include_str!("subject/server.rs");
    // Several microseconds a command beside the two or so that it takes: far past 10 %.
    repository.write(
        "server.rs",
        &server.replace("SPIN: u32 = 0", "SPIN: u32 = 20_000"),
    );
    repository.commit("slower");
    let run = repository.run(&["compare", "--seed", "7", "--max-time", "8s"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    assert_eq!(report["schema"], "gate-report/1");
    assert_eq!(report["verdict"], "FAIL");
    assert_eq!(report["seed"], 7);
    assert_eq!(
        steps(&report),
        [
            "resolve",
            "build base",
            "build head",
            "count",
            "time rounds",
            "confirm"
        ]
    );
    for metric in report["metrics"].as_array().unwrap() {
        if metric["kind"] != "noisy" {
            assert_eq!(
                metric["verdict"], "PASS",
                "the exact metrics are equal: {metric}"
            );
            continue;
        }
        assert_eq!(
            metric["verdict"], "FAIL",
            "{}: {}",
            metric["id"], metric["message"]
        );
        assert!(metric["adverse_low_pct"].as_f64().unwrap() > 10.0);
        assert!(!metric["samples"]["rounds"].as_array().unwrap().is_empty());
    }
    let markdown =
        std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    assert!(markdown.contains("| metric | base | head | delta% | band | budget | verdict |"));
    assert!(markdown.contains("qps") && markdown.contains("FAIL"));
    assert!(
        run.stdout.contains("qps"),
        "the table is on standard output: {}",
        run.stdout
    );
    let again = repository.run(&["judge", "target/gate/report.json", "--format", "json"]);
    let written =
        std::fs::read_to_string(repository.path().join("target/gate/report.json")).unwrap();
    assert_eq!(
        (again.status, again.stdout),
        (1, written),
        "{}",
        again.stderr
    );
    assert_eq!(
        repository
            .run(&["compare", "--fail-on", "never", "--only", "bytes*"])
            .status,
        0
    );
}

#[test]
fn equal_binaries_pass_without_being_timed() {
    let repository = repository();
    repository.write("README", "another word");
    repository.commit("a text");
    let start = Instant::now();
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(start.elapsed() < Duration::from_mins(1), "nothing is timed");
    let report = repository.report();
    assert_eq!(report["verdict"], "PASS");
    let metrics = report["metrics"].as_array().unwrap();
    let qps = metrics.iter().find(|metric| metric["id"] == "qps").unwrap();
    assert_eq!(qps["reason"], "identical_binary");
    assert!(
        qps["base"].is_null(),
        "a number that does not exist is null: {qps}"
    );
}

#[test]
fn equal_binaries_that_are_started_differently_are_timed() {
    let repository = repository();
    let budgets = include_str!("subject/budgets.toml");
    let otherwise = budgets.replace(
        r#"["{server}", "#,
        r#"["env", "MODE=durable", "{server}", "#,
    );
    assert_ne!(otherwise, budgets);
    repository.write("budgets.toml", &otherwise);
    repository.commit("another mode");
    let run = repository.run(&["compare", "--max-time", "4s", "--fail-on", "never"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = repository.report();
    let metrics = report["metrics"].as_array().unwrap();
    let qps = metrics.iter().find(|metric| metric["id"] == "qps").unwrap();
    assert_ne!(qps["reason"], "identical_binary");
    assert!(qps["base"].as_f64().unwrap() > 0.0, "{qps}");
}

#[test]
fn an_identical_tree_is_neither_built_nor_measured() {
    let repository = repository();
    repository.write("build.sh", "exit 1\n");
    repository.commit("cannot be built");
    repository.git(&["branch", "same"]);
    repository.commit("nothing changed");
    let run = repository.run(&["compare", "same", "HEAD"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = repository.report();
    assert_eq!(report["base"]["tree"], report["head"]["tree"]);
    assert_eq!(steps(&report), ["resolve"]);
    for metric in report["metrics"].as_array().unwrap() {
        assert_eq!(metric["reason"], "identical_binary", "{metric}");
    }
}

#[test]
fn a_second_run_builds_nothing() {
    let repository = repository();
    repository.write(
        "build.sh",
        &("#!/bin/sh\n".to_owned()
            + include_str!("subject/build.sh")
            + "echo built >> \"$LOG\"; date +%N\n"),
    );
    // A script that takes any argument, and prints something else each time.
    let budgets = include_str!("subject/budgets.toml");
    let called = budgets.replace(r#"["sh", "build.sh"]"#, r#"["./build.sh"]"#);
    repository.write("budgets.toml", &called);
    let script = repository.path().join("build.sh");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(script, mode).unwrap();
    repository.commit("a build that is counted");
    repository.write("README.md", "A text.");
    repository.commit("and the same again");
    let count = repository.beside("count");
    let compare = || {
        let mut gate = repository.gate(&["compare", "--only", "bytes_per_key/*"]);
        let output = gate.env("LOG", &count).output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        std::fs::read_to_string(&count)
            .unwrap_or_default()
            .lines()
            .count()
    };
    let first = compare();
    assert!(first >= 1, "head is built");
    let commits = 2;
    assert_eq!(first, commits, "each once, whoever asks for the toolchain");
    assert_eq!(compare(), first, "everything comes out of the cache");
    assert_eq!(
        steps(&repository.report()),
        [
            "resolve",
            "base from the cache",
            "head from the cache",
            "count"
        ]
    );
    let markdown =
        std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    let (_, folded) = markdown.split_once("<details>").unwrap();
    assert!(folded.contains("head from the cache "), "{folded}");
}
