//! What other gates do, on the rate alone, as they do it.
//!
//! | rule | measures | fails where head is worse and |
//! |---|---|---|
//! | [`base_range`] | 5 processes of base, then 5 of head | the medians differ by more than base's range (5 % at least) and 15 % |
//! | [`fixed_order_t`] | 10 pairs, base always first | Student's t of the pairs' log ratios ≥ 2.0 |
//! | [`mann_whitney`] | 10 processes of base, then 10 of head | p < 0.05, two-sided, exact |
//! | [`fixed_threshold`] | 5 processes of base, then 5 of head | the means differ by more than the threshold |
//! | [`criterion`] | one process of base, then one of head | p < 0.05 and the interval beyond 1 % |
//!
//! A process reads the mean of its slices; Criterion's rule takes the slices as its samples. Every
//! rule sees rounds of one trace in the order in which they ran (`world`).
//!
//! Sources: golang.org/x/perf `benchstat` (documentation: "p-value ≤ 0.05 … Mann-Whitney U-test"; ten
//! runs or more); Criterion 0.8, `analysis/compare.rs` (a bootstrapped t-test of the means, an interval of
//! the relative change of the means) and `report.rs` (`compare_to_threshold`), with its defaults:
//! significance 0.05, confidence 0.95, noise threshold 0.01. It resamples 100,000 times, here it is
//! 1,000, which moves a p-value at 0.05 by ±0.007.

use rand::{Rng, RngExt};

use crate::outcome::{Outcome, Said};
use crate::world::{Process, World};

/// Processes of each arm where medians or means are compared.
const FEW: usize = 5;
/// Processes of each arm, or pairs, where a test is made.
const MANY: usize = 10;
/// Criterion's resamples.
const RESAMPLES: usize = 1000;

/// Base first, then head; the medians; base's range as the band, 5 % at least; a budget of 15 %.
/// Beyond the band and inside the budget it warns.
pub(crate) fn base_range(world: &World, rng: &mut impl Rng) -> Outcome {
    let (base, head, time) = world.base_first(FEW, rng);
    let (base, head) = (means(&base), means(&head));
    let middle = median(&base);
    let range = extreme(&base, f64::total_cmp) - extreme(&base, |a, b| b.total_cmp(a));
    let worse = 1.0 - median(&head) / middle;
    let beyond_band = worse > range / middle && worse > 0.05;
    Outcome {
        said: match (beyond_band, worse > 0.15) {
            (true, true) => Said::Fail,
            (true, false) => Said::Warn,
            (false, _) => Said::Pass,
        },
        told: (beyond_band, beyond_band),
        time,
    }
}

/// Pairs in a fixed order; t ≥ 2.0 for the worse.
pub(crate) fn fixed_order_t(world: &World, rng: &mut impl Rng) -> Outcome {
    let (pairs, time) = world.fixed_pairs(MANY, rng);
    let logs: Vec<f64> = pairs
        .iter()
        .map(|(base, head)| (mean(base) / mean(head)).ln())
        .collect();
    Outcome::alarm(t_of_mean(&logs) >= 2.0, time)
}

/// Mann–Whitney at 5 %.
pub(crate) fn mann_whitney(world: &World, rng: &mut impl Rng) -> Outcome {
    let (base, head, time) = world.base_first(MANY, rng);
    let (base, head) = (means(&base), means(&head));
    let worse = median(&head) < median(&base);
    Outcome::alarm(worse && mann_whitney_p(&base, &head) < 0.05, time)
}

/// Means that differ by more than `threshold`.
pub(crate) fn fixed_threshold(world: &World, threshold: f64, rng: &mut impl Rng) -> Outcome {
    let (base, head, time) = world.base_first(FEW, rng);
    let worse = 1.0 - mean(&means(&head)) / mean(&means(&base));
    Outcome::alarm(worse > threshold, time)
}

/// Criterion's "Performance has regressed".
pub(crate) fn criterion(world: &World, rng: &mut impl Rng) -> Outcome {
    let (base, head, time) = world.base_first(1, rng);
    let times = |processes: &[Process<'_>]| -> Vec<f64> {
        processes
            .iter()
            .flat_map(|p| p.iter().map(|rate| 1.0 / rate))
            .collect()
    };
    Outcome::alarm(criterion_regressed(&times(&base), &times(&head), rng), time)
}

