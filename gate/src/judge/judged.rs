//! What the judge says: a row for each metric, with the facts that its sentence is made of.

use super::creep::Creep;
use super::limit::{Ceilings, Limit};
use super::noisy::Estimate;
use crate::budget::{Allow, BudgetChange, Trade};
use crate::model::{Direction, Kind, MetricId, Percent, Reason, Unit, Verdict};

/// The judgement of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// FAIL where any metric or budget change fails, else WARN where any warns, else PASS.
    pub verdict: Verdict,
    /// A row for each metric, by name.
    pub rows: Vec<Row>,
    /// What head's budgets say otherwise than base's.
    pub budget_changes: Vec<BudgetChange>,
    /// What the recorded baseline says; `None` where nothing is held against one.
    pub creep: Option<Creep>,
    /// The trades of this change, and what became of them.
    pub trades: Vec<TradeOutcome>,
    /// Order effects of the noisy metrics that can fail.
    pub position_effects: Vec<Order>,
}

/// One metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub id: MetricId,
    /// What it is counted in.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// How it is measured and whether it can fail.
    pub kind: Kind,
    /// Base's value, in the metric's unit.
    pub base: Option<f64>,
    /// Head's value, in the metric's unit.
    pub head: Option<f64>,
    /// Signed change of head against base.
    pub delta: Option<Percent>,
    /// What may land.
    pub limit: Option<Limit>,
    /// The outcome.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// What the verdict rests on.
    pub evidence: Evidence,
    /// What each of several runners says; empty where there is only one.
    pub by_runner: Vec<ByRunner>,
}

/// What one of several runners says of a metric.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByRunner {
    /// Its number, from 1.
    pub runner: u32,
    /// Base's value there, in the metric's unit.
    pub base: Option<f64>,
    /// Head's value there, in the metric's unit.
    pub head: Option<f64>,
    /// Signed change of head against base there.
    #[serde(rename = "delta_pct")]
    pub delta: Option<Percent>,
    /// Lower end of its own interval of the adverse change.
    #[serde(rename = "adverse_low_pct")]
    pub low: Option<Percent>,
    /// Upper end of its own interval of the adverse change.
    #[serde(rename = "adverse_high_pct")]
    pub high: Option<Percent>,
    /// Whether it says something else than all together.
    pub strays: bool,
}

/// What a verdict rests on.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// Rounds.
    Rounds {
        /// What they say.
        estimate: Estimate,
        /// What kept a FAIL from being believed.
        doubt: Option<Doubt>,
        /// The confidence of the lower bound.
        confidence: f64,
    },
    /// Counts that were the same twice: the adverse change, `None` where base is 0.
    Counts(Option<Percent>),
    /// Counts that differed between two runs of one arm.
    Unstable {
        /// Every count of base.
        base: Vec<f64>,
        /// Every count of head.
        head: Vec<f64>,
    },
    /// One of the arms does not have the metric.
    Absent,
    /// Base measures it with another probe, so its values are of another kind.
    Otherwise,
    /// The artifacts of both arms are the same bytes.
    Identical,
    /// Not measured, and why.
    NotMeasured(String),
}

/// Why rounds that say FAIL are not believed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Doubt {
    /// Time ran out before they could be confirmed.
    Unconfirmed,
    /// Independent rounds did not say so, or both sets together did not.
    Contradicted,
    /// Base differed from its own copy by as much as this, in adverse percent.
    Unfit(Percent),
    /// The same on one of several runners.
    UnfitRunner(u32, Percent),
    /// One of several runners is past the limit by itself, all together are not.
    Divided(u32, Percent),
}

/// A trade of this change.
#[derive(Debug, Clone, PartialEq)]
pub struct TradeOutcome {
    /// The entry in the budgets.
    pub trade: Trade,
    /// What became of it.
    pub usage: TradeUsage,
}

/// What became of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeUsage {
    /// It let a metric land that its budget would have stopped, or may have.
    Used,
    /// The metric stayed inside its budget.
    Unneeded,
    /// The metric moved past what the trade allows.
    Exceeded,
    /// The run could not tell.
    Undecided,
}

/// What starting second did to one metric, in adverse percent.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Which metric.
    pub metric: MetricId,
    /// Half the difference between the rounds of either order.
    pub effect: Percent,
    /// Lower end of its interval.
    pub low: Percent,
    /// Upper end of its interval.
    pub high: Percent,
}

impl Order {
    /// Whether the interval excludes 0.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.low > Percent::ZERO || self.high < Percent::ZERO
    }
}

impl Row {
    /// The interval and band, where rounds gave them.
    #[must_use]
    pub const fn estimate(&self) -> Option<&Estimate> {
        match &self.evidence {
            Evidence::Rounds { estimate, .. } => Some(estimate),
            _ => None,
        }
    }

    /// The limit in percent of base's value, where there is such a percentage.
    #[must_use]
    pub fn ceilings(&self) -> Option<Ceilings> {
        // A percentage says the same whatever base is, even where nobody measured it.
        let base = self.base.unwrap_or(0.0);
        self.limit.as_ref().and_then(|limit| limit.ceilings(base))
    }

    /// What became of a live trade that names this row.
    pub(super) fn usage(&self, allow: &Allow) -> TradeUsage {
        match (allow, self.verdict, self.reason) {
            (_, _, Reason::Traded) => TradeUsage::Used,
            (_, Verdict::Fail, Reason::PastBudget | Reason::Missing | Reason::Unstable) => {
                TradeUsage::Exceeded
            }
            (Allow::Adverse(_), _, Reason::Inconclusive | Reason::Unstable) => {
                TradeUsage::Undecided
            }
            _ if matches!(self.evidence, Evidence::NotMeasured(_)) => TradeUsage::Undecided,
            _ => TradeUsage::Unneeded,
        }
    }
}
