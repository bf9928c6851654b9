//! Building tables from tables: in more or fewer buckets, as two halves, or from two halves.
//!
//! The tag tells where most entries go. Those that it leaves open, and all of them where tags are taken
//! anew, wait: their handles are collected first, their keys hashed in a second pass, so that the
//! reads of memory overlap, and they are put in last.

use super::Hasher;
use super::bucket::{Entry, Lifetime};
use super::position::{self, Cell, Half, Position, Window};
use super::table::{BUCKETS_MAX, LOAD_MAX, Table, more_buckets};
use crate::arena::{Handle, OutOfMemory};

/// An entry whose position must be asked for.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    handle: u32,
    lifetime: Lifetime,
}

impl Table {
    /// The same table in the next larger number of buckets.
    pub(super) fn grown(&self, hasher: &impl Hasher) -> Result<Self, OutOfMemory> {
        self.resized(more_buckets(self.buckets.len()), hasher)
    }

    /// The same table in as few buckets as its entries need.
    pub(super) fn shrunk(&self, hasher: &impl Hasher) -> Result<Self, OutOfMemory> {
        self.resized(fitting_buckets(self.len()), hasher)
    }

    fn resized(&self, buckets: usize, hasher: &impl Hasher) -> Result<Self, OutOfMemory> {
        let mut table = Self::new(buckets, self.first, self.depth, self.tag_at)?;
        table.earliest = self.earliest;
        let mut waiting = Vec::new();
        self.for_each_cell(|entry, cell| {
            if let Some(home) = cell.and_then(|cell| cell.home(buckets)) {
                return table.insert(home, entry);
            }
            waiting.push(Waiting::from(entry));
            Ok(())
        })?;
        for (position, entry) in located(&waiting, hasher) {
            table.insert_at(position, entry)?;
        }
        Ok(table)
    }

    /// The two halves of a table.
    pub(super) fn split(&self, hasher: &impl Hasher) -> Result<[Self; 2], OutOfMemory> {
        let depth = self.depth + 1;
        let tag_at = position::tag_at(depth, self.tag_at);
        let buckets = fitting_buckets(self.len() / 2);
        let upper_first = self.first | 1 << (32 - u32::from(depth));
        let mut lower = Self::new(buckets, self.first, depth, tag_at)?;
        let mut upper = Self::new(buckets, upper_first, depth, tag_at)?;
        (lower.earliest, upper.earliest) = (self.earliest, self.earliest);
        let mut waiting = Vec::new();
        self.for_each_cell(|entry, cell| {
            let halved = cell.filter(|_| tag_at == self.tag_at).map(Cell::halve);
            match halved.map(|(half, cell)| (half, cell.home(buckets))) {
                Some((Half::Lower, Some(home))) => lower.insert(home, entry),
                Some((Half::Upper, Some(home))) => upper.insert(home, entry),
                _ => {
                    waiting.push(Waiting::from(entry));
                    Ok(())
                }
            }
        })?;
        for (position, entry) in located(&waiting, hasher) {
            let half = if position.fraction(self.depth) >> 31 == 0 {
                &mut lower
            } else {
                &mut upper
            };
            half.insert_at(position, entry)?;
        }
        // Hashes that are not spread evenly leave one half with next to nothing.
        for half in [&mut lower, &mut upper] {
            if half.is_sparse() {
                *half = half.shrunk(hasher)?;
            }
        }
        Ok([lower, upper])
    }

    /// The table whose halves are `self` and `upper`.
    pub(super) fn merged(&self, upper: &Self, hasher: &impl Hasher) -> Result<Self, OutOfMemory> {
        let depth = self.depth - 1;
        let tag_at = if self.tag_at == upper.tag_at {
            position::tag_at(depth, self.tag_at)
        } else {
            position::tag_at(depth, depth)
        };
        let buckets = fitting_buckets(self.len() + upper.len());
        let mut table = Self::new(buckets, self.first, depth, tag_at)?;
        table.earliest = self.earliest.min(upper.earliest);
        let mut waiting = Vec::new();
        for (from, half) in [(self, Half::Lower), (upper, Half::Upper)] {
            from.for_each_cell(|entry, cell| {
                let known = cell.filter(|_| tag_at == from.tag_at);
                let home = known.and_then(|cell| cell.widen(half).home(buckets));
                if let Some(home) = home {
                    return table.insert(home, entry);
                }
                waiting.push(Waiting::from(entry));
                Ok(())
            })?;
        }
        for (position, entry) in located(&waiting, hasher) {
            table.insert_at(position, entry)?;
        }
        Ok(table)
    }

    /// Puts an entry where its position says.
    fn insert_at(&mut self, position: Position, entry: Waiting) -> Result<(), OutOfMemory> {
        let entry = Entry {
            handle: entry.handle,
            tag: position.tag(self.tag_at),
            lifetime: entry.lifetime,
        };
        self.insert(self.home(position), entry)
    }

    /// Visits every entry in the order of buckets, with what is known of its fraction.
    fn for_each_cell(
        &self,
        mut visit: impl FnMut(Entry, Option<Cell>) -> Result<(), OutOfMemory>,
    ) -> Result<(), OutOfMemory> {
        let buckets = self.buckets.len();
        let offset = i32::from(self.tag_at) - i32::from(self.depth);
        for (number, bucket) in self.buckets.iter().enumerate() {
            let homes = number.saturating_sub(1)..=(number + 1).min(buckets - 1);
            let window = Window::of(homes, buckets, offset);
            for entry in bucket.taken().filter_map(|slot| bucket.entry(slot)) {
                visit(entry, window.map(|window| window.cell(entry.tag)))?;
            }
        }
        for spilled in &self.spill {
            let home = usize::from(spilled.home);
            let window = Window::of(home..=home, buckets, offset);
            let entry = Entry::from(*spilled);
            visit(entry, window.map(|window| window.cell(entry.tag)))?;
        }
        Ok(())
    }
}

impl From<Entry> for Waiting {
    fn from(entry: Entry) -> Self {
        Self {
            handle: entry.handle,
            lifetime: entry.lifetime,
        }
    }
}

/// The smallest number of buckets that holds so many entries without being full.
fn fitting_buckets(entries: usize) -> usize {
    let mut buckets = 1;
    while entries >= buckets * LOAD_MAX && buckets < BUCKETS_MAX {
        buckets = more_buckets(buckets);
    }
    buckets
}

/// Asks for the positions of entries, all before the first is used.
fn located(waiting: &[Waiting], hasher: &impl Hasher) -> Vec<(Position, Waiting)> {
    waiting
        .iter()
        .map(|entry| (hasher.position(Handle::from_bits(entry.handle)), *entry))
        .collect()
}
