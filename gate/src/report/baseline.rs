//! The words about the recorded baseline.

use std::fmt;

use super::number::{counted, percent};
use super::schema::BaselineReport;
use super::sentence::bound;
use crate::judge::{BaselineInput, Creep, CreepRow};
use crate::model::{MetricId, Verdict};

/// One line about the baseline.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// The metric that it is about, and what became of it; `None` where it is about several, or none.
    pub about: Option<(Verdict, MetricId)>,
    /// The words. Foreign text in them is as it came.
    pub words: String,
}

/// As a terminal shows it: `FAIL bytes_per_key/int: 54 B when it was recorded, …`.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((verdict, id)) = &self.about {
            write!(f, "{verdict} {id}: ")?;
        }
        f.write_str(&self.words)
    }
}

/// A remark on each metric that is not where it was recorded, the worst first, and one about all
/// others; or why the baseline says nothing.
#[must_use]
pub fn remarks(input: &BaselineInput, creep: &Creep) -> Vec<Remark> {
    let of_all = |words| Remark { about: None, words };
    match creep {
        Creep::NotJudged(why) => vec![of_all(format!("not judged: {why}"))],
        Creep::Judged(rows) => {
            let moved = |row: &&CreepRow| row.head.total_cmp(&row.recorded).is_ne();
            let remark = |row: &CreepRow| Remark {
                about: Some((row.verdict, row.id.clone())),
                words: words(row),
            };
            let mut lines: Vec<Remark> = rows.iter().filter(moved).map(remark).collect();
            let equal = rows.len() - lines.len();
            let commit = short(input);
            if equal > 0 {
                let metrics = if equal == 1 {
                    "metric is"
                } else {
                    "metrics are"
                };
                lines.push(of_all(format!("{equal} {metrics} as recorded at {commit}")));
            }
            lines
        }
    }
}

/// How many crept too far, of how many.
pub(super) fn summary(report: &BaselineReport) -> String {
    match &report.creep {
        Creep::NotJudged(_) => "not judged".to_owned(),
        Creep::Judged(rows) => {
            let of = rows.len();
            let commit = short(&report.input);
            let metrics = if of == 1 { "metric" } else { "metrics" };
            match failed(report).count() {
                0 => format!("{of} {metrics} held against {commit}, none crept too far"),
                n => format!("{n} of {of} {metrics} crept too far from {commit}"),
            }
        }
    }
}

/// The metrics that crept too far, the worst first.
pub(super) fn failed(report: &BaselineReport) -> impl Iterator<Item = &CreepRow> {
    let rows = match &report.creep {
        Creep::NotJudged(_) => &[],
        Creep::Judged(rows) => rows.as_slice(),
    };
    rows.iter().filter(|row| row.verdict == Verdict::Fail)
}

/// `32.6 B when it was recorded, 36 B: 10.4 % more; it may creep by 5 %`.
pub(super) fn words(row: &CreepRow) -> String {
    let unit = row.unit.as_str();
    let (recorded, head) = counted(Some(row.recorded), Some(row.head));
    let of = |value: Option<String>| format!("{} {unit}", value.unwrap_or_default());
    let change = match row.delta_pct {
        Some(delta) if delta.get() < 0.0 => format!("{} less", percent(delta.get())),
        Some(delta) => format!("{} more", percent(delta.get())),
        None => "more".to_owned(),
    };
    format!(
        "{} when it was recorded, {}: {change}; it may creep by {}",
        of(recorded).trim_end(),
        of(head).trim_end(),
        bound(&row.budget)
    )
}

fn short(input: &BaselineInput) -> String {
    let commit = input.recorded.as_ref().map(|recorded| &recorded.commit);
    commit.map_or_else(String::new, |commit| commit.chars().take(10).collect())
}
