//! The machine that a run was measured on, for the report.

mod describe;

pub use describe::Runner;
