//! `gate calibrate`: a revision against its own copy, again and again.
//!
//! ```text
//! build once ─► copy ─┬─► count both copies twice: do counts repeat?
//!                     └─► a run as `gate compare` makes it, judged as it is there ─► N times
//! ```
//!
//! Both copies are files of their own under paths of the same length, as two builds are. Runs end as
//! early as any: what a whole one could see is foreseen from the rounds of all of them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args as ClapArgs, ValueEnum};
use globset::GlobSet;
use tempfile::TempDir;

use super::Exit;
use super::counted::{self, CountedArm, Counting};
use super::error::CliError;
use super::groups::{self, TimedMetric};
use super::outcome;
use super::progress::{Chatter, Progress};
use super::revisions::Sides;
use super::schedule::Schedule;
use super::settings::{Ending, globs, is_wanted, time};
use super::shares::Shares;
use super::timed::{self, TimedArms, TimedSettings};
use super::units;
use crate::budget::Budgets;
use crate::build::{Artifacts, Room, cache_root};
use crate::judge::{
    JudgeInput, Limit, Limits, MetricInput, NoisyMetric, Plan as Looks, Rounds, Taken, foresee,
    judge,
};
use crate::measure::ExactSettings;
use crate::model::{Arm, MetricId, Percent, RoundSet, Samples, Verdict};
use crate::process::{Interrupt, Plan};
use crate::report::{Calibration, CountedTwice, NoisyCalibration, ReportError, calibration};
use crate::runner::Runner;

const EXIT_CODES: &str =
    "Exit status: 0 calibrated, whatever was found; 2 gate could not measure, and says why.";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(super) struct CalibrateArgs {
    /// The revision to compare with its own copy [default: the working tree as it stands]
    revision: Option<String>,

    /// The budgets file, from the top of the repository
    #[arg(long, value_name = "FILE", default_value = "budgets.toml")]
    budgets: PathBuf,

    /// Measure only the metrics that match; may be given several times
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,

    /// How many runs to make, each of at most `run.max_time` of the budgets
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,

    /// Begin no further run that would end after this time
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = time)]
    max_time: Duration,

    /// Draw orders, ports and keys from this number [default: drawn anew and printed]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Where the logs go [default: target/gate]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// What to print on standard output
    #[arg(long, value_enum, default_value_t = CalibrateFormat::Table)]
    format: CalibrateFormat,

    /// No progress on standard error
    #[arg(long, short)]
    quiet: bool,
}

/// What goes to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CalibrateFormat {
    /// For people at a terminal, with a stanza for budgets.toml
    Table,
    /// For programs
    Json,
}

/// Runs the command.
pub(super) fn run(args: &CalibrateArgs, repository: Option<&Path>) -> Result<Exit, CliError> {
    let only = globs(&args.only)?;
    let interrupt = Interrupt::install().map_err(|source| CliError::Signals { source })?;
    let chatter = if args.quiet {
        Chatter::Quiet
    } else {
        Chatter::Steps
    };
    let progress = Progress::new(chatter);
    let sides = Sides::twice(args.revision.as_deref(), &args.budgets, repository)?;
    let out = outcome::folder(args.out.as_deref(), &sides)?;
    let bench = Bench {
        args,
        only: only.as_ref(),
        sides: &sides,
        out: &out.path,
        machine: Runner::describe(Plan::for_this_machine()?, &interrupt)?,
        progress: &progress,
        interrupt: &interrupt,
        seed: args.seed.unwrap_or_else(rand::random),
    };
    let found = bench.calibrate()?;
    progress.finish();
    let text = match args.format {
        CalibrateFormat::Table => calibration(&found),
        CalibrateFormat::Json => {
            serde_json::to_string_pretty(&found).map_err(ReportError::from)? + "\n"
        }
    };
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| CliError::Stdout { source })?;
    Ok(Exit::Accepted)
}

/// What stays the same over all runs.
struct Bench<'a> {
    args: &'a CalibrateArgs,
    only: Option<&'a GlobSet>,
    sides: &'a Sides,
    out: &'a Path,
    machine: Runner,
    progress: &'a Progress,
    interrupt: &'a Interrupt,
    seed: u64,
}

/// The paths of both copies' artifacts.
struct Copies {
    base: BTreeMap<String, PathBuf>,
    head: BTreeMap<String, PathBuf>,
    /// The files go when this does.
    _folder: TempDir,
}

/// One metric over all runs.
struct Gathered {
    metric: TimedMetric,
    failed: u32,
    warned: u32,
}

