//! How much a metric may get worse: its budget, and the trade of this change where there is one.

use std::collections::BTreeMap;

use super::JudgeError;
use crate::budget::{Allow, Budgets, MetricSpec, Trade};
use crate::model::{Kind, MetricId, Percent};

/// How much worse a metric may get, in percent of base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// What may always land.
    pub budget: Percent,
    /// What a trade of this change lets land once.
    pub allow: Option<Percent>,
}

impl Limit {
    /// The most that may land in this change.
    #[must_use]
    pub fn most(&self) -> Percent {
        match self.allow {
            Some(allow) if allow > self.budget => allow,
            _ => self.budget,
        }
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

    /// The limit of a metric; `None` for one that is only shown.
    pub fn of(&self, id: &MetricId) -> Result<Option<Limit>, JudgeError> {
        let not_there = || JudgeError::NotInBudgets(id.clone());
        let spec = self.head.metrics.get(id.name()).ok_or_else(not_there)?;
        if kind(spec) == Kind::ReportOnly {
            return Ok(None);
        }
        let budget = spec.budget_for(id.case());
        Ok(Some(Limit {
            budget: budget
                .ok_or_else(|| JudgeError::NoBudget(id.clone()))?
                .limit,
            allow: self.live.get(id).and_then(|trade| match trade.allow {
                Allow::Adverse(allow) => Some(allow),
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
