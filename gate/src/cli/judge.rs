//! `gate judge`: the verdict of what several runners measured, or of a report again.
//!
//! Nothing that a report concludes is taken over: verdicts, intervals and sentences are made again from
//! the samples. Other budgets stand for both revisions, as if they had been agreed before; of their
//! trades those count that base did not have, so that a trade can be tried before it is committed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use serde::Deserialize;

use super::args::{FailOn, Format};
use super::error::CliError;
use super::outcome;
use super::settings::{fail_on, input, step};
use super::{EXIT_CODES, Exit};
use crate::budget::{self, Budgets};
use crate::report::{Measured, Report};

/// Folders inside one another that are searched for samples.
const DEPTH_MAX: usize = 3;

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(super) struct JudgeArgs {
    /// The samples.json of every runner, folders with them, or the report.json of one run
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Judge by this budgets file instead of the budgets that the run was measured with
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,

    /// Write report.json and report.md there too
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// From which verdict on to exit with 1
    #[arg(long, value_enum, default_value_t = FailOn::Fail, value_name = "VERDICT")]
    fail_on: FailOn,
}

/// Runs the command.
pub(super) fn run(args: &JudgeArgs) -> Result<Exit, CliError> {
    let fail_on = fail_on(args.fail_on)?;
    let given = match (args.files.as_slice(), input("GATE_SAMPLES")) {
        ([], Some(folder)) => given(&[PathBuf::from(folder)])?,
        ([], None) => return Err(CliError::NothingNamed),
        (files, _) => given(files)?,
    };
    let judged = match &args.budgets {
        None => given.report.judged_again()?,
        Some(file) => {
            let theirs = read_budgets(file)?;
            let agreed = agreed(&given.report, &theirs);
            given.report.judged_with(Some(agreed), theirs)?
        }
    };
    if let (Some(path), None) = (&given.report_of, &args.budgets) {
        let stated = given.report.verdict;
        if judged.verdict != stated {
            // Standard error may be closed; the verdict is on standard output.
            drop(writeln!(
                std::io::stderr(),
                "{} says {stated}, its samples say {}",
                path.display(),
                judged.verdict
            ));
        }
    }
    let out = args.out.as_deref().map(outcome::made).transpose()?;
    outcome::deliver(&judged, args.format, out.as_deref(), &step()?)?;
    Ok(Exit::of(judged.verdict, fail_on))
}

/// What there is to judge.
struct Given {
    report: Report,
    /// The file, where it is a report that states a verdict.
    report_of: Option<PathBuf>,
}

fn given(named: &[PathBuf]) -> Result<Given, CliError> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let before = files.len();
            search(path, DEPTH_MAX, &mut files)?;
            if files.len() == before {
                return Err(CliError::NoSamples { path: path.clone() });
            }
        } else {
            files.push(path.clone());
        }
    }
    let texts = files
        .into_iter()
        .map(|path| Ok((read(&path)?, path)))
        .collect::<Result<Vec<_>, CliError>>()?;
    if let [(text, path)] = texts.as_slice()
        && !holds_samples(text)
    {
        return Ok(Given {
            report: Report::from_json(text).map_err(no_report(path))?,
            report_of: Some(path.clone()),
        });
    }
    let measured = |(text, path): (String, PathBuf)| {
        if !holds_samples(&text) {
            // A file that is neither is told what is wrong with it.
            Report::from_json(&text).map_err(no_report(&path))?;
            return Err(CliError::NotSamples { path });
        }
        let measured = Measured::from_json(&text).map_err(no_report(&path))?;
        Ok((path.display().to_string(), measured))
    };
    let measured = texts
        .into_iter()
        .map(measured)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Given {
        report: Report::pooled(measured)?,
        report_of: None,
    })
}

/// Whether a file says that it holds the samples of a runner.
fn holds_samples(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let head: Option<Head> = serde_json::from_str(text).ok();
    head.is_some_and(|head| head.schema.starts_with("gate-samples/"))
}

fn no_report(path: &Path) -> impl FnOnce(crate::report::ReportError) -> CliError {
    let path = path.to_owned();
    |source| CliError::NoReport { path, source }
}

/// Every `.json` file in a folder and the folders in it, by name.
fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let unreadable = |source| CliError::ReadReport {
        path: folder.to_owned(),
        source,
    };
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth > 0 {
                search(&path, depth - 1, found)?;
            }
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::ReadReport {
        path: path.to_owned(),
        source,
    })
}

/// Reads a report, as a run left it.
pub(super) fn read_report(path: &Path) -> Result<Report, CliError> {
    Report::from_json(&read(path)?).map_err(no_report(path))
}

fn read_budgets(path: &Path) -> Result<Budgets, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::ReadBudgets {
        path: path.to_owned(),
        source,
    })?;
    Ok(budget::read(&path.to_string_lossy(), &text)?)
}

/// The same budgets as base would have them: with base's own trades, which are spent.
fn agreed(report: &Report, budgets: &Budgets) -> Budgets {
    let trades = report.budgets.base.as_ref().map(|base| base.trades.clone());
    Budgets {
        trades: trades.unwrap_or_default(),
        ..budgets.clone()
    }
}
