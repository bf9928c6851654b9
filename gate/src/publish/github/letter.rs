//! What is posted: the comment's text, and the check run.

use super::budget_lines::line_of;
use super::check_run::{Annotation, Check, Level};
use super::fit::{COMMENT_LEN_MAX, SUMMARY_LEN_MAX, fit, length};
use super::names::CommitId;
use crate::model::Verdict;
use crate::report::{MARKER, MetricReport, Report, for_terminal, markdown};

/// Beneath a report that the pull request's own code measured.
const FOREIGN_NOTE: &str = "\n<sub>Measured by this pull request's own code on its own runner, so the \
    numbers are as trustworthy as that code is. Judged again from the samples, with the budgets that \
    the repository has at both commits.</sub>\n";
/// Where what was cut is to be found.
const ELSEWHERE: &str = "the summary and the artifact of the gate's run";

/// What there is to tell.
#[derive(Debug, Clone, Copy)]
pub(super) enum Contents<'a> {
    /// The report of this job.
    Own(&'a Report),
    /// The report of a run whose code is not trusted, judged again.
    Foreign(&'a Report),
    /// That the run left no report that could be taken.
    None {
        /// The commit.
        head: &'a CommitId,
        /// The run's page, where it is known.
        page: Option<&'a str>,
    },
}

/// The text of the comment.
pub(super) fn body(contents: &Contents<'_>) -> String {
    match contents {
        Contents::Own(report) => fit(&markdown(report), COMMENT_LEN_MAX, ELSEWHERE),
        Contents::Foreign(report) => {
            let room = COMMENT_LEN_MAX - length(FOREIGN_NOTE);
            fit(&markdown(report), room, ELSEWHERE) + FOREIGN_NOTE
        }
        Contents::None { head, page } => {
            let log = match page {
                Some(page) if is_plain_address(page) => format!("[Its log]({page})"),
                _ => "Its log".to_owned(),
            };
            format!(
                "{MARKER}\n**gate could not judge `{}`**: its run left no report that could be \
                 taken. {log} says why.\n",
                head.short(),
            )
        }
    }
}

/// An address that cannot leave the brackets of a link.
fn is_plain_address(page: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:".contains(c);
    page.starts_with("https://") && page.chars().all(plain)
}

/// The check run for a report; `None` where there is no report.
pub(super) fn check<'a>(
    contents: &Contents<'_>,
    name: &'a str,
    head: &'a CommitId,
    path: &str,
    budgets: Option<&str>,
) -> Option<Check<'a>> {
    let (Contents::Own(report) | Contents::Foreign(report)) = contents else {
        return None;
    };
    Some(Check {
        name,
        head,
        verdict: report.verdict,
        title: title(report),
        summary: fit(&body(contents), SUMMARY_LEN_MAX, ELSEWHERE),
        annotations: budgets
            .map(|text| annotations(report, path, text))
            .unwrap_or_default(),
    })
}

fn title(report: &Report) -> String {
    let of = |verdict| {
        report
            .metrics
            .iter()
            .filter(|metric| metric.verdict == verdict)
            .count()
    };
    match report.verdict {
        Verdict::Pass => format!("PASS: {} metrics", report.metrics.len()),
        Verdict::Warn => format!(
            "WARN: {} of {} metrics",
            of(Verdict::Warn),
            report.metrics.len()
        ),
        Verdict::Fail => format!(
            "FAIL: {} of {} metrics",
            of(Verdict::Fail),
            report.metrics.len()
        ),
    }
}

/// A remark on the budget of each metric that failed or warns, worst first.
fn annotations(report: &Report, path: &str, budgets: &str) -> Vec<Annotation> {
    let remark = |metric: &MetricReport| {
        let level = match metric.verdict {
            Verdict::Pass => return None,
            Verdict::Warn => Level::Warning,
            Verdict::Fail => Level::Failure,
        };
        let line = line_of(budgets, &metric.id)?;
        Some(Annotation {
            path: path.to_owned(),
            start_line: line,
            end_line: line,
            level,
            title: format!("{} {}", metric.verdict, metric.id),
            message: for_terminal(&metric.message),
        })
    };
    report.metrics.iter().filter_map(remark).collect()
}
