//! What a running server was told, and what `CONFIG SET` may tell it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use super::{Limit, Limits, Password, Policy, Renames};

/// The settings of a running server.
#[derive(Debug)]
pub struct Settings {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Threads that serve connections.
    pub threads: NonZeroUsize,
    /// What clients must tell before anything else.
    pub password: Password,
    /// Whether there must be a password where others reach the server.
    pub protected: bool,
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
    /// A place in [`Policy::ALL`].
    policy: AtomicU8,
}

impl Settings {
    /// The settings at the start.
    #[must_use]
    pub fn new(address: SocketAddr, threads: NonZeroUsize, max_memory: u64) -> Self {
        Self {
            address,
            threads,
            password: Password::default(),
            protected: true,
            debugging: false,
            limits: Limits::default(),
            renames: Renames::default(),
            #[cfg(feature = "handicap")]
            handicap: crate::handicap::Handicap::NONE,
            max_memory: AtomicU64::new(max_memory),
            policy: AtomicU8::new(u8::MAX),
        }
    }

    /// Which keys go when memory is short.
    pub fn policy(&self) -> Policy {
        let policy = Policy::ALL.get(usize::from(self.policy.load(Relaxed)));
        policy.map_or(Policy::default(), |(_, policy)| *policy)
    }

    /// Sets which keys go when memory is short.
    pub fn set_policy(&self, policy: Policy) {
        let place = Policy::ALL.iter().position(|(_, known)| *known == policy);
        let place = place.and_then(|place| u8::try_from(place).ok());
        self.policy.store(place.unwrap_or(u8::MAX), Relaxed);
    }

    /// Bytes that may be in use before keys are evicted, or writes refused; 0 is no bound.
    pub fn max_memory(&self) -> u64 {
        self.max_memory.load(Relaxed)
    }

    /// Sets the bound of memory in bytes.
    pub fn set_max_memory(&self, bytes: u64) {
        self.max_memory.store(bytes, Relaxed);
    }

    /// Whether anybody could come in if there were no password.
    pub fn needs_password(&self) -> bool {
        self.protected && !self.address.ip().is_loopback()
    }

    /// Connections that may be open at once.
    pub fn max_clients(&self) -> u64 {
        self.limits.get(Limit::Clients)
    }
}
