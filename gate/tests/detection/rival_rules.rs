//! The rules of other gates against their definitions and published tables.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::rivals::{criterion_regressed, mann_whitney_p, t_of_mean, welch_t};

/// The test by its definition: every way to choose the first sample's places.
fn by_enumeration(first: &[f64], second: &[f64]) -> f64 {
    let all = [first, second].concat();
    let rank = |value: f64| {
        let less = all.iter().filter(|v| **v < value).count();
        let same = all.iter().filter(|v| (**v - value).abs() < 1e-12).count();
        2 * less + same + 1
    };
    let ranks: Vec<usize> = all.iter().map(|v| rank(*v)).collect();
    let mean = ranks.iter().sum::<usize>() * first.len();
    let far = |sum: usize| (sum * all.len()).abs_diff(mean);
    let seen = far(ranks[..first.len()].iter().sum());
    let (mut ways, mut as_far) = (0, 0);
    for chosen in 0_u32..1 << all.len() {
        if chosen.count_ones() as usize == first.len() {
            let places = (0..all.len()).filter(|place| chosen >> place & 1 == 1);
            ways += 1;
            as_far += u32::from(far(places.map(|place| ranks[place]).sum()) >= seen);
        }
    }
    f64::from(as_far) / f64::from(ways)
}

proptest! {
    #[test]
    fn mann_whitney_is_the_share_of_all_ways(
        first in proptest::collection::vec(0_u8..20, 1..6),
        second in proptest::collection::vec(0_u8..20, 1..6),
    ) {
        let floats = |values: &[u8]| values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>();
        let (first, second) = (floats(&first), floats(&second));
        let expected = by_enumeration(&first, &second);
        prop_assert!((mann_whitney_p(&first, &second) - expected).abs() < 1e-12);
    }
}

/// For ten against ten the tables give 23 as the largest U that is significant at 5 % (two-sided):
/// p(23) = 0.0433, p(24) = 0.0524 (Hollander and Wolfe, table A.6).
#[test]
fn mann_whitney_agrees_with_the_tables() {
    let first: Vec<f64> = (1..=10).map(f64::from).collect();
    // The second sample lies above the first but for `below` pairs.
    let second = |below: u32| -> Vec<f64> {
        let (whole, rest) = (below / 10, below % 10);
        let place = |i| match i {
            i if i < whole => 0.5,
            i if i == whole => 10.5 - f64::from(rest),
            i => 20.0 + f64::from(i),
        };
        (0..10).map(|i| place(i) + f64::from(i) * 1e-3).collect()
    };
    assert!((mann_whitney_p(&first, &second(23)) - 0.0433).abs() < 5e-5);
    assert!((mann_whitney_p(&first, &second(24)) - 0.0524).abs() < 5e-5);
}

/// By hand: mean 2, variance 1, t = 2 / sqrt(1/3).
#[test]
fn t_is_the_mean_in_standard_errors() {
    assert!((t_of_mean(&[1.0, 2.0, 3.0]) - 12.0_f64.sqrt()).abs() < 1e-12);
    assert!((welch_t(&[1.0, 2.0, 3.0], &[0.0, 0.0, 0.0]) - 12.0_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn criterion_sees_what_is_beyond_its_noise_threshold_only() {
    let base: Vec<f64> = (0..60).map(|i| 1.0 + 0.002 * f64::from(i % 7)).collect();
    let slower = |by: f64| base.iter().map(|v| v * by).collect::<Vec<_>>();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    assert!(criterion_regressed(&base, &slower(1.03), &mut rng));
    // Certain, and too small; and faster.
    assert!(!criterion_regressed(&base, &slower(1.007), &mut rng));
    assert!(!criterion_regressed(&base, &slower(0.9), &mut rng));
}
