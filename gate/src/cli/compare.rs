//! `gate compare`: from two revisions to an exit status.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::args::CompareArgs;
use super::baseline;
use super::counted::{self, CountedArm, Counting, SameBytes};
use super::error::CliError;
use super::groups;
use super::outcome::{self, OutFolder};
use super::progress::Progress;
use super::revisions::Sides;
use super::schedule::Schedule;
use super::settings::{CompareSettings, Depth, Ending, MeasuringSettings, QUICK_TIME};
use super::shares::Shares;
use super::timed::{self, TimedArms, TimedSettings};
use super::{Exit, units};
use crate::budget::{Budgets, Probe, Subject, live_trades};
use crate::build::{Built, Room, cache_root};
use crate::judge::{BaselineInput, JudgeInput, Limits, MetricInput, Taken};
use crate::measure::{ExactSettings, MeasureError};
use crate::model::{Arm, Breakdown, MetricId, Samples};
use crate::process::{Interrupt, Plan};
use crate::report::RunFacts;
use crate::revision::Repository;
use crate::runner::Runner;

/// How long a step took.
type Timing = (&'static str, Duration);

/// Runs the command.
pub(super) fn run(args: CompareArgs, repository: Option<&Path>) -> Result<Exit, CliError> {
    let settings = CompareSettings::new(args)?;
    let run = measured(&settings.what, &outcome::REPORT_FILES, repository)?;
    let verdict = outcome::publish(&settings, &run.out.path, run.facts, &run.input)?;
    Ok(Exit::of(verdict, settings.fail_on))
}

/// A run that was measured and not judged.
pub(super) struct MeasuredRun {
    pub(super) out: OutFolder,
    pub(super) facts: RunFacts,
    pub(super) input: JudgeInput,
}

/// Measures what the settings name, for a run that will leave `files` in the output folder.
pub(super) fn measured(
    settings: &MeasuringSettings,
    files: &[&str],
    repository: Option<&Path>,
) -> Result<MeasuredRun, CliError> {
    let interrupt = Interrupt::install().map_err(|source| CliError::Signals { source })?;
    let progress = Progress::new(settings.chatter);
    let start = Instant::now();
    let here = Repository::discover(repository.unwrap_or(Path::new(".")))?;
    outcome::forget(settings.out.as_deref(), &here, files)?;
    let sides = Sides::resolve(&settings.sides, repository)?;
    let resolving = start.elapsed();
    let out = outcome::folder(settings.out.as_deref(), &sides)?;
    progress.say(&format!(
        "comparing {} ({}) with {} ({})",
        sides.head.name,
        sides.head.short(),
        sides.base.name,
        sides.base.short(),
    ));
    let mut comparison = Comparison::new(settings, &sides, &out.path, &progress, &interrupt)?;
    comparison.timings.push(("resolve", resolving));
    comparison.measure()?;
    let input = comparison.judge_input();
    progress.finish();
    let facts = outcome::facts(
        &sides,
        settings.seed,
        &comparison.machine,
        &comparison.timings,
        &comparison.breakdowns,
    )?;
    Ok(MeasuredRun { out, facts, input })
}

/// One comparison as it goes on.
struct Comparison<'a> {
    settings: &'a MeasuringSettings,
    sides: &'a Sides,
    out: &'a Path,
    progress: &'a Progress,
    interrupt: &'a Interrupt,
    machine: Runner,
    schedule: Schedule,
    shares: Shares,
    metrics: Vec<MetricInput>,
    timings: Vec<Timing>,
    breakdowns: BTreeMap<MetricId, Breakdown>,
    baseline: Option<BaselineInput>,
}

impl<'a> Comparison<'a> {
    fn new(
        settings: &'a MeasuringSettings,
        sides: &'a Sides,
        out: &'a Path,
        progress: &'a Progress,
        interrupt: &'a Interrupt,
    ) -> Result<Self, CliError> {
        let budgets = &sides.head_budgets;
        if !budgets.metrics.keys().any(|name| settings.wants(name)) {
            return Err(CliError::NoMetric {
                patterns: settings.patterns.clone(),
                known: budgets.metrics.keys().cloned().collect(),
            });
        }
        let names = names_of(budgets, settings, Sort::Timed);
        let (judged, shown) = groups::group_counts(&names, budgets)?;
        let time = match settings.depth {
            Depth::Full(time) => time.unwrap_or(budgets.run.max_time),
            Depth::Quick => QUICK_TIME.min(budgets.run.max_time),
        };
        let shares = Shares::new(time, judged, shown);
        Ok(Self {
            settings,
            sides,
            out,
            progress,
            interrupt,
            machine: Runner::describe(Plan::for_this_machine()?, interrupt)?,
            schedule: match settings.ending {
                Ending::WhenDecided => Schedule::new(shares.judged, budgets.run.confidence)?,
                Ending::AsPlanned => Schedule::fixed(shares.judged, budgets.run.confidence)?,
            },
            shares,
            metrics: Vec::new(),
            timings: Vec::new(),
            breakdowns: BTreeMap::new(),
            baseline: baseline::input(sides, interrupt)?,
        })
    }

