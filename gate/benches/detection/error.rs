//! Why the study cannot go on.

use std::io;
use std::path::{Path, PathBuf};

use gate::budget::BudgetError;
use gate::build::BuildError;
use gate::judge::JudgeError;
use gate::measure::MeasureError;
use gate::process::{Interrupted, ProcessError};
use gate::revision::RevisionError;
use gate::statistics::StatisticsError;

/// What went wrong, where, and how to mend it where that can be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StudyError {
    /// A file or folder.
    #[error("cannot {what} {}: {source}", .path.display())]
    File {
        /// What was to be done with it.
        what: &'static str,
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line of a trace.
    #[error("{}, line {line}: {why}", .path.display())]
    Trace {
        /// The trace.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Plan(String),
    /// A program that was run said no.
    #[error("`{command}` ended with {status}: {said}")]
    Program {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        said: String,
    },
    /// Standard output is gone.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
    /// Asked to end.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The budgets of this repository.
    #[error(transparent)]
    Budgets(Box<BudgetError>),
    /// Building an arm.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Cores and children.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A revision.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// A round.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// A verdict.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A statistic.
    #[error(transparent)]
    Statistics(#[from] StatisticsError),
}

impl StudyError {
    /// For `map_err`: the error of a file.
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { what, path, source }
    }
}
