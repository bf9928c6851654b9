//! The report: what a run found, as data, as Markdown and as a table for a terminal.
//!
//! | file | owns |
//! |---|---|
//! | `schema` | the fields of `report.json` |
//! | `build` | from a judged run to a report, and back to what can be judged again |
//! | `measured` | the fields of `samples.json`, what one of several runners measured |
//! | `pool`, `pool_error` | from the samples of several runners to one report |
//! | `by_runner` | what each of several runners says |
//! | `sentence` | the words for each outcome |
//! | `headline` | the sentence about the whole run, and what to do |
//! | `watched` | what the machine and the load generator did meanwhile, and what it warns of |
//! | `open_loop` | how latencies were taken, and whether both sides kept up |
//! | `calibration` | what runs on identical code found, and budgets that fit |
//! | `harness` | what to say where the change touches what measures it |
//! | `number` | how values and percentages are written |
//! | `escape` | foreign text made harmless for Markdown and terminals |
//! | `machine` | a machine in words |
//! | `breakdown` | where a count changed, by function or part |
//! | `baseline` | the words about the recorded baseline |
//! | `cells` | the cells of the table, the same for both renderers |
//! | `markdown` | the comment on a pull request |
//! | `table` | the terminal |
//!
//! Renderers see the report and nothing else, and decide nothing: verdicts, reasons and the order
//! of the rows are fixed when the report is built.

mod baseline;
mod breakdown;
mod build;
mod by_runner;
mod calibration;
mod cells;
mod escape;
mod folded;
mod harness;
mod headline;
mod machine;
mod markdown;
mod measured;
mod number;
mod open_loop;
mod pieces;
mod pool;
mod pool_error;
mod schema;
mod sentence;
mod table;
mod watched;

pub use baseline::{Remark, remarks as baseline_remarks};
pub use breakdown::explanation;
pub use build::{ReportError, RunFacts};
pub use calibration::{Calibration, CountedTwice, NoisyCalibration, calibration};
pub use escape::{for_markdown, for_terminal};
pub use markdown::{COMMENT_LEN_MAX, MARKER, markdown};
pub use measured::{Measured, MeasuredSchema, Shard, ShardError};
pub use pool_error::PoolError;
pub use schema::{
    BaselineReport, BothBudgets, Measuring, MedianAndMost, MetricReport, OpenLoopCount,
    OrderEffect, PooledRunner, Report, Revision, RoundCount, Runner, Schema, Timing, Tool,
    TradeReport, Watched,
};
pub use table::{Palette, budget_line, table};

#[cfg(test)]
pub(crate) mod tests;
