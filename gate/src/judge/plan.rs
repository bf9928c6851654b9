//! When to look at the rounds, and how sure each look must be.
//!
//! ```text
//! rounds      0 ─── 12 ─── 24 ─── 36 ─── 48 ─── 60 ─── 72     then, before a FAIL:  12 fresh rounds
//! looks              1      2      3      4      5      6                            confirmation
//! FAIL 1 %          .25    .45    .62    .76    .89     1     % of runs, used up by then
//! inside 5 %        1.3    2.3    3.1    3.8    4.4     5
//! ```
//!
//! Two errors are spent, each on one side, so that measuring can stop in either direction:
//!
//! - `1 − confidence` (1 %) for FAIL by the lower bound: the whole interval of a change that is just
//!   allowed lies past its budget. It bounds no more than that: at the last look a real move fails by
//!   its estimate too (see `noisy`), as one of exactly its budget does in half of the runs.
//! - 5 % for "inside the budget": a change just past it is let through as inside. Larger, because
//!   what it buys is a short run on the many changes that do nothing.
//!
//! Both by Pocock spending. O'Brien–Fleming keeps more for the last look, but leaves the first one
//! nothing that twelve rounds could give, which is 1/4096 at the least: nobody could be told anything
//! before the second look. Pocock's 0.25 % comes to 10/4096, so a clear regression, and a harmless
//! change, end after twelve rounds. What a look cannot use passes on (see `statistics::boundary`).
//!
//! Many short rounds, as the variation between starts is seen only between rounds: see
//! `cli::schedule` for how long they are.
//!
//! Not in the plan, and safe: measuring may end early because the clock says so, which the data have
//! no part in. That look is then the last one and may use what is left.
//!
//! Several noisy metrics share the error for FAIL by Holm's procedure, each share with boundaries
//! of its own. Confirmation is one look at a sample of fixed size and needs no boundary: FAIL takes
//! the main rounds, the confirmation alone *and* both together, so it can only make errors rarer.
//!
//! Invariant: levels are attainable by the signed-rank test, or they are absent.

use serde::{Deserialize, Serialize};

use super::JudgeError;
use crate::statistics::{SignedRank, Spending, Stage, nominal_levels, rounds_needed};

/// One-sided error of "inside the budget".
const INSIDE_ALPHA: f64 = 0.05;
/// Rounds between two looks, and in the confirmation.
const LOOK_ROUNDS: u32 = 12;
/// Rounds of the main set beyond which measuring longer is not planned.
const MAIN_ROUNDS_MAX: u32 = 72;
/// A look this close before the last one is left out.
const LOOK_GAP_MIN: u32 = 4;
/// A plan longer than this is no plan of ours.
const PLAN_ROUNDS_MAX: u32 = 1000;

/// More noisy metrics than this cannot share one error: none of them could fail before its last look.
const FAMILY_MAX: usize = 200;

/// The looks of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// After how many rounds of the main set to look; the last one ends it.
    pub looks: Vec<u32>,
    /// Rounds of the confirmation set.
    pub confirmation: u32,
}

impl Plan {
    /// The plan for a machine that has time for `rounds` rounds in all.
    ///
    /// The confirmation is set aside, then looks come every twelve rounds. Fewer rounds than can give
    /// an interval are not planned for: such a run takes longer than it was given.
    pub fn for_rounds(rounds: u32, confidence: f64) -> Result<Self, JudgeError> {
        let least = least_rounds(confidence)?;
        let confirmation = (rounds / 2).min(LOOK_ROUNDS).max(least);
        let main = rounds
            .saturating_sub(confirmation)
            .min(MAIN_ROUNDS_MAX)
            .max(least);
        let mut looks: Vec<u32> = (1..=MAIN_ROUNDS_MAX / LOOK_ROUNDS)
            .map(|look| look * LOOK_ROUNDS)
            .filter(|look| look + LOOK_GAP_MIN <= main)
            .collect();
        looks.push(main);
        Ok(Self {
            looks,
            confirmation,
        })
    }

    /// The plan of one of several runners that has time for `rounds` rounds in all: one look after
    /// all of them, and a confirmation of half as many that is always measured.
    ///
    /// What a runner measures must not depend on what it finds, or the runners that found something
    /// would have more to say than the others. Between-runner variation is not made smaller by more
    /// rounds, so there are fewer than one machine alone would plan.
    pub fn fixed(rounds: u32, confidence: f64) -> Result<Self, JudgeError> {
        let least = least_rounds(confidence)?;
        let confirmation = (rounds / 3).min(LOOK_ROUNDS).max(least);
        let main = rounds
            .saturating_sub(confirmation)
            .min(2 * LOOK_ROUNDS)
            .max(least);
        Ok(Self {
            looks: vec![main],
            confirmation,
        })
    }

