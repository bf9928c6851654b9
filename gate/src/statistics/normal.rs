//! The standard normal distribution, as far as the other statistics need it.
//!
//! Source of the printed values: Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.2.
//!
//! Example: `upper_quantile(0.025)` is 1.95996…, and `above(1.95996…)` is 0.025.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{StatisticsError, checked_alpha};

/// The probability that a standard normal value exceeds `z`.
pub(super) fn above(z: f64) -> f64 {
    Normal::standard().sf(z)
}

/// The probability that a standard normal value does not exceed `z`.
pub(super) fn below(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// The standard normal value that is exceeded with probability `alpha`.
pub fn upper_quantile(alpha: f64) -> Result<f64, StatisticsError> {
    Ok(-Normal::standard().inverse_cdf(checked_alpha(alpha)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_the_printed_tables_hold() {
        for (alpha, z) in [
            (0.5, 0.0),
            (0.05, 1.644_854),
            (0.01, 2.326_348),
            (0.001, 3.090_232),
        ] {
            let quantile = upper_quantile(alpha).unwrap();
            assert!((quantile - z).abs() < 1e-6, "{alpha}: {quantile}");
            assert!((above(quantile) - alpha).abs() < 1e-9);
            assert!((below(quantile) + alpha - 1.0).abs() < 1e-9);
        }
        assert!(matches!(
            upper_quantile(0.0),
            Err(StatisticsError::Alpha(_))
        ));
        assert!(matches!(
            upper_quantile(f64::NAN),
            Err(StatisticsError::Alpha(_))
        ));
    }
}
