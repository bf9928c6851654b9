//! Where a count changed: a folded part of the comment, and the text of `gate explain`.
//!
//! Both show the same parts, worst first: what each has of the value by itself, and with everything
//! that it called. Names of functions are foreign text.

use std::fmt::Write as _;

use super::escape::{for_markdown, for_terminal};
use super::folded::Fold;
use super::number::{counted, counted_change};
use super::pieces::code;
use super::schema::{MetricReport, Report};
use crate::model::{Breakdown, Kind, Part, Reason};

/// Metrics whose parts a comment shows, and parts of each.
const METRICS_SHOWN: usize = 6;
const PARTS_SHOWN: usize = 8;
/// The longest name that a table shows, in characters.
const NAME_LEN_MAX: usize = 90;

/// What the columns are called; the name of the part comes last on a terminal.
const COLUMNS: [&str; 5] = [
    "self base",
    "self head",
    "change",
    "inclusive base",
    "inclusive head",
];
/// The same where no part holds another.
const OWN: [&str; 3] = ["base", "head", "change"];

fn columns(breakdown: &Breakdown) -> &'static [&'static str] {
    if breakdown.parts.iter().any(|part| part.inclusive.is_some()) {
        &COLUMNS
    } else {
        &OWN
    }
}

/// The parts of the metrics that changed.
pub(super) fn fold(report: &Report) -> Option<Fold> {
    let broken_down: Vec<(&MetricReport, &Breakdown)> = report
        .metrics
        .iter()
        .filter_map(|metric| Some((metric, metric.breakdown.as_ref()?)))
        .collect();
    let what = match broken_down.as_slice() {
        [] => return None,
        [_] => "<b>Where it changed</b>: 1 metric".to_owned(),
        more => format!("<b>Where it changed</b>: {} metrics", more.len()),
    };
    let mut lines = Vec::new();
    for (metric, breakdown) in broken_down.iter().take(METRICS_SHOWN) {
        lines.extend(section(metric, breakdown));
    }
    if broken_down.len() > METRICS_SHOWN {
        let more = broken_down.len() - METRICS_SHOWN;
        lines.push(format!("- {more} more: `gate explain METRIC` shows them"));
    }
    Some(Fold {
        summary: format!("{what} by function or part, base → head"),
        lines,
    })
}

fn section(metric: &MetricReport, breakdown: &Breakdown) -> Vec<String> {
    let shown = breakdown.parts.iter().take(PARTS_SHOWN);
    let rows: Vec<[String; 6]> = shown.map(cells).collect();
    let count = columns(breakdown).len();
    let mut lines = vec![
        format!("{}, in {}:", code(&metric.id), unit(metric)),
        String::new(),
        format!("| part | {} |", columns(breakdown).join(" | ")),
        format!("|:--|{}", "--:|".repeat(count)),
    ];
    for [name, numbers @ ..] in rows {
        let numbers = numbers.map(|cell| cell.replace(' ', "\u{a0}"));
        let shown = numbers.into_iter().take(count).collect::<Vec<_>>();
        lines.push(format!(
            "| {} | {} |",
            for_markdown(&name),
            shown.join(" | ")
        ));
    }
    let hidden = breakdown.parts.len().saturating_sub(PARTS_SHOWN);
    let more = hidden.saturating_add(breakdown.left_out);
    if more > 0 {
        lines.extend([String::new(), format!("{more} more moved less.")]);
    }
    lines.push(String::new());
    lines
}

/// What `gate explain` says of a metric.
#[must_use]
pub fn explanation(metric: &MetricReport) -> String {
    let (base, head) = counted(metric.base, metric.head);
    let [base, head] = [base, head].map(|value| value.unwrap_or_else(|| "—".to_owned()));
    let change = metric
        .delta_pct
        .map_or_else(String::new, |delta| format!(" ({})", counted_change(delta)));
    let mut text = format!("{}: {base} → {head} {}{change}\n", metric.id, unit(metric));
    let Some(breakdown) = &metric.breakdown else {
        let _infallible = writeln!(text, "  {}", nothing_to_explain(metric));
        return text;
    };
    let headings = columns(breakdown).iter().copied();
    let mut rows: Vec<Vec<String>> = vec![
        std::iter::once("part")
            .chain(headings)
            .map(str::to_owned)
            .collect(),
    ];
    rows.extend(breakdown.parts.iter().map(|part| cells(part).to_vec()));
    let mut widths = vec![0; columns(breakdown).len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row.iter().skip(1)) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in &rows {
        for (cell, width) in row.iter().skip(1).zip(&widths) {
            let _infallible = write!(text, "  {cell:>width$}");
        }
        let name = row.first().map_or("", String::as_str);
        let _infallible = writeln!(text, "  {}", for_terminal(name));
    }
    if breakdown.left_out > 0 {
        let _infallible = writeln!(text, "  {} more moved less", breakdown.left_out);
    }
    text
}

fn nothing_to_explain(metric: &MetricReport) -> &'static str {
    match (metric.reason, metric.kind) {
        (Reason::IdenticalBinary, _) => "base and head are the same binary: nothing changed",
        (Reason::New, _) => "only head has it",
        (Reason::Missing | Reason::Traded, Kind::Exact) if metric.head.is_none() => {
            "only base has it"
        }
        (Reason::Skipped, Kind::Exact) => "it was not measured",
        (_, Kind::Noisy) => {
            "it is timed, and times are not told apart by part: metrics of the probe `callgrind` are"
        }
        _ if metric.delta_pct.is_some_and(|delta| delta.get() == 0.0) => "equal to the last digit",
        _ => "base's program or head's prints no `parts`",
    }
}

/// Name, own shares, their change, inclusive shares.
fn cells(part: &Part) -> [String; 6] {
    let pair = |[base, head]: [f64; 2]| {
        let (base, head) = counted(Some(base), Some(head));
        [base, head].map(Option::unwrap_or_default)
    };
    let [own_base, own_head] = pair(part.own);
    let [base, head] = part.inclusive.map_or_else(Default::default, pair);
    let (size, _) = counted(Some(part.change().abs()), None);
    let sign = if part.change() < 0.0 { "-" } else { "+" };
    let change = format!("{sign}{}", size.unwrap_or_default());
    [cut(&part.name), own_base, own_head, change, base, head]
}

/// A name of bearable length: its end tells more than its start.
fn cut(name: &str) -> String {
    let len = name.chars().count();
    if len <= NAME_LEN_MAX {
        return name.to_owned();
    }
    let end: String = name.chars().skip(len - NAME_LEN_MAX).collect();
    format!("…{end}")
}

fn unit(metric: &MetricReport) -> &str {
    match metric.unit.as_str() {
        "" => "as counted",
        unit => unit,
    }
}
