//! Exact metrics against the recorded baseline: how far they have crept, and whether the same code counts
//! the same.
//!
//! | the baseline | says |
//! |---|---|
//! | was never recorded | not judged, and how to record it |
//! | is of another target | not judged: such counts cannot be compared |
//! | is of another toolchain, and something was counted | WARN: nobody holds these budgets any more until it is recorded again |
//! | is of other code, and has a metric within its creep budget | PASS |
//! | is of other code, and has a metric past it | FAIL, however little this change adds |
//! | is of the same code on a machine of the same kind, and has the same count | PASS |
//! | the same, with another count, better or worse | FAIL: what is called exact depends on the machine |
//! | has a metric in another unit | an error |
//! | has a creep budget of a case that is neither counted nor recorded | an error |
//!
//! The same code means the same tree but for the folder of the baselines, so that the commit which records
//! one is held to the last digit. Of the same code a metric that is counted only here or only there is
//! another count; of other code a metric that was not counted this time, or not recorded, has no row.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::JudgeError;
use crate::budget::{Baseline, CountedOn, CreepBudget, Recorded, differing};
use crate::model::{Bound, Direction, MetricId, Percent, Unit, Verdict, present};

/// The recorded baseline, and what this run was counted with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineInput {
    /// The file, from the top of the repository.
    pub path: String,
    /// Head's file; `None` where head has none.
    pub recorded: Option<Baseline>,
    /// Base's file; `None` where base has none.
    pub before: Option<Baseline>,
    /// Architecture and operating system of this run.
    pub target: String,
    /// What head's toolchain says of itself; `None` where nothing was built.
    pub toolchain: Option<String>,
    /// Files of other targets that head changed: nothing is counted against them here, but what was
    /// recorded there may no more get worse unseen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<BothBaselines>,
    /// What this run was counted on.
    pub counted_on: CountedOn,
    /// Whether head's code is what was recorded.
    pub code: Code,
}

/// A baseline as base and head have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BothBaselines {
    /// The file, from the top of the repository.
    pub path: String,
    /// Head's file; `None` where head has none.
    pub recorded: Option<Baseline>,
    /// Base's file; `None` where base has none.
    pub before: Option<Baseline>,
}

/// Whether two revisions are the same but for recorded baselines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// They are.
    Same,
    /// They are not.
    Other,
    /// It cannot be told, and why.
    Unknown(String),
}

/// A counted metric of head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count<'a> {
    /// Its name.
    pub id: &'a MetricId,
    /// What it is counted in.
    pub unit: &'a Unit,
    /// Which way is better.
    pub direction: Direction,
    /// The count.
    pub value: f64,
}

/// What the baseline says of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Creep {
    /// Nothing, and why.
    NotJudged(String),
    /// Nothing any more, and why: what was recorded cannot be compared with what is counted by this time.
    Outdated(String),
    /// A row for each metric that is both recorded and counted, the worst first.
    Judged {
        /// Whether the counts must be the recorded ones.
        agreement: Agreement,
        /// The rows.
        rows: Vec<CreepRow>,
    },
}

/// Whether counts must agree with the recorded ones to the last digit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// They must: the same code was counted on a machine of the same kind.
    Demanded,
    /// They need not: the code changed since.
    OtherCode,
    /// It is the same code, or may be, and they are held against budgets only; why.
    NotDemanded(String),
}

/// One metric against its recorded value; it has at least one of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreepRow {
    /// Its name.
    pub id: MetricId,
    /// What it is counted in.
    pub unit: Unit,
    /// The recorded value.
    #[serde(deserialize_with = "present")]
    pub recorded: Option<f64>,
    /// Head's value.
    #[serde(deserialize_with = "present")]
    pub head: Option<f64>,
    /// Signed change of head against the recorded value; `None` where that is 0, or one of them is missing.
    #[serde(deserialize_with = "present")]
    pub delta_pct: Option<Percent>,
    /// What it is held to.
    pub held: Held,
    /// PASS or FAIL.
    pub verdict: Verdict,
}

