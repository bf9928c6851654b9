//! What happens by time alone: expired keys go, and rates are taken.
//!
//! Ten times a second a slice of the keyspace is swept, where any key expires at all. A slice is
//! bounded in keys, so that requests wait no longer for it than for a large command.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::connection::read_clock;
use crate::state::State;

const TICK: Duration = Duration::from_millis(100);
/// Keys that a slice looks at.
const KEYS_PER_TICK: usize = 20_000;
/// Ticks between two samples of the rate of commands.
const TICKS_PER_SAMPLE: u64 = 10;

/// Runs for as long as the server does.
pub(crate) async fn run(state: Arc<State>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut cursor = 0;
    let mut sampled = read_clock();
    let mut count: u64 = 0;
    loop {
        ticks.tick().await;
        let now = read_clock();
        cursor = state
            .keyspace
            .sweep_expired(cursor, KEYS_PER_TICK, now)
            .cursor;
        count += 1;
        if count.is_multiple_of(TICKS_PER_SAMPLE) {
            state.stats.sample_rate(now.0.saturating_sub(sampled.0));
            sampled = now;
        }
    }
}
