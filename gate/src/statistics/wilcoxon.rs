//! The Wilcoxon signed-rank statistic: null distribution, interval bounds, p-values.
//!
//! Under the null hypothesis (symmetric about the tested centre) each of the ranks `1 … n` counts
//! towards the statistic `W` with probability ½, on its own. So `W` has `2^n` equally likely sign
//! patterns, and adding one rank after another counts how many of them give each sum:
//!
//! ```text
//! n = 3   sum       0  1  2  3  4  5  6
//!         patterns  1  1  1  2  1  1  1     of 8: P(W ≤ 0) = 1/8, P(W ≤ 2) = 3/8
//! ```
//!
//! Counts stay below 2^50 and are exact in `f64` up to n = 50; beyond, the normal approximation
//! with continuity correction (mean `n(n+1)/4`, variance `n(n+1)(2n+1)/24`) takes over.
//!
//! Turned around, the same distribution bounds the centre from below at a one-sided error `alpha`:
//! take the largest `k` with `P(W ≤ k) ≤ alpha`; the bound is the Walsh average that has `k` others
//! below it. Example, n = 10 and alpha 0.01: P(W ≤ 5) = 10/1024 fits, P(W ≤ 6) = 14/1024 does not,
//! so the bound is the sixth smallest of the 55 averages. The distribution is coarse: with n = 10 no
//! error below 1/1024 can be had, and the answer is then "too few", not a wider guess.
//!
//! Ties and zeros: they make the distribution less spread than the table, and an average that
//! equals the tested value counts as evidence against "larger" (see `walsh`). Both err towards the
//! wider interval.
//!
//! Invariant: the error of a bound never exceeds the `alpha` that was asked for.
//!
//! Sources: Wilcoxon, Biometrics Bulletin 1 (1945); Tukey's interval as in Hollander, Wolfe and
//! Chicken, *Nonparametric Statistical Methods*, 3rd ed., 3.1 and 3.3.

use super::walsh::WalshAverages;
use super::{StatisticsError, checked_alpha, normal};

/// The largest sample whose distribution is counted out.
const EXACT_VALUES_MAX: usize = 50;

/// The null distribution of the statistic for one sample size.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedRank {
    values: usize,
    law: Law,
}

#[derive(Debug, Clone, PartialEq)]
enum Law {
    /// `P(W ≤ k)` at index `k`.
    Counted(Vec<f64>),
    /// The normal approximation.
    Normal { mean: f64, deviation: f64 },
}

/// A one-sided bound of the centre of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bound {
    /// The bound itself.
    pub value: f64,
    /// The error that it really has, at most the one asked for.
    pub alpha: f64,
}

