//! `gate check`: everything about a budgets file that can be found without measuring: what is wrong in
//! it, and what it says otherwise than base's.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::CheckArgs;
use super::error::CliError;
use super::revisions;
use crate::budget::{self, Budgets, budget_changes, live_trades};
use crate::report::{budget_line, for_terminal};
use crate::revision::{Repository, Revision};

/// Reads the file, says what is in it, and holds it against base's. Refused where a budget is looser
/// than base's without a reason: a comparison would fail.
pub(super) fn run(args: &CheckArgs, repository: Option<&Path>) -> Result<Exit, CliError> {
    if args.schema {
        let mut stdout = std::io::stdout().lock();
        return stdout
            .write_all(budget::schema().as_bytes())
            .and_then(|()| stdout.flush())
            .map(|()| Exit::Accepted)
            .map_err(|source| CliError::Stdout { source });
    }
    let path: PathBuf = repository.map_or_else(|| args.budgets.clone(), |r| r.join(&args.budgets));
    let text = std::fs::read_to_string(&path).map_err(|source| CliError::ReadBudgets {
        path: path.clone(),
        source,
    })?;
    let budgets = budget::read(&args.budgets.to_string_lossy(), &text)?;
    let (exit, lines) = match base(args, &path, repository) {
        Ok((base, of_base)) => against(&base, of_base.as_ref(), &budgets),
        Err(error) if args.base.is_some() => return Err(error),
        // Nobody asked for a base: the file may lie in no repository, or in one without a commit.
        Err(error) => (
            Exit::Accepted,
            vec![format!("not held against an earlier file: {error}")],
        ),
    };
    let good = match exit {
        Exit::Accepted => ": all good",
        Exit::Refused => "",
    };
    let said = format!(
        "{}: {}{good}\n{}\n",
        args.budgets.display(),
        summary(&budgets),
        lines.join("\n")
    );
    // Standard output may be closed; the exit status tells.
    drop(std::io::stdout().write_all(said.as_bytes()));
    Ok(exit)
}

/// The revision that a comparison of the working tree would take for base, and what its file says.
fn base(
    args: &CheckArgs,
    path: &Path,
    repository: Option<&Path>,
) -> Result<(Revision, Option<Budgets>), CliError> {
    let around = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = repository.or(around).unwrap_or(Path::new("."));
    let repository = Repository::discover(folder)?;
    let head = repository.working_tree()?;
    let base = revisions::base(&repository, args.base.as_deref(), &head)?;
    let unreadable = |source| CliError::ReadBudgets {
        path: path.to_owned(),
        source,
    };
    let file = path.canonicalize().map_err(unreadable)?;
    let root = repository.root().canonicalize().map_err(unreadable)?;
    let in_tree = file.strip_prefix(root).map_err(|_| CliError::Input {
        name: "FILE",
        value: path.display().to_string(),
        why: "it lies outside of the repository, which knows no earlier one".to_owned(),
    })?;
    let of_base = revisions::read_from(
        &repository,
        &base,
        &in_tree.to_string_lossy(),
        &format!("{} of {}", args.budgets.display(), base.name),
    )?;
    Ok((base, of_base))
}

/// What differs from base's file, a line each, and whether that may land.
fn against(base: &Revision, of_base: Option<&Budgets>, head: &Budgets) -> (Exit, Vec<String>) {
    let name = format!("{} ({})", for_terminal(&base.name), base.short());
    if of_base.is_none() {
        let line = format!("{name} has no such file: nothing to hold this one against");
        return (Exit::Accepted, vec![line]);
    }
    let changes = budget_changes(of_base, head);
    let trades = live_trades(of_base, head).live;
    if changes.is_empty() && trades.is_empty() {
        return (Exit::Accepted, vec![format!("the same as in {name}")]);
    }
    let mut lines = vec![format!("against {name}:")];
    lines.extend(
        changes
            .iter()
            .map(|change| "  ".to_owned() + &budget_line(change)),
    );
    lines.extend(trades.iter().map(|trade| {
        let reason = for_terminal(&trade.reason);
        format!(
            "  trade {}: counts for this change; \"{reason}\"",
            trade.metric
        )
    }));
    let silent = changes.iter().filter(|change| change.is_unjustified());
    match silent.count() {
        0 => (Exit::Accepted, lines),
        count => {
            let (is, them) = if count == 1 {
                ("is", "it")
            } else {
                ("are", "each")
            };
            lines.push(format!(
                "{count} of these {is} looser without a reason, which fails a comparison: write \
                 `reason = \"…\"` beside {them}; a metric that is taken out needs a trade with \
                 `allow = \"removed\"`"
            ));
            (Exit::Refused, lines)
        }
    }
}

fn summary(budgets: &Budgets) -> String {
    let counted =
        |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let metrics = || budgets.metrics.values();
    format!(
        "{} ({} exact, {} shown only), {}",
        counted(budgets.metrics.len(), "metric"),
        metrics().filter(|metric| metric.exact).count(),
        metrics().filter(|metric| metric.report_only).count(),
        counted(budgets.trades.len(), "trade"),
    )
}
