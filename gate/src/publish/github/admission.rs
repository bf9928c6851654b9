//! A report that others may have written, let in or turned away.
//!
//! | checked | refused |
//! |---|---|
//! | bounds of the JSON, before anything is built from it | floods of metrics, samples or text; `1e999` |
//! | the schema | missing, unknown and ill-typed fields; ids and units that are no ids and units |
//! | number of metrics | more than 1,000 |
//! | head's and base's commit | a report about another change |
//! | the baseline, where the budgets have one | a report that holds its counts against none, or against that of a machine that nobody recorded |
//!
//! The verdict that it states is not looked at: it is judged again.

use std::collections::BTreeSet;

use miette::Diagnostic;

use super::foreign_text::disarm;
use super::json_bounds::JsonBounds;
use super::names::CommitId;
use crate::budget::is_target;
use crate::judge::JudgeError;
use crate::report::Report;

/// What a report may hold. A run has a few dozen metrics of a hundred rounds with a few hundred
/// slices each.
const BOUNDS: JsonBounds = JsonBounds {
    text_len: 16 * 1024,
    list_len: 10_000,
    values: 2_000_000,
    depth: 24,
};
/// The most metrics.
const METRICS_MAX: usize = 1000;

/// Why a report is not posted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum AdmissionError {
    /// It is no report.
    #[error("report.json is refused: {0}")]
    #[diagnostic(help("both workflows must run the same version of gate"))]
    Schema(String),
    /// It has more metrics than any run.
    #[error("report.json is refused: it has {0} metrics, and at most {METRICS_MAX} are taken")]
    Metrics(usize),
    /// It is about something else.
    #[error("report.json is refused: it is about {side} {found}, and {expected} belongs there")]
    #[diagnostic(help(
        "measure with `base: ${{{{ github.event.pull_request.base.sha }}}}` and \
         `head: ${{{{ github.event.pull_request.head.sha }}}}`; if the base branch was merged into \
         the pull request since, run the gate's job again"
    ))]
    Commit {
        /// Base or head.
        side: &'static str,
        /// What it is about.
        found: String,
        /// What it should be about.
        expected: String,
    },
    /// Its counts are held against no baseline, or against one that cannot be found.
    #[error(
        "report.json is refused: {}, and the budgets have a `[baseline]`",
        match target {
            None => "its counts are held against no baseline".to_owned(),
            Some(target) => format!("{target:?} is no target of a baseline"),
        }
    )]
    #[diagnostic(help("both workflows must run the same version of gate"))]
    Baseline {
        /// What it says that it was counted on.
        target: Option<String>,
    },
    /// It names a machine that nobody recorded, while others are.
    #[error(
        "report.json is refused: it was counted on {target}, and neither commit has a baseline for that, \
         only for {}", known.join(", ")
    )]
    #[diagnostic(help(
        "`gate baseline record` on such a machine writes the file; a file of another machine says nothing \
         of its counts"
    ))]
    Target {
        /// What it says that it was counted on.
        target: String,
        /// What there are baselines for.
        known: Vec<String>,
    },
    /// What it holds cannot be judged.
    #[error("report.json is refused: {0}")]
    Judge(String),
}

impl From<JudgeError> for AdmissionError {
    fn from(error: JudgeError) -> Self {
        Self::Judge(disarm(&error.to_string()))
    }
}

/// Reads a report.
pub(super) fn read(json: &[u8]) -> Result<Report, AdmissionError> {
    let schema = |why: &dyn std::fmt::Display| AdmissionError::Schema(disarm(&why.to_string()));
    BOUNDS.check(json).map_err(|error| schema(&error))?;
    let text = std::str::from_utf8(json).map_err(|error| schema(&error))?;
    let report = Report::from_json(text).map_err(|error| schema(&error))?;
    if report.metrics.len() > METRICS_MAX {
        return Err(AdmissionError::Metrics(report.metrics.len()));
    }
    Ok(report)
}

/// Refuses a report that is not about `head`.
pub(super) fn expect_head(report: &Report, head: &CommitId) -> Result<(), AdmissionError> {
    expect_commit("head", report.head.commit.as_deref(), head.as_str())
}

/// Refuses a report that was measured against another commit than `base`.
pub(super) fn expect_base(report: &Report, base: &CommitId) -> Result<(), AdmissionError> {
    expect_commit("base", report.base.commit.as_deref(), base.as_str())
}

/// The target whose baseline the report is held against, as in `x86_64-linux`: part of a file's name.
pub(super) fn expect_target(report: &Report) -> Result<&str, AdmissionError> {
    let Some(baseline) = &report.baseline else {
        return Err(AdmissionError::Baseline { target: None });
    };
    let target = baseline.input.target.as_str();
    if is_target(target) {
        Ok(target)
    } else {
        let target = Some(disarm(target));
        Err(AdmissionError::Baseline { target })
    }
}

/// Refuses a target that nobody recorded where others are `known`: a report could name one to be held
/// against nothing.
pub(super) fn expect_known(target: &str, known: &BTreeSet<&String>) -> Result<(), AdmissionError> {
    if known.is_empty() || known.iter().any(|known| *known == target) {
        return Ok(());
    }
    Err(AdmissionError::Target {
        target: target.to_owned(),
        known: known.iter().map(ToString::to_string).collect(),
    })
}

fn expect_commit(
    side: &'static str,
    found: Option<&str>,
    expected: &str,
) -> Result<(), AdmissionError> {
    if found == Some(expected) {
        return Ok(());
    }
    let found = found.map_or_else(|| "a working tree".to_owned(), disarm);
    Err(AdmissionError::Commit {
        side,
        found,
        expected: expected.to_owned(),
    })
}

#[cfg(test)]
mod tests;
