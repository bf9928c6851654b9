//! A shard that is locked, and the total that it is counted in.

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::shard::Shard;

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
