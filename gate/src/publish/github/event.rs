//! What started the job: the payload that `GITHUB_EVENT_PATH` names.
//!
//! | event | whose words it holds | what is taken from it |
//! |---|---|---|
//! | `pull_request` | GitHub's | number, head and base commit, whether head is a fork |
//! | `workflow_run` | GitHub's, about a run whose code is not trusted | run, head commit, branch, repository |
//! | `merge_group`, `push` and others | GitHub's | nothing: there is no pull request to comment on |
//!
//! `workflow_run.pull_requests` is not used: it is empty for forks.

use std::path::{Path, PathBuf};

use miette::Diagnostic;
use serde::Deserialize;

use super::foreign_text::disarm;
use super::names::{CommitId, NameError, RepositoryName};

/// GitHub caps payloads at 25 MB.
const PAYLOAD_BYTES_MAX: u64 = 25 * 1024 * 1024;

/// What started the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A change of a pull request; the job runs its code.
    PullRequest(PullRequestEvent),
    /// The end of another workflow's run; the job runs the default branch's code.
    WorkflowRun(WorkflowRunEvent),
    /// Something without a pull request, by its name.
    Other(String),
}

/// A pull request, as its event tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestEvent {
    /// Its number.
    pub number: u64,
    /// The commit that was measured.
    pub head: CommitId,
    /// Where head's branch lives; `None` where that repository was deleted.
    pub head_repository: Option<RepositoryName>,
}

/// A finished run, as its event tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRunEvent {
    /// Its id.
    pub run: u64,
    /// What had started it.
    pub started_by: String,
    /// When its last attempt began, as GitHub writes it; artifacts before that are an earlier attempt's.
    pub started_at: String,
    /// How it ended.
    pub conclusion: Option<String>,
    /// The commit that it measured.
    pub head: CommitId,
    /// The branch of that commit.
    pub head_branch: Option<String>,
    /// Where that branch lives; `None` where that repository was deleted.
    pub head_repository: Option<RepositoryName>,
    /// The run's page.
    pub page: String,
}

/// Why a payload tells nothing.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum EventError {
    /// The file.
    #[error("cannot read the event from {}: {why}", path.display())]
    #[diagnostic(help(
        "GitHub names the file in GITHUB_EVENT_PATH; elsewhere use `--dry-run --report FILE`"
    ))]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Its content.
    #[error("the {event} event in {} is not as GitHub writes it: {why}", path.display())]
    Payload {
        /// Its name.
        event: String,
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

#[derive(Deserialize)]
struct PullRequestPayload {
    pull_request: PullRequestObject,
}

#[derive(Deserialize)]
struct PullRequestObject {
    number: u64,
    head: HeadObject,
}

#[derive(Deserialize)]
struct HeadObject {
    sha: String,
    repo: Option<RepositoryObject>,
}

#[derive(Deserialize)]
struct RepositoryObject {
    full_name: String,
}

#[derive(Deserialize)]
struct WorkflowRunPayload {
    workflow_run: WorkflowRunObject,
}

#[derive(Deserialize)]
struct WorkflowRunObject {
    id: u64,
    event: String,
    run_started_at: String,
    conclusion: Option<String>,
    head_sha: String,
    head_branch: Option<String>,
    head_repository: Option<RepositoryObject>,
    html_url: String,
}

impl Event {
    /// Reads the payload of the event called `name`.
    pub fn read(name: &str, path: &Path) -> Result<Self, EventError> {
        let name_shown = disarm(name);
        let read = |why: String| EventError::Read {
            path: path.to_owned(),
            why,
        };
        let length = std::fs::metadata(path)
            .map_err(|error| read(error.to_string()))?
            .len();
        if length > PAYLOAD_BYTES_MAX {
            return Err(read(format!("it is longer than {PAYLOAD_BYTES_MAX} bytes")));
        }
        let text = std::fs::read(path).map_err(|error| read(error.to_string()))?;
        Self::parse(name, &text).map_err(|why| EventError::Payload {
            event: name_shown,
            path: path.to_owned(),
            why,
        })
    }

    fn parse(name: &str, text: &[u8]) -> Result<Self, String> {
        let json = |error: serde_json::Error| disarm(&error.to_string());
        let named = |error: NameError| error.to_string();
        match name {
            "pull_request" | "pull_request_target" => {
                let payload: PullRequestPayload = serde_json::from_slice(text).map_err(json)?;
                let object = payload.pull_request;
                Ok(Self::PullRequest(PullRequestEvent {
                    number: object.number,
                    head: CommitId::new(&object.head.sha).map_err(named)?,
                    head_repository: repository(object.head.repo).map_err(named)?,
                }))
            }
            "workflow_run" => {
                let payload: WorkflowRunPayload = serde_json::from_slice(text).map_err(json)?;
                let object = payload.workflow_run;
                Ok(Self::WorkflowRun(WorkflowRunEvent {
                    run: object.id,
                    started_by: disarm(&object.event),
                    started_at: object.run_started_at,
                    conclusion: object.conclusion,
                    head: CommitId::new(&object.head_sha).map_err(named)?,
                    head_branch: object.head_branch,
                    head_repository: repository(object.head_repository).map_err(named)?,
                    page: object.html_url,
                }))
            }
            other => Ok(Self::Other(disarm(other))),
        }
    }
}

fn repository(object: Option<RepositoryObject>) -> Result<Option<RepositoryName>, NameError> {
    object
        .map(|object| RepositoryName::new(&object.full_name))
        .transpose()
}
