//! What the benchmarks share: the design that the store is measured against, and what both are given.

#![allow(
    dead_code,
    clippy::borrowed_box,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "each benchmark uses a part, and stops where something is wrong"
)]

pub(crate) mod reference;
pub(crate) mod workload;
