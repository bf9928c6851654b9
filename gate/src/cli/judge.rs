//! `gate judge`: the verdict of a report, from the samples in it.
//!
//! Nothing that the report concludes is taken over: verdicts, intervals and sentences are made again.
//! Other budgets stand for both revisions, as if they had been agreed before; of their trades those
//! count that base did not have, so that a trade can be tried before it is committed.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::args::{FailOn, Format};
use super::error::CliError;
use super::outcome;
use super::settings::{fail_on, step};
use super::{EXIT_CODES, Exit};
use crate::budget::{self, Budgets};
use crate::report::Report;

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(super) struct JudgeArgs {
    /// The report.json of a run
    #[arg(value_name = "REPORT")]
    report: PathBuf,

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
    let given = read_report(&args.report)?;
    let judged = match &args.budgets {
        None => given.judged_again()?,
        Some(file) => {
            let theirs = read_budgets(file)?;
            given.judged_with(Some(agreed(&given, &theirs)), theirs)?
        }
    };
    if args.budgets.is_none() && judged.verdict != given.verdict {
        // Standard error may be closed; the verdict is on standard output.
        drop(writeln!(
            std::io::stderr(),
            "{} says {}, its samples say {}",
            args.report.display(),
            given.verdict,
            judged.verdict
        ));
    }
    let out = args.out.as_deref().map(outcome::made).transpose()?;
    outcome::deliver(&judged, args.format, out.as_deref(), &step()?)?;
    Ok(Exit::of(judged.verdict, fail_on))
}

fn read_report(path: &Path) -> Result<Report, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::ReadReport {
        path: path.to_owned(),
        source,
    })?;
    Report::from_json(&text).map_err(|source| CliError::NoReport {
        path: path.to_owned(),
        source,
    })
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
