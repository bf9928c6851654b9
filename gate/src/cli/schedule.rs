//! How a time for measuring becomes rounds of a length.
//!
//! ```text
//! cost of a run = main rounds + 1.5 · confirmation rounds      (three arms instead of two)
//! round         = set-up, about 1 s │ slice pairs, 0.05 s each
//! 6 min         → 84 rounds of 3 s (72 + 12): 40 pairs; 4.5 min in all, the first look after 36 s
//! 45 s          → 16 rounds of 2.25 s ( 8 +  8): 25 pairs
//! ```
//!
//! Rounds are worth more than pairs: the variation between starts is seen only between rounds, and
//! no interval exists below eight of them. It is reached at 40 pairs: over 16 rounds of one code the
//! standard deviation of a round's log ratio was 0.58, 0.37, 0.47 and 0.45 % with its first 20, 40, 80
//! and 160 pairs (`qps`; CPU time 0.48, 0.34, 0.41, 0.38 %; the runs that `measure::rounds` names for its
//! slices). So more time than 40 pairs and 84 rounds need is given back. A shorter time first shortens
//! the rounds down to two seconds, then takes rounds away, and where even the fewest rounds do not
//! fit, the run takes longer than it was given.

use std::time::Duration;

use crate::judge::{JudgeError, Plan};
use crate::measure::SLICE;

/// Rounds beyond which measuring longer is not planned: six looks and a confirmation.
const ROUNDS_MAX: u32 = 84;
/// The same for one of several runners: one look and a confirmation.
const FIXED_ROUNDS_MAX: u32 = 36;
/// The fewest rounds that can be decided and confirmed.
const ROUNDS_MIN: u32 = 16;
/// A round shorter than this is mostly set-up.
const ROUND_SHORT: Duration = Duration::from_millis(2200);
/// What starting servers, loading the data set and warming up take of a round.
const SET_UP: Duration = Duration::from_secs(1);
/// The fewest slice pairs whose median means something.
const PAIRS_MIN: u32 = 8;
/// More pairs than this add nothing to a round's median that another round would not add better.
const PAIRS_MAX: u32 = 40;

/// The rounds of one group of metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The looks.
    pub plan: Plan,
    /// Slices of every arm in a round.
    pub slices: u32,
    /// How long a round may be.
    pub round: Duration,
    /// The time after which no further main round begins.
    pub main_time: Duration,
}

impl Schedule {
    /// The schedule for a group that has `time`.
    pub fn new(time: Duration, confidence: f64) -> Result<Self, JudgeError> {
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
            (&[12, 24, 36, 48, 60, 72][..], 12)
        );
        assert_eq!(full.slices, PAIRS_MAX);
        assert_eq!(full.main_time, Duration::from_secs(288));
    }

    #[test]
    fn one_of_several_runners_measures_fewer_rounds() {
        let fixed = |seconds| Schedule::fixed(Duration::from_secs(seconds), 0.99).unwrap();
        let full = fixed(360);
        let (looks, confirmation) = (full.plan.looks.as_slice(), full.plan.confirmation);
        assert_eq!(
            (looks, confirmation, full.slices),
            (&[24][..], 12, PAIRS_MAX)
        );
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
        assert_eq!(quick.slices, 25);
        let (short, long) = (schedule(60), schedule(150));
        assert!(short.plan.looks.last() < long.plan.looks.last());
        assert_eq!(schedule(1).slices, PAIRS_MIN);
        assert_eq!(schedule(36_000).slices, PAIRS_MAX);
    }
}
