//! A hash table in parts: hashbrown tables that each hold a range of the hashes.
//!
//! ```text
//! hash   │ top bits: the part │ the rest: position and tag in the part │
//! parts  │ 0… │ 1… │ …        a power of two; doubled when there are more than 512 entries a part
//! ```
//!
//! A table by itself could not be scanned in several calls: its order changes when it grows. Here the
//! cursor is a hash. An entry that is there throughout is met, and met once, whatever comes and goes.

use hashbrown::HashTable;

use crate::hash::KeyHash;
use crate::size_class::allocated;

/// The mean number of entries a part at which parts double.
const PART_LEN_MAX: usize = 512;
const BITS_MAX: u32 = 24;
/// Tables of at least so many places shrink when a quarter is taken.
const SHRINK_MIN: usize = 32;

/// Entries by hash.
#[derive(Debug, Clone)]
pub(crate) struct Parts<T> {
    tables: Vec<HashTable<T>>,
    bits: u32,
    len: usize,
    /// Bytes of the tables, as the allocator rounds them.
    table_bytes: usize,
}

/// The hash as a table sees it: all entries of a part share the top bits, from which it would take
/// its tags.
const fn inner(hash: KeyHash) -> u64 {
    hash.0.rotate_left(u64::BITS / 2)
}

