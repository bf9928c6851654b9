//! An index: handles by the hash of their keys, which it does not hold.
//!
//! ```text
//! position ─► directory, 2^depth ─► table ─► bucket: ten handles with ten tags ─► arena
//! ```
//!
//! The top bits of a position choose a table, the bits below them a bucket, and what lies there is in
//! the order of positions: so is everything, and a walk can be interrupted at any position and go on
//! from there, whatever grew or shrank meanwhile. A table grows bucket by bucket and then splits
//! in two: no insert moves more than one table's entries, and the whole never doubles at once.
//!
//! | module | owns |
//! |---|---|
//! | `position` | what of a hash is where |
//! | `bucket` | one cache line |
//! | `place` | where in a table an entry lies |
//! | `table` | buckets in a row, and what does not fit near its home |
//! | `rebuild` | tables from tables |
//! | `touch` | loading what a search will need |
//! | `walk` | going over the entries in order |
//! | `parts` | what the bytes are there for |
//!
//! **Chosen collisions.** The directory doubles only while it has fewer places than one for every
//! [`ENTRIES_A_PLACE`] entries. A table that must not split puts what it cannot hold in its spill
//! list, which is searched from its start: keys that collide cost time among themselves, and no memory.

mod bucket;
mod parts;
mod place;
mod position;
mod rebuild;
mod table;
#[cfg(test)]
mod tests;
mod touch;
mod walk;

pub(crate) use bucket::Lifetime;
use bucket::{Away, Entry};
use place::{At, Spot};
pub(crate) use position::Position;
use table::{BUCKETS_MAX, Table};
pub(crate) use touch::Home;
pub(crate) use walk::Visited;

use crate::arena::{Handle, OutOfMemory};
use crate::size_class::allocated;
use crate::time::Millis;

/// The fewest entries for each place of a directory that doubles.
const ENTRIES_A_PLACE: usize = 128;
/// The most bits that choose a table.
const DEPTH_MAX: u8 = 24;
/// Two tables become one if that is filled by no more than this, in percent of what a table holds.
const MERGED_PERCENT: usize = 40;

/// Tells the position of the key that a handle stands for.
pub(crate) trait Hasher {
    /// Reads the key, and hashes it.
    fn position(&self, handle: Handle) -> Position;
}

impl<F: Fn(Handle) -> Position> Hasher for F {
    fn position(&self, handle: Handle) -> Position {
        self(handle)
    }
}

/// Tells the handle that is looked for from others whose tags look like its own.
pub(crate) trait Wanted: Copy {
    /// Whether it is this one.
    fn is(self, handle: Handle) -> bool;
}

/// The very handle.
impl Wanted for Handle {
    #[inline]
    fn is(self, handle: Handle) -> bool {
        self == handle
    }
}

/// Where an entry lies, until the next write to its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    table: u32,
    at: At,
}

