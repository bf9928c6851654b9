//! The comment on a pull request, in GitHub's Markdown.
//!
//! ```text
//! <!-- gate-report -->              the marker that the comment is found by
//! FAIL: … what to do                the verdict, what it rests on, what to do
//! The harness itself is changed …   where it is
//! | metric | base | …               worst first; of a long table what passes is folded
//! ▸ 2 metrics fail                  a sentence for every row that is not PASS
//! ▸ Where it changed                by function or part, for counts
//! ▸ Budgets of this change          what it lets land from here on
//! ▸ Trades of this change           what it lets land once
//! ▸ Baseline                        how far exact metrics crept from what was recorded
//! ▸ 40 more metrics pass            the rest of a long table
//! ▸ 3 runners, pooled              what each of them says, where there are several
//! ▸ This run                        what the words mean, runner, rounds, steps, how to repeat it
//! ```
//!
//! What is folded says in its summary what is in it, so that nothing has to be opened to know that it
//! is there.
//!
//! Every foreign string passes through `for_markdown`; metric names need not, for their type lets
//! nothing through that Markdown reads. The whole is cut to what GitHub takes, from the end of each
//! part, and says that it was cut. Length is counted in bytes, of which there are never fewer than
//! characters.

use super::breakdown;
use super::by_runner;
use super::cells::{StandsIn, difference, stands_in};
use super::escape::for_markdown;
use super::folded::{self, Fold};
use super::harness;
use super::headline::{Subject, headline};
use super::pieces::{code, rows, sides, target};
use super::schema::{MetricReport, Report};
use crate::budget::BudgetChange;
use crate::model::Verdict;

/// The first line, by which the comment is found again.
pub const MARKER: &str = "<!-- gate-report -->";
/// What GitHub takes as one comment.
pub const COMMENT_LEN_MAX: usize = 65_536;
/// What is kept free for the parts that close a cut comment, and for the sentence about it.
const CLOSING_LEN: usize = 400;
/// The longest table that is shown whole. Of a longer one the rows that pass are folded.
const ROWS_SHOWN_MAX: usize = 20;

const CUT: &str = "\n*Cut to what GitHub takes as one comment; report.json has all of it.*\n";

/// The report as a comment.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut text = Comment {
        text: String::new(),
        cut: false,
    };
    text.lines(&[MARKER.to_owned(), sentence(report), String::new()]);
    text.lines(&harness(report));
    let (shown, rest) = report.metrics.split_at(rows_shown(report));
    text.lines(&rows(report, shown));
    for fold in [
        folded::sentences(report),
        breakdown::fold(report),
        folded::changes(report),
        folded::trades(report),
        folded::baseline(report),
        folded::rest(report, rest),
        by_runner::runners(report),
        Some(folded::run(report)),
    ] {
        text.fold(fold);
    }
    text.finish()
}

/// What measures is not the same in base and head.
fn harness(report: &Report) -> Vec<String> {
    harness::sentence(report, for_markdown).map_or_else(Vec::new, |told| vec![told, String::new()])
}

/// How many rows stand in the open: all that are not PASS, and as many others as a short table has.
fn rows_shown(report: &Report) -> usize {
    let not_pass = |metric: &&MetricReport| metric.verdict != Verdict::Pass;
    let all = report.metrics.len();
    let told = report.metrics.iter().filter(not_pass).count();
    if all <= ROWS_SHOWN_MAX {
        all
    } else {
        told.max(ROWS_SHOWN_MAX / 2)
    }
}

/// A comment that grows until it is full.
struct Comment {
    text: String,
    cut: bool,
}

impl Comment {
    /// Adds the lines that fit, and tells whether any did.
    fn lines(&mut self, lines: &[String]) -> bool {
        let before = self.text.len();
        for line in lines {
            // A number and its percent sign stay on one line.
            let line = line.replace(" %", "\u{a0}%");
            if self.text.len() + line.len() + 1 > COMMENT_LEN_MAX - CLOSING_LEN {
                self.cut = true;
                break;
            }
            self.text.push_str(&line);
            self.text.push('\n');
        }
        self.text.len() > before
    }

    fn fold(&mut self, fold: Option<Fold>) {
        let Some(Fold { summary, lines }) = fold else {
            return;
        };
        let summary = format!("<details><summary>{summary}</summary>");
        if self.lines(&[summary, String::new()]) {
            self.lines(&lines);
            self.text.push_str("\n</details>\n");
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
        Subject::Loosened(change) => loosened(change),
        Subject::Metric(metric) => {
            format!("{}: {}", code(&metric.id), for_markdown(&metric.message))
        }
        Subject::Baseline(row, failure) => {
            format!("{} {}", code(&row.id), for_markdown(&failure))
        }
        Subject::Outdated(why) => for_markdown(why),
        Subject::Nothing(why) => why,
    };
    let verdict = report.verdict;
    format!("{mark} **{verdict}**: {subject}{others}. {advice}")
}

fn loosened(change: &BudgetChange) -> String {
    let (old, new) = sides(change);
    let file = match stands_in(change) {
        StandsIn::Budgets => "`budgets.toml`: ",
        // They name their own.
        StandsIn::RecordedValue | StandsIn::Baseline => "",
    };
    format!(
        "{file}{} is {} ({old} → {new}), and no reason is given",
        target(&change.target),
        difference(change)
    )
}
