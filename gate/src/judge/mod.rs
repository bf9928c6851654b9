//! The judge: from samples and budgets to a verdict, and from rounds to what to measure next.
//!
//! | file | owns |
//! |---|---|
//! | `input` | what a verdict depends on |
//! | `run` | a whole run: every metric to its row |
//! | `plan` | when to look, and how sure each look must be |
//! | `step` | what a measuring loop does next |
//! | `round` | one number from the slices of a round |
//! | `reading` | what each set of a metric's rounds says |
//! | `pool` | from the rounds of one or of several runners to an interval |
//! | `pooled` | what the values of several runners must have in common |
//! | `noisy` | estimate, interval, band, and where a noisy metric stands |
//! | `rounds` | the row of a noisy metric: confirmation, control, verdict |
//! | `exact` | the row of a counted metric |
//! | `by_machine` | the same over several runners |
//! | `creep` | exact metrics against the recorded baseline: creep, and the same count of the same code |
//! | `limit` | how much worse a metric may get: budget and trade |
//! | `trade` | what became of the trades of this change |
//! | `overall` | the verdict of the run |
//! | `foresight` | what a whole run could see, from rounds of identical code |
//! | `disturbance` | which rounds the runner disturbed, or the load generator held back |
//!
//! Everything is a pure function of what is handed in, so that a report judged again gives the
//! verdict that it carries. What cannot be judged is an error, never a PASS.

mod by_machine;
mod creep;
mod disturbance;
mod error;
mod exact;
mod foresight;
mod input;
mod judged;
mod limit;
mod noisy;
mod overall;
mod plan;
mod pool;
mod pooled;
mod reading;
mod round;
mod rounds;
mod run;
mod step;
mod trade;

pub use creep::{
    Agreement, BaselineInput, BothBaselines, Code, Count, Creep, CreepRow, Held, creep,
};
pub use disturbance::{DISTURBANCE_RULE, disturbed_rounds, generator_bound_rounds};
pub use error::{JudgeError, RoundFault};
pub use foresight::{Foresight, foresee};
pub use input::{JudgeInput, MetricInput, Taken};
pub use judged::{ByRunner, Doubt, Evidence, Judged, Order, Row, TradeOutcome, TradeUsage};
pub use limit::{Ceilings, Limit, Limits, kind};
pub use noisy::{Estimate, NoisyMetric, Rounds};
pub use plan::Plan;
pub use pooled::RUNNERS_MAX;
pub use run::judge;
pub use step::{Advisor, Clock, Design, NextStep, RoundsDone};

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
