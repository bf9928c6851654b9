//! GitHub's limits, check runs, and what a dry run tells.

use gate::publish::github::{ApiCause, Delivery, PostError, Posted};
use serde_json::{Value, json};

use crate::fake::{Answer, Fault};
use crate::world::{BUDGETS, Scene, counted, report, report_of};

/// Budgets with a case for each of `count` metrics, and a report in which all of them fail.
pub(crate) fn many_failures(scene: &Scene, count: usize) {
    let mut budgets = BUDGETS.replace("[metrics.bytes.case.int]\nbudget = \"2%\"\n", "");
    let ids: Vec<String> = (0..count)
        .map(|number| format!("case-{number:03}-{}", "x".repeat(90)))
        .collect();
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
