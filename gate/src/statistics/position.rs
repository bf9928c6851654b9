//! The position effect: what starting second does to an arm, whatever its code.
//!
//! Half of the rounds start base first (AB), half head first (BA). With a true difference `t` and a
//! cost `p` of starting second, AB rounds read `t + p` and BA rounds `t − p`:
//!
//! ```text
//! effect = (mean d_AB − mean d_BA) / 2          t cancels
//! ```
//!
//! Example: AB rounds 1.2, 1.0, 1.1 and BA rounds 0.2, 0.0, 0.1 give an effect of 0.5. Because the
//! order is drawn, it does not bias the estimate; it widens the interval, and tells that something
//! on the runner depends on order.
//!
//! The interval is Welch's (unequal variances, Satterthwaite's degrees of freedom): this number is
//! shown, not judged, so its weakness under heavy tails costs nothing but width.
//!
//! Sources: Welch, Biometrika 34 (1947); crossover designs as in Senn, *Cross-over
//! Trials in Clinical Research*, 3.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{StatisticsError, checked_alpha, checked_sample};

/// The effect with its two-sided interval, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PositionEffect {
    /// Positive: the arm that starts second reads worse.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl PositionEffect {
    /// Whether the interval excludes 0.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The effect between rounds that started base first and rounds that started head first.
///
/// Each group needs two values, or there is no spread to judge by.
pub fn position_effect(
    base_first: &[f64],
    head_first: &[f64],
    alpha: f64,
) -> Result<PositionEffect, StatisticsError> {
    let (a, b) = (
        Moments::of(base_first, alpha)?,
        Moments::of(head_first, alpha)?,
    );
    let estimate = (a.mean - b.mean) / 2.0;
    let variance = a.variance_of_mean + b.variance_of_mean;
    let half_width = if variance > 0.0 {
        let freedom = variance.powi(2)
            / (a.variance_of_mean.powi(2) / (a.n - 1.0) + b.variance_of_mean.powi(2) / (b.n - 1.0));
        let student =
            StudentsT::new(0.0, 1.0, freedom).map_err(|_| StatisticsError::Alpha(alpha))?;
        student.inverse_cdf(1.0 - checked_alpha(alpha)? / 2.0) * variance.sqrt() / 2.0
    } else {
        0.0
    };
    Ok(PositionEffect {
        estimate,
        low: estimate - half_width,
        high: estimate + half_width,
    })
}

struct Moments {
    n: f64,
    mean: f64,
    variance_of_mean: f64,
}

impl Moments {
    #[expect(
        clippy::cast_precision_loss,
        reason = "sample sizes lie far below 2^52"
    )]
    fn of(values: &[f64], alpha: f64) -> Result<Self, StatisticsError> {
        checked_sample(values)?;
        let (n, needed) = (values.len(), 2);
        if n < needed {
            return Err(StatisticsError::TooFew { n, needed, alpha });
        }
        let n = n as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Ok(Self {
            n,
            mean,
            variance_of_mean: squares / (n - 1.0) / n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_holds() {
        let effect = position_effect(&[1.2, 1.0, 1.1], &[0.2, 0.0, 0.1], 0.01).unwrap();
        assert!((effect.estimate - 0.5).abs() < 1e-12);
        // By hand: each mean has variance 0.01/3; 4 degrees of freedom, t = 4.604 at 1 % two-sided.
        let half = 4.604_095 * (0.02_f64 / 3.0).sqrt() / 2.0;
        assert!((effect.high - effect.estimate - half).abs() < 1e-6);
        assert!(effect.is_certain());
    }

    #[test]
    fn a_common_difference_is_no_effect() {
        let effect = position_effect(&[5.0, 5.2, 4.8], &[5.1, 4.9, 5.0], 0.01).unwrap();
        assert!(!effect.is_certain());
    }

    #[test]
    fn one_round_a_group_is_too_few() {
        let effect = position_effect(&[1.0], &[1.0, 2.0], 0.01);
        assert!(matches!(
            effect,
            Err(StatisticsError::TooFew { needed: 2, .. })
        ));
    }
}
