//! The tables of a shard, each with the keys of one range of hashes, and what is counted about them.
//!
//! ```text
//! hash  │ shard bits │ segment 8 bits │ …      256 ranges of equal width, in the order of hashes
//! ```
//!
//! Small tables bound what one call does: an insert that grows a table moves 1/256 of the keys, and
//! SCAN and sweeps look at one table at a time.
//!
//! Invariant: whatever changes an entry goes through a method here, so the counters are always true.

use hashbrown::HashTable;

use crate::entry::Entry;
use crate::hash::{HashKey, Key, KeyHash, SEGMENT_BITS};
use crate::packed::Draft;
use crate::size_class::allocated;
use crate::time::Millis;

/// A table is given back in part when fewer than one in this many of its places is taken.
const SHRINK_RATIO: usize = 8;

/// The keys of one range of hashes, by [`KeyHash::table`].
type Table = HashTable<Entry>;

/// The tables of a shard.
#[derive(Debug)]
pub(crate) struct Segments {
    hash_key: HashKey,
    tables: Tables,
    counters: Counters,
}

#[derive(Debug)]
struct Tables {
    /// Bits of a hash that chose the shard.
    shard_bits: u32,
    /// 256 of them.
    tables: Box<[Table]>,
}

/// What is counted, so that nobody has to walk over the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counters {
    /// Number of keys.
    pub(crate) len: usize,
    /// Number of keys that expire.
    pub(crate) expiring: usize,
    /// Bytes of the entries, as the allocator rounds them.
    pub(crate) entry_bytes: usize,
    /// Bytes of the tables, as the allocator rounds them.
    pub(crate) table_bytes: usize,
}

/// What became of a key that was asked for.
#[derive(Debug)]
pub(crate) enum Lookup<'a> {
    /// There is no such key.
    Absent,
    /// Its time was over, so it was removed.
    Expired,
    /// It is there.
    Live(&'a Entry),
}

impl Counters {
    fn add(&mut self, entry: &Entry) {
        self.len += 1;
        self.expiring += usize::from(entry.expiry().is_some());
        self.entry_bytes += entry.heap_bytes();
    }

    fn subtract(&mut self, entry: &Entry) {
        self.len -= 1;
        self.expiring -= usize::from(entry.expiry().is_some());
        self.entry_bytes -= entry.heap_bytes();
    }
}

impl Segments {
    /// A place of a table: an entry and hashbrown's control byte.
    pub(crate) const SLOT_BYTES: usize = size_of::<Entry>() + 1;

    pub(crate) fn new(hash_key: HashKey, shard_bits: u32) -> Self {
        let tables = (0..1 << SEGMENT_BITS).map(|_| Table::new()).collect();
        Self {
            hash_key,
            tables: Tables { shard_bits, tables },
            counters: Counters::default(),
        }
    }

    pub(crate) const fn counters(&self) -> Counters {
        self.counters
    }

    /// Everything counted again: the oracle of the counters.
    pub(crate) fn recount(&self) -> Counters {
        let mut counters = Counters::default();
        for entry in self.entries() {
            counters.add(entry);
            counters.entry_bytes += entry.recount_heap_bytes();
            counters.entry_bytes -= entry.heap_bytes();
        }
        counters.table_bytes = self.tables.tables.iter().map(table_bytes).sum();
        counters
    }

