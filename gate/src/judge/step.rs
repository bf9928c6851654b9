//! What a measuring loop does next, from the rounds that it has.
//!
//! ```text
//! measure to the next look ──► all decided, last look, or time out? ──no──► measure on
//!                                       │yes
//!                              anything past its limit? ──no──► done
//!                                       │yes
//!                              confirm, with the control arm ──► done
//! ```
//!
//! Between two looks the values are not judged at all; a loop that asks in between is only told how
//! far to go. Metrics that share the error for FAIL but have no rounds yet count as kept.

use super::JudgeError;
use super::noisy::{NoisyMetric, Resolution, Standing, standings};
use super::plan::{Levels, Plan};
use super::reading::Reading;
use crate::model::RoundSet;

/// Whether the main rounds may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// There is time for another round.
    Running,
    /// The time of the main rounds is used up; the confirmation's is set aside.
    Out,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Measure main rounds until there are so many, then ask again.
    Measure {
        /// Main rounds at the next look.
        until: u32,
    },
    /// Measure confirmation rounds, with the control arm, until there are so many, then ask again.
    Confirm {
        /// Confirmation rounds in all.
        until: u32,
    },
    /// Nothing: the rounds can be judged.
    Done,
}

/// What is fixed before the first round.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// When to look.
    pub plan: Plan,
    /// Confidence of the run.
    pub confidence: f64,
    /// Noisy metrics of the whole run that can fail.
    pub family: usize,
}

/// A measuring loop's adviser: the looks of a run, computed once.
#[derive(Debug)]
pub struct Advisor {
    plan: Plan,
    levels: Levels,
}

impl Advisor {
    /// Computes what each look of the design needs.
    pub fn new(design: &Design) -> Result<Self, JudgeError> {
        Ok(Self {
            plan: design.plan.clone(),
            levels: Levels::new(&design.plan, design.confidence, design.family)?,
        })
    }

    /// What to do with `metrics`, which share their rounds, after `main` and `confirmation` rounds.
    ///
    /// `metrics` are those that can fail; where there are none, the first look ends the run.
    pub fn next_step(
        &self,
        metrics: &[NoisyMetric<'_>],
        rounds: RoundsDone,
        clock: Clock,
    ) -> Result<NextStep, JudgeError> {
        let main = rounds.main;
        let next_look = self.plan.looks.iter().copied().find(|look| *look > main);
        if rounds.confirmation > 0 {
            return Ok(self.after_confirmation(rounds.confirmation));
        }
        let at_look = self.plan.looks.contains(&main);
        match (clock, next_look) {
            (Clock::Running, Some(until)) if !at_look => return Ok(NextStep::Measure { until }),
            _ if metrics.is_empty() => return Ok(NextStep::Done),
            _ => {}
        }
        let readings = metrics
            .iter()
            .map(Reading::new)
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(short) = readings
            .iter()
            .find(|r| r.count(RoundSet::Main) != main as usize)
        {
            return Err(JudgeError::UnequalRounds(short.metric.id.clone()));
        }
        let ahead = match (clock, next_look) {
            (Clock::Running, Some(until)) => Some(NextStep::Measure { until }),
            _ => None,
        };
        let resolution = ahead.map_or(Resolution::Over, |_| Resolution::Ahead);
        let standings = match standings(&readings, &self.levels, resolution) {
            Ok(standings) => standings,
            // A look too early for this confidence decides nothing; at the end, the judge says so.
            Err(JudgeError::TooFewRounds { .. }) => return Ok(ahead.unwrap_or(NextStep::Done)),
            Err(error) => return Err(error),
        };
        if let Some(measure) = ahead.filter(|_| standings.contains(&Standing::Open)) {
            return Ok(measure);
        }
        Ok(if standings.contains(&Standing::Past) {
            NextStep::Confirm {
                until: self.plan.confirmation,
            }
        } else {
            NextStep::Done
        })
    }

    const fn after_confirmation(&self, measured: u32) -> NextStep {
        if measured < self.plan.confirmation {
            NextStep::Confirm {
                until: self.plan.confirmation,
            }
        } else {
            NextStep::Done
        }
    }
}

impl Plan {
    /// What comes next where every planned round is measured, whatever the values are: the main set,
    /// which only the clock may cut short, and then the confirmation.
    #[must_use]
    pub fn as_planned(&self, rounds: RoundsDone, clock: Clock) -> NextStep {
        let until = self.looks.last().copied().unwrap_or(0);
        let is_short = rounds.main < until && rounds.confirmation == 0;
        if is_short && clock == Clock::Running {
            NextStep::Measure { until }
        } else if rounds.confirmation < self.confirmation {
            NextStep::Confirm {
                until: self.confirmation,
            }
        } else {
            NextStep::Done
        }
    }
}

/// How many rounds of each set were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundsDone {
    /// Of the main set.
    pub main: u32,
    /// Of the confirmation set.
    pub confirmation: u32,
}
