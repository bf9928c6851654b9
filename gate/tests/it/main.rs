//! The command line on real repositories, real builds and real processes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on should panic, and one that skips says so"
)]

mod action;
mod baseline_changes;
mod baselines;
mod budgets;
mod cache;
mod calibrate;
mod callgrind;
mod doctor;
mod documents;
mod end_to_end;
mod exact;
mod explain;
mod failure;
mod init;
mod installer;
mod interruption;
mod judge;
mod measure;
mod probes;
mod redis;
mod repository;
mod revisions;
mod subject;
