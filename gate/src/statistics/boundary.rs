//! Group-sequential boundaries: how sure each planned look must be, so that all looks together err
//! no more often than one look would.
//!
//! Looking four times at 1 % each errs in more than 2 % of runs. A spending function `f(t)` says how
//! much of the error `alpha` may be used up when the share `t` of the planned values is in:
//!
//! | spending | `f(t)` | character |
//! |---|---|---|
//! | Pocock | `alpha · ln(1 + (e − 1) t)` | early looks count almost like late ones |
//! | O'Brien–Fleming | `2 − 2 Φ(z(alpha/2) / √t)` | next to nothing early, nearly all at the end |
//!
//! The look's nominal level is then computed, not remembered: the cumulative sum `B` of the values
//! is Brownian motion at times `t_1 < t_2 < …`, and its density on the paths that have crossed no
//! boundary yet is carried from look to look by numerical integration,
//!
//! ```text
//! g_1(x) = φ(x; t_1)        g_k(y) = ∫_{x ≤ b_{k−1}} g_{k−1}(x) φ(y − x; t_k − t_{k−1}) dx
//! P(cross first at k) = ∫_{x ≤ b_{k−1}} g_{k−1}(x) Φ̄((b_k − x)/√(t_k − t_{k−1})) dx
//! ```
//!
//! and `b_k` is bisected until that probability is what `f` leaves for look `k`.
//!
//! The signed-rank statistic is coarse, so a look often uses less than its level (n = 10: of 0.36 %
//! only 3/1024 = 0.29 %). Callers hand in what each level really comes to; what was not used passes
//! on to the later looks.
//!
//! Example, alpha 5 % one-sided, four equal looks, O'Brien–Fleming: nominal levels 0.0089 %, 0.554 %,
//! 2.19 %, 4.27 %.
//!
//! Invariant: the probability to cross at any look is at most `alpha`.
//!
//! Sources: Lan and DeMets, Biometrika 70 (1983); Armitage and others, J. R. Statist. Soc. A 132
//! (1969); Jennison and Turnbull, *Group Sequential Methods*, 2000, chapters 7 and 19.

use super::{StatisticsError, checked_alpha, normal};

/// Beyond this many standard deviations the density is taken as 0.
const Z_MAX: f64 = 8.0;
/// Intervals of Simpson's rule, even.
const INTERVALS: u32 = 400;
/// Halvings of the bracket around a boundary.
const HALVINGS: u32 = 50;

/// How the error is spread over the looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// Evenly, so that early looks can decide.
    Pocock,
    /// Late, so that the last look loses little.
    ObrienFleming,
}

impl Spending {
    /// The error that may be used up at the share `time` (0 to 1) of the planned values.
    pub fn spent(self, alpha: f64, time: f64) -> Result<f64, StatisticsError> {
        let alpha = checked_alpha(alpha)?;
        if time.is_nan() || time <= 0.0 {
            return Ok(0.0);
        }
        if time >= 1.0 {
            return Ok(alpha);
        }
        Ok(match self {
            Self::Pocock => alpha * ((std::f64::consts::E - 1.0) * time).ln_1p(),
            Self::ObrienFleming => {
                2.0 * normal::above(normal::upper_quantile(alpha / 2.0)? / time.sqrt())
            }
        })
    }
}

/// One look: after how many values, and how much error may be used up by then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// Values at this look.
    pub values: u32,
    /// Error that this look and all before it may use up.
    pub spent: f64,
}

