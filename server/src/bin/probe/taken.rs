//! Bytes that a keyspace takes, as the allocator counts them, and what they are there for.
//!
//! | part | bytes of |
//! |---|---|
//! | `entries` `slack` `pages` `index` `collections` | what the store's `MemoryParts` says of them |
//! | `allocator rounding` | what the allocator adds to what it was asked for |
//! | `keyspace` | the shards themselves |
//!
//! A part of 0 bytes is left out.
//!
//! Invariant: the parts are counted in the store and the whole by the allocator, and they are equal to the
//! last byte. Divided by the keys, the parts add up to the value but for the rounding of a division.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use store::{Keyspace, MemoryParts};
use tikv_jemalloc_ctl::thread::{self, ThreadLocal};

use super::ProbeError;

/// Bytes that this thread allocates and does not give back.
pub(super) struct LiveBytes {
    allocated: ThreadLocal<u64>,
    freed: ThreadLocal<u64>,
    before: u64,
}

impl LiveBytes {
    /// Counts from here on.
    pub(super) fn begin() -> Result<Self, ProbeError> {
        let mut live = Self {
            allocated: thread::allocatedp::read().map_err(ProbeError::Allocator)?,
            freed: thread::deallocatedp::read().map_err(ProbeError::Allocator)?,
            before: 0,
        };
        live.before = live.read();
        Ok(live)
    }

    /// Bytes more than at the beginning.
    pub(super) fn since(&self) -> u64 {
        self.read().wrapping_sub(self.before)
    }

    /// The difference wraps like the counters, so that a thread which frees what others allocated
    /// still sees true differences between two readings.
    fn read(&self) -> u64 {
        self.allocated.get().wrapping_sub(self.freed.get())
    }
}

/// What a keyspace takes.
pub(super) struct Taken {
    pub(super) bytes: u64,
    parts: [(&'static str, usize); 7],
}

/// What a keyspace takes for each of its keys, in bytes.
#[derive(Debug, PartialEq)]
pub(super) struct PerKey {
    pub(super) value: f64,
    pub(super) parts: BTreeMap<&'static str, f64>,
}

impl Taken {
    /// What `keyspace` takes, for which the allocator counts `allocated` bytes.
    pub(super) fn by(keyspace: &Keyspace, allocated: u64) -> Result<Self, ProbeError> {
        let MemoryParts {
            entries,
            slack,
            pages,
            index,
            collections,
            rounding,
        } = keyspace.memory_parts();
        let parts = [
            ("entries", entries),
            ("slack", slack),
            ("pages", pages),
            ("index", index),
            ("collections", collections),
            ("allocator rounding", rounding),
            ("keyspace", keyspace.own_bytes()),
        ];
        let counted = parts.iter().map(|(_, bytes)| bytes).sum();
        if u64::try_from(counted) != Ok(allocated) {
            return Err(ProbeError::Parts { allocated, counted });
        }
        Ok(Self {
            bytes: allocated,
            parts,
        })
    }

    /// The same for each of `keys`.
    pub(super) fn per_key(&self, keys: NonZeroU32) -> Result<PerKey, ProbeError> {
        let share = |(name, bytes): &(&'static str, usize)| {
            let bytes = u64::try_from(*bytes).unwrap_or(u64::MAX);
            Ok((*name, per_key(bytes, keys)?))
        };
        let there = self.parts.iter().filter(|(_, bytes)| *bytes > 0);
        Ok(PerKey {
            value: per_key(self.bytes, keys)?,
            parts: there.map(share).collect::<Result<_, ProbeError>>()?,
        })
    }
}

/// Bytes divided by keys, to the last digit.
pub(super) fn per_key(bytes: u64, keys: NonZeroU32) -> Result<f64, ProbeError> {
    // Whole bytes a key and the rest apart: both fit an f64 to the last digit, whatever the total.
    let keys = u64::from(keys.get());
    match (
        u32::try_from(bytes / keys),
        u32::try_from(bytes % keys),
        u32::try_from(keys),
    ) {
        (Ok(whole), Ok(rest), Ok(keys)) => Ok(f64::from(whole) + f64::from(rest) / f64::from(keys)),
        _ => Err(ProbeError::Implausible(bytes)),
    }
}
