//! `gate post` as a job of GitHub runs it: variables in, comment, outputs and exit status out.

use std::process::Command;

use serde_json::json;

use crate::fake::{Answer, Fault, TOKEN};
use crate::world::{BUDGETS, Scene, payload, report};

/// What a run of the program left behind.
struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
    outputs: String,
    summary: String,
}

/// Runs the program on the scene's event, with the variables that GitHub and the post action set.
fn run(scene: &Scene, event: &str, args: &[&str]) -> Ran {
    let folder = scene.folder();
    let (outputs, summary) = (folder.join("outputs"), folder.join("summary"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_gate"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("GATE_") || text.starts_with("GITHUB_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .arg("post")
        .args(args)
        .current_dir(&folder)
        .env("NO_COLOR", "1")
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .env("GITHUB_EVENT_NAME", event)
        .env("GITHUB_EVENT_PATH", folder.join("event.json"))
        .env("GITHUB_REPOSITORY", scene.settings.repository.to_string())
        .env("GITHUB_SERVER_URL", "https://github.com")
        .env("GITHUB_RUN_ID", "17")
        .env("GITHUB_API_URL", &scene.fake.url)
        .env("GITHUB_OUTPUT", &outputs)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .env("GATE_REPORT", &scene.settings.report)
        .env("GATE_STEP_SUMMARY", "true")
        .env("GATE_TOKEN", TOKEN)
        .output()
        .unwrap();
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let ran = Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        outputs: read(outputs),
        summary: read(summary),
    };
    for text in [&ran.stdout, &ran.stderr, &ran.outputs, &ran.summary] {
        assert!(!text.contains(TOKEN), "the token was shown:\n{text}");
    }
    ran
}

#[test]
fn a_pull_request_of_the_repository_gets_its_comment() {
    let scene = Scene::own();
    let first = run(&scene, "pull_request", &[]);
    assert_eq!(first.status, 0, "{}", first.stderr);
    assert!(first.stdout.starts_with("commented: "), "{}", first.stdout);
    let lines: Vec<&str> = first.outputs.lines().collect();
    assert!(lines[0].starts_with("comment-url<<"), "{lines:?}");
    assert!(lines[1].contains("#issuecomment-"), "{lines:?}");
    assert_eq!(first.summary.trim(), scene.comment().trim());
    let second = run(&scene, "pull_request", &[]);
    assert!(second.stdout.starts_with("updated: "), "{}", second.stdout);
    assert_eq!(scene.fake.world().comments.len(), 1);
}

#[test]
fn a_fork_gets_its_comment_from_the_run_that_ended() {
    let scene = Scene::foreign();
    let ran = run(&scene, "workflow_run", &["--check-run", "gate"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("commented: ") && ran.stdout.contains("check run: "));
    assert!(scene.comment().contains("PASS"));
}

#[test]
fn where_nothing_is_to_be_posted_the_job_succeeds_and_says_why() {
    let mut fork = payload("pull_request.json");
    fork["pull_request"]["head"]["repo"]["full_name"] = json!("Forker/Hello-World");
    let scene = Scene::own_of(&fork);
    let ran = run(&scene, "pull_request", &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("nothing posted: "), "{}", ran.stdout);

    let queue = Scene::own();
    let path = queue.folder().join("event.json");
    std::fs::write(path, payload("merge_group.json").to_string()).unwrap();
    let ran = run(&queue, "merge_group", &[]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("nothing posted: "), "{}", ran.stdout);
    for scene in [scene, queue] {
        assert!(scene.fake.seen().is_empty(), "nobody was asked");
    }
}

#[test]
fn a_dry_run_prints_what_it_would_send() {
    let scene = Scene::foreign();
    let ran = run(
        &scene,
        "workflow_run",
        &["--dry-run", "--check-run", "gate"],
    );
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for part in [
        "would send:",
        "POST /repos/octo-org/octo-repo/issues/7/comments",
        "PASS",
    ] {
        assert!(ran.stdout.contains(part), "no {part} in {}", ran.stdout);
    }
    assert!(scene.fake.seen().iter().all(|seen| seen.method == "GET"));
}

#[test]
fn what_github_refuses_fails_the_job_with_the_remedy() {
    for (status, remedy) in [
        (401, "github.token"),
        (403, "pull-requests: write"),
        (422, "422"),
    ] {
        let scene = Scene::own();
        let echo = json!({"message": format!("who is Bearer {TOKEN}?")});
        scene
            .fake
            .fault("POST", Fault::Answer(Answer::json(status, &echo)));
        let ran = run(&scene, "pull_request", &[]);
        assert_eq!(ran.status, 2, "{}", ran.stdout);
        assert!(ran.stderr.contains(remedy), "{}", ran.stderr);
        assert_eq!((ran.stdout.as_str(), ran.outputs.as_str()), ("", ""));
    }
}

#[test]
fn a_run_that_could_not_judge_takes_back_what_an_earlier_one_said() {
    let losses: [fn(&Scene); 3] = [
        |scene| std::fs::remove_file(&scene.settings.report).unwrap(),
        |scene| std::fs::write(&scene.settings.report, "{").unwrap(),
        |scene| {
            let other = report(BUDGETS, BUDGETS, &"4".repeat(40), (100.0, 100.0));
            std::fs::write(&scene.settings.report, other.to_json().unwrap()).unwrap();
        },
    ];
    for lose in losses {
        let scene = Scene::own();
        assert_eq!(run(&scene, "pull_request", &[]).status, 0);
        assert!(scene.comment().contains("PASS"));
        lose(&scene);
        let ran = run(&scene, "pull_request", &[]);
        assert_eq!(ran.status, 2, "{}", ran.stdout);
        assert!(ran.stderr.contains("report"), "{}", ran.stderr);
        let comment = scene.comment();
        let told = "**gate could not judge `ec26c3e57`**: its run left no report that could be taken. \
                    [Its log](https://github.com/Codertocat/Hello-World/actions/runs/17) says why.";
        assert!(comment.contains(told), "{comment}");
        assert!(!comment.contains("PASS"), "{comment}");
    }
}

#[test]
fn a_run_of_an_older_commit_takes_nothing_back() {
    let scene = Scene::own();
    assert_eq!(run(&scene, "pull_request", &[]).status, 0);
    std::fs::remove_file(&scene.settings.report).unwrap();
    scene.fake.world().pulls[0]["head"]["sha"] = json!("3".repeat(40));
    assert_eq!(run(&scene, "pull_request", &[]).status, 2);
    assert!(scene.comment().contains("PASS"), "{}", scene.comment());
}
