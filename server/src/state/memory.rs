//! How much memory is in use, by the allocator's own count, and whether that is too much.
//!
//! Reading the count makes the allocator sum up its arenas, which costs microseconds, so it is not
//! read for each command. Between two readings the count is bounded from above:
//!
//! ```text
//! in use  ≤  last reading  +  GROWTH_PER_INPUT_BYTE × bytes of requests since
//! ```
//!
//! A batch of writes reads the count only where that bound lies beyond `maxmemory`, and then the
//! batch is refused or let through by the reading. So far from the bound nothing is read, and at
//! the bound one reading serves a whole batch.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tikv_jemalloc_ctl::{epoch, epoch_mib, stats};

/// Bytes of memory that one byte of requests can take at the most, table growth included. The
/// smallest write that adds a key is about 30 bytes and takes less than 200.
const GROWTH_PER_INPUT_BYTE: u64 = 8;

/// The allocator's count, and its largest value seen.
pub struct Memory {
    epoch: epoch_mib,
    allocated: stats::allocated_mib,
    resident: stats::resident_mib,
    last: AtomicU64,
    peak: AtomicU64,
    startup: u64,
    input_since: AtomicU64,
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
            .field("last", &self.last)
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
            last: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            startup: 0,
            input_since: AtomicU64::new(0),
        };
        memory.startup = memory.measure()?.used;
        Ok(memory)
    }

    /// Reads the allocator's count.
    pub fn measure(&self) -> Result<Usage, MemoryError> {
        self.input_since.store(0, Relaxed);
        self.epoch.advance()?;
        let used = self.allocated.read()? as u64;
        let resident = self.resident.read()? as u64;
        self.last.store(used, Relaxed);
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

    /// Whether more than `limit` bytes are in use; 0 is no limit.
    pub fn is_over(&self, limit: u64) -> Result<bool, MemoryError> {
        if limit == 0 {
            return Ok(false);
        }
        let growth = self
            .input_since
            .load(Relaxed)
            .saturating_mul(GROWTH_PER_INPUT_BYTE);
        if self.last.load(Relaxed).saturating_add(growth) <= limit {
            return Ok(false);
        }
        Ok(self.measure()?.used > limit)
    }
}
