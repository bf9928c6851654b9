//! Reports of several runners, posted as those of strangers: judged again from every runner's samples.

use gate::judge::{JudgeInput, MetricInput, Plan};
use gate::publish::github::{AdmissionError, PostError};
use gate::report::{Measured, Report, Revision, RunFacts, Runner, Shard, Tool};
use gate::{budget, model::Verdict};
use serde_json::{Value, json};

use crate::reports::NASTY;
use crate::world::{BASE, BUDGETS, Scene, counted, refusal, zipped};

/// What three runners of one kind counted.
fn pooled(head: &str, values: [(f64, f64); 3]) -> Report {
    let measured = |(number, values): (u32, (f64, f64))| {
        let revision = |name: &str, commit: &str| Revision {
            revision: name.to_owned(),
            commit: Some(commit.to_owned()),
            tree: commit.to_owned(),
        };
        let metrics: Vec<MetricInput> = vec![counted("bytes/int", values)];
        let input = JudgeInput {
            base_budgets: Some(budget::read("budgets.toml", BUDGETS).unwrap()),
            head_budgets: budget::read("budgets.toml", BUDGETS).unwrap(),
            plan: Plan::fixed(30, 0.99).unwrap(),
            metrics,
            baseline: None,
        };
        let facts = RunFacts {
            base: revision("main", BASE),
            head: revision("topic", head),
            runner: Runner::default(),
            runners: Vec::new(),
            seed: u64::from(number),
            tool: Tool {
                name: "gate".to_owned(),
                version: "0.1.0".to_owned(),
            },
            timings: Vec::new(),
            notes: Vec::new(),
            breakdowns: std::collections::BTreeMap::new(),
            harness: Vec::new(),
        };
        let shard = Shard { number, of: 3 };
        (format!("{number}.json"), Measured::new(shard, facts, input))
    };
    Report::pooled((1..).zip(values).map(measured).collect()).unwrap()
}

/// A pooled report as JSON, changed.
fn forged(scene: &Scene, change: impl Fn(&mut Value)) {
    let honest = pooled(&scene.head, [(100.0, 103.0); 3]);
    let mut json: Value = serde_json::from_str(&honest.to_json().unwrap()).unwrap();
    change(&mut json);
    scene.archive(&zipped(&[("report.json", json.to_string().as_bytes())]));
}

#[test]
fn a_report_of_several_runners_is_posted() {
    let scene = Scene::foreign();
    let report = pooled(&scene.head, [(100.0, 101.0); 3]);
    assert_eq!(report.verdict, Verdict::Warn);
    scene.artifact(&report);
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(comment.contains("WARN"), "{comment}");
    assert!(
        comment.contains("<b>3 runners</b>, none of which strays"),
        "{comment}"
    );
}

#[test]
fn what_a_pooled_report_concludes_is_not_believed() {
    let scene = Scene::foreign();
    forged(&scene, |json| {
        json["verdict"] = json!("PASS");
        json["metrics"][0]["verdict"] = json!("PASS");
        json["metrics"][0]["message"] = json!("all is well");
        json["metrics"][0]["by_runner"] = json!([]);
    });
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(
        comment.contains("FAIL") && comment.contains("+3.00%"),
        "{comment}"
    );
    assert!(!comment.contains("all is well"), "{comment}");
}

#[test]
fn pools_that_no_gate_makes_are_refused() {
    type Change = fn(&mut Value);
    fn runners(json: &mut Value) -> &mut Vec<Value> {
        json["metrics"][0]["samples"]["runners"]
            .as_array_mut()
            .unwrap()
    }
    let cases: [(&str, Change, &str); 10] = [
        (
            "two of one number",
            |json| json["runners"][1]["number"] = json!(1),
            "each once",
        ),
        (
            "the same runner twice",
            |json| runners(json)[2]["runner"] = json!(2),
            "each once",
        ),
        ("no runner", |json| runners(json).clear(), "each once"),
        (
            "runner 0",
            |json| runners(json)[0]["runner"] = json!(0),
            "none of this run's",
        ),
        (
            "a runner that is none",
            |json| drop(json["runners"].as_array_mut().unwrap().pop()),
            "none of this run's",
        ),
        (
            "more than anybody has",
            |json| {
                let one = runners(json)[0].clone();
                *runners(json) = (1..=200)
                    .map(|number| {
                        let mut next = one.clone();
                        next["runner"] = json!(number);
                        next
                    })
                    .collect();
                let machine = json["runners"][0].clone();
                let all = (1..=200).map(|number| {
                    let mut next = machine.clone();
                    next["number"] = json!(number);
                    next
                });
                json["runners"] = all.collect();
            },
            "at most 100",
        ),
        (
            "a plan of several looks",
            |json| json["measuring"]["plan"]["looks"] = json!([10, 20]),
            "one look",
        ),
        (
            "unknown field",
            |json| runners(json)[0]["html"] = json!("<b>"),
            "unknown field",
        ),
        (
            "a pool in a pool",
            |json| {
                let own = json["metrics"][0]["samples"].clone();
                runners(json)[0]["counts"] = own;
            },
            "unknown field",
        ),
        (
            "counted once",
            |json| {
                let counts = &mut runners(json)[1]["counts"]["head"];
                counts.as_array_mut().unwrap().pop();
            },
            "counted only once",
        ),
    ];
    for (what, change, why) in cases {
        let scene = Scene::foreign();
        forged(&scene, change);
        let error = refusal(&scene);
        assert!(matches!(error, PostError::Admission(_)), "{what}: {error}");
        assert!(error.to_string().contains(why), "{what}: {error}");
    }
}

/// A single runner's samples are no report: they hold no verdict, and one runner is not the run.
#[test]
fn samples_of_one_runner_are_no_report() {
    let scene = Scene::foreign();
    forged(&scene, |json| json["schema"] = json!("gate-samples/1"));
    let error = refusal(&scene);
    assert!(
        matches!(error, PostError::Admission(AdmissionError::Schema(_))),
        "{error}"
    );
}

#[test]
fn every_text_of_a_runner_is_disarmed() {
    let scene = Scene::foreign();
    forged(&scene, |json| {
        for runner in json["runners"].as_array_mut().unwrap() {
            for text in ["platform", "kernel", "libc", "cpu", "governor", "placement"] {
                runner["machine"][text] = json!(NASTY);
            }
            runner["machine"]["notes"] = json!([NASTY]);
            runner["notes"] = json!([NASTY]);
            runner["timings"] = json!([{"step": NASTY, "seconds": 1.0}]);
        }
        let runners = json["metrics"][0]["samples"]["runners"]
            .as_array_mut()
            .unwrap();
        runners[2]["machine"] = json!(NASTY);
        runners[2]["counts"]["head"] = json!([109.0, 109.0]);
    });
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(
        comment.contains("onerror") && comment.contains("counted otherwise"),
        "{comment}"
    );
    let comment = comment.replace("&#", "&");
    for raw in [
        "<img", "@octo", "#1", "](https", "`code`", "**b**", "<!-- -->", "www.evil", "\n# h", "\r",
    ] {
        assert!(!comment.contains(raw), "{raw:?} got through:\n{comment}");
    }
    assert_eq!(
        comment.matches("<details").count(),
        comment.matches("</details>").count()
    );
}
