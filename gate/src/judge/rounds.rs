//! The row of a noisy metric: its verdict, from where it stands.
//!
//! | stands | and | verdict | reason |
//! |---|---|---|---|
//! | past | believed (see `noisy`) | FAIL | past budget |
//! | past | not confirmed, contradicted, or the runner unfit | by policy | inconclusive |
//! | inside its limit | high > budget, so that only a trade covers it | WARN | traded |
//! | inside | a real move for the worse | WARN | inside budget |
//! | inside | a real move for the better | PASS | improved |
//! | inside | neither | PASS | within noise |
//! | open | | by policy | inconclusive |
//!
//! | inside or open | one of several runners is past the limit alone, confirmed | by policy | inconclusive |
//!
//! The last row comes before the three above it. Policy is `run.inconclusive`: WARN or FAIL. A real move for the better lies below 0 altogether, so
//! it is always inside.
//!
//! The interval in the row is that of the rounds which the verdict rests on: the main ones, and both
//! sets together where a confirmation was called for.

use super::JudgeError;
use super::judged::{Doubt, Evidence, Order, Row};
use super::limit::Ceilings;
use super::noisy::{Estimate, NoisyMetric, Resolution, Standing, standings};
use super::plan::Levels;
use super::reading::Reading;
use crate::budget::{Inconclusive, Run};
use crate::model::{Kind, Percent, Reason, RoundSet, Unit, Verdict};

/// The noisy metrics of a run that can fail, read and ready.
pub(super) struct Judge<'a> {
    readings: Vec<Reading<'a>>,
    levels: &'a Levels,
    run: &'a Run,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        metrics: &'a [NoisyMetric<'a>],
        levels: &'a Levels,
        run: &'a Run,
    ) -> Result<Self, JudgeError> {
        Ok(Self {
            readings: metrics.iter().map(Reading::new).collect::<Result<_, _>>()?,
            levels,
            run,
        })
    }

    /// A row for each metric, units apart, with what starting second did to it.
    pub(super) fn rows(&self) -> Result<Vec<(Row, Option<Order>)>, JudgeError> {
        // Said of each metric by name before any is judged.
        for reading in &self.readings {
            reading.main_estimate(self.levels)?;
        }
        let standings = standings(&self.readings, self.levels, Resolution::Over)?;
        let row = |(reading, standing)| {
            Ok((
                self.row(reading, standing)?,
                order(reading, self.run.confidence)?,
            ))
        };
        self.readings.iter().zip(standings).map(row).collect()
    }

    fn row(&self, reading: &Reading<'_>, standing: Standing) -> Result<Row, JudgeError> {
        let (estimate, verdict, reason, doubt) = match standing {
            Standing::Past => {
                let doubt = self.doubt(reading)?;
                let estimate = reading.pooled_estimate(self.levels)?;
                match doubt {
                    None => (estimate, Verdict::Fail, Reason::PastBudget, None),
                    Some(_) => (estimate, self.undecided(), Reason::Inconclusive, doubt),
                }
            }
            Standing::Inside | Standing::Open => {
                let main = reading.main_estimate(self.levels)?;
                let divided = self.divided(reading)?;
                let (verdict, reason) = match (standing, divided) {
                    (Standing::Inside, None) => inside(&main, reading.ceilings),
                    _ => (self.undecided(), Reason::Inconclusive),
                };
                (main, verdict, reason, divided)
            }
        };
        let by_runner = reading.by_runner(self.levels, &estimate)?;
        let (base, head) = reading.medians()?;
        let sign = reading.metric.direction.adverse_sign();
        Ok(Row {
            id: reading.metric.id.clone(),
            unit: Unit::new("").map_err(|_| JudgeError::Plan)?,
            direction: reading.metric.direction,
            kind: Kind::Noisy,
            base: Some(base),
            head: Some(head),
            delta: Percent::new(sign * estimate.middle.get()).ok(),
            limit: Some(reading.metric.limit.clone()),
            verdict,
            reason,
            evidence: Evidence::Rounds {
                estimate,
                doubt,
                confidence: self.run.confidence,
            },
            by_runner,
        })
    }

    /// The runner that is past the limit where all together are not.
    fn divided(&self, reading: &Reading<'_>) -> Result<Option<Doubt>, JudgeError> {
        if !reading.is_pooled() {
            return Ok(None);
        }
        let alone = reading.past_alone(self.levels)?;
        Ok(alone.map(|(runner, estimate)| Doubt::Divided(runner, estimate.middle)))
    }

    /// Why rounds that say FAIL are not believed; `None` where they are.
    fn doubt(&self, reading: &Reading<'_>) -> Result<Option<Doubt>, JudgeError> {
        let limit = reading.ceilings.most;
        let Some(alone) = reading.confirmation(self.levels)? else {
            return Ok(Some(Doubt::Unconfirmed));
        };
        let Some(control) = reading.control(self.levels)? else {
            return Ok(Some(Doubt::Unconfirmed));
        };
        if reading.is_pooled()
            && let Some((runner, by)) = reading.unfit(self.levels)?
        {
            return Ok(Some(Doubt::UnfitRunner(runner, by)));
        }
        if control.is_worse() || control.is_better() {
            return Ok(Some(Doubt::Unfit(control.middle)));
        }
        let pooled = reading.pooled_estimate(self.levels)?;
        let said_again = alone.says_past(limit) && pooled.says_past(limit);
        Ok((!said_again).then_some(Doubt::Contradicted))
    }

    const fn undecided(&self) -> Verdict {
        match self.run.inconclusive {
            Inconclusive::Warn => Verdict::Warn,
            Inconclusive::Fail => Verdict::Fail,
        }
    }
}