impl Bench<'_> {
    fn calibrate(&self) -> Result<Calibration, CliError> {
        let budgets = &self.sides.head_budgets;
        let wanted = |name: &&str| is_wanted(self.only, &self.args.only, name);
        let timed: Vec<&str> = groups::names(budgets).filter(wanted).collect();
        let counted: Vec<&str> = counted::names(budgets).filter(wanted).collect();
        if timed.is_empty() && counted.is_empty() {
            return Err(CliError::NoMetric {
                patterns: self.args.only.clone(),
                known: budgets.metrics.keys().cloned().collect(),
            });
        }
        let copies = self.build()?;
        let exact = self.count(&counted, &copies)?;
        let (judged, shown) = groups::group_counts(&timed, budgets)?;
        let shares = Shares::new(budgets.run.max_time, judged, shown);
        let schedule = Schedule::new(shares.judged, budgets.run.confidence)?;
        let mut gathered: BTreeMap<MetricId, Gathered> = BTreeMap::new();
        let (start, mut took) = (Instant::now(), Vec::new());
        while !timed.is_empty() && took.len() < self.args.runs as usize {
            let longest = took.iter().max().copied().unwrap_or_default();
            if !took.is_empty() && start.elapsed() + longest > self.args.max_time {
                self.progress.say("no time for another run (--max-time)");
                break;
            }
            self.progress
                .say(&format!("run {} of {}", took.len() + 1, self.args.runs));
            let run = Instant::now();
            self.run(
                &timed,
                &copies,
                shares,
                &schedule,
                took.len() as u64,
                &mut gathered,
            )?;
            took.push(run.elapsed());
        }
        took.sort_unstable();
        let median = took.get(took.len() / 2).copied().unwrap_or_default();
        Ok(Calibration {
            schema: "gate-calibration/1",
            revision: format!("{} ({})", self.sides.head.name, self.sides.head.short()),
            runner: outcome::runner(&self.machine),
            runs: u32::try_from(took.len()).unwrap_or(u32::MAX),
            runs_wanted: if timed.is_empty() { 0 } else { self.args.runs },
            run_seconds_max: budgets.run.max_time.as_secs_f64(),
            run_seconds: median.as_secs_f64(),
            seed: self.seed,
            noisy: gathered
                .into_values()
                .map(|metric| self.foreseen(&metric, &schedule.plan))
                .collect::<Result<_, _>>()?,
            exact,
        })
    }

    /// Builds the revision once, and copies what the build left behind, twice.
    fn build(&self) -> Result<Copies, CliError> {
        let Sides {
            repository,
            head,
            head_budgets,
            ..
        } = self.sides;
        let room = Room::open(&cache_root()?, repository)?;
        self.progress.step(&format!("building {}", head.short()));
        let log = self.out.join("build-calibrate.log");
        let subject = &head_budgets.subject;
        let built = room.build(repository, head, Arm::Base, subject, &log, self.interrupt)?;
        let folder = TempDir::with_prefix("gate-calibrate-").map_err(|source| CliError::Out {
            path: std::env::temp_dir(),
            source,
        })?;
        Ok(Copies {
            base: copied(&built.artifacts, &folder.path().join("a"))?,
            head: copied(&built.artifacts, &folder.path().join("b"))?,
            _folder: folder,
        })
    }

    fn count(&self, names: &[&str], copies: &Copies) -> Result<Vec<CountedTwice>, CliError> {
        let budgets = &self.sides.head_budgets;
        let arm = |arm, artifacts| CountedArm {
            arm,
            budgets: Some(budgets),
            artifacts,
        };
        let counting = Counting {
            head: budgets,
            arms: vec![arm(Arm::Base, &copies.base), arm(Arm::Head, &copies.head)],
            // Whether the same bytes count the same is what is asked.
            same_bytes: None,
            settings: ExactSettings {
                cores: self.machine.placement.server.clone(),
                limit: counted::RUN_MAX,
            },
            cores: self.machine.placement.all(),
            progress: self.progress,
            interrupt: self.interrupt,
        };
        let mut twice = Vec::new();
        for MetricInput { id, unit, taken } in counting.count(names)?.metrics {
            match taken {
                Taken::Samples(Samples::Exact(samples)) => {
                    let counts = [samples.base, samples.head].concat();
                    twice.push(CountedTwice::new(id, unit, counts));
                }
                Taken::Unavailable(why) => {
                    self.progress.say(&format!("{id} is not counted: {why}"));
                }
                _ => {}
            }
        }
        Ok(twice)
    }

    /// One run, measured and judged as a comparison is.
    fn run(
        &self,
        names: &[&str],
        copies: &Copies,
        shares: Shares,
        schedule: &Schedule,
        number: u64,
        gathered: &mut BTreeMap<MetricId, Gathered>,
    ) -> Result<(), CliError> {
        let budgets = &self.sides.head_budgets;
        if names.is_empty() {
            return Ok(());
        }
        // Both sides have the same budgets, so no trade of theirs is one of this change.
        let limits = Limits::new(&[], budgets)?;
        let settings = TimedSettings {
            budgets,
            limits: &limits,
            seed: self.seed.wrapping_add(number),
            ending: Ending::WhenDecided,
            cores: self.machine.placement.clone(),
            logs: self.out,
            shares,
        };
        let arms = TimedArms {
            base: &copies.base,
            head: &copies.head,
            base_budgets: budgets,
        };
        let run = timed::time(
            names,
            &settings,
            schedule,
            arms,
            self.progress,
            self.interrupt,
        )?;
        let input = judge_input(budgets, names, &run.metrics, schedule)?;
        for row in judge(&input)?.rows {
            let Some(metric) = run.metrics.iter().find(|metric| metric.id == row.id) else {
                continue;
            };
            let all = gathered.entry(row.id).or_insert_with(|| Gathered {
                metric: TimedMetric {
                    rounds: Vec::new(),
                    ..metric.clone()
                },
                failed: 0,
                warned: 0,
            });
            all.failed += u32::from(row.verdict == Verdict::Fail);
            all.warned += u32::from(row.verdict == Verdict::Warn);
            let main = metric
                .rounds
                .iter()
                .filter(|round| round.set == RoundSet::Main);
            all.metric.rounds.extend(main.cloned());
        }
        Ok(())
    }

    /// What a whole run of the metric could see.
    fn foreseen(&self, of: &Gathered, plan: &Looks) -> Result<NoisyCalibration, CliError> {
        let budgets = &self.sides.head_budgets;
        let id = &of.metric.id;
        let spec = budgets.metrics.get(id.name());
        let spec = spec.ok_or_else(|| crate::judge::JudgeError::NotInBudgets(id.clone()))?;
        let unit = units::of(of.metric.quantity)?;
        let limit = Limits::new(&[], budgets)?.of(id, &unit)?;
        let metric = NoisyMetric {
            id,
            direction: spec.direction,
            floor: spec.floor,
            // Nothing is held against it here.
            limit: limit.clone().unwrap_or(Limit::relative(Percent::ZERO)),
            rounds: Rounds::One(&of.metric.rounds),
        };
        let foresight = foresee(&metric, plan, budgets.run.confidence)?;
        let bases = of
            .metric
            .rounds
            .iter()
            .flat_map(|round| round.base.iter().copied());
        let middle = crate::statistics::median(&bases.collect::<Vec<f64>>()).ok();
        let budget = limit.map(|limit| limit.budget);
        Ok(NoisyCalibration {
            budget_pct: budget
                .as_ref()
                .zip(middle)
                .and_then(|(budget, base)| budget.percent_of(base)),
            budget,
            failed: of.failed,
            warned: of.warned,
            ..NoisyCalibration::new(id.clone(), &foresight)
        })
    }
}

