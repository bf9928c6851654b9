//! What happens by time alone: expired keys go, large collections whose keys are gone are freed, pages with many
//! free slots are given back, rates are taken.
//!
//! ```text
//! every 100 ms:  │ expired keys │ remains │ sparse pages │   or after 1 ms for as long as something is left to do
//!                │◄────────── 1 ms at the most ─────────►│
//! ```
//!
//! A slice is bounded in time, and looks at the clock after every table of the index, some hundred elements of
//! collections or batch of moves: some hundred microseconds at the most, no more than a large command takes.
//! A round of the keyspace takes half of a thread at the most while it lasts, and the next one begins only
//! when four times as long has passed as it worked: where keys expire all the time, that is a fifth.

use std::sync::Arc;
use std::time::{Duration, Instant};

use store::Millis;
use tokio::time::sleep;

use crate::desk::read_clock;
use crate::state::State;

/// Between slices when nothing is left to do.
const TICK: Duration = Duration::from_millis(100);
/// Between slices when something is.
const PAUSE: Duration = Duration::from_millis(1);
/// How long a slice takes, at the most.
const SLICE: Duration = Duration::from_millis(1);
/// How many times as long as a round worked the next one is put off.
const REST: u32 = 4;
/// Keys that are looked at between two looks at the clock; a table of the index has that many.
const KEYS_PER_LOOK: usize = 500;
/// Elements of large collections without keys that are freed between two looks at the clock.
const ELEMENTS_PER_LOOK: usize = 500;
/// Free slots that are left alone, in percent of all pages.
pub const FREE_PERCENT: usize = 3;
/// Between two samples of the rate of commands.
const SAMPLE_MS: u64 = 1000;

/// Runs for as long as the server does.
pub(crate) async fn run(state: Arc<State>) {
    let mut sweeper = Sweeper::default();
    let mut sampled = read_clock();
    loop {
        let pause = sweeper.slice(&state);
        if state.settings.max_memory() > 0 {
            // What goes wrong here goes wrong for the next write, which tells its client.
            let _ = state.memory.measure(state.keyspace.used_bytes());
            let _ = state.make_room_for_a_while();
        }
        let now = read_clock();
        let elapsed_ms = now.0.saturating_sub(sampled.0);
        if elapsed_ms >= SAMPLE_MS {
            state.stats.sample_rate(elapsed_ms);
            sampled = now;
        }
        sleep(pause).await;
    }
}

/// Goes round the keyspace, from where the slice before was cut.
#[derive(Debug, Default)]
struct Sweeper {
    cursor: u64,
    /// How long the round has worked.
    worked: Duration,
}

impl Sweeper {
    /// Does a slice of the round; how long to wait for the next.
    fn slice(&mut self, state: &State) -> Duration {
        let (start, now) = (Instant::now(), read_clock());
        let done = self.expire(state, start, now) && free(state, start) && compact(state, start);
        self.worked += start.elapsed();
        if !done {
            return PAUSE;
        }
        TICK.max(std::mem::take(&mut self.worked) * REST)
    }

    /// Removes expired keys; whether the round came to its end. Some of what remains is freed meanwhile, however
    /// many keys there are to look at.
    fn expire(&mut self, state: &State, start: Instant, now: Millis) -> bool {
        loop {
            let sweep = state
                .keyspace
                .sweep_expired(self.cursor, KEYS_PER_LOOK, now);
            self.cursor = sweep.cursor;
            state.keyspace.free_remains(ELEMENTS_PER_LOOK);
            if self.cursor == 0 {
                return true;
            }
            if start.elapsed() >= SLICE {
                return false;
            }
        }
    }
}

/// Frees large collections whose keys are gone; whether none remains.
fn free(state: &State, start: Instant) -> bool {
    while state.keyspace.free_remains(ELEMENTS_PER_LOOK) > 0 {
        if start.elapsed() >= SLICE {
            return false;
        }
    }
    true
}

/// Moves entries out of sparse pages; whether there are no more that are sparse.
fn compact(state: &State, start: Instant) -> bool {
    while state.keyspace.compact(FREE_PERCENT) > 0 {
        if start.elapsed() >= SLICE {
            return false;
        }
    }
    true
}
