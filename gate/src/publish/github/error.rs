//! Why nothing was posted.

use std::path::PathBuf;

use miette::Diagnostic;

use super::admission::AdmissionError;
use super::api_error::ApiError;
use super::artifact::ArtifactError;
use super::event::EventError;
use super::names::NameError;

/// Why `gate post` failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PostError {
    /// A request.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Api(#[from] ApiError),
    /// The event.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Event(#[from] EventError),
    /// The artifact of the run.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Artifact(#[from] ArtifactError),
    /// The content of a report.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Admission(#[from] AdmissionError),
    /// The report of this job.
    #[error("cannot read the report {}: {why}", path.display())]
    #[diagnostic(help("did `gate compare` run in this job? `--report FILE` names another one"))]
    Report {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The budgets file of a commit is none.
    #[error("{file} of {commit} is no budgets file: {why}")]
    #[diagnostic(help("`gate check` tells more"))]
    Budgets {
        /// The file.
        file: String,
        /// Of which commit.
        commit: String,
        /// Why not.
        why: String,
    },
    /// The baseline of a commit is none.
    #[error("{file} of {commit} is no baseline: {why}")]
    #[diagnostic(help("`gate baseline record` writes it"))]
    Baseline {
        /// The file.
        file: String,
        /// Of which commit.
        commit: String,
        /// Why not.
        why: String,
    },
    /// A folder with more than baselines.
    #[error("{folder} of {commit} has {count} files, and at most {count_max} are looked at")]
    #[diagnostic(help("one file for each kind of machine belongs there, and nothing else"))]
    ManyBaselines {
        /// The folder.
        folder: String,
        /// Of which commit.
        commit: String,
        /// How many.
        count: usize,
        /// How many there may be.
        count_max: usize,
    },
    /// There is no budgets file.
    #[error("commit {commit} has no {file}")]
    #[diagnostic(help("name the file with `budgets`"))]
    NoBudgets {
        /// The file.
        file: String,
        /// Of which commit.
        commit: String,
    },
    /// A name that GitHub gave.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A request cannot be shown.
    #[error("cannot write the request down: {0}")]
    Plan(#[from] serde_json::Error),
    /// The runtime that requests need.
    #[error("cannot start the runtime of the requests: {0}")]
    Runtime(std::io::Error),
}

impl PostError {
    /// Whether the run left nothing that can be posted, as against GitHub being out of reach.
    pub(super) const fn is_about_the_report(&self) -> bool {
        matches!(
            self,
            Self::Artifact(_)
                | Self::Admission(_)
                | Self::Report { .. }
                | Self::Budgets { .. }
                | Self::NoBudgets { .. }
                | Self::Baseline { .. }
                | Self::ManyBaselines { .. }
        )
    }
}
