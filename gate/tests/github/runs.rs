//! Runs of strangers: which pull request is theirs, and whether it still is.

use gate::publish::github::{Posted, WhyNothing};
use gate::report::MARKER;
use serde_json::{Value, json};

use crate::fake::{Answer, BOT, Fault};
use crate::world::{Scene, payload};

#[test]
fn the_report_of_a_fork_arrives() {
    let scene = Scene::foreign();
    let Posted::Created(letter) = scene.post().unwrap() else {
        panic!("not posted")
    };
    assert_eq!(letter.number, 7);
    let comment = scene.comment();
    assert!(comment.contains("PASS"), "{comment}");
    assert!(
        comment.contains("Measured by this pull request's own code"),
        "{comment}"
    );
    let paths: Vec<String> = scene
        .fake
        .seen()
        .into_iter()
        .map(|seen| seen.path)
        .collect();
    let asked = "/pulls?state=open&head=Forker%3Afix%2Fa%26state%3Dclosed%231&";
    assert!(paths.iter().any(|path| path.contains(asked)), "{paths:#?}");
}

#[test]
fn only_a_finished_run_of_one_open_pull_request_is_posted() {
    let run = |change: fn(&mut Value)| {
        let mut payload = payload("workflow_run.json");
        let run = &mut payload["workflow_run"];
        run["event"] = json!("pull_request");
        run["head_branch"] = json!("fix/a&state=closed#1");
        run["head_repository"]["full_name"] = json!("Forker/octo-repo");
        change(run);
        Scene::foreign_of(&payload)
    };
    let nothing = |scene: &Scene| {
        let Posted::Nothing(why) = scene.post().unwrap() else {
            panic!("posted")
        };
        assert!(scene.fake.world().comments.is_empty());
        why
    };
    let merged = run(|run| run["event"] = json!("merge_group"));
    assert_eq!(
        nothing(&merged),
        WhyNothing::NoPullRequest("merge_group".to_owned())
    );
    let cancelled = run(|run| run["conclusion"] = json!("cancelled"));
    assert_eq!(
        nothing(&cancelled),
        WhyNothing::NotFinished("cancelled".to_owned())
    );
    let gone = run(|run| run["head_repository"] = Value::Null);
    assert_eq!(nothing(&gone), WhyNothing::BranchGone);
    let elsewhere = run(|run| run["head_repository"]["full_name"] = json!("Forker/other-fork"));
    assert!(matches!(nothing(&elsewhere), WhyNothing::NotFound { .. }));
    // A run that failed may have done so by its verdict.
    let failed = run(|run| run["conclusion"] = json!("failure"));
    assert!(matches!(failed.post().unwrap(), Posted::Created(_)));

    let closed = run(|_| {});
    closed.fake.world().pulls[0]["state"] = json!("closed");
    assert!(matches!(nothing(&closed), WhyNothing::NotFound { .. }));
    let moved = run(|_| {});
    moved.fake.world().pulls[0]["head"]["sha"] = json!("3".repeat(40));
    assert!(matches!(nothing(&moved), WhyNothing::NotFound { .. }));
    let deleted = run(|_| {});
    deleted.fake.world().pulls[0]["head"]["repo"] = Value::Null;
    assert!(matches!(nothing(&deleted), WhyNothing::NotFound { .. }));
    let twice = run(|_| {});
    twice.pull(8, "Forker/octo-repo", "fix/a&state=closed#1");
    assert_eq!(
        nothing(&twice).to_string(),
        "pull requests #7, #8 all have 3484a3fb8 as their head, and which of them was measured \
         cannot be told"
    );
}

#[test]
fn a_push_between_finding_and_posting_is_seen() {
    let scene = Scene::foreign();
    let mut moved = scene.fake.world().pulls[0].clone();
    moved["head"]["sha"] = json!("3".repeat(40));
    scene.fake.fault(
        "GET /repos/octo-org/octo-repo/pulls/7",
        Fault::Answer(Answer::json(200, &moved)),
    );
    let Posted::Nothing(why) = scene.post().unwrap() else {
        panic!("posted")
    };
    assert!(matches!(why, WhyNothing::Moved { number: 7, .. }));
    assert!(scene.fake.world().comments.is_empty());
}

#[test]
fn a_run_that_was_cut_off_takes_back_what_an_earlier_one_said() {
    let cut_off = |conclusion: &str| {
        let mut payload = payload("workflow_run.json");
        let run = &mut payload["workflow_run"];
        run["event"] = json!("pull_request");
        run["head_branch"] = json!("fix/a&state=closed#1");
        run["head_repository"]["full_name"] = json!("Forker/octo-repo");
        run["conclusion"] = json!(conclusion);
        let scene = Scene::foreign_of(&payload);
        let bot = json!({"login": BOT, "type": "Bot"});
        let earlier = format!("{MARKER}\nPASS, said of another commit");
        scene.fake.world().comment(&bot, &earlier);
        scene
    };
    for conclusion in ["timed_out", "cancelled", "skipped", "action_required"] {
        let scene = cut_off(conclusion);
        let posted = scene.post().unwrap();
        assert!(matches!(posted, Posted::Updated(_)), "{posted:?}");
        let comment = scene.comment();
        let told = "**gate could not judge `3484a3fb8`**";
        assert!(comment.contains(told), "{conclusion}: {comment}");
        assert!(!comment.contains("PASS"), "{conclusion}: {comment}");
    }
    // Superseded: the newer commit's own run says what is to be said.
    let scene = cut_off("cancelled");
    scene.fake.world().pulls[0]["head"]["sha"] = json!("3".repeat(40));
    let posted = scene.post().unwrap();
    assert!(matches!(posted, Posted::Nothing(_)), "{posted:?}");
    assert!(scene.comment().contains("PASS"));
}
