//! GitHub's limits, check runs, and what a dry run tells.

use gate::publish::github::{ApiCause, Delivery, PostError, Posted};
use serde_json::{Value, json};

use crate::fake::{Answer, Fault};
use crate::world::{ARTIFACT_ID, BUDGETS, Scene, counted, report, report_of, unzipped, zipped};

/// Cases with names of the usual length and more.
fn ids(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("case-{number:03}-{}", "x".repeat(90)))
}

/// Budgets with a case for each of `count` metrics, and a report in which all of them fail.
pub(crate) fn many_failures(scene: &Scene, count: usize) {
    let mut budgets = BUDGETS.replace("[metrics.bytes.case.int]\nbudget = \"2%\"\n", "");
    let ids: Vec<String> = ids(count).collect();
    for id in &ids {
        budgets.extend(["[metrics.bytes.case.\"", id, "\"]\nbudget = \"1%\"\n"]);
    }
    for commit in [crate::world::BASE.to_owned(), scene.head.clone()] {
        let key = (commit, "budgets.toml".to_owned());
        scene.fake.world().files.insert(key, budgets.clone());
    }
    let metrics = ids
        .iter()
        .map(|id| counted(&format!("bytes/{id}"), (100.0, 110.0)))
        .collect();
    scene.artifact(&report_of(&budgets, &budgets, &scene.head, metrics));
}

#[test]
fn a_report_that_is_too_long_is_cut_and_says_so() {
    let scene = Scene::foreign();
    many_failures(&scene, 300);
    scene.post().unwrap();
    let comment = scene.comment();
    assert!(
        (60_000..=65_536).contains(&comment.chars().count()),
        "{}",
        comment.chars().count()
    );
    assert!(comment.contains("Cut to what GitHub takes") || comment.contains("**This was cut**"));
    assert!(
        comment.ends_with("at both commits.</sub>\n"),
        "what cannot be left out is there"
    );
    assert_eq!(
        comment.matches("<details").count(),
        comment.matches("</details>").count()
    );
}

/// As long as an artifact may make every text and every list of a report at once.
#[test]
fn everything_at_its_longest_is_one_comment() {
    // The character that takes the most room once it is escaped.
    let long = "@".repeat(2000);
    let scene = Scene::foreign();
    many_failures(&scene, 300);
    let key = (scene.head.clone(), "budgets.toml".to_owned());
    let mut budgets = scene.fake.world().files[&key].clone();
    let mut recorded = format!(
        "schema = 1\ntarget = \"x86_64-linux\"\ncommit = \"{long}\"\ntoolchain = \"cc\"\n[metrics]\n"
    );
    for id in ids(300) {
        budgets.extend([
            "[[trades]]\nmetric = \"bytes/",
            &id,
            "\"\nallow = \"2%\"\nreason = \"",
            &long,
        ]);
        budgets.push_str("\"\n");
        recorded.extend(["\"bytes/", &id, "\" = { value = 1.0, unit = \"B\" }\n"]);
    }
    budgets += "[baseline]\nbudget = \"5%\"\n";
    scene.head_budgets(&budgets);
    scene.baseline(&scene.head, &recorded);
    let mut json: Value = {
        let archive = scene.fake.world().archives[&ARTIFACT_ID].clone();
        serde_json::from_slice(&unzipped(&archive)).unwrap()
    };
    let runner = json["runner"].as_object_mut().unwrap();
    for text in ["platform", "kernel", "libc", "cpu", "governor", "placement"] {
        runner.insert(text.to_owned(), json!(long));
    }
    let notes = vec![long.clone(); 500];
    json["runner"]["notes"] = json!(notes);
    json["measuring"]["notes"] = json!(notes);
    json["harness"] = json!(notes);
    json["tool"] = json!({"name": long, "version": long});
    for side in ["base", "head"] {
        json[side]["revision"] = json!(long);
        json[side]["tree"] = json!(long);
    }
    json["baseline"] = json!({
        "input": {
            "path": long, "recorded": null, "before": null, "target": "x86_64-linux",
            "toolchain": "cc",
            "counted_on": {}, "code": "other",
        },
        "creep": {"not_judged": long},
    });
    let timing = json!({"step": long, "seconds": f64::MAX});
    json["timings"] = json!(vec![timing.clone(); 300]);
    let runners: Vec<Value> = (1..=100)
        .map(|number| {
            json!({
                "number": number, "machine": json["runner"], "seed": u64::MAX,
                "timings": vec![timing.clone(); 2], "notes": vec![long.clone(); 2],
            })
        })
        .map(|mut runner| {
            runner["machine"]["notes"] = json!([long]);
            runner
        })
        .collect();
    json["runners"] = json!(runners);
    let part =
        json!({"name": long, "own": [f64::MIN, f64::MAX], "inclusive": [f64::MIN, f64::MAX]});
    for metric in json["metrics"].as_array_mut().unwrap().iter_mut().take(10) {
        metric["breakdown"] = json!({"parts": vec![part.clone(); 20], "left_out": u64::MAX});
    }
    scene.archive(&zipped(&[("report.json", json.to_string().as_bytes())]));
    scene.post().unwrap();
    let comment = scene.comment();
    let length = comment.encode_utf16().count();
    assert!((50_000..=65_536).contains(&length), "{length}");
    let first = comment.lines().nth(1).unwrap();
    assert!(first.contains("**FAIL**: `bytes/case-"), "{first}");
    assert!(comment.contains("The change touches what measures it"));
    assert!(
        comment.ends_with("at both commits.</sub>\n"),
        "what cannot be left out is there"
    );
    assert_eq!(
        comment.matches("<details").count(),
        comment.matches("</details>").count()
    );
}

