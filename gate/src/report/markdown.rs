//! The comment on a pull request, in GitHub's Markdown.
//!
//! ```text
//! <!-- gate-report -->              the marker that the comment is found by
//! FAIL: … what to do                one sentence
//! | metric | base | …               worst first
//! Budgets · Trades                  what this change lets land
//! - `qps`: …                        a sentence for every row that is not PASS
//! <details>                         runner, samples, commits, how to repeat it
//! ```
//!
//! Every foreign string passes through `for_markdown`; metric names need not, for their type lets
//! nothing through that Markdown reads. The whole is cut to what GitHub takes, from the end of each
//! part, and says that it was cut. Length is counted in bytes, of which there are never fewer than
//! characters.

use super::cells::{Cells, HEADINGS, allowance, cells, difference, usage};
use super::escape::for_markdown;
use super::headline::{Subject, headline};
use super::number::{duration, percent};
use super::schema::{MetricReport, Report, Revision, RoundCount};
use crate::budget::BudgetChange;
use crate::judge::DISTURBANCE_RULE;
use crate::model::{MetricId, Percent, Verdict};

/// The first line, by which the comment is found again.
pub const MARKER: &str = "<!-- gate-report -->";
/// What GitHub takes as one comment.
pub const COMMENT_LEN_MAX: usize = 65_536;
/// What is kept free for the parts that close a cut comment, and for the sentence about it.
const CLOSING_LEN: usize = 400;

const CUT: &str = "\n*Cut to what GitHub takes as one comment; report.json has all of it.*\n";

/// The report as a comment.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = Comment {
        text: String::new(),
        cut: false,
    };
    text.part(&[MARKER.to_owned(), sentence(report), String::new()], "");
    text.part(&rows(report), "");
    text.part(&changes(report), "");
    text.part(&trades(report), "");
    text.part(&sentences(report), "");
    text.part(&details(report), "\n</details>");
    text.finish()
}

/// A comment that grows until it is full.
struct Comment {
    text: String,
    cut: bool,
}

impl Comment {
    /// Adds the lines that fit, then what closes them.
    fn part(&mut self, lines: &[String], closing: &str) {
        if lines.is_empty() {
            return;
        }
        let mut added = 0_usize;
        for line in lines {
            if self.text.len() + line.len() + 1 > COMMENT_LEN_MAX - CLOSING_LEN {
                self.cut = true;
                break;
            }
            self.text.push_str(line);
            self.text.push('\n');
            added += 1;
        }
        if added > 0 && !closing.is_empty() {
            self.text.push_str(closing);
            self.text.push('\n');
        }
    }

    fn finish(mut self) -> String {
        if self.cut {
            self.text.push_str(CUT);
        }
        self.text
    }
}

fn sentence(report: &Report) -> String {
    let headline = headline(report);
    let (others, advice) = (headline.others(report.verdict), headline.advice);
    let mark = match report.verdict {
        Verdict::Pass => "✅",
        Verdict::Warn => "⚠️",
        Verdict::Fail => "❌",
    };
    let subject = match headline.subject {
        Subject::Loosened(loosened) => format!("budgets.toml, {}", change(loosened)),
        Subject::Metric(metric) => {
            format!("{}: {}", code(&metric.id), for_markdown(&metric.message))
        }
        Subject::Nothing(why) => why,
    };
    let verdict = report.verdict;
    format!("{mark} **{verdict}**: {subject}{others}. {advice}")
}

fn rows(report: &Report) -> Vec<String> {
    let mut lines = vec![
        format!("| {} |", HEADINGS.join(" | ")),
        "|---|--:|--:|--:|--:|--:|---|".to_owned(),
    ];
    lines.extend(report.metrics.iter().map(|metric| row(report, metric)));
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

fn code(id: &MetricId) -> String {
    format!("`{id}`")
}

fn changes(report: &Report) -> Vec<String> {
    if report.budget_changes.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["**Budgets of this change**".to_owned(), String::new()];
    lines.extend(
        report
            .budget_changes
            .iter()
            .map(|c| format!("- {}", change(c))),
    );
    lines.push(String::new());
    lines
}

/// `qps`: loosened, 3% → 5%; “why”
fn change(change: &BudgetChange) -> String {
    let why = match (&change.reason, change.is_unjustified()) {
        (_, true) => "; **no reason given**".to_owned(),
        (Some(reason), false) => format!("; “{}”", for_markdown(reason)),
        (None, false) => String::new(),
    };
    let side = |side: &Option<String>| side.as_deref().map_or("—".to_owned(), for_markdown);
    let (old, new) = (side(&change.old), side(&change.new));
    format!(
        "{}: {}, {old} → {new}{why}",
        target(&change.target),
        difference(change)
    )
}

/// As code where it is made of plain marks, else as escaped text.
fn target(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' ');
    if text.chars().all(plain) && !text.trim().is_empty() {
        format!("`{text}`")
    } else {
        for_markdown(text)
    }
}

