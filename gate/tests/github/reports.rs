//! Reports of strangers: nothing that they say is believed but the samples.

use gate::judge::MetricInput;
use gate::model::Verdict;
use gate::publish::github::{AdmissionError, PostError};
use serde_json::{Value, json};

use crate::world::{BASE, BUDGETS, Scene, counted, refusal, report, report_of, zipped};

/// Every mark that Markdown, HTML or GitHub itself reads.
pub(crate) const NASTY: &str = "| x | \\ <img src=x onerror=alert(1)> @octo-org/team #1 \
    [a](https://evil.example) `code` **b** <!-- --> &lt; www.evil.example\n\n# heading\n</details>\r| a |";

/// The honest report as JSON, changed.
fn forged(scene: &Scene, change: impl Fn(&mut Value)) {
    let honest = report(BUDGETS, BUDGETS, &scene.head, (100.0, 100.0));
    let mut json: Value = serde_json::from_str(&honest.to_json().unwrap()).unwrap();
    change(&mut json);
    scene.archive(&zipped(&[("report.json", json.to_string().as_bytes())]));
}

#[test]
fn the_verdict_is_judged_again_and_not_believed() {
    let scene = Scene::foreign();
    let mut json: Value = serde_json::from_str(
        &report(BUDGETS, BUDGETS, &scene.head, (100.0, 103.0))
            .to_json()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(json["verdict"], "FAIL");
    json["verdict"] = json!("PASS");
    json["metrics"][0]["verdict"] = json!("PASS");
    json["metrics"][0]["message"] = json!("all is well");
    json["metrics"][0]["delta_pct"] = json!(0.0);
    scene.archive(&zipped(&[("report.json", json.to_string().as_bytes())]));
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(
        comment.contains("FAIL") && comment.contains("+3.00%"),
        "{comment}"
    );
    assert!(!comment.contains("all is well"), "{comment}");
}

#[test]
fn the_budgets_are_the_repositorys_and_not_the_reports() {
    let scene = Scene::foreign();
    let loose = BUDGETS.replace("\"2%\"", "\"50%\"");
    let forged = report(&loose, &loose, &scene.head, (100.0, 103.0));
    assert_ne!(forged.verdict, Verdict::Fail);
    scene.artifact(&forged);
    scene.post().unwrap();
    assert!(scene.comment().contains("FAIL"), "{}", scene.comment());
}

#[test]
fn edits_of_the_budgets_are_shown_and_need_their_reason() {
    let scene = Scene::foreign();
    scene.head_budgets(&BUDGETS.replace("\"2%\"", "\"50%\""));
    scene.artifact(&report(BUDGETS, BUDGETS, &scene.head, (100.0, 103.0)));
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(
        comment.contains("2% → 50%") && comment.contains("no reason given"),
        "{comment}"
    );
    assert!(comment.contains("FAIL"), "{comment}");
}

#[test]
fn json_that_is_no_report_is_refused() {
    type Case = (&'static str, fn(&mut Value), &'static str);
    let cases: [Case; 10] = [
        (
            "unknown field",
            |json| json["extra"] = json!(1),
            "unknown field",
        ),
        (
            "unknown inside",
            |json| json["metrics"][0]["html"] = json!("x"),
            "unknown field",
        ),
        (
            "missing",
            |json| drop(json.as_object_mut().unwrap().remove("seed")),
            "missing field",
        ),
        (
            "schema",
            |json| json["schema"] = json!("gate-report/2"),
            "unknown variant",
        ),
        (
            "NaN",
            |json| json["metrics"][0]["samples"]["base"][0] = json!("NaN"),
            "invalid type",
        ),
        (
            "null",
            |json| json["metrics"][0]["samples"]["base"][0] = Value::Null,
            "invalid type",
        ),
        (
            "id",
            |json| json["metrics"][0]["id"] = json!("a|b<script>"),
            "is no metric id",
        ),
        (
            "unit",
            |json| json["metrics"][0]["unit"] = json!("<b>"),
            "is no unit",
        ),
        (
            "text",
            |json| json["metrics"][0]["message"] = json!("x".repeat(20_000)),
            "a text of more",
        ),
        (
            "depth",
            |json| {
                json["extra"] = serde_json::from_str(&("[".repeat(60) + &"]".repeat(60))).unwrap();
            },
            "deeper than",
        ),
    ];
    for (what, change, why) in cases {
        let scene = Scene::foreign();
        forged(&scene, change);
        let error = refusal(&scene).to_string();
        assert!(
            error.starts_with("report.json is refused: "),
            "{what}: {error}"
        );
        assert!(error.contains(why), "{what}: {error}");
    }
}

#[test]
fn numbers_that_json_cannot_hold_are_refused() {
    for number in ["NaN", "Infinity", "-Infinity", "1e999"] {
        let scene = Scene::foreign();
        let honest = report(BUDGETS, BUDGETS, &scene.head, (100.0, 100.0))
            .to_json()
            .unwrap();
        let text = honest.replacen("100.0", number, 1);
        assert_ne!(text, honest);
        scene.archive(&zipped(&[("report.json", text.as_bytes())]));
        assert!(matches!(
            refusal(&scene),
            PostError::Admission(AdmissionError::Schema(_))
        ));
    }
}

#[test]
fn floods_are_refused_before_they_are_read() {
    let many = |count: usize| -> Vec<MetricInput> {
        (0..count)
            .map(|number| counted(&format!("bytes/int{number}"), (1.0, 1.0)))
            .collect()
    };
    let budgets = BUDGETS.replace("[metrics.bytes.case.int]\nbudget = \"2%\"\n", "");
    let scene = Scene::foreign();
    scene.artifact(&report_of(&budgets, &budgets, &scene.head, many(1001)));
    assert!(matches!(
        refusal(&scene),
        PostError::Admission(AdmissionError::Metrics(1001))
    ));

    let scene = Scene::foreign();
    forged(&scene, |json| {
        let metric = json["metrics"][0].clone();
        json["metrics"] = Value::from(vec![metric; 20_000]);
    });
    let error = refusal(&scene);
    assert!(
        error.to_string().contains("a list of more than 10000"),
        "{error}"
    );

    // Small enough for every limit of bytes.
    let scene = Scene::foreign();
    forged(&scene, |json| {
        json["metrics"] = Value::from(vec![json!({}); 100_000]);
    });
    let error = refusal(&scene);
    assert!(
        error.to_string().contains("a list of more than 10000"),
        "{error}"
    );
}

#[test]
fn a_report_of_another_change_is_refused() {
    let scene = Scene::foreign();
    scene.artifact(&report(BUDGETS, BUDGETS, &"4".repeat(40), (100.0, 100.0)));
    assert!(
        refusal(&scene)
            .to_string()
            .contains("it is about head 4444")
    );

    let scene = Scene::foreign();
    forged(&scene, |json| {
        json["base"]["commit"] = json!("5".repeat(40));
    });
    assert!(
        refusal(&scene)
            .to_string()
            .contains("it is about base 5555")
    );

    let scene = Scene::foreign();
    forged(&scene, |json| json["base"]["commit"] = Value::Null);
    assert!(
        refusal(&scene)
            .to_string()
            .contains("it is about base a working tree")
    );
}

/// Budgets that hold counts against a baseline.
fn creeping() -> String {
    BUDGETS.to_owned() + "\n[baseline]\nbudget = \"5%\"\n"
}

/// A report that counted 100 on both arms, and has this for its baseline.
fn held_against(scene: &Scene, baseline: &Value) {
    for commit in [BASE, &scene.head] {
        let key = (commit.to_owned(), "budgets.toml".to_owned());
        scene.fake.world().files.insert(key, creeping());
    }
    forged(scene, |json| json["baseline"] = baseline.clone());
}

fn baseline(value: f64) -> String {
    format!(
        "schema = 1\ntarget = \"x86_64-linux\"\ncommit = \"c0ffee\"\ntoolchain = \"cc 1\"\n\
         [metrics]\n\"bytes/int\" = {{ value = {value:?}, unit = \"B\" }}\n"
    )
}

fn claimed(target: &str) -> Value {
    let recorded = json!({
        "schema": 1, "target": target, "commit": "c0ffee", "toolchain": "cc 1",
        "metrics": {"bytes/int": {"value": 100.0, "unit": "B"}},
    });
    json!({
        "input": {
            "path": "baselines/x", "recorded": recorded, "before": recorded,
            "target": target, "toolchain": "cc 1",
            "counted_on": {}, "code": "other",
        },
        "creep": {"judged": {"agreement": "other_code", "rows": []}},
    })
}

#[test]
fn the_baseline_is_the_repositorys_and_not_the_reports() {
    let scene = Scene::foreign();
    for commit in [BASE, &scene.head] {
        scene.baseline(commit, &baseline(90.0));
    }
    held_against(&scene, &claimed("x86_64-linux"));
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(
        comment.contains("**FAIL**: `bytes/int` crept too far: "),
        "{comment}"
    );
    assert!(
        comment.contains("90 B when it was recorded, 100 B"),
        "{comment}"
    );

    // What head records anew is an edit that needs its reason.
    let scene = Scene::foreign();
    scene.baseline(BASE, &baseline(90.0));
    scene.baseline(&scene.head, &baseline(100.0));
    held_against(&scene, &claimed("x86_64-linux"));
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(comment.contains("no reason is given"), "{comment}");
}

#[test]
fn a_report_cannot_choose_which_baseline_is_looked_at() {
    // Loosened without a reason, and hidden behind a machine of another kind.
    for arm in [None, Some(baseline(100.0))] {
        let scene = Scene::foreign();
        scene.baseline(BASE, &baseline(90.0));
        scene.baseline(&scene.head, &baseline(100.0));
        for commit in [BASE, &scene.head] {
            let key = (commit.to_owned(), "baselines/aarch64-linux.toml".to_owned());
            let mut world = scene.fake.world();
            world.files.extend(arm.clone().map(|text| (key, text)));
        }
        held_against(&scene, &claimed("aarch64-linux"));
        if arm.is_some() {
            scene.post().unwrap();
            let comment = scene.comment();
            let told = "`baselines/x86_64-linux.toml bytes/int` is loosened";
            assert!(comment.contains("FAIL"), "{comment}");
            assert!(comment.contains(told), "{comment}");
        } else {
            let error = refusal(&scene).to_string();
            let told = "it was counted on aarch64-linux, and neither commit has a baseline for that, \
                        only for x86_64-linux";
            assert!(error.contains(told), "{error}");
        }
    }
    // A machine that head is the first to record is known.
    let scene = Scene::foreign();
    scene.baseline(&scene.head, &baseline(100.0));
    held_against(&scene, &claimed("x86_64-linux"));
    scene.post().unwrap();
    assert!(scene.comment().contains("PASS"), "{}", scene.comment());
}

#[test]
fn a_folder_in_which_a_baseline_could_hide_is_refused() {
    let scene = Scene::foreign();
    scene.baseline(BASE, &baseline(90.0));
    for number in 0..101 {
        let key = (scene.head.clone(), format!("baselines/{number}.md"));
        scene.fake.world().files.insert(key, String::new());
    }
    held_against(&scene, &claimed("x86_64-linux"));
    let error = refusal(&scene).to_string();
    assert!(
        error.contains("has 101 files, and at most 100 are looked at"),
        "{error}"
    );

    // A file that says to be a folder is none: what base has was taken away.
    let scene = Scene::foreign();
    scene.baseline(BASE, &baseline(90.0));
    let key = (scene.head.clone(), "baselines".to_owned());
    scene.fake.world().files.insert(key, "[]".to_owned());
    held_against(&scene, &claimed("x86_64-linux"));
    scene.post().unwrap();
    assert!(scene.comment().contains("no file"), "{}", scene.comment());
}

#[test]
fn a_report_without_the_baseline_is_refused() {
    for (baseline, why) in [
        (Value::Null, "its counts are held against no baseline"),
        (claimed("../../x"), "\"../../x\" is no target of a baseline"),
        (claimed(""), "\"\" is no target of a baseline"),
    ] {
        let scene = Scene::foreign();
        held_against(&scene, &baseline);
        let error = refusal(&scene);
        assert!(
            matches!(error, PostError::Admission(AdmissionError::Baseline { .. })),
            "{error}"
        );
        assert!(error.to_string().contains(why), "{error}");
    }
    let scene = Scene::foreign();
    scene.baseline(&scene.head, "schema = 1\n");
    held_against(&scene, &claimed("x86_64-linux"));
    let error = refusal(&scene);
    assert!(matches!(error, PostError::Baseline { .. }), "{error}");
}

#[test]
fn samples_that_cannot_be_judged_are_refused() {
    let scene = Scene::foreign();
    forged(&scene, |json| json["metrics"] = json!([]));
    assert!(matches!(
        refusal(&scene),
        PostError::Admission(AdmissionError::Judge(_))
    ));
}

/// The comment on a report that has a text wherever its author can put one.
pub(crate) fn comment_with(nasty: &str) -> String {
    let scene = Scene::foreign();
    let trade = format!(
        "\n[[trades]]\nmetric = \"bytes/int\"\nallow = \"9%\"\nreason = {}\n",
        serde_json::to_string(nasty).unwrap()
    );
    let edited = BUDGETS.replace(
        "budget = \"2%\"\n",
        &format!(
            "budget = \"50%\"\nreason = {}\n",
            serde_json::to_string(nasty).unwrap()
        ),
    );
    let creep = "\n[baseline]\nbudget = \"5%\"\n";
    scene.head_budgets(&(edited.clone() + creep + &trade));
    let text = serde_json::to_string(nasty).unwrap();
    let recorded = format!(
        "schema = 1\ntarget = \"x86_64-linux\"\ncommit = {text}\ntoolchain = {text}\nreason = {text}\n\
         [metrics]\n\"bytes/int\" = {{ value = 1.0, unit = \"B\" }}\n"
    );
    scene.baseline(&scene.head, &recorded);
    forged(&scene, |json| {
        for text in ["platform", "kernel", "libc", "cpu", "governor", "placement"] {
            json["runner"][text] = json!(nasty);
        }
        json["runner"]["notes"] = json!([nasty]);
        json["measuring"]["notes"] = json!([nasty]);
        json["base"]["revision"] = json!(nasty);
        json["head"]["revision"] = json!(nasty);
        json["base"]["tree"] = json!(nasty);
        json["head"]["tree"] = json!(nasty);
        json["tool"] = json!({"name": nasty, "version": nasty});
        json["timings"] = json!([{"step": nasty, "seconds": 1.0}]);
        json["harness"] = json!([nasty]);
        json["baseline"] = json!({
            "input": {
                "path": nasty, "recorded": null, "before": null,
                "target": "x86_64-linux", "toolchain": format!("another {nasty}"),
            "counted_on": {}, "code": "other",
            },
            "creep": {"judged": {"agreement": "other_code", "rows": []}},
        });
        let part = json!({"name": nasty, "own": [1.0, 2.0], "inclusive": [3.0, 4.0]});
        json["metrics"][0]["breakdown"] = json!({"parts": [part], "left_out": 3});
    });
    scene.post().unwrap();
    scene.comment()
}

#[test]
fn every_text_of_a_stranger_is_disarmed() {
    let comment = comment_with(NASTY);
    assert!(
        comment.contains("onerror"),
        "the texts are shown, in some form:\n{comment}"
    );
    // The entities of our own are no references.
    let comment = comment.replace("&#", "&");
    for raw in [
        "<img", "@octo", "#1", "#2", "](https", "`code`", "**b**", "<!-- -->", "www.evil", "\n# h",
        "\r",
    ] {
        assert!(!comment.contains(raw), "{raw:?} got through:\n{comment}");
    }
    // What opens must close, and nothing else may.
    assert_eq!(
        comment.matches("<details").count(),
        comment.matches("</details>").count()
    );
    // A row of a table is a row of a table: of the metrics, or of what one of them is made of.
    let columns =
        |line: &&str| line.starts_with('|') && !matches!(line.matches('|').count(), 7 | 8);
    assert_eq!(comment.lines().find(columns), None, "{comment}");
}
