//! What head's budgets file says otherwise than base's, and whether it says why.
//!
//! Whatever could let a regression through that base's file would have stopped is a loosening, and
//! needs a `reason` beside it that base's file does not have already:
//!
//! | changed | is loosened when | the reason stands in |
//! |---|---|---|
//! | budget | it rises, is of another kind, or `report_only` is turned on | the table of the budget |
//! | budget of a case | its effective budget rises: raised, looser than the metric's, or taken out where the metric's is looser | the case's table; the metric's where the case has none left |
//! | `floor` | it rises: larger moves are called noise | the metric's table |
//! | `exact` | it is turned off | the metric's table |
//! | `direction`, `probe`, `run`, `quantity`, `load`, `counts` | always: another thing is measured | the metric's table |
//! | `required` | it is turned off | the metric's table |
//! | `run.confidence` | always: lower passes what is less sure, higher fails only what is surer | `[run]` |
//! | `run.max_time` | it falls: more is left undecided | `[run]` |
//! | `run.inconclusive` | from fail to warn | `[run]` |
//! | `[baseline]` | a budget of it rises, or it is taken out | `[baseline]` |
//! | a recorded value | it got worse, or is not recorded any more | the file of the baseline |
//! | the file of the baseline | it is taken out | `[baseline]` |
//! | a metric | it is removed | a live trade with `allow = "removed"` |
//!
//! How a metric that base only reports is measured may change freely: it stopped nothing. Changes of
//! `[subject]` are listed and need no reason: they say how to build and start, not what may land.

mod creep;
mod method;
mod subject;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use creep::recorded_changes;

use super::spec::{Allow, Budget, Budgets, Inconclusive, MetricSpec, Run};
use super::trades::live_trades;
use crate::model::{Bound, Comparison, Percent};

/// One difference between base's budgets file and head's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetChange {
    /// What differs: `qps`, `bytes_per_key/int`, `qps floor`, `run.confidence`, `subject.build`.
    pub target: String,
    /// How it differs.
    pub kind: ChangeKind,
    /// What base's file says, as text; `None` where it says nothing.
    pub old: Option<String>,
    /// What head's file says, as text; `None` where it says nothing.
    pub new: Option<String>,
    /// Why, where head says so and base did not say the same already.
    pub reason: Option<String>,
    /// Whether a reason was needed, and given.
    pub justification: Justification,
}

/// How an entry differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// More may land than before.
    Loosened,
    /// A budget of another kind, a percentage for an amount say: more may land than before where a
    /// metric has one value, less where it has another.
    Incomparable,
    /// Less may land than before.
    Tightened,
    /// Only head has it.
    Added,
    /// Only base has it.
    Removed,
    /// Different, with no effect on what may land.
    Changed,
}

/// Whether a change needed a reason, and has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    /// Nothing was weakened.
    NotNeeded,
    /// Weakened, with a reason.
    Given,
    /// Weakened without a reason, or with one that base has already: the verdict is FAIL.
    Missing,
}

/// Everything that head's file says otherwise: metrics by name, then `[run]`, then `[subject]`.
///
/// Without a file in base every metric of head is added, and nothing else is listed.
#[must_use]
pub fn budget_changes(base: Option<&Budgets>, head: &Budgets) -> Vec<BudgetChange> {
    let mut found = Vec::new();
    let names: BTreeSet<&String> = base
        .iter()
        .flat_map(|base| base.metrics.keys())
        .chain(head.metrics.keys())
        .collect();
    for name in names {
        let old = base.and_then(|base| base.metrics.get(name));
        match (old, head.metrics.get(name)) {
            (Some(old), Some(new)) => metric(name, old, new, &mut found),
            (Some(old), None) => found.push(removed(name, old, base, head)),
            (None, Some(new)) => added(name, new, &mut found),
            (None, None) => {}
        }
    }
    if let Some(base) = base {
        run(&base.run, &head.run, &mut found);
        creep::budgets(base.baseline.as_ref(), head.baseline.as_ref(), &mut found);
        subject::changes(&base.subject, &head.subject, &mut found);
    }
    found
}

/// The reason beside a change, and those that base has already: they explain no further change.
struct Why<'a> {
    beside: Option<&'a str>,
    stale: &'a BTreeSet<&'a str>,
}

