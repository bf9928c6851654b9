//! The rounds of one metric, read: what each set of them says.
//!
//! Rounds of several runners stay apart, one list a runner, until `pool` makes one interval of them.
//! What a runner says alone is kept beside it: a runner *strays* where its own interval does not hold
//! the common estimate, and both lie further apart than the floor. Its interval errs by half of
//! `1 − confidence` on either side, over all of its rounds, whose number was fixed beforehand.

use super::JudgeError;
use super::judged::ByRunner;
use super::limit::Ceilings;
use super::noisy::{Estimate, NoisyMetric, Rounds};
use super::plan::{Levels, Look};
use super::pool::{Span, p_above, span};
use super::round::{RoundRatio, adverse_percent, adverse_ratio, ratios};
use crate::model::{Arm, MetricId, Percent, RoundSet};
use crate::statistics::{PositionEffect, StatisticsError, median, position_effect};

/// The rounds of one metric, read.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub metric: &'a NoisyMetric<'a>,
    /// The limit in percent of base's median.
    pub ceilings: Ceilings,
    runners: Vec<OneRunner>,
}

/// The rounds of one runner.
#[derive(Debug)]
struct OneRunner {
    /// Its number; 1 where there is only one.
    number: u32,
    ratios: Vec<RoundRatio>,
}

impl OneRunner {
    fn values(&self, value: impl Fn(&RoundRatio) -> Option<f64>) -> Vec<f64> {
        self.ratios.iter().filter_map(value).collect()
    }
}

impl<'a> Reading<'a> {
    pub(super) fn new(metric: &'a NoisyMetric<'a>) -> Result<Self, JudgeError> {
        let one = |number, rounds| {
            Ok(OneRunner {
                number,
                ratios: ratios(metric.id, metric.direction, rounds)?,
            })
        };
        let runners: Vec<OneRunner> = match metric.rounds {
            Rounds::One(rounds) => vec![one(1, rounds)?],
            Rounds::Several(runners) => runners
                .iter()
                .map(|runner| one(runner.runner, &runner.rounds))
                .collect::<Result<_, JudgeError>>()?,
        };
        // Without rounds there is no base, and nothing to hold against a limit.
        let base = medians(metric.id, &runners).map_or(1.0, |(base, _)| base);
        let ceilings = metric.limit.ceilings(base);
        let overflow = || JudgeError::Overflow(metric.id.clone());
        Ok(Self {
            metric,
            ceilings: ceilings.ok_or_else(overflow)?,
            runners,
        })
    }

    /// Whether several runners have a part in it.
    pub(super) const fn is_pooled(&self) -> bool {
        matches!(self.metric.rounds, Rounds::Several(_))
    }

    /// How many rounds of a set the runner with most of them has.
    pub(super) fn count(&self, set: RoundSet) -> usize {
        let of = |runner: &OneRunner| runner.ratios.iter().filter(|r| r.set == set).count();
        self.runners.iter().map(of).max().unwrap_or(0)
    }

    /// What every main round says, as an adverse log ratio, by runner.
    pub(super) fn main(&self) -> Vec<Vec<f64>> {
        self.values(|r| (r.set == RoundSet::Main).then_some(r.head))
    }

    fn values(&self, value: impl Fn(&RoundRatio) -> Option<f64> + Copy) -> Vec<Vec<f64>> {
        self.runners
            .iter()
            .map(|runner| runner.values(value))
            .collect()
    }

    /// The look that the main rounds ended at.
    pub(super) fn look(&self, levels: &Levels) -> Result<Look, JudgeError> {
        if self.main().iter().any(Vec::is_empty) {
            return Err(JudgeError::NoValues(self.metric.id.to_string()));
        }
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
        let rounds = all.iter().map(Vec::len).max().unwrap_or(0);
        self.estimate(&all, &self.look(levels)?.over(rounds))
    }