    /// All entries, in no order to rely on.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.tables.tables.iter().flatten()
    }

    /// Hashes a key.
    pub(crate) fn key<'a>(&self, bytes: &'a [u8]) -> Key<'a> {
        Key::new(bytes, &self.hash_key)
    }

    /// Whether there is a key, expired or not.
    pub(crate) fn contains(&self, bytes: &[u8]) -> bool {
        let hash = self.hash_key.hash(bytes);
        let table = self.tables.of(hash);
        table
            .find(hash.table(), |entry| entry.key() == bytes)
            .is_some()
    }

    /// The entry of `key`, which is removed if its time is over.
    pub(crate) fn live(&mut self, key: Key<'_>, now: Millis) -> Lookup<'_> {
        let table = self.tables.of_mut(key.hash());
        let found = table.find_entry(key.hash().table(), |entry| entry.key() == key.bytes());
        match found {
            Err(_) => Lookup::Absent,
            Ok(place) if place.get().is_expired(now) => {
                self.counters.subtract(&place.remove().0);
                Lookup::Expired
            }
            Ok(place) => Lookup::Live(place.into_mut()),
        }
    }

    /// Lets `act` change the entry of `key`; `None` where there is none.
    pub(crate) fn update<R>(
        &mut self,
        key: Key<'_>,
        act: impl FnOnce(&mut Entry) -> R,
    ) -> Option<R> {
        let table = self.tables.of_mut(key.hash());
        let entry = table.find_mut(key.hash().table(), |entry| entry.key() == key.bytes())?;
        self.counters.subtract(entry);
        let result = act(entry);
        self.counters.add(entry);
        Some(result)
    }

    /// Puts a string in the place of what `key` held.
    pub(crate) fn set(&mut self, key: Key<'_>, draft: &Draft<'_>) {
        if self.update(key, |entry| entry.replace(draft)).is_none() {
            self.insert(key, Entry::String(draft.pack()));
        }
    }

    /// Adds an entry; its key must not be there.
    pub(crate) fn insert(&mut self, key: Key<'_>, entry: Entry) {
        let table = self.tables.of_mut(key.hash());
        self.counters.add(&entry);
        self.counters.table_bytes -= table_bytes(table);
        table.insert_unique(key.hash().table(), entry, |entry| {
            table_hash(&self.hash_key, entry)
        });
        self.counters.table_bytes += table_bytes(table);
    }

    /// Removes `key`; `None` where there is none.
    pub(crate) fn remove(&mut self, key: Key<'_>) -> Option<()> {
        let table = self.tables.of_mut(key.hash());
        let found = table.find_entry(key.hash().table(), |entry| entry.key() == key.bytes());
        self.counters.subtract(&found.ok()?.remove().0);
        self.shrink(key.hash());
        Some(())
    }

    /// Removes every entry.
    pub(crate) fn clear(&mut self) {
        self.tables.tables.fill_with(Table::new);
        self.counters = Counters::default();
    }

    /// The entry that `at` entries come before, in no order to rely on.
    pub(crate) fn nth(&self, mut at: usize) -> Option<&Entry> {
        for table in &self.tables.tables {
            if at < table.len() {
                return table.iter().nth(at);
            }
            at -= table.len();
        }
        None
    }

    /// The entries in the table of `hash`, each with its own hash.
    pub(crate) fn range_of(&self, hash: KeyHash) -> impl Iterator<Item = (KeyHash, &Entry)> {
        let table = self.tables.of(hash);
        table
            .iter()
            .map(|entry| (self.hash_key.hash(entry.key()), entry))
    }

    /// The smallest hash of the range after the one of `hash`; `None` after the shard's last.
    pub(crate) fn range_after(&self, hash: KeyHash) -> Option<KeyHash> {
        if self.tables.index(hash) + 1 == self.tables.tables.len() {
            return None;
        }
        let low_bits = u64::BITS - self.tables.shard_bits - SEGMENT_BITS;
        Some(KeyHash(((hash.0 >> low_bits) + 1) << low_bits))
    }

    /// Removes the expired entries in the table of `hash`.
    pub(crate) fn remove_expired(&mut self, hash: KeyHash, now: Millis) -> Swept {
        let table = self.tables.of_mut(hash);
        let met = table.len();
        let expired: Vec<Entry> = table.extract_if(|entry| entry.is_expired(now)).collect();
        for entry in &expired {
            self.counters.subtract(entry);
        }
        self.shrink(hash);
        Swept { met, expired }
    }

    fn shrink(&mut self, hash: KeyHash) {
        let table = self.tables.of_mut(hash);
        if table.len() * SHRINK_RATIO < table.capacity() {
            self.counters.table_bytes -= table_bytes(table);
            table.shrink_to(table.len() * 2, |entry| table_hash(&self.hash_key, entry));
            self.counters.table_bytes += table_bytes(table);
        }
    }
}

impl Tables {
    /// The place of the table that holds this hash: 8 bits.
    const fn index(&self, hash: KeyHash) -> usize {
        (hash.0 << self.shard_bits >> (u64::BITS - SEGMENT_BITS)) as usize
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "`index` is below the number of tables"
    )]
    fn of(&self, hash: KeyHash) -> &Table {
        &self.tables[self.index(hash)]
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "`index` is below the number of tables"
    )]
    fn of_mut(&mut self, hash: KeyHash) -> &mut Table {
        &mut self.tables[self.index(hash)]
    }
}

/// What a sweep over one table met.
#[derive(Debug)]
pub(crate) struct Swept {
    /// Entries looked at.
    pub(crate) met: usize,
    /// Those that were removed.
    pub(crate) expired: Vec<Entry>,
}

fn table_hash(hash_key: &HashKey, entry: &Entry) -> u64 {
    hash_key.hash(entry.key()).table()
}

fn table_bytes(table: &Table) -> usize {
    allocated(table.allocation_size())
}
