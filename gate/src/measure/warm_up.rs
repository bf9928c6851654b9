//! When a warm-up has settled.
//!
//! A fresh server runs slower until its tables, caches and branch predictors are warm. The rates of
//! its slices are compared in two windows of four:
//!
//! ```text
//! 41 52 57 58 │ 58 60 59 58      medians 54.5 and 58.5: 7 % apart, go on
//!   52 57 58 58 │ 60 59 58 59    medians 57.5 and 59: 2.6 % apart, settled
//! ```
//!
//! At least 8 and at most 20 slices an arm (0.2 and 0.5 s of 25 ms each): past that the round is
//! measured as it is, as both arms have warmed up for equally long.

use std::collections::BTreeMap;

use crate::model::Arm;

/// Slices in a window.
const WINDOW: usize = 4;
/// Slices of each arm after which the warm-up ends in any case.
const SLICES_MAX: usize = 20;
/// How far apart the medians of two windows may be, as a ratio.
const SETTLED_RATIO: f64 = 1.03;

/// The rates of a warm-up so far.
#[derive(Debug, Default)]
pub(super) struct WarmUp {
    rates: BTreeMap<Arm, Vec<f64>>,
}

impl WarmUp {
    /// Takes the rate of one more slice.
    pub(super) fn push(&mut self, arm: Arm, rate: f64) {
        self.rates.entry(arm).or_default().push(rate);
    }

    /// Whether every arm has settled, or warmed up for long enough.
    pub(super) fn is_over(&self) -> bool {
        !self.rates.is_empty() && self.rates.values().all(|rates| settled(rates))
    }

    /// The rate that the slowest arm ended at.
    pub(super) fn slowest(&self) -> f64 {
        let last = |rates: &Vec<f64>| {
            let start = rates.len().saturating_sub(WINDOW);
            median(rates.get(start..).unwrap_or_default())
        };
        let rates = self.rates.values().map(last);
        rates.min_by(f64::total_cmp).unwrap_or(f64::NAN)
    }
}

fn settled(rates: &[f64]) -> bool {
    if rates.len() >= SLICES_MAX {
        return true;
    }
    let Some(start) = rates.len().checked_sub(2 * WINDOW) else {
        return false;
    };
    let (earlier, later) = rates.get(start..).unwrap_or_default().split_at(WINDOW);
    let ratio = median(later) / median(earlier);
    ratio < SETTLED_RATIO && ratio > 1.0 / SETTLED_RATIO
}

/// The median of a window.
fn median(window: &[f64]) -> f64 {
    let mut sorted = window.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(middle((sorted.len() - 1) / 2), middle(sorted.len() / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settles_when_two_windows_agree() {
        let rising = [41.0, 52.0, 57.0, 58.0, 58.0, 60.0, 59.0, 58.0, 59.0];
        assert!(!settled(&rising[..7]), "too few");
        assert!(!settled(&rising[..8]));
        assert!(settled(&rising));
        let falling: Vec<f64> = (0..19).map(|i| 100.0 * 0.95_f64.powi(i)).collect();
        assert!(!settled(&falling));
        let long: Vec<f64> = (0..20).map(|i| 100.0 * 0.95_f64.powi(i)).collect();
        assert!(settled(&long), "bounded");
    }

    #[test]
    fn waits_for_the_slowest_arm() {
        let mut warm_up = WarmUp::default();
        assert!(!warm_up.is_over());
        for slice in 0..8 {
            warm_up.push(Arm::Base, 100.0);
            warm_up.push(Arm::Head, 100.0 + f64::from(slice) * 10.0);
        }
        assert!(!warm_up.is_over());
        for _ in 0..8 {
            warm_up.push(Arm::Head, 170.0);
        }
        assert!(warm_up.is_over());
        assert!((warm_up.slowest() - 100.0).abs() < 1e-9);
    }
}
