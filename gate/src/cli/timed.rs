//! The noisy metrics of a comparison: rounds of a group until the judge has what it needs.
//!
//! Groups of metrics share the time. A group in which nothing is judged has a few rounds and no looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::counted;
use super::error::CliError;
use super::groups::{Group, Source, TimedMetric, groups, is_judged};
use super::progress::Progress;
use super::schedule::Schedule;
use super::settings::Ending;
use super::shares::{SHOWN_ROUNDS, Shares};
use super::units;
use crate::budget::{Budgets, Quantity, Serve};
use crate::judge::{Advisor, Clock, Design, Limits, NextStep, NoisyMetric, Rounds, RoundsDone};
use crate::measure::{
    ArmUnderTest, Drive, LATENCY_SLICE, MeasureError, MemoryRunner, MemorySettings,
    ProgramUnderTest, RoundRunner, RoundSettings, RunRunner, RunSettings, SLICE, Seeds, Timed,
};
use crate::model::{Arm, NoisyRound, RoundSet};
use crate::process::{Interrupt, Plan};

/// Both arms, as rounds start them.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimedArms<'a> {
    pub(super) base: &'a BTreeMap<String, PathBuf>,
    pub(super) head: &'a BTreeMap<String, PathBuf>,
    /// Base's budgets, or head's where base has none: how base is started.
    pub(super) base_budgets: &'a Budgets,
}

/// What stays the same over all groups.
#[derive(Debug)]
pub(super) struct TimedSettings<'a> {
    pub(super) budgets: &'a Budgets,
    pub(super) limits: &'a Limits<'a>,
    pub(super) seed: u64,
    pub(super) ending: Ending,
    pub(super) cores: Plan,
    pub(super) logs: &'a Path,
    pub(super) shares: Shares,
}

/// What was timed.
#[derive(Debug)]
pub(super) struct TimedRun {
    pub(super) metrics: Vec<TimedMetric>,
    /// How long the confirmation took; `None` where none was called for.
    pub(super) confirming: Option<Duration>,
}

/// Measures every metric of `names`; the schedule is that of each group with a judged metric.
pub(super) fn time(
    names: &[&str],
    settings: &TimedSettings<'_>,
    schedule: &Schedule,
    arms: TimedArms<'_>,
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<TimedRun, CliError> {
    let groups = groups(names, arms.base_budgets, settings.budgets)?;
    let judged = |group: &Group| -> usize {
        group
            .metrics
            .iter()
            .filter(|metric| is_judged(settings.budgets, &metric.id))
            .count()
    };
    let family = groups.iter().map(judged).sum();
    let confidence = settings.budgets.run.confidence;
    let advisor = Advisor::new(&Design {
        plan: schedule.plan.clone(),
        confidence,
        family,
    })?;
    let mut timed = TimedRun {
        metrics: Vec::new(),
        confirming: None,
    };
    for (number, group) in (0..).zip(groups) {
        let is_judged = judged(&group) > 0;
        let asked = Asked {
            group: &group,
            number,
            is_judged,
        };
        let runner = asked.runner(settings, schedule, arms, interrupt)?;
        let mut run = GroupRun {
            runner,
            advisor: &advisor,
            settings,
            schedule,
            arms,
            progress,
            group,
        };
        if !is_judged {
            run.show()?;
        } else if let Some(time) = run.measure()? {
            timed.confirming = Some(timed.confirming.unwrap_or_default() + time);
        }
        timed.metrics.extend(run.group.metrics);
    }
    Ok(timed)
}

/// A group whose rounds are asked for.
struct Asked<'a> {
    group: &'a Group,
    number: u32,
    is_judged: bool,
}

