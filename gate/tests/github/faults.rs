//! What goes wrong between here and GitHub: told in a sentence, survived where it can be, and never
//! with two comments.

use std::time::{Duration, Instant};

use gate::publish::github::{ApiCause, ApiError, PostError, Posted};
use miette::Diagnostic as _;
use serde_json::json;

use crate::fake::{Answer, Fault};
use crate::world::Scene;

const LIST: &str = "GET /repos/Codertocat/Hello-World/issues/";
const CREATE: &str = "POST /repos/Codertocat/Hello-World/issues/";
const READ: &str = "GET /repos/Codertocat/Hello-World/pulls/";

fn refused(status: u16, message: &str) -> Answer {
    Answer::json(
        status,
        &json!({"message": message, "documentation_url": "https://docs.github.com"}),
    )
}

fn api_error(scene: &Scene) -> ApiError {
    match scene.post().unwrap_err() {
        PostError::Api(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn what_is_refused_is_told_once_with_its_remedy() {
    for (status, message, told, remedy) in [
        (
            401,
            "Bad credentials",
            "does not accept the token (401",
            "github.token",
        ),
        (
            403,
            "Resource not accessible by integration",
            "may not do this (403",
            "`pull-requests: write`",
        ),
        (
            404,
            "Not Found",
            "does not show it to this token (404",
            "`pull-requests: write`",
        ),
        (410, "Gone", "gone for good (410", "issues are disabled"),
        (
            422,
            "Validation Failed",
            "finds the request invalid (422",
            "",
        ),
        (418, "I'm a teapot", "answered 418", ""),
    ] {
        let scene = Scene::own();
        scene
            .fake
            .fault(CREATE, Fault::Answer(refused(status, message)));
        let error = api_error(&scene);
        let text = error.to_string();
        assert!(
            text.starts_with("cannot write the comment: ") && text.contains(told),
            "{text}"
        );
        assert!(text.contains(message), "{text}");
        let help = error
            .help()
            .map(|help| help.to_string())
            .unwrap_or_default();
        assert!(help.contains(remedy), "{help}");
        assert_eq!(scene.fake.count("POST"), 1, "{status} is final");
    }
}

#[test]
fn reading_names_the_permission_to_read() {
    let scene = Scene::own();
    scene.fake.fault(
        LIST,
        Fault::Answer(refused(403, "Resource not accessible by integration")),
    );
    let help = api_error(&scene).help().unwrap().to_string();
    assert!(help.contains("`pull-requests: read`"), "{help}");
}

#[test]
fn a_limit_is_waited_for_as_long_as_it_asks() {
    let limits = [
        refused(429, "API rate limit exceeded").with("retry-after", "1"),
        refused(403, "You have exceeded a secondary rate limit").with("retry-after", "1"),
    ];
    for limit in limits {
        let scene = Scene::own();
        scene.fake.fault(CREATE, Fault::Answer(limit));
        let start = Instant::now();
        assert!(matches!(scene.post().unwrap(), Posted::Created(_)));
        assert!(start.elapsed() >= Duration::from_secs(1));
        assert_eq!(scene.fake.world().comments.len(), 1);
    }
}

#[test]
fn a_limit_that_asks_for_too_long_is_told() {
    let scene = Scene::own();
    let limit =
        refused(403, "You have exceeded a secondary rate limit").with("retry-after", "3600");
    scene.fake.fault(CREATE, Fault::Answer(limit));
    let start = Instant::now();
    let error = api_error(&scene);
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(
        error.to_string().ends_with("; it asks to wait 3600 s"),
        "{error}"
    );
}

#[test]
fn a_limit_without_end_is_given_up() {
    let scene = Scene::own();
    for _ in 0..10 {
        scene
            .fake
            .fault(LIST, Fault::Answer(refused(429, "slow down")));
    }
    assert!(matches!(
        api_error(&scene).cause,
        ApiCause::Limited { status: 429, .. }
    ));
    let lists = scene
        .fake
        .seen()
        .iter()
        .filter(|seen| seen.path.contains("/comments?"))
        .count();
    assert_eq!(lists, 4, "as many tries as allowed");
}

#[test]
fn faults_of_reading_pass() {
    let faults = [
        Fault::Answer(Answer::text(500, "at frame\nat frame")),
        Fault::Answer(Answer::text(502, "<html><body>Bad Gateway</body></html>")),
        Fault::Answer(refused(503, "Unavailable").with("retry-after", "1")),
        Fault::Reset,
        Fault::DoneThenReset,
        Fault::DoneThenCut,
        Fault::Answer(Answer::text(200, "[{\"id\": 1,")),
        Fault::Slow(Duration::from_secs(3)),
        Fault::Trickle,
    ];
    for fault in faults {
        for what in [READ, LIST] {
            let scene = Scene::own();
            scene.fake.fault(what, fault.clone());
            let posted = scene.post();
            assert!(
                matches!(posted, Ok(Posted::Created(_))),
                "{what} {fault:?}: {posted:?}"
            );
            assert_eq!(scene.fake.world().comments.len(), 1);
        }
    }
}

#[test]
fn an_unclear_creation_never_ends_in_two_comments() {
    let faults = [
        (Fault::Answer(refused(500, "oops")), false),
        (Fault::Reset, false),
        (Fault::DoneThenReset, true),
        (Fault::DoneThenCut, true),
        (Fault::Slow(Duration::from_secs(3)), true),
        (Fault::Trickle, true),
    ];
    for (fault, done) in faults {
        let scene = Scene::own();
        scene.fake.fault(CREATE, fault.clone());
        let posted = scene.post();
        // One that was made after all is found, and becomes an update of itself.
        let fits = match posted {
            Ok(Posted::Created(_)) => !done,
            Ok(Posted::Updated(_)) => done,
            _ => false,
        };
        assert!(fits, "{fault:?}: {posted:?}");
        assert!(scene.comment().contains("PASS"));
        assert_eq!(
            scene.fake.count("POST"),
            if done { 1 } else { 2 },
            "{fault:?}"
        );
    }
}

#[test]
fn an_unclear_update_is_repeated() {
    for fault in [Fault::Reset, Fault::DoneThenReset, Fault::DoneThenCut] {
        let scene = Scene::own();
        scene.post().unwrap();
        scene.fake.fault("PATCH", fault);
        assert!(matches!(scene.post().unwrap(), Posted::Updated(_)));
        assert_eq!(scene.fake.world().comments.len(), 1);
    }
}

#[test]
fn a_server_that_stays_broken_is_given_up() {
    let scene = Scene::own();
    for _ in 0..50 {
        scene
            .fake
            .fault(CREATE, Fault::Answer(Answer::text(500, "<html>no</html>")));
    }
    let error = api_error(&scene);
    assert_eq!(
        error.to_string(),
        "cannot write the comment: GitHub has a fault (500: (a page of HTML))"
    );
    assert_eq!(scene.fake.count("POST"), 4);
    assert!(scene.fake.world().comments.is_empty());
}

#[test]
fn nobody_listening_is_told() {
    let mut scene = Scene::own();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let address = format!("http://127.0.0.1:{port}");
    scene.settings.api = gate::publish::github::ApiUrl::new(&address).unwrap();
    let error = api_error(&scene);
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

#[test]
fn a_renamed_repository_is_followed_where_reading_and_told_where_writing() {
    let scene = Scene::own();
    let moved = "/repos/Codertocat/Hello-World/pulls/2";
    scene.fake.fault(
        READ,
        Fault::Answer(Answer::text(301, "").with("location", moved)),
    );
    assert!(matches!(scene.post().unwrap(), Posted::Created(_)));

    let scene = Scene::own();
    let elsewhere = "/repositories/1/issues/2/comments";
    scene.fake.fault(
        CREATE,
        Fault::Answer(Answer::text(307, "").with("location", elsewhere)),
    );
    assert_eq!(api_error(&scene).cause, ApiCause::Moved(307));
}

#[test]
fn a_circle_of_redirections_ends() {
    let scene = Scene::own();
    for _ in 0..200 {
        let answer =
            Answer::text(302, "").with("location", "/repos/Codertocat/Hello-World/pulls/2");
        scene.fake.fault(READ, Fault::Answer(answer));
    }
    assert!(matches!(api_error(&scene).cause, ApiCause::Moved(302)));
    assert!(scene.fake.seen().len() < 50);
}

#[test]
fn an_answer_without_end_is_not_swallowed() {
    let scene = Scene::own();
    let flood = format!("[{}]", " ".repeat(40 * 1024 * 1024));
    scene
        .fake
        .fault(LIST, Fault::Answer(Answer::text(200, &flood)));
    assert!(matches!(api_error(&scene).cause, ApiCause::TooLarge(_)));
}
