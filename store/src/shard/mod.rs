//! One shard: the operations on keys, over entries in an arena.
//!
//! Every operation that is given the time first removes the key if its time is over, so that no
//! reader ever sees an expired key. References into the shard end at the next write to it.

mod collections;
mod detached;
mod eviction;
mod expiry;
mod scan;
mod strings;
#[cfg(test)]
mod tests;

pub(crate) use eviction::Relief;

use crate::arena::Limits;
use crate::entries::{Entries, Found, Lookup};
use crate::hash::{HashKey, Key};
use crate::memory_parts::MemoryParts;
use crate::time::Millis;
use crate::value::{Encoding, Kind, ValueRef};
use crate::watch::{WatchTable, WatchVersion};

/// A part of the keyspace, behind one lock.
#[derive(Debug)]
pub struct Shard {
    entries: Entries,
    /// Number of keys that expired since the shard was made.
    expired_total: u64,
    /// Number of keys that were evicted since the shard was made.
    evicted_total: u64,
    watched: WatchTable,
    /// Bytes of it that the keyspace's total has.
    counted: usize,
}

impl Shard {
    /// Bytes that a shard allocates whatever is in it, as the allocator rounds them.
    pub(crate) const SHARED_BYTES: usize = Entries::SHARED_BYTES;

    /// An empty shard, which the first `shard_bits` bits of its keys' hashes chose.
    pub(crate) fn new(hash_key: HashKey, shard_bits: u32) -> Self {
        Self::with_limits(hash_key, shard_bits, Limits::HANDLE)
    }

    /// The same with fewer pages or boxes than a handle can tell apart.
    fn with_limits(hash_key: HashKey, shard_bits: u32, limits: Limits) -> Self {
        Self {
            entries: Entries::new(hash_key, shard_bits, limits),
            expired_total: 0,
            evicted_total: 0,
            watched: WatchTable::default(),
            counted: 0,
        }
    }

