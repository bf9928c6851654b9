//! From the rounds of one or of several runners to an interval.
//!
//! | runners | estimate | bounds |
//! |---|---|---|
//! | 1 | Hodges–Lehmann | signed ranks of its rounds |
//! | 2 | the middle of both | the lower of both lower ones, the higher of both higher ones |
//! | 3 and more | random effects over the runners' estimates | Hartung–Knapp (see `statistics::clusters`) |
//!
//! What runners have in common is not in the rounds of one of them, so rounds are never thrown together:
//! each runner gives one estimate, with the variance that its own rounds show. Two runners cannot say how
//! runners differ; they are past a limit only where both are, and inside it only where both are. That is
//! an intersection–union test, whose error is at most that of one of them, and its p-value the larger.
//!
//! The variance of an estimate comes from the width of its interval: `se = (high − low)/(z_low + z_high)`
//! with both bounds at 5 % (Lehmann, Ann. Math. Statist. 34, 1963). From the same width comes what a run
//! could have seen nine times in ten: `(z_low + z_0.9) · se`, for three runners and more with Student's t.
//!
//! Values are adverse log ratios, one list a runner.

use super::plan::Look;
use crate::statistics::{
    CLUSTERS_MIN, Cluster, Clusters, SignedRank, StatisticsError, WalshAverages, upper_quantile,
};

/// One-sided error of the interval that the variance of an estimate is read from.
const SPREAD_ALPHA: f64 = 0.05;
/// The chance with which a move of the visible size is seen is 1 less this.
const MISSED: f64 = 0.1;

/// An interval in adverse log ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    /// The estimate.
    pub middle: f64,
    /// Its lower bound.
    pub low: f64,
    /// Its upper bound.
    pub high: f64,
    /// What is seen nine times in ten, in widths of the interval.
    pub visible_widths: f64,
}

/// The interval of the effect that all runners have in common, at the levels of `look`.
pub(super) fn span(runners: &[Vec<f64>], look: &Look) -> Result<Span, StatisticsError> {
    match runners {
        [] => Err(StatisticsError::Empty),
        [one] => alone(one, look),
        few if few.len() < CLUSTERS_MIN => hull(few, look),
        _ => {
            let all = clusters(runners)?;
            let (low, high) = (all.lower(look.low(1))?, all.upper(look.high)?);
            let seen = all.upper(MISSED)? - all.lower(look.low(1))?;
            Ok(Span {
                middle: all.mean(),
                low,
                high,
                visible_widths: if high > low { seen / (high - low) } else { 1.0 },
            })
        }
    }
}

/// The p-value against "the common effect does not exceed `limit`".
pub(super) fn p_above(runners: &[Vec<f64>], limit: f64) -> Result<f64, StatisticsError> {
    if runners.len() >= CLUSTERS_MIN {
        return Ok(clusters(runners)?.p_above(limit));
    }
    let mut largest = None;
    for values in runners {
        let walsh = WalshAverages::new(values)?;
        let p = SignedRank::new(values.len()).p_above(&walsh, limit);
        largest = Some(largest.map_or(p, |largest: f64| if p > largest { p } else { largest }));
    }
    largest.ok_or(StatisticsError::Empty)
}

/// One runner.
fn alone(values: &[f64], look: &Look) -> Result<Span, StatisticsError> {
    let walsh = WalshAverages::new(values)?;
    let look = look.over(values.len());
    let low = look.law.lower(&walsh, look.low(1))?;
    let high = look.law.upper(&walsh, look.high)?;
    let (z_low, z_high) = (upper_quantile(low.alpha)?, upper_quantile(high.alpha)?);
    Ok(Span {
        middle: walsh.hodges_lehmann()?,
        low: low.value,
        high: high.value,
        visible_widths: (z_low + upper_quantile(MISSED)?) / (z_low + z_high),
    })
}

/// Runners too few to say how runners differ.
fn hull(runners: &[Vec<f64>], look: &Look) -> Result<Span, StatisticsError> {
    let spans = runners
        .iter()
        .map(|values| alone(values, look))
        .collect::<Result<Vec<_>, _>>()?;
    // Every value is finite: samples that are not were refused.
    let extreme = |of: fn(&Span) -> f64, largest: bool| {
        let ordered = spans.iter().map(of);
        let found = if largest {
            ordered.max_by(f64::total_cmp)
        } else {
            ordered.min_by(f64::total_cmp)
        };
        found.ok_or(StatisticsError::Empty)
    };
    Ok(Span {
        middle: f64::midpoint(extreme(|s| s.middle, false)?, extreme(|s| s.middle, true)?),
        low: extreme(|s| s.low, false)?,
        high: extreme(|s| s.high, true)?,
        visible_widths: extreme(|s| s.visible_widths, true)?,
    })
}

fn clusters(runners: &[Vec<f64>]) -> Result<Clusters, StatisticsError> {
    let clusters = runners
        .iter()
        .map(|values| cluster(values))
        .collect::<Result<Vec<_>, _>>()?;
    Clusters::new(&clusters)
}

/// What one runner says, and how sure its own rounds make it.
fn cluster(values: &[f64]) -> Result<Cluster, StatisticsError> {
    let walsh = WalshAverages::new(values)?;
    let law = SignedRank::new(values.len());
    let low = law.lower(&walsh, SPREAD_ALPHA)?;
    let high = law.upper(&walsh, SPREAD_ALPHA)?;
    let error = (high.value - low.value) / (2.0 * upper_quantile(low.alpha)?);
    Ok(Cluster {
        estimate: walsh.hodges_lehmann()?,
        variance: error * error,
    })
}
