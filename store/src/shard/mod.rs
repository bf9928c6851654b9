//! One shard: the operations on keys, over tables of packed entries.
//!
//! Every operation that is given the time first removes the key if its time is over, so that no
//! reader ever sees an expired key. References into the shard end at the next write to it.

mod expiry;
mod hashes;
mod scan;
mod strings;

use crate::entry::Entry;
use crate::hash::{HashKey, Key};
use crate::segments::{Lookup, Segments};
use crate::time::Millis;
use crate::value::{Encoding, Kind, ValueRef};
use crate::watch::{WatchTable, WatchVersion};

/// A part of the keyspace, behind one lock.
#[derive(Debug)]
pub struct Shard {
    segments: Segments,
    /// Number of keys that expired since the shard was made.
    expired_total: u64,
    watched: WatchTable,
}

impl Shard {
    /// An empty shard, which the first `shard_bits` bits of its keys' hashes chose.
    pub(crate) fn new(hash_key: HashKey, shard_bits: u32) -> Self {
        Self {
            segments: Segments::new(hash_key, shard_bits),
            expired_total: 0,
            watched: WatchTable::default(),
        }
    }

    /// The value of `key`.
    pub fn get(&mut self, key: Key<'_>, now: Millis) -> Option<ValueRef<'_>> {
        self.live(key, now).map(Entry::value)
    }

    /// Whether there is `key`.
    pub fn contains(&mut self, key: Key<'_>, now: Millis) -> bool {
        self.live(key, now).is_some()
    }

    /// The type of what `key` holds.
    pub fn kind(&mut self, key: Key<'_>, now: Millis) -> Option<Kind> {
        self.live(key, now).map(Entry::kind)
    }

    /// How the value of `key` is kept.
    pub fn encoding(&mut self, key: Key<'_>, now: Millis) -> Option<Encoding> {
        self.live(key, now).map(Entry::encoding)
    }

    /// Removes `key`; whether it was there.
    pub fn remove(&mut self, key: Key<'_>, now: Millis) -> bool {
        self.expire(key, now);
        self.take(key)
    }

    /// Number of keys; those that expired and were not met since count, too.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.segments.counters().len
    }

    /// Whether there is no key.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes every key. Keys that are watched and were there count as written.
    pub fn clear(&mut self) {
        let Self {
            segments, watched, ..
        } = self;
        watched.touch_where(|key| segments.contains(key));
        segments.clear();
    }

    /// A key chosen by the number `random`, among keys that have not expired.
    ///
    /// Expired keys that are met are removed, which is why this ends.
    pub fn random_key(&mut self, random: u64, now: Millis) -> Option<Box<[u8]>> {
        loop {
            let at = random.checked_rem(self.len() as u64)?;
            let entry = self.segments.nth(usize::try_from(at).ok()?)?;
            let key: Box<[u8]> = entry.key().into();
            if !entry.is_expired(now) {
                return Some(key);
            }
            self.expire(self.segments.key(&key), now);
        }
    }

    /// Bytes that `key` takes: its slot of the table, and what is allocated for it.
    pub fn memory_usage(&mut self, key: Key<'_>, now: Millis) -> Option<usize> {
        let entry = self.live(key, now)?;
        Some(Segments::SLOT_BYTES + entry.heap_bytes())
    }

    /// Bytes of all keys, values and the table, as the allocator rounds them.
    #[must_use]
    pub const fn used_bytes(&self) -> usize {
        let counters = self.segments.counters();
        counters.entry_bytes + counters.table_bytes
    }

    /// Number of keys that expire.
    #[must_use]
    pub const fn expiring(&self) -> usize {
        self.segments.counters().expiring
    }

    /// Number of keys that expired since the shard was made.
    #[must_use]
    pub const fn expired_total(&self) -> u64 {
        self.expired_total
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
        assert_eq!(self.segments.counters(), self.segments.recount());
        let empty = |entry: &Entry| entry.as_hash().is_ok_and(crate::HashValue::is_empty);
        assert!(!self.segments.entries().any(empty), "an empty hash");
    }

    /// The entry of `key`, which is removed first if its time is over.
    fn live(&mut self, key: Key<'_>, now: Millis) -> Option<&Entry> {
        match self.segments.live(key, now) {
            Lookup::Live(entry) => Some(entry),
            Lookup::Absent => None,
            Lookup::Expired => {
                self.expired_total += 1;
                self.watched.touch(key.bytes());
                None
            }
        }
    }

    /// Removes `key` if its time is over.
    fn expire(&mut self, key: Key<'_>, now: Millis) {
        if self.expiring() > 0 {
            self.live(key, now);
        }
    }

    /// Removes `key`; whether it was there.
    fn take(&mut self, key: Key<'_>) -> bool {
        let there = self.segments.remove(key).is_some();
        if there {
            self.watched.touch(key.bytes());
        }
        there
    }
}