/// Criterion's verdict on times of two samples.
pub(crate) fn criterion_regressed(base: &[f64], head: &[f64], rng: &mut impl Rng) -> bool {
    let both = [head, base].concat();
    let seen = welch_t(head, base);
    let mut below = 0_usize;
    let mut changes: Vec<f64> = Vec::with_capacity(RESAMPLES);
    for _ in 0..RESAMPLES {
        let (a, b) = (
            resample(&both, head.len(), rng),
            resample(&both, base.len(), rng),
        );
        below += usize::from(welch_t(&a, &b) < seen);
        let (a, b) = (
            resample(head, head.len(), rng),
            resample(base, base.len(), rng),
        );
        changes.push(mean(&a) / mean(&b) - 1.0);
    }
    changes.sort_unstable_by(f64::total_cmp);
    let hits = below.min(RESAMPLES - below);
    // p < 0.05 on two tails is less than 2.5 % of the resamples on the nearer one.
    let significant = hits * 40 < RESAMPLES;
    let lowest = changes.get(RESAMPLES / 40).copied().unwrap_or_default();
    significant && lowest > 0.01
}

fn resample(values: &[f64], n: usize, rng: &mut impl Rng) -> Vec<f64> {
    let draw = |_| values.get(rng.random_range(0..values.len())).copied();
    (0..n).filter_map(draw).collect()
}

/// The two-sided p-value of the Mann–Whitney test, exact given the ties: of all ways to deal the
/// ranks to the two samples, the share in which the first one's rank sum is as far from its mean.
pub(crate) fn mann_whitney_p(first: &[f64], second: &[f64]) -> f64 {
    let mut all = [first, second].concat();
    all.sort_unstable_by(f64::total_cmp);
    // Twice the rank, in the middle of those that tie, is a whole number.
    let doubled =
        |value: f64| all.partition_point(|v| *v < value) + all.partition_point(|v| *v <= value) + 1;
    let ranks: Vec<usize> = all.iter().map(|v| doubled(*v)).collect();
    let total: usize = ranks.iter().sum();
    let seen: usize = first.iter().map(|v| doubled(*v)).sum();
    // ways[k][s]: how many choices of k ranks sum to s.
    let mut ways = vec![vec![0.0_f64; total + 1]; first.len() + 1];
    if let Some(none) = ways.first_mut().and_then(|sums| sums.first_mut()) {
        *none = 1.0;
    }
    for rank in ranks {
        for k in (1..=first.len()).rev() {
            let Some((fewer, more)) = ways.split_at_mut_checked(k) else {
                continue;
            };
            if let (Some(fewer), Some(more)) = (fewer.last(), more.first_mut()) {
                for (more, fewer) in more.iter_mut().skip(rank).zip(fewer) {
                    *more += fewer;
                }
            }
        }
    }
    let sums = ways.pop().unwrap_or_default();
    // Compared in whole numbers: twice the sum times all values, against its mean of n/N of the total.
    let distance = |sum: usize| (sum * all.len()).abs_diff(total * first.len());
    let far: f64 = (0..)
        .zip(&sums)
        .filter(|(sum, _)| distance(*sum) >= distance(seen))
        .map(|(_, ways)| ways)
        .sum();
    far / sums.iter().sum::<f64>()
}

/// Student's t of a mean against 0; infinite where nothing scatters.
pub(crate) fn t_of_mean(values: &[f64]) -> f64 {
    mean(values) / (variance(values) / count(values)).sqrt()
}

/// Welch's t of two samples.
pub(crate) fn welch_t(a: &[f64], b: &[f64]) -> f64 {
    (mean(a) - mean(b)) / (variance(a) / count(a) + variance(b) / count(b)).sqrt()
}

fn means(processes: &[Process<'_>]) -> Vec<f64> {
    processes.iter().map(|process| mean(process)).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values)
}

fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    values.iter().map(|v| (v - middle).powi(2)).sum::<f64>() / (count(values) - 1.0)
}

fn median(values: &[f64]) -> f64 {
    gate::statistics::median(values).unwrap_or(f64::NAN)
}

fn extreme(values: &[f64], order: fn(&f64, &f64) -> std::cmp::Ordering) -> f64 {
    values.iter().copied().max_by(order).unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "samples lie far below 2^52")]
fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

/// A rule, by the name that the table gives it.
pub(crate) type Rule = (
    &'static str,
    fn(&World, &mut rand_chacha::ChaCha8Rng) -> Outcome,
);

/// Every rule of this file.
pub(crate) const RIVALS: [Rule; 6] = [
    (
        "base first, its range or 5 % as band, budget 15 %",
        |w, r| base_range(w, r),
    ),
    ("pairs in fixed order, t ≥ 2.0", |w, r| {
        fixed_order_t(w, r)
    }),
    ("Mann–Whitney, p < 0.05", |w, r| mann_whitney(w, r)),
    ("means, threshold 5 %", |w, r| fixed_threshold(w, 0.05, r)),
    ("means, threshold 10 %", |w, r| fixed_threshold(w, 0.10, r)),
    ("Criterion", |w, r| criterion(w, r)),
];