fn trades(report: &Report) -> Vec<String> {
    if report.trades.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["**Trades of this change**".to_owned(), String::new()];
    lines.extend(report.trades.iter().map(|trade| {
        let (name, reason) = (code(&trade.metric), for_markdown(&trade.reason));
        format!(
            "- {name}: {}, {}; “{reason}”",
            allowance(trade),
            usage(trade)
        )
    }));
    lines.push(String::new());
    lines
}

fn sentences(report: &Report) -> Vec<String> {
    let told = report
        .metrics
        .iter()
        .filter(|metric| metric.verdict != Verdict::Pass);
    let mut lines: Vec<String> = told
        .map(|m| {
            format!(
                "- {} **{}**: {}",
                code(&m.id),
                m.verdict,
                for_markdown(&m.message)
            )
        })
        .collect();
    if !lines.is_empty() {
        // The heading also keeps the list apart from one that may stand before it.
        lines.splice(..0, ["**What is not PASS**".to_owned(), String::new()]);
        lines.push(String::new());
    }
    lines
}

fn details(report: &Report) -> Vec<String> {
    let mut lines = vec![
        "<details><summary>Runner, samples, commits, and how to repeat this run</summary>"
            .to_owned(),
        String::new(),
    ];
    lines.push(format!("- base: {}", revision(&report.base)));
    lines.push(format!("- head: {}", revision(&report.head)));
    lines.push(format!("- runner: {}", runner(report)));
    let notes = report.runner.notes.iter().chain(&report.measuring.notes);
    lines.extend(notes.map(|note| format!("- note: {}", for_markdown(note))));
    lines.extend(report.measuring.rounds.iter().map(rounds));
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
        lines.push(format!("- time: {}", steps.collect::<Vec<_>>().join(", ")));
    }
    lines.push(format!(
        "- seed {}, {} {}",
        report.seed,
        for_markdown(&report.tool.name),
        for_markdown(&report.tool.version)
    ));
    if let Some(command) = repeat(report) {
        lines.extend([String::new(), "```sh".to_owned(), command, "```".to_owned()]);
    }
    lines
}

fn revision(revision: &Revision) -> String {
    let name = for_markdown(&revision.revision);
    let tree = for_markdown(&revision.tree);
    match &revision.commit {
        Some(commit) => format!("{name}, commit {}, tree {tree}", for_markdown(commit)),
        None => format!("{name}, tree {tree}"),
    }
}

fn runner(report: &Report) -> String {
    let runner = &report.runner;
    let mut known = vec![for_markdown(&runner.platform)];
    known.extend(runner.cpu.iter().map(|cpu| for_markdown(cpu)));
    known.push(format!("{} cores", runner.cores));
    known.extend(
        runner
            .memory_bytes
            .map(|bytes| format!("{} MiB", bytes >> 20)),
    );
    known.extend(
        runner
            .kernel
            .iter()
            .map(|kernel| format!("kernel {}", for_markdown(kernel))),
    );
    known.extend(runner.libc.iter().map(|libc| for_markdown(libc)));
    known.extend(
        runner
            .governor
            .iter()
            .map(|g| format!("governor {}", for_markdown(g))),
    );
    known.extend(
        runner
            .load_1m
            .map(|load| format!("load {load:.2} before the run")),
    );
    known.push(for_markdown(&runner.placement));
    known.retain(|text| !text.is_empty());
    known.join(", ")
}

fn rounds(count: &RoundCount) -> String {
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
    format!(
        "- {}: {} rounds{confirmation}, {slices} of each arm a round{disturbed}",
        code(&count.metric),
        count.main,
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
    Some(format!(
        "gate compare --exact-base {base}{head} --seed {}",
        report.seed
    ))
}
