//! `gate measure`: one of several runners, whose samples `gate judge` makes one report of.
//!
//! It measures as many rounds as were planned, the confirmation with its control among them, and judges
//! nothing: which rounds a runner has must not depend on what it found.

use std::io::Write as _;
use std::path::Path;

use clap::Args as ClapArgs;

use super::args::MeasuringArgs;
use super::compare::{self, MeasuredRun};
use super::error::CliError;
use super::settings::{Ending, MeasuringSettings, input, step};
use crate::judge::judge;
use crate::publish::write_report;
use crate::report::{Measured, Shard};

/// What it leaves behind.
const FILE: &str = "samples.json";
const EXIT_CODES: &str = "Exit status: 0 measured; 2 not measured, and why. The verdict is that of \
                          `gate judge` on the samples.json of every runner.";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(super) struct MeasureArgs {
    #[command(flatten)]
    what: MeasuringArgs,

    /// Which runner of how many this is, as in 2/3 [default: 1/1]
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

/// Runs the command.
pub(super) fn run(args: MeasureArgs, repository: Option<&Path>) -> Result<(), CliError> {
    let step = step()?;
    let shard = shard(args.shard)?;
    let seed = args.what.seed.map(|seed| shard.seed(seed));
    let what = MeasuringArgs { seed, ..args.what };
    let settings = MeasuringSettings::new(what, Ending::AsPlanned)?;
    let MeasuredRun { out, facts, input } = compare::measured(&settings, &[FILE], repository)?;
    // What cannot be judged is told where it was measured. What it says is not looked at.
    judge(&input)?;
    let measured = Measured::new(shard, facts, input);
    write_report(&out.path, FILE, &measured.to_json()?)?;
    let path = out.path.join(FILE);
    step.set("samples-json", &path.to_string_lossy())?;
    let told = format!(
        "{}: shard {shard}, not judged; `gate judge` takes the {FILE} of every shard\n",
        path.display()
    );
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(told.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| CliError::Stdout { source })
}

/// As typed, else as the Action's input says, else the only one.
fn shard(typed: Option<Shard>) -> Result<Shard, CliError> {
    match (typed, input("GATE_SHARD")) {
        (Some(shard), _) => Ok(shard),
        (None, None) => Ok(Shard::ONLY),
        (None, Some(text)) => {
            text.parse()
                .map_err(|error: crate::report::ShardError| CliError::Input {
                    name: "shard",
                    value: text.clone(),
                    why: error.to_string(),
                })
        }
    }
}