impl Asked<'_> {
    fn runner(
        &self,
        settings: &TimedSettings<'_>,
        schedule: &Schedule,
        arms: TimedArms<'_>,
        interrupt: &Interrupt,
    ) -> Result<Runner, CliError> {
        let seeds = Seeds::new(settings.seed);
        let (group, plan) = (self.number, settings.cores.clone());
        let log_folder = settings.logs.to_owned();
        Ok(match &self.group.source {
            Source::Load(load, drive) => {
                let slice = match drive {
                    Drive::Closed => SLICE,
                    Drive::Open(_) => LATENCY_SLICE,
                };
                let slices = if self.is_judged {
                    // As much time as the schedule has for slices of the usual length.
                    let slices = SLICE * schedule.slices;
                    u32::try_from(slices.as_micros() / slice.as_micros()).unwrap_or(u32::MAX)
                } else {
                    settings.shares.shown_slices(slice)
                };
                let settings = RoundSettings {
                    load: load.clone(),
                    drive: *drive,
                    group,
                    seeds,
                    slices: slices.max(1),
                    slice,
                    plan,
                    log_folder,
                };
                Runner::Load(RoundRunner::new(settings, interrupt.clone()))
            }
            Source::Memory { keys, value_bytes } => {
                let settings = MemorySettings {
                    keys: *keys,
                    value_bytes: *value_bytes,
                    group,
                    seeds,
                    plan,
                    log_folder,
                };
                Runner::Memory(MemoryRunner::new(settings, interrupt.clone()))
            }
            Source::Program { head, base } => {
                let metric = self.group.metrics.first();
                let settings = RunSettings {
                    metric: metric.map_or_else(String::new, |metric| metric.id.to_string()),
                    group,
                    seeds,
                    cores: plan.server,
                    limit: counted::RUN_MAX,
                    round: if self.is_judged {
                        schedule.round
                    } else {
                        settings.shares.shown / SHOWN_ROUNDS
                    },
                };
                let programs = [(Arm::Base, base, arms.base), (Arm::Head, head, arms.head)].map(
                    |(arm, run, artifacts)| ProgramUnderTest {
                        arm,
                        run,
                        artifacts,
                    },
                );
                Runner::Program(RunRunner::new(settings, &programs, interrupt.clone())?)
            }
        })
    }
}

/// What measures the rounds of a group.
enum Runner {
    Load(RoundRunner),
    Memory(MemoryRunner),
    Program(RunRunner),
}

/// One group, being measured.
struct GroupRun<'a> {
    runner: Runner,
    advisor: &'a Advisor,
    settings: &'a TimedSettings<'a>,
    schedule: &'a Schedule,
    arms: TimedArms<'a>,
    progress: &'a Progress,
    group: Group,
}

