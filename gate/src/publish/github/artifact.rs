//! The artifact of a run, which the pull request's own code may have written.
//!
//! | rule | because |
//! |---|---|
//! | exactly one of this name from this attempt | which of two is the gate's own, nobody can tell |
//! | its size is known before it is taken | a bomb is not even downloaded |
//! | its bytes are those whose SHA-256 the API tells | what is read is what was uploaded |
//! | nothing is written to disk | no path in it can lead anywhere |

use miette::Diagnostic;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::api_error::{ApiCause, ApiError, Permission};
use super::archive::{ArchiveError, only_file};
use super::client::{Client, Purpose};
use super::error::PostError;
use super::event::WorkflowRunEvent;
use super::foreign_text::disarm;
use super::names::RepositoryName;

/// The only file of the artifact.
const FILE: &str = "report.json";
/// The longest archive. A report of 60 metrics and 100 rounds is 4 MB.
const ARCHIVE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest file in it.
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Why there is no report to post.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum ArtifactError {
    /// None of that name.
    #[error("run {run} has no artifact {name:?}{}", instead(others))]
    #[diagnostic(help("did the gate's job end before it could upload its report? Its log tells"))]
    Missing {
        /// Which run.
        run: u64,
        /// Which name.
        name: String,
        /// What it has.
        others: Vec<String>,
    },
    /// More than one of that name.
    #[error("run {run} has {count} artifacts {name:?}, and exactly one may be there")]
    #[diagnostic(help(
        "in a matrix each job needs a name of its own, and `gate judge` joins them"
    ))]
    Several {
        /// Which run.
        run: u64,
        /// Which name.
        name: String,
        /// How many.
        count: usize,
    },
    /// It is too old.
    #[error("artifact {0:?} has expired")]
    Expired(String),
    /// It is larger than any report.
    #[error("artifact {name:?} is {bytes} bytes long, and no report is longer than {bytes_max}")]
    TooLarge {
        /// Which.
        name: String,
        /// How long.
        bytes: u64,
        /// How long it may be.
        bytes_max: usize,
    },
    /// It is larger than it was said to be.
    #[error("artifact {name:?} is longer than {bytes_max} bytes, and no report is")]
    Longer {
        /// Which.
        name: String,
        /// How long it may be.
        bytes_max: usize,
    },
    /// Its bytes are others than were uploaded.
    #[error("artifact {0:?} is not what was uploaded: its SHA-256 differs")]
    Digest(String),
    /// It is no archive of one report.
    #[error("artifact {name:?} is refused: {cause}")]
    Archive {
        /// Which.
        name: String,
        /// Why.
        cause: ArchiveError,
    },
}

fn instead(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(", only {}", names.join(", "))
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Artifact {
    id: u64,
    name: String,
    size_in_bytes: u64,
    expired: bool,
    /// As GitHub writes times; they sort as text.
    created_at: Option<String>,
    /// `sha256:…`; null for artifacts of old uploaders.
    digest: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ArtifactPage {
    artifacts: Vec<Artifact>,
}

const LIST: Purpose = Purpose {
    to: "list the artifacts of the run",
    permission: Permission::ActionsRead,
};
const TAKE: Purpose = Purpose {
    to: "take the artifact",
    permission: Permission::ActionsRead,
};

/// The one artifact called `name` of the run's last attempt.
pub(super) async fn find(
    client: &Client,
    repository: &RepositoryName,
    run: &WorkflowRunEvent,
    name: &str,
) -> Result<Artifact, PostError> {
    let route = format!("/repos/{repository}/actions/runs/{}/artifacts", run.run);
    let all: Vec<Artifact> = client
        .pages(&route, |page: ArtifactPage| page.artifacts, LIST)
        .await?;
    Ok(choose(&all, run, name)?)
}

fn choose(all: &[Artifact], run: &WorkflowRunEvent, name: &str) -> Result<Artifact, ArtifactError> {
    // An attempt that was repeated leaves its artifacts behind.
    let is_current = |artifact: &&Artifact| {
        artifact
            .created_at
            .as_deref()
            .is_none_or(|made| made >= run.started_at.as_str())
    };
    let current: Vec<&Artifact> = all.iter().filter(is_current).collect();
    let mut named = current.iter().filter(|artifact| artifact.name == name);
    let (first, count) = (named.next(), named.count() + 1);
    let Some(artifact) = first else {
        let others = current
            .iter()
            .take(5)
            .map(|other| disarm(&other.name))
            .collect();
        return Err(ArtifactError::Missing {
            run: run.run,
            name: name.to_owned(),
            others,
        });
    };
    if count > 1 {
        return Err(ArtifactError::Several {
            run: run.run,
            name: name.to_owned(),
            count,
        });
    }
    if artifact.expired {
        return Err(ArtifactError::Expired(name.to_owned()));
    }
    if usize::try_from(artifact.size_in_bytes).map_or(true, |bytes| bytes > ARCHIVE_BYTES_MAX) {
        return Err(ArtifactError::TooLarge {
            name: name.to_owned(),
            bytes: artifact.size_in_bytes,
            bytes_max: ARCHIVE_BYTES_MAX,
        });
    }
    Ok((*artifact).clone())
}

/// The bytes of the report in `artifact`.
pub(super) async fn take(
    client: &Client,
    repository: &RepositoryName,
    artifact: &Artifact,
) -> Result<Vec<u8>, PostError> {
    let route = format!("/repos/{repository}/actions/artifacts/{}/zip", artifact.id);
    let archive = match client.download(&route, ARCHIVE_BYTES_MAX, TAKE).await {
        Ok(archive) => archive,
        Err(error) => return Err(refused(error, artifact)),
    };
    Ok(open(&archive, artifact)?)
}

/// What the answer to the download says about the artifact itself.
fn refused(error: ApiError, artifact: &Artifact) -> PostError {
    let name = artifact.name.clone();
    match error.cause {
        ApiCause::TooLarge(bytes_max) => ArtifactError::Longer { name, bytes_max }.into(),
        ApiCause::Gone(_) => ArtifactError::Expired(name).into(),
        _ => error.into(),
    }
}

fn open(archive: &[u8], artifact: &Artifact) -> Result<Vec<u8>, ArtifactError> {
    let name = artifact.name.clone();
    let digest = artifact.digest.as_deref();
    let expected = digest.and_then(|text| text.strip_prefix("sha256:"));
    if expected.is_some_and(|expected| sha256(archive) != expected) {
        return Err(ArtifactError::Digest(name));
    }
    only_file(archive, FILE, FILE_BYTES_MAX).map_err(|cause| ArtifactError::Archive { name, cause })
}

/// In hexadecimal digits.
fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut digits, byte| {
            let high = char::from_digit(u32::from(byte >> 4), 16);
            let low = char::from_digit(u32::from(byte & 15), 16);
            digits.extend(high.into_iter().chain(low));
            digits
        })
}
