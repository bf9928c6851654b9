//! What `GITHUB_EVENT_PATH` holds, by GitHub's own examples.

use gate::publish::github::{Event, EventError};
use serde_json::{Value, json};

use crate::world::{Scene, payload};

fn read(name: &str, payload: &str) -> Result<Event, EventError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), payload).unwrap();
    Event::read(name, file.path())
}

#[test]
fn a_pull_request_is_read() {
    let payload = payload("pull_request.json").to_string();
    let Event::PullRequest(event) = read("pull_request", &payload).unwrap() else {
        panic!()
    };
    assert_eq!(event.number, 2);
    assert_eq!(
        event.head.as_str(),
        "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
    );
    assert_eq!(
        event.head_repository.unwrap().as_str(),
        "Codertocat/Hello-World"
    );
}

#[test]
fn a_pull_request_of_a_deleted_fork_is_read() {
    let mut payload = payload("pull_request.json");
    payload["pull_request"]["head"]["repo"] = Value::Null;
    let event = read("pull_request", &payload.to_string()).unwrap();
    let Event::PullRequest(event) = event else {
        panic!()
    };
    assert_eq!(event.head_repository, None);
}

#[test]
fn a_finished_run_is_read() {
    let payload = payload("workflow_run.json").to_string();
    let Event::WorkflowRun(event) = read("workflow_run", &payload).unwrap() else {
        panic!()
    };
    assert_eq!(event.run, 289_782_451);
    assert_eq!(event.started_by, "repository_dispatch");
    assert_eq!(event.conclusion.as_deref(), Some("success"));
    assert_eq!(event.started_at, "2020-10-05T16:33:49Z");
    assert_eq!(event.head_branch.as_deref(), Some("master"));
}

#[test]
fn a_merge_queue_has_nobody_to_write_to() {
    let payload = payload("merge_group.json").to_string();
    let event = read("merge_group", &payload).unwrap();
    assert_eq!(event, Event::Other("merge_group".to_owned()));
    let mut scene = Scene::own();
    scene.settings.event = event;
    let posted = scene.post().unwrap();
    assert_eq!(
        format!("{posted:?}"),
        "Nothing(NoPullRequest(\"merge_group\"))"
    );
    assert!(scene.fake.seen().is_empty());
}

#[test]
fn payloads_that_are_not_githubs_are_refused() {
    let change = |name: &str, change: fn(&mut Value)| {
        let mut payload = payload(&format!("{name}.json"));
        change(&mut payload);
        read(name, &payload.to_string()).unwrap_err().to_string()
    };
    let sha = change("pull_request", |p| {
        p["pull_request"]["head"]["sha"] = json!("main; rm -rf /");
    });
    assert!(sha.contains("is no full commit id"), "{sha}");
    let name = change("pull_request", |p| {
        p["pull_request"]["head"]["repo"]["full_name"] = json!("a/b/../../x");
    });
    assert!(name.contains("is no repository"), "{name}");
    let number = change("pull_request", |p| p["pull_request"]["number"] = json!(-1));
    assert!(number.contains("invalid value"), "{number}");
    let run = change("workflow_run", |p| p["workflow_run"]["id"] = json!("../1"));
    assert!(run.contains("invalid type"), "{run}");
    for text in ["", "{", "[]", "null", "{}"] {
        read("workflow_run", text).unwrap_err();
    }
    let missing = Event::read("pull_request", std::path::Path::new("/no/such/file")).unwrap_err();
    assert!(missing.to_string().contains("No such file"), "{missing}");
}
