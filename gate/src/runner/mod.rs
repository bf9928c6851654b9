//! The machine that a run is measured on: what it is, and whether it is fit for that.
//!
//! | file | owns |
//! |---|---|
//! | `describe` | what the report tells of it |
//! | `counted_on` | what of it counts may depend on |
//! | `burn_in` | how evenly it computes |
//! | `machine` | facts that decide whether it is fit |
//! | `fitness` | the rules, and how to mend what breaks them |

mod burn_in;
mod counted_on;
mod describe;
mod fitness;
mod machine;

pub use burn_in::{BurnIn, burn_in};
pub use counted_on::counted_on;
pub use describe::Runner;
pub use fitness::{Finding, Fitness, TRIAL_TIME, Tool, Trial, findings};
