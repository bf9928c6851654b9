//! The outcome of a metric and of a run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The outcome, ordered from good to bad: the worst metric decides the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Nothing to do.
    Pass,
    /// Worth a look; may land.
    Warn,
    /// Must not land as it is.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pass => "PASS",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        })
    }
}

/// Why a metric has its verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Noisy: nothing past the budget, nothing certain. Exact: equal.
    WithinNoise,
    /// A real move for the better.
    Improved,
    /// A real move for the worse that the budget allows.
    InsideBudget,
    /// A real move for the worse beyond the budget.
    PastBudget,
    /// The run could not tell which side of the budget the move is on.
    Inconclusive,
    /// Both arms are the same bytes, so there was nothing to measure.
    IdenticalBinary,
    /// A metric called exact that was not the same twice.
    Unstable,
    /// Only head has the metric.
    New,
    /// Only base has the metric.
    Missing,
    /// Past its budget, and allowed to land by a trade of this change.
    Traded,
    /// Not measured, or shown without being judged; the message tells which, and why.
    Skipped,
}
