//! What the parts of a comment are made of: names as code, sentences, rows of the table.

use super::cells::{Cells, HEADINGS, cells};
use super::escape::for_markdown;
use super::schema::{MetricReport, Report};
use crate::budget::BudgetChange;
use crate::model::{MetricId, Verdict};

/// The table of some metrics.
pub(super) fn rows(report: &Report, metrics: &[MetricReport]) -> Vec<String> {
    let mut lines = vec![
        format!("| {} |", HEADINGS.join(" | ")),
        "|:--|--:|--:|--:|--:|--:|:--|".to_owned(),
    ];
    lines.extend(metrics.iter().map(|metric| row(report, metric)));
    lines.push(String::new());
    lines
}

fn row(report: &Report, metric: &MetricReport) -> String {
    let Cells {
        base,
        head,
        delta,
        band,
        budget,
        reason,
        ..
    } = cells(report, metric);
    let verdict = match metric.verdict {
        Verdict::Pass => Verdict::Pass.to_string(),
        other => format!("**{other}**"),
    };
    // Numbers break nowhere; units have no character that Markdown reads.
    let [base, head, delta, band, budget] =
        [base, head, delta, band, budget].map(|cell| cell.replace(' ', "\u{a0}"));
    let name = code(&metric.id);
    format!("| {name} | {base} | {head} | {delta} | {band} | {budget} | {verdict} {reason} |")
}

pub(super) fn code(id: &MetricId) -> String {
    format!("`{id}`")
}

/// What base and head say.
pub(super) fn sides(change: &BudgetChange) -> (String, String) {
    let side = |side: &Option<String>| side.as_deref().map_or("—".to_owned(), for_markdown);
    (side(&change.old), side(&change.new))
}

/// As code where it is made of plain marks, else as escaped text.
pub(super) fn target(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' ');
    if text.chars().all(plain) && !text.trim().is_empty() {
        format!("`{text}`")
    } else {
        for_markdown(text)
    }
}
