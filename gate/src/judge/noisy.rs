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
//! only whether the move is past *that*. An amount is taken in percent of base's median. Standings are taken afresh at each look and from the
//! rounds alone, so a report judged again stands where it stood.
//!
//! Believed is a metric that is past its limit only after three more questions, in this order: does
//! base differ from its own copy in the same rounds, by a move that the gate would call real (then
//! the runner is unfit)? Does the confirmation alone say past? Do both sets together? A copy that is
//! off by less than the band is no ground for doubt: no move of that size is called real either.
//! Its interval errs by half of `1 − confidence` on either side.
//!
//! `visible` is the smallest adverse move that rounds with this spread would call real nine times
//! in ten: `(z_low + z_0.9) · se`, where the width of the interval gives the standard error,
//! `se = (high − low)/(z_low + z_high)`; never below the floor.

use super::JudgeError;
use super::limit::{Ceilings, Limit};
use super::plan::{Levels, Look};
use super::round::{RoundRatio, adverse_percent, adverse_ratio, ratios};
use crate::model::{Arm, Direction, MetricId, NoisyRound, Percent, RoundSet};
use crate::statistics::{
    Decision, PositionEffect, StatisticsError, WalshAverages, holm, median, position_effect,
    upper_quantile,
};

/// The chance with which a move of the visible size is seen is 1 less this.
const MISSED: f64 = 0.1;

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
    pub rounds: &'a [NoisyRound],
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

