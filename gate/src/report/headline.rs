//! The sentence about the whole run: the verdict, what it rests on, and what to do.
//!
//! The worst metric speaks for all others of its verdict, which are counted; what to do follows from
//! its reason. A budget that was loosened without a reason comes before any metric, because it fails
//! the run whatever was measured.

use super::cells::{StandsIn, stands_in};
use super::schema::{MetricReport, Report};
use crate::budget::{BudgetChange, ChangeKind};
use crate::judge::CreepRow;
use crate::model::{Kind, Reason, Verdict};

/// The parts of the sentence.
#[derive(Debug)]
pub(super) struct Headline<'a> {
    /// What speaks for the run.
    pub subject: Subject<'a>,
    /// How many other metrics have the verdict too, of those that were measured.
    others: usize,
    /// How many other metrics were not measured: nobody shall take them for judged.
    unmeasured: usize,
    /// What to do.
    pub advice: &'static str,
}

impl Headline<'_> {
    /// The other metrics, and those that were not measured, in words; nothing where there are none.
    pub(super) fn others(&self, verdict: Verdict) -> String {
        let does = match verdict {
            Verdict::Fail => "fail",
            Verdict::Warn => "warn",
            Verdict::Pass => "pass",
        };
        // A setting is no metric, so after one there are not more of them.
        let more = match self.subject {
            Subject::Metric(_) => "more ",
            Subject::Loosened(_)
            | Subject::Baseline(..)
            | Subject::Outdated(_)
            | Subject::Nothing(_) => "",
        };
        let others = match self.others {
            0 => None,
            1 => Some(format!("1 {more}metric {does}s")),
            n => Some(format!("{n} {more}metrics {does}")),
        };
        let unmeasured = match self.unmeasured {
            0 => None,
            n => Some(format!("{n} not measured")),
        };
        let told: Vec<String> = others.into_iter().chain(unmeasured).collect();
        if told.is_empty() {
            return String::new();
        }
        format!(" ({})", told.join(", "))
    }
}

