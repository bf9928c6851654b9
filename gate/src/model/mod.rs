//! The words of the gate as types: what is measured, on which arm, and how it is judged.

mod arm;
mod bound;
mod breakdown;
mod metric;
mod percent;
mod present;
mod sample;
mod verdict;

pub use arm::Arm;
pub use bound::{Amount, Bound, BoundError, Comparison};
pub use breakdown::{Breakdown, Part, Share, Shares};
pub use metric::{Direction, Kind, MetricId, MetricIdError, Unit, UnitError};
pub use percent::{NotFinite, Percent};
pub(crate) use present::present;
pub use sample::{
    ExactSamples, NoisyRound, OpenLoop, RoundHealth, RoundSet, RunnerCounts, RunnerRounds, Samples,
};
pub use verdict::{Reason, Verdict};
