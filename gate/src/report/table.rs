//! The report on a terminal: the table, and below it the sentences.
//!
//! Columns are aligned by counting characters. That is their width: metric names are ASCII by their
//! type, units are too but for `µ`, and `±` and `—` take one column each. Foreign text (reasons,
//! notes) stands only in sentences, which are not aligned.

use super::cells::{Cells, HEADINGS, allowance, cells, difference, usage};
use super::escape::for_terminal;
use super::harness;
use super::headline::{Subject, headline};
use super::schema::{Report, TradeReport};
use super::watched::warnings;
use crate::budget::BudgetChange;
use crate::model::Verdict;

/// Whether the verdicts are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// Text alone.
    Plain,
    /// ANSI colours.
    Ansi,
}

impl Palette {
    fn paint(self, verdict: Verdict, text: &str) -> String {
        let colour = match verdict {
            Verdict::Pass => 32,
            Verdict::Warn => 33,
            Verdict::Fail => 31,
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
        }
    }
}

/// The report for a terminal.
#[must_use]
pub fn table(report: &Report, palette: Palette) -> String {
    let mut lines = rows(report, palette);
    let mut part = |more: Vec<String>| {
        if !more.is_empty() {
            lines.push(String::new());
            lines.extend(more);
        }
    };
    part(changes(report));
    part(trades(report));
    part(baseline(report));
    part(sentences(report));
    part(notes(report));
    part(
        harness::sentence(report, for_terminal)
            .into_iter()
            .collect(),
    );
    part(vec![sentence(report, palette)]);
    lines.push(String::new());
    lines.join("\n")
}

fn rows(report: &Report, palette: Palette) -> Vec<String> {
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    for metric in &report.metrics {
        let Cells {
            metric: name,
            base,
            head,
            delta,
            band,
            budget,
            reason,
        } = cells(report, metric);
        rows.push([
            name,
            base,
            head,
            delta,
            band,
            budget,
            format!("{} {reason}", metric.verdict),
        ]);
    }
    let mut widths = [0; HEADINGS.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let verdicts = std::iter::once(None).chain(report.metrics.iter().map(|m| Some(m.verdict)));
    rows.iter()
        .zip(verdicts)
        .map(|(row, verdict)| aligned(row, &widths, verdict, palette))
        .collect()
}

/// The first and the last column to the left, numbers to the right.
fn aligned(
    row: &[String; HEADINGS.len()],
    widths: &[usize; HEADINGS.len()],
    verdict: Option<Verdict>,
    palette: Palette,
) -> String {
    let last = HEADINGS.len() - 1;
    let mut line = String::new();
    for (index, (cell, width)) in row.iter().zip(widths).enumerate() {
        let space = " ".repeat(width.saturating_sub(cell.chars().count()));
        match index {
            0 => line.extend([cell.as_str(), &space]),
            i if i == last => {
                let painted = verdict.map_or_else(|| cell.clone(), |v| palette.paint(v, cell));
                line.extend(["  ", &painted]);
            }
            _ => line.extend(["  ", &space, cell]),
        }
    }
    line
}

fn changes(report: &Report) -> Vec<String> {
    report.budget_changes.iter().map(budget_line).collect()
}

/// One difference between both budgets files, in a line for a terminal.
#[must_use]
pub fn budget_line(change: &BudgetChange) -> String {
    let side = |side: &Option<String>| side.as_deref().map_or("—".to_owned(), for_terminal);
    let why = match (&change.reason, change.is_unjustified()) {
        (_, true) => "; no reason given".to_owned(),
        (Some(reason), false) => format!("; \"{}\"", for_terminal(reason)),
        (None, false) => String::new(),
    };
    let (target, old, new) = (
        for_terminal(&change.target),
        side(&change.old),
        side(&change.new),
    );
    format!(
        "budget {target}: {}, {old} -> {new}{why}",
        difference(change)
    )
}

fn trades(report: &Report) -> Vec<String> {
    let trade = |trade: &TradeReport| {
        let reason = for_terminal(&trade.reason);
        format!(
            "trade {}: {}, {}; \"{reason}\"",
            trade.metric,
            allowance(trade),
            usage(trade)
        )
    };
    report.trades.iter().map(trade).collect()
}

fn baseline(report: &Report) -> Vec<String> {
    let told = report
        .baseline
        .iter()
        .flat_map(|own| super::baseline::remarks(&own.input, &own.creep));
    told.map(|remark| format!("baseline: {}", for_terminal(&remark.to_string())))
        .collect()
}

fn sentences(report: &Report) -> Vec<String> {
    let told = report
        .metrics
        .iter()
        .filter(|metric| metric.verdict != Verdict::Pass);
    told.map(|m| format!("{} {}: {}", m.verdict, m.id, for_terminal(&m.message)))
        .collect()
}

/// What must be known before the numbers are trusted.
fn notes(report: &Report) -> Vec<String> {
    let of_run = report.measuring.notes.iter().map(|note| for_terminal(note));
    let warnings = warnings(report).map(|warning| format!("{}: {}", warning.metric, warning.words));
    let notes = of_run.chain(warnings);
    notes.map(|note| format!("note: {note}")).collect()
}

fn sentence(report: &Report, palette: Palette) -> String {
    let headline = headline(report);
    let others = headline.others(report.verdict);
    let subject = match headline.subject {
        Subject::Loosened(loosened) => budget_line(loosened),
        Subject::Metric(metric) => format!("{}: {}", metric.id, for_terminal(&metric.message)),
        Subject::Baseline(row, failure) => format!("{} {failure}", row.id),
        Subject::Outdated(why) => for_terminal(why),
        Subject::Nothing(why) => why,
    };
    let verdict = report.verdict;
    format!(
        "{}: {subject}{others}. {}",
        palette.paint(verdict, &verdict.to_string()),
        headline.advice
    )
}
