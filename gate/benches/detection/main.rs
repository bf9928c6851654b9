//! How often gates are right: a study of this machine, recorded once and replayed at will.
//!
//! ```text
//! cargo bench -p gate --bench detection -- build DIR            two builds of the same code
//!                                          slices --builds DIR  how far rounds scatter, by slice length
//!                                          record --builds DIR --class NAME --iterations N --out FILE
//!                                          real --builds DIR --out FILE   `gate compare` on them
//!                                          replay               every rule on every trace: the table
//! ```

mod bench;
mod builds;
mod error;
mod ours;
mod outcome;
mod ratio;
mod real;
mod record;
mod replay;
mod rivals;
mod trace;
mod world;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use gate::budget::Budgets;
use gate::measure::SLICE;
use gate::process::Interrupt;

use bench::Cut;
use builds::Builds;
use error::StudyError;
use ours::Gate;
use real::Real;
use record::Recording;
use replay::Table;

/// The budgets that the study is about: this repository's own.
const BUDGETS: &str = include_str!("../../../budgets.toml");
/// Where the traces of the README's table are.
const TRACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/detection/traces");

#[derive(Debug, Parser)]
#[command(about = "How often gates are right: record rounds on this machine, and replay them")]
struct Args {
    #[command(subcommand)]
    command: Command,
    /// What cargo appends
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the two arms: HEAD of this repository, and the same with a comment more
    Build {
        /// Where they go
        dir: PathBuf,
    },
    /// Compare lengths of slices, in rounds of identical code that take turns
    Slices {
        /// What `build` made
        #[arg(long)]
        builds: PathBuf,
        /// Lengths in milliseconds
        #[arg(long, value_delimiter = ',', default_value = "25,50")]
        lengths: Vec<u64>,
        /// Rounds of each length
        #[arg(long, default_value_t = 16)]
        rounds: u32,
        /// Seconds of slices in a round
        #[arg(long, default_value_t = 8)]
        seconds: u64,
        /// Where everything random comes from
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// A folder for the rounds
        #[arg(long)]
        out: PathBuf,
    },
    /// Record a class of rounds
    Record {
        /// What `build` made
        #[arg(long)]
        builds: PathBuf,
        /// Its name
        #[arg(long)]
        class: String,
        /// Iterations that every command of head spins first
        #[arg(long, default_value_t = 0)]
        iterations: u32,
        /// Main rounds
        #[arg(long, default_value_t = 60)]
        rounds: u32,
        /// Confirmation rounds, with a control arm
        #[arg(long, default_value_t = 10)]
        confirmation: u32,
        /// Slices of every arm in a round, as `gate compare` takes them unless given
        #[arg(long)]
        slices: Option<u32>,
        /// Where everything random comes from
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The trace
        #[arg(long)]
        out: PathBuf,
    },
    /// Replay every rule on every trace, and print what each said
    Replay {
        /// The folder of the traces
        #[arg(long, default_value = TRACES)]
        traces: PathBuf,
        /// Runs of each rule on each class
        #[arg(long, default_value_t = 1000)]
        runs: u32,
        /// Where everything random comes from
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Run `gate compare` itself on identical code, and keep what it says
    Real {
        /// What `build` made
        #[arg(long)]
        builds: PathBuf,
        /// How many times
        #[arg(long, default_value_t = 30)]
        runs: u32,
        /// The seed of the first run; the next ones count up
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The file that gets a line a run
        #[arg(long)]
        out: PathBuf,
        /// The trace that gets a line a round
        #[arg(long)]
        trace: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is closed, too.
            let _ = writeln!(io::stderr(), "detection: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), StudyError> {
    let interrupt = Interrupt::install()?;
    let budgets: Budgets = gate::budget::read("budgets.toml", BUDGETS)
        .map_err(|error| StudyError::Budgets(Box::new(error)))?;
    let mut out = io::stdout().lock();
    match command {
        Command::Build { dir } => {
            let dir = std::path::absolute(dir)?;
            let builds = Builds::make(&dir, &budgets, &interrupt)?;
            writeln!(
                out,
                "{} and {}: {}",
                builds.base, builds.head, builds.difference
            )?;
            Ok(())
        }
        Command::Slices {
            builds,
            lengths,
            rounds,
            seconds,
            seed,
            out: folder,
        } => {
            let recording = Recording {
                builds: &builds,
                out: &folder,
                class: "slices".to_owned(),
                iterations: 0,
                cut: Cut {
                    slice: SLICE,
                    slices: 0,
                },
                main: rounds,
                confirmation: 0,
                seed,
            };
            let lengths: Vec<Duration> = lengths.into_iter().map(Duration::from_millis).collect();
            let seconds = Duration::from_secs(seconds);
            record::slices(
                &recording, &lengths, seconds, &budgets, &interrupt, &mut out,
            )
        }
        Command::Record {
            builds,
            class,
            iterations,
            rounds,
            confirmation,
            slices,
            seed,
            out: path,
        } => {
            let recording = Recording {
                builds: &builds,
                out: &path,
                class,
                iterations,
                cut: Cut {
                    slice: SLICE,
                    slices: slices.unwrap_or(Gate::new(&budgets)?.schedule().slices),
                },
                main: rounds,
                confirmation,
                seed,
            };
            record::record(&recording, &budgets, &interrupt, &mut out)
        }
        Command::Replay { traces, runs, seed } => {
            let worlds = replay::worlds(&replay::traces(&traces)?)?;
            let table = Table::new(&worlds, &budgets, runs, seed)?;
            writeln!(
                out,
                "{runs} replays of each rule on each class, seed {seed}"
            )?;
            writeln!(out, "{}\n{}", table.markdown(), table.summary())?;
            Ok(())
        }
        Command::Real {
            builds,
            runs,
            seed,
            out: path,
            trace,
        } => {
            let real = Real {
                builds: &std::path::absolute(builds)?,
                out: &path,
                trace: &trace,
                runs,
                seed,
            };
            real::run(&real, &interrupt, &mut out)
        }
    }
}