    /// Builds, counts and times what there is to be.
    fn measure(&mut self) -> Result<(), CliError> {
        self.skip_unwanted()?;
        let sides = self.sides;
        if sides.base.tree == sides.head.tree {
            self.progress
                .say("both revisions are the same tree: nothing to build or to measure");
            self.pass_as_identical(Sort::Counted)?;
            return self.pass_as_identical(Sort::Timed);
        }
        let (base, head) = self.build()?;
        self.count(&base, &head)?;
        let names = names_of(&sides.head_budgets, self.settings, Sort::Timed);
        let is_same = base.artifacts.same_bytes(&head.artifacts);
        let (same, timed): (Vec<&str>, Vec<&str>) = names
            .into_iter()
            .partition(|name| is_same && self.runs_the_same(name, &head));
        if is_same && timed.is_empty() {
            self.progress
                .say("both builds are the same bytes: nothing to time");
        }
        for name in same {
            self.push_unmeasured(name, Taken::IdenticalBinary)?;
        }
        self.time(&base, &head, timed)
    }

    /// Whether a timed metric would run the same in both arms, whose artifacts are the same bytes: it is started
    /// in the same way, and is a program, where a script would read other files.
    fn runs_the_same(&self, name: &str, head: &Built) -> bool {
        let command = |budgets: &Budgets| match &budgets.metrics.get(name)?.probe {
            Probe::Time { run, .. } => Some(run.clone()),
            _ => Some(budgets.subject.serve.as_ref()?.command.clone()),
        };
        let budgets = &self.sides.head_budgets;
        let words = command(budgets);
        let base = self.sides.base_budgets.as_ref();
        let is_new = base.is_none_or(|base| !base.metrics.contains_key(name));
        (is_new || base.and_then(command) == words)
            && words.is_none_or(|words| head.artifacts.are_programs(&words))
    }

    fn build(&mut self) -> Result<(Built, Built), CliError> {
        let room = Room::open(&cache_root()?, &self.sides.repository)?;
        let base_budgets = self
            .sides
            .base_budgets
            .as_ref()
            .unwrap_or(&self.sides.head_budgets);
        let base = self.build_arm(&room, Arm::Base, &base_budgets.subject)?;
        let head = self.build_arm(&room, Arm::Head, &self.sides.head_budgets.subject)?;
        if let Some(baseline) = &mut self.baseline {
            baseline.toolchain = Some(head.toolchain.clone());
        }
        self.timings.extend([
            (step_of(Arm::Base, &base), base.time),
            (step_of(Arm::Head, &head), head.time),
        ]);
        Ok((base, head))
    }

    fn build_arm(&self, room: &Room, arm: Arm, subject: &Subject) -> Result<Built, CliError> {
        let revision = if arm == Arm::Base {
            &self.sides.base
        } else {
            &self.sides.head
        };
        self.progress
            .step(&format!("building {arm} ({})", revision.short()));
        let log = self.out.join(format!("build-{arm}.log"));
        let repository = &self.sides.repository;
        let built = room.build(repository, revision, arm, subject, &log, self.interrupt)?;
        let how = if built.cached {
            "taken from the cache"
        } else {
            "built"
        };
        let seconds = built.time.as_secs_f64();
        self.progress.say(&format!(
            "{arm} ({}) {how} in {seconds:.1} s",
            revision.short()
        ));
        Ok(built)
    }

    fn count(&mut self, base: &Built, head: &Built) -> Result<(), CliError> {
        let start = Instant::now();
        let budgets = &self.sides.head_budgets;
        let mut names = names_of(budgets, self.settings, Sort::Counted);
        // What head's budgets dropped is still counted on base, to show what is lost.
        if let Some(base_budgets) = &self.sides.base_budgets {
            let dropped = names_of(base_budgets, self.settings, Sort::Counted);
            names.extend(
                dropped
                    .into_iter()
                    .filter(|name| !budgets.metrics.contains_key(*name)),
            );
        }
        let (base_paths, head_paths) = (base.artifacts.paths(), head.artifacts.paths());
        let same_bytes = base.artifacts.same_bytes(&head.artifacts);
        let live = live_trades(self.sides.base_budgets.as_ref(), budgets).live;
        let traded = live.iter().map(|trade| trade.metric.name()).collect();
        let placement = &self.machine.placement;
        let counting = Counting {
            head: budgets,
            arms: vec![
                CountedArm {
                    arm: Arm::Base,
                    budgets: self.sides.base_budgets.as_ref(),
                    artifacts: &base_paths,
                },
                CountedArm {
                    arm: Arm::Head,
                    budgets: Some(budgets),
                    artifacts: &head_paths,
                },
            ],
            same_bytes: same_bytes.then_some(SameBytes {
                traded,
                baseline_changed: self.baseline_changed(),
            }),
            settings: ExactSettings {
                cores: placement.server.clone(),
                limit: counted::RUN_MAX,
            },
            cores: placement.all(),
            progress: self.progress,
            interrupt: self.interrupt,
        };
        let counted = counting.count(&names)?;
        self.metrics.extend(counted.metrics);
        self.breakdowns.extend(counted.breakdowns);
        if !names.is_empty() {
            self.timings.push(("count", start.elapsed()));
        }
        Ok(())
    }

