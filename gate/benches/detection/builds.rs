//! The two builds that the study compares: the same code, with a comment more in head.
//!
//! ```text
//! DIR/repository   a clone of this repository at HEAD, and a commit on top: one line of comment
//! DIR/cache        gate's build room for it
//! DIR/base         the server of HEAD, with the feature `handicap`
//! DIR/head         the server of the commit on top, the same
//! DIR/builds.json  commits, digests, and how many bytes differ
//! ```
//!
//! The comment moves every line below it by one, and with them the line tables and the places that
//! panics name. So the two are different bytes, which `gate compare` therefore measures, and the same
//! instructions. The feature costs both arms the same few of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gate::budget::{Budgets, Subject};
use gate::build::{Built, Room};
use gate::model::Arm;
use gate::process::Interrupt;
use gate::revision::Repository;
use serde::{Deserialize, Serialize};

use crate::error::StudyError;

/// The file that gets the comment: most of a request's life is below that line.
const COMMENTED: &str = "server/src/connection.rs";
const COMMENT: &str = "// This line is all that head has more than base.\n";

/// What was built.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Builds {
    /// The commit of base.
    pub(crate) base: String,
    /// The commit of head.
    pub(crate) head: String,
    /// What differs, in words.
    pub(crate) difference: String,
}

impl Builds {
    /// Builds both arms into `folder`.
    pub(crate) fn make(
        folder: &Path,
        budgets: &Budgets,
        interrupt: &Interrupt,
    ) -> Result<Self, StudyError> {
        fs::create_dir_all(folder).map_err(StudyError::file("make", folder))?;
        let clone = repository(folder);
        let here = Repository::discover(Path::new(env!("CARGO_MANIFEST_DIR")))?;
        if !clone.exists() {
            git(
                folder,
                &[
                    "clone",
                    "--quiet",
                    "--no-hardlinks",
                    &text(here.root()),
                    "repository",
                ],
            )?;
            let file = clone.join(COMMENTED);
            let source = fs::read_to_string(&file).map_err(StudyError::file("read", &file))?;
            let commented = commented(&source)
                .ok_or_else(|| StudyError::Plan(format!("{COMMENTED} has no line to comment")))?;
            fs::write(&file, commented).map_err(StudyError::file("write", &file))?;
            let who = ["-c", "user.name=study", "-c", "user.email=study@localhost"];
            let commit = ["commit", "--quiet", "--all", "--message", "Say something"];
            git(&clone, &[&who[..], &commit].concat())?;
        }
        let repository = Repository::discover(&clone)?;
        let (head, base) = (repository.resolve("HEAD")?, repository.resolve("HEAD~1")?);
        let room = Room::open(&folder.join("cache"), &repository)?;
        let subject = handicapped(&budgets.subject);
        let place = |arm, revision| -> Result<Vec<u8>, StudyError> {
            let log = folder.join(format!("build-{arm}.log"));
            let Built { artifacts, .. } =
                room.build(&repository, revision, arm, &subject, &log, interrupt)?;
            let built = artifacts.paths();
            let missing = || StudyError::Plan("the subject has no artifact `server`".to_owned());
            let (from, to) = (
                built.get("server").ok_or_else(missing)?,
                server(folder, arm),
            );
            fs::copy(from, &to).map_err(StudyError::file("copy a build to", &to))?;
            fs::read(&to).map_err(StudyError::file("read", &to))
        };
        let base_bytes = place(Arm::Base, &base)?;
        let head_bytes = place(Arm::Head, &head)?;
        let builds = Self {
            base: base.short(),
            head: head.short(),
            difference: difference(&base_bytes, &head_bytes),
        };
        let path = folder.join("builds.json");
        let json = serde_json::to_string_pretty(&builds)
            .map_err(|e| StudyError::file("write", &path)(e.into()))?;
        fs::write(&path, json).map_err(StudyError::file("write", &path))?;
        Ok(builds)
    }

    /// What an earlier `make` left in `folder`.
    pub(crate) fn read(folder: &Path) -> Result<Self, StudyError> {
        let path = folder.join("builds.json");
        let json = fs::read_to_string(&path).map_err(StudyError::file("read", &path))?;
        serde_json::from_str(&json).map_err(|e| StudyError::file("read", &path)(e.into()))
    }
}

/// The clone that the builds are of.
pub(crate) fn repository(folder: &Path) -> PathBuf {
    folder.join("repository")
}

/// The server of an arm.
pub(crate) fn server(folder: &Path, arm: Arm) -> PathBuf {
    folder.join(arm.to_string())
}

/// The subject with the feature that slows it down.
fn handicapped(subject: &Subject) -> Subject {
    let mut subject = subject.clone();
    subject
        .build
        .extend(["--features", "server/handicap"].map(str::to_owned));
    subject
}

/// `source` with a comment before its first import, above all code.
fn commented(source: &str) -> Option<String> {
    let at = source.find("\nuse ")? + 1;
    let (above, below) = source.split_at_checked(at)?;
    Some(format!("{above}{COMMENT}{below}"))
}

/// How two files of the same code differ, in words.
fn difference(base: &[u8], head: &[u8]) -> String {
    let differing = base.iter().zip(head).filter(|(b, h)| b != h).count();
    let code = match (executable(base), executable(head)) {
        (Some(base), Some(head)) if base == head => "none",
        (Some(_), Some(_)) => "some",
        _ => "an unknown number",
    };
    format!(
        "one line of comment in {COMMENTED}: of {} bytes {} differ, {code} of them in machine code",
        base.len(),
        differing + base.len().abs_diff(head.len())
    )
}

/// The executable segments of a 64-bit little-endian ELF file (elf(5)); `None` of anything else.
fn executable(file: &[u8]) -> Option<Vec<&[u8]>> {
    let number = |at: usize, bytes: usize| -> Option<usize> {
        let field = file.get(at..at.checked_add(bytes)?)?;
        let value = field.iter().rev().try_fold(0_u64, |value, byte| {
            value.checked_mul(256).map(|value| value + u64::from(*byte))
        });
        usize::try_from(value?).ok()
    };
    if file.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let (table, size, entries) = (number(0x20, 8)?, number(0x36, 2)?, number(0x38, 2)?);
    let mut segments = Vec::new();
    for entry in 0..entries {
        let at = table.checked_add(entry.checked_mul(size)?)?;
        // PT_LOAD, and PF_X among its flags.
        if number(at, 4)? == 1 && number(at + 4, 4)? & 1 == 1 {
            let (start, bytes) = (number(at + 8, 8)?, number(at + 0x20, 8)?);
            segments.push(file.get(start..start.checked_add(bytes)?)?);
        }
    }
    (!segments.is_empty()).then_some(segments)
}

/// Runs git, and fails where it does.
fn git(folder: &Path, args: &[&str]) -> Result<(), StudyError> {
    let command = format!("git {}", args.join(" "));
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .output()
        .map_err(StudyError::file("run git in", folder))?;
    if output.status.success() {
        return Ok(());
    }
    Err(StudyError::Program {
        command,
        status: output.status.to_string(),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