/// The verdict of a metric that is inside its limit.
fn inside(main: &Estimate, ceilings: Ceilings) -> (Verdict, Reason) {
    if main.high > ceilings.budget {
        (Verdict::Warn, Reason::Traded)
    } else if main.is_worse() {
        (Verdict::Warn, Reason::InsideBudget)
    } else if main.is_better() {
        (Verdict::Pass, Reason::Improved)
    } else {
        (Verdict::Pass, Reason::WithinNoise)
    }
}

fn order(reading: &Reading<'_>, confidence: f64) -> Result<Option<Order>, JudgeError> {
    let overflow = |_| JudgeError::Overflow(reading.metric.id.clone());
    let Some(effect) = reading.position(confidence)? else {
        return Ok(None);
    };
    Ok(Some(Order {
        metric: reading.metric.id.clone(),
        effect: Percent::new(effect.estimate).map_err(overflow)?,
        low: Percent::new(effect.low).map_err(overflow)?,
        high: Percent::new(effect.high).map_err(overflow)?,
    }))
}

/// A metric that is only shown: its interval where its rounds give one.
pub(super) fn report_only_rounds(
    metric: &NoisyMetric<'_>,
    levels: &Levels,
    run: &Run,
    blank: Row,
) -> Result<Row, JudgeError> {
    let reading = Reading::new(metric)?;
    if reading.count(RoundSet::Main) == 0 {
        return Err(JudgeError::NoValues(metric.id.to_string()));
    }
    let (base, head) = reading.medians()?;
    let row = Row {
        base: Some(base),
        head: Some(head),
        ..blank
    };
    let estimate = match reading.main_estimate(levels) {
        Ok(estimate) => estimate,
        // Two numbers without an interval can be shown; they could not be judged.
        Err(JudgeError::TooFewRounds { .. }) => {
            return Ok(Row {
                evidence: Evidence::Counts(None),
                ..row
            });
        }
        Err(error) => return Err(error),
    };
    let sign = metric.direction.adverse_sign();
    Ok(Row {
        delta: Percent::new(sign * estimate.middle.get()).ok(),
        by_runner: reading.by_runner(levels, &estimate)?,
        evidence: Evidence::Rounds {
            estimate,
            doubt: None,
            confidence: run.confidence,
        },
        ..row
    })
}
