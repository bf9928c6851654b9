//! A shard that is locked, and the totals that it is counted in.

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::hash::Key;
use crate::keyspace::{Keyspace, ShardCount};
use crate::shard::Shard;
use crate::shards::Shards;

/// Of all shards, but for what those that are locked have changed.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// See [`Shard::used_bytes`].
    pub(crate) used_bytes: AtomicUsize,
    /// Number of shards that have remains: see [`Shard::remains`].
    pub(crate) with_remains: AtomicUsize,
}

/// A locked shard. When it is given back, what it has grown by is added to the keyspace's totals.
#[derive(Debug)]
pub struct ShardGuard<'a> {
    shard: MutexGuard<'a, Shard>,
    totals: &'a Totals,
}

impl<'a> ShardGuard<'a> {
    pub(crate) const fn new(shard: MutexGuard<'a, Shard>, totals: &'a Totals) -> Self {
        Self { shard, totals }
    }
}

/// Adds to the totals what a shard has grown by.
#[cold]
#[inline(never)]
fn count(shard: &mut Shard, totals: &Totals) {
    let (used, with_remains) = shard.growth();
    // Sums of differences, which wrap like them; no other memory is ordered by it.
    totals.used_bytes.fetch_add(used, Relaxed);
    totals.with_remains.fetch_add(with_remains, Relaxed);
}

impl Deref for ShardGuard<'_> {
    type Target = Shard;

    #[inline]
    fn deref(&self) -> &Shard {
        &self.shard
    }
}

impl DerefMut for ShardGuard<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Shard {
        &mut self.shard
    }
}

impl Drop for ShardGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.shard.is_uncounted() {
            count(&mut self.shard, self.totals);
        }
    }
}

/// One shard at a time, as a batch of requests asks for them.
///
/// Where there is one shard only, no other thread wants it: it stays locked from one request to the next, until it
/// is [given back](ShardInTurn::give_back). One of several is given back after each request.
#[derive(Debug)]
pub struct ShardInTurn<'a> {
    keyspace: &'a Keyspace,
    only: Option<ShardGuard<'a>>,
}

impl<'a> ShardInTurn<'a> {
    /// Of this keyspace; none is locked yet.
    #[must_use]
    pub const fn new(keyspace: &'a Keyspace) -> Self {
        Self {
            keyspace,
            only: None,
        }
    }

    /// The keyspace that the shards are of.
    #[must_use]
    pub const fn keyspace(&self) -> &'a Keyspace {
        self.keyspace
    }

    /// Gives back the shard that is locked, if one is.
    #[inline]
    pub fn give_back(&mut self) {
        self.only = None;
    }

    /// Does something with the shard of `key`.
    #[inline]
    pub fn with<R>(&mut self, key: Key<'_>, act: impl FnOnce(&mut Shard) -> R) -> R {
        match self.only() {
            Some(shard) => act(shard),
            None => act(&mut self.keyspace.lock(key)),
        }
    }

    /// Whether there is one shard only.
    #[inline]
    pub(crate) fn is_only(&self) -> bool {
        self.keyspace.count() == ShardCount::ONE
    }

    /// The only shard, unless another thread has it.
    #[inline]
    pub(crate) fn only_if_free(&mut self) -> Option<&Shard> {
        if self.only.is_none() && self.is_only() {
            self.only = self.keyspace.try_lock_index(0);
        }
        self.only.as_deref()
    }

    /// The shard, where there is one only.
    #[inline]
    fn only(&mut self) -> Option<&mut Shard> {
        if !self.is_only() {
            return None;
        }
        let keyspace = self.keyspace;
        let shard = self.only.get_or_insert_with(|| keyspace.lock_index(0));
        Some(shard)
    }
}

impl Shards for ShardInTurn<'_> {
    fn count(&self) -> ShardCount {
        self.keyspace.count()
    }

    fn with_shard<R>(&mut self, index: usize, act: impl FnOnce(&mut Shard) -> R) -> R {
        match self.only() {
            Some(shard) => act(shard),
            None => act(&mut self.keyspace.lock_index(index)),
        }
    }

    /// The total has what every shard used when it was given back, and only an only one is kept: so no other is locked.
    fn used_bytes(&mut self) -> usize {
        match &self.only {
            Some(shard) => shard.used_bytes(),
            None => self.keyspace.used_bytes(),
        }
    }

    fn has_remains(&mut self) -> bool {
        match &self.only {
            Some(shard) => shard.has_remains(),
            None => self.keyspace.has_remains(),
        }
    }
}