impl GroupRun<'_> {
    /// Measures what the advisor asks for, and tells how long the confirmation took.
    fn measure(&mut self) -> Result<Option<Duration>, CliError> {
        let start = Instant::now();
        let mut confirming: Option<Instant> = None;
        let mut done = RoundsDone {
            main: 0,
            confirmation: 0,
        };
        loop {
            let clock = if done.main >= self.least() && start.elapsed() >= self.schedule.main_time {
                Clock::Out
            } else {
                Clock::Running
            };
            let next = match self.settings.ending {
                Ending::WhenDecided => self.advice(done, clock)?,
                Ending::AsPlanned => self.schedule.plan.as_planned(done, clock),
            };
            match next {
                NextStep::Done => return Ok(confirming.map(|start| start.elapsed())),
                NextStep::Measure { until } => {
                    let to = match self.settings.ending {
                        Ending::WhenDecided => " before the next look",
                        Ending::AsPlanned => "",
                    };
                    let round = done.main + 1;
                    self.tell(&format!("timing, round {round} of {until}{to}"));
                    self.round(done.main + done.confirmation, RoundSet::Main)?;
                    done.main += 1;
                }
                NextStep::Confirm { until } => {
                    confirming.get_or_insert_with(Instant::now);
                    let next = done.confirmation + 1;
                    let why = match self.settings.ending {
                        Ending::WhenDecided => "past a budget: confirming",
                        Ending::AsPlanned => "confirming",
                    };
                    self.tell(&format!("{why} with a control, round {next} of {until}"));
                    self.round(done.main + done.confirmation, RoundSet::Confirmation)?;
                    done.confirmation += 1;
                }
            }
        }
    }

    /// Measures a group that is only shown, as long as its share lasts.
    fn show(&mut self) -> Result<(), CliError> {
        let start = Instant::now();
        for number in 0..SHOWN_ROUNDS {
            let is_late = start.elapsed() >= self.settings.shares.shown;
            // Runners that are pooled have as many rounds each.
            if number > 0 && is_late && self.settings.ending == Ending::WhenDecided {
                break;
            }
            self.tell(&format!("timing, round {} of {SHOWN_ROUNDS}", number + 1));
            self.round(number, RoundSet::Main)?;
        }
        Ok(())
    }

    /// Rounds that are measured however long they take: below, no verdict exists.
    fn least(&self) -> u32 {
        let plan = &self.schedule.plan;
        match self.settings.ending {
            Ending::WhenDecided => plan.looks.first().copied().unwrap_or_default(),
            // As many as the confirmation, which is never shorter than an interval needs.
            Ending::AsPlanned => plan.confirmation,
        }
    }

    fn advice(&self, done: RoundsDone, clock: Clock) -> Result<NextStep, CliError> {
        let budgets = self.settings.budgets;
        let mut metrics = Vec::new();
        for metric in &self.group.metrics {
            let Some(spec) = budgets.metrics.get(metric.id.name()) else {
                continue;
            };
            let Some(limit) = self
                .settings
                .limits
                .of(&metric.id, &units::of(metric.quantity)?)?
            else {
                continue;
            };
            metrics.push(NoisyMetric {
                id: &metric.id,
                direction: spec.direction,
                floor: spec.floor,
                limit,
                rounds: Rounds::One(&metric.rounds),
            });
        }
        Ok(self.advisor.next_step(&metrics, done, clock)?)
    }

    fn round(&mut self, number: u32, set: RoundSet) -> Result<(), CliError> {
        let of_quantities = |rounds: Vec<(Quantity, NoisyRound)>| {
            rounds
                .into_iter()
                .map(|(quantity, round)| (Timed::Quantity(quantity), round))
                .collect()
        };
        let taken: Vec<(Timed, NoisyRound)> = match &self.runner {
            Runner::Load(runner) => runner.run(number, set, &self.servers(set)?)?,
            Runner::Program(runner) => {
                of_quantities(runner.run(number, set, &self.programs(set))?)
            }
            Runner::Memory(runner) => {
                let wanted: Vec<Quantity> = self
                    .group
                    .metrics
                    .iter()
                    .filter_map(|metric| match metric.quantity {
                        Timed::Quantity(quantity) => Some(quantity),
                        Timed::Latency(_) => None,
                    })
                    .collect();
                of_quantities(runner.run(number, set, &self.servers(set)?, &wanted)?)
            }
        };
        for (quantity, round) in taken {
            for metric in self
                .group
                .metrics
                .iter_mut()
                .filter(|m| m.quantity == quantity)
            {
                metric.rounds.push(round.clone());
            }
        }
        Ok(())
    }

    /// The servers of a round.
    fn servers(&self, set: RoundSet) -> Result<Vec<ArmUnderTest<'_>>, CliError> {
        let arms = &self.arms;
        let head_serve = self.settings.budgets.subject.serve.as_ref();
        let head_serve: &Serve = head_serve.ok_or(MeasureError::Arms)?;
        let base_serve = arms.base_budgets.subject.serve.as_ref();
        let base = ArmUnderTest {
            arm: Arm::Base,
            artifacts: arms.base,
            serve: base_serve.unwrap_or(head_serve),
        };
        let head = ArmUnderTest {
            arm: Arm::Head,
            artifacts: arms.head,
            serve: head_serve,
        };
        let control = ArmUnderTest {
            arm: Arm::Control,
            ..base
        };
        Ok(match set {
            RoundSet::Main => vec![base, head],
            RoundSet::Confirmation => vec![base, head, control],
        })
    }

    /// The programs of a round.
    fn programs(&self, set: RoundSet) -> Vec<ProgramUnderTest<'_>> {
        let Source::Program { head, base } = &self.group.source else {
            return Vec::new();
        };
        let of = |arm, run, artifacts| ProgramUnderTest {
            arm,
            run,
            artifacts,
        };
        let mut programs = vec![
            of(Arm::Base, base.as_slice(), self.arms.base),
            of(Arm::Head, head.as_slice(), self.arms.head),
        ];
        if set == RoundSet::Confirmation {
            programs.push(of(Arm::Control, base.as_slice(), self.arms.base));
        }
        programs
    }

    fn tell(&self, text: &str) {
        let names: Vec<&str> = self
            .group
            .metrics
            .iter()
            .map(|metric| metric.id.as_str())
            .collect();
        self.progress.step(&format!("{}: {text}", names.join(", ")));
    }
}
