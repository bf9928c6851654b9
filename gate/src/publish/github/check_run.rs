//! A check run beside the comment, with an annotation on the line of each budget that failed.
//!
//! GitHub takes 50 annotations a request; more are added by further requests, and each one adds to
//! those that are there.

use serde::{Deserialize, Serialize};

use super::api_error::{ApiError, Permission};
use super::client::{Client, Purpose};
use super::names::{CommitId, RepositoryName};
use crate::model::Verdict;

/// Annotations that GitHub takes with one request.
const ANNOTATIONS_MAX: usize = 50;

/// A check run that is to be made.
#[derive(Debug, Clone)]
pub(super) struct Check<'a> {
    /// As it is called in the list of checks.
    pub(super) name: &'a str,
    /// The commit that it is about.
    pub(super) head: &'a CommitId,
    /// How it ends.
    pub(super) verdict: Verdict,
    /// One line.
    pub(super) title: String,
    /// Markdown, within GitHub's limit.
    pub(super) summary: String,
    /// Remarks on lines.
    pub(super) annotations: Vec<Annotation>,
}

/// A remark on a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Annotation {
    pub(super) path: String,
    pub(super) start_line: u32,
    pub(super) end_line: u32,
    #[serde(rename = "annotation_level")]
    pub(super) level: Level,
    pub(super) title: String,
    pub(super) message: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Must not land.
    Failure,
    /// Worth a look.
    Warning,
}

#[derive(Debug, Serialize)]
struct NewCheck<'a> {
    name: &'a str,
    head_sha: &'a str,
    status: &'static str,
    conclusion: &'static str,
    output: Output<'a>,
}

#[derive(Debug, Serialize)]
struct MoreAnnotations<'a> {
    output: Output<'a>,
}

#[derive(Debug, Serialize)]
struct Output<'a> {
    title: &'a str,
    summary: &'a str,
    annotations: &'a [Annotation],
}

#[derive(Debug, Deserialize)]
struct Made {
    id: u64,
    html_url: Option<String>,
}

const CREATE: Purpose = Purpose {
    to: "make the check run",
    permission: Permission::ChecksWrite,
};
const ADD: Purpose = Purpose {
    to: "add annotations to the check run",
    permission: Permission::ChecksWrite,
};

/// Makes the check run, and gives its page.
pub(super) async fn make(
    client: &Client,
    repository: &RepositoryName,
    check: &Check<'_>,
) -> Result<Option<String>, ApiError> {
    let route = format!("/repos/{repository}/check-runs");
    let made: Made = client.post(&route, &check.first(), CREATE).await?;
    for batch in check.annotations.chunks(ANNOTATIONS_MAX).skip(1) {
        let more = MoreAnnotations {
            output: check.output(batch),
        };
        let route = format!("{route}/{}", made.id);
        let _: Made = client.patch(&route, &more, ADD).await?;
    }
    Ok(made.html_url)
}

/// The request that [`make`] would begin with.
pub(super) fn shown(check: &Check<'_>) -> Result<String, serde_json::Error> {
    serde_json::to_string(&check.first())
}

impl Check<'_> {
    fn first(&self) -> NewCheck<'_> {
        let first = self.annotations.chunks(ANNOTATIONS_MAX).next();
        NewCheck {
            name: self.name,
            head_sha: self.head.as_str(),
            status: "completed",
            conclusion: conclusion(self.verdict),
            output: self.output(first.unwrap_or_default()),
        }
    }

    fn output<'a>(&'a self, annotations: &'a [Annotation]) -> Output<'a> {
        Output {
            title: &self.title,
            summary: &self.summary,
            annotations,
        }
    }
}

/// `neutral` lets a change land and is shown apart from `success`.
const fn conclusion(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "success",
        Verdict::Warn => "neutral",
        Verdict::Fail => "failure",
    }
}
