//! A shard that is locked, and the total that it is counted in.

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::hash::{Key, KeyHash};
use crate::keyspace::{Keyspace, ShardCount};
use crate::shard::Shard;
use crate::shards::Shards;

/// A locked shard. When it is given back, what it has grown by is added to the keyspace's total.
#[derive(Debug)]
pub struct ShardGuard<'a> {
    shard: MutexGuard<'a, Shard>,
    used_bytes: &'a AtomicUsize,
}

impl<'a> ShardGuard<'a> {
    pub(crate) const fn new(shard: MutexGuard<'a, Shard>, used_bytes: &'a AtomicUsize) -> Self {
        Self { shard, used_bytes }
    }
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
        let growth = self.shard.growth();
        if growth != 0 {
            // Sums of differences, which wrap like them; no other memory is ordered by it.
            self.used_bytes.fetch_add(growth, Relaxed);
        }
    }
}

/// The shard that was asked for last, locked until another one is, or until it is [given
/// back](LastShard::give_back). No other shard is waited for while one is held.
#[derive(Debug)]
pub struct LastShard<'a> {
    keyspace: &'a Keyspace,
    last: Option<(usize, ShardGuard<'a>)>,
}

impl<'a> LastShard<'a> {
    /// Of this keyspace; none is locked yet.
    #[must_use]
    pub const fn new(keyspace: &'a Keyspace) -> Self {
        Self {
            keyspace,
            last: None,
        }
    }

    /// The keyspace that the shards are of.
    #[must_use]
    pub const fn keyspace(&self) -> &'a Keyspace {
        self.keyspace
    }

    /// The shard of `key`.
    #[inline]
    pub fn shard(&mut self, key: Key<'_>) -> &mut Shard {
        self.locked(self.keyspace.count().index(key.hash()))
    }

    /// Gives back the shard that is locked, if one is.
    #[inline]
    pub fn give_back(&mut self) {
        self.last = None;
    }

    #[inline]
    fn locked(&mut self, index: usize) -> &mut Shard {
        if self.last.as_ref().is_none_or(|(last, _)| *last != index) {
            self.give_back();
        }
        let keyspace = self.keyspace;
        let lock = || (index, keyspace.lock_index(index));
        &mut self.last.get_or_insert_with(lock).1
    }

    /// The shard of the keys with this hash, unless another thread has it.
    #[inline]
    pub(crate) fn free_shard(&mut self, hash: KeyHash) -> Option<&Shard> {
        let index = self.keyspace.count().index(hash);
        if self.last.as_ref().is_none_or(|(last, _)| *last != index) {
            self.give_back();
            self.last = Some((index, self.keyspace.try_lock_index(index)?));
        }
        self.last.as_ref().map(|(_, shard)| &**shard)
    }
}

impl Shards for LastShard<'_> {
    fn count(&self) -> ShardCount {
        self.keyspace.count()
    }

    fn with_shard<R>(&mut self, index: usize, act: impl FnOnce(&mut Shard) -> R) -> R {
        act(self.locked(index))
    }
}
