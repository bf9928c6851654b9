//! The latencies of a round of an open loop: one histogram an arm, over all of its slices.
//!
//! | quantity | requests that it takes | slices of 100 ms at 50 000 requests/s |
//! |---|---|---|
//! | p99.9 from ten requests beyond it | 10 000 | 2 |
//!
//! A slice alone would leave the slowest thousandth to a handful of requests, so the slices of an arm
//! are pooled before a percentile is taken, and the round has one value. The slices alternate between
//! the arms all the same: a burst of the machine is in both histograms.
//!
//! The rate is the same for every arm and round: as written, or half of what the slower arm answered
//! at the end of the first round's warm-up, on two digits. Half leaves queues short, so that the
//! server's own latency is seen and not how far it is from its limit.

use std::collections::BTreeMap;

use super::MeasureError;
use crate::budget::Percentile;
use crate::model::{Arm, OpenLoop};
use crate::probe::resp_load::Latencies;
use crate::process::percent_of;

/// Of what the slower arm answers in a closed loop, so much is sent.
const SHARE: f64 = 0.5;
/// Significant digits of a rate that was measured.
const DIGITS: i32 = 2;

/// The latencies of every arm of a round.
#[derive(Debug)]
pub(super) struct Pools {
    rate: u32,
    arms: BTreeMap<Arm, Pool>,
}

#[derive(Debug)]
struct Pool {
    latencies: Latencies,
    slices: u32,
    server_behind: u32,
    generator_behind: u32,
}

impl Pools {
    pub(super) const fn new(rate: u32) -> Self {
        Self {
            rate,
            arms: BTreeMap::new(),
        }
    }

    /// Adds what a slice of an arm saw.
    pub(super) fn add(&mut self, arm: Arm, seen: Latencies) -> Result<(), MeasureError> {
        let server_behind = u32::from(seen.server_fell_behind());
        let generator_behind = u32::from(seen.generator_fell_behind());
        if let Some(pool) = self.arms.get_mut(&arm) {
            pool.latencies.add(&seen).map_err(MeasureError::Plan)?;
            pool.slices += 1;
            pool.server_behind += server_behind;
            pool.generator_behind += generator_behind;
        } else {
            let pool = Pool {
                latencies: seen,
                slices: 1,
                server_behind,
                generator_behind,
            };
            self.arms.insert(arm, pool);
        }
        Ok(())
    }

    /// A percentile of an arm in microseconds; nothing of an arm that the round does not have.
    pub(super) fn value(
        &self,
        arm: Arm,
        percentile: Percentile,
    ) -> Result<Option<f64>, MeasureError> {
        let Some(pool) = self.arms.get(&arm) else {
            return Ok(None);
        };
        let histogram = &pool.latencies.histogram;
        if histogram.is_empty() {
            return Err(MeasureError::NoLatencies { rate: self.rate });
        }
        let ns = histogram.value_at_quantile(percentile.share());
        Ok(Some(super::rounds::float(ns) / 1e3))
    }

    /// How the round went.
    pub(super) fn open_loop(&self) -> OpenLoop {
        let fell_behind = |pool: &&Pool| 2 * pool.server_behind > pool.slices;
        let behind = self.arms.iter().filter(|(_, pool)| fell_behind(pool));
        let sum = |of: fn(&Pool) -> u32| self.arms.values().map(|pool| u64::from(of(pool))).sum();
        OpenLoop {
            rate_per_second: self.rate,
            requests: self
                .arms
                .values()
                .map(|pool| pool.latencies.histogram.len())
                .min()
                .unwrap_or_default(),
            behind: behind.map(|(arm, _)| arm.letter()).collect(),
            generator_behind_pct: percent_of(
                sum(|pool| pool.generator_behind),
                sum(|pool| pool.slices),
            ),
        }
    }
}

/// The rate for arms of which the slower answers `slowest` requests a second in a closed loop.
pub(super) fn rate_of(slowest: f64) -> u32 {
    let rate = slowest * SHARE;
    if !rate.is_finite() || rate < 1.0 {
        return 1;
    }
    let unit = 10_f64.powf(rate.log10().floor() - f64::from(DIGITS - 1));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at least 1, and the cast saturates"
    )]
    let rounded = (unit * (rate / unit).round()).round() as u32;
    rounded.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_half_of_the_slower_arm_on_two_digits() {
        for (slowest, rate) in [
            (123_456.0, 62_000),
            (200.0, 100),
            (61.0, 31),
            (1.0, 1),
            (0.0, 1),
            (f64::NAN, 1),
        ] {
            assert_eq!(rate_of(slowest), rate, "{slowest}");
        }
    }
}