#[test]
fn a_check_run_marks_the_lines_of_the_budgets() {
    let mut scene = Scene::foreign();
    scene.settings.check = Some("gate".to_owned());
    scene.artifact(&report(BUDGETS, BUDGETS, &scene.head, (100.0, 103.0)));
    let Posted::Created(letter) = scene.post().unwrap() else {
        panic!()
    };
    assert_eq!(
        letter.check_page.as_deref(),
        Some("https://github.com/octo-org/octo-repo/runs/77")
    );
    let checks = scene.fake.world().checks.clone();
    let [check] = checks.as_slice() else {
        panic!("{checks:?}")
    };
    assert_eq!(check["conclusion"], "failure");
    assert_eq!(check["head_sha"], Value::from(scene.head.clone()));
    let line = BUDGETS
        .lines()
        .position(|line| line == "[metrics.bytes.case.int]")
        .unwrap()
        + 1;
    let annotations = check["output"]["annotations"].as_array().unwrap();
    assert_eq!(annotations.len(), 1);
    assert_eq!(annotations[0]["path"], "budgets.toml");
    assert_eq!(annotations[0]["start_line"], json!(line));
    assert_eq!(annotations[0]["annotation_level"], "failure");
    assert_eq!(annotations[0]["title"], "FAIL bytes/int");
    assert!(
        annotations[0]["message"].as_str().unwrap().contains('3'),
        "{annotations:?}"
    );
}

#[test]
fn annotations_go_fifty_at_a_time() {
    let mut scene = Scene::foreign();
    scene.settings.check = Some("gate".to_owned());
    many_failures(&scene, 120);
    scene.post().unwrap();
    let checks = scene.fake.world().checks.clone();
    assert_eq!(checks.len(), 1);
    assert_eq!(
        checks[0]["output"]["annotations"].as_array().unwrap().len(),
        120
    );
    assert!(
        checks[0]["output"]["summary"]
            .as_str()
            .unwrap()
            .chars()
            .count()
            <= 65_535
    );
    assert_eq!(scene.fake.count("PATCH"), 2);
}

#[test]
fn a_check_run_that_may_not_be_made_names_its_permission() {
    let mut scene = Scene::foreign();
    scene.settings.check = Some("gate".to_owned());
    let denied = Answer::json(
        403,
        &json!({"message": "Resource not accessible by integration"}),
    );
    scene.fake.fault(
        "POST /repos/octo-org/octo-repo/check-runs",
        Fault::Answer(denied),
    );
    let PostError::Api(error) = scene.post().unwrap_err() else {
        panic!()
    };
    let ApiCause::Forbidden { permission, .. } = error.cause else {
        panic!("{error}")
    };
    assert_eq!(permission.line(), "checks: write");
    assert_eq!(
        scene.fake.world().comments.len(),
        1,
        "the comment is there all the same"
    );
}

#[test]
fn a_dry_run_reads_and_writes_nothing() {
    let mut scene = Scene::foreign();
    scene.settings.delivery = Delivery::DryRun;
    scene.settings.check = Some("gate".to_owned());
    let Posted::Planned(plan) = scene.post().unwrap() else {
        panic!()
    };
    assert!(plan.body.contains("PASS"));
    assert_eq!(
        plan.requests[0],
        "POST /repos/octo-org/octo-repo/issues/7/comments"
    );
    assert!(plan.requests[1].starts_with("POST /repos/octo-org/octo-repo/check-runs {"));
    assert!(scene.fake.seen().iter().all(|seen| seen.method == "GET"));

    scene.settings.delivery = Delivery::Send;
    scene.post().unwrap();
    scene.settings.delivery = Delivery::DryRun;
    let Posted::Planned(plan) = scene.post().unwrap() else {
        panic!()
    };
    assert!(plan.requests[0].starts_with("PATCH /repos/octo-org/octo-repo/issues/comments/"));
}