    /// Rounds of the main set when nothing is decided early.
    pub(super) fn main_rounds(&self) -> Result<u32, JudgeError> {
        let grows = self.looks.windows(2).all(|pair| pair.first() < pair.get(1));
        match (self.looks.first(), self.looks.last()) {
            (Some(1..), Some(last)) if grows && *last <= PLAN_ROUNDS_MAX => Ok(*last),
            _ => Err(JudgeError::Plan),
        }
    }
}

/// The fewest rounds of a set: the control's interval errs by half on either side, and needs the most.
fn least_rounds(confidence: f64) -> Result<u32, JudgeError> {
    let needed = rounds_needed((1.0 - confidence) / 2.0).map_err(JudgeError::Confidence)?;
    u32::try_from(needed).map_err(|_| JudgeError::Plan)
}

/// How sure a look must be.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// The distribution for the rounds of this look.
    pub law: SignedRank,
    /// One-sided level of the lower bound when `index + 1` hypotheses share the error.
    low: Vec<f64>,
    /// One-sided level of the upper bound.
    pub high: f64,
}

impl Look {
    /// One-sided level of the lower bound when `remaining` hypotheses share the error for FAIL; 0,
    /// which no test reaches, where the family is larger than planned for.
    pub(super) fn low(&self, remaining: usize) -> f64 {
        let level = remaining
            .checked_sub(1)
            .and_then(|index| self.low.get(index));
        level.copied().unwrap_or(0.0)
    }

    /// The same levels for another number of rounds.
    pub(super) fn over(&self, rounds: usize) -> Self {
        if self.law.values() == rounds {
            return self.clone();
        }
        Self {
            law: SignedRank::new(rounds),
            ..self.clone()
        }
    }
}

/// The looks of a plan with everything computed.
#[derive(Debug)]
pub(super) struct Levels {
    plan: Plan,
    fail_alpha: f64,
    family: usize,
    planned: Vec<(u32, Look)>,
}

impl Levels {
    /// Computes `plan` for so many noisy metrics that can fail.
    pub(super) fn new(plan: &Plan, confidence: f64, family: usize) -> Result<Self, JudgeError> {
        plan.main_rounds()?;
        if family > FAMILY_MAX {
            return Err(JudgeError::TooManyMetrics {
                metrics: family,
                most: FAMILY_MAX,
            });
        }
        let fail_alpha = 1.0 - confidence;
        rounds_needed(fail_alpha).map_err(JudgeError::Confidence)?;
        let mut levels = Self {
            plan: plan.clone(),
            fail_alpha,
            family: family.max(1),
            planned: Vec::new(),
        };
        levels.planned = levels.looks(&plan.looks)?;
        Ok(levels)
    }

    /// The look after `rounds` rounds of the main set.
    pub(super) fn at(&self, rounds: u32) -> Result<Look, JudgeError> {
        if let Some((_, look)) = self.planned.iter().find(|(at, _)| *at == rounds) {
            return Ok(look.clone());
        }
        let planned = self.plan.main_rounds()?;
        if rounds > planned {
            return Err(JudgeError::BeyondPlan { rounds, planned });
        }
        let mut looks = self.plan.looks.clone();
        looks.retain(|look| *look < rounds);
        looks.push(rounds);
        let (_, look) = self.looks(&looks)?.pop().ok_or(JudgeError::Plan)?;
        Ok(look)
    }

    /// One look at a sample whose size was fixed beforehand.
    pub(super) fn single(&self, rounds: usize) -> Look {
        Look {
            law: SignedRank::new(rounds),
            low: vec![self.fail_alpha],
            high: INSIDE_ALPHA,
        }
    }

    /// The same for a difference that is as bad in either direction.
    pub(super) fn two_sided(&self, rounds: usize) -> Look {
        Look {
            law: SignedRank::new(rounds),
            low: vec![self.fail_alpha / 2.0],
            high: self.fail_alpha / 2.0,
        }
    }

    /// How many metrics share the error for FAIL.
    pub(super) const fn family(&self) -> usize {
        self.family
    }

