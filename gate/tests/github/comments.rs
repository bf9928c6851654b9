//! One comment, whoever else writes.

use gate::publish::github::{ApiCause, PostError, Posted, WhyNothing};
use gate::report::MARKER;
use serde_json::{Value, json};

use crate::fake::{BOT, Fault};
use crate::world::{BUDGETS, Scene, payload, report};

fn bot() -> Value {
    json!({"login": BOT, "type": "Bot"})
}

#[test]
fn the_comment_is_made_once_and_then_updated_in_place() {
    let scene = Scene::own();
    let first = scene.post().unwrap();
    let Posted::Created(letter) = first else {
        panic!("{first:?}")
    };
    assert!(letter.page.contains("#issuecomment-"));
    assert_eq!(letter.body, scene.comment());
    assert!(scene.comment().starts_with(MARKER));
    assert!(scene.comment().contains("PASS"), "a PASS is posted too");

    let failing = report(BUDGETS, BUDGETS, &scene.head, (100.0, 110.0));
    std::fs::write(&scene.settings.report, failing.to_json().unwrap()).unwrap();
    let second = scene.post().unwrap();
    let Posted::Updated(letter_2) = second else {
        panic!("{second:?}")
    };
    assert_eq!(letter_2.page, letter.page);
    assert!(scene.comment().contains("FAIL"));
    assert_eq!(
        (scene.fake.count("POST"), scene.fake.count("PATCH")),
        (1, 1)
    );
}

#[test]
fn comments_of_others_are_left_alone_whatever_they_say() {
    let scene = Scene::own();
    let planted = format!("{MARKER}\n✅ **PASS**: nothing to see here");
    let others = [
        json!({"login": "mallory", "type": "User"}),
        json!({"login": BOT, "type": "User"}),
        json!({"login": "other[bot]", "type": "Bot"}),
        Value::Null,
    ];
    for other in &others {
        scene.fake.world().comment(other, &planted);
    }
    // Our own bot writes for other workflows as well, and people quote.
    scene.fake.world().comment(&bot(), "Coverage: 93 %");
    scene
        .fake
        .world()
        .comment(&bot(), &format!("quoting:\n{planted}"));
    let before = scene.fake.world().bodies();
    assert!(matches!(scene.post().unwrap(), Posted::Created(_)));
    assert!(matches!(scene.post().unwrap(), Posted::Updated(_)));
    let after = scene.fake.world().bodies();
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 1);
}

#[test]
fn our_comment_is_found_behind_three_hundred_others() {
    let scene = Scene::own();
    for number in 0..305 {
        scene.fake.world().comment(
            &json!({"login": "talker", "type": "User"}),
            &number.to_string(),
        );
    }
    let ours = scene
        .fake
        .world()
        .comment(&bot(), &format!("{MARKER}\nold"));
    let Posted::Updated(letter) = scene.post().unwrap() else {
        panic!("not updated")
    };
    assert!(letter.page.ends_with(&ours.to_string()));
    assert_eq!(scene.fake.world().comments.len(), 306);
    let pages = scene
        .fake
        .seen()
        .iter()
        .filter(|seen| seen.path.contains("/comments?"))
        .count();
    assert_eq!(pages, 4);
}

#[test]
fn two_of_ours_become_one() {
    let scene = Scene::own();
    for _ in 0..2 {
        scene
            .fake
            .world()
            .comment(&bot(), &format!("{MARKER}\nold"));
    }
    assert!(matches!(scene.post().unwrap(), Posted::Updated(_)));
    assert!(scene.comment().contains("PASS"));
}

#[test]
fn a_comment_that_vanishes_while_it_is_updated_is_made_again() {
    let scene = Scene::own();
    scene.post().unwrap();
    let gone = crate::fake::Answer::json(404, &json!({"message": "Not Found"}));
    scene.fake.world().comments.clear();
    let ghost = scene
        .fake
        .world()
        .comment(&bot(), &format!("{MARKER}\nold"));
    scene.fake.fault(
        &format!("PATCH /repos/Codertocat/Hello-World/issues/comments/{ghost}"),
        Fault::Answer(gone),
    );
    assert!(matches!(scene.post().unwrap(), Posted::Updated(_)));
    assert!(scene.comment().contains("PASS"));
}

#[test]
fn a_token_of_another_account_leaves_nothing_behind() {
    let scene = Scene::own();
    scene.fake.world().writer = json!({"login": "alice", "type": "User"});
    let error = scene.post().unwrap_err();
    let PostError::Api(api) = &error else {
        panic!("{error}")
    };
    assert!(matches!(&api.cause, ApiCause::WrongAuthor { writer, .. } if writer == "alice"));
    assert!(scene.fake.world().comments.is_empty());
}

#[test]
fn a_fork_is_told_where_its_report_is_posted() {
    let mut payload = payload("pull_request.json");
    payload["pull_request"]["head"]["repo"]["full_name"] = json!("Forker/Hello-World");
    let scene = Scene::own_of(&payload);
    assert_eq!(scene.post().unwrap(), Posted::Nothing(WhyNothing::Fork));
    assert!(scene.fake.seen().is_empty());
}

#[test]
fn what_happened_meanwhile_is_seen_right_before_posting() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 2] = [
        (
            |pull| pull["state"] = json!("closed"),
            "is not open any more",
        ),
        (
            |pull| pull["head"]["sha"] = json!("3".repeat(40)),
            "moved from ec26c3e57 to 333333333",
        ),
    ];
    for (change, why) in cases {
        let scene = Scene::own();
        change(&mut scene.fake.world().pulls[0]);
        let Posted::Nothing(told) = scene.post().unwrap() else {
            panic!("posted")
        };
        assert!(told.to_string().contains(why), "{told}");
        assert!(scene.fake.world().comments.is_empty());
    }
}

#[test]
fn a_report_about_another_commit_is_not_posted() {
    let scene = Scene::own();
    let other = report(BUDGETS, BUDGETS, &"4".repeat(40), (100.0, 100.0));
    std::fs::write(&scene.settings.report, other.to_json().unwrap()).unwrap();
    let error = scene.post().unwrap_err();
    assert!(error.to_string().contains("about head 4444"), "{error}");
    let comment = scene.comment();
    assert!(
        comment.contains("**gate could not judge `ec26c3e57`**"),
        "{comment}"
    );
    assert!(comment.contains(". Its log says why."), "{comment}");
    assert!(!comment.contains("PASS"), "{comment}");
}