/// Handles by position.
#[derive(Debug)]
pub(crate) struct Index {
    /// Places in `tables`, by the top bits of a position.
    directory: Vec<u32>,
    tables: Vec<Table>,
    depth: u8,
    /// How many tables are chosen by all bits of the directory.
    deepest: usize,
    len: usize,
    expiring: usize,
    /// Bytes of tables, as the allocator rounds them.
    table_bytes: usize,
    /// Bytes of the directory and the list of tables, as the allocator rounds them.
    list_bytes: usize,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self {
            directory: Vec::new(),
            tables: Vec::new(),
            depth: 0,
            deepest: 0,
            len: 0,
            expiring: 0,
            table_bytes: 0,
            list_bytes: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Number of entries that expire.
    pub(crate) const fn expiring(&self) -> usize {
        self.expiring
    }

    /// Bytes of everything, as the allocator rounds them.
    pub(crate) const fn heap_bytes(&self) -> usize {
        self.table_bytes + self.list_bytes
    }

    /// The entry with this position whose handle `wanted` says it is.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the caller's comparison belongs in the loop"
    )]
    pub(crate) fn find(&self, position: Position, wanted: impl Wanted) -> Option<(Place, Handle)> {
        let number = *self.directory.get(self.directory_place(position))?;
        let table = self.tables.get(number as usize)?;
        let (at, handle) = table.find(position, wanted)?;
        Some((Place { table: number, at }, handle))
    }

    /// Notes that a key is somewhere else.
    pub(crate) fn set_handle(&mut self, place: Place, handle: Handle) {
        if let Some(table) = self.tables.get_mut(place.table as usize) {
            table.set_handle(place.at, handle.bits());
        }
    }

    /// Notes when a key expires, if at all.
    pub(crate) fn set_expiry(&mut self, place: Place, expiry: Option<Millis>) {
        if let Some(table) = self.tables.get_mut(place.table as usize) {
            self.expiring -= table.expiring();
            table.set_lifetime(place.at, lifetime(expiry));
            note_expiry(table, expiry);
            self.expiring += table.expiring();
        }
    }

    /// Puts in a handle that is not there.
    pub(crate) fn insert(
        &mut self,
        position: Position,
        handle: Handle,
        expiry: Option<Millis>,
        hasher: &impl Hasher,
    ) -> Result<(), OutOfMemory> {
        if self.tables.is_empty() {
            self.add_first_table()?;
        }
        let number = loop {
            let number = self.table_number(position).ok_or(OutOfMemory)?;
            let table = self.tables.get(number).ok_or(OutOfMemory)?;
            if !table.is_full() || !self.can_grow(table) {
                break number;
            }
            self.grow(number, hasher)?;
        };
        let table = self.tables.get_mut(number).ok_or(OutOfMemory)?;
        let entry = Entry {
            handle: handle.bits(),
            tag: position.tag(table.tag_at),
            lifetime: lifetime(expiry),
        };
        let before = table.spill_bytes();
        table.insert(table.home(position), entry)?;
        self.table_bytes = self.table_bytes - before + table.spill_bytes();
        note_expiry(table, expiry);
        self.expiring += usize::from(expiry.is_some());
        self.len += 1;
        Ok(())
    }

    /// Takes out the entry at `place`, which has this position.
    pub(crate) fn remove(&mut self, place: Place, position: Position, hasher: &impl Hasher) {
        let Some(table) = self.tables.get_mut(place.table as usize) else {
            return;
        };
        self.expiring -= table.expiring();
        table.remove(place.at, table.home(position));
        self.expiring += table.expiring();
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
        } else if table.is_sparse() || table.len() == 0 {
            self.shrink(place.table as usize, hasher);
        }
    }

    #[inline]
    fn table_number(&self, position: Position) -> Option<usize> {
        let number = self.directory.get(self.directory_place(position))?;
        Some(*number as usize)
    }

    #[inline]
    const fn directory_place(&self, position: Position) -> usize {
        // The upper half of a position has all bits of the directory; in 64 bits none is shifted out.
        (position.0 >> 32 >> (32 - self.depth)) as usize
    }

    fn add_first_table(&mut self) -> Result<(), OutOfMemory> {
        let table = Table::new(1, 0, 0, 0)?;
        self.tables.try_reserve_exact(1).map_err(|_| OutOfMemory)?;
        if self.directory.try_reserve_exact(1).is_err() {
            // The list of tables was added.
            self.count_lists();
            return Err(OutOfMemory);
        }
        self.table_bytes = table.heap_bytes();
        self.tables.push(table);
        self.directory.push(0);
        self.deepest = 1;
        self.count_lists();
        Ok(())
    }

    /// Notes what the lists take, after one of them may have grown or shrunk.
    fn count_lists(&mut self) {
        self.list_bytes = self.lists_now();
    }

    const fn lists_now(&self) -> usize {
        allocated(self.directory.capacity() * size_of::<u32>())
            + allocated(self.tables.capacity() * size_of::<Table>())
    }

    fn can_grow(&self, table: &Table) -> bool {
        table.buckets.len() < BUCKETS_MAX
            || table.depth < self.depth
            || self.depth < DEPTH_MAX && self.directory.len() * ENTRIES_A_PLACE <= self.len
    }

    /// Gives a table more buckets, or splits it.
    fn grow(&mut self, number: usize, hasher: &impl Hasher) -> Result<(), OutOfMemory> {
        let table = self.tables.get(number).ok_or(OutOfMemory)?;
        if table.buckets.len() < BUCKETS_MAX {
            let grown = table.grown(hasher)?;
            self.replace(number, grown);
            return Ok(());
        }
        if self.tables.len() == self.tables.capacity() {
            let more = self.tables.len() / 8 + 1;
            let reserved = self.tables.try_reserve_exact(more);
            reserved.map_err(|_| OutOfMemory)?;
            self.count_lists();
        }
        let table = self.tables.get(number).ok_or(OutOfMemory)?;
        if table.depth == self.depth {
            self.double_directory()?;
        }
        let table = self.tables.get(number).ok_or(OutOfMemory)?;
        let [lower, upper] = table.split(hasher)?;
        self.deepest += if upper.depth == self.depth { 2 } else { 0 };
        let added = self.tables.len();
        self.table_bytes += upper.heap_bytes();
        self.tables.push(upper);
        self.replace(number, lower);
        self.point_to(added)
    }

    fn replace(&mut self, number: usize, table: Table) {
        self.table_bytes += table.heap_bytes();
        if let Some(place) = self.tables.get_mut(number) {
            self.table_bytes -= place.heap_bytes();
            *place = table;
        }
    }

    fn double_directory(&mut self) -> Result<(), OutOfMemory> {
        let mut directory = Vec::new();
        directory
            .try_reserve_exact(self.directory.len() * 2)
            .map_err(|_| OutOfMemory)?;
        directory.extend(self.directory.iter().flat_map(|number| [*number; 2]));
        self.directory = directory;
        self.depth += 1;
        self.deepest = 0;
        self.count_lists();
        Ok(())
    }

    /// Lets the part of the directory that belongs to a table point to it.
    fn point_to(&mut self, number: usize) -> Result<(), OutOfMemory> {
        let table = self.tables.get(number).ok_or(OutOfMemory)?;
        let first = self.directory_place(Position(u64::from(table.first) << 32));
        let count = 1 << (self.depth - table.depth);
        let places = self.directory.get_mut(first..first + count);
        let number = u32::try_from(number).map_err(|_| OutOfMemory)?;
        places.ok_or(OutOfMemory)?.fill(number);
        Ok(())
    }

    /// Gives a table fewer buckets, or makes one of it and its other half, and so on. A table that
    /// cannot be built, because there is no memory, stays as large as it is.
    fn shrink(&mut self, number: usize, hasher: &impl Hasher) {
        let mut number = number;
        while let Some(table) = self.tables.get(number) {
            let Some((other, merged)) = self.merged(table, hasher) else {
                if table.is_sparse()
                    && let Ok(shrunk) = table.shrunk(hasher)
                {
                    self.replace(number, shrunk);
                }
                return;
            };
            self.deepest -= if table.depth == self.depth { 2 } else { 0 };
            self.replace(number, merged);
            let _ = self.point_to(number);
            if number + 1 == self.tables.len() {
                number = other;
            }
            self.drop_table(other);
        }
    }

    /// One table of `table` and the other half, if that is near enough to empty, and which that is.
    fn merged(&self, table: &Table, hasher: &impl Hasher) -> Option<(usize, Table)> {
        let depth = table.depth.checked_sub(1)?;
        let number =
            self.table_number(Position(u64::from(table.first ^ 1 << (31 - depth)) << 32))?;
        let other = self.tables.get(number)?;
        let entries = (other.len() + table.len()) * 100;
        if other.depth != table.depth || entries > BUCKETS_MAX * table::LOAD_MAX * MERGED_PERCENT {
            return None;
        }
        let merged = if table.first < other.first {
            table.merged(other, hasher)
        } else {
            other.merged(table, hasher)
        };
        Some((number, merged.ok()?))
    }

    /// Takes a table out that no place of the directory points to.
    fn drop_table(&mut self, number: usize) {
        let dropped = self.tables.swap_remove(number);
        self.table_bytes -= dropped.heap_bytes();
        if number < self.tables.len() {
            let _ = self.point_to(number);
        }
        if self.tables.len() < self.tables.capacity() / 2 {
            self.tables.shrink_to_fit();
        }
        while self.deepest == 0 && self.depth > 0 {
            self.directory = self.directory.iter().copied().step_by(2).collect();
            self.depth -= 1;
            self.deepest = self.tables.iter().filter(|t| t.depth == self.depth).count();
        }
        self.count_lists();
    }

    /// Counts everything again, and compares: the oracle of the counters, for tests.
    ///
    /// # Panics
    ///
    /// Where a counter or a place is wrong.
    pub(crate) fn assert_counters(&self, hasher: &impl Hasher) {
        let table_bytes = self.tables.iter().map(Table::heap_bytes).sum::<usize>();
        assert_eq!(self.table_bytes, table_bytes, "bytes of tables");
        assert_eq!(self.list_bytes, self.lists_now(), "bytes of lists");
        let len = self.tables.iter().map(Table::len).sum::<usize>();
        assert_eq!(self.len, len, "entries");
        let expiring = self.tables.iter().map(Table::expiring).sum::<usize>();
        assert_eq!(self.expiring, expiring, "entries that expire");
        let places = if self.tables.is_empty() {
            0
        } else {
            1 << self.depth
        };
        assert_eq!(self.directory.len(), places, "directory");
        let deepest = self.tables.iter().filter(|t| t.depth == self.depth);
        assert_eq!(self.deepest, deepest.count(), "deepest tables");
        for (number, table) in self.tables.iter().enumerate() {
            self.assert_table(number, table, hasher);
        }
    }

    fn assert_table(&self, number: usize, table: &Table, hasher: &impl Hasher) {
        let mut away = vec![[0; 3]; table.buckets.len()];
        let (mut len, mut expiring) = (0, 0);
        for (at, entry) in table.entries() {
            let position = hasher.position(Handle::from_bits(entry.handle));
            assert_eq!(self.table_number(position), Some(number), "table");
            assert_eq!(position.tag(table.tag_at), entry.tag, "tag");
            let home = table.home(position);
            let counts = away.get_mut(home).into_iter().flatten();
            let lies = match at.spot() {
                Spot::Slot { bucket, .. } if bucket == home => None,
                Spot::Slot { bucket, .. } if bucket + 1 == home => Some(0),
                Spot::Slot { bucket, .. } if bucket == home + 1 => Some(1),
                Spot::Slot { .. } => panic!("an entry far from its home"),
                Spot::Spill(_) => Some(2),
            };
            if let Some(count) = lies.and_then(|lies| counts.into_iter().nth(lies)) {
                *count += 1;
            }
            len += 1;
            expiring += usize::from(entry.lifetime == Lifetime::Expiring);
        }
        assert_eq!(table.len(), len, "entries of a table");
        assert_eq!(table.expiring(), expiring, "those that expire");
        for (bucket, counts) in table.buckets.iter().zip(away) {
            let noted = [Away::Left, Away::Right, Away::Spill].map(|away| bucket.away(away));
            let counts = counts.map(|count: u32| count.min(bucket::AWAY_MAX));
            assert_eq!(noted, counts, "entries away from home");
        }
    }
}

const fn lifetime(expiry: Option<Millis>) -> Lifetime {
    match expiry {
        None => Lifetime::Lasting,
        Some(_) => Lifetime::Expiring,
    }
}

fn note_expiry(table: &mut Table, expiry: Option<Millis>) {
    if let Some(expiry) = expiry {
        table.earliest = table.earliest.min(expiry);
    }
}
