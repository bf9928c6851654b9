//! A finite percentage.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A finite number of percent: `Percent::new(3.0)` is 3 %.
///
/// NaN and the infinities are refused where a `Percent` is made, so that no comparison further on
/// has to ask for them.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Percent(f64);

/// The value is NaN or infinite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a percentage must be a finite number")]
pub struct NotFinite;

impl Percent {
    /// No change.
    pub const ZERO: Self = Self(0.0);

    /// A percentage, refused where it is not finite.
    pub fn new(value: f64) -> Result<Self, NotFinite> {
        if value.is_finite() {
            Ok(Self(value))
        } else {
            Err(NotFinite)
        }
    }

    /// The change from `base` to `head` in percent of `base`.
    ///
    /// Refused where `base` is 0 or the quotient is not finite: there is no relative change then.
    /// Multiplied first, so that 100 to 107 is 7 % and not a rounding error more.
    pub fn change(base: f64, head: f64) -> Result<Self, NotFinite> {
        Self::new((head - base) * 100.0 / base)
    }

    /// The percentage that a natural log ratio stands for: `(exp(r) − 1) · 100`.
    pub fn from_log_ratio(ratio: f64) -> Result<Self, NotFinite> {
        Self::new(ratio.exp_m1() * 100.0)
    }

    /// In percent.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// As a natural log ratio, the inverse of [`Percent::from_log_ratio`].
    ///
    /// −∞ at −100 % and NaN below it, which is why callers hand in budgets and floors (≥ 0) only.
    #[must_use]
    pub fn to_log_ratio(self) -> f64 {
        (self.0 / 100.0).ln_1p()
    }
}

impl TryFrom<f64> for Percent {
    type Error = NotFinite;

    fn try_from(value: f64) -> Result<Self, NotFinite> {
        Self::new(value)
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl fmt::Display for Percent {
    /// Up to two decimals, none of them trailing zeros: `3%`, `0.25%`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0 * 100.0).round() / 100.0;
        // Rounding may leave a negative zero, which would print as "-0%".
        write!(f, "{}%", rounded + 0.0)
    }
}
