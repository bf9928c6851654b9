//! What gate says when it cannot judge: one clear message, exit status 2, nothing left behind.

use std::net::TcpListener;
use std::os::unix::fs::symlink;

use crate::interruption::processes_of;
use crate::repository::TestRepository;
use crate::subject::{EXACT_BUDGETS, exact_repository, probe, repository};

/// Commits `budgets` on top of the exact subject.
fn with_budgets(budgets: &str) -> TestRepository {
    let repository = exact_repository();
    repository.write("budgets.toml", budgets);
    repository.commit("other budgets");
    repository
}

#[track_caller]
fn leaves_nothing(repository: &TestRepository) {
    let (worktrees, changes) = repository.traces();
    assert_eq!(worktrees, 0);
    assert_eq!(changes, "", "the checkout is as it was");
}

#[test]
fn a_typo_in_the_budgets_is_marked() {
    let typo = EXACT_BUDGETS.replace("budget    =", "budgte    =");
    let repository = with_budgets(&typo);
    repository
        .run(&["compare"])
        .refused(&["budgets.toml:12:1", "budgte", "budget"]);
    repository
        .run(&["check"])
        .refused(&["budgets.toml:12:1", "did you mean `budget`"]);
    leaves_nothing(&repository);
}

#[test]
fn a_mistake_in_bases_budgets_names_base() {
    let typo = EXACT_BUDGETS.replace("budget    =", "budgte    =");
    let repository = with_budgets(&typo);
    repository.write("budgets.toml", EXACT_BUDGETS);
    let run = repository.run(&["compare"]);
    run.refused(&["budgets.toml of merge base with", "budgte"]);
    // In both, the one that can be mended is told.
    repository.write("budgets.toml", &typo.replace("5%", "4%"));
    repository
        .run(&["compare"])
        .refused(&["[budgets.toml:12:1]"]);
}

#[test]
fn a_run_that_cannot_judge_leaves_no_earlier_report() {
    let repository = exact_repository();
    repository.write(
        "probe.sh",
        &probe(&[("int", "41", "B"), ("raw", "300", "B")]),
    );
    let report = repository.path().join("target/gate/report.json");
    for broken in ["build.sh", "budgets.toml"] {
        assert_ne!(repository.run(&["compare"]).status, 2);
        assert!(report.is_file());
        let good = std::fs::read_to_string(repository.path().join(broken)).unwrap();
        repository.write(broken, "exit 3\n");
        repository.run(&["compare"]).refused(&[]);
        assert!(!report.exists(), "{broken}");
        assert!(!report.with_extension("md").exists(), "{broken}");
        repository.write(broken, &good);
    }
}

