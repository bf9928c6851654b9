//! What each of several runners says: in the sentence of a metric, and in a part of the comment.
//!
//! All together are the verdict. A runner that strays from them is named in the summary of the part, so
//! that nobody has to open it to learn that the runners do not agree.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::metric_values;
use super::escape::for_markdown;
use super::folded::Fold;
use super::machine::machine;
use super::number::{counted_change, duration, percent, timed_change};
use super::pieces::code;
use super::schema::{MetricReport, PooledRunner, Report};
use super::sentence::Words;
use crate::judge::{ByRunner, Doubt, Evidence, Row};
use crate::model::Samples;
use crate::statistics::CLUSTERS_MIN;

/// Remarks on runners in one sentence.
const NAMED_MAX: usize = 3;

/// The runners that say something else than all together, as the end of a sentence.
pub(super) fn strays(row: &Row) -> String {
    let told_already = |of: &&ByRunner| match &row.evidence {
        Evidence::Rounds {
            doubt: Some(Doubt::Divided(runner, _) | Doubt::UnfitRunner(runner, _)),
            ..
        } => of.runner == *runner,
        _ => false,
    };
    let stray = row.by_runner.iter().filter(|of| of.strays);
    let mut told: Vec<String> = Vec::new();
    let mut counts: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for of in stray.filter(|of| !told_already(of)) {
        if let (Some(delta), Some(low), Some(high)) = (of.delta, of.low, of.high) {
            let sign = row.direction.adverse_sign();
            let moved = Words::of(row).moved(sign * delta.get());
            let (low, high) = (signed(low.get()), signed(high.get()));
            told.push(format!(
                "; runner {} strays: {moved} ({low} to {high})",
                of.runner
            ));
        } else {
            let counted = format!("base {}, head {}", plain(of.base), plain(of.head));
            counts.entry(counted).or_default().push(of.runner);
        }
    }
    told.extend(
        counts.into_iter().map(|(counted, runners)| {
            format!("; {} counted otherwise: {counted}", named(&runners))
        }),
    );
    let more = match told.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        n => format!("; and {n} more"),
    };
    told.truncate(NAMED_MAX);
    told.concat() + &more
}

/// `runner 2`, or `runners 1, 2`.
fn named(runners: &[u32]) -> String {
    match runners {
        [one] => format!("runner {one}"),
        several => {
            let numbers: Vec<String> = several.iter().map(u32::to_string).collect();
            format!("runners {}", numbers.join(", "))
        }
    }
}

/// For the worse without a sign, for the better with one.
fn signed(adverse: f64) -> String {
    if adverse < 0.0 {
        format!("-{}", percent(adverse))
    } else {
        percent(adverse)
    }
}

fn plain(value: Option<f64>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// The part of the comment; none where one machine measured everything.
pub(super) fn runners(report: &Report) -> Option<Fold> {
    let count = report.runners.len();
    if count == 0 {
        return None;
    }
    let mut lines: Vec<String> = report.runners.iter().map(one).collect();
    let shown: Vec<&MetricReport> = report.metrics.iter().filter(|m| is_shown(m)).collect();
    if !shown.is_empty() {
        lines.extend([
            String::new(),
            "| metric | runner | base | head | delta% | own interval, for the worse | |".to_owned(),
            "|:--|--:|--:|--:|--:|--:|:--|".to_owned(),
        ]);
        for metric in shown {
            lines.extend(metric.by_runner.iter().map(|of| row(metric, of)));
        }
    }
    Some(Fold {
        summary: format!("<b>{}</b>{}", counted(count), what_is_special(report)),
        lines,
    })
}

fn counted(count: usize) -> String {
    if count == 1 {
        "1 runner".to_owned()
    } else {
        format!("{count} runners")
    }
}

fn what_is_special(report: &Report) -> String {
    let of = |is_timed: bool| {
        let metrics = report.metrics.iter().filter(|m| has_rounds(m) == is_timed);
        let strays = metrics.flat_map(|m| &m.by_runner).filter(|of| of.strays);
        strays.map(|of| of.runner).collect::<BTreeSet<u32>>()
    };
    let (timed, counted): (Vec<u32>, _) = (of(true).into_iter().collect(), of(false));
    let verb = if timed.len() == 1 { "strays" } else { "stray" };
    let strays = match timed.as_slice() {
        _ if report.runners.len() == 1 => String::new(),
        [] => ", none of which strays from the others".to_owned(),
        some => format!(": <b>{} {verb}</b> from what all together say", named(some)),
    };
    let counts = if counted.is_empty() {
        ""
    } else {
        "; <b>counts differ</b> between machines"
    };
    let few = if report.runners.len() < CLUSTERS_MIN {
        "; fewer than three cannot say how runners differ"
    } else {
        ""
    };
    strays + counts + few
}

fn one(of: &PooledRunner) -> String {
    let seconds: f64 = of.timings.iter().map(|timing| timing.seconds).sum();
    let notes = of.machine.notes.iter().chain(&of.notes);
    let notes = notes.fold(String::new(), |told, note| {
        told + "; " + &for_markdown(note)
    });
    format!(
        "- runner {}: {}, seed {}, took {}{notes}",
        of.number,
        machine(&of.machine),
        of.seed,
        duration(seconds)
    )
}

/// Timed metrics always; counted ones where the runners do not agree.
fn is_shown(metric: &MetricReport) -> bool {
    has_rounds(metric) || metric.by_runner.iter().any(|of| of.strays)
}

const fn has_rounds(metric: &MetricReport) -> bool {
    matches!(metric.samples, Some(Samples::NoisyByRunner { .. }))
}

fn row(metric: &MetricReport, of: &ByRunner) -> String {
    let (base, head) = metric_values(metric, of.base, of.head);
    let delta = of.delta.map(|delta| {
        if has_rounds(metric) {
            timed_change(delta)
        } else {
            counted_change(delta)
        }
    });
    let interval = match (of.low, of.high) {
        (Some(low), Some(high)) => format!("{} to {}", signed(low.get()), signed(high.get())),
        _ => "—".to_owned(),
    };
    let strays = match (of.strays, has_rounds(metric)) {
        (false, _) => "",
        (true, true) => "**strays**",
        (true, false) => "**counted otherwise**",
    };
    let cells = [
        base,
        head,
        delta.unwrap_or_else(|| "—".to_owned()),
        interval,
    ];
    let [base, head, delta, interval] = cells.map(|cell| cell.replace(' ', "\u{a0}"));
    format!(
        "| {} | {} | {base} | {head} | {delta} | {interval} | {strays} |",
        code(&metric.id),
        of.runner
    )
}
