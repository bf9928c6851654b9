//! Walsh averages and the Hodges–Lehmann estimate.
//!
//! The Walsh averages of `d_1 … d_n` are the `N = n(n + 1)/2` means `(d_i + d_j)/2, i ≤ j`. Their
//! median estimates the centre of a symmetric distribution: it keeps 95.5 % of the mean's precision
//! under normal noise, gains on it under heavy tails, and bears 29 % wild values.
//!
//! Example, `d = 1, 2, 6`: averages 1, 1.5, 2, 3.5, 4, 6; the estimate is (2 + 3.5)/2 = 2.75.
//!
//! They also carry the signed-rank test: without ties the number of averages above `c` is the rank
//! sum of the positive `d_i − c`. Counting averages instead of ranking needs no rule for ties: an
//! average that equals `c` simply does not lie above it, which speaks against calling `d` larger.
//!
//! Invariant: the averages are sorted, finite, and at least one.
//!
//! Sources: Hodges and Lehmann, *Estimates of location based on rank tests*, Ann. Math. Statist. 34
//! (1963); Hollander, Wolfe and Chicken, *Nonparametric Statistical Methods*, 3rd ed., 3.1–3.3.

use super::median::of_sorted;
use super::{StatisticsError, checked_sample};

/// All pairwise means of a sample, sorted.
#[derive(Debug, Clone, PartialEq)]
pub struct WalshAverages {
    values: usize,
    sorted: Vec<f64>,
}

impl WalshAverages {
    /// The averages of `values`.
    pub fn new(values: &[f64]) -> Result<Self, StatisticsError> {
        checked_sample(values)?;
        let mut sorted: Vec<f64> = values
            .iter()
            .enumerate()
            .flat_map(|(i, a)| values.iter().skip(i).map(|b| f64::midpoint(*a, *b)))
            .collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(Self {
            values: values.len(),
            sorted,
        })
    }

    /// How many values the averages come from.
    #[must_use]
    pub const fn values(&self) -> usize {
        self.values
    }

    /// The Hodges–Lehmann estimate: the median of the averages.
    pub fn hodges_lehmann(&self) -> Result<f64, StatisticsError> {
        of_sorted(&self.sorted).ok_or(StatisticsError::Empty)
    }

    /// How many averages lie above `c`; one that equals it does not.
    #[must_use]
    pub fn above(&self, c: f64) -> usize {
        self.sorted.len() - self.sorted.partition_point(|a| *a <= c)
    }

    /// The average with `below` others below it in the sorted list.
    pub(super) fn ascending(&self, below: usize) -> Option<f64> {
        self.sorted.get(below).copied()
    }

    /// The average with `above` others above it in the sorted list.
    pub(super) fn descending(&self, above: usize) -> Option<f64> {
        self.sorted.iter().rev().nth(above).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_example_holds() {
        let walsh = WalshAverages::new(&[6.0, 1.0, 2.0]).unwrap();
        assert_eq!(walsh.sorted, [1.0, 1.5, 2.0, 3.5, 4.0, 6.0]);
        assert_eq!(walsh.hodges_lehmann(), Ok(2.75));
        assert_eq!(walsh.above(2.0), 3);
    }

    /// Table 3.1 of Hollander and Wolfe (Hamilton depression scale, nine patients): the estimate
    /// they print is −0.46, the rank sum of the positive differences 5.
    #[test]
    #[expect(
        clippy::approx_constant,
        reason = "a patient's score of 3.14, no circle near"
    )]
    fn the_published_example_holds() {
        let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
        let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
        let change: Vec<f64> = after.iter().zip(before).map(|(a, b)| a - b).collect();
        let walsh = WalshAverages::new(&change).unwrap();
        assert!((walsh.hodges_lehmann().unwrap() + 0.46).abs() < 1e-9);
        assert_eq!(walsh.above(0.0), 5);
    }

    /// The rank sum by ranking, as the textbook defines it.
    fn positive_rank_sum(values: &[f64], c: f64) -> usize {
        let mut moved: Vec<f64> = values.iter().map(|v| v - c).collect();
        moved.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let ranked = moved.iter().zip(1_usize..);
        ranked
            .filter(|(v, _)| **v > 0.0)
            .map(|(_, rank)| rank)
            .sum()
    }

    proptest! {
        #[test]
        fn counting_averages_is_ranking(
            values in proptest::collection::hash_set(-1_000_000_i32..1_000_000, 1..40)
        ) {
            // Odd numbers against an even centre leave no zero; absolute values may still tie, and
            // ranks say nothing certain then.
            let values: Vec<f64> = values.iter().map(|v| f64::from(2 * v + 1)).collect();
            let mut sizes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
            sizes.sort_by(f64::total_cmp);
            sizes.dedup();
            prop_assume!(sizes.len() == values.len());
            let walsh = WalshAverages::new(&values).unwrap();
            prop_assert_eq!(walsh.above(0.0), positive_rank_sum(&values, 0.0));
        }

        #[test]
        fn the_estimate_moves_with_the_sample(
            values in proptest::collection::vec(-100_i32..100, 1..40), shift in -50_i32..50
        ) {
            let plain: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let moved: Vec<f64> = values.iter().map(|v| f64::from(v + shift)).collect();
            let estimate = |d: &[f64]| WalshAverages::new(d).unwrap().hodges_lehmann().unwrap();
            prop_assert!((estimate(&moved) - estimate(&plain) - f64::from(shift)).abs() < 1e-9);
        }
    }
}
