//! The data set: the same keys and values on every arm.
//!
//! ```text
//! key of id 4711          key:000000004711            16 bytes
//! value of id 4711        a window into one block of random bytes, at an offset hashed from the id
//! ```
//!
//! The block comes from the round's random numbers, so values differ between keys and rounds and
//! cost no memory of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rand::Rng;

use super::LoadError;
use crate::budget::Load;
use crate::process::{Interrupt, POLL};

/// Offsets at which a value may begin.
const OFFSETS: usize = 1 << 16;
/// The longest value, in bytes: what Redis takes.
const VALUE_BYTES_MAX: usize = 512 * 1024 * 1024;
/// About how much is sent before replies are awaited, in bytes.
const CHUNK_BYTES: usize = 256 * 1024;
/// The longest that the server may take for a chunk.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Keys and values.
#[derive(Debug)]
pub struct DataSet {
    keys: u32,
    value_bytes: usize,
    block: Vec<u8>,
}

impl DataSet {
    /// The keys and values of one round.
    pub fn new(load: &Load, rng: &mut impl Rng) -> Result<Self, LoadError> {
        let value_bytes = usize::try_from(load.value_bytes)
            .ok()
            .filter(|bytes| *bytes <= VALUE_BYTES_MAX)
            .ok_or_else(|| LoadError::Plan(format!("values of {} bytes", load.value_bytes)))?;
        if load.keys == 0 {
            return Err(LoadError::Plan("a data set of 0 keys".to_owned()));
        }
        let mut block = vec![0; value_bytes + OFFSETS];
        rng.fill_bytes(&mut block);
        Ok(Self {
            keys: load.keys,
            value_bytes,
            block,
        })
    }

    /// How many keys there are; their ids are below.
    #[must_use]
    pub const fn keys(&self) -> u32 {
        self.keys
    }

    /// How long every value is.
    #[must_use]
    pub const fn value_bytes(&self) -> usize {
        self.value_bytes
    }

    /// The key of an id.
    #[must_use]
    pub fn key(id: u32) -> String {
        format!("key:{id:012}")
    }

    /// The value of an id.
    #[must_use]
    pub fn value(&self, id: u32) -> &[u8] {
        // Fibonacci hashing (Knuth, TAOCP vol. 3, 6.4): the top 16 bits of id · 2³²/φ.
        let offset = usize::from((id.wrapping_mul(2_654_435_769) >> 16) as u16);
        self.block
            .get(offset..offset + self.value_bytes)
            .unwrap_or_default()
    }

    /// Loads every key into the server on `port` and checks that each was taken.
    ///
    /// The client blocks in its reads, so it has a thread of its own that is left to its fate on an
    /// interrupt: it ends when the server does.
    pub fn fill(self: &Arc<Self>, port: u16, interrupt: &Interrupt) -> Result<(), LoadError> {
        let (done, outcome) = mpsc::channel();
        let data = Arc::clone(self);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        thread::spawn(move || {
            let filled = data.fill_blocking(port, &stopped);
            // Nobody listens any more after an interrupt.
            let _abandoned = done.send(filled);
        });
        loop {
            match outcome.recv_timeout(POLL) {
                Ok(filled) => return filled.map_err(LoadError::Fill),
                Err(RecvTimeoutError::Disconnected) => return Err(LoadError::ThreadLost),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Err(interrupted) = interrupt.check() {
                stop.store(true, Ordering::Relaxed);
                return Err(interrupted.into());
            }
        }
    }

    fn fill_blocking(&self, port: u16, stopped: &AtomicBool) -> redis::RedisResult<()> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
        let mut connection = client.get_connection_with_timeout(ANSWER_MAX)?;
        connection.set_read_timeout(Some(ANSWER_MAX))?;
        connection.set_write_timeout(Some(ANSWER_MAX))?;
        let keys_per_chunk = (CHUNK_BYTES / (self.value_bytes + 64)).max(1);
        let ids: Vec<u32> = (0..self.keys).collect();
        for chunk in ids.chunks(keys_per_chunk) {
            if stopped.load(Ordering::Relaxed) {
                return Ok(());
            }
            let mut pipeline = redis::pipe();
            for &id in chunk {
                pipeline.set(Self::key(id), self.value(id)).ignore();
            }
            pipeline.query::<()>(&mut connection)?;
        }
        Ok(())
    }
}