/// What the judge needs of a run: everything that was not timed is left out on purpose.
fn judge_input(
    budgets: &Budgets,
    names: &[&str],
    metrics: &[TimedMetric],
    schedule: &Schedule,
) -> Result<JudgeInput, CliError> {
    let mut of_interest = budgets.clone();
    of_interest
        .metrics
        .retain(|name, _| names.contains(&name.as_str()));
    of_interest.trades.clear();
    let metric = |metric: &TimedMetric| {
        Ok(MetricInput {
            id: metric.id.clone(),
            unit: units::of(metric.quantity)?,
            taken: Taken::Samples(Samples::Noisy {
                rounds: metric.rounds.clone(),
            }),
        })
    };
    Ok(JudgeInput {
        base_budgets: Some(of_interest.clone()),
        head_budgets: of_interest,
        plan: schedule.plan.clone(),
        metrics: metrics
            .iter()
            .map(metric)
            .collect::<Result<_, CliError>>()?,
        baseline: None,
    })
}

/// Copies every artifact into a folder that is made for them.
fn copied(artifacts: &Artifacts, folder: &Path) -> Result<BTreeMap<String, PathBuf>, CliError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CliError::Write { path, source }
    };
    std::fs::create_dir(folder).map_err(failed(folder))?;
    let copy = |(name, from): (String, PathBuf)| {
        let to = folder.join(&name);
        std::fs::copy(from, &to).map_err(failed(&to))?;
        Ok((name, to))
    };
    artifacts.paths().into_iter().map(copy).collect()
}
