//! What `gate post` is told.

use std::path::PathBuf;

use super::api_url::ApiUrl;
use super::event::Event;
use super::foreign_text::disarm;
use super::names::{CommitId, RepositoryName};
use super::patience::Patience;
use super::pull_request::PullRequest;
use super::token::Token;

/// Everything that posting depends on.
#[derive(Debug, Clone)]
pub struct PostSettings {
    /// The repository that the job runs in.
    pub repository: RepositoryName,
    /// What started the job.
    pub event: Event,
    /// Where the API is.
    pub api: ApiUrl,
    /// What the job may write with; reading public repositories needs none.
    pub token: Option<Token>,
    /// The report of this job, for a pull request of the same repository.
    pub report: PathBuf,
    /// The page of this job's run, where it is known.
    pub page: Option<String>,
    /// The artifact with the report of the run that ended, for `workflow_run`.
    pub artifact: String,
    /// The budgets file, from the top of the repository.
    pub budgets: String,
    /// The login of the account that writes the comment.
    pub author: String,
    /// The name of a check run to make beside the comment.
    pub check: Option<String>,
    /// Whether anything is sent.
    pub delivery: Delivery,
    /// How long to wait for GitHub.
    pub patience: Patience,
}

/// Whether anything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Write.
    Send,
    /// Read everything, write nothing, and tell what would be written.
    DryRun,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// The comment was made.
    Created(Letter),
    /// The comment that was there was updated.
    Updated(Letter),
    /// What would have been sent.
    Planned(Plan),
    /// Nothing was sent, for a reason that is nobody's fault.
    Nothing(WhyNothing),
}

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The pull request.
    pub number: u64,
    /// The comment's page.
    pub page: String,
    /// The comment's text.
    pub body: String,
    /// The check run's page, where one was made and has one.
    pub check_page: Option<String>,
}

/// What would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The comment's text.
    pub body: String,
    /// Method, route and body of each request, one text each.
    pub requests: Vec<String>,
}

/// Why nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyNothing {
    /// Merge queues, pushes.
    #[error("{0} has no pull request to comment on")]
    NoPullRequest(String),
    /// The token of this event is read-only.
    #[error(
        "the pull request comes from a fork, whose workflows cannot write; the second workflow \
         (on workflow_run) posts its report"
    )]
    Fork,
    /// The run was cancelled or skipped, and no comment tells of another commit.
    #[error("the run ended as {0} and judged nothing, and no comment has to be taken back for it")]
    NotFinished(String),
    /// The branch is gone.
    #[error("the branch or the repository of the run's commit was deleted")]
    BranchGone,
    /// No open pull request has this head.
    #[error("no open pull request has {head} of {from} as its head (closed, or pushed to since?)")]
    NotFound {
        /// The commit.
        head: String,
        /// Its repository and branch.
        from: String,
    },
    /// Several pull requests have this head.
    #[error(
        "pull requests {} all have {head} as their head, and which of them was measured cannot be told",
        numbered(numbers)
    )]
    Ambiguous {
        /// The commit.
        head: String,
        /// Theirs.
        numbers: Vec<u64>,
    },
    /// It was closed meanwhile.
    #[error("pull request #{0} is not open any more")]
    Closed(u64),
    /// It was pushed to meanwhile.
    #[error(
        "the head of pull request #{number} moved from {measured} to {found}; its own run will post"
    )]
    Moved {
        /// The pull request.
        number: u64,
        /// What the report is about.
        measured: String,
        /// What it is by this time.
        found: String,
    },
}

impl WhyNothing {
    pub(super) fn not_finished(conclusion: Option<&str>) -> Self {
        Self::NotFinished(conclusion.map_or_else(|| "unfinished".to_owned(), disarm))
    }

    pub(super) fn not_found(head: &CommitId, from: &RepositoryName, branch: &str) -> Self {
        Self::NotFound {
            head: head.short().to_owned(),
            from: disarm(&format!("{from}:{branch}")),
        }
    }

    pub(super) fn moved(number: u64, measured: &CommitId, found: &PullRequest) -> Self {
        let found = CommitId::new(&found.head.sha).map(|id| id.short().to_owned());
        Self::Moved {
            number,
            measured: measured.short().to_owned(),
            found: found.unwrap_or_else(|error| error.to_string()),
        }
    }
}

fn numbered(numbers: &[u64]) -> String {
    numbers
        .iter()
        .map(|number| format!("#{number}"))
        .collect::<Vec<_>>()
        .join(", ")
}
