//! The detection study on the committed traces: what the README says of them holds, and its parts do.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on should panic"
)]
#![allow(
    dead_code,
    reason = "the program uses all of its modules, this test those without a process in them"
)]

#[path = "../../benches/detection/error.rs"]
mod error;
#[path = "../../benches/detection/ours.rs"]
mod ours;
#[path = "../../benches/detection/outcome.rs"]
mod outcome;
#[path = "../../benches/detection/ratio.rs"]
mod ratio;
#[path = "../../benches/detection/replay.rs"]
mod replay;
#[path = "../../benches/detection/rivals.rs"]
mod rivals;
#[path = "../../benches/detection/trace.rs"]
mod trace;
#[path = "../../benches/detection/world.rs"]
mod world;

mod replayed;
mod rival_rules;
