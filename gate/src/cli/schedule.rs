//! How a time for measuring becomes rounds of a length.
//!
//! ```text
//! cost of a run = main rounds + 1.5 · confirmation rounds      (three arms instead of two)
//! round         = set-up, about 0.7 s │ slice pairs, 0.1 s each
//! 6 min         → 50 rounds of 6.5 s (40 + 10): 58 pairs
//! 45 s          → 16 rounds of 2.2 s ( 8 +  8): 15 pairs
//! ```
//!
//! Rounds are worth more than pairs: the variation between starts is seen only between rounds, and
//! no interval exists below eight of them. So a short time first shortens the rounds down to two
//! seconds, then takes rounds away, and where even the fewest rounds do not fit, the run takes
//! longer than it was given.

use std::time::Duration;

use crate::judge::{JudgeError, Plan};
use crate::measure::SLICE;

/// Rounds beyond which measuring longer is not planned: four looks and a confirmation.
const ROUNDS_MAX: u32 = 50;
/// The same for one of several runners: one look and a confirmation.
const FIXED_ROUNDS_MAX: u32 = 30;
/// The fewest rounds that can be decided and confirmed.
const ROUNDS_MIN: u32 = 16;
/// A round shorter than this is mostly set-up.
const ROUND_SHORT: Duration = Duration::from_millis(2200);
/// What starting servers, loading the data set and warming up take of a round.
const SET_UP: Duration = Duration::from_millis(700);
/// The fewest slice pairs whose median means something.
const PAIRS_MIN: u32 = 8;
/// More pairs than this add nothing to a round's median that another round would not add better.
const PAIRS_MAX: u32 = 120;

/// The rounds of one group of metrics.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Schedule {
    pub(super) plan: Plan,
    /// Slices of every arm in a round.
    pub(super) slices: u32,
    /// How long a round may be.
    pub(super) round: Duration,
    /// The time after which no further main round begins.
    pub(super) main_time: Duration,
}

impl Schedule {
    /// The schedule for a group that has `time`.
    pub(super) fn new(time: Duration, confidence: f64) -> Result<Self, JudgeError> {
        Self::of(Plan::for_rounds, ROUNDS_MAX, time, confidence)
    }

    /// The schedule of one of several runners.
    pub(super) fn fixed(time: Duration, confidence: f64) -> Result<Self, JudgeError> {
        Self::of(Plan::fixed, FIXED_ROUNDS_MAX, time, confidence)
    }

    fn of(
        plan_for: fn(u32, f64) -> Result<Plan, JudgeError>,
        rounds_max: u32,
        time: Duration,
        confidence: f64,
    ) -> Result<Self, JudgeError> {
        let mut rounds = ROUNDS_MIN;
        let mut plan = plan_for(rounds, confidence)?;
        while rounds < rounds_max {
            let longer = plan_for(rounds + 1, confidence)?;
            if ROUND_SHORT.mul_f64(cost(&longer)) > time {
                break;
            }
            (rounds, plan) = (rounds + 1, longer);
        }
        let round = time.div_f64(cost(&plan));
        let pair = 2 * SLICE;
        let pairs = round.saturating_sub(SET_UP).as_millis() / pair.as_millis();
        let slices = u32::try_from(pairs)
            .unwrap_or(PAIRS_MAX)
            .clamp(PAIRS_MIN, PAIRS_MAX);
        let main_time = time.saturating_sub(round.mul_f64(confirmation_cost(&plan)));
        Ok(Self {
            plan,
            slices,
            round,
            main_time,
        })
    }
}

fn confirmation_cost(plan: &Plan) -> f64 {
    1.5 * f64::from(plan.confirmation)
}

fn cost(plan: &Plan) -> f64 {
    f64::from(plan.looks.last().copied().unwrap_or_default()) + confirmation_cost(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(seconds: u64) -> Schedule {
        Schedule::new(Duration::from_secs(seconds), 0.99).unwrap()
    }

    #[test]
    fn six_minutes_are_the_full_plan() {
        let full = schedule(360);
        assert_eq!(
            (full.plan.looks.as_slice(), full.plan.confirmation),
            (&[10, 20, 30, 40][..], 10)
        );
        assert_eq!(full.slices, 58);
        assert!(
            full.main_time > Duration::from_secs(260) && full.main_time < Duration::from_secs(263)
        );
    }

    #[test]
    fn one_of_several_runners_measures_fewer_and_longer_rounds() {
        let fixed = |seconds| Schedule::fixed(Duration::from_secs(seconds), 0.99).unwrap();
        let full = fixed(360);
        let (looks, confirmation) = (full.plan.looks.as_slice(), full.plan.confirmation);
        assert_eq!((looks, confirmation, full.slices), (&[20][..], 10, 95));
        let short = fixed(45);
        assert_eq!(
            (short.plan.looks.as_slice(), short.plan.confirmation),
            (&[8][..], 8)
        );
    }

    #[test]
    fn less_time_means_shorter_rounds_and_then_fewer() {
        let quick = schedule(45);
        assert_eq!(
            (quick.plan.looks.as_slice(), quick.plan.confirmation),
            (&[8][..], 8)
        );
        assert!(quick.slices >= 12, "{}", quick.slices);
        let (short, long) = (schedule(60), schedule(150));
        assert!(short.plan.looks.last() < long.plan.looks.last());
        assert_eq!(schedule(1).slices, PAIRS_MIN);
        assert_eq!(schedule(36_000).slices, PAIRS_MAX);
    }
}
