//! How far exact metrics have crept from the recorded baseline.
//!
//! | the baseline | says |
//! |---|---|
//! | was never recorded | not judged, and how to record it |
//! | is of another target or toolchain | not judged: such counts cannot be compared |
//! | has a metric within its creep budget | PASS |
//! | has a metric past it | FAIL, however little this change adds |
//! | has a metric in another unit | an error |
//!
//! A metric that was not counted this time, or not recorded, has no row.

use serde::{Deserialize, Serialize};

use super::JudgeError;
use crate::budget::{Baseline, CreepBudget};
use crate::model::{Bound, Direction, MetricId, Percent, Unit, Verdict};

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
    /// A row for each metric that is both recorded and counted, the worst first.
    Judged(Vec<CreepRow>),
}

/// One metric against its recorded value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreepRow {
    /// Its name.
    pub id: MetricId,
    /// What it is counted in.
    pub unit: Unit,
    /// The recorded value.
    pub recorded: f64,
    /// Head's value.
    pub head: f64,
    /// Signed change of head against the recorded value; `None` where that is 0.
    pub delta_pct: Option<Percent>,
    /// How far it may creep.
    pub budget: Bound,
    /// PASS or FAIL.
    pub verdict: Verdict,
}

impl Creep {
    /// FAIL where any metric crept too far.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::NotJudged(_) => Verdict::Pass,
            Self::Judged(rows) => {
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
        return Ok(Creep::NotJudged(format!(
            "{} was recorded with another toolchain ({was}; this is {is}): record it again",
            input.path
        )));
    }
    let mut rows = Vec::new();
    for count in counts {
        let Some(value) = recorded.metrics.get(count.id) else {
            continue;
        };
        let wrong_unit = |bound: &Bound, unit: &Unit| JudgeError::BudgetUnit {
            metric: count.id.clone(),
            bound: bound.clone(),
            unit: unit.clone(),
        };
        if value.unit != *count.unit {
            return Err(JudgeError::RecordedUnit {
                metric: count.id.clone(),
                recorded: value.unit.clone(),
                unit: count.unit.clone(),
            });
        }
        let written = budget.budget_for(count.id);
        let bound = written
            .in_unit(count.unit)
            .ok_or_else(|| wrong_unit(written, count.unit))?;
        let worse = count.direction.adverse_sign() * (count.value - value.value);
        let lands = worse <= 0.0 || bound.covers(value.value, worse);
        rows.push(CreepRow {
            id: count.id.clone(),
            unit: count.unit.clone(),
            recorded: value.value,
            head: count.value,
            delta_pct: Percent::change(value.value, count.value).ok(),
            budget: bound,
            verdict: if lands { Verdict::Pass } else { Verdict::Fail },
        });
    }
    let size = |row: &CreepRow| row.delta_pct.map_or(f64::MAX, |delta| delta.get().abs());
    rows.sort_by(|a, b| {
        b.verdict
            .cmp(&a.verdict)
            .then_with(|| size(b).total_cmp(&size(a)))
            .then_with(|| a.id.cmp(&b.id))
    });
    if rows.is_empty() {
        return Ok(Creep::NotJudged(format!(
            "no metric of {} was counted",
            input.path
        )));
    }
    Ok(Creep::Judged(rows))
}

/// The first lines in which two texts differ.
fn differing<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let mut lines = one.lines().zip(other.lines());
    lines.find(|(one, other)| one != other).unwrap_or((
        one.lines().next().unwrap_or(""),
        other.lines().next().unwrap_or(""),
    ))
}
