//! The command line as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::EXIT_CODES;
use super::baseline::BaselineArgs;
use super::cache::CacheArgs;
use super::calibrate::CalibrateArgs;
use super::doctor::DoctorArgs;
use super::explain::ExplainArgs;
use super::init::InitArgs;
use super::judge::JudgeArgs;
use super::measure::MeasureArgs;
use super::post::PostArgs;
use super::settings;

/// A performance gate: rebuilds base and head, measures both under one harness, and says PASS,
/// WARN or FAIL.
#[derive(Debug, Parser)]
#[command(name = "gate", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Args {
    /// The repository to work on [default: the one around the current folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) repository: Option<PathBuf>,

    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Rebuild two revisions, measure both, judge, and report
    Compare(CompareArgs),
    /// Validate budgets.toml without measuring
    Check(CheckArgs),
    /// Record the exact metrics, or hold them against what was recorded
    Baseline(BaselineArgs),
    /// Write a commented budgets.toml and workflows for this repository
    Init(InitArgs),
    /// Compare a revision with its own copy: false alarms, band, smallest visible change
    Calibrate(CalibrateArgs),
    /// Is this machine fit to measure on, and what is missing
    Doctor(DoctorArgs),
    /// Where the change of a counted metric comes from: functions, or kinds of bytes
    Explain(ExplainArgs),
    /// Measure as one of several runners, and leave the samples for `gate judge`
    Measure(MeasureArgs),
    /// Judge what several runners measured, or a report again, from its samples
    Judge(JudgeArgs),
    /// Publish a report as the comment of its pull request, in a job of GitHub Actions
    Post(PostArgs),
    /// What a run can take over from an earlier one: for the cache of a CI service
    Cache(CacheArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    pub(super) what: MeasuringArgs,

    /// A short look: fewer and shorter rounds, at most 45 s of measuring
    #[arg(long, conflicts_with = "max_time")]
    pub(super) quick: bool,

    /// What to print on standard output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) format: Format,

    /// From which verdict on to exit with 1
    #[arg(long, value_enum, default_value_t = FailOn::Fail, value_name = "VERDICT")]
    pub(super) fail_on: FailOn,
}

/// What is measured, and for how long.
#[derive(Debug, ClapArgs)]
pub(super) struct MeasuringArgs {
    /// Compare with the merge base of this revision and HEAD [default: the default branch; its
    /// previous commit where HEAD is on it]
    pub(super) base: Option<String>,

    /// The revision to judge [default: the working tree as it stands]
    pub(super) head: Option<String>,

    /// Compare with BASE itself instead of the merge base
    #[arg(long, requires = "base")]
    pub(super) exact_base: bool,

    /// The budgets file, from the top of the repository
    #[arg(long, value_name = "FILE", default_value = "budgets.toml")]
    pub(super) budgets: PathBuf,

    /// Measure only the metrics that match; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub(super) only: Vec<String>,

    /// Time for measuring, builds apart; replaces `run.max_time`
    #[arg(long, value_name = "TIME", value_parser = settings::time)]
    pub(super) max_time: Option<Duration>,

    /// Draw orders, ports and keys from this number [default: drawn anew and printed]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,

    /// Where the results and the logs go [default: target/gate]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// No progress on standard error
    #[arg(long, short)]
    pub(super) quiet: bool,
}

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Exit status: 0 nothing wrong; 1 a budget is looser than base's without a reason; \
                  2 the file is wrong or cannot be read."
)]
pub(super) struct CheckArgs {
    /// The budgets file to check
    #[arg(default_value = "budgets.toml", value_name = "FILE")]
    pub(super) budgets: PathBuf,

    /// Hold it against the file of the merge base with REV [default: the base that `compare` takes]
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,

    /// Check nothing, and print the JSON schema by which editors complete and check such a file
    #[arg(long, conflicts_with_all = ["budgets", "base"])]
    pub(super) schema: bool,
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people at a terminal
    Table,
    /// What a pull request shows
    Markdown,
    /// The report with every sample
    Json,
    /// Nothing
    None,
}

/// From which verdict on the exit status is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// FAIL only
    Fail,
    /// WARN too
    Warn,
    /// No verdict
    Never,
}
