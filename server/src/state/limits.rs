//! Bounds of what clients may take, by the names that flags, the file and `CONFIG` have for them.
//!
//! | name                        | default | a client beyond it                                     |
//! |-----------------------------|---------|--------------------------------------------------------|
//! | `maxclients`                | 10,000  | `-ERR max number of clients reached`, closed           |
//! | `timeout`                   | 0: none | closed, after so many seconds of silence               |
//! | `client-query-buffer-limit` | 1 GiB   | `-ERR Protocol error: request exceeds …`, closed       |
//! | `proto-max-bulk-len`        | 512 MiB | `-ERR Protocol error: invalid bulk length`, closed     |
//! | `proto-max-args`            | 1 Mi    | `-ERR Protocol error: invalid multibulk length`, closed |
//! | `output-buffer-limit`       | 0: none | closed                                                 |
//! | `pubsub-buffer-limit`       | 32 MiB  | closed                                                 |
//! | `pipeline-limit`            | 1 MiB   | is not read from until it has read its replies         |
//!
//! Those that close without a word do it because the client does not read, or does not ask.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::protocol::{Bounds, MAX_ARGS, MAX_BULK, MAX_FRAME};

/// One bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Connections that are open at once.
    Clients,
    /// Seconds without a request; 0 is no bound.
    IdleSeconds,
    /// Bytes of one request, and of a transaction's queue.
    QueryBuffer,
    /// Bytes of one argument.
    BulkLen,
    /// Arguments of one request.
    Arguments,
    /// Bytes of replies that wait for a client to read them; 0 is no bound.
    OutputBuffer,
    /// Bytes of messages that wait for a subscriber to read them.
    PubsubBuffer,
    /// Bytes of replies after which a pipeline waits.
    Pipeline,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Clients,
        Self::IdleSeconds,
        Self::QueryBuffer,
        Self::BulkLen,
        Self::Arguments,
        Self::OutputBuffer,
        Self::PubsubBuffer,
        Self::Pipeline,
    ];

    /// Its name, the same everywhere.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clients => "maxclients",
            Self::IdleSeconds => "timeout",
            Self::QueryBuffer => "client-query-buffer-limit",
            Self::BulkLen => "proto-max-bulk-len",
            Self::Arguments => "proto-max-args",
            Self::OutputBuffer => "output-buffer-limit",
            Self::PubsubBuffer => "pubsub-buffer-limit",
            Self::Pipeline => "pipeline-limit",
        }
    }

    /// Where nothing else is said.
    #[must_use]
    pub const fn default_value(self) -> u64 {
        match self {
            Self::Clients => 10_000,
            Self::IdleSeconds | Self::OutputBuffer => 0,
            Self::QueryBuffer => MAX_FRAME as u64,
            Self::BulkLen => MAX_BULK as u64,
            Self::Arguments => MAX_ARGS as u64,
            Self::PubsubBuffer => 32 << 20,
            Self::Pipeline => 1 << 20,
        }
    }

    /// What it may be set to.
    #[must_use]
    pub const fn range(self) -> RangeInclusive<u64> {
        match self {
            Self::Clients => 1..=u32::MAX as u64,
            Self::IdleSeconds => 0..=i32::MAX as u64,
            Self::QueryBuffer => 64 << 10..=MAX_FRAME as u64,
            Self::BulkLen => 1 << 10..=MAX_BULK as u64,
            Self::Arguments => 1..=MAX_ARGS as u64,
            Self::OutputBuffer => 0..=1 << 40,
            Self::PubsubBuffer => 1 << 10..=1 << 40,
            Self::Pipeline => 1 << 10..=1 << 30,
        }
    }

    /// Whether it counts bytes, so that `1mb` is a value of it.
    #[must_use]
    pub const fn is_bytes(self) -> bool {
        !matches!(self, Self::Clients | Self::IdleSeconds | Self::Arguments)
    }
}

/// All bounds, which may change while the server runs.
#[derive(Debug)]
pub struct Limits([AtomicU64; Limit::ALL.len()]);

impl Limits {
    /// A bound.
    #[must_use]
    #[inline]
    pub fn get(&self, limit: Limit) -> u64 {
        self.0
            .get(limit as usize)
            .map_or(0, |value| value.load(Relaxed))
    }

    /// A bound of what is in memory.
    #[must_use]
    #[inline]
    pub fn bytes(&self, limit: Limit) -> usize {
        usize::try_from(self.get(limit)).unwrap_or(usize::MAX)
    }

    /// Sets a bound to a value of its range.
    pub fn set(&self, limit: Limit, value: u64) {
        debug_assert!(limit.range().contains(&value), "{limit:?} = {value}");
        if let Some(place) = self.0.get(limit as usize) {
            place.store(value, Relaxed);
        }
    }

    /// What the decoder refuses.
    #[must_use]
    #[inline]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            args: self.bytes(Limit::Arguments),
            bulk: self.bytes(Limit::BulkLen),
            frame: self.bytes(Limit::QueryBuffer),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self(Limit::ALL.map(|limit| AtomicU64::new(limit.default_value())))
    }
}

impl Clone for Limits {
    fn clone(&self) -> Self {
        Self(Limit::ALL.map(|limit| AtomicU64::new(self.get(limit))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_place_and_a_default_in_its_range() {
        let limits = Limits::default();
        for (place, limit) in Limit::ALL.into_iter().enumerate() {
            assert_eq!(limit as usize, place);
            assert!(limit.range().contains(&limit.default_value()), "{limit:?}");
            assert_eq!(limits.get(limit), limit.default_value());
        }
        limits.set(Limit::Pipeline, 4096);
        assert_eq!(limits.clone().bytes(Limit::Pipeline), 4096);
    }
}
