//! The command line on real repositories, real builds and real processes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should panic"
)]

mod action;
mod cache;
mod documents;
mod end_to_end;
mod exact;
mod failure;
mod installer;
mod interruption;
mod repository;
mod revisions;
mod subject;
