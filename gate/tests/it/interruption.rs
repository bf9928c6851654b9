//! Ctrl-C and SIGTERM in the middle of a run: every child ends, every port is free again.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::repository::TestRepository;
use crate::subject::{EXACT_BUDGETS, exact_repository, probe, repository};

/// Processes whose command line names a path under `folder`.
pub(crate) fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_string_lossy().into_owned();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&folder))
        .collect()
}

fn wait_for(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < end, "waited 60 s for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn start(repository: &TestRepository) -> Child {
    repository
        .gate(&["compare", "--max-time", "60s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends `signal`, and asserts that gate ends soon, says so, and leaves nothing.
fn interrupt(repository: &TestRepository, gate: Child, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &gate.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    let start = Instant::now();
    let output = gate.wait_with_output().unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "it took {:?}",
        start.elapsed()
    );
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("interrupted"), "{stderr}");
    assert_eq!(processes_of(&repository.cache()), Vec::<String>::new());
    assert_eq!(repository.traces(), (0, String::new()));
}

#[test]
fn while_building() {
    let repository = exact_repository();
    // A child of a child, which only the whole process group's end reaches.
    repository.write("build.sh", "sh -c \"sleep 300; echo $PWD/mark\" & wait\n");
    repository.commit("a build without end");
    for signal in ["-INT", "-TERM"] {
        let gate = start(&repository);
        wait_for("the build", || {
            processes_of(&repository.cache())
                .iter()
                .any(|p| p.contains("mark"))
        });
        interrupt(&repository, gate, signal);
    }
}

#[test]
fn while_measuring() {
    let repository = repository();
    let server = include_str!("subject/server.rs");
    repository.write(
        "server.rs",
        &server.replace("SPIN: u32 = 0", "SPIN: u32 = 1"),
    );
    repository.commit("another binary");
    let gate = start(&repository);
    // Both arms are up once two servers run out of the cache.
    wait_for("two servers", || {
        processes_of(&repository.cache())
            .iter()
            .filter(|p| p.contains("/artifacts/"))
            .count()
            >= 2
    });
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&repository, gate, "-INT");
}

#[test]
fn while_a_toolchain_names_itself() {
    let repository = exact_repository();
    // What it starts holds its output open, and knows no signal that is sent to gate alone.
    let toolchain = r#"toolchain = ["sh", "-c", "sh -c 'sleep 300; echo mark' $PWD & wait"]"#;
    let budgets = EXACT_BUDGETS.replace("[subject]\n", &format!("[subject]\n{toolchain}\n"));
    repository.write("budgets.toml", &budgets);
    repository.commit("a toolchain that thinks");
    let gate = start(&repository);
    wait_for("the toolchain", || {
        let found = processes_of(&repository.cache());
        found.iter().any(|process| process.contains("mark"))
    });
    interrupt(&repository, gate, "-TERM");
}

#[test]
fn what_a_run_that_was_killed_left_of_its_git_stands_in_nobodys_way() {
    let repository = exact_repository();
    assert_ne!(repository.run(&["compare"]).status, 2);
    let rooms = std::fs::read_dir(repository.cache()).unwrap();
    for room in rooms {
        std::fs::write(room.unwrap().path().join("index.lock"), "").unwrap();
    }
    repository.write(
        "probe.sh",
        &probe(&[("int", "40", "B"), ("raw", "300", "B")]),
    );
    repository.commit("another probe");
    let run = repository.run(&["compare"]);
    assert_ne!(run.status, 2, "{}", run.stderr);
}

#[test]
fn while_a_server_has_a_helper_in_a_session_of_its_own() {
    let repository = repository();
    let server = include_str!("subject/server.rs");
    // The helper is in a session of its own, where the end of the server's group does not reach it.
    let helper = "fn main() { let me = std::env::current_exe().unwrap(); \
                  std::process::Command::new(\"setsid\") \
                  .args([\"sh\", \"-c\", \"sleep 300; echo $0\"]).arg(me).spawn().unwrap(); ";
    repository.write("server.rs", &server.replacen("fn main() {", helper, 1));
    repository.commit("a helper");
    let gate = start(&repository);
    wait_for("a helper", || {
        let found = processes_of(&repository.cache());
        found.iter().any(|process| process.contains("sleep 300"))
    });
    interrupt(&repository, gate, "-TERM");
}