impl ChangeKind {
    /// Whether a regression could get through that base's file would have stopped.
    #[must_use]
    pub const fn weakens(self) -> bool {
        matches!(self, Self::Loosened | Self::Incomparable)
    }
}

impl BudgetChange {
    /// Weakens the gate and does not say why.
    #[must_use]
    pub fn is_unjustified(&self) -> bool {
        self.justification == Justification::Missing
    }

    fn new(target: impl Into<String>, kind: ChangeKind) -> Self {
        Self {
            target: target.into(),
            kind,
            old: None,
            new: None,
            reason: None,
            justification: Justification::NotNeeded,
        }
    }

    fn from(mut self, old: impl Into<String>) -> Self {
        self.old = Some(old.into());
        self
    }

    fn to(mut self, new: impl Into<String>) -> Self {
        self.new = Some(new.into());
        self
    }

    /// Takes the reason, which must be there where the change is a loosening.
    fn because(mut self, why: &Why<'_>) -> Self {
        self.reason = why
            .beside
            .filter(|reason| !why.stale.contains(reason))
            .map(str::to_owned);
        if self.kind.weakens() {
            self.justification = if self.reason.is_some() {
                Justification::Given
            } else {
                Justification::Missing
            };
        }
        self
    }
}

/// The change of a budget; `None` where they let the same land.
fn moved(target: String, old: &Bound, new: &Bound) -> Option<BudgetChange> {
    let kind = match old.compare(new) {
        Comparison::Same => return None,
        Comparison::Looser => ChangeKind::Loosened,
        Comparison::Tighter => ChangeKind::Tightened,
        Comparison::Depends => ChangeKind::Incomparable,
    };
    let change = BudgetChange::new(target, kind);
    Some(change.from(old.to_string()).to(new.to_string()))
}

/// The change of a floor; `None` where they are equal.
fn risen(target: String, old: Percent, new: Percent) -> Option<BudgetChange> {
    moved(target, &Bound::Relative(old), &Bound::Relative(new))
}

fn limit(budget: Option<&Budget>) -> String {
    budget.map_or_else(
        || "report only".to_owned(),
        |budget| budget.limit.to_string(),
    )
}

fn added(name: &str, spec: &MetricSpec, found: &mut Vec<BudgetChange>) {
    let stale = BTreeSet::new();
    let beside = |reason| Why {
        beside: reason,
        stale: &stale,
    };
    let whole = BudgetChange::new(name, ChangeKind::Added).to(limit(spec.budget.as_ref()));
    found.push(whole.because(&beside(spec.reason())));
    for (case, own) in &spec.cases {
        let change = BudgetChange::new(format!("{name}/{case}"), ChangeKind::Added);
        let change = change.to(own.budget.limit.to_string());
        found.push(change.because(&beside(own.budget.reason.as_deref())));
    }
}

fn removed(name: &str, spec: &MetricSpec, base: Option<&Budgets>, head: &Budgets) -> BudgetChange {
    let mut change = BudgetChange::new(name, ChangeKind::Removed).from(limit(spec.budget.as_ref()));
    change.reason = live_trades(base, head)
        .live
        .into_iter()
        .find(|trade| trade.allow == Allow::Removed && trade.metric.name() == name)
        .map(|trade| trade.reason);
    change.justification = match (&spec.budget, &change.reason) {
        (None, _) => Justification::NotNeeded,
        (Some(_), Some(_)) => Justification::Given,
        (Some(_), None) => Justification::Missing,
    };
    change
}