    fn looks(&self, at: &[u32]) -> Result<Vec<(u32, Look)>, JudgeError> {
        let high = self.nominal(at, INSIDE_ALPHA)?;
        let shares = 1..=self.family;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a run has fewer than 2^52 metrics"
        )]
        let low: Vec<Vec<f64>> = shares
            .map(|sharers| self.nominal(at, self.fail_alpha / sharers as f64))
            .collect::<Result<_, _>>()?;
        let look = |index: usize| Look {
            law: SignedRank::new(at.get(index).map_or(0, |n| *n as usize)),
            low: low
                .iter()
                .filter_map(|levels| levels.get(index).copied())
                .collect(),
            high: high.get(index).copied().unwrap_or(0.0),
        };
        Ok(at
            .iter()
            .enumerate()
            .map(|(index, n)| (*n, look(index)))
            .collect())
    }

    /// Nominal levels after `at` rounds, the last of which may use everything.
    fn nominal(&self, at: &[u32], alpha: f64) -> Result<Vec<f64>, JudgeError> {
        let planned = f64::from(self.plan.main_rounds()?);
        let last = at.last().copied().ok_or(JudgeError::Plan)?;
        let stage = |rounds: u32| {
            let time = if rounds == last {
                1.0
            } else {
                f64::from(rounds) / planned
            };
            Spending::Pocock.spent(alpha, time).map(|spent| Stage {
                values: rounds,
                spent,
            })
        };
        let stages = at
            .iter()
            .map(|rounds| stage(*rounds))
            .collect::<Result<Vec<_>, _>>();
        let attained = |rounds: u32, level: f64| {
            SignedRank::new(rounds as usize)
                .attainable(level)
                .unwrap_or(0.0)
        };
        stages
            .and_then(|stages| nominal_levels(&stages, attained))
            .map_err(JudgeError::Confidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(rounds: u32) -> (Vec<u32>, u32) {
        let plan = Plan::for_rounds(rounds, 0.99).unwrap();
        (plan.looks, plan.confirmation)
    }

    #[test]
    fn a_plan_sets_the_confirmation_aside() {
        assert_eq!(looks(100), (vec![12, 24, 36, 48, 60, 72], 12));
        assert_eq!(looks(84), (vec![12, 24, 36, 48, 60, 72], 12));
        assert_eq!(looks(50), (vec![12, 24, 38], 12));
        assert_eq!(looks(39), (vec![12, 27], 12));
        assert_eq!(looks(27), (vec![15], 12));
        assert_eq!(looks(16), (vec![8], 8));
        assert_eq!(looks(0), (vec![8], 8));
    }

    #[test]
    fn one_of_several_runners_has_one_look() {
        let fixed = |rounds| {
            let plan = Plan::fixed(rounds, 0.99).unwrap();
            (plan.looks, plan.confirmation)
        };
        assert_eq!(fixed(100), (vec![24], 12));
        assert_eq!(fixed(36), (vec![24], 12));
        assert_eq!(fixed(30), (vec![20], 10));
        assert_eq!(fixed(24), (vec![16], 8));
        assert_eq!(fixed(0), (vec![8], 8));
    }

    #[test]
    fn a_plan_that_makes_no_sense_is_refused() {
        for looks in [
            vec![],
            vec![0, 10],
            vec![20, 10],
            vec![10, 10],
            vec![10, 5000],
        ] {
            let plan = Plan {
                looks,
                confirmation: 10,
            };
            assert!(matches!(Levels::new(&plan, 0.99, 1), Err(JudgeError::Plan)));
        }
        assert!(matches!(
            Plan::for_rounds(40, 1.0),
            Err(JudgeError::Confidence(_))
        ));
        assert!(matches!(
            Plan::for_rounds(40, f64::NAN),
            Err(JudgeError::Confidence(_))
        ));
    }

    #[test]
    fn the_first_look_can_decide_for_ten_metrics() {
        let plan = Plan::for_rounds(84, 0.99).unwrap();
        let levels = Levels::new(&plan, 0.99, 10).unwrap();
        let first = levels.at(12).unwrap();
        let attained = [1, 2, 3, 10, 11].map(|sharers| first.law.attainable(first.low(sharers)));
        let patterns = |count: f64| Some(count / 4096.0);
        assert_eq!(
            attained,
            [
                patterns(10.0),
                patterns(5.0),
                patterns(3.0),
                patterns(1.0),
                None
            ]
        );
        assert_eq!(first.law.attainable(first.high), patterns(43.0));
    }

    #[test]
    fn time_running_out_makes_the_look_the_last_one() {
        let plan = Plan::for_rounds(84, 0.99).unwrap();
        let levels = Levels::new(&plan, 0.99, 1).unwrap();
        // Before the first planned look nothing is used up yet.
        assert!((levels.at(8).unwrap().low(1) - 0.01).abs() < 1e-6);
        let cut_short = levels.at(30).unwrap().low(1);
        assert!(cut_short > levels.at(36).unwrap().low(1) && cut_short < 0.01);
        assert!(matches!(levels.at(73), Err(JudgeError::BeyondPlan { .. })));
    }
}