impl<T> Parts<T> {
    pub(crate) fn new() -> Self {
        Self {
            tables: vec![HashTable::new()],
            bits: 0,
            len: 0,
            table_bytes: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Bytes of everything but what the entries own.
    pub(crate) const fn heap_bytes(&self) -> usize {
        self.table_bytes + allocated(self.tables.capacity() * size_of::<HashTable<T>>())
    }

    const fn part_of(&self, hash: KeyHash) -> usize {
        (hash.0 >> 1 >> (u64::BITS - 1 - self.bits)) as usize
    }

    pub(crate) fn find(&self, hash: KeyHash, is: impl FnMut(&T) -> bool) -> Option<&T> {
        self.tables.get(self.part_of(hash))?.find(inner(hash), is)
    }

    pub(crate) fn find_mut(&mut self, hash: KeyHash, is: impl FnMut(&T) -> bool) -> Option<&mut T> {
        let part = self.part_of(hash);
        self.tables.get_mut(part)?.find_mut(inner(hash), is)
    }

    /// Adds an entry that is not there.
    pub(crate) fn insert(&mut self, hash: KeyHash, entry: T, hash_of: impl Fn(&T) -> KeyHash) {
        if self.len >= self.tables.len() * PART_LEN_MAX && self.bits < BITS_MAX {
            self.double(&hash_of);
        }
        let part = self.part_of(hash);
        if let Some(table) = self.tables.get_mut(part) {
            self.table_bytes -= allocated(table.allocation_size());
            table.insert_unique(inner(hash), entry, |entry| inner(hash_of(entry)));
            self.table_bytes += allocated(table.allocation_size());
            self.len += 1;
        }
    }

    pub(crate) fn remove(
        &mut self,
        hash: KeyHash,
        is: impl FnMut(&T) -> bool,
        hash_of: impl Fn(&T) -> KeyHash,
    ) -> Option<T> {
        let part = self.part_of(hash);
        let table = self.tables.get_mut(part)?;
        let (entry, _) = table.find_entry(inner(hash), is).ok()?.remove();
        self.len -= 1;
        if table.capacity() >= SHRINK_MIN && table.len() <= table.capacity() / 4 {
            self.table_bytes -= allocated(table.allocation_size());
            table.shrink_to(table.len() * 2, |entry| inner(hash_of(entry)));
            self.table_bytes += allocated(table.allocation_size());
        }
        Some(entry)
    }

    /// Takes out `count` entries, whichever they are, or all where there are fewer; `gone` gets them.
    pub(crate) fn shed(&mut self, count: usize, mut gone: impl FnMut(T)) {
        let mut left = count.min(self.len);
        self.len -= left;
        while left > 0
            && let Some(table) = self.tables.last_mut()
        {
            if table.len() > left {
                table.extract_if(|_| true).take(left).for_each(&mut gone);
                break;
            }
            left -= table.len();
            self.table_bytes -= allocated(table.allocation_size());
            self.tables.pop().into_iter().flatten().for_each(&mut gone);
        }
    }

    fn double(&mut self, hash_of: &impl Fn(&T) -> KeyHash) {
        self.bits += 1;
        let old = std::mem::take(&mut self.tables);
        let mut parts = Vec::with_capacity(old.len() * 2);
        for table in old {
            let mut halves = [HashTable::new(), HashTable::new()];
            for entry in table {
                let hash = hash_of(&entry);
                let [low, high] = &mut halves;
                let half = if self.part_of(hash) & 1 == 0 {
                    low
                } else {
                    high
                };
                half.insert_unique(inner(hash), entry, |entry| inner(hash_of(entry)));
            }
            parts.extend(halves);
        }
        self.tables = parts;
        self.table_bytes = self.recount_tables();
    }

    fn recount_tables(&self) -> usize {
        let bytes = |table: &HashTable<T>| allocated(table.allocation_size());
        self.tables.iter().map(bytes).sum()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.tables.iter().flatten()
    }

    /// Entry number `at` of [`iter`](Self::iter).
    pub(crate) fn nth(&self, mut at: usize) -> Option<&T> {
        for table in &self.tables {
            if at < table.len() {
                return table.iter().nth(at);
            }
            at -= table.len();
        }
        None
    }

    /// Visits entries by ascending hash from `from` on: `count` of them, and those whose hash equals
    /// the last one's; the hash to go on from, `None` at the end.
    pub(crate) fn scan(
        &self,
        from: KeyHash,
        count: usize,
        hash_of: impl Fn(&T) -> KeyHash,
        mut visit: impl FnMut(&T),
    ) -> Option<KeyHash> {
        let mut left = count.max(1);
        let mut found: Vec<(KeyHash, &T)> = Vec::new();
        for table in self.tables.get(self.part_of(from)..)? {
            found.clear();
            found.extend(table.iter().map(|entry| (hash_of(entry), entry)));
            found.retain(|(hash, _)| *hash >= from);
            found.sort_unstable_by_key(|(hash, _)| *hash);
            let mut last = None;
            for (hash, entry) in &found {
                if left == 0 && last != Some(*hash) {
                    return Some(*hash);
                }
                visit(entry);
                left = left.saturating_sub(1);
                last = Some(*hash);
            }
        }
        None
    }

    /// Counts again, and compares.
    pub(crate) fn assert_bytes(&self) {
        assert_eq!(self.table_bytes, self.recount_tables(), "bytes of tables");
        assert_eq!(self.len, self.iter().count(), "entries");
    }

    /// The same, and looks where each entry is.
    pub(crate) fn assert_counters(&self, hash_of: impl Fn(&T) -> KeyHash) {
        self.assert_bytes();
        for (number, table) in self.tables.iter().enumerate() {
            let in_part = |entry| self.part_of(hash_of(entry)) == number;
            assert!(table.iter().all(in_part), "an entry is in its part");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::hash::HashKey;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// With few hashes for all entries, or one, most of them collide.
        #[test]
        fn parts_are_a_set_that_scans_whole(
            steps in prop::collection::vec((0_u8..4, 0_u32..3_000), 1..4_000),
            mask in prop_oneof![Just(u64::MAX), Just(0), Just(1 << 63 | 1), Just(0xF << 60)],
        ) {
            let key = HashKey::masked(mask);
            let hash_of = |number: &u32| key.hash(&number.to_le_bytes());
            let (mut parts, mut model) = (Parts::new(), BTreeSet::new());
            for (step, number) in steps {
                let hash = hash_of(&number);
                let there = parts.find(hash, |other| *other == number).is_some();
                prop_assert_eq!(there, model.contains(&number));
                if step > 0 && !there {
                    parts.insert(hash, number, hash_of);
                    model.insert(number);
                } else if step == 0 {
                    let removed = parts.remove(hash, |other| *other == number, hash_of);
                    prop_assert_eq!(removed.is_some(), model.remove(&number));
                }
            }
            parts.assert_counters(hash_of);
            prop_assert_eq!(parts.len(), model.len());
            let mut at = 0;
            while let Some(number) = parts.nth(at) {
                prop_assert!(model.contains(number));
                at += 1;
            }
            prop_assert_eq!(at, model.len());
            let (mut found, mut next) = (Vec::new(), Some(KeyHash(0)));
            while let Some(from) = next {
                next = parts.scan(from, 7, hash_of, |number| found.push(*number));
            }
            found.sort_unstable();
            prop_assert!(found.into_iter().eq(model));
        }
    }
}
