//! The parts of a comment that are folded. The summary of each says what is in it.

use std::collections::BTreeMap;

use super::baseline::{Remark, remarks};
use super::cells::{allowance, difference, usage};
use super::escape::for_markdown;
use super::machine::machine;
use super::number::{duration, percent};
use super::open_loop;
use super::pieces::{code, rows, sides, target};
use super::schema::{MetricReport, Report, Revision, RoundCount, TradeReport};
use super::watched::{Warning, warnings, words};
use crate::budget::{BudgetChange, ChangeKind};
use crate::judge::{DISTURBANCE_RULE, TradeUsage};
use crate::model::{Percent, Reason, Verdict};

/// What the columns of the table say.
const COLUMNS: &str = "- delta%: head against base, as measured; band: a smaller change cannot be told \
    from noise in this run, and `det` is counted, the same in every run; budget: the largest change \
    for the worse that may land";

/// A part that is opened by a click.
#[derive(Debug)]
pub(super) struct Fold {
    /// What is in it; HTML.
    pub summary: String,
    /// Its lines.
    pub lines: Vec<String>,
}

/// Counts with their words, those of nothing left out: `2 loosened, 1 tightened`.
fn list(counts: &[(usize, &str)]) -> String {
    let some = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = some
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    words.join(", ")
}

/// Why every row that is not PASS is none.
pub(super) fn sentences(report: &Report) -> Option<Fold> {
    let of = |verdict| {
        report
            .metrics
            .iter()
            .filter(|m| m.verdict == verdict)
            .count()
    };
    let lines: Vec<String> = report
        .metrics
        .iter()
        .filter(|metric| metric.verdict != Verdict::Pass)
        .map(|m| {
            format!(
                "- {} **{}**: {}",
                code(&m.id),
                m.verdict,
                for_markdown(&m.message)
            )
        })
        .collect();
    let counts = match (of(Verdict::Fail), of(Verdict::Warn)) {
        (0, 0) => return None,
        (0, 1) => "1 metric warns".to_owned(),
        (0, warn) => format!("{warn} metrics warn"),
        (1, 0) => "1 metric fails".to_owned(),
        (fail, 0) => format!("{fail} metrics fail"),
        (fail, warn) => {
            let fails = if fail == 1 {
                "metric fails"
            } else {
                "metrics fail"
            };
            let warns = if warn == 1 { "warns" } else { "warn" };
            format!("{fail} {fails}, {warn} {warns}")
        }
    };
    Some(Fold {
        summary: format!("<b>{counts}</b>, and why"),
        lines,
    })
}

/// What head's budgets say otherwise.
pub(super) fn changes(report: &Report) -> Option<Fold> {
    if report.budget_changes.is_empty() {
        return None;
    }
    let of = |kind| {
        report
            .budget_changes
            .iter()
            .filter(|c| c.kind == kind)
            .count()
    };
    let counts = list(&[
        (of(ChangeKind::Loosened), "loosened"),
        (of(ChangeKind::Incomparable), "of another kind"),
        (of(ChangeKind::Tightened), "tightened"),
        (of(ChangeKind::Added), "added"),
        (of(ChangeKind::Removed), "removed"),
        (of(ChangeKind::Changed), "changed"),
    ]);
    let silent = |change: &&BudgetChange| change.is_unjustified();
    let silent = match report.budget_changes.iter().filter(silent).count() {
        0 => String::new(),
        n => format!("; <b>{n} without a reason</b>"),
    };
    Some(Fold {
        summary: format!("<b>Budgets of this change</b>: {counts}{silent}"),
        lines: report
            .budget_changes
            .iter()
            .map(|c| format!("- {}", change(c)))
            .collect(),
    })
}

/// `qps`: loosened, 3% → 5%; “why”
fn change(change: &BudgetChange) -> String {
    let why = match (&change.reason, change.is_unjustified()) {
        (_, true) => "; **no reason given**".to_owned(),
        (Some(reason), false) => format!("; “{}”", for_markdown(reason)),
        (None, false) => String::new(),
    };
    let (old, new) = sides(change);
    format!(
        "{}: {}, {old} → {new}{why}",
        target(&change.target),
        difference(change)
    )
}

