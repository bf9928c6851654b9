//! The words about the recorded baseline.

use std::fmt;

use super::number::{counted, percent};
use super::schema::BaselineReport;
use super::sentence::bound;
use crate::judge::{Agreement, BaselineInput, Creep, CreepRow, Held};
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

/// What a count that disagrees means, and what to do.
const DISAGREES: &str = "it is the same code on the same kind of machine, so every count must be the recorded \
    one. One that is not depends on the machine: on files, variables or clocks that the probe reads, on threads \
    and hash seeds, or on the path of the build. Take that out of what is counted; then record it again with \
    `gate baseline record`";

/// A remark on each metric that is not where it was recorded, the worst first, and one about all
/// others; whether the same code counted the same; or why the baseline says nothing.
#[must_use]
pub fn remarks(input: &BaselineInput, creep: &Creep) -> Vec<Remark> {
    let of_all = |words| Remark { about: None, words };
    match creep {
        Creep::NotJudged(why) | Creep::Outdated(why) => {
            vec![of_all(format!("not judged: {why}"))]
        }
        Creep::Judged { agreement, rows } => {
            let remark = |row: &CreepRow| Remark {
                about: Some((row.verdict, row.id.clone())),
                words: words(row),
            };
            let moved = rows.iter().filter(|row| !row.agrees());
            let mut lines: Vec<Remark> = moved.map(remark).collect();
            let equal = rows.len() - lines.len();
            if matches!(agreement, Agreement::Demanded) && !lines.is_empty() {
                lines.push(of_all(DISAGREES.to_owned()));
            }
            if equal > 0 {
                let metrics = if equal == 1 {
                    "metric is"
                } else {
                    "metrics are"
                };
                let commit = short(input);
                lines.push(of_all(format!("{equal} {metrics} as recorded at {commit}")));
            }
            if let Agreement::NotDemanded(why) = agreement {
                lines.push(of_all(format!("not held to the last digit: {why}")));
            }
            lines
        }
    }
}

/// How many crept too far or disagree, of how many.
pub(super) fn summary(report: &BaselineReport) -> String {
    let (agreement, rows) = match &report.creep {
        Creep::NotJudged(_) => return "not judged".to_owned(),
        Creep::Outdated(_) => return "not judged any more".to_owned(),
        Creep::Judged { agreement, rows } => (agreement, rows),
    };
    let of = rows.len();
    let commit = short(&report.input);
    let metrics = if of == 1 { "metric" } else { "metrics" };
    let same_code = matches!(agreement, Agreement::Demanded);
    match (failed(report).count(), same_code) {
        (0, true) => {
            format!("{of} {metrics} counted to the last digit as the same code was at {commit}")
        }
        (0, false) => format!("{of} {metrics} held against {commit}, none crept too far"),
        (n, true) => {
            format!("{n} of {of} {metrics} counted otherwise than the same code at {commit}")
        }
        (n, false) => format!("{n} of {of} {metrics} crept too far from {commit}"),
    }
}

/// The metrics that crept too far or disagree, the worst first.
pub(super) fn failed(report: &BaselineReport) -> impl Iterator<Item = &CreepRow> {
    let rows = match &report.creep {
        Creep::NotJudged(_) | Creep::Outdated(_) => &[],
        Creep::Judged { rows, .. } => rows.as_slice(),
    };
    rows.iter().filter(|row| row.verdict == Verdict::Fail)
}

/// Why the baseline is held against nothing any more, where that is so.
pub(super) fn outdated(report: &BaselineReport) -> Option<&str> {
    match &report.creep {
        Creep::Outdated(why) => Some(why),
        Creep::NotJudged(_) | Creep::Judged { .. } => None,
    }
}

/// What failed, and what to do about it, for the sentence about a run.
pub(super) fn failure(row: &CreepRow) -> (String, &'static str) {
    let (what, advice) = match row.held {
        Held::Within(_) => (
            "crept too far",
            "Win it back, or agree to it: `gate baseline record --reason \"…\"` in this change.",
        ),
        Held::Exactly => (
            "is not exact",
            "Take out of the count what depends on the machine; then record it again with `gate baseline record`.",
        ),
    };
    (format!("{what}: {}", words(row)), advice)
}

/// `32.6 B when it was recorded, 36 B: 10.4 % more; it may creep by 5 %`, or
/// `the same code counted differently here: 32.60000000000001 B, and 32.6 B where it was recorded`.
fn words(row: &CreepRow) -> String {
    let unit = row.unit.as_str();
    let of = |value: String| format!("{value} {unit}").trim_end().to_owned();
    match &row.held {
        Held::Exactly => {
            // As many digits as it takes to tell two numbers apart.
            let digits = |value: Option<f64>| {
                value.map_or_else(|| "not counted".to_owned(), |value| of(value.to_string()))
            };
            let (recorded, head) = (digits(row.recorded), digits(row.head));
            if row.agrees() {
                format!("{recorded}, as the same code was recorded")
            } else {
                format!(
                    "the same code counted differently here: {head}, and {recorded} where it was recorded"
                )
            }
        }
        Held::Within(budget) => {
            let (recorded, head) = counted(row.recorded, row.head);
            let change = match row.delta_pct {
                Some(delta) if delta.get() < 0.0 => format!("{} less", percent(delta.get())),
                Some(delta) => format!("{} more", percent(delta.get())),
                None => "more".to_owned(),
            };
            format!(
                "{} when it was recorded, {}: {change}; it may creep by {}",
                of(recorded.unwrap_or_default()),
                of(head.unwrap_or_default()),
                bound(budget)
            )
        }
    }
}

fn short(input: &BaselineInput) -> String {
    let commit = input.recorded.as_ref().map(|recorded| &recorded.commit);
    commit.map_or_else(String::new, |commit| commit.chars().take(10).collect())
}