impl SignedRank {
    /// The distribution for `values` values.
    #[must_use]
    pub fn new(values: usize) -> Self {
        let law = if values <= EXACT_VALUES_MAX {
            Law::Counted(cumulative(values))
        } else {
            #[expect(
                clippy::cast_precision_loss,
                reason = "sample sizes lie far below 2^52"
            )]
            let n = values as f64;
            Law::Normal {
                mean: n * (n + 1.0) / 4.0,
                deviation: (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt(),
            }
        };
        Self { values, law }
    }

    /// The sample size that it is for.
    #[must_use]
    pub const fn values(&self) -> usize {
        self.values
    }

    /// The largest value of the statistic: the number of Walsh averages.
    const fn largest(&self) -> usize {
        self.values * (self.values + 1) / 2
    }

    /// The probability that the statistic is at most `k`.
    #[must_use]
    pub fn at_most(&self, k: usize) -> f64 {
        if k >= self.largest() {
            return 1.0;
        }
        match &self.law {
            Law::Counted(cumulative) => cumulative.get(k).copied().unwrap_or(1.0),
            Law::Normal { mean, deviation } => {
                #[expect(clippy::cast_precision_loss, reason = "rank sums lie far below 2^52")]
                let k = k as f64;
                normal::below((k + 0.5 - mean) / deviation)
            }
        }
    }

    /// The largest `k` whose probability of `W ≤ k` is at most `alpha`; `None` where there is none.
    #[must_use]
    pub fn critical(&self, alpha: f64) -> Option<usize> {
        let (mut fits, mut fails) = (None, self.largest());
        let mut low = 0;
        // Invariant: everything below `low` fits, `fails` does not (P(W ≤ largest) = 1).
        while low < fails {
            let k = usize::midpoint(low, fails);
            if self.at_most(k) <= alpha {
                fits = Some(k);
                low = k + 1;
            } else {
                fails = k;
            }
        }
        fits
    }

    /// The error that a bound at `alpha` really has: the nearest one that can be had below it.
    #[must_use]
    pub fn attainable(&self, alpha: f64) -> Option<f64> {
        self.critical(alpha).map(|k| self.at_most(k))
    }

    /// The value that the centre exceeds, with a one-sided error of at most `alpha`.
    pub fn lower(&self, walsh: &WalshAverages, alpha: f64) -> Result<Bound, StatisticsError> {
        self.bound(alpha, |k| walsh.ascending(k))
    }

    /// The value that the centre stays below, with a one-sided error of at most `alpha`.
    pub fn upper(&self, walsh: &WalshAverages, alpha: f64) -> Result<Bound, StatisticsError> {
        self.bound(alpha, |k| walsh.descending(k))
    }

    fn bound(
        &self,
        alpha: f64,
        average: impl Fn(usize) -> Option<f64>,
    ) -> Result<Bound, StatisticsError> {
        let too_few = StatisticsError::TooFew {
            n: self.values,
            needed: rounds_needed(alpha)?,
            alpha,
        };
        let k = self.critical(alpha).ok_or_else(|| too_few.clone())?;
        Ok(Bound {
            value: average(k).ok_or(too_few)?,
            alpha: self.at_most(k),
        })
    }

    /// The one-sided p-value against "the centre does not exceed `c`".
    #[must_use]
    pub fn p_above(&self, walsh: &WalshAverages, c: f64) -> f64 {
        // The distribution is symmetric: P(W ≥ above) = P(W ≤ largest − above).
        self.at_most(self.largest().saturating_sub(walsh.above(c)))
    }
}

/// How many values it takes until a one-sided error of `alpha` can be had: `2^-n ≤ alpha`.
pub fn rounds_needed(alpha: f64) -> Result<usize, StatisticsError> {
    let mut left = checked_alpha(alpha)?;
    let mut needed = 0;
    // Doubling is exact, so the comparison sees no rounding.
    while left < 1.0 {
        left *= 2.0;
        needed += 1;
    }
    Ok(needed)
}