fn metric(name: &str, old: &MetricSpec, new: &MetricSpec, found: &mut Vec<BudgetChange>) {
    let stale: BTreeSet<&str> = old
        .cases
        .values()
        .filter_map(|own| own.budget.reason.as_deref())
        .chain(old.reason())
        .collect();
    let why = Why {
        beside: new.reason(),
        stale: &stale,
    };
    match (&old.budget, &new.budget) {
        (Some(old), Some(new)) => {
            found.extend(moved(name.to_owned(), &old.limit, &new.limit).map(|c| c.because(&why)));
        }
        (None, None) => {}
        (was, is) => {
            let kind = match was {
                Some(_) => ChangeKind::Loosened,
                None => ChangeKind::Tightened,
            };
            let change = BudgetChange::new(name, kind);
            found.push(
                change
                    .from(limit(was.as_ref()))
                    .to(limit(is.as_ref()))
                    .because(&why),
            );
        }
    }
    cases(name, old, new, &stale, found);
    // What base only reports stopped nothing, so another way to measure it weakens nothing.
    let kind = match old.budget {
        Some(_) => ChangeKind::Loosened,
        None => ChangeKind::Changed,
    };
    if old.exact != new.exact {
        let kind = if new.exact {
            ChangeKind::Tightened
        } else {
            kind
        };
        let change = BudgetChange::new(format!("{name} exact"), kind);
        found.push(
            change
                .from(old.exact.to_string())
                .to(new.exact.to_string())
                .because(&why),
        );
    } else if !new.exact {
        let target = format!("{name} floor");
        found.extend(risen(target, old.floor, new.floor).map(|mut change| {
            if old.budget.is_none() {
                change.kind = ChangeKind::Changed;
            }
            change.because(&why)
        }));
    }
    for (what, was, is) in method::differences(old, new) {
        let change = BudgetChange::new(format!("{name} {what}"), kind);
        found.push(change.from(was).to(is).because(&why));
    }
    for (what, was, is, kind) in method::listings(old, new) {
        let kind = if old.budget.is_none() {
            ChangeKind::Changed
        } else {
            kind
        };
        let change = BudgetChange::new(format!("{name} {what}"), kind);
        found.push(change.from(was).to(is).because(&why));
    }
}

/// Compares the budgets that the cases have in effect, their own or their metric's.
fn cases(
    name: &str,
    old: &MetricSpec,
    new: &MetricSpec,
    stale: &BTreeSet<&str>,
    found: &mut Vec<BudgetChange>,
) {
    let named: BTreeSet<&String> = old.cases.keys().chain(new.cases.keys()).collect();
    for case in named {
        let (was, is) = (old.budget_for(Some(case)), new.budget_for(Some(case)));
        // Where head does not judge the metric any more, that is listed as a whole.
        let Some(is) = is else { continue };
        let target = format!("{name}/{case}");
        let in_old = old.cases.contains_key(case);
        let in_new = new.cases.contains_key(case);
        let effect = was.and_then(|was| moved(target.clone(), &was.limit, &is.limit));
        let change = match effect {
            Some(change) => change,
            None if in_new && !in_old => {
                BudgetChange::new(target, ChangeKind::Added).to(is.limit.to_string())
            }
            None if in_old && !in_new => {
                BudgetChange::new(target, ChangeKind::Removed).from(limit(was))
            }
            None => continue,
        };
        let why = Why {
            beside: is.reason.as_deref(),
            stale,
        };
        found.push(change.because(&why));
    }
}

fn run(old: &Run, new: &Run, found: &mut Vec<BudgetChange>) {
    let stale: BTreeSet<&str> = old.reason.as_deref().into_iter().collect();
    let why = Why {
        beside: new.reason.as_deref(),
        stale: &stale,
    };
    if old.max_time != new.max_time {
        let kind = if new.max_time < old.max_time {
            ChangeKind::Loosened
        } else {
            ChangeKind::Tightened
        };
        let time = |time| humantime::format_duration(time).to_string();
        let change = BudgetChange::new("run.max_time", kind);
        found.push(
            change
                .from(time(old.max_time))
                .to(time(new.max_time))
                .because(&why),
        );
    }
    if old.confidence.total_cmp(&new.confidence).is_ne() {
        let change = BudgetChange::new("run.confidence", ChangeKind::Loosened);
        found.push(
            change
                .from(old.confidence.to_string())
                .to(new.confidence.to_string())
                .because(&why),
        );
    }
    if old.inconclusive != new.inconclusive {
        let (kind, was, is) = match new.inconclusive {
            Inconclusive::Warn => (ChangeKind::Loosened, "fail", "warn"),
            Inconclusive::Fail => (ChangeKind::Tightened, "warn", "fail"),
        };
        let change = BudgetChange::new("run.inconclusive", kind);
        found.push(change.from(was).to(is).because(&why));
    }
}

#[cfg(test)]
mod tests;