    /// What the confirmation says alone; `None` where it has too few rounds to say anything.
    pub(super) fn confirmation(&self, levels: &Levels) -> Result<Option<Estimate>, JudgeError> {
        let alone = self.values(|r| (r.set == RoundSet::Confirmation).then_some(r.head));
        self.if_enough(&alone, &levels.single(self.count(RoundSet::Confirmation)))
    }

    /// How far base is from its own copy in the confirmation.
    pub(super) fn control(&self, levels: &Levels) -> Result<Option<Estimate>, JudgeError> {
        let values = self.copies()?;
        let rounds = self.count(RoundSet::Confirmation);
        self.if_enough(&values, &levels.two_sided(rounds))
    }

    fn copies(&self) -> Result<Vec<Vec<f64>>, JudgeError> {
        let confirms = |r: &RoundRatio| r.set == RoundSet::Confirmation;
        let lacks = |r: &RoundRatio| confirms(r) && r.control.is_none();
        if self
            .runners
            .iter()
            .any(|runner| runner.ratios.iter().any(lacks))
        {
            return Err(JudgeError::NoControl(self.metric.id.clone()));
        }
        Ok(self.values(|r| r.control.filter(|_| confirms(r))))
    }

    /// The runner whose copy of base strays furthest from base, by a move that the gate would call
    /// real, and by how much.
    pub(super) fn unfit(&self, levels: &Levels) -> Result<Option<(u32, Percent)>, JudgeError> {
        let mut worst: Option<(u32, Percent)> = None;
        for (runner, copies) in self.runners.iter().zip(self.copies()?) {
            let look = levels.two_sided(copies.len());
            let Some(control) = self.if_enough(&[copies], &look)? else {
                continue;
            };
            let by = control.middle.get().abs();
            let is_worst = worst.is_none_or(|(_, worst)| by > worst.get().abs());
            if (control.is_worse() || control.is_better()) && is_worst {
                worst = Some((runner.number, control.middle));
            }
        }
        Ok(worst)
    }

    /// The runner that is past the limit by itself, in its main rounds and in its confirmation, and
    /// what all of its rounds say.
    pub(super) fn past_alone(
        &self,
        levels: &Levels,
    ) -> Result<Option<(u32, Estimate)>, JudgeError> {
        let limit = self.ceilings.most;
        for runner in &self.runners {
            let of = |set| runner.values(|r| (r.set == set).then_some(r.head));
            let says = |values: Vec<f64>| {
                let look = levels.single(values.len());
                let estimate = self.if_enough(&[values], &look)?;
                Ok::<_, JudgeError>(estimate.is_some_and(|estimate| estimate.low > limit))
            };
            if says(of(RoundSet::Main))? && says(of(RoundSet::Confirmation))? {
                let all = runner.values(|r| Some(r.head));
                let look = levels.single(all.len());
                return Ok(Some((runner.number, self.estimate(&[all], &look)?)));
            }
        }
        Ok(None)
    }

    /// What each of several runners says, against `common`; nothing where there is only one.
    pub(super) fn by_runner(
        &self,
        levels: &Levels,
        common: &Estimate,
    ) -> Result<Vec<ByRunner>, JudgeError> {
        if !self.is_pooled() {
            return Ok(Vec::new());
        }
        let one = |runner: &OneRunner| {
            let all = runner.values(|r| Some(r.head));
            let look = levels.two_sided(all.len());
            let estimate = self.if_enough(&[all], &look)?;
            let (base, head) = medians(self.metric.id, std::slice::from_ref(runner))?;
            let strays = estimate.is_some_and(|own| {
                let apart = (own.middle.get() - common.middle.get()).abs();
                let excludes = common.middle < own.low || common.middle > own.high;
                excludes && apart > self.metric.floor.get()
            });
            let sign = self.metric.direction.adverse_sign();
            Ok(ByRunner {
                runner: runner.number,
                base: Some(base),
                head: Some(head),
                delta: estimate.and_then(|e| Percent::new(sign * e.middle.get()).ok()),
                low: estimate.map(|e| e.low),
                high: estimate.map(|e| e.high),
                strays,
            })
        };
        self.runners.iter().map(one).collect()
    }

