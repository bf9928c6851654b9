//! The statistics behind a verdict, each in a file of its own with its source.
//!
//! | file | gives |
//! |---|---|
//! | `median` | the middle of a sample |
//! | `walsh` | Walsh averages and their median, the Hodges–Lehmann estimate |
//! | `wilcoxon` | null distribution of the signed-rank statistic, interval bounds, p-values |
//! | `boundary` | what each planned look may spend of the error that the whole run may make |
//! | `holm` | which of several hypotheses fall when one error is shared |
//! | `position` | what starting second does to an arm |
//! | `clusters` | what several runners say together |
//!
//! Nothing here knows metrics or budgets; values come in as numbers, NaN and infinities are
//! refused, and where a sample is too small to say something the answer is an error.

mod boundary;
mod clusters;
mod holm;
mod median;
mod normal;
mod position;
mod walsh;
mod wilcoxon;

pub use boundary::{Spending, Stage, nominal_levels};
pub use clusters::{CLUSTERS_MIN, Cluster, Clusters};
pub use holm::{Decision, holm};
pub use median::median;
pub use normal::upper_quantile;
pub use position::{PositionEffect, position_effect};
pub use walsh::WalshAverages;
pub use wilcoxon::{Bound, SignedRank, rounds_needed};

/// Why a statistic does not exist.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StatisticsError {
    /// There is no middle of nothing.
    #[error("no values")]
    Empty,
    /// NaN or infinite.
    #[error("value {index} is not a finite number")]
    NotFinite {
        /// Where in the sample, counted from 0.
        index: usize,
    },
    /// The sample cannot exclude anything at this level.
    #[error("{n} values are too few for a one-sided error of {alpha}: {needed} are needed")]
    TooFew {
        /// How many there are.
        n: usize,
        /// How many would do.
        needed: usize,
        /// The one-sided error.
        alpha: f64,
    },
    /// How runners differ cannot be told from so few.
    #[error("{clusters} runners are too few for an interval over runners")]
    TooFewClusters {
        /// How many there are.
        clusters: usize,
    },
    /// An error rate outside `(0, 0.5]`.
    #[error("an error rate must lie above 0 and not above 0.5, and {0} does not")]
    Alpha(f64),
    /// Looks that do not grow, or spend less than the look before.
    #[error("looks must come after more and more values and spend no less than the look before")]
    Looks,
}

/// Refuses an error rate that no test can have; NaN is refused too.
fn checked_alpha(alpha: f64) -> Result<f64, StatisticsError> {
    if alpha > 0.0 && alpha <= 0.5 {
        Ok(alpha)
    } else {
        Err(StatisticsError::Alpha(alpha))
    }
}

/// Refuses an empty sample and every value that is not finite.
fn checked_sample(values: &[f64]) -> Result<(), StatisticsError> {
    if values.is_empty() {
        return Err(StatisticsError::Empty);
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(StatisticsError::NotFinite { index }),
        None => Ok(()),
    }
}
