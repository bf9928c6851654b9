//! `gate check`: everything about a budgets file that can be found without measuring.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::CheckArgs;
use super::error::CliError;
use crate::budget::{self, Budgets};

/// Reads the file and says what is in it.
pub(super) fn run(args: &CheckArgs, repository: Option<&Path>) -> Result<(), CliError> {
    if args.schema {
        let mut stdout = std::io::stdout().lock();
        return stdout
            .write_all(budget::schema().as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|source| CliError::Stdout { source });
    }
    let path: PathBuf = repository.map_or_else(|| args.budgets.clone(), |r| r.join(&args.budgets));
    let text = std::fs::read_to_string(&path).map_err(|source| CliError::ReadBudgets {
        path: path.clone(),
        source,
    })?;
    let budgets = budget::read(&args.budgets.to_string_lossy(), &text)?;
    // Standard output may be closed; the exit status tells.
    drop(writeln!(
        std::io::stdout(),
        "{}: {}",
        args.budgets.display(),
        summary(&budgets)
    ));
    Ok(())
}

fn summary(budgets: &Budgets) -> String {
    let counted =
        |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let exact = budgets
        .metrics
        .values()
        .filter(|metric| metric.exact)
        .count();
    let report_only = budgets
        .metrics
        .values()
        .filter(|metric| metric.report_only)
        .count();
    format!(
        "{} ({exact} exact, {report_only} shown only), {}: all good",
        counted(budgets.metrics.len(), "metric"),
        counted(budgets.trades.len(), "trade"),
    )
}
