//! `gate post` against a GitHub of our own: what is written, what is refused, and what goes wrong on
//! the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on should panic, and one that skips says so"
)]

mod artifacts;
mod comments;
mod contract;
mod events;
mod fake;
mod faults;
mod limits;
mod pools;
mod program;
mod rendered;
mod reports;
mod routes;
mod runs;
mod secrets;
mod world;
