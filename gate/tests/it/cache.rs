//! What one runner keeps for another: the steps of `action.yml` and of `.github/actions/fill`.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::repository::{Run, TestRepository};
use crate::subject::repository;

/// A build that compiles only where its source is younger than what it made of it, as cargo and make
/// do, and counts how often.
const BUILD: &str = r#"set -e
mkdir -p out
if ! [ out/object -nt server.rs ]; then
    rustc --edition 2021 -O -o out/object server.rs
    echo compiled >> "$COUNT"
fi
cp out/object out/server
cp probe.sh out/probe
chmod +x out/probe
"#;

/// Runs a step, and returns its outputs.
fn step(repository: &TestRepository, args: &[&str], inputs: &[(&str, &str)]) -> (Run, Vec<String>) {
    let output = repository.beside("output");
    drop(std::fs::remove_file(&output));
    let run = repository
        .gate(args)
        .envs(inputs.iter().copied())
        .env("COUNT", repository.beside("count"))
        .env("GATE_BUDGETS", "budgets.toml")
        .env("GATE_STEP_SUMMARY", "false")
        .env("GITHUB_OUTPUT", &output)
        .output()
        .map(Run::from)
        .unwrap();
    assert_eq!(run.status, 0, "{args:?}: {}", run.stderr);
    let text = std::fs::read_to_string(&output).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let values = lines.chunks(3).map(|block| block[1].to_owned()).collect();
    (run, values)
}

fn compiled(repository: &TestRepository) -> usize {
    let count = std::fs::read_to_string(repository.beside("count")).unwrap_or_default();
    count.lines().count()
}

/// As `actions/cache` does it: in the format that keeps times to the nanosecond.
fn tar(args: &[&str], archive: &Path) {
    let status = Command::new("tar")
        .args(args)
        .arg("-f")
        .arg(archive)
        .status()
        .unwrap();
    assert!(status.success());
}

/// The default branch is pushed to: its build is kept, and the runner goes away. Returns key and prefix.
fn pushed(repository: &TestRepository) -> (String, String) {
    let (_, before) = step(repository, &["cache", "key", "--head"], &[]);
    let (_, kept) = step(repository, &["cache", "fill"], &[]);
    assert_eq!(before, kept, "the key is known before the build");
    let [key, prefix, folder] = kept.as_slice() else {
        panic!("{kept:?}")
    };
    assert!(key.starts_with(prefix.as_str()) && key.starts_with("gate-"));
    let archive = repository.beside("archive");
    tar(&["--posix", "-P", "-c", folder], &archive);
    std::fs::remove_dir_all(repository.cache()).unwrap();
    (key.clone(), prefix.clone())
}

fn restore(repository: &TestRepository) {
    tar(&["-P", "-x"], &repository.beside("archive"));
}

#[test]
fn a_change_of_documents_takes_over_the_build_of_base() {
    let repository = repository();
    repository.write("build.sh", BUILD);
    let base = repository.commit("a build that counts");
    let (key, _) = pushed(&repository);
    assert_eq!(compiled(&repository), 1);

    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.write("README.md", "One word more.\n");
    let head = repository.commit("documents");
    let start = Instant::now();
    let sides = [("GATE_BASE", base.as_str()), ("GATE_HEAD", head.as_str())];
    let (_, wanted) = step(&repository, &["cache", "key"], &sides);
    assert_eq!(wanted[0], key, "what was pushed is what is looked for");
    restore(&repository);
    let (run, outputs) = step(&repository, &["compare"], &sides);
    assert!(start.elapsed() < Duration::from_mins(1));
    assert_eq!(outputs[0], "PASS");
    assert!(
        run.stderr.contains("taken from the cache"),
        "{}",
        run.stderr
    );
    assert_eq!(
        compiled(&repository),
        1,
        "head's build goes on where base's ended"
    );
    let report = repository.report();
    for metric in report["metrics"].as_array().unwrap() {
        assert_eq!(metric["reason"], "identical_binary", "{metric}");
    }
}

#[test]
fn the_build_of_an_earlier_commit_is_where_a_later_one_starts() {
    let repository = repository();
    repository.write("build.sh", BUILD);
    repository.commit("a build that counts");
    let (key, prefix) = pushed(&repository);
    repository.write("README.md", "One word more.\n");
    repository.commit("documents");
    let (_, later) = step(&repository, &["cache", "key", "--head"], &[]);
    assert_ne!(later[0], key);
    assert_eq!(later[1], prefix);
    restore(&repository);
    step(&repository, &["cache", "fill"], &[]);
    assert_eq!(compiled(&repository), 1);

    // A source that changed is compiled, whatever the times of what was restored.
    let server = include_str!("subject/server.rs");
    repository.write(
        "server.rs",
        &server.replace("SPIN: u32 = 0", "SPIN: u32 = 9"),
    );
    repository.commit("another server");
    restore(&repository);
    step(&repository, &["cache", "fill"], &[]);
    assert_eq!(compiled(&repository), 2);
}

#[test]
fn another_recipe_has_another_prefix() {
    let repository = repository();
    let (_, plain) = step(&repository, &["cache", "key", "--head"], &[]);
    let (_, flags) = step(
        &repository,
        &["cache", "key", "--head"],
        &[("RUSTFLAGS", "-O")],
    );
    assert_ne!(plain[1], flags[1]);
    let budgets = include_str!("subject/budgets.toml");
    repository.write(
        "budgets.toml",
        &budgets.replace("\"build.sh\"", "\"./build.sh\""),
    );
    repository.commit("another command");
    let (_, command) = step(&repository, &["cache", "key", "--head"], &[]);
    assert_ne!(plain[1], command[1]);
}
