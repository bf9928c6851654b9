//! What a running server was told, and what `CONFIG SET` may tell it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::{Limit, Limits, Password, Renames};

/// The settings of a running server.
#[derive(Debug)]
pub struct Settings {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Threads that serve connections.
    pub threads: NonZeroUsize,
    /// What clients must tell before anything else.
    pub password: Password,
    /// Whether `DEBUG` is allowed.
    pub debugging: bool,
    /// Bounds of what clients may take.
    pub limits: Limits,
    /// Commands that have another name, or none.
    pub renames: Renames,
    /// What every command spins first.
    #[cfg(feature = "handicap")]
    pub handicap: crate::handicap::Handicap,
    max_memory: AtomicU64,
}

impl Settings {
    /// The settings at the start.
    #[must_use]
    pub fn new(address: SocketAddr, threads: NonZeroUsize, max_memory: u64) -> Self {
        Self {
            address,
            threads,
            password: Password::default(),
            debugging: false,
            limits: Limits::default(),
            renames: Renames::default(),
            #[cfg(feature = "handicap")]
            handicap: crate::handicap::Handicap::NONE,
            max_memory: AtomicU64::new(max_memory),
        }
    }

    /// Bytes that may be in use before writes are refused; 0 is no bound.
    pub fn max_memory(&self) -> u64 {
        self.max_memory.load(Relaxed)
    }

    /// Sets the bound of memory in bytes.
    pub fn set_max_memory(&self, bytes: u64) {
        self.max_memory.store(bytes, Relaxed);
    }

    /// Connections that may be open at once.
    pub fn max_clients(&self) -> u64 {
        self.limits.get(Limit::Clients)
    }
}
