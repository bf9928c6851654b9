//! How much memory is in use, and room for more.
//!
//! `used_memory` is the allocator's count of live bytes. Reading it makes the allocator sum up its arenas,
//! which costs microseconds; the keyspace knows its own bytes at any time. So what is read is what else is
//! in use, the overhead, ten times a second and whenever enough input has come that it may have changed:
//!
//! ```text
//! in use  =  keyspace, exact  +  overhead (connections, queues, the runtime) as last read
//! bound of the keyspace  =  maxmemory  −  overhead
//! ```

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use store::Ceiling;
use tikv_jemalloc_ctl::{epoch, epoch_mib, stats};

/// The overhead is read again when so many bytes of requests have come, or a part of the bound if that
/// is more: requests that are not complete, and transactions, are held in memory.
const INPUT_MIN: u64 = 64 << 10;
const INPUT_PART: u64 = 128;

/// The allocator's count, and its largest value seen.
pub struct Memory {
    epoch: epoch_mib,
    allocated: stats::allocated_mib,
    resident: stats::resident_mib,
    /// What is in use and not the keyspace's, at the last reading.
    overhead: AtomicU64,
    peak: AtomicU64,
    startup: u64,
    input_since: AtomicU64,
    /// What keys may take while a bound that was lowered is not reached.
    pub ceiling: Ceiling,
}

/// The allocator does not tell its count.
#[derive(Debug, thiserror::Error)]
#[error("read the allocator's statistics: {0}")]
pub struct MemoryError(tikv_jemalloc_ctl::Error);

impl From<tikv_jemalloc_ctl::Error> for MemoryError {
    fn from(error: tikv_jemalloc_ctl::Error) -> Self {
        Self(error)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("overhead", &self.overhead)
            .finish_non_exhaustive()
    }
}

/// One reading of the allocator.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Bytes in live allocations.
    pub used: u64,
    /// The largest `used` that was read.
    pub peak: u64,
    /// What `used` was at the start.
    pub startup: u64,
    /// Bytes of the allocator's pages that are in memory.
    pub resident: u64,
}

impl Memory {
    /// Takes the first reading.
    pub fn new() -> Result<Self, MemoryError> {
        let mut memory = Self {
            epoch: epoch::mib()?,
            allocated: stats::allocated::mib()?,
            resident: stats::resident::mib()?,
            overhead: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            startup: 0,
            input_since: AtomicU64::new(0),
            ceiling: Ceiling::default(),
        };
        memory.startup = memory.measure(0)?.used;
        Ok(memory)
    }

    /// Reads the allocator's count, while the keyspace uses `keyspace` bytes.
    pub fn measure(&self, keyspace: usize) -> Result<Usage, MemoryError> {
        self.input_since.store(0, Relaxed);
        self.epoch.advance()?;
        let used = self.allocated.read()? as u64;
        let resident = self.resident.read()? as u64;
        self.overhead
            .store(used.saturating_sub(keyspace as u64), Relaxed);
        let peak = self.peak.fetch_max(used, Relaxed).max(used);
        Ok(Usage {
            used,
            peak,
            startup: self.startup,
            resident,
        })
    }

    /// Notes that `bytes` of requests came in, before they run.
    pub fn note_input(&self, bytes: usize) {
        self.input_since.fetch_add(bytes as u64, Relaxed);
    }

    /// Bytes that the keyspace, which uses `keyspace`, may use if all may use `limit`.
    pub fn keyspace_bound(&self, limit: u64, keyspace: usize) -> Result<usize, MemoryError> {
        if self.input_since.load(Relaxed) >= INPUT_MIN.max(limit / INPUT_PART) {
            self.measure(keyspace)?;
        }
        let bound = limit.saturating_sub(self.overhead.load(Relaxed));
        Ok(usize::try_from(bound).unwrap_or(usize::MAX))
    }
}