/// The nominal one-sided level of each look.
///
/// `attained(values, level)` is the error that a test of so many values really has at a nominal
/// level; 0 where it cannot have any. A continuous test hands the level back.
pub fn nominal_levels(
    stages: &[Stage],
    attained: impl Fn(u32, f64) -> f64,
) -> Result<Vec<f64>, StatisticsError> {
    let Some(last) = stages.last() else {
        return Ok(Vec::new());
    };
    let mut levels = Vec::with_capacity(stages.len());
    let mut paths = Paths::start();
    let (mut time, mut used) = (0.0, 0.0);
    for stage in stages {
        let now = f64::from(stage.values) / f64::from(last.values);
        let left = stage.spent - used;
        if now <= time || now.is_nan() || left.is_nan() || left < 0.0 || stage.spent > 0.5 {
            return Err(StatisticsError::Looks);
        }
        let step = now - time;
        let level = normal::above(paths.boundary(now, step, left) / now.sqrt());
        let attained = attained(stage.values, level);
        let boundary = if attained > 0.0 {
            normal::upper_quantile(attained)? * now.sqrt()
        } else {
            Z_MAX * now.sqrt()
        };
        used += paths.crossing(boundary, step);
        paths = paths.carried(boundary, now, step);
        levels.push(level);
        time = now;
    }
    Ok(levels)
}

/// Where the paths that crossed nothing are: weight (density times width) at points.
struct Paths(Vec<(f64, f64)>);

impl Paths {
    /// Everything at 0.
    fn start() -> Self {
        Self(vec![(0.0, 1.0)])
    }

    /// The probability to lie above `boundary` one step of variance `step` later.
    fn crossing(&self, boundary: f64, step: f64) -> f64 {
        let scale = step.sqrt();
        let tail = |(x, weight): &(f64, f64)| weight * normal::above((boundary - x) / scale);
        self.0.iter().map(tail).sum()
    }

