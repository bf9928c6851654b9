//! `gate explain`: where the change of a count comes from.
//!
//! Without a revision it reads the report of the last comparison; with one it compares first, that
//! metric only, and leaves the report of the last full comparison alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Parser as _};

use super::args::{Args, Command};
use super::error::CliError;
use super::{compare, judge};
use crate::report::{MetricReport, Report, explanation, for_terminal};
use crate::revision::Repository;

#[derive(Debug, ClapArgs)]
#[command(after_help = "Exit status: 0 explained; 2 there is nothing that could be, and why.")]
pub(super) struct ExplainArgs {
    /// The metric, with or without its case: `instructions_per_op/get`
    metric: String,

    /// Compare with the merge base of this revision and HEAD first [default: explain the last report]
    base: Option<String>,

    /// The revision to explain [default: the working tree as it stands]
    head: Option<String>,

    /// Compare with BASE itself instead of the merge base
    #[arg(long, requires = "base")]
    exact_base: bool,

    /// The report to explain [default: target/gate/report.json]
    #[arg(long, value_name = "FILE", conflicts_with = "base")]
    report: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &ExplainArgs, repository: Option<&Path>) -> Result<(), CliError> {
    let file = match (&args.report, &args.base) {
        (Some(file), _) => file.clone(),
        (None, None) => folder(repository)?.join("report.json"),
        (None, Some(base)) => measure(args, base, repository)?,
    };
    let report = judge::read_report(&file)?;
    let asked = |metric: &&MetricReport| {
        metric.id.as_str() == args.metric || metric.id.name() == args.metric
    };
    let metrics: Vec<&MetricReport> = report.metrics.iter().filter(asked).collect();
    if metrics.is_empty() {
        return Err(CliError::NoMetric {
            patterns: vec![args.metric.clone()],
            known: report.metrics.iter().map(|m| m.id.to_string()).collect(),
        });
    }
    let parts: Vec<String> = metrics.into_iter().map(explanation).collect();
    let text = format!("{}\n{}", revisions(&report), parts.join("\n"));
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| CliError::Stdout { source })
}

/// Compares that metric only, and names the report.
fn measure(args: &ExplainArgs, base: &str, repository: Option<&Path>) -> Result<PathBuf, CliError> {
    let reports = folder(repository)?;
    let out = reports.join("explain");
    let io = |source| CliError::Out {
        path: out.clone(),
        source,
    };
    std::fs::create_dir_all(&out).map_err(io)?;
    // Without this its files would count as changes of the working tree.
    std::fs::write(reports.join(".gitignore"), "*\n").map_err(io)?;
    let out_text = out.to_string_lossy();
    let mut words = vec!["gate", "compare", "--format", "none", "--fail-on", "never"];
    words.extend(["--only", args.metric.as_str(), "--out", out_text.as_ref()]);
    if args.exact_base {
        words.push("--exact-base");
    }
    words.extend(["--", base]);
    words.extend(args.head.as_deref());
    let Command::Compare(compare) = Args::parse_from(words).command else {
        return Err(CliError::NoMetric {
            patterns: vec![args.metric.clone()],
            known: Vec::new(),
        });
    };
    compare::run(compare, repository)?;
    Ok(out.join("report.json"))
}

/// Where comparisons leave their reports.
fn folder(repository: Option<&Path>) -> Result<PathBuf, CliError> {
    let repository = Repository::discover(repository.unwrap_or(Path::new(".")))?;
    Ok(repository.root().join("target/gate"))
}

fn revisions(report: &Report) -> String {
    let named = |revision: &crate::report::Revision| {
        let commit = revision.commit.as_deref().unwrap_or("no commit");
        let commit: String = commit.chars().take(12).collect();
        format!(
            "{} ({})",
            for_terminal(&revision.revision),
            for_terminal(&commit)
        )
    };
    format!(
        "base {}, head {}\n",
        named(&report.base),
        named(&report.head)
    )
}
