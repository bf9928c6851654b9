//! A real git repository in a temporary folder, and the real `gate` run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A repository with a cache folder of its own beside it.
pub(crate) struct TestRepository {
    folder: TempDir,
}

/// What a run of `gate` left behind.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl TestRepository {
    /// An empty repository on branch `main`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("gate-test-")
            .tempdir()
            .unwrap();
        let repository = Self { folder };
        std::fs::create_dir(repository.path()).unwrap();
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// The top of the checkout.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    /// Where this repository's build room and artifacts go.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// A folder beside the repository.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits everything and returns the commit.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        git_in(&self.path(), args)
    }

    /// `gate`, ready to be run in the checkout with its own cache and nothing of the caller's
    /// environment that would steer it.
    pub(crate) fn gate(&self, args: &[&str]) -> Command {
        gate_in(&self.path(), &self.cache(), args)
    }

    /// Runs `gate` to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::from(self.gate(args).output().unwrap())
    }

    /// `report.json` of the last run.
    pub(crate) fn report(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.path().join("target/gate/report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What git knows of worktrees beside the checkout itself, and what it sees as changed.
    pub(crate) fn traces(&self) -> (usize, String) {
        let worktrees = self.git(&["worktree", "list"]).lines().count();
        (worktrees - 1, self.git(&["status", "--porcelain"]))
    }
}

/// `gate` in `folder`.
pub(crate) fn gate_in(folder: &Path, cache: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gate"));
    command
        .current_dir(folder)
        .args(args)
        .env("GATE_CACHE_DIR", cache)
        .env("NO_COLOR", "1");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let steering = text.starts_with("GATE_") || text.starts_with("GITHUB_");
        if steering && text != "GATE_CACHE_DIR" {
            command.env_remove(&name);
        }
    }
    command
}

pub(crate) fn git_in(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.com"])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(args)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?}: {stderr}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    /// Asserts that gate could not judge and that its message has every one of `parts`.
    #[track_caller]
    pub(crate) fn refused(&self, parts: &[&str]) {
        assert_eq!(
            self.status, 2,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        // Messages are wrapped to the width of the terminal and set in a frame.
        let flat: String = self
            .stderr
            .replace(['│', '╰', '╭', '·', '×', '▶', '─'], " ")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        for part in parts {
            assert!(flat.contains(part), "no {part:?} in:\n{}", self.stderr);
        }
        assert_eq!(self.stdout, "", "an error leaves standard output empty");
    }
}
