//! What all connections share.
//!
//! | type         | owned by        | changes                                               |
//! |--------------|-----------------|-------------------------------------------------------|
//! | [`State`]    | all threads     | only behind the locks and atomics of its parts        |
//! | [`Access`]   | one batch       | whether shards are locked one by one, or all are held |
//! | [`Tally`]    | one batch       | counts, added to [`Stats`] when the batch ends        |
//!
//! No part reads a clock or a socket by itself.

mod access;
mod channels;
mod client;
mod errors;
mod limits;
mod memory;
mod password;
mod policy;
mod renames;
mod settings;
mod slowness;
mod stats;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use store::{HashKey, Keyspace, Millis, Room, ShardCount, Shards};

pub use access::Access;
pub use channels::{Channels, Topic};
pub use client::{Client, Clients, Mode};
pub use errors::Errors;
pub use limits::{Limit, Limits};
pub use memory::{Memory, MemoryError, Usage};
pub use password::Password;
pub use policy::Policy;
pub use renames::{RenameError, Renames};
pub use settings::Settings;
pub use slowness::{Latencies, Sample, SlowRequest, Slowness, shortened};
pub use stats::{Admission, Snapshot, Stats, Tally};

/// What all connections share.
#[derive(Debug)]
pub struct State {
    /// All keys.
    pub keyspace: Keyspace,
    /// What `CONFIG` shows and sets.
    pub settings: Settings,
    /// What `INFO` counts.
    pub stats: Stats,
    /// The allocator's count.
    pub memory: Memory,
    /// The errors that were answered.
    pub errors: Errors,
    /// Who is connected.
    pub clients: Clients,
    /// Who listens to what.
    pub channels: Channels,
    /// What took long.
    pub slowness: Slowness,
    /// Reads a clock that only goes forward, in microseconds: for the few commands that may take long.
    /// It stands still until there is one.
    pub clock: fn() -> u64,
    /// When the server started.
    pub started: Millis,
    /// Forty hexadecimal digits that no other run has.
    pub run_id: String,
    last_client: AtomicU64,
    randomness: AtomicU64,
}

impl State {
    /// The state of a server that starts at `started` with no keys.
    pub fn new(settings: Settings, started: Millis) -> Result<Self, MemoryError> {
        let seeds = RandomState::new();
        let words = [0_u64, 1, 2, 3].map(|word| seeds.hash_one(word));
        Self::with_secrets(settings, started, HashKey::random(), words)
    }

    /// The same with nothing drawn: for probes, whose every run must do the same to the last
    /// instruction, and which no client reaches.
    pub fn from_seed(settings: Settings, started: Millis, seed: u64) -> Result<Self, MemoryError> {
        Self::with_secrets(settings, started, HashKey::from_seed(seed), [seed; 4])
    }

    fn with_secrets(
        settings: Settings,
        started: Millis,
        hash_key: HashKey,
        [a, b, c, randomness]: [u64; 4],
    ) -> Result<Self, MemoryError> {
        let keyspace = Keyspace::new(hash_key, ShardCount::for_threads(settings.threads));
        keyspace.set_policy(settings.policy().eviction());
        Ok(Self {
            keyspace,
            settings,
            stats: Stats::default(),
            memory: Memory::new()?,
            errors: Errors::default(),
            clients: Clients::default(),
            channels: Channels::default(),
            slowness: Slowness::default(),
            clock: || 0,
            started,
            run_id: format!("{a:016x}{b:016x}{:08x}", c >> 32),
            last_client: AtomicU64::new(0),
            randomness: AtomicU64::new(randomness),
        })
    }

    /// Makes room for a write, as `maxmemory` and its policy say.
    pub fn make_room(&self, shards: &mut impl Shards) -> Result<Room, MemoryError> {
        let used = shards.used_bytes();
        let Some(bound) = self.bound(used)? else {
            return Ok(Room::Enough);
        };
        let ceiling = self.memory.ceiling.over(bound, used);
        let policy = self.settings.policy().eviction();
        let room = shards.make_room_below(ceiling, bound, policy, self.random());
        if used > bound {
            self.memory.ceiling.over(bound, shards.used_bytes());
        }
        Ok(room)
    }

    /// Makes room between requests, for some milliseconds at the most.
    pub fn make_room_for_a_while(&self) -> Result<(), MemoryError> {
        let used = self.keyspace.used_bytes();
        if let Some(bound) = self.bound(used)? {
            self.memory.ceiling.over(bound, used);
            let policy = self.settings.policy().eviction();
            let random = self.random();
            self.keyspace.make_room_for_a_while(bound, policy, random);
        }
        Ok(())
    }

    /// Bytes that the keys may take while they take `used`; `None` where there is no bound.
    fn bound(&self, used: usize) -> Result<Option<usize>, MemoryError> {
        match self.settings.max_memory() {
            0 => {
                self.memory.ceiling.lift();
                Ok(None)
            }
            limit => self.memory.keyspace_bound(limit, used).map(Some),
        }
    }

    /// The number of the connection that is accepted next; the first is 1.
    pub fn next_client(&self) -> u64 {
        self.last_client.fetch_add(1, Relaxed) + 1
    }

    /// A number that looks random (`SplitMix64`); good to pick a key by, not to keep a secret with.
    pub fn random(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut mixed = self.randomness.fetch_add(STEP, Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
