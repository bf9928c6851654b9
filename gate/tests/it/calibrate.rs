//! `gate calibrate` and the open loop, on the tiny server of the tests.

use crate::subject::repository;

#[test]
fn a_revision_is_compared_with_its_own_copy() {
    let repository = repository();
    let run = repository.run(&["calibrate", "HEAD", "--runs", "1", "--seed", "3"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for part in [
        "metric ",
        "visible from",
        "repeats: 4 counts of ",
        "1 of 1 runs of HEAD (",
        "# Calibrated by 1 runs on ",
        "[metrics.qps]\nbudget = \"",
        "[metrics.cpu_per_request]\nbudget = \"",
    ] {
        assert!(run.stdout.contains(part), "no {part:?} in:\n{}", run.stdout);
    }
    // What it suggests is a budgets file's, in its place.
    let (_, stanza) = run.stdout.split_once("# Calibrated").unwrap();
    let budgets = std::fs::read_to_string(repository.path().join("budgets.toml")).unwrap();
    let suggested = stanza.lines().filter(|line| line.starts_with("budget = "));
    assert_eq!(suggested.clone().count(), 2);
    for line in suggested {
        repository.write(
            "other.toml",
            &budgets.replacen("budget    = \"10%\"", line, 1),
        );
        let check = repository.run(&["check", "other.toml"]);
        assert_eq!(check.status, 0, "{line}: {}", check.stderr);
    }
}

#[test]
fn a_count_that_does_not_repeat_is_told() {
    let repository = repository();
    let probe = "#!/bin/sh\necho \"{\\\"value\\\": $$, \\\"unit\\\": \\\"B\\\"}\"\n";
    repository.write("probe.sh", probe);
    let only = ["calibrate", "--only", "bytes_per_key", "--format", "json"];
    let run = repository.run(&only);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let found: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(found["schema"], "gate-calibration/1");
    assert_eq!(found["runs"], 0, "nothing is timed");
    assert_eq!(found["exact"][0]["repeats"], false);
    assert_eq!(found["exact"][0]["counts"].as_array().unwrap().len(), 4);
    repository
        .run(&["calibrate", "--only", "nothing"])
        .refused(&[
            "no metric matches nothing",
            "bytes_per_key, cpu_per_request",
        ]);
    repository
        .run(&["calibrate", "--runs", "0"])
        .refused(&["--runs"]);
}

#[test]
fn latencies_are_taken_at_a_rate_and_shown() {
    let repository = repository();
    let budgets = std::fs::read_to_string(repository.path().join("budgets.toml")).unwrap();
    let latency = "\n[metrics.p99]\nprobe = \"resp-latency\"\ndirection = \"lower-is-better\"\n\
                   load = { connections = 4, keys = 1000, value_bytes = 32, rate = 2000 }\n";
    repository.write("budgets.toml", &(budgets + latency));
    repository.commit("latency");
    let server = include_str!("subject/server.rs");
    repository.write(
        "server.rs",
        &server.replace("SPIN: u32 = 0", "SPIN: u32 = 200_000"),
    );
    repository.commit("slower");
    let run = repository.run(&["compare", "--only", "p99", "--max-time", "5s"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    let metrics = report["metrics"].as_array().unwrap();
    let p99 = metrics.iter().find(|metric| metric["id"] == "p99").unwrap();
    assert_eq!(
        (&p99["kind"], &p99["unit"]),
        (&"report_only".into(), &"µs".into())
    );
    assert_eq!(p99["verdict"], "PASS");
    // Which is larger is up to what else runs: a percentile this far out is made of interruptions.
    for arm in ["base", "head"] {
        assert!(p99[arm].as_f64().unwrap() > 0.0, "{p99}");
    }
    let round = &p99["samples"]["rounds"][0];
    assert_eq!(round["open_loop"]["rate_per_second"], 2000);
    assert_eq!(
        round["base"].as_array().unwrap().len(),
        1,
        "one value an arm"
    );
    assert!(round["order"].as_str().unwrap().len() >= 4, "{round}");
    let markdown =
        std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    assert!(
        markdown.contains("open loop of 2 000 requests/s to each arm"),
        "{markdown}"
    );
    let again = repository.run(&["judge", "target/gate/report.json", "--format", "json"]);
    assert_eq!(again.status, 0, "{}", again.stderr);
}
