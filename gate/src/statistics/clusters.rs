//! Several runners: one estimate from each, and what they say together.
//!
//! A change may cost 2 % on one processor and 3 % on another, so the estimate `y_j` of a runner
//! strays from the common effect twice: by its own error (variance `v_j`) and by what sets runners
//! apart (variance `τ²`). More rounds make only the first smaller; only more runners help against both.
//!
//! ```text
//! a_j = 1/v_j       Q  = Σ a_j (y_j − ȳ)²           ȳ = Σ a_j y_j / Σ a_j
//!                   τ² = max(0, (Q − (k − 1)) / (Σ a_j − Σ a_j² / Σ a_j))      DerSimonian–Laird
//! w_j = 1/(v_j+τ²)  μ  = Σ w_j y_j / Σ w_j
//!                   q  = Σ w_j (y_j − μ)² / (k − 1)                            Hartung–Knapp
//!                   se = √(max(1, q) / Σ w_j),  bounds μ ± t(k − 1) · se
//! ```
//!
//! `τ²` of a few runners is hardly known, and Student's t with `k − 1` degrees of freedom pays for that:
//! with three runners a bound of 1 % error lies 7 standard errors away, with six 3.4. Without the
//! maximum, three runners that agree by luck would give an interval narrower than the error of each.
//!
//! Example, three runners that read 1, 2 and 3 with `v` of 0.01: Q = 200, τ² = 0.99, each weight 1, so
//! μ = 2, se = √(1/3) = 0.577, and the lower bound at 5 % is 2 − 2.92 · 0.577 = 0.31.
//!
//! Invariant: fewer than three runners have no interval.
//!
//! Sources: `DerSimonian` and Laird, Controlled Clinical Trials 7 (1986); Hartung and Knapp, Statistics in
//! Medicine 20 (2001); the maximum: Röver, Knapp and Friede, BMC Medical Research Methodology 15:99 (2015).

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{StatisticsError, checked_alpha, checked_sample};

/// Fewer clusters say next to nothing about how clusters differ.
pub const CLUSTERS_MIN: usize = 3;
/// A runner's rounds may be equal to the last digit; its weight must stay a number.
const VARIANCE_MIN: f64 = 1e-12;

/// What one runner says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cluster {
    /// Its estimate.
    pub estimate: f64,
    /// The variance of that estimate within the runner.
    pub variance: f64,
}

/// What all runners say together, in the unit of the estimates.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    mean: f64,
    error: f64,
    between: f64,
    student: StudentsT,
}

impl Clusters {
    /// Pools at least three runners.
    pub fn new(clusters: &[Cluster]) -> Result<Self, StatisticsError> {
        let k = clusters.len();
        let estimates: Vec<f64> = clusters.iter().map(|cluster| cluster.estimate).collect();
        checked_sample(&estimates)?;
        let variances: Vec<f64> = clusters.iter().map(|cluster| cluster.variance).collect();
        checked_sample(&variances)?;
        if k < CLUSTERS_MIN {
            return Err(StatisticsError::TooFewClusters { clusters: k });
        }
        let variances = variances.iter().map(|v| at_least(*v, VARIANCE_MIN));
        #[expect(
            clippy::cast_precision_loss,
            reason = "a run has far fewer than 2^52 runners"
        )]
        let freedom = (k - 1) as f64;
        let fixed: Vec<f64> = variances.clone().map(f64::recip).collect();
        let (_, q_fixed) = weighted(&estimates, &fixed);
        let sum: f64 = fixed.iter().sum();
        let squares: f64 = fixed.iter().map(|a| a * a).sum();
        let between = at_least((q_fixed - freedom) / (sum - squares / sum), 0.0);
        let weights: Vec<f64> = variances.map(|v| (v + between).recip()).collect();
        let (mean, q) = weighted(&estimates, &weights);
        let error = (at_least(q / freedom, 1.0) / weights.iter().sum::<f64>()).sqrt();
        checked_sample(&[mean, error, between])?;
        let student = StudentsT::new(mean, error, freedom).map_err(|_| StatisticsError::Empty)?;
        Ok(Self {
            mean,
            error,
            between: between.sqrt(),
            student,
        })
    }

    /// The common effect.
    #[must_use]
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// Its standard error.
    #[must_use]
    pub const fn error(&self) -> f64 {
        self.error
    }

    /// The standard deviation of what sets runners apart, `τ`.
    #[must_use]
    pub const fn between(&self) -> f64 {
        self.between
    }

    /// The value that the effect exceeds, with a one-sided error of `alpha`.
    pub fn lower(&self, alpha: f64) -> Result<f64, StatisticsError> {
        Ok(self.student.inverse_cdf(checked_alpha(alpha)?))
    }

    /// The value that the effect stays below, with a one-sided error of `alpha`.
    pub fn upper(&self, alpha: f64) -> Result<f64, StatisticsError> {
        Ok(2.0f64.mul_add(self.mean, -self.lower(alpha)?))
    }

    /// The one-sided p-value against "the effect does not exceed `c`".
    #[must_use]
    pub fn p_above(&self, c: f64) -> f64 {
        self.student.cdf(c)
    }
}