/// What a count is held to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// How far it may creep.
    Within(Bound),
    /// The recorded value, to the last digit.
    Exactly,
}

impl CreepRow {
    /// Whether head's value is the recorded one to the last digit.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let both = self.recorded.zip(self.head);
        both.is_some_and(|(recorded, head)| recorded.total_cmp(&head).is_eq())
    }
}

impl Creep {
    /// FAIL where any metric crept too far; WARN where budgets are there that nothing is held to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::NotJudged(_) => Verdict::Pass,
            Self::Outdated(_) => Verdict::Warn,
            Self::Judged { rows, .. } => {
                let worst = rows.iter().map(|row| row.verdict).max();
                worst.unwrap_or(Verdict::Pass)
            }
        }
    }
}

/// Holds the counts of head against the baseline.
pub fn creep<'a>(
    budget: &CreepBudget,
    input: &BaselineInput,
    counts: impl IntoIterator<Item = Count<'a>>,
) -> Result<Creep, JudgeError> {
    let counts: Vec<Count<'a>> = counts.into_iter().collect();
    check_cases(budget, input.recorded.as_ref(), &counts)?;
    let Some(recorded) = &input.recorded else {
        return Ok(Creep::NotJudged(format!(
            "there is no {}; `gate baseline record` writes it",
            input.path
        )));
    };
    let Some(toolchain) = &input.toolchain else {
        return Ok(Creep::NotJudged("nothing was counted".to_owned()));
    };
    if recorded.target != input.target {
        return Ok(Creep::NotJudged(format!(
            "{} was recorded on {}, this is {}",
            input.path, recorded.target, input.target
        )));
    }
    if recorded.toolchain != *toolchain {
        let (was, is) = differing(&recorded.toolchain, toolchain);
        let why = format!(
            "{} was recorded with another toolchain ({was}; this is {is}): record it again",
            input.path
        );
        let mut counted = counts.iter().map(|count| count.id);
        return Ok(if counted.any(|id| recorded.metrics.contains_key(id)) {
            Creep::Outdated(why)
        } else {
            Creep::NotJudged(why)
        });
    }
    let agreement = agreement(recorded, input);
    let mut rows = match agreement {
        Agreement::Demanded => agreeing(recorded, counts)?,
        Agreement::OtherCode | Agreement::NotDemanded(_) => crept(budget, recorded, counts)?,
    };
    if rows.is_empty() {
        return Ok(Creep::NotJudged(format!(
            "no metric of {} was counted",
            input.path
        )));
    }
    let size = |row: &CreepRow| row.delta_pct.map_or(f64::MAX, |delta| delta.get().abs());
    rows.sort_by(|a, b| {
        b.verdict
            .cmp(&a.verdict)
            .then_with(|| size(b).total_cmp(&size(a)))
            .then_with(|| a.id.cmp(&b.id))
    });
    Ok(Creep::Judged { agreement, rows })
}