    /// The boundary at `time` that is crossed with probability `left`.
    fn boundary(&self, time: f64, step: f64, left: f64) -> f64 {
        let (mut low, mut high) = (-Z_MAX * time.sqrt(), Z_MAX * time.sqrt());
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if self.crossing(middle, step) > left {
                low = middle;
            } else {
                high = middle;
            }
        }
        // The upper end errs towards crossing less.
        high
    }

    /// The paths at `time` that lie below `boundary`, on points for Simpson's rule.
    fn carried(&self, boundary: f64, time: f64, step: f64) -> Self {
        let low = -Z_MAX * time.sqrt();
        let width = (boundary - low) / f64::from(INTERVALS);
        let scale = 1.0 / (std::f64::consts::TAU * step).sqrt();
        let density = |y: f64| -> f64 {
            let from = |(x, weight): &(f64, f64)| {
                let distance: f64 = y - x;
                weight * scale * (-distance * distance / (2.0 * step)).exp()
            };
            self.0.iter().map(from).sum()
        };
        let points = (0..=INTERVALS).map(|i| {
            let simpson = match i {
                0 | INTERVALS => 1.0,
                odd if odd % 2 == 1 => 4.0,
                _ => 2.0,
            };
            let y = low + f64::from(i) * width;
            (y, density(y) * simpson * width / 3.0)
        });
        Self(points.collect())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::statistics::SignedRank;

    fn stages(values: &[u32], alpha: f64, spending: Spending) -> Vec<Stage> {
        let last = f64::from(*values.last().unwrap());
        let spent = |v: u32| spending.spent(alpha, f64::from(v) / last).unwrap();
        values
            .iter()
            .map(|v| Stage {
                values: *v,
                spent: spent(*v),
            })
            .collect()
    }

    fn boundaries(looks: u32, alpha: f64, spending: Spending) -> Vec<f64> {
        let values: Vec<u32> = (1..=looks).map(|k| 10 * k).collect();
        let levels = nominal_levels(&stages(&values, alpha, spending), |_, level| level).unwrap();
        levels
            .iter()
            .map(|level| normal::upper_quantile(*level).unwrap())
            .collect()
    }

    #[test]
    fn one_look_has_the_whole_level() {
        let z = boundaries(1, 0.01, Spending::Pocock);
        assert!((z[0] - 2.326_348).abs() < 1e-5);
    }

    /// The README of SeqBounds.jl: one-sided 5 %, four looks, O'Brien–Fleming spending.
    #[test]
    fn published_one_sided_boundaries_hold() {
        let z = boundaries(4, 0.05, Spending::ObrienFleming);
        for (z, published) in z.iter().zip([3.749_55, 2.539_93, 2.016_04, 1.720_14]) {
            assert!((z - published).abs() < 5e-5, "{z}, published {published}");
        }
    }

    /// The manual of ldbounds: two-sided 5 % with five looks, 2.5 % on each side; reaching both sides
    /// in one run is too rare to show in these digits.
    #[test]
    fn published_two_sided_boundaries_hold() {
        let late = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310];
        for (z, published) in boundaries(5, 0.025, Spending::ObrienFleming)
            .iter()
            .zip(late)
        {
            assert!((z - published).abs() < 3e-4, "{z}, published {published}");
        }
        let even = [2.4380, 2.4268, 2.4101, 2.3966, 2.3859];
        for (z, published) in boundaries(5, 0.025, Spending::Pocock).iter().zip(even) {
            assert!((z - published).abs() < 3e-4, "{z}, published {published}");
        }
    }

    /// Runs of the real test under a true null hypothesis with heavy tails, all looks taken.
    #[test]
    fn simulated_runs_err_no_more_than_planned() {
        const RUNS: u32 = 20_000;
        let looks = [10_u32, 20, 30, 40];
        let laws: Vec<SignedRank> = looks.iter().map(|n| SignedRank::new(*n as usize)).collect();
        let attained = |n: u32, level: f64| {
            let law = looks.iter().position(|look| *look == n).unwrap();
            laws[law].attainable(level).unwrap_or(0.0)
        };
        for (alpha, spending) in [
            (0.05, Spending::Pocock),
            (0.01, Spending::Pocock),
            (0.05, Spending::ObrienFleming),
        ] {
            let levels = nominal_levels(&stages(&looks, alpha, spending), attained).unwrap();
            let mut generator = ChaCha8Rng::seed_from_u64(7);
            let mut crossed = 0;
            for _ in 0..RUNS {
                // The cube of a normal value is symmetric with far heavier tails.
                let sample: Vec<f64> = (0..40)
                    .map(|_| -> f64 { StandardNormal.sample(&mut generator) })
                    .map(|z| z.powi(3))
                    .collect();
                // Counting the averages above 0 is all that this test needs of them.
                let above = |n: usize| {
                    let sums = (0..n).flat_map(|i| (i..n).map(move |j| (i, j)));
                    sums.filter(|(i, j)| sample[*i] + sample[*j] > 0.0).count()
                };
                crossed += u32::from(laws.iter().zip(&levels).zip(looks).any(
                    |((law, level), n)| {
                        let n = n as usize;
                        law.at_most(n * (n + 1) / 2 - above(n)) <= *level
                    },
                ));
            }
            let rate = f64::from(crossed) / f64::from(RUNS);
            let error = (alpha * (1.0 - alpha) / f64::from(RUNS)).sqrt();
            assert!(rate < alpha + 3.0 * error, "{spending:?} {alpha}: {rate}");
            // Not needlessly shy either: most of the error is really used.
            assert!(rate > 0.8 * alpha, "{spending:?} {alpha}: {rate}");
        }
    }

    #[test]
    fn what_no_look_may_use_passes_on() {
        let planned = stages(&[10, 20], 0.05, Spending::Pocock);
        let plain = nominal_levels(&planned, |_, level| level).unwrap();
        let none_early =
            nominal_levels(&planned, |n, level| if n == 10 { 0.0 } else { level }).unwrap();
        assert!(none_early[1] > plain[1]);
        assert!((none_early[1] - 0.05).abs() < 1e-6);
    }

    #[test]
    fn looks_must_grow() {
        let stage = |values, spent| Stage { values, spent };
        for wrong in [
            [stage(10, 0.01), stage(10, 0.02)],
            [stage(20, 0.01), stage(10, 0.02)],
            [stage(10, 0.02), stage(20, 0.01)],
            [stage(10, f64::NAN), stage(20, 0.01)],
        ] {
            let levels = nominal_levels(&wrong, |_, level| level);
            assert_eq!(levels, Err(StatisticsError::Looks));
        }
    }
}
