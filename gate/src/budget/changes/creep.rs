//! `[baseline]` and the recorded values, compared between base and head.
//!
//! Recording a value anew that got worse lets that much creep through unseen, so it needs a reason
//! as a loosened budget does: the `reason` of the file, which `gate baseline record --reason` writes. So
//! does a file that says of the same commit that it was counted elsewhere: one word there, and nothing is
//! held against it any more.

use std::collections::BTreeSet;

use super::{BudgetChange, ChangeKind, Why, moved};
use crate::budget::baseline::{Baseline, differing};
use crate::budget::spec::{Budgets, CreepBudget};
use crate::model::Direction;

/// What differs in `[baseline]`.
pub(super) fn budgets(
    old: Option<&CreepBudget>,
    new: Option<&CreepBudget>,
    found: &mut Vec<BudgetChange>,
) {
    let stale: BTreeSet<&str> = old.iter().filter_map(|old| old.reason.as_deref()).collect();
    let why = Why {
        beside: new.and_then(|new| new.reason.as_deref()),
        stale: &stale,
    };
    let (old, new) = match (old, new) {
        (None, None) => return,
        (None, Some(new)) => {
            let added = BudgetChange::new("baseline", ChangeKind::Added);
            return found.push(added.to(new.budget.to_string()));
        }
        (Some(old), None) => {
            let gone = BudgetChange::new("baseline", ChangeKind::Loosened);
            return found.push(gone.from(old.budget.to_string()).because(&why));
        }
        (Some(old), Some(new)) => (old, new),
    };
    let change = moved("baseline".to_owned(), &old.budget, &new.budget);
    found.extend(change.map(|change| change.because(&why)));
    let named: BTreeSet<_> = old.metrics.keys().chain(new.metrics.keys()).collect();
    for id in named {
        let change = moved(
            format!("baseline {id}"),
            old.budget_for(id),
            new.budget_for(id),
        );
        found.extend(change.map(|change| change.because(&why)));
    }
}

/// What differs in the recorded values, where head's budgets hold anything against them.
#[must_use]
pub fn recorded_changes(
    old: Option<&Baseline>,
    new: Option<&Baseline>,
    budgets: &Budgets,
    path: &str,
) -> Vec<BudgetChange> {
    let Some(creep) = &budgets.baseline else {
        return Vec::new();
    };
    let Some(old) = old else {
        return Vec::new();
    };
    let stale: BTreeSet<&str> = old
        .reason
        .as_deref()
        .into_iter()
        .chain(creep.reason.as_deref().filter(|_| new.is_some()))
        .collect();
    let Some(new) = new else {
        let why = Why {
            beside: creep.reason.as_deref(),
            stale: &BTreeSet::new(),
        };
        let gone = BudgetChange::new(path, ChangeKind::Loosened);
        return vec![
            gone.from(format!("{} metrics", old.metrics.len()))
                .to("no file")
                .because(&why),
        ];
    };
    let why = Why {
        beside: new.reason.as_deref(),
        stale: &stale,
    };
    let mut found = Vec::new();
    if old.commit == new.commit {
        let elsewhere = elsewhere(old, new).map(|(what, was, is)| {
            let moved = BudgetChange::new(format!("{path} {what}"), ChangeKind::Loosened);
            moved.from(was).to(is).because(&why)
        });
        found.extend(elsewhere);
    }
    for (id, was) in &old.metrics {
        let target = format!("{path} {id}");
        let text = |value: f64, unit: &str| format!("{value} {unit}").trim_end().to_owned();
        let old_text = text(was.value, was.unit.as_str());
        let Some(is) = new.metrics.get(id) else {
            // A metric that head does not have any more is judged as such.
            if budgets.metrics.contains_key(id.name()) {
                let gone = BudgetChange::new(target, ChangeKind::Loosened);
                found.push(gone.from(old_text).because(&why));
            }
            continue;
        };
        let spec = budgets.metrics.get(id.name());
        let sign = spec.map_or(Direction::LowerIsBetter, |spec| spec.direction);
        let worse = sign.adverse_sign() * (is.value - was.value);
        let kind = if was.unit != is.unit {
            ChangeKind::Incomparable
        } else if worse > 0.0 {
            ChangeKind::Loosened
        } else if worse < 0.0 {
            ChangeKind::Tightened
        } else {
            continue;
        };
        let change = BudgetChange::new(target, kind).from(old_text);
        found.push(change.to(text(is.value, is.unit.as_str())).because(&why));
    }
    found
}

/// What two files say otherwise about where they were counted: the key, before, and after.
fn elsewhere<'a>(
    old: &'a Baseline,
    new: &'a Baseline,
) -> impl Iterator<Item = (&'static str, &'a str, &'a str)> {
    let target = (old.target != new.target).then_some(("target", &*old.target, &*new.target));
    let (was, is) = differing(&old.toolchain, &new.toolchain);
    let toolchain = (old.toolchain != new.toolchain).then_some(("toolchain", was, is));
    let machine = match (&old.counted_on, &new.counted_on) {
        (Some(old), Some(new)) => old.difference(new),
        (Some(_), None) => Some(["the machine", "told", "not told"]),
        (None, _) => None,
    };
    let counted_on = machine.map(|[_, was, is]| ("counted_on", was, is));
    [target, toolchain, counted_on].into_iter().flatten()
}
