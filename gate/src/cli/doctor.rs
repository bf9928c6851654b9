//! `gate doctor`: is this machine fit to measure on, and what is missing.
//!
//! ```text
//! cores      fit      server on 0, load generator on 1
//! burn-in    WARNING  50 ms of the same work vary by ±7.1 %, longest pause 3.8 ms
//!            mend     stop what else runs here; …
//! ```

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;

use super::Exit;
use super::error::CliError;
use crate::budget::{self, Budgets};
use crate::build::cache_root;
use crate::process::{Interrupt, Plan, Ticks};
use crate::report::for_terminal;
use crate::runner::{Finding, Fitness, Runner, TRIAL_TIME, Tool, Trial, burn_in, findings};

const EXIT_CODES: &str = "Exit status: 0 fit, warnings included; 1 unfit; 2 gate could not find out, and \
                          says why.";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(super) struct DoctorArgs {
    /// Look for the programs that this budgets file needs, where there is one
    #[arg(long, value_name = "FILE", default_value = "budgets.toml")]
    budgets: PathBuf,

    /// What to print on standard output
    #[arg(long, value_enum, default_value_t = DoctorFormat::Table)]
    format: DoctorFormat,
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DoctorFormat {
    /// For people at a terminal
    Table,
    /// For programs
    Json,
}

/// What was found, as JSON.
#[derive(Debug, Serialize)]
struct Examination<'a> {
    schema: &'static str,
    state: Fitness,
    machine: &'a Runner,
    checks: &'a [Finding],
}

/// Runs the command.
pub(super) fn run(args: &DoctorArgs, repository: Option<&Path>) -> Result<Exit, CliError> {
    let interrupt = Interrupt::install().map_err(|source| CliError::Signals { source })?;
    let tools = tools(budgets(args, repository)?.as_ref());
    let plan = Plan::for_this_machine()?;
    let machine = Runner::describe(plan.clone(), &interrupt)?;
    let before = Ticks::read()?;
    let burn_in = burn_in(&plan, TRIAL_TIME, &interrupt)?;
    let trial = Trial {
        burn_in,
        steal_pct: Ticks::read()?.steal_pct_since(before),
    };
    let checks = findings(&machine, &trial, &tools, &cache_root()?);
    let state = checks.iter().map(|check| check.state).max();
    let state = state.unwrap_or(Fitness::Unfit);
    let text = match args.format {
        DoctorFormat::Table => table(&machine, &checks, state),
        DoctorFormat::Json => {
            let examination = Examination {
                schema: "gate-doctor/1",
                state,
                machine: &machine,
                checks: &checks,
            };
            let json = serde_json::to_string_pretty(&examination);
            json.map_err(crate::report::ReportError::from)? + "\n"
        }
    };
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| CliError::Stdout { source })?;
    Ok(match state {
        Fitness::Fit | Fitness::Warning => Exit::Accepted,
        Fitness::Unfit => Exit::Refused,
    })
}

/// The budgets, where there are any: a file with a mistake in it is told, as everywhere.
fn budgets(args: &DoctorArgs, repository: Option<&Path>) -> Result<Option<Budgets>, CliError> {
    let path = repository.map_or_else(|| args.budgets.clone(), |r| r.join(&args.budgets));
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(budget::read(&args.budgets.to_string_lossy(), &text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(CliError::ReadBudgets { path, source }),
    }
}

/// What a run starts, and what it may start.
fn tools(budgets: Option<&Budgets>) -> Vec<Tool> {
    let tool = |name: &str, purpose, missing| Tool {
        name: name.to_owned(),
        purpose,
        missing,
    };
    let mut tools = vec![tool("git", "every comparison", Fitness::Unfit)];
    let build = budgets.and_then(|budgets| budgets.subject.build.first());
    if let Some(build) = build.filter(|build| !build.contains('/') && *build != "git") {
        tools.push(tool(build, "`subject.build`", Fitness::Unfit));
    }
    tools.extend([
        tool("cc", "building most servers", Fitness::Warning),
        tool("valgrind", "the probe `callgrind`", Fitness::Warning),
        tool(
            "redis-server",
            "a comparison with Redis, for which nothing else is required,",
            Fitness::Warning,
        ),
    ]);
    tools
}

fn table(machine: &Runner, checks: &[Finding], state: Fitness) -> String {
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
    let name = width(&mut checks.iter().map(|check| check.check.len()));
    let mut lines = vec![for_terminal(&about(machine)), String::new()];
    for check in checks {
        let state = word(check.state);
        let found = for_terminal(&check.found);
        lines.push(format!("{:name$}  {state:7}  {found}", check.check));
        if let Some(mend) = &check.mend {
            lines.push(format!("{:name$}  mend     {}", "", for_terminal(mend)));
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let (warnings, unfit) = (count(Fitness::Warning), count(Fitness::Unfit));
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    lines.extend([
        String::new(),
        match state {
            Fitness::Fit => "fit to measure on".to_owned(),
            Fitness::Warning => {
                format!(
                    "fit to measure on, with {warnings} warning{}",
                    plural(warnings)
                )
            }
            Fitness::Unfit => format!(
                "unfit to measure on: {unfit} reason{}, {warnings} warning{}",
                plural(unfit),
                plural(warnings)
            ),
        },
        String::new(),
    ]);
    lines.join("\n")
}

const fn word(state: Fitness) -> &'static str {
    match state {
        Fitness::Fit => "fit",
        Fitness::Warning => "WARNING",
        Fitness::Unfit => "UNFIT",
    }
}

/// What machine this is.
fn about(machine: &Runner) -> String {
    let cores = machine.cores.map(|cores| format!("{cores} cores"));
    let known = [
        machine.cpu_model.clone(),
        cores,
        machine
            .kernel
            .as_ref()
            .map(|kernel| format!("kernel {kernel}")),
        machine.c_library.clone(),
        machine.virtual_machine.clone(),
    ];
    known.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
