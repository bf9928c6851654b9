//! The median: the middle value, or the mean of the two middle ones.
//!
//! Half of the values may be arbitrarily wrong before it follows them (breakdown point 50 %), which
//! is why it sums up the slice pairs of a round: bursts of the host move single pairs by 10–37 %.
//!
//! Example: `median(5, 1, 9)` is 5, `median(5, 1, 9, 2)` is (2 + 5) / 2 = 3.5.
//!
//! Source: Hampel, *A general qualitative definition of robustness*, Ann. Math. Statist. 42 (1971).
//!
//! Invariant: as many values lie at or below the median as lie at or above it.

use super::{StatisticsError, checked_sample};

/// The median of `values`, in whatever order they come.
pub fn median(values: &[f64]) -> Result<f64, StatisticsError> {
    checked_sample(values)?;
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    of_sorted(&sorted).ok_or(StatisticsError::Empty)
}

/// The median of values that are sorted already; `None` where there are none.
pub(super) fn of_sorted(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_examples_hold() {
        assert_eq!(median(&[5.0, 1.0, 9.0]), Ok(5.0));
        assert_eq!(median(&[5.0, 1.0, 9.0, 2.0]), Ok(3.5));
    }

    #[test]
    fn what_has_no_median_is_refused() {
        assert_eq!(median(&[]), Err(StatisticsError::Empty));
        let nan = median(&[1.0, f64::NAN]);
        assert_eq!(nan, Err(StatisticsError::NotFinite { index: 1 }));
        let infinite = median(&[f64::INFINITY]);
        assert_eq!(infinite, Err(StatisticsError::NotFinite { index: 0 }));
    }

    proptest! {
        #[test]
        fn half_the_values_lie_on_either_side(
            values in proptest::collection::vec(-1e6_f64..1e6, 1..60)
        ) {
            let middle = median(&values).unwrap();
            let below = values.iter().filter(|v| **v <= middle).count();
            let above = values.iter().filter(|v| **v >= middle).count();
            prop_assert!(2 * below >= values.len());
            prop_assert!(2 * above >= values.len());
        }
    }
}