#[test]
fn check_accepts_good_budgets_and_refuses_a_missing_file() {
    let repository = exact_repository();
    let run = repository.run(&["check", "--base", "HEAD"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stdout.contains("budgets.toml"), "{}", run.stdout);
    repository
        .run(&["check", "nowhere.toml"])
        .refused(&["nowhere.toml"]);
}

#[test]
fn head_without_budgets_is_told_what_to_write() {
    let repository = TestRepository::new();
    repository.commit("first");
    repository.commit("second");
    repository
        .run(&["compare"])
        .refused(&["has no budgets.toml", "gate init"]);
}

#[test]
fn a_build_that_fails_shows_its_last_lines() {
    let repository = exact_repository();
    repository.write(
        "build.sh",
        "echo compiling\necho 'error: expected one of 7 things' >&2\nexit 3\n",
    );
    repository.commit("broken");
    let run = repository.run(&["compare"]);
    run.refused(&[
        "the build of head",
        "exit status: 3",
        "expected one of 7 things",
        "build-head.log",
    ]);
    let log = repository.path().join("target/gate/build-head.log");
    assert!(std::fs::read_to_string(log).unwrap().contains("compiling"));
    leaves_nothing(&repository);
}

#[test]
fn a_build_program_that_is_missing() {
    let repository = with_budgets(&EXACT_BUDGETS.replace("[\"sh\", ", "[\"no-such-builder\", "));
    repository.run(&["compare"]).refused(&["no-such-builder"]);
}

#[test]
fn a_build_that_leaves_no_artifact() {
    let repository = exact_repository();
    repository.write("build.sh", "true\n");
    repository.commit("builds nothing");
    // What base's build left at the same path must not be taken for head's.
    repository
        .run(&["compare"])
        .refused(&["build of head", "left no \"out/probe\""]);
}

#[test]
fn a_folder_where_another_revision_has_its_artifact_is_in_nobodys_way() {
    let repository = exact_repository();
    let build = std::fs::read_to_string(repository.path().join("build.sh")).unwrap();
    repository.write("build.sh", "mkdir -p out/probe\n");
    repository
        .run(&["compare"])
        .refused(&["build of head", "left no \"out/probe\""]);
    repository.write("build.sh", &build);
    repository.write("probe.sh", &probe(&[("int", "40", "B")]));
    let run = repository.run(&["compare"]);
    assert_ne!(run.status, 2, "{}", run.stderr);
}

#[test]
fn a_probe_that_prints_rubbish() {
    for (script, parts) in [
        ("echo hello", ["probe", "hello"]),
        (
            "echo '{\"case\": \"int\", \"value\": NaN, \"unit\": \"B\"}'",
            ["line 1", "NaN"],
        ),
        (
            "echo '{\"case\": \"int\", \"value\": 1e999, \"unit\": \"B\"}'",
            ["line 1", "1e999"],
        ),
        (
            "echo '{\"case\": \"int\", \"value\": -1, \"unit\": \"B\"}'",
            ["line 1", "-1"],
        ),
        (
            "echo '{\"case\": \"int\", \"value\": Infinity, \"unit\": \"B\"}'",
            ["line 1", "Infinity"],
        ),
        ("true", ["printed no reading", "probe"]),
        ("echo oops >&2; exit 7", ["exit status: 7", "oops"]),
        ("kill -SEGV $$", ["probe", "signal"]),
    ] {
        let repository = exact_repository();
        repository.write("probe.sh", &format!("#!/bin/sh\n{script}\n"));
        repository.commit("a broken probe");
        repository.run(&["compare"]).refused(&parts);
        leaves_nothing(&repository);
    }
}

#[test]
fn a_duplicate_case_is_refused() {
    let repository = exact_repository();
    repository.write("probe.sh", &probe(&[("int", "1", "B"), ("int", "2", "B")]));
    repository.commit("twice");
    repository.run(&["compare"]).refused(&["int", "twice"]);
}

#[test]
fn a_unit_that_changed_is_refused() {
    let repository = exact_repository();
    repository.write(
        "probe.sh",
        &probe(&[("int", "40", "KiB"), ("raw", "300.25", "B")]),
    );
    repository.commit("another unit");
    repository
        .run(&["compare"])
        .refused(&["bytes_per_key/int", "KiB"]);
}

#[test]
fn a_server_that_exits_at_once() {
    let repository = repository();
    repository.write(
        "server.rs",
        "fn main() { eprintln!(\"cannot open the frobnicator\"); std::process::exit(9) }\n",
    );
    repository.commit("a server that does not start");
    repository.run(&["compare"]).refused(&[
        "head",
        "exit status: 9",
        "cannot open the frobnicator",
    ]);
    leaves_nothing(&repository);
}

#[test]
fn a_server_that_becomes_a_daemon() {
    let repository = repository();
    let server = include_str!("subject/server.rs");
    let daemon = "fn main() { if std::env::args().len() == 2 { \
                  std::process::Command::new(\"setsid\").args(std::env::args()).arg(\"daemon\").spawn().unwrap(); \
                  std::thread::sleep(std::time::Duration::from_millis(50)); return; } \
                  std::thread::sleep(std::time::Duration::from_millis(300)); ";
    repository.write("server.rs", &server.replacen("fn main() {", daemon, 1));
    repository.commit("a daemon");
    repository
        .run(&["compare"])
        .refused(&["head", "foreground"]);
    let left = processes_of(&repository.cache());
    assert_eq!(left, Vec::<String>::new());
    leaves_nothing(&repository);
}

#[test]
fn a_server_that_never_gets_ready() {
    let repository = repository();
    let budgets = include_str!("subject/budgets.toml");
    repository.write("server.rs", "fn main() { loop { std::thread::park() } }\n");
    repository.write(
        "budgets.toml",
        &budgets.replace("max_time = \"8s\"", "max_time = \"9s\""),
    );
    repository.commit("a server that only waits");
    repository.run(&["compare"]).refused(&["head", "ready"]);
    leaves_nothing(&repository);
}

#[test]
fn a_server_whose_port_is_fixed_and_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let repository = repository();
    let server = include_str!("subject/server.rs");
    let fixed = server.replace(
        "std::env::args().nth(1)",
        &format!("Some(\"{port}\".to_owned())"),
    );
    repository.write("server.rs", &fixed);
    repository.commit("a fixed port");
    repository
        .run(&["compare"])
        .refused(&["head", &format!("cannot listen on port {port}")]);
    drop(taken);
}

#[test]
fn a_server_that_answers_with_errors() {
    let repository = repository();
    let server = include_str!("subject/server.rs");
    repository.write(
        "server.rs",
        &server.replace("(b\"GET\", [_, key])", "(b\"TEG\", [_, key])"),
    );
    repository.commit("GET is gone");
    repository
        .run(&["compare"])
        .refused(&["head", "ERR unknown command"]);
}

