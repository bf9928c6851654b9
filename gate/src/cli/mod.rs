//! The command line: arguments in, an exit status out.
//!
//! | exit status | meaning |
//! |---|---|
//! | 0 | PASS, or WARN |
//! | 1 | FAIL (or WARN under `--fail-on warn`) |
//! | 2 | gate could not judge: bad arguments, bad budgets, failed build, crashed probe, missing value |

mod args;
mod baseline;
mod cache;
mod calibrate;
mod check;
mod compare;
mod counted;
mod doctor;
mod error;
mod explain;
mod groups;
mod init;
mod judge;
mod measure;
mod outcome;
mod post;
mod progress;
mod revisions;
mod schedule;
mod settings;
mod shares;
mod timed;
mod units;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command, FailOn};

pub use schedule::Schedule;

use crate::model::Verdict;

const EXIT_CODES: &str = "Exit status: 0 PASS or WARN; 1 FAIL (or WARN under --fail-on warn); \
                          2 gate could not judge, and says why.";

/// What a run of the program comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// PASS, or a verdict that the caller lets through.
    Accepted,
    /// A verdict that the caller wants to fail on.
    Refused,
}

impl Exit {
    const fn of(verdict: Verdict, fail_on: FailOn) -> Self {
        match (verdict, fail_on) {
            (Verdict::Fail, FailOn::Fail | FailOn::Warn) | (Verdict::Warn, FailOn::Warn) => {
                Self::Refused
            }
            _ => Self::Accepted,
        }
    }
}

/// Runs the program with the process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    // On a usage error clap shows it and exits with 2, before anything is started.
    let args = Args::parse();
    let repository = args
        .repository
        .or_else(|| settings::input("GATE_REPOSITORY").map(Into::into));
    let result = match args.command {
        Command::Compare(compare) => compare::run(compare, repository.as_deref()),
        Command::Baseline(args) => baseline::run(args, repository.as_deref()),
        Command::Check(check) => check::run(&check, repository.as_deref()),
        Command::Cache(cache) => cache::run(cache, repository.as_deref()).map(|()| Exit::Accepted),
        Command::Calibrate(calibrate) => calibrate::run(&calibrate, repository.as_deref()),
        Command::Doctor(doctor) => doctor::run(&doctor, repository.as_deref()),
        Command::Explain(explain) => {
            explain::run(&explain, repository.as_deref()).map(|()| Exit::Accepted)
        }
        Command::Init(init) => init::run(&init, repository.as_deref()).map(|()| Exit::Accepted),
        Command::Measure(measure) => {
            measure::run(measure, repository.as_deref()).map(|()| Exit::Accepted)
        }
        Command::Judge(judge) => judge::run(&judge),
        Command::Post(post) => post::run(post, repository.as_deref()).map(|()| Exit::Accepted),
    };
    match result {
        Ok(Exit::Accepted) => ExitCode::SUCCESS,
        Ok(Exit::Refused) => ExitCode::from(1),
        Err(error) => {
            error.show();
            ExitCode::from(2)
        }
    }
}