    /// The value of `key`.
    pub fn get(&mut self, key: Key<'_>, now: Millis) -> Option<ValueRef<'_>> {
        self.live(key, now).map(Found::value)
    }

    /// Whether there is `key`.
    pub fn contains(&mut self, key: Key<'_>, now: Millis) -> bool {
        self.live(key, now).is_some()
    }

    /// The type of what `key` holds; to ask is no use of it.
    pub fn kind(&mut self, key: Key<'_>, now: Millis) -> Option<Kind> {
        self.observe(key, now).map(Found::kind)
    }

    /// How the value of `key` is kept; to ask is no use of it.
    pub fn encoding(&mut self, key: Key<'_>, now: Millis) -> Option<Encoding> {
        self.observe(key, now).map(Found::encoding)
    }

    /// The entries, to bring them into the cache.
    #[inline]
    pub(crate) const fn entries(&self) -> &Entries {
        &self.entries
    }

    /// How often `key` was used of late, from 0 to 3; to ask is no use of it.
    #[must_use]
    pub fn frequency(&self, key: Key<'_>, now: Millis) -> Option<u8> {
        self.entries.frequency(key, now)
    }

    /// Removes `key`; whether it was there.
    pub fn remove(&mut self, key: Key<'_>, now: Millis) -> bool {
        self.expire(key, now);
        self.take(key)
    }

    /// Number of keys; those that expired and were not met since count, too.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes every key. Keys that are watched and were there count as written.
    pub fn clear(&mut self) {
        let Self {
            entries, watched, ..
        } = self;
        watched.touch_where(|key| entries.contains(key));
        entries.clear();
    }

    /// A key chosen by the number `random`, among keys that have not expired.
    ///
    /// Expired keys that are met are removed, which is why this ends.
    pub fn random_key(&mut self, random: u64, now: Millis) -> Option<Box<[u8]>> {
        loop {
            let entry = self.entries.draw(random)?;
            let key: Box<[u8]> = entry.key.into();
            if !entry.is_expired(now) {
                return Some(key);
            }
            self.expire(self.entries.key(&key), now);
        }
    }

    /// Bytes that `key` takes: its slot of the arena, its place in the index, and its collection.
    pub fn memory_usage(&mut self, key: Key<'_>, now: Millis) -> Option<usize> {
        self.expire(key, now);
        self.entries.footprint(key)
    }

    /// Bytes of all keys, values and the index, as the allocator rounds them.
    #[must_use]
    pub const fn used_bytes(&self) -> usize {
        self.entries.used_bytes()
    }

    /// Number of large collections whose keys are gone, and which are not freed yet: that happens a few elements
    /// at a time, so that nobody waits for it.
    #[must_use]
    pub fn remains(&self) -> usize {
        self.entries.remains()
    }

    /// Bytes of those, which are among the [used](Self::used_bytes) ones.
    #[must_use]
    pub const fn remains_bytes(&self) -> usize {
        self.entries.remains_bytes()
    }

    /// Frees `count` elements of those, or all where there are fewer; how many.
    pub fn free_remains(&mut self, count: usize) -> usize {
        self.entries.free_remains(count)
    }

    /// What those bytes are there for. Every slot is looked at, so it takes as long as reading every key.
    #[must_use]
    pub fn memory_parts(&self) -> MemoryParts {
        self.entries.memory_parts()
    }

    /// Number of keys that expire.
    #[must_use]
    pub const fn expiring(&self) -> usize {
        self.entries.expiring()
    }

    /// Number of keys that expired since the shard was made.
    #[must_use]
    pub const fn expired_total(&self) -> u64 {
        self.expired_total
    }

    /// Whether there are large collections whose keys are gone, and which are not freed yet.
    #[inline]
    pub(crate) const fn has_remains(&self) -> bool {
        self.entries.has_remains()
    }

    /// Whether the keyspace's totals have something else than this shard; hardly ever, even after a write.
    #[inline]
    pub(crate) const fn is_uncounted(&self) -> bool {
        self.used_bytes() != self.counted || self.entries.is_uncounted()
    }

    /// By how much [`Shard::used_bytes`] and the number of shards with remains have grown since the last call,
    /// modulo 2⁶⁴.
    pub(crate) fn growth(&mut self) -> (usize, usize) {
        let used = self.used_bytes();
        let counted = std::mem::replace(&mut self.counted, used);
        (used.wrapping_sub(counted), self.entries.count_remains())
    }

    /// Starts to keep the version of `key`; ends with [`Shard::unwatch`], as often as it began.
    pub fn watch(&mut self, key: Key<'_>, now: Millis) -> WatchVersion {
        self.expire(key, now);
        self.watched.watch(key.bytes())
    }

    /// Ends one [`Shard::watch`].
    pub fn unwatch(&mut self, key: Key<'_>) {
        self.watched.unwatch(key.bytes());
    }

    /// The version of a watched key; `None` for a key that nobody watches.
    ///
    /// A key that expired since it was watched counts as written.
    pub fn version(&mut self, key: Key<'_>, now: Millis) -> Option<WatchVersion> {
        self.expire(key, now);
        self.watched.version(key.bytes())
    }

    /// Counts everything again, and compares: the oracle of the counters, for tests.
    ///
    /// # Panics
    ///
    /// Where a counter is wrong.
    pub fn assert_counters(&self) {
        self.entries.assert_counters();
    }

    /// The entry of `key`, which is removed first if its time is over.
    #[inline]
    fn live(&mut self, key: Key<'_>, now: Millis) -> Option<Found<'_>> {
        match self.entries.live(key, now) {
            Lookup::Live(entry) => Some(entry),
            Lookup::Absent => None,
            Lookup::Expired => {
                self.expired_total += 1;
                self.watched.touch(key.bytes());
                None
            }
        }
    }

    /// The same, and no use of it: for who asks about the key and not for its value, or writes it next, which is one.
    #[inline]
    fn observe(&mut self, key: Key<'_>, now: Millis) -> Option<Found<'_>> {
        if self.entries.notes_uses() {
            return self.peek(key, now);
        }
        self.live(key, now)
    }

    /// The same, and no use of it.
    #[cold]
    fn peek(&mut self, key: Key<'_>, now: Millis) -> Option<Found<'_>> {
        self.expire(key, now);
        self.entries.peek(key)
    }

    /// Removes `key` if its time is over; that is no use of it.
    #[inline]
    fn expire(&mut self, key: Key<'_>, now: Millis) {
        if self.expiring() > 0 && self.entries.expire(key, now) {
            self.expired_total += 1;
            self.watched.touch(key.bytes());
        }
    }

    /// Removes `key`; whether it was there.
    fn take(&mut self, key: Key<'_>) -> bool {
        let there = self.entries.remove(key).is_some();
        if there {
            self.watched.touch(key.bytes());
        }
        there
    }
}
