//! What a verdict depends on: budgets of both revisions, the planned looks, and the values.

use serde::{Deserialize, Serialize};

use super::creep::BaselineInput;
use super::plan::Plan;
use crate::budget::Budgets;
use crate::model::{MetricId, Samples, Unit};

/// Everything that a verdict depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeInput {
    /// Base's budgets; `None` where base has no budgets file.
    pub base_budgets: Option<Budgets>,
    /// Head's budgets.
    pub head_budgets: Budgets,
    /// The looks that were planned before the first round.
    pub plan: Plan,
    /// What was measured.
    pub metrics: Vec<MetricInput>,
    /// The recorded baseline; `None` where head's budgets hold nothing against one.
    pub baseline: Option<BaselineInput>,
}

/// What was measured of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricInput {
    /// Its name.
    pub id: MetricId,
    /// What it is counted in.
    pub unit: Unit,
    /// Its values.
    pub taken: Taken,
}

/// The values of a metric, or why there are none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// Values.
    Samples(Samples),
    /// The artifacts of both arms are the same bytes, so rounds would measure nothing.
    IdenticalBinary,
    /// Only head's budgets have it, and base cannot be asked for it.
    New,
    /// Left out on purpose, and why.
    Skipped(String),
    /// Could not be measured here, and why: what it takes is not installed.
    Unavailable(String),
}