/// What speaks for the run.
#[derive(Debug)]
pub(super) enum Subject<'a> {
    /// A budget or another setting that was loosened without a reason.
    Loosened(&'a BudgetChange),
    /// A metric that the recorded baseline fails, where none fails by itself; and what it did.
    Baseline(&'a CreepRow, String),
    /// A recorded baseline that nothing is held against any more, and why.
    Outdated(&'a str),
    /// The worst metric.
    Metric(&'a MetricReport),
    /// Nothing stands out, and why not.
    Nothing(String),
}

/// The sentence about a run.
pub(super) fn headline(report: &Report) -> Headline<'_> {
    let with_verdict = || {
        report
            .metrics
            .iter()
            .filter(|m| m.verdict == report.verdict)
    };
    let is_other = |m: &MetricReport, of: Option<&MetricReport>| of.is_none_or(|of| of.id != m.id);
    let others = |of: Option<&MetricReport>| {
        with_verdict()
            .filter(|m| !is_unmeasured(m) && is_other(m, of))
            .count()
    };
    let unmeasured = |of: Option<&MetricReport>| {
        let all = report.metrics.iter();
        all.filter(|m| is_unmeasured(m) && is_other(m, of)).count()
    };
    // A metric that was removed has a row of its own.
    let loosened =
        |change: &&BudgetChange| change.is_unjustified() && change.kind != ChangeKind::Removed;
    if let Some(change) = report.budget_changes.iter().find(loosened) {
        return Headline {
            subject: Subject::Loosened(change),
            others: others(None),
            unmeasured: unmeasured(None),
            advice: where_to_say_why(change),
        };
    }
    let crept = report
        .baseline
        .as_ref()
        .and_then(|own| super::baseline::failed(own).next());
    if let (Some(row), None) = (crept, with_verdict().next()) {
        let (failure, advice) = super::baseline::failure(row);
        return Headline {
            subject: Subject::Baseline(row, failure),
            others: 0,
            unmeasured: unmeasured(None),
            advice,
        };
    }
    let outdated = report.baseline.as_ref().and_then(super::baseline::outdated);
    if let (Verdict::Warn, Some(why), None) = (report.verdict, outdated, with_verdict().next()) {
        return Headline {
            subject: Subject::Outdated(why),
            others: 0,
            unmeasured: unmeasured(None),
            advice: "It may land; until `gate baseline record` is run and its file committed, nobody sees small rises add up.",
        };
    }
    match (report.verdict, with_verdict().next()) {
        (Verdict::Fail | Verdict::Warn, Some(worst)) => Headline {
            subject: Subject::Metric(worst),
            others: others(Some(worst)),
            unmeasured: unmeasured(Some(worst)),
            advice: advice(report, worst),
        },
        _ => Headline {
            subject: Subject::Nothing(calm(report)),
            others: 0,
            unmeasured: unmeasured(None),
            advice: if report.budget_changes.iter().any(loosens) {
                "Nothing to fix; the budgets that it loosens, below, need your agreement."
            } else {
                "Nothing to do."
            },
        },
    }
}

/// What to do about a loosening that says no reason, which stands where `budget::changes` looks for it.
fn where_to_say_why(change: &BudgetChange) -> &'static str {
    match stands_in(change) {
        StandsIn::Budgets => "Write `reason = \"…\"` beside it, or take the change back.",
        StandsIn::RecordedValue => {
            "Record it with `gate baseline record --reason \"…\"`, or write `reason = \"…\"` at the top of \
             that file, or take the change back."
        }
        StandsIn::Baseline => {
            "Write `reason = \"…\"` in the `[baseline]` table of `budgets.toml`, or bring the file back."
        }
    }
}

fn is_unmeasured(metric: &MetricReport) -> bool {
    metric.reason == Reason::Skipped && metric.samples.is_none()
}

fn loosens(change: &BudgetChange) -> bool {
    change.kind.weakens()
}

/// What a run that passes found.
fn calm(report: &Report) -> String {
    let count = |wanted: fn(&MetricReport) -> bool| {
        report
            .metrics
            .iter()
            .filter(|metric| wanted(metric))
            .count()
    };
    let identical = count(|metric| metric.reason == Reason::IdenticalBinary);
    let judged =
        identical + count(|m| !matches!(m.reason, Reason::Skipped | Reason::IdenticalBinary));
    // Of equal bytes some numbers are read all the same, and are equal.
    let equal = count(|m| m.reason == Reason::WithinNoise && m.kind == Kind::Exact);
    let improved = match count(|metric| metric.reason == Reason::Improved) {
        0 => String::new(),
        n => format!(", {n} improved"),
    };
    if judged == 0 {
        "nothing was judged".to_owned()
    } else if identical > 0 && identical + equal == judged {
        "base and head are the same binary".to_owned()
    } else {
        match judged {
            1 => format!("the only metric did not get worse{improved}"),
            _ => format!("none of {judged} metrics got worse{improved}"),
        }
    }
}

fn advice(report: &Report, worst: &MetricReport) -> &'static str {
    let traded = report.trades.iter().any(|trade| trade.metric == worst.id);
    let from_nothing = worst.delta_pct.is_none();
    match (worst.verdict, worst.reason) {
        (Verdict::Fail, Reason::Missing) => "Bring it back, or add that trade to `budgets.toml`.",
        (Verdict::Fail, Reason::Inconclusive) if !report.runners.is_empty() => {
            "Measure on more runners, and look at one that strays."
        }
        (_, Reason::Inconclusive) if !report.runners.is_empty() => {
            "It may land; to know more, measure on more runners, and look at one that strays."
        }
        (Verdict::Fail, Reason::Inconclusive) => {
            "Run it again with more time (`--max-time`) or on a quieter machine."
        }
        (Verdict::Fail, Reason::Unstable) => {
            "Find out what makes the count differ from run to run, and what made it rise."
        }
        (Verdict::Fail, _) if from_nothing => {
            "Take the rise out, or let it land once by a trade that allows an amount."
        }
        (Verdict::Fail, _) if traded => {
            "Take the regression out, or, where it is worth its price, raise what the trade in \
             `budgets.toml` allows."
        }
        (Verdict::Fail, _) => {
            "Take the regression out, or, where it is worth its price, let it land once with a \
             `[[trades]]` entry and its reason in `budgets.toml`."
        }
        (_, Reason::Inconclusive) => {
            "It may land; to know more, run it with more time (`--max-time`) or on a quieter machine."
        }
        (_, Reason::Traded) => "It may land, as the trade in `budgets.toml` says.",
        (_, Reason::Skipped) => "It may land; whether it got worse is not known.",
        (_, Reason::Unstable) => {
            "It may land; find out what makes the count differ from run to run."
        }
        _ => "It may land, if that price is meant.",
    }
}
