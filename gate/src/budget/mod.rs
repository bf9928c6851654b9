//! `budgets.toml`: what is measured, how, and what may land.
//!
//! A budgets file is read in two steps: `file` takes the text as written, `spec` is what the rest
//! of the gate works with, every default filled in and every value checked.

mod spec;

pub use spec::{
    Allow, Budget, BudgetOverride, Budgets, Inconclusive, Load, MetricSpec, Probe, Quantity, Ready,
    Run, Serve, Subject, Trade,
};
