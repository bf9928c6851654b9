//! One shard: a hash map from keys to entries, with what is counted about them.
//!
//! Every operation that is given the time first removes the key if its time is over, so that no
//! reader ever sees an expired key. References into the shard end at the next write to it.

mod expiry;
mod hashes;
mod scan;
mod strings;

use foldhash::quality::SeedableRandomState;
use hashbrown::HashMap;

use crate::entry::{Entry, Value};
use crate::hash::{HashKey, Key};
use crate::size_class::allocated;
use crate::time::Millis;
use crate::value::{Encoding, Kind, ValueRef};
use crate::watch::{WatchTable, WatchVersion};

/// A table is given back in part when fewer than one in this many of its places is taken.
const SHRINK_RATIO: usize = 8;

/// A part of the keyspace, behind one lock.
#[derive(Debug)]
pub struct Shard {
    map: HashMap<Box<[u8]>, Entry, SeedableRandomState>,
    hash_key: HashKey,
    /// Bytes of keys and values, as the allocator rounds them; the table is asked for its own.
    heap_bytes: usize,
    /// Number of keys that expire.
    expiring: usize,
    /// Number of keys that expired since the shard was made.
    expired_total: u64,
    watched: WatchTable,
}

impl Shard {
    pub(crate) fn new(hash_key: HashKey) -> Self {
        let map_hasher = hash_key.map_hasher();
        Self {
            map: HashMap::with_hasher(map_hasher),
            hash_key,
            heap_bytes: 0,
            expiring: 0,
            expired_total: 0,
            watched: WatchTable::default(),
        }
    }

    /// The value of `key`.
    pub fn get(&mut self, key: Key<'_>, now: Millis) -> Option<ValueRef<'_>> {
        self.live(key, now).map(|entry| entry.value.as_ref())
    }

    /// Whether there is `key`.
    pub fn contains(&mut self, key: Key<'_>, now: Millis) -> bool {
        self.live(key, now).is_some()
    }

    /// The type of what `key` holds.
    pub fn kind(&mut self, key: Key<'_>, now: Millis) -> Option<Kind> {
        self.live(key, now).map(|entry| entry.value.kind())
    }

    /// How the value of `key` is kept.
    pub fn encoding(&mut self, key: Key<'_>, now: Millis) -> Option<Encoding> {
        self.live(key, now).map(|entry| entry.value.encoding())
    }

    /// Removes `key`; whether it was there.
    pub fn remove(&mut self, key: Key<'_>, now: Millis) -> bool {
        self.expire(key, now);
        self.take(key).is_some()
    }

    /// Number of keys; those that expired and were not met since count, too.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Removes every key. Keys that are watched and were there count as written.
    pub fn clear(&mut self) {
        let map = &self.map;
        self.watched.touch_where(|key| map.contains_key(key));
        self.map = HashMap::with_hasher(self.hash_key.map_hasher());
        self.heap_bytes = 0;
        self.expiring = 0;
    }

    /// A key chosen by the number `random`, among keys that have not expired.
    ///
    /// Expired keys that are met are removed, which is why this ends.
    pub fn random_key(&mut self, random: u64, now: Millis) -> Option<Box<[u8]>> {
        loop {
            let at = usize::try_from(random.checked_rem(self.map.len() as u64)?).ok()?;
            let (key, entry) = self.map.iter().nth(at)?;
            let key = key.clone();
            if !entry.is_expired(now) {
                return Some(key);
            }
            self.expire(Key::new(&key, &self.hash_key.clone()), now);
        }
    }

    /// Bytes that `key` takes: its slot of the table, and what is allocated for it.
    pub fn memory_usage(&mut self, key: Key<'_>, now: Millis) -> Option<usize> {
        let entry = self.live(key, now)?;
        let slot = size_of::<(Box<[u8]>, Entry)>() + 1;
        Some(slot + allocated(key.bytes().len()) + entry.value.heap_bytes())
    }

    /// Bytes of all keys, values and the table, as the allocator rounds them.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.heap_bytes + allocated(self.map.allocation_size())
    }

    /// Number of keys that expire.
    #[must_use]
    pub const fn expiring(&self) -> usize {
        self.expiring
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
        let heap_bytes: usize = self
            .map
            .iter()
            .map(|(key, entry)| allocated(key.len()) + entry.value.recount_heap_bytes())
            .sum();
        assert_eq!(self.heap_bytes, heap_bytes, "heap bytes");
        let expiring = self.map.values().filter(|e| e.expiry.is_some()).count();
        assert_eq!(self.expiring, expiring, "keys that expire");
        let empty = |value: &Value| value.as_hash().is_ok_and(crate::HashValue::is_empty);
        assert!(!self.map.values().any(|e| empty(&e.value)), "an empty hash");
    }

    /// The entry of `key`, which is removed first if its time is over.
    fn live(&mut self, key: Key<'_>, now: Millis) -> Option<&Entry> {
        self.expire(key, now);
        self.map.get(key.bytes())
    }

    /// Removes `key` if its time is over.
    fn expire(&mut self, key: Key<'_>, now: Millis) {
        if self.expiring == 0 {
            return;
        }
        if self
            .map
            .get(key.bytes())
            .is_some_and(|entry| entry.is_expired(now))
        {
            self.take(key);
            self.expired_total += 1;
        }
    }

    /// Takes the entry of `key` out of the map.
    fn take(&mut self, key: Key<'_>) -> Option<Entry> {
        let entry = self.map.remove(key.bytes())?;
        self.forget(key.bytes(), &entry);
        if self.map.len() < self.map.capacity() / SHRINK_RATIO {
            self.map.shrink_to(self.map.len() * 2);
        }
        Some(entry)
    }

    /// Takes what left the map out of the counters, and counts it as written.
    fn forget(&mut self, key: &[u8], entry: &Entry) {
        self.heap_bytes -= allocated(key.len()) + entry.value.heap_bytes();
        self.expiring -= usize::from(entry.expiry.is_some());
        self.watched.touch(key);
    }

    /// Puts an entry in the place of what `key` held.
    fn place(&mut self, key: Key<'_>, entry: Entry) {
        self.heap_bytes += entry.value.heap_bytes();
        self.expiring += usize::from(entry.expiry.is_some());
        self.watched.touch(key.bytes());
        if let Some(place) = self.map.get_mut(key.bytes()) {
            self.heap_bytes -= place.value.heap_bytes();
            self.expiring -= usize::from(place.expiry.is_some());
            *place = entry;
        } else {
            self.heap_bytes += allocated(key.bytes().len());
            self.map.insert(key.bytes().into(), entry);
        }
    }
}