/// The larger of two values; no number stays none, and is refused where it would leave.
fn at_least(value: f64, least: f64) -> f64 {
    if value < least { least } else { value }
}

/// The weighted mean, and the weighted sum of squares about it.
fn weighted(values: &[f64], weights: &[f64]) -> (f64, f64) {
    let sum: f64 = weights.iter().sum();
    let both = || values.iter().zip(weights);
    let mean = both().map(|(y, w)| y * w).sum::<f64>() / sum;
    (mean, both().map(|(y, w)| w * (y - mean).powi(2)).sum())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, Normal, StandardNormal};

    use super::*;

    fn pooled(pairs: &[(f64, f64)]) -> Clusters {
        let cluster = |(estimate, variance): &(f64, f64)| Cluster {
            estimate: *estimate,
            variance: *variance,
        };
        Clusters::new(&pairs.iter().map(cluster).collect::<Vec<_>>()).unwrap()
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-4
    }

    #[test]
    fn the_worked_example_holds() {
        let three = pooled(&[(1.0, 0.01), (2.0, 0.01), (3.0, 0.01)]);
        assert!(near(three.mean(), 2.0) && near(three.between().powi(2), 0.99));
        assert!(near(
            three.lower(0.05).unwrap(),
            2.0 - 2.919_986 / 3.0_f64.sqrt()
        ));
        assert!(near(
            three.lower(0.01).unwrap(),
            2.0 - 6.964_557 / 3.0_f64.sqrt()
        ));
        assert!(near(
            three.upper(0.05).unwrap(),
            2.0 + 2.919_986 / 3.0_f64.sqrt()
        ));
        assert!(near(three.p_above(three.lower(0.01).unwrap()), 0.01));
    }

    /// Thirteen trials of a vaccine (Colditz and others, JAMA 271, 1994): log relative risks with their
    /// variances, from the counts printed there. The DerSimonian–Laird figures are the published ones
    /// (0.3088, −0.7141, 0.1787); Hartung and Knapp's are those of statsmodels 0.14, `combine_effects`.
    #[test]
    fn the_published_example_holds() {
        let counts = [
            (4, 119, 11, 128),
            (6, 300, 29, 274),
            (3, 228, 11, 209),
            (62, 13536, 248, 12619),
            (33, 5036, 47, 5761),
            (180, 1361, 372, 1079),
            (8, 2537, 10, 619),
            (505, 87886, 499, 87892),
            (29, 7470, 45, 7232),
            (17, 1699, 65, 1600),
            (186, 50448, 141, 27197),
            (5, 2493, 3, 2338),
            (27, 16886, 29, 17825),
        ];
        let trial = |(ill, well, ill_control, well_control): &(i32, i32, i32, i32)| {
            let [a, b, c, d] = [ill, well, ill_control, well_control].map(|n| f64::from(*n));
            let estimate = (a / (a + b)).ln() - (c / (c + d)).ln();
            (estimate, 1.0 / a - 1.0 / (a + b) + 1.0 / c - 1.0 / (c + d))
        };
        let all = pooled(&counts.iter().map(trial).collect::<Vec<_>>());
        assert!(near(all.between().powi(2), 0.30876), "{all:?}");
        assert!(near(all.mean(), -0.71412), "{all:?}");
        assert!(near(all.error(), 0.180_697), "{all:?}");
        assert!(near(all.lower(0.025).unwrap(), -1.107_821));
        assert!(near(all.upper(0.025).unwrap(), -0.320_413));
        // Three that agree by luck: statsmodels gives 0.1788 without the maximum, for q of 1.23.
        let few = pooled(&counts[..3].iter().map(trial).collect::<Vec<_>>());
        assert!(few.between() < 1e-12, "{few:?}");
    }

    #[test]
    fn too_few_and_no_numbers_are_refused() {
        let two = [Cluster {
            estimate: 1.0,
            variance: 1.0,
        }; 2];
        assert_eq!(
            Clusters::new(&two),
            Err(StatisticsError::TooFewClusters { clusters: 2 })
        );
        assert_eq!(Clusters::new(&[]), Err(StatisticsError::Empty));
        for (estimate, variance) in [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, 1.0)] {
            let clusters = [Cluster { estimate, variance }; 3];
            assert!(matches!(
                Clusters::new(&clusters),
                Err(StatisticsError::NotFinite { index: 0 })
            ));
        }
        let equal = pooled(&[(1.0, 0.0); 3]);
        assert!(equal.lower(0.01).unwrap() > 0.999, "{equal:?}");
    }

    proptest! {
        /// With equal variances and spread beyond them this is Student's interval of the estimates.
        #[test]
        fn equal_runners_give_students_interval(
            estimates in proptest::collection::vec(-5.0_f64..5.0, 3..9),
        ) {
            let k = f64::from(u32::try_from(estimates.len()).unwrap());
            let mean = estimates.iter().sum::<f64>() / k;
            let variance = estimates.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / (k - 1.0);
            let inner = 0.5 * variance;
            prop_assume!(inner > 1e-6);
            let all = pooled(&estimates.iter().map(|y| (*y, inner)).collect::<Vec<_>>());
            prop_assert!((all.mean() - mean).abs() < 1e-9);
            prop_assert!((all.error() - (variance / k).sqrt()).abs() < 1e-9);
        }

        /// No interval is narrower than the runners' own errors allow.
        #[test]
        fn luck_narrows_nothing(
            pairs in proptest::collection::vec((-1.0_f64..1.0, 0.01_f64..1.0), 3..9),
        ) {
            let least = pairs.iter().map(|(_, v)| v.recip()).sum::<f64>().recip().sqrt();
            prop_assert!(pooled(&pairs).error() >= least - 1e-12);
        }
    }

    /// The error of the lower bound, by simulation: runners that differ as much as their own errors,
    /// less, more, and not at all.
    #[test]
    fn the_bounds_err_no_more_often_than_they_say() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let runs = 4000;
        for k in [3, 4, 8] {
            for between in [0.0, 0.5, 1.0, 3.0] {
                let apart = Normal::new(0.0, between).unwrap();
                let (mut low, mut high) = (0, 0);
                for _ in 0..runs {
                    let pairs: Vec<(f64, f64)> = (0..k)
                        .map(|j| {
                            let own = 1.0 + 0.5 * f64::from(j % 3);
                            let error: f64 = StandardNormal.sample(&mut rng);
                            (apart.sample(&mut rng) + own * error, own * own)
                        })
                        .collect();
                    let all = pooled(&pairs);
                    low += u32::from(all.lower(0.01).unwrap() > 0.0);
                    high += u32::from(all.upper(0.05).unwrap() < 0.0);
                }
                let share = |count: u32| f64::from(count) / f64::from(runs);
                // Twice the standard error of a share above it.
                assert!(share(low) < 0.0132, "{k} {between}: {}", share(low));
                assert!(share(high) < 0.057, "{k} {between}: {}", share(high));
            }
        }
    }
}