/// Every case with a creep budget is counted, or was: a mistyped one would leave the metric to the
/// budget of all. Where nothing of a metric was counted, nobody knows its cases.
fn check_cases(
    budget: &CreepBudget,
    recorded: Option<&Baseline>,
    counts: &[Count<'_>],
) -> Result<(), JudgeError> {
    let is_counted = |id: &MetricId| counts.iter().any(|count| count.id == id);
    let was_counted = |id: &MetricId| recorded.is_some_and(|old| old.metrics.contains_key(id));
    let has_counts = |id: &MetricId| counts.iter().any(|count| count.id.name() == id.name());
    let mut cases = budget.metrics.keys().filter(|id| id.case().is_some());
    match cases.find(|id| has_counts(id) && !is_counted(id) && !was_counted(id)) {
        Some(unknown) => Err(JudgeError::UnknownCase(unknown.clone())),
        None => Ok(()),
    }
}

fn agreement(recorded: &Baseline, input: &BaselineInput) -> Agreement {
    let why = match (&input.code, &recorded.counted_on) {
        (Code::Other, _) => return Agreement::OtherCode,
        (Code::Unknown(why), _) => why.clone(),
        (Code::Same, None) => format!(
            "{} does not tell what it was counted on; record it again",
            input.path
        ),
        (Code::Same, Some(counted_on)) => match counted_on.difference(&input.counted_on) {
            None => return Agreement::Demanded,
            Some([what, was, is]) => format!(
                "{what} was another where it was recorded ({was}; this is {is}), and counts may depend on it"
            ),
        },
    };
    Agreement::NotDemanded(why)
}

fn in_unit(count: &Count<'_>, recorded: &Recorded) -> Result<(), JudgeError> {
    if recorded.unit == *count.unit {
        return Ok(());
    }
    Err(JudgeError::RecordedUnit {
        metric: count.id.clone(),
        recorded: recorded.unit.clone(),
        unit: count.unit.clone(),
    })
}

/// Counts that are held against budgets.
fn crept<'a>(
    budget: &CreepBudget,
    recorded: &Baseline,
    counts: impl IntoIterator<Item = Count<'a>>,
) -> Result<Vec<CreepRow>, JudgeError> {
    let mut rows = Vec::new();
    for count in counts {
        let Some(value) = recorded.metrics.get(count.id) else {
            continue;
        };
        in_unit(&count, value)?;
        let written = budget.budget_for(count.id);
        let bound = written
            .in_unit(count.unit)
            .ok_or_else(|| JudgeError::BudgetUnit {
                metric: count.id.clone(),
                bound: written.clone(),
                unit: count.unit.clone(),
            })?;
        let worse = count.direction.adverse_sign() * (count.value - value.value);
        let lands = worse <= 0.0 || bound.covers(value.value, worse);
        rows.push(CreepRow {
            id: count.id.clone(),
            unit: count.unit.clone(),
            recorded: Some(value.value),
            head: Some(count.value),
            delta_pct: Percent::change(value.value, count.value).ok(),
            held: Held::Within(bound),
            verdict: if lands { Verdict::Pass } else { Verdict::Fail },
        });
    }
    Ok(rows)
}

/// Counts that must be the recorded ones. A metric that was not counted at all has no row; of one that was,
/// every case has.
fn agreeing<'a>(
    recorded: &Baseline,
    counts: impl IntoIterator<Item = Count<'a>>,
) -> Result<Vec<CreepRow>, JudgeError> {
    let row = |id: &MetricId, unit: &Unit, values: [Option<f64>; 2]| {
        let [recorded, head] = values;
        let change = |(recorded, head)| Percent::change(recorded, head).ok();
        let mut row = CreepRow {
            id: id.clone(),
            unit: unit.clone(),
            recorded,
            head,
            delta_pct: recorded.zip(head).and_then(change),
            held: Held::Exactly,
            verdict: Verdict::Pass,
        };
        if !row.agrees() {
            row.verdict = Verdict::Fail;
        }
        row
    };
    let known: BTreeSet<&str> = recorded.metrics.keys().map(MetricId::name).collect();
    let mut counted: BTreeSet<&MetricId> = BTreeSet::new();
    let mut rows = Vec::new();
    for count in counts {
        counted.insert(count.id);
        let value = recorded.metrics.get(count.id);
        if let Some(value) = value {
            in_unit(&count, value)?;
        } else if !known.contains(count.id.name()) {
            continue;
        }
        let values = [value.map(|value| value.value), Some(count.value)];
        rows.push(row(count.id, count.unit, values));
    }
    let names: BTreeSet<&str> = counted.iter().map(|id| id.name()).collect();
    for (id, value) in &recorded.metrics {
        if names.contains(id.name()) && !counted.contains(id) {
            rows.push(row(id, &value.unit, [Some(value.value), None]));
        }
    }
    Ok(rows)
}
