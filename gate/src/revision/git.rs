//! One `git` command, run apart from the caller's own git environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::RevisionError;

/// Variables by which a hook or an alias would redirect git to another repository or index.
const REDIRECTING: [&str; 7] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
];

/// Runs git in one folder with a fixed set of extra variables.
#[derive(Debug, Clone)]
pub struct Git {
    folder: PathBuf,
    variables: Vec<(OsString, OsString)>,
}

impl Git {
    /// Git in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            variables: Vec::new(),
        }
    }

    /// The same git with one more variable in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().into()));
        self
    }

    /// The same git, run in another folder.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        folder.clone_into(&mut self.folder);
        self
    }

    /// Runs git, whatever its exit status.
    pub fn output(&self, args: &[&str]) -> Result<Output, RevisionError> {
        let mut command = Command::new("git");
        for name in REDIRECTING {
            command.env_remove(name);
        }
        command
            .current_dir(&self.folder)
            // Messages are shown to people as they come; only their language is fixed.
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            // Renames of files by a user's filter or hook must not change what is built.
            .args([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
            ])
            .args(args)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
            .output()
            .map_err(|source| RevisionError::NoGit { source })
    }

    /// Runs git and returns its standard output without the last newline; an error unless it
    /// exits with 0.
    pub fn text(&self, args: &[&str]) -> Result<String, RevisionError> {
        let bytes = self.bytes(args)?;
        Ok(String::from_utf8_lossy(&bytes)
            .trim_end_matches('\n')
            .to_owned())
    }

    /// Runs git and returns its standard output; an error unless it exits with 0.
    pub fn bytes(&self, args: &[&str]) -> Result<Vec<u8>, RevisionError> {
        let output = self.output(args)?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(failed(args, &output))
        }
    }

    /// Runs git and returns its standard output, or `None` where it exits with another status
    /// than 0: for questions whose "no" is an exit status.
    pub fn answer(&self, args: &[&str]) -> Result<Option<String>, RevisionError> {
        let output = self.output(args)?;
        let text = String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned();
        Ok(output.status.success().then_some(text))
    }
}

fn failed(args: &[&str], output: &Output) -> RevisionError {
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let stderr = if stderr.is_empty() {
        output.status.to_string()
    } else {
        stderr
    };
    RevisionError::Failed {
        command: args.join(" "),
        stderr,
    }
}
