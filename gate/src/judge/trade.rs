//! What became of the trades of this change.
//!
//! A live trade raises the limit of its metric (see `limit`); this file tells afterwards whether it
//! was needed. One that names nothing in the run is an error: a typing mistake there would turn
//! into a FAIL that nobody understands, or into a record of something that never was.

use super::JudgeError;
use super::judged::{Evidence, Row, TradeOutcome, TradeUsage};
use super::limit::removal_covers;
use crate::budget::{Allow, Trade};
use crate::model::MetricId;

/// How many names an error lists.
const NAMES_MAX: usize = 20;

/// Finds the rows of each trade and what became of it.
pub(super) fn outcomes(live: &[Trade], rows: &[Row]) -> Result<Vec<TradeOutcome>, JudgeError> {
    live.iter().map(|trade| outcome(trade, rows)).collect()
}

fn outcome(trade: &Trade, rows: &[Row]) -> Result<TradeOutcome, JudgeError> {
    let named = rows.iter().filter(|row| {
        let covers = match trade.allow {
            Allow::Adverse(_) => row.id == trade.metric,
            Allow::Removed => removal_covers(&trade.metric, &row.id),
        };
        covers || stands_for(row, &trade.metric)
    });
    // One row that needed it is enough; a removal may cover several cases.
    let usage = named
        .map(|row| row.usage(&trade.allow))
        .min_by_key(|usage| match usage {
            TradeUsage::Exceeded => 0,
            TradeUsage::Undecided => 1,
            TradeUsage::Used => 2,
            TradeUsage::Unneeded => 3,
        });
    Ok(TradeOutcome {
        trade: trade.clone(),
        usage: usage.ok_or_else(|| unknown(trade, rows))?,
    })
}

/// Whether a row is all that there is of the metric's cases: what was not measured has no other.
fn stands_for(row: &Row, metric: &MetricId) -> bool {
    let whole = row.id.case().is_none() && row.id.name() == metric.name();
    whole && matches!(row.evidence, Evidence::Identical | Evidence::NotMeasured(_))
}

fn unknown(trade: &Trade, rows: &[Row]) -> JudgeError {
    let mut names: Vec<String> = rows.iter().map(|row| format!("`{}`", row.id)).collect();
    if names.len() > NAMES_MAX {
        let more = names.len() - NAMES_MAX;
        names.truncate(NAMES_MAX);
        names.push(format!("{more} more"));
    }
    JudgeError::UnknownTrade {
        metric: trade.metric.clone(),
        known: if names.is_empty() {
            "no metric".to_owned()
        } else {
            names.join(", ")
        },
    }
}
