//! The noisy metrics of a comparison: rounds of a group until the judge has what it needs.
//!
//! Metrics with the same load, sent in the same way, share their rounds; groups share the time. A group
//! in which nothing is judged has a few rounds and no looks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::CliError;
use super::progress::Progress;
use super::schedule::Schedule;
use super::settings::Ending;
use super::shares::{SHOWN_ROUNDS, Shares};
use super::units;
use crate::budget::{Budgets, Load, Probe, Serve};
use crate::judge::{Advisor, Clock, Design, Limits, NextStep, NoisyMetric, Rounds, RoundsDone};
use crate::measure::{
    ArmUnderTest, Drive, LATENCY_SLICE, RoundRunner, RoundSettings, SLICE, Seeds, Timed,
};
use crate::model::{Arm, MetricId, NoisyRound, RoundSet};
use crate::process::{Interrupt, Plan};

/// Both arms, as rounds start them.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimedArms<'a> {
    pub(super) base: &'a BTreeMap<String, PathBuf>,
    pub(super) head: &'a BTreeMap<String, PathBuf>,
    pub(super) base_serve: &'a Serve,
    pub(super) head_serve: &'a Serve,
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

/// A metric of a group.
#[derive(Debug, Clone)]
pub(super) struct TimedMetric {
    pub(super) id: MetricId,
    pub(super) quantity: Timed,
    pub(super) rounds: Vec<NoisyRound>,
}

/// What was timed.
#[derive(Debug)]
pub(super) struct TimedRun {
    pub(super) metrics: Vec<TimedMetric>,
    /// How long the confirmation took; `None` where none was called for.
    pub(super) confirming: Option<Duration>,
}

/// Metrics with the same load, sent in the same way.
#[derive(Debug)]
struct Group {
    load: Load,
    drive: Drive,
    metrics: Vec<TimedMetric>,
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
    let groups = groups(names, settings.budgets)?;
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
        let slice = match group.drive {
            Drive::Closed => SLICE,
            Drive::Open(_) => LATENCY_SLICE,
        };
        let is_judged = judged(&group) > 0;
        let slices = if is_judged {
            // As much time as the schedule has for slices of the usual length.
            let slices = SLICE * schedule.slices;
            u32::try_from(slices.as_micros() / slice.as_micros()).unwrap_or(u32::MAX)
        } else {
            settings.shares.shown_slices(slice)
        };
        let round_settings = RoundSettings {
            load: group.load.clone(),
            drive: group.drive,
            group: number,
            seeds: Seeds::new(settings.seed),
            slices: slices.max(1),
            slice,
            plan: settings.cores.clone(),
            log_folder: settings.logs.to_owned(),
        };
        let runner = RoundRunner::new(round_settings, interrupt.clone());
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

/// The names of the metrics that are timed.
pub(super) fn names(budgets: &Budgets) -> impl Iterator<Item = &str> {
    let timed = budgets.metrics.iter().filter(|(_, spec)| {
        matches!(
            spec.probe,
            Probe::RespLoad { .. } | Probe::RespLatency { .. }
        )
    });
    timed.map(|(name, _)| name.as_str())
}

/// How many groups with a judged metric `names` fall into, and how many without.
pub(super) fn group_counts(names: &[&str], budgets: &Budgets) -> Result<(u32, u32), CliError> {
    let groups = groups(names, budgets)?;
    let is_judged = |group: &&Group| group.metrics.iter().any(|m| is_judged(budgets, &m.id));
    let judged = groups.iter().filter(is_judged).count();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok((count(judged), count(groups.len() - judged)))
}

fn groups(names: &[&str], budgets: &Budgets) -> Result<Vec<Group>, CliError> {
    let mut groups: Vec<Group> = Vec::new();
    for name in names {
        let Some(spec) = budgets.metrics.get(*name) else {
            continue;
        };
        let (quantity, load, drive) = match &spec.probe {
            Probe::RespLoad { quantity, load } => (Timed::Load(*quantity), load, Drive::Closed),
            Probe::RespLatency {
                quantity,
                load,
                rate,
            } => (Timed::Latency(*quantity), load, Drive::Open(*rate)),
            Probe::Command { .. } | Probe::Callgrind(_) => continue,
        };
        let id = MetricId::new(name).map_err(|error| CliError::Input {
            name: "a metric of the budgets",
            value: (*name).to_owned(),
            why: error.to_string(),
        })?;
        let metric = TimedMetric {
            id,
            quantity,
            rounds: Vec::new(),
        };
        let shares = |group: &&mut Group| group.load == *load && group.drive == drive;
        match groups.iter_mut().find(shares) {
            Some(group) => group.metrics.push(metric),
            None => groups.push(Group {
                load: load.clone(),
                drive,
                metrics: vec![metric],
            }),
        }
    }
    Ok(groups)
}

fn is_judged(budgets: &Budgets, id: &MetricId) -> bool {
    budgets
        .metrics
        .get(id.name())
        .is_some_and(|spec| !spec.report_only)
}

/// One group, being measured.
struct GroupRun<'a> {
    runner: RoundRunner,
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
        let arms = &self.arms;
        let base = ArmUnderTest {
            arm: Arm::Base,
            artifacts: arms.base,
            serve: arms.base_serve,
        };
        let head = ArmUnderTest {
            arm: Arm::Head,
            artifacts: arms.head,
            serve: arms.head_serve,
        };
        let control = ArmUnderTest {
            arm: Arm::Control,
            ..base
        };
        let in_round = match set {
            RoundSet::Main => vec![base, head],
            RoundSet::Confirmation => vec![base, head, control],
        };
        for (quantity, round) in self.runner.run(number, set, &in_round)? {
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
