//! Samples of both arms: rounds of slices for noisy metrics, two runs for exact ones.
//!
//! | file | owns |
//! |---|---|
//! | `rounds` | one round: fresh servers, warm-up, slices in drawn order |
//! | `warm_up` | when a warm-up has settled |
//! | `latency` | the rate and the pooled latencies of an open loop |
//! | `memory` | one round: fresh servers, each loaded with the same keys |
//! | `runs` | one round: a program run on each arm in turn |
//! | `exact` | two counts an arm |
//! | `callgrind` | instructions of a program at two counts, twice an arm |
//! | `blame` | whose fault it is that a measurement broke off |
//! | `seeds` | one stream of random numbers for each purpose and round |

mod blame;
mod callgrind;
mod error;
mod exact;
mod latency;
mod memory;
mod rounds;
mod runs;
mod seeds;
mod warm_up;

pub use callgrind::{CallgrindArm, CallgrindSettings, measure_callgrind};
pub use error::MeasureError;
pub use exact::{Counter, ExactArm, ExactMetric, ExactSettings, measure_exact};
pub use memory::{MemoryRunner, MemorySettings};
pub use rounds::{ArmUnderTest, Drive, LATENCY_SLICE, RoundRunner, RoundSettings, SLICE, Timed};
pub use runs::{ProgramUnderTest, RunRunner, RunSettings};
pub use seeds::Seeds;
