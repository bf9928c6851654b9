//! The cells of the table, the same on a terminal and in Markdown.
//!
//! `| metric | base | head | delta% | band | budget | verdict |`
//!
//! A band of `det` says that the values are counted and repeat to the last digit; `—` stands where
//! there is nothing to show.

use super::number::{counted, counted_change, timed, timed_change};
use super::schema::{MetricReport, Report, TradeReport};
use crate::budget::{Allow, BudgetChange, ChangeKind, baseline_folder};
use crate::judge::TradeUsage;
use crate::model::{Kind, Reason, Samples};

/// The headings.
pub(super) const HEADINGS: [&str; 7] = [
    "metric", "base", "head", "delta%", "band", "budget", "verdict",
];

const NOTHING: &str = "—";

/// One row of the table.
#[derive(Debug)]
pub(super) struct Cells {
    pub metric: String,
    pub base: String,
    pub head: String,
    pub delta: String,
    pub band: String,
    pub budget: String,
    /// The reason; the verdict itself stands before it.
    pub reason: &'static str,
}

/// The cells of a metric.
pub(super) fn cells(report: &Report, metric: &MetricReport) -> Cells {
    let (base, head) = metric_values(metric, metric.base, metric.head);
    let change = if is_timed(metric) {
        timed_change
    } else {
        counted_change
    };
    Cells {
        metric: metric.id.to_string(),
        base,
        head,
        delta: metric.delta_pct.map_or_else(|| NOTHING.to_owned(), change),
        band: band(metric),
        budget: budget(report, metric),
        reason: reason(metric),
    }
}

/// Values of base and head as the metric's are written, units included.
pub(super) fn metric_values(
    metric: &MetricReport,
    base: Option<f64>,
    head: Option<f64>,
) -> (String, String) {
    let (base, head) = if is_timed(metric) {
        (base.map(timed), head.map(timed))
    } else {
        counted(base, head)
    };
    let unit = |value: Option<String>| match (value, metric.unit.as_str()) {
        (None, _) => NOTHING.to_owned(),
        (Some(value), "") => value,
        (Some(value), unit) => format!("{value} {unit}"),
    };
    (unit(base), unit(head))
}

const fn is_timed(metric: &MetricReport) -> bool {
    matches!(
        metric.samples,
        Some(Samples::Noisy { .. } | Samples::NoisyByRunner { .. })
    )
}

fn band(metric: &MetricReport) -> String {
    let both = metric.base.is_some() && metric.head.is_some();
    match metric.band_pct {
        Some(band) => format!("±{:.2}%", band.get()),
        None if metric.kind == Kind::Exact && both && metric.reason != Reason::Unstable => {
            "det".to_owned()
        }
        None => NOTHING.to_owned(),
    }
}

fn budget(report: &Report, metric: &MetricReport) -> String {
    let Some(budget) = metric.budget_text.clone() else {
        return NOTHING.to_owned();
    };
    let trade = report.trades.iter().find(|trade| trade.metric == metric.id);
    match trade.map(|trade| &trade.allow) {
        Some(Allow::Adverse(allow)) => format!("{budget} (trade {allow})"),
        Some(Allow::Removed) | None => budget,
    }
}

const fn reason(metric: &MetricReport) -> &'static str {
    match (metric.reason, metric.kind) {
        (Reason::Skipped, Kind::ReportOnly) => "not judged",
        (Reason::WithinNoise, Kind::Exact) => "equal",
        (Reason::WithinNoise, _) => "within noise",
        (Reason::Improved, _) => "improved",
        (Reason::InsideBudget, _) => "inside budget",
        (Reason::PastBudget, _) => "past budget",
        (Reason::Inconclusive, _) => "inconclusive",
        (Reason::IdenticalBinary, _) => "identical binary",
        (Reason::Unstable, _) => "unstable",
        (Reason::New, _) => "new",
        (Reason::Missing, _) => "missing",
        (Reason::Traded, _) => "traded",
        (Reason::Skipped, _) => "skipped",
    }
}

/// Where a difference stands.
pub(super) enum StandsIn {
    /// In a budgets file.
    Budgets,
    /// In the file of the baseline: one value of it.
    RecordedValue,
    /// The file of the baseline itself.
    Baseline,
}

/// Where a difference stands: a recorded value is named by its file and its metric.
pub(super) fn stands_in(change: &BudgetChange) -> StandsIn {
    if !change.target.starts_with(&baseline_folder()) {
        StandsIn::Budgets
    } else if change.target.contains(' ') {
        StandsIn::RecordedValue
    } else {
        StandsIn::Baseline
    }
}

/// How a budget differs, in words.
pub(super) const fn difference(change: &BudgetChange) -> &'static str {
    match change.kind {
        ChangeKind::Loosened => "loosened",
        ChangeKind::Incomparable => "of another kind, not comparable",
        ChangeKind::Tightened => "tightened",
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    }
}

/// What a trade allows, in words.
pub(super) fn allowance(trade: &TradeReport) -> String {
    match &trade.allow {
        Allow::Adverse(allow) => format!("up to {allow}"),
        Allow::Removed => "removal".to_owned(),
    }
}

/// What became of a trade, in words.
pub(super) const fn usage(trade: &TradeReport) -> &'static str {
    match trade.usage {
        TradeUsage::Used => "used",
        TradeUsage::Unneeded => "was not needed: take it out",
        TradeUsage::Exceeded => "was exceeded",
        TradeUsage::Undecided => "the run could not tell whether it is enough",
    }
}
