//! A noisy metric: from its rounds to where it stands.
//!
//! ```text
//!        better  ◄──────────────── 0 ────────────────►  worse (adverse change, %)
//!                            low ├──────┤ high        interval
//!                                 estimate            Hodges–Lehmann
//!                 └─── band ───┘   └─── band ───┘     half-width, but at least the floor
//!                                            │ budget
//! ```
//!
//! | first that holds | standing |
//! |---|---|
//! | low > limit, errors shared by Holm | past |
//! | a real move (low > 0, estimate > band), estimate > limit, no more rounds to come | past |
//! | high > limit | open |
//! | estimate beyond the floor, but not the band, and more rounds may come | open |
//! | otherwise | inside |
//!
//! The second "open" buys words: a change that may land is measured on until it can be called real.
//! It costs unchanged code nothing, whose estimate hardly ever lies beyond the floor.
//!
//! `low` errs with `1 − confidence`, `high` with 5 %, each at the look where measuring ended. The
//! limit is the budget, or what a trade of this change allows: with a trade, measuring has to tell
//! only whether the move is past *that*. An amount is taken in percent of base's median. Standings are
//! taken afresh at each look and from the rounds alone, so a report judged again stands where it stood.
//!
//! Believed is a metric that is past its limit only after three more questions, in this order: does
//! base differ from its own copy in the same rounds, by a move that the gate would call real (then
//! the runner is unfit)? Does the confirmation alone say past? Do both sets together? A copy that is
//! off by less than the band is no ground for doubt: no move of that size is called real either.
//! Its interval errs by half of `1 − confidence` on either side.
//!
//! `visible` is the smallest adverse move that rounds with this spread would call real nine times
//! in ten (see `pool`); never below the floor.

use super::JudgeError;
use super::limit::Limit;
use super::plan::Levels;
use super::reading::Reading;
use crate::model::{Direction, MetricId, NoisyRound, Percent, RunnerRounds};
use crate::statistics::{Decision, holm};

/// A noisy metric that can fail.
#[derive(Debug, Clone)]
pub struct NoisyMetric<'a> {
    /// Its name.
    pub id: &'a MetricId,
    /// Which way is better.
    pub direction: Direction,
    /// Moves smaller than this are never real.
    pub floor: Percent,
    /// How much worse it may get.
    pub limit: Limit,
    /// Every round, of both sets.
    pub rounds: Rounds<'a>,
}

/// Where rounds come from.
#[derive(Debug, Clone, Copy)]
pub enum Rounds<'a> {
    /// One machine.
    One(&'a [NoisyRound]),
    /// Several runners, whose estimates are pooled (see `pool`).
    Several(&'a [RunnerRounds]),
}

/// An estimate with its interval: adverse changes in percent of base.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Rounds behind it.
    pub rounds: usize,
    /// The Hodges–Lehmann estimate.
    pub middle: Percent,
    /// Lower end of the interval.
    pub low: Percent,
    /// Upper end of the interval.
    pub high: Percent,
    /// Half the interval's width, but at least the floor.
    pub band: Percent,
    /// The smallest adverse move that such rounds would call real nine times in ten.
    pub visible: Percent,
}

impl Estimate {
    /// A real move for the worse.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        self.low > Percent::ZERO && self.middle > self.band
    }

    /// A real move for the better.
    #[must_use]
    pub fn is_better(&self) -> bool {
        self.high < Percent::ZERO && -self.middle.get() > self.band.get()
    }

    /// Looks larger than the floor, in either direction, but hides inside the band.
    fn is_hidden(&self, floor: Percent) -> bool {
        self.middle.get().abs() > floor.get() && !self.is_worse() && !self.is_better()
    }

    /// Whether it says past the limit, its size resolved or not.
    pub(super) fn says_past(&self, limit: Percent) -> bool {
        self.low > limit || (self.is_worse() && self.middle > limit)
    }
}

/// Where a metric stands after its main rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Past its limit.
    Past,
    /// Inside its limit.
    Inside,
    /// Neither can be said.
    Open,
}

/// Whether measuring may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resolution {
    /// More rounds may still resolve the size of a move.
    Ahead,
    /// There will be no more main rounds.
    Over,
}

/// Where each metric stands after its main rounds, the error for FAIL shared between them and those
/// of the run's metrics that have no rounds yet.
pub(super) fn standings(
    readings: &[Reading<'_>],
    levels: &Levels,
    resolution: Resolution,
) -> Result<Vec<Standing>, JudgeError> {
    let mut p_values = Vec::with_capacity(readings.len());
    let mut looks = Vec::with_capacity(readings.len());
    for reading in readings {
        p_values.push(reading.p_past()?);
        looks.push(reading.look(levels)?);
    }
    // A metric without rounds cannot fall, but has its share.
    let family = levels.family().max(readings.len());
    p_values.resize(family, 1.0);
    let level = |index: usize, sharers| looks.get(index).map_or(0.0, |look| look.low(sharers));
    let decisions = holm(&p_values, level);
    let standing = |(reading, decision): (&Reading<'_>, Decision)| {
        let main = reading.main_estimate(levels)?;
        let limit = reading.ceilings.most;
        Ok(match (decision, resolution) {
            (Decision::Rejected, _) => Standing::Past,
            (Decision::Kept, Resolution::Over) if main.says_past(limit) => Standing::Past,
            (Decision::Kept, _) if main.high > limit => Standing::Open,
            (Decision::Kept, Resolution::Ahead) if main.is_hidden(reading.metric.floor) => {
                Standing::Open
            }
            (Decision::Kept, _) => Standing::Inside,
        })
    };
    readings.iter().zip(decisions).map(standing).collect()
}