/// What the recorded baseline says.
pub(super) fn baseline(report: &Report) -> Option<Fold> {
    let own = report.baseline.as_ref()?;
    let line = |remark: Remark| match &remark.about {
        Some((verdict, id)) => format!(
            "- {} **{verdict}**: {}",
            code(id),
            for_markdown(&remark.words)
        ),
        None => format!("- {}", for_markdown(&remark.words)),
    };
    Some(Fold {
        summary: format!(
            "<b>Baseline</b>: {}",
            for_markdown(&super::baseline::summary(own))
        ),
        lines: remarks(&own.input, &own.creep)
            .into_iter()
            .map(line)
            .collect(),
    })
}

/// What may land once.
pub(super) fn trades(report: &Report) -> Option<Fold> {
    if report.trades.is_empty() {
        return None;
    }
    let of = |usage| report.trades.iter().filter(|t| t.usage == usage).count();
    let counts = list(&[
        (of(TradeUsage::Exceeded), "exceeded"),
        (of(TradeUsage::Used), "used"),
        (of(TradeUsage::Undecided), "undecided"),
        (of(TradeUsage::Unneeded), "not needed"),
    ]);
    let line = |trade: &TradeReport| {
        let (name, reason) = (code(&trade.metric), for_markdown(&trade.reason));
        format!(
            "- {name}: {}, {}; “{reason}”",
            allowance(trade),
            usage(trade)
        )
    };
    Some(Fold {
        summary: format!("<b>Trades of this change</b>: {counts}"),
        lines: report.trades.iter().map(line).collect(),
    })
}

/// The rows of a long table that pass.
pub(super) fn rest(report: &Report, rest: &[MetricReport]) -> Option<Fold> {
    if rest.is_empty() {
        return None;
    }
    let of = |reason| rest.iter().filter(|m| m.reason == reason).count();
    let improved = match of(Reason::Improved) {
        0 => String::new(),
        n => format!(", {n} of them improved"),
    };
    let more = rest.len();
    let pass = if more == 1 {
        "metric passes"
    } else {
        "metrics pass"
    };
    Some(Fold {
        summary: format!("<b>{more} more {pass}</b>{improved}"),
        lines: rows(report, rest),
    })
}

/// What the words mean, the machine, the rounds, the steps, and how to repeat the run.
pub(super) fn run(report: &Report) -> Fold {
    let mut lines = vec![COLUMNS.to_owned()];
    lines.push(format!("- base: {}", revision(&report.base)));
    lines.push(format!("- head: {}", revision(&report.head)));
    if report.runners.is_empty() {
        lines.push(format!("- runner: {}", machine(&report.runner)));
    }
    // The runners of a pool have a part of their own, with their notes.
    let of_machine = report
        .runner
        .notes
        .iter()
        .filter(|_| report.runners.is_empty());
    let notes = of_machine.chain(&report.measuring.notes);
    lines.extend(notes.map(|note| format!("- note: {}", for_markdown(note))));
    let warnings: Vec<Warning> = warnings(report).collect();
    // Words of our own, which may have code in them.
    lines.extend(
        warnings
            .iter()
            .map(|of| format!("- **note**: {}: {}", code(&of.metric), of.words)),
    );
    lines.extend(rounds(report));
    if report
        .measuring
        .rounds
        .iter()
        .any(|r| !r.disturbed.is_empty())
    {
        lines.push(format!(
            "- disturbed: {DISTURBANCE_RULE}; such rounds count like all others"
        ));
    }
    lines.extend(order_effects(report));
    if !report.timings.is_empty() {
        let steps = report
            .timings
            .iter()
            .map(|t| format!("{} {}", for_markdown(&t.step), duration(t.seconds)));
        lines.push(format!("- steps: {}", steps.collect::<Vec<_>>().join(", ")));
    }
    let seed = if report.runners.is_empty() {
        format!("seed {}, ", report.seed)
    } else {
        String::new()
    };
    lines.push(format!(
        "- {seed}{} {}",
        for_markdown(&report.tool.name),
        for_markdown(&report.tool.version)
    ));
    if let Some(command) = repeat(report) {
        lines.extend([String::new(), "```sh".to_owned(), command, "```".to_owned()]);
    }
    let seconds: f64 = report.timings.iter().map(|timing| timing.seconds).sum();
    let took = match report.timings.as_slice() {
        [] => "<b>This run</b>".to_owned(),
        _ => format!("<b>This run</b> took {}", duration(seconds)),
    };
    let told = match warnings.len() {
        0 => String::new(),
        1 => "<b>1 note on a number</b>, ".to_owned(),
        n => format!("<b>{n} notes on numbers</b>, "),
    };
    Fold {
        summary: format!(
            "{took}: {told}what the columns say, runner, rounds, steps, how to repeat it"
        ),
        lines,
    }
}