    fn if_enough(&self, values: &[Vec<f64>], look: &Look) -> Result<Option<Estimate>, JudgeError> {
        if values.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        match self.estimate(values, look) {
            Ok(estimate) => Ok(Some(estimate)),
            Err(JudgeError::TooFewRounds { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What some rounds say at a look, by runner.
    pub(super) fn estimate(
        &self,
        values: &[Vec<f64>],
        look: &Look,
    ) -> Result<Estimate, JudgeError> {
        let metric = self.metric;
        let Span {
            middle,
            low,
            high,
            visible_widths,
        } = span(values, look).map_err(|source| self.failed(source))?;
        let percent = |ratio| adverse_percent(metric.id, metric.direction, ratio);
        let (low, high) = (percent(low)?, percent(high)?);
        let width = high.get() - low.get();
        let at_least_floor = |value: f64| {
            let value = Percent::new(value).map_err(|_| JudgeError::Overflow(metric.id.clone()))?;
            Ok(if value > metric.floor {
                value
            } else {
                metric.floor
            })
        };
        Ok(Estimate {
            rounds: values.iter().map(Vec::len).sum(),
            middle: percent(middle)?,
            low,
            high,
            band: at_least_floor(width / 2.0)?,
            visible: at_least_floor(width * visible_widths)?,
        })
    }

    /// The p-value against "no worse than the limit", from the main rounds.
    pub(super) fn p_past(&self) -> Result<f64, JudgeError> {
        let limit = adverse_ratio(self.metric.direction, self.ceilings.most);
        p_above(&self.main(), limit).map_err(|source| self.failed(source))
    }

    /// The medians over all rounds of what base and head read in a round; over runners, the medians
    /// of those.
    pub(super) fn medians(&self) -> Result<(f64, f64), JudgeError> {
        medians(self.metric.id, &self.runners)
    }

    /// What starting second does, in adverse percent; `None` where one order hardly came up, and
    /// over several runners, each of which has orders of its own.
    pub(super) fn position(&self, confidence: f64) -> Result<Option<PositionEffect>, JudgeError> {
        let [runner] = self.runners.as_slice() else {
            return Ok(None);
        };
        let base_first = runner.values(|r| (r.first == Arm::Base).then_some(r.head));
        let head_first = runner.values(|r| (r.first == Arm::Head).then_some(r.head));
        let effect = match position_effect(&base_first, &head_first, 1.0 - confidence) {
            Ok(effect) => effect,
            Err(StatisticsError::Empty | StatisticsError::TooFew { .. }) => return Ok(None),
            Err(source) => return Err(self.failed(source)),
        };
        let percent =
            |ratio| adverse_percent(self.metric.id, self.metric.direction, ratio).map(Percent::get);
        Ok(Some(PositionEffect {
            estimate: percent(effect.estimate)?,
            low: percent(effect.low)?,
            high: percent(effect.high)?,
        }))
    }

    fn failed(&self, source: StatisticsError) -> JudgeError {
        let metric = self.metric.id.clone();
        match source {
            StatisticsError::TooFew { n, needed, .. } => JudgeError::TooFewRounds {
                metric,
                rounds: n,
                needed,
            },
            source => JudgeError::Statistics { metric, source },
        }
    }
}

/// The medians over all rounds of what base and head read in a round; over runners, the medians of
/// those.
fn medians(metric: &MetricId, runners: &[OneRunner]) -> Result<(f64, f64), JudgeError> {
    let middle = |values: Vec<f64>| {
        median(&values).map_err(|source| JudgeError::Statistics {
            metric: metric.clone(),
            source,
        })
    };
    let of = |value: fn(&RoundRatio) -> f64| {
        let of_runners = runners
            .iter()
            .map(|runner| middle(runner.values(|r| Some(value(r)))))
            .collect::<Result<Vec<_>, _>>()?;
        middle(of_runners)
    };
    Ok((of(|r| r.medians.0)?, of(|r| r.medians.1)?))
}