/// The rounds of one metric, read.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub metric: &'a NoisyMetric<'a>,
    /// The limit in percent of base's median.
    pub ceilings: Ceilings,
    ratios: Vec<RoundRatio>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(metric: &'a NoisyMetric<'a>) -> Result<Self, JudgeError> {
        let ratios = ratios(metric.id, metric.direction, metric.rounds)?;
        // Without rounds there is no base, and nothing to hold against a limit.
        let ceilings = match medians(metric.id, &ratios) {
            Ok((base, _)) => metric.limit.ceilings(base),
            Err(_) => metric.limit.ceilings(1.0),
        };
        let overflow = || JudgeError::Overflow(metric.id.clone());
        Ok(Self {
            metric,
            ceilings: ceilings.ok_or_else(overflow)?,
            ratios,
        })
    }

    /// How many rounds a set has.
    pub(super) fn count(&self, set: RoundSet) -> usize {
        self.ratios.iter().filter(|r| r.set == set).count()
    }

    fn main(&self) -> Vec<f64> {
        self.values(|r| (r.set == RoundSet::Main).then_some(r.head))
    }

    fn values(&self, value: impl Fn(&RoundRatio) -> Option<f64>) -> Vec<f64> {
        self.ratios.iter().filter_map(value).collect()
    }

    /// The look that the main rounds ended at.
    fn look(&self, levels: &Levels) -> Result<Look, JudgeError> {
        match u32::try_from(self.count(RoundSet::Main)) {
            Ok(0) => Err(JudgeError::NoValues(self.metric.id.to_string())),
            Ok(rounds) => levels.at(rounds),
            Err(_) => Err(JudgeError::Plan),
        }
    }

    /// What the main rounds say.
    pub(super) fn main_estimate(&self, levels: &Levels) -> Result<Estimate, JudgeError> {
        self.estimate(&self.main(), &self.look(levels)?)
    }

    /// What both sets say together, each bound as sure as at the look where the main rounds ended.
    pub(super) fn pooled_estimate(&self, levels: &Levels) -> Result<Estimate, JudgeError> {
        let all = self.values(|r| Some(r.head));
        let look = self.look(levels)?.over(all.len());
        self.estimate(&all, &look)
    }

    /// What the confirmation says alone; `None` where it has too few rounds to say anything.
    pub(super) fn confirmation(&self, levels: &Levels) -> Result<Option<Estimate>, JudgeError> {
        let alone = self.values(|r| (r.set == RoundSet::Confirmation).then_some(r.head));
        self.if_enough(&alone, &levels.single(alone.len()))
    }

    /// How far base is from its own copy in the confirmation.
    pub(super) fn control(&self, levels: &Levels) -> Result<Option<Estimate>, JudgeError> {
        let values = self.values(|r| match r.set {
            RoundSet::Confirmation => r.control,
            RoundSet::Main => None,
        });
        if values.len() < self.count(RoundSet::Confirmation) {
            return Err(JudgeError::NoControl(self.metric.id.clone()));
        }
        self.if_enough(&values, &levels.two_sided(values.len()))
    }

    fn if_enough(&self, values: &[f64], look: &Look) -> Result<Option<Estimate>, JudgeError> {
        if values.is_empty() {
            return Ok(None);
        }
        match self.estimate(values, look) {
            Ok(estimate) => Ok(Some(estimate)),
            Err(JudgeError::TooFewRounds { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn estimate(&self, values: &[f64], look: &Look) -> Result<Estimate, JudgeError> {
        let metric = self.metric;
        let failed = |source| match source {
            StatisticsError::TooFew { n, needed, .. } => JudgeError::TooFewRounds {
                metric: metric.id.clone(),
                rounds: n,
                needed,
            },
            source => JudgeError::Statistics {
                metric: metric.id.clone(),
                source,
            },
        };
        let walsh = WalshAverages::new(values).map_err(failed)?;
        let low = look.law.lower(&walsh, look.low(1)).map_err(failed)?;
        let high = look.law.upper(&walsh, look.high).map_err(failed)?;
        let percent = |ratio| adverse_percent(metric.id, metric.direction, ratio);
        let middle = percent(walsh.hodges_lehmann().map_err(failed)?)?;
        let (low_percent, high_percent) = (percent(low.value)?, percent(high.value)?);
        let width = high_percent.get() - low_percent.get();
        let z_low = upper_quantile(low.alpha).map_err(failed)?;
        let z_high = upper_quantile(high.alpha).map_err(failed)?;
        let z_seen = upper_quantile(MISSED).map_err(failed)?;
        let at_least_floor = |value: f64| {
            let value = Percent::new(value).map_err(|_| JudgeError::Overflow(metric.id.clone()))?;
            Ok(if value > metric.floor {
                value
            } else {
                metric.floor
            })
        };
        Ok(Estimate {
            rounds: values.len(),
            middle,
            low: low_percent,
            high: high_percent,
            band: at_least_floor(width / 2.0)?,
            visible: at_least_floor(width * (z_low + z_seen) / (z_low + z_high))?,
        })
    }

    /// The p-value against "no worse than the limit", from the main rounds.
    fn p_past(&self, levels: &Levels) -> Result<f64, JudgeError> {
        let failed = |source| JudgeError::Statistics {
            metric: self.metric.id.clone(),
            source,
        };
        let walsh = WalshAverages::new(&self.main()).map_err(failed)?;
        let limit = adverse_ratio(self.metric.direction, self.ceilings.most);
        Ok(self.look(levels)?.law.p_above(&walsh, limit))
    }

    /// The medians over all rounds of what base and head read in a round.
    pub(super) fn medians(&self) -> Result<(f64, f64), JudgeError> {
        medians(self.metric.id, &self.ratios)
    }

    /// What starting second does, in adverse percent; `None` where one order hardly came up.
    pub(super) fn position(&self, confidence: f64) -> Result<Option<PositionEffect>, JudgeError> {
        let base_first = self.values(|r| (r.first == Arm::Base).then_some(r.head));
        let head_first = self.values(|r| (r.first == Arm::Head).then_some(r.head));
        let effect = match position_effect(&base_first, &head_first, 1.0 - confidence) {
            Ok(effect) => effect,
            Err(StatisticsError::Empty | StatisticsError::TooFew { .. }) => return Ok(None),
            Err(source) => {
                let metric = self.metric.id.clone();
                return Err(JudgeError::Statistics { metric, source });
            }
        };
        let percent =
            |ratio| adverse_percent(self.metric.id, self.metric.direction, ratio).map(Percent::get);
        Ok(Some(PositionEffect {
            estimate: percent(effect.estimate)?,
            low: percent(effect.low)?,
            high: percent(effect.high)?,
        }))
    }
}

/// The medians over all rounds of what base and head read in a round.
fn medians(metric: &MetricId, ratios: &[RoundRatio]) -> Result<(f64, f64), JudgeError> {
    let of = |value: fn(&RoundRatio) -> f64| {
        let values: Vec<f64> = ratios.iter().map(value).collect();
        median(&values).map_err(|source| JudgeError::Statistics {
            metric: metric.clone(),
            source,
        })
    };
    Ok((of(|r| r.medians.0)?, of(|r| r.medians.1)?))
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
        p_values.push(reading.p_past(levels)?);
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