    /// Whether head holds its counts against something else than base did.
    fn baseline_changed(&self) -> bool {
        let of = |budgets: &Budgets| budgets.baseline.clone();
        let files = self.baseline.as_ref();
        files.is_some_and(|files| files.recorded != files.before)
            || self.sides.base_budgets.as_ref().and_then(of) != of(&self.sides.head_budgets)
    }

    fn time(&mut self, base: &Built, head: &Built, names: Vec<&str>) -> Result<(), CliError> {
        let start = Instant::now();
        let budgets = &self.sides.head_budgets;
        let base_budgets = self.sides.base_budgets.as_ref().unwrap_or(budgets);
        let (new, names): (Vec<&str>, Vec<&str>) = names
            .into_iter()
            .partition(|name| groups::is_new(name, self.sides.base_budgets.as_ref(), budgets));
        for name in new {
            self.push_unmeasured(name, Taken::New)?;
        }
        if names.is_empty() {
            return Ok(());
        }
        let ledger = live_trades(self.sides.base_budgets.as_ref(), budgets);
        let limits = Limits::new(&ledger.live, budgets)?;
        let settings = TimedSettings {
            budgets,
            limits: &limits,
            seed: self.settings.seed,
            ending: self.settings.ending,
            cores: self.machine.placement.clone(),
            logs: self.out,
            shares: self.shares,
        };
        let (base_paths, head_paths) = (base.artifacts.paths(), head.artifacts.paths());
        let arms = TimedArms {
            base: &base_paths,
            head: &head_paths,
            base_budgets,
        };
        let timed = timed::time(
            &names,
            &settings,
            &self.schedule,
            arms,
            self.progress,
            self.interrupt,
        )?;
        for metric in timed.metrics {
            self.metrics.push(MetricInput {
                unit: units::of(metric.quantity)?,
                id: metric.id,
                taken: Taken::Samples(Samples::Noisy {
                    rounds: metric.rounds,
                }),
            });
        }
        let confirming = timed.confirming.unwrap_or_default();
        let main = start.elapsed().saturating_sub(confirming);
        self.timings.push(("time rounds", main));
        self.timings
            .extend(timed.confirming.map(|time| ("confirm", time)));
        Ok(())
    }

    fn skip_unwanted(&mut self) -> Result<(), CliError> {
        for name in self.sides.head_budgets.metrics.keys() {
            if !self.settings.wants(name) {
                self.push_unmeasured(name, Taken::Skipped("left out by --only".to_owned()))?;
            }
        }
        Ok(())
    }

    fn pass_as_identical(&mut self, sort: Sort) -> Result<(), CliError> {
        for name in names_of(&self.sides.head_budgets, self.settings, sort) {
            self.push_unmeasured(name, Taken::IdenticalBinary)?;
        }
        Ok(())
    }

    fn push_unmeasured(&mut self, name: &str, taken: Taken) -> Result<(), CliError> {
        let id = MetricId::new(name).map_err(MeasureError::from)?;
        self.metrics.push(MetricInput {
            id,
            unit: units::none()?,
            taken,
        });
        Ok(())
    }

    fn judge_input(&self) -> JudgeInput {
        JudgeInput {
            base_budgets: self.sides.base_budgets.clone(),
            head_budgets: self.sides.head_budgets.clone(),
            plan: self.schedule.plan.clone(),
            metrics: self.metrics.clone(),
            baseline: self.baseline.clone(),
        }
    }
}

/// What building an arm is called in the report.
const fn step_of(arm: Arm, built: &Built) -> &'static str {
    match (arm, built.cached) {
        (Arm::Head, true) => "head from the cache",
        (Arm::Head, false) => "build head",
        (_, true) => "base from the cache",
        (_, false) => "build base",
    }
}

/// How a metric's samples are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Counted,
    Timed,
}

/// The names of a sort's metrics that the user wants.
fn names_of<'b>(budgets: &'b Budgets, settings: &MeasuringSettings, sort: Sort) -> Vec<&'b str> {
    let wanted = |name: &&str| settings.wants(name);
    match sort {
        Sort::Counted => counted::names(budgets).filter(wanted).collect(),
        Sort::Timed => groups::names(budgets).filter(wanted).collect(),
    }
}
