//! What a whole run could see on a machine, from rounds of identical code measured there.
//!
//! A run on identical code stops at its first look, and so says little of what it would see if it had
//! to go on. So as many rounds as the plan has are drawn from all that were measured, with replacement
//! (B. Efron, "Bootstrap methods: another look at the jackknife", 1979), and judged like any: the
//! medians over many such draws of the band and of the smallest visible change are told.
//!
//! ```text
//! measured   d₁ d₂ … d₅₀          five runs of ten rounds
//! drawn      d₇ d₃₁ d₇ … (40)     → interval at the last look → band ±0.9 %, visible from 1.3 % on
//!            ⋮ 40 draws                                         medians
//! ```

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::JudgeError;
use super::noisy::NoisyMetric;
use super::plan::{Levels, Plan};
use super::reading::Reading;
use crate::model::Percent;
use crate::statistics::median;

/// How often rounds are drawn.
const DRAWS: usize = 40;
/// Where the draws come from: the same rounds always foresee the same.
const SEED: u64 = 1;

/// What a whole run of a metric could see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foresight {
    /// Rounds that it is drawn from.
    pub rounds: usize,
    /// Half the width of the interval, but at least the floor.
    pub band: Percent,
    /// The smallest change for the worse that is called real nine times in ten.
    pub visible: Percent,
}

/// What `plan` could see of a metric whose rounds, all of identical code, are in `metric`.
///
/// Refused where the plan has too few rounds for an interval at this confidence.
pub fn foresee(
    metric: &NoisyMetric<'_>,
    plan: &Plan,
    confidence: f64,
) -> Result<Foresight, JudgeError> {
    let reading = Reading::new(metric)?;
    let measured: Vec<f64> = reading.main().into_iter().flatten().collect();
    if measured.is_empty() {
        return Err(JudgeError::NoValues(metric.id.to_string()));
    }
    let levels = Levels::new(plan, confidence, 1)?;
    let planned = plan.main_rounds()?;
    let look = levels.at(planned)?;
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let (mut bands, mut visibles) = (Vec::new(), Vec::new());
    for _ in 0..DRAWS {
        let drawn: Vec<f64> = (0..planned)
            .filter_map(|_| measured.get(rng.random_range(0..measured.len())).copied())
            .collect();
        let estimate = reading.estimate(&[drawn], &look)?;
        bands.push(estimate.band.get());
        visibles.push(estimate.visible.get());
    }
    let middle = |values: &[f64]| {
        let middle = median(values).map_err(|source| JudgeError::Statistics {
            metric: metric.id.clone(),
            source,
        })?;
        Percent::new(middle).map_err(|_| JudgeError::Overflow(metric.id.clone()))
    };
    Ok(Foresight {
        rounds: measured.len(),
        band: middle(&bands)?,
        visible: middle(&visibles)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::fixture::rounds;
    use crate::judge::{Limit, Rounds};
    use crate::model::{Direction, MetricId, RoundSet};
    use crate::statistics::upper_quantile;

    fn foreseen(spread: f64, measured: u32, confidence: f64) -> Result<Foresight, JudgeError> {
        // Normal scores: evenly spread probabilities, so that the sample has the wanted deviation.
        let score = |i: u32| {
            let p = (f64::from(i) + 0.5) / f64::from(measured);
            if p < 0.5 {
                upper_quantile(p).unwrap()
            } else {
                -upper_quantile(1.0 - p).unwrap()
            }
        };
        let values: Vec<f64> = (0..measured).map(|i| spread * score(i)).collect();
        let id = MetricId::new("qps").unwrap();
        let rounds = rounds(
            Direction::LowerIsBetter,
            RoundSet::Main,
            100.0,
            &values,
            &[],
        );
        let metric = NoisyMetric {
            id: &id,
            direction: Direction::LowerIsBetter,
            floor: Percent::new(0.01).unwrap(),
            limit: Limit::relative(Percent::new(3.0).unwrap()),
            rounds: Rounds::One(&rounds),
        };
        let plan = Plan {
            looks: vec![10, 20, 30, 40],
            confirmation: 10,
        };
        foresee(&metric, &plan, confidence)
    }

    #[test]
    fn what_is_visible_is_what_a_mean_of_forty_could_tell() {
        let seen = foreseen(1.0, 50, 0.99).unwrap();
        assert_eq!(seen.rounds, 50);
        // z of the last look's level, a little below 1 %, and of 90 %, times s/√40, the signed ranks
        // being 95 % as efficient as the mean where the noise is normal.
        let (z, n) = (2.5 + 1.28, 40_f64);
        let expected = z / (n * 0.955).sqrt();
        let ratio = seen.visible.get() / expected;
        assert!((0.8..1.25).contains(&ratio), "{seen:?}, about {expected}");
        assert!(seen.band < seen.visible);
        // Twice the noise hides twice as much; the same rounds foresee the same.
        let twice = foreseen(2.0, 50, 0.99).unwrap();
        assert!((twice.visible.get() / seen.visible.get() - 2.0).abs() < 0.1);
        assert_eq!(foreseen(1.0, 50, 0.99).unwrap(), seen);
    }

    #[test]
    fn what_cannot_be_foreseen_is_an_error() {
        assert!(matches!(
            foreseen(1.0, 0, 0.99),
            Err(JudgeError::NoValues(_))
        ));
        assert!(foreseen(1.0, 20, 1.0).is_err());
    }
}
