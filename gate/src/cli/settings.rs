//! The command line resolved: defaults filled in, the Action's inputs taken from the environment.
//!
//! The Action hands its inputs over as `GATE_*` variables, empty where the user gave none. What is
//! typed on the command line goes first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum as _;
use globset::{Glob, GlobSet, GlobSetBuilder};

use super::args::{CompareArgs, FailOn, Format, MeasuringArgs};
use super::error::CliError;
use super::progress::Chatter;
use super::revisions::SidesSettings;
use crate::publish::Step;

/// Measuring time of `--quick`.
pub(super) const QUICK_TIME: Duration = Duration::from_secs(45);

/// How much to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// As the budgets say, or as long as given.
    Full(Option<Duration>),
    /// A short look.
    Quick,
}

/// When measuring ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// As soon as every metric is decided.
    WhenDecided,
    /// After all planned rounds: what one runner finds must not decide how much it has to say.
    AsPlanned,
}

/// What is measured, and for how long: resolved.
#[derive(Debug)]
pub(super) struct MeasuringSettings {
    pub(super) sides: SidesSettings,
    pub(super) only: Option<GlobSet>,
    /// `only` as typed.
    pub(super) patterns: Vec<String>,
    pub(super) depth: Depth,
    pub(super) ending: Ending,
    pub(super) seed: u64,
    pub(super) out: Option<PathBuf>,
    pub(super) chatter: Chatter,
}

impl MeasuringSettings {
    /// Whether `--only` lets a metric through.
    pub(super) fn wants(&self, name: &str) -> bool {
        is_wanted(self.only.as_ref(), &self.patterns, name)
    }

    pub(super) fn new(args: MeasuringArgs, ending: Ending) -> Result<Self, CliError> {
        let max_time = match (args.max_time, input("GATE_MAX_TIME")) {
            (Some(time), _) => Some(time),
            (None, None) => None,
            (None, Some(text)) => Some(time(&text).map_err(|why| CliError::Input {
                name: "max-time",
                value: text,
                why,
            })?),
        };
        let budgets = match input("GATE_BUDGETS") {
            Some(path) if args.budgets == Path::new("budgets.toml") => path.into(),
            _ => args.budgets,
        };
        Ok(Self {
            sides: SidesSettings {
                base: args.base.or_else(|| input("GATE_BASE")),
                head: args.head.or_else(|| input("GATE_HEAD")),
                exact_base: args.exact_base,
                budgets,
            },
            only: globs(&args.only)?,
            patterns: args.only,
            depth: Depth::Full(max_time),
            ending,
            seed: args.seed.unwrap_or_else(rand::random),
            out: args.out,
            chatter: if args.quiet {
                Chatter::Quiet
            } else {
                Chatter::Steps
            },
        })
    }
}

/// `gate compare`, resolved.
#[derive(Debug)]
pub(super) struct CompareSettings {
    pub(super) what: MeasuringSettings,
    pub(super) format: Format,
    pub(super) fail_on: FailOn,
    pub(super) step: Step,
}

impl CompareSettings {
    pub(super) fn new(args: CompareArgs) -> Result<Self, CliError> {
        let mut what = MeasuringSettings::new(args.what, Ending::WhenDecided)?;
        if args.quick {
            what.depth = Depth::Quick;
        }
        Ok(Self {
            what,
            format: args.format,
            fail_on: fail_on(args.fail_on)?,
            step: step()?,
        })
    }
}

/// A time for measuring, as typed.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time > Duration::ZERO => Ok(time),
        _ => Err("write a time above zero such as 90s or 6m".to_owned()),
    }
}

/// From which verdict on the exit status is 1: as typed, else as the Action's input says.
pub(super) fn fail_on(typed: FailOn) -> Result<FailOn, CliError> {
    match input("GATE_FAIL_ON") {
        Some(text) if typed == FailOn::Fail => {
            FailOn::from_str(&text, false).map_err(|why| CliError::Input {
                name: "fail-on",
                value: text,
                why,
            })
        }
        _ => Ok(typed),
    }
}

/// The patterns of `--only`; `None` where there are none.
pub(super) fn globs(patterns: &[String]) -> Result<Option<GlobSet>, CliError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let glob = Glob::new(pattern).map_err(|error| CliError::Input {
            name: "--only",
            value: pattern.clone(),
            why: error.kind().to_string(),
        })?;
        set.add(glob);
    }
    set.build().map(Some).map_err(|error| CliError::Input {
        name: "--only",
        value: patterns.join(" "),
        why: error.to_string(),
    })
}

/// Whether `--only` lets a metric through: by its name, or by a pattern for its cases.
pub(super) fn is_wanted(only: Option<&GlobSet>, patterns: &[String], name: &str) -> bool {
    let Some(only) = only else {
        return true;
    };
    only.is_match(name)
        || patterns.iter().any(|pattern| {
            pattern.split_once('/').is_some_and(|(of_name, _)| {
                Glob::new(of_name).is_ok_and(|glob| glob.compile_matcher().is_match(name))
            })
        })
}

/// An input of the Action that is not empty.
pub(super) fn input(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The step's files, where the Action runs us: a workflow that merely calls `gate` keeps its
/// outputs to itself.
pub(super) fn step() -> Result<Step, CliError> {
    let Some(summary) = input("GATE_STEP_SUMMARY") else {
        return Ok(Step::default());
    };
    let summary = match summary.as_str() {
        "true" => input("GITHUB_STEP_SUMMARY").map(PathBuf::from),
        "false" => None,
        _ => {
            let why = "use true or false".to_owned();
            return Err(CliError::Input {
                name: "step-summary",
                value: summary,
                why,
            });
        }
    };
    Ok(Step::new(
        input("GITHUB_OUTPUT").map(PathBuf::from),
        summary,
    ))
}
