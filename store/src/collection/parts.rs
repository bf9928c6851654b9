//! A hash table in parts: hashbrown tables, of which one more or one less is made at a time.
//!
//! ```text
//! hash      │ the rest: position and tag in the part │ low bits: the part │
//!
//! 6 parts   │ 0 │ 1 │ 2 │ 3 │ 4 │ 5 │   by the low 3 bits, and where there is no such part, by the low 2
//! one more  6, which takes its entries from 2, by the third bit
//! one less  5, whose entries 1 takes
//! ```
//!
//! There is one more when there are more than 512 entries a part on average, and one less below 128. A part has twice
//! the average at most, but for chance: so a write moves some 1100 entries at the most, and as many again where a
//! table grows or shrinks by itself. Only the vector of tables grows in one go, which has 32 bytes for 512 entries:
//! a megabyte for 16 million.
//!
//! A table by itself could not be scanned in several calls: its order changes when it grows. Here the
//! cursor is a hash with its bits reversed, so that a part is a range of cursors. An entry that is there throughout
//! is met, and met once, whatever comes and goes.
//!
//! Source: Litwin, "Linear Hashing: A New Tool for File and Table Addressing", 1980.

use hashbrown::HashTable;

use crate::hash::KeyHash;
use crate::size_class::allocated;

/// The mean number of entries a part above which there is one part more.
const PART_LEN_MAX: usize = 512;
/// And below which there is one less.
const PART_LEN_MIN: usize = 128;
const PARTS_MAX: usize = 1 << 24;
/// Tables of at least so many places shrink when a quarter is taken.
const SHRINK_MIN: usize = 32;

/// Entries by hash.
#[derive(Debug, Clone)]
pub(crate) struct Parts<T> {
    /// One at the least, unless all was shed.
    tables: Vec<HashTable<T>>,
    len: usize,
    /// Bytes of the tables, as the allocator rounds them.
    table_bytes: usize,
}

/// The hash as a table sees it: all entries of a part share the low bits, from which it would take
/// their positions.
const fn inner(hash: KeyHash) -> u64 {
    hash.0.rotate_left(u64::BITS / 2)
}

/// The bits of a hash by which it belongs to one of so many parts, where there is one for all of them.
const fn mask(parts: usize) -> usize {
    parts.next_power_of_two() - 1
}

/// The part that had the entries of another, which is not the first, before there was that one.
const fn parent(part: usize) -> usize {
    part & mask(part + 1) >> 1
}

fn bytes_of<T>(table: &HashTable<T>) -> usize {
    allocated(table.allocation_size())
}

impl<T> Parts<T> {
    pub(crate) fn new() -> Self {
        Self {
            tables: vec![HashTable::new()],
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

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low bits are what is asked for"
    )]
    const fn part_of(&self, hash: KeyHash) -> usize {
        let (parts, mask) = (self.tables.len(), mask(self.tables.len()));
        let part = hash.0 as usize & mask;
        if part < parts { part } else { part & mask >> 1 }
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
        if self.len >= self.tables.len() * PART_LEN_MAX && self.tables.len() < PARTS_MAX {
            self.split(&hash_of);
        }
        let part = self.part_of(hash);
        if let Some(table) = self.tables.get_mut(part) {
            self.table_bytes -= bytes_of(table);
            table.insert_unique(inner(hash), entry, |entry| inner(hash_of(entry)));
            self.table_bytes += bytes_of(table);
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
            self.table_bytes -= bytes_of(table);
            table.shrink_to(table.len() * 2, |entry| inner(hash_of(entry)));
            self.table_bytes += bytes_of(table);
        }
        if self.tables.len() > 1 && self.len < self.tables.len() * PART_LEN_MIN {
            self.merge(&hash_of);
        }
        Some(entry)
    }

    /// Adds a part.
    fn split(&mut self, hash_of: &impl Fn(&T) -> KeyHash) {
        let number = self.tables.len();
        if number == self.tables.capacity() {
            self.tables.reserve_exact(number);
        }
        self.tables.push(HashTable::new());
        let Some(table) = self.tables.get_mut(parent(number)) else {
            return;
        };
        let whole = std::mem::take(table);
        self.table_bytes -= bytes_of(&whole);
        // Each entry is hashed once, and each table made as large as it must be.
        let entries: Vec<(KeyHash, T)> = whole.into_iter().map(|it| (hash_of(&it), it)).collect();
        let goes = |(hash, _): &(KeyHash, T)| self.part_of(*hash) == number;
        let going = entries.iter().filter(|entry| goes(entry)).count();
        let mut stays = HashTable::with_capacity(entries.len() - going);
        let mut moves = HashTable::with_capacity(going);
        for (hash, entry) in entries {
            let half = if self.part_of(hash) == number {
                &mut moves
            } else {
                &mut stays
            };
            half.insert_unique(inner(hash), entry, |entry| inner(hash_of(entry)));
        }
        self.table_bytes += bytes_of(&stays) + bytes_of(&moves);
        for (part, half) in [(parent(number), stays), (number, moves)] {
            if let Some(table) = self.tables.get_mut(part) {
                *table = half;
            }
        }
    }

