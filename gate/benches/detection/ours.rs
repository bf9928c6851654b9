//! The gate's own rule: the judge itself, with the plan, the looks, the confirmation and the control
//! that `gate compare` has for the budgets of this repository.

use std::time::Duration;

use gate::budget::{Budgets, Probe, Quantity};
use gate::cli::Schedule;
use gate::judge::{
    Advisor, Clock, Design, JudgeInput, Limits, MetricInput, NextStep, NoisyMetric, Rounds,
    RoundsDone, Taken, judge,
};
use gate::model::{MetricId, NoisyRound, Reason, RoundSet, Samples, Unit, Verdict};
use rand::Rng;

use crate::error::StudyError;
use crate::outcome::{Outcome, Said};
use crate::world::{Sampled, World};

/// The gate, ready to be shown rounds.
pub(crate) struct Gate {
    budgets: Budgets,
    schedule: Schedule,
    advisor: Advisor,
    metrics: [(MetricId, Unit); 2],
}

impl Gate {
    /// The gate with these budgets, `qps` and `cpu_per_request` among them.
    pub(crate) fn new(budgets: &Budgets) -> Result<Self, StudyError> {
        // `budgets.toml` calls both metrics by the names of their quantities.
        let metric = |quantity: Quantity| -> Result<(MetricId, Unit), StudyError> {
            Ok((id(quantity.name())?, unit(quantity.unit())?))
        };
        let schedule = Schedule::new(budgets.run.max_time, budgets.run.confidence)?;
        let timed = |probe: &Probe| matches!(probe, Probe::RespLoad { .. });
        let judged = budgets.metrics.values().filter(|spec| !spec.report_only);
        let advisor = Advisor::new(&Design {
            plan: schedule.plan.clone(),
            confidence: budgets.run.confidence,
            family: judged.filter(|spec| timed(&spec.probe)).count(),
        })?;
        Ok(Self {
            budgets: budgets.clone(),
            schedule,
            advisor,
            metrics: [metric(Quantity::Qps)?, metric(Quantity::CpuPerRequest)?],
        })
    }

    /// How rounds are planned and cut.
    pub(crate) const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// One run: rounds are drawn as the advisor asks for them, and then judged.
    pub(crate) fn run(&self, world: &World, rng: &mut impl Rng) -> Result<Outcome, StudyError> {
        let mut rounds: Vec<Sampled> = Vec::new();
        let mut done = RoundsDone {
            main: 0,
            confirmation: 0,
        };
        let least = self
            .schedule
            .plan
            .looks
            .first()
            .copied()
            .unwrap_or_default();
        loop {
            let time: Duration = rounds.iter().map(|round| round.took).sum();
            let clock = if done.main >= least && time >= self.schedule.main_time {
                Clock::Out
            } else {
                Clock::Running
            };
            // As many as until the next look: `compare` reads its clock before each of them, but rounds
            // take alike, so that asking at the looks only is a round off at the most.
            let (set, wanted) = match self.next_step(&rounds, done, clock)? {
                NextStep::Measure { until } => (RoundSet::Main, until - done.main),
                NextStep::Confirm { until } => (RoundSet::Confirmation, until - done.confirmation),
                NextStep::Done => break,
            };
            rounds.extend(world.draw(set, wanted, done.main + done.confirmation, rng));
            match set {
                RoundSet::Main => done.main += wanted,
                RoundSet::Confirmation => done.confirmation += wanted,
            }
        }
        self.judge(&rounds)
    }

    fn next_step(
        &self,
        rounds: &[Sampled],
        done: RoundsDone,
        clock: Clock,
    ) -> Result<NextStep, StudyError> {
        let limits = Limits::new(&[], &self.budgets)?;
        let (qps, cpu) = columns(rounds);
        let mut metrics = Vec::new();
        for ((id, unit), rounds) in self.metrics.iter().zip([&qps, &cpu]) {
            let spec = self.budgets.metrics.get(id.name());
            if let (Some(spec), Some(limit)) = (spec, limits.of(id, unit)?) {
                metrics.push(NoisyMetric {
                    id,
                    direction: spec.direction,
                    floor: spec.floor,
                    limit,
                    rounds: Rounds::One(rounds),
                });
            }
        }
        Ok(self.advisor.next_step(&metrics, done, clock)?)
    }

    fn judge(&self, rounds: &[Sampled]) -> Result<Outcome, StudyError> {
        let time = rounds.iter().map(|round| round.took).sum();
        let (qps, cpu) = columns(rounds);
        let mut metrics = Vec::new();
        for ((id, unit), rounds) in self.metrics.iter().zip([qps, cpu]) {
            metrics.push(MetricInput {
                id: id.clone(),
                unit: unit.clone(),
                taken: Taken::Samples(Samples::Noisy { rounds }),
            });
        }
        for name in self.budgets.metrics.keys() {
            if self.metrics.iter().all(|(id, _)| id.as_str() != name) {
                metrics.push(MetricInput {
                    id: id(name)?,
                    unit: unit("")?,
                    taken: Taken::Skipped("the study is about what is timed".to_owned()),
                });
            }
        }
        let judged = judge(&JudgeInput {
            base_budgets: Some(self.budgets.clone()),
            head_budgets: self.budgets.clone(),
            plan: self.schedule.plan.clone(),
            baseline: None,
            metrics,
        })?;
        let timed = || {
            let of_ours = |id: &MetricId| self.metrics.iter().any(|(ours, _)| ours == id);
            judged.rows.iter().filter(move |row| of_ours(&row.id))
        };
        let worse = |reason: Reason| matches!(reason, Reason::InsideBudget | Reason::PastBudget);
        let said = if judged.verdict == Verdict::Fail {
            Said::Fail
        } else if timed().any(|row| row.reason == Reason::Inconclusive) {
            Said::Inconclusive
        } else if judged.verdict == Verdict::Warn {
            Said::Warn
        } else {
            Said::Pass
        };
        Ok(Outcome {
            said,
            told: (
                timed().any(|row| worse(row.reason)),
                timed().all(|row| worse(row.reason)),
            ),
            time,
        })
    }
}

/// The rounds of each metric.
fn columns(rounds: &[Sampled]) -> (Vec<NoisyRound>, Vec<NoisyRound>) {
    rounds
        .iter()
        .map(|round| (round.qps.clone(), round.cpu.clone()))
        .unzip()
}

fn id(name: &str) -> Result<MetricId, StudyError> {
    MetricId::new(name).map_err(|error| StudyError::Plan(error.to_string()))
}

fn unit(text: &str) -> Result<Unit, StudyError> {
    Unit::new(text).map_err(|error| StudyError::Plan(error.to_string()))
}
