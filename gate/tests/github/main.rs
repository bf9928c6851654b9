//! `gate post` against a GitHub of our own: what is written, what is refused, and what goes wrong on
//! the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should panic"
)]

mod artifacts;
mod comments;
mod events;
mod fake;
mod faults;
mod limits;
mod reports;
mod routes;
mod runs;
mod secrets;
mod world;