    /// Takes the last part away.
    fn merge(&mut self, hash_of: &impl Fn(&T) -> KeyHash) {
        let Some(last) = self.tables.pop() else {
            return;
        };
        let into = parent(self.tables.len());
        let Some(table) = self.tables.get_mut(into) else {
            return;
        };
        self.table_bytes -= bytes_of(&last) + bytes_of(table);
        table.reserve(last.len(), |entry| inner(hash_of(entry)));
        for entry in last {
            let hash = inner(hash_of(&entry));
            table.insert_unique(hash, entry, |entry| inner(hash_of(entry)));
        }
        self.table_bytes += bytes_of(table);
        if self.tables.capacity() / 4 >= self.tables.len() {
            self.tables.shrink_to(self.tables.len() * 2);
        }
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
            self.table_bytes -= bytes_of(table);
            self.tables.pop().into_iter().flatten().for_each(&mut gone);
        }
    }

    fn recount_tables(&self) -> usize {
        self.tables.iter().map(bytes_of).sum()
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

    /// The table of the entries at a cursor, and the first cursor behind them; `None` at the end.
    fn range(&self, cursor: u64) -> (Option<&HashTable<T>>, Option<u64>) {
        let part = self.part_of(KeyHash(cursor.reverse_bits()));
        let mask = mask(self.tables.len());
        // A part that has not been split is as wide as two that have.
        let is_wide = part | mask & !(mask >> 1) >= self.tables.len();
        let bits = mask.count_ones() - u32::from(is_wide);
        let rest = u64::MAX.checked_shr(bits).unwrap_or_default();
        (self.tables.get(part), (cursor | rest).checked_add(1))
    }

    /// Visits entries in the order of cursors from `from` on: `count` of them, and those whose hash equals
    /// the last one's; the cursor to go on from, `None` at the end.
    pub(crate) fn scan(
        &self,
        from: u64,
        count: usize,
        hash_of: impl Fn(&T) -> KeyHash,
        mut visit: impl FnMut(&T),
    ) -> Option<u64> {
        let mut left = count.max(1);
        let mut found: Vec<(u64, &T)> = Vec::new();
        let mut next = Some(from);
        while let Some(from) = next {
            let (table, end) = self.range(from);
            found.clear();
            let cursor_of = |entry| hash_of(entry).0.reverse_bits();
            found.extend(table?.iter().map(|entry| (cursor_of(entry), entry)));
            found.retain(|(cursor, _)| *cursor >= from);
            found.sort_unstable_by_key(|(cursor, _)| *cursor);
            let mut last = None;
            for (cursor, entry) in &found {
                if left == 0 && last != Some(*cursor) {
                    return Some(*cursor);
                }
                visit(entry);
                left = left.saturating_sub(1);
                last = Some(*cursor);
            }
            next = end;
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
    use std::cell::Cell;
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::hash::HashKey;

    /// The most entries that are hashed for one write, where hashes are spread.
    const HASHED_MAX: usize = 5 * PART_LEN_MAX;

    /// Numbers in parts, and beside them in a set; counts how many are hashed for a write.
    struct Pair {
        key: HashKey,
        parts: Parts<u32>,
        model: BTreeSet<u32>,
        hashed_max: usize,
    }

    impl Pair {
        fn new(mask: u64) -> Self {
            Self {
                key: HashKey::masked(mask),
                parts: Parts::new(),
                model: BTreeSet::new(),
                hashed_max: 0,
            }
        }

        fn hash_of(&self) -> impl Fn(&u32) -> KeyHash + use<> {
            let key = self.key.clone();
            move |number| key.hash(&number.to_le_bytes())
        }

        /// Puts a number in, or takes it out if it is there.
        fn toggle(&mut self, number: u32) {
            let (hash_of, hashed) = (self.hash_of(), Cell::new(0));
            let counted = |number: &u32| {
                hashed.set(hashed.get() + 1);
                hash_of(number)
            };
            let hash = hash_of(&number);
            let there = self.parts.find(hash, |other| *other == number).is_some();
            assert_eq!(there, self.model.contains(&number));
            if there {
                let removed = self.parts.remove(hash, |other| *other == number, counted);
                assert_eq!(removed, Some(number));
                self.model.remove(&number);
            } else {
                self.parts.insert(hash, number, counted);
                self.model.insert(number);
            }
            self.hashed_max = self.hashed_max.max(hashed.get());
        }

        fn check(&self) {
            self.parts.assert_counters(self.hash_of());
            let (len, parts) = (self.parts.len(), self.parts.tables.len());
            assert_eq!(len, self.model.len());
            let range = len.div_ceil(PART_LEN_MAX)..=(len / PART_LEN_MIN).max(1);
            assert!(range.contains(&parts), "{parts} parts of {len} entries");
            assert!(self.parts.tables.capacity() <= 4 * parts);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// With few hashes for all entries, or one, most of them collide.
        #[test]
        fn parts_are_a_set_that_scans_whole(
            steps in prop::collection::vec(0_u32..3_000, 1..4_000),
            mask in prop_oneof![
                Just(u64::MAX), Just(0), Just(1 << 63 | 1), Just(0xF << 60), Just(0xF), Just(!0xFFF),
            ],
        ) {
            let mut pair = Pair::new(mask);
            for number in steps {
                pair.toggle(number);
            }
            pair.check();
            let Pair { parts, model, .. } = &pair;
            let mut at = 0;
            while let Some(number) = parts.nth(at) {
                prop_assert!(model.contains(number));
                at += 1;
            }
            prop_assert_eq!(at, model.len());
            let (mut found, mut next) = (Vec::new(), Some(0));
            while let Some(from) = next {
                next = parts.scan(from, 7, pair.hash_of(), |number| found.push(*number));
            }
            found.sort_unstable();
            prop_assert!(found.iter().eq(model));
        }
    }

    /// How many come or go, and of how many at the most a scan visits some then.
    fn waves() -> impl Strategy<Value = Vec<(bool, u32, usize)>> {
        let wave = (any::<bool>(), 1_u32..9_000, 1_usize..2_000);
        prop::collection::vec(wave, 1..24)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_scan_meets_once_what_is_there_while_parts_come_and_go(
            waves in waves(),
            mask in prop_oneof![3 => Just(u64::MAX), 1 => Just(!0xFFF)],
        ) {
            let mut pair = Pair::new(mask);
            let (mut first, mut end) = (0, 0);
            let (mut met, mut next) = (BTreeMap::<u32, u32>::new(), Some(0));
            let mut stays = BTreeSet::new();
            for (grows, count, visited) in waves {
                for _ in 0..count {
                    if grows {
                        pair.toggle(end);
                        end += 1;
                    } else if first < end {
                        pair.toggle(first);
                        stays.remove(&first);
                        first += 1;
                    }
                }
                pair.check();
                let mut last = next;
                next = pair.parts.scan(next.unwrap_or(0), visited, pair.hash_of(), |number| {
                    *met.entry(*number).or_default() += 1;
                    let cursor = Some(pair.hash_of()(number).0.reverse_bits());
                    assert!(last <= cursor, "in the order of cursors");
                    last = cursor;
                });
                if next.is_none() {
                    prop_assert!(met.values().all(|times| *times == 1));
                    prop_assert!(stays.iter().all(|number| met.contains_key(number)));
                    met.clear();
                    stays.clone_from(&pair.model);
                }
            }
            if mask == u64::MAX {
                prop_assert!(pair.hashed_max <= HASHED_MAX, "{} at once", pair.hashed_max);
            }
        }
    }

    #[test]
    fn no_write_moves_many_entries_and_what_became_small_takes_little() {
        const COUNT: u32 = 200_000;
        let mut pair = Pair::new(u64::MAX);
        for number in 0..COUNT {
            pair.toggle(number);
        }
        pair.check();
        let full = pair.parts.heap_bytes();
        for number in 10..COUNT {
            pair.toggle(number);
        }
        pair.check();
        let (most, left) = (pair.hashed_max, pair.parts.heap_bytes());
        assert!(most <= HASHED_MAX, "{most} entries for one write");
        assert!(left < 1024, "{left} bytes for ten of {full} for {COUNT}");
    }

    #[test]
    fn a_part_that_came_or_went_does_not_go_or_come_with_the_next_write() {
        const COUNT: u32 = 30_000;
        let mut pair = Pair::new(u64::MAX);
        let mut changes = 0;
        for number in (0..COUNT).chain(0..COUNT) {
            let before = pair.parts.tables.len();
            pair.toggle(number);
            let after = pair.parts.tables.len();
            if before != after {
                pair.toggle(number);
                pair.toggle(number);
                assert_eq!(pair.parts.tables.len(), after, "{before} before");
                changes += 1;
            }
        }
        let most = COUNT.div_ceil(512);
        assert_eq!(changes, 2 * (most - 1));
    }
}
