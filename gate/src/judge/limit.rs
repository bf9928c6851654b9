//! How much a metric may get worse: its budget, and the trade of this change where there is one.

use std::collections::BTreeMap;

use super::JudgeError;
use crate::budget::{Allow, Budgets, MetricSpec, Trade};
use crate::model::{Bound, Kind, MetricId, Percent, Unit};

/// How much worse a metric may get.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// What may always land.
    pub budget: Bound,
    /// What a trade of this change lets land once.
    pub allow: Option<Bound>,
}

/// A limit in percent of a value of base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ceilings {
    /// What may always land.
    pub budget: Percent,
    /// The most that may land in this change.
    pub most: Percent,
}

impl Limit {
    /// A budget in percent, without a trade.
    #[must_use]
    pub const fn relative(budget: Percent) -> Self {
        Self {
            budget: Bound::Relative(budget),
            allow: None,
        }
    }

    /// In percent of `base`, a value in the limit's unit; `None` where there is no such percentage.
    #[must_use]
    pub fn ceilings(&self, base: f64) -> Option<Ceilings> {
        let budget = self.budget.percent_of(base)?;
        let most = match &self.allow {
            None => budget,
            Some(allow) => {
                let allow = allow.percent_of(base)?;
                if allow > budget { allow } else { budget }
            }
        };
        Some(Ceilings { budget, most })
    }

    /// The same for values in `unit`.
    fn in_unit(&self, id: &MetricId, unit: &Unit) -> Result<Self, JudgeError> {
        let told = |bound: &Bound| {
            bound.in_unit(unit).ok_or_else(|| JudgeError::BudgetUnit {
                metric: id.clone(),
                bound: bound.clone(),
                unit: unit.clone(),
            })
        };
        Ok(Self {
            budget: told(&self.budget)?,
            allow: self.allow.as_ref().map(told).transpose()?,
        })
    }
}

/// The limits of every metric of a change.
#[derive(Debug)]
pub struct Limits<'a> {
    head: &'a Budgets,
    live: BTreeMap<&'a MetricId, &'a Trade>,
}

impl<'a> Limits<'a> {
    /// The limits that head's budgets set, with the trades that base's do not have yet.
    pub fn new(live: &'a [Trade], head: &'a Budgets) -> Result<Self, JudgeError> {
        let mut by_metric = BTreeMap::new();
        for trade in live {
            if by_metric.insert(&trade.metric, trade).is_some() {
                return Err(JudgeError::TradedTwice(trade.metric.clone()));
            }
        }
        Ok(Self {
            head,
            live: by_metric,
        })
    }

    /// The limit of a metric, for values in `unit`; `None` for a metric that is only shown.
    pub fn of(&self, id: &MetricId, unit: &Unit) -> Result<Option<Limit>, JudgeError> {
        let written = self.as_written(id)?;
        written.map(|limit| limit.in_unit(id, unit)).transpose()
    }

    /// The limit of a metric in the units of the budgets; `None` for a metric that is only shown.
    pub(super) fn as_written(&self, id: &MetricId) -> Result<Option<Limit>, JudgeError> {
        let not_there = || JudgeError::NotInBudgets(id.clone());
        let spec = self.head.metrics.get(id.name()).ok_or_else(not_there)?;
        if kind(spec) == Kind::ReportOnly {
            return Ok(None);
        }
        let budget = spec.budget_for(id.case());
        let budget = budget.ok_or_else(|| JudgeError::NoBudget(id.clone()))?;
        Ok(Some(Limit {
            budget: budget.limit.clone(),
            allow: self.live.get(id).and_then(|trade| match &trade.allow {
                Allow::Adverse(allow) => Some(allow.clone()),
                Allow::Removed => None,
            }),
        }))
    }

    /// Whether a trade lets the metric go; one that names no case lets every case go.
    pub(super) fn lets_go(&self, id: &MetricId) -> bool {
        let mut removals = self
            .live
            .values()
            .filter(|trade| trade.allow == Allow::Removed);
        removals.any(|trade| removal_covers(&trade.metric, id))
    }
}

/// Whether a trade that removes `traded` covers `id`.
pub(super) fn removal_covers(traded: &MetricId, id: &MetricId) -> bool {
    traded == id || traded.as_str() == id.name()
}

/// How a metric is measured and judged.
#[must_use]
pub fn kind(spec: &MetricSpec) -> Kind {
    match spec {
        MetricSpec {
            report_only: true, ..
        } => Kind::ReportOnly,
        MetricSpec { exact: true, .. } => Kind::Exact,
        MetricSpec { .. } => Kind::Noisy,
    }
}