fn revision(revision: &Revision) -> String {
    let name = for_markdown(&revision.revision);
    let tree = for_markdown(&revision.tree);
    match &revision.commit {
        Some(commit) => format!("{name}, commit {}, tree {tree}", for_markdown(commit)),
        None => format!("{name}, tree {tree}"),
    }
}

/// A line for each way in which metrics were measured, with the metrics.
fn rounds(report: &Report) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for count in &report.measuring.rounds {
        groups
            .entry(taken(count))
            .or_default()
            .push(code(&count.metric));
    }
    let mut groups: Vec<(String, Vec<String>)> = groups.into_iter().collect();
    groups.sort_by(|a, b| a.1.cmp(&b.1));
    let line =
        |(taken, metrics): (String, Vec<String>)| format!("- {}: {taken}", metrics.join(", "));
    groups.into_iter().map(line).collect()
}

fn taken(count: &RoundCount) -> String {
    let confirmation = match count.confirmation {
        0 => String::new(),
        n => format!(" and {n} to confirm"),
    };
    let disturbed = match count.disturbed.len() {
        0 => String::new(),
        n => format!(", {n} disturbed"),
    };
    let rounds = count.main + count.confirmation;
    let slices = match count.slices.checked_div(rounds) {
        Some(1) => "1 slice".to_owned(),
        Some(n) => format!("{n} slices"),
        None => "no slices".to_owned(),
    };
    let runners = match count.runners {
        0 | 1 => String::new(),
        n => format!(", on {n} runners together"),
    };
    let open = count
        .open_loop
        .as_ref()
        .map_or_else(String::new, |open| format!("; {}", open_loop::words(open)));
    format!(
        "{} rounds{confirmation}{runners}, {slices} of each arm a round{disturbed}{open}; {}",
        count.main,
        words(&count.watched)
    )
}

fn order_effects(report: &Report) -> impl Iterator<Item = String> {
    let certain = |low: Percent, high: Percent| low > Percent::ZERO || high < Percent::ZERO;
    report
        .measuring
        .order_effects
        .iter()
        .filter(move |order| certain(order.low_pct, order.high_pct))
        .map(|order| {
            let by = order.effect_pct.get();
            let side = if by > 0.0 { "worse" } else { "better" };
            format!(
                "- {}: the arm that started second read {} {side}; the order is drawn, so this widens \
                 intervals and tilts none",
                code(&order.metric),
                percent(by)
            )
        })
}

/// The command that repeats the run; none where a name in it is not plainly a commit.
fn repeat(report: &Report) -> Option<String> {
    let plain = |text: &&String| {
        text.len() <= 64 && !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let base = report.base.commit.as_ref().filter(plain)?;
    let head = match &report.head.commit {
        Some(commit) => Some(commit).filter(plain)?,
        None => "",
    };
    let head = if head.is_empty() {
        String::new()
    } else {
        format!(" {head}")
    };
    // Other rounds than those of any one runner.
    let seed = if report.runners.is_empty() {
        format!(" --seed {}", report.seed)
    } else {
        String::new()
    };
    Some(format!("gate compare --exact-base {base}{head}{seed}"))
}
