//! Units of what the gate's own probes measure.

use super::error::CliError;
use crate::budget::Quantity;
use crate::model::Unit;

/// What a quantity of the load generator is counted in.
pub(super) fn of(quantity: Quantity) -> Result<Unit, CliError> {
    Ok(Unit::new(quantity.unit())?)
}

/// A bare number.
pub(super) fn none() -> Result<Unit, CliError> {
    Ok(Unit::new("")?)
}
