//! One number a round and metric: the median adverse log ratio over its slice pairs.

use gate::statistics::median;

use crate::error::StudyError;
use crate::trace::{Arms, TraceRound};

/// What one round reads; positive is worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ratios {
    /// Of requests per second.
    pub(crate) qps: f64,
    /// Of CPU time per request.
    pub(crate) cpu: f64,
}

impl Ratios {
    /// Reads a round.
    pub(crate) fn of(round: &TraceRound) -> Result<Self, StudyError> {
        Ok(Self {
            qps: -pair_median(&round.qps)?,
            cpu: pair_median(&round.cpu)?,
        })
    }
}

fn pair_median(arms: &Arms) -> Result<f64, StudyError> {
    let log = |(base, head): (&u32, &u32)| f64::from(*head).ln() - f64::from(*base).ln();
    let logs: Vec<f64> = arms.base.iter().zip(&arms.head).map(log).collect();
    Ok(median(&logs)?)
}

/// The standard deviation; 0 of fewer than two values.
#[expect(clippy::cast_precision_loss, reason = "samples lie far below 2^52")]
pub(crate) fn spread(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / (n - 1.0)).sqrt()
}
