//! `gate measure` on each of several runners, and `gate judge` on what they leave.

use std::path::PathBuf;

use serde_json::Value;

use crate::repository::{Run, TestRepository};
use crate::subject::{exact_repository, probe, repository};

/// A repository whose `int` grew by 4 % of its budget of 5 %.
fn grown() -> TestRepository {
    let repository = exact_repository();
    repository.write("probe.sh", &probe(&[("int", "50", "B")]));
    repository.commit("small");
    repository.write("probe.sh", &probe(&[("int", "52", "B")]));
    repository.commit("larger");
    repository
}

/// Where a runner leaves its samples: beside the checkout, whose files would else be part of head.
fn folder(repository: &TestRepository, shard: &str) -> PathBuf {
    repository
        .beside("samples")
        .join(shard.replace('/', "-of-"))
}

/// Measures as one runner into a folder of its own.
fn measure(repository: &TestRepository, shard: &str, more: &[&str]) -> Run {
    let out = folder(repository, shard);
    let out = out.to_str().unwrap();
    repository.run(&[&["measure", "--shard", shard, "--out", out], more].concat())
}

fn samples(repository: &TestRepository, shard: &str) -> Value {
    let path = folder(repository, shard).join("samples.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Judges every runner's samples.
fn judge(repository: &TestRepository, more: &[&str]) -> Run {
    let all = repository.beside("samples");
    repository.run(&[&["judge", all.to_str().unwrap()], more].concat())
}

#[test]
fn what_every_runner_measured_is_one_report() {
    let repository = grown();
    for shard in ["1/3", "2/3", "3/3"] {
        let run = measure(&repository, shard, &["--seed", "7"]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        assert!(run.stdout.contains(&format!("shard {shard}, not judged")));
        for word in ["PASS", "WARN", "FAIL"] {
            assert!(!run.stdout.contains(word), "{}", run.stdout);
        }
    }
    let seeds =
        ["1/3", "2/3", "3/3"].map(|shard| samples(&repository, shard)["facts"]["seed"].clone());
    assert_eq!(
        seeds,
        [7, 8, 9],
        "one seed for all draws other orders on each"
    );

    let run = judge(&repository, &["--out", "judged"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(repository.path().join("judged/report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["verdict"], "WARN");
    assert_eq!(report["runners"].as_array().unwrap().len(), 3);
    assert_eq!(
        report["metrics"][0]["by_runner"].as_array().unwrap().len(),
        3
    );
    let markdown = std::fs::read_to_string(repository.path().join("judged/report.md")).unwrap();
    assert!(markdown.contains("<b>3 runners</b>"), "{markdown}");
    // The report is judged again as any other, by other budgets too.
    let again = repository.run(&["judge", "judged/report.json", "--format", "json"]);
    assert_eq!((again.status, again.stdout), (0, text));
    let strict = std::fs::read_to_string(repository.path().join("budgets.toml")).unwrap();
    repository.write("strict.toml", &strict.replace("\"5%\"", "\"3%\""));
    let run = repository.run(&["judge", "judged/report.json", "--budgets", "strict.toml"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
}

/// Real rounds: all that were planned, the confirmation too, though nothing is past a budget.
#[test]
fn a_runner_measures_all_that_was_planned() {
    let repository = repository();
    let server = include_str!("subject/server.rs");
    repository.write(
        "server.rs",
        &server.replace("SPIN: u32 = 0", "SPIN: u32 = 20"),
    );
    repository.commit("as good as before");
    let run = measure(&repository, "1/1", &["--max-time", "5s", "--only", "qps"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let samples = samples(&repository, "1/1");
    assert_eq!(samples["plan"]["looks"], serde_json::json!([8]));
    let metrics = samples["metrics"].as_array().unwrap();
    let qps = metrics.iter().find(|metric| metric["id"] == "qps").unwrap();
    let rounds = qps["taken"]["samples"]["rounds"].as_array().unwrap();
    let of = |set: &str| rounds.iter().filter(|round| round["set"] == set).count();
    assert_eq!((of("main"), of("confirmation")), (8, 8));
    let has_control = |round: &&Value| !round["control"].as_array().unwrap().is_empty();
    assert_eq!(rounds.iter().filter(has_control).count(), 8);
    let run = judge(&repository, &[]);
    assert!(run.status < 2, "{}", run.stderr);
}

#[test]
fn samples_that_do_not_belong_together_are_refused() {
    let repository = grown();
    for shard in ["1/2", "2/2"] {
        assert_eq!(measure(&repository, shard, &[]).status, 0);
    }
    let file = |shard| folder(&repository, shard).join("samples.json");
    let (first, second) = (file("1/2"), file("2/2"));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    repository
        .run(&["judge", first])
        .refused(&["shard 2/2 is missing", "run it again"]);
    repository
        .run(&["judge", first, first])
        .refused(&["are both shard 1/2"]);
    repository
        .run(&["judge", first, second, "none.json"])
        .refused(&["none.json"]);
    repository
        .run(&["judge", ".git"])
        .refused(&[".git has no .json file"]);
    repository
        .run(&["judge"])
        .refused(&["no samples.json and no report.json is named"]);
    assert_eq!(repository.run(&["compare"]).status, 0);
    repository
        .run(&["judge", first, "target/gate/report.json"])
        .refused(&["target/gate/report.json is the report of a whole run"]);
    repository.write("budgets.toml", "no budgets");
    repository
        .run(&["judge", first, second, "budgets.toml"])
        .refused(&["budgets.toml: not a report of this version"]);

    repository.git(&["checkout", "--quiet", "budgets.toml"]);
    repository.write("probe.sh", &probe(&[("int", "53", "B")]));
    repository.commit("another head");
    assert_eq!(measure(&repository, "2/2", &[]).status, 0);
    judge(&repository, &[]).refused(&["head is", "samples of one run"]);
}

#[test]
fn a_shard_that_is_none_is_named() {
    let repository = exact_repository();
    for wrong in ["0/3", "4/3", "3", "a/b", "1/1000"] {
        let run = repository.run(&["measure", "--shard", wrong]);
        run.refused(&[wrong, "as in 2/3"]);
        let by_input = repository
            .gate(&["measure"])
            .env("GATE_SHARD", wrong)
            .output()
            .unwrap();
        Run::from(by_input).refused(&["shard", wrong, "as in 2/3"]);
    }
}

/// What cannot be judged is told where it was measured.
#[test]
fn a_runner_that_cannot_measure_leaves_nothing() {
    let repository = exact_repository();
    repository.write("probe.sh", &probe(&[("int", "50", "B")]));
    repository.commit("small");
    repository.write("probe.sh", "#!/bin/sh\nexit 3\n");
    repository.commit("broken");
    let run = measure(&repository, "1/3", &[]);
    run.refused(&["bytes_per_key"]);
    assert!(!folder(&repository, "1/3").join("samples.json").exists());
}