#[test]
fn a_full_disk_in_the_build_room() {
    let repository = exact_repository();
    repository.write(
        "build.sh",
        "mkdir -p out && head -c 64M /dev/zero > out/probe\n",
    );
    repository.commit("a large artifact");
    let disk = repository.beside("disk");
    std::fs::create_dir(&disk).unwrap();
    let mount = |program: &str, args: &[&str]| {
        std::process::Command::new(program)
            .args(args)
            .arg(&disk)
            .output()
            .is_ok_and(|o| o.status.success())
    };
    if !mount("mount", &["-t", "tmpfs", "-o", "size=8m", "gate-test"]) {
        let needed = std::env::var_os("GATE_TEST_MOUNT").is_some();
        assert!(
            !needed,
            "GATE_TEST_MOUNT is set, and a tmpfs cannot be mounted"
        );
        println!("skipped: mounting a small disk needs root");
        return;
    }
    let output = repository
        .gate(&["compare"])
        .env("GATE_CACHE_DIR", &disk)
        .output()
        .unwrap();
    assert!(mount("umount", &[]));
    crate::repository::Run::from(output).refused(&["No space left on device"]);
    leaves_nothing(&repository);
}

#[test]
fn arguments_that_make_no_sense() {
    let repository = exact_repository();
    repository
        .run(&["compare", "--max-time", "soon"])
        .refused(&["--max-time", "soon", "such as 90s or 6m"]);
    repository
        .run(&["compare", "--max-time", "0s"])
        .refused(&["--max-time", "above zero"]);
    repository
        .run(&["--repository", "/nowhere/at/all", "compare"])
        .refused(&["there is no folder /nowhere/at/all", "--repository"]);
    repository
        .run(&["compare", "--only", "[z"])
        .refused(&["--only", "[z"]);
    repository
        .run(&["compare", "--only", "nothing_*"])
        .refused(&["nothing_*", "no metric"]);
    repository
        .run(&["compare", "--budgets", "nowhere.toml"])
        .refused(&["nowhere.toml"]);
    repository.run(&["compar"]).refused(&["compare"]);
}

#[test]
fn two_runs_share_neither_output_folder_nor_build_room() {
    let repository = exact_repository();
    repository.write(
        "build.sh",
        "sleep 2; mkdir -p out && cp probe.sh out/probe && chmod +x out/probe\n",
    );
    repository.commit("a slow build");
    let mut first = repository
        .gate(&["compare", "--out", "/dev/null/nowhere"])
        .spawn()
        .unwrap();
    assert_eq!(
        first.wait().unwrap().code(),
        Some(2),
        "an output folder that cannot be made"
    );
    let mut first = repository
        .gate(&["compare", "--quiet", "--format", "none"])
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(900));
    repository.run(&["compare"]).refused(&[
        "another gate run is writing into the output folder",
        "--out DIR",
    ]);
    repository
        .run(&["compare", "--out", "../elsewhere"])
        .refused(&["another gate run is using the build room"]);
    assert_eq!(first.wait().unwrap().code(), Some(0));
}

#[test]
fn a_program_that_loads_what_is_built_beside_it_is_refused() {
    let repository = repository();
    let build = include_str!("subject/build.sh");
    let linked = build.replace("rustc ", "rustc -C link-arg=-Wl,-rpath,\"$PWD/out\" ");
    repository.write("build.sh", &linked);
    repository.commit("libraries of its own");
    for _ in ["built", "from the cache"] {
        repository.run(&["compare"]).refused(&[
            "the program \"server\" of head",
            "loads libraries from",
            "/tree/out",
            "-DBUILD_SHARED_LIBS=OFF",
        ]);
    }
    // Beside the program there is nothing that another build could change.
    repository.write(
        "build.sh",
        &build.replace("rustc ", "rustc -C link-arg=-Wl,-rpath,'$ORIGIN' "),
    );
    repository.commit("libraries beside it");
    repository.git(&["commit", "--allow-empty", "-m", "nothing"]);
    let run = repository.run(&["compare", "--only", "bytes*"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn budgets_that_are_a_link_are_refused() {
    let repository = exact_repository();
    repository.write("ci/budgets.toml", EXACT_BUDGETS);
    std::fs::remove_file(repository.path().join("budgets.toml")).unwrap();
    symlink("ci/budgets.toml", repository.path().join("budgets.toml")).unwrap();
    symlink("ci", repository.path().join("settings")).unwrap();
    repository.commit("budgets elsewhere");
    repository.write("ci/budgets.toml", &EXACT_BUDGETS.replace("5%", "300%"));
    repository.commit("a looser budget");
    for file in ["budgets.toml", "settings/budgets.toml"] {
        repository.run(&["compare", "--budgets", file]).refused(&[
            file,
            "symbolic link",
            "--budgets FILE",
        ]);
    }
    let run = repository.run(&["compare", "--budgets", "ci/budgets.toml"]);
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("300"), "{}", run.stdout);
}
