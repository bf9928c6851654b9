//! Units of what the gate's own probes measure.

use super::error::CliError;
use crate::budget::Percentile;
use crate::measure::Timed;
use crate::model::Unit;

/// What a quantity of the load generator is counted in.
pub(super) fn of(quantity: Timed) -> Result<Unit, CliError> {
    Ok(Unit::new(match quantity {
        Timed::Quantity(quantity) => quantity.unit(),
        Timed::Latency(_) => Percentile::UNIT,
    })?)
}

/// A bare number.
pub(super) fn none() -> Result<Unit, CliError> {
    Ok(Unit::new("")?)
}