/// `P(W ≤ k)` for every `k`, by adding one rank after another.
fn cumulative(values: usize) -> Vec<f64> {
    let mut patterns = vec![1.0_f64];
    for rank in 1..=values {
        let without = patterns
            .iter()
            .copied()
            .chain(std::iter::repeat_n(0.0, rank));
        let with = std::iter::repeat_n(0.0, rank).chain(patterns.iter().copied());
        patterns = without.zip(with).map(|(a, b)| a + b).collect();
    }
    let all: f64 = patterns.iter().sum();
    patterns
        .iter()
        .scan(0.0, |sum, count| {
            *sum += count;
            Some(*sum / all)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_examples_hold() {
        let three: Vec<f64> = (0..7)
            .map(|k| SignedRank::new(3).at_most(k) * 8.0)
            .collect();
        assert_eq!(three, [1.0, 2.0, 3.0, 5.0, 6.0, 7.0, 8.0]);
        let ten = SignedRank::new(10);
        assert_eq!(ten.critical(0.01), Some(5));
        assert_eq!(ten.attainable(0.01), Some(10.0 / 1024.0));
        assert_eq!(ten.attainable(0.0009), None);
        assert_eq!(ten.attainable(1.0 / 1024.0), Some(1.0 / 1024.0));
    }

    /// Every one of the 2^n sign patterns, summed.
    #[test]
    fn counting_patterns_gives_the_distribution() {
        for n in 0..=12_usize {
            let mut counts = vec![0_u32; n * (n + 1) / 2 + 1];
            for signs in 0_u32..1 << n {
                let ranks = (0..n).filter(|i| signs >> i & 1 == 1);
                counts[ranks.map(|i| i + 1).sum::<usize>()] += 1;
            }
            let law = SignedRank::new(n);
            let mut sum = 0;
            for (k, count) in counts.iter().enumerate() {
                sum += count;
                let expected = f64::from(sum) / f64::from(1_u32 << n);
                assert!((law.at_most(k) - expected).abs() < 1e-15, "n {n}, k {k}");
            }
        }
    }

    /// OEIS A226330 (2.5 %, n from 6) and A226331 (1 %, n from 7), both one-tailed.
    #[test]
    fn published_critical_values_hold() {
        let quarter = [
            0, 2, 3, 5, 8, 10, 13, 17, 21, 25, 29, 34, 40, 46, 52, 58, 65, 73, 81, 89, 98, 107,
            116, 126, 137, 147, 159, 170, 182, 195, 208, 221, 235, 249, 264, 279, 294, 310, 327,
            343, 361, 378, 396, 415, 434,
        ];
        for (n, k) in (6..).zip(quarter) {
            assert_eq!(SignedRank::new(n).critical(0.025), Some(k), "2.5 %, n {n}");
        }
        let hundredth = [
            0, 1, 3, 5, 7, 9, 12, 15, 19, 23, 27, 32, 37, 43, 49, 55, 62, 69, 76,
        ];
        for (n, k) in (7..).zip(hundredth) {
            assert_eq!(SignedRank::new(n).critical(0.01), Some(k), "1 %, n {n}");
        }
        assert_eq!(SignedRank::new(6).critical(0.01), None);
    }

    /// Beyond 50 values the counts are rounded, but their sums still tell whether the approximation
    /// is off by more than one rank.
    #[test]
    fn the_approximation_meets_the_counts_beyond_fifty() {
        for n in [51, 60, 80, 120] {
            for alpha in [0.05, 0.025, 0.01] {
                let counted = cumulative(n).partition_point(|p| *p <= alpha) - 1;
                let critical = SignedRank::new(n).critical(alpha).unwrap();
                assert!(
                    critical.abs_diff(counted) <= 2,
                    "{n}, {alpha}: {critical}, {counted}"
                );
            }
        }
    }

    #[test]
    fn the_interval_of_a_sample_is_its_order_statistics() {
        let values: Vec<f64> = (1..=10).map(f64::from).collect();
        let walsh = WalshAverages::new(&values).unwrap();
        let law = SignedRank::new(10);
        // The six smallest averages: 1, 1.5, 2, 2, 2.5, 2.5.
        let low = law.lower(&walsh, 0.01);
        assert_eq!(low.map(|b| (b.value, b.alpha)), Ok((2.5, 10.0 / 1024.0)));
        assert_eq!(law.upper(&walsh, 0.01).map(|b| b.value), Ok(8.5));
    }

    #[test]
    fn too_few_values_give_no_interval() {
        let walsh = WalshAverages::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let bound = SignedRank::new(6).lower(&walsh, 0.01);
        let (n, needed, alpha) = (6, 7, 0.01);
        assert_eq!(bound, Err(StatisticsError::TooFew { n, needed, alpha }));
        assert_eq!(rounds_needed(0.05), Ok(5));
        assert_eq!(rounds_needed(0.25), Ok(2));
        assert!(matches!(
            rounds_needed(-0.1),
            Err(StatisticsError::Alpha(_))
        ));
    }

    proptest! {
        /// A bound and a test are one thing seen from two sides, ties or not.
        #[test]
        fn bounds_and_p_values_agree(
            values in proptest::collection::vec(-20_i32..20, 7..60),
            c in -20_i32..20,
            alpha in 0.008_f64..0.4,
        ) {
            let values: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let c = f64::from(c) + 0.25;
            let walsh = WalshAverages::new(&values).unwrap();
            let law = SignedRank::new(values.len());
            let low = law.lower(&walsh, alpha).unwrap();
            prop_assert!(low.alpha <= alpha);
            prop_assert_eq!(low.value > c, law.p_above(&walsh, c) <= alpha);
            prop_assert!(low.value <= walsh.hodges_lehmann().unwrap());
            prop_assert!(law.upper(&walsh, alpha).unwrap().value >= walsh.hodges_lehmann().unwrap());
        }
    }
}
