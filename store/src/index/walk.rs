//! Going over an index: in the order of positions, for SCAN, sweeps and the clock, or at random.

use super::bucket::{Lifetime, SLOTS};
use super::position::{Position, first_fraction, home};
use super::table::{BUCKETS_MAX, Spilled, Table};
use super::{Hasher, Index};
use crate::arena::Handle;
use crate::time::Millis;

/// Draws before a random entry is taken from the next place that has one.
const DRAWS_MAX: u32 = 64;
/// The spilled entries of a table that can be drawn.
const SPILL_DRAWN: usize = 64;

/// A handle, and whether its key expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Visited {
    pub(crate) handle: Handle,
    pub(crate) lifetime: Lifetime,
}

impl Index {
    /// Collects what belongs to the bucket that `from` belongs to, from `from` on and in no order;
    /// where the next bucket begins, or `None` at the end.
    pub(crate) fn home_entries(
        &self,
        from: Position,
        hasher: &impl Hasher,
        out: &mut Vec<(Position, Handle)>,
    ) -> Option<Position> {
        out.clear();
        let table = self.tables.get(self.table_number(from)?)?;
        let home = table.home(from);
        let near = home.saturating_sub(1)..(home + 2).min(table.buckets.len());
        let handles = table
            .buckets
            .get(near)
            .into_iter()
            .flatten()
            .flat_map(|bucket| bucket.taken().filter_map(|slot| bucket.handle(slot)));
        let spilled = table.spill.iter().filter(|s| usize::from(s.home) == home);
        for bits in handles.chain(spilled.map(|spilled| spilled.handle)) {
            let handle = Handle::from_bits(bits);
            let position = hasher.position(handle);
            if position >= from && table.home(position) == home {
                out.push((position, handle));
            }
        }
        table.bucket_end(home)
    }

    /// Collects the keys of a table that expire, unless none can have expired by `now`; where the
    /// next table begins, or `None` at the end.
    pub(crate) fn expiring_entries(
        &self,
        from: Position,
        now: Millis,
        out: &mut Vec<Handle>,
    ) -> Option<Position> {
        out.clear();
        let table = self.tables.get(self.table_number(from)?)?;
        if table.expiring() > 0 && table.earliest.is_past(now) {
            let slots = table.buckets.iter().flat_map(|bucket| {
                let slots = bucket.expiring();
                slots.filter_map(|slot| bucket.handle(slot))
            });
            let expires = |spilled: &&Spilled| spilled.lifetime == Lifetime::Expiring;
            let spilled = table.spill.iter().filter(expires).map(|s| s.handle);
            out.extend(slots.chain(spilled).map(Handle::from_bits));
        }
        table.end()
    }

    /// Notes that no key of the table at `from` expires before `earliest`.
    pub(crate) fn set_earliest(&mut self, from: Position, earliest: Millis) {
        let number = self.table_number(from);
        if let Some(table) = number.and_then(|number| self.tables.get_mut(number)) {
            table.earliest = earliest;
        }
    }

    /// Collects what lies in the bucket at `from`, wherever it belongs, and with the last bucket of
    /// a table what it spilled; where the next bucket begins, or `None` at the end.
    pub(crate) fn bucket_entries(
        &self,
        from: Position,
        out: &mut Vec<Visited>,
    ) -> Option<Position> {
        out.clear();
        let table = self.tables.get(self.table_number(from)?)?;
        let number = table.home(from);
        let bucket = table.buckets.get(number)?;
        out.extend(bucket.taken().filter_map(|slot| {
            Some(Visited {
                handle: Handle::from_bits(bucket.handle(slot)?),
                lifetime: bucket.lifetime(slot),
            })
        }));
        if number + 1 == table.buckets.len() {
            out.extend(table.spill.iter().map(|spilled| Visited {
                handle: Handle::from_bits(spilled.handle),
                lifetime: spilled.lifetime,
            }));
        }
        table.bucket_end(number)
    }

    /// The same of those entries that expire; a table without any is passed at once.
    pub(crate) fn expiring_bucket_entries(
        &self,
        from: Position,
        out: &mut Vec<Visited>,
    ) -> Option<Position> {
        out.clear();
        let table = self.tables.get(self.table_number(from)?)?;
        if table.expiring() == 0 {
            return table.end();
        }
        let next = self.bucket_entries(from, out);
        out.retain(|visited| visited.lifetime == Lifetime::Expiring);
        next
    }

    /// An entry chosen by `random`, each with about the same chance.
    ///
    /// A table, then a place in it, and again where there is no entry: all places of all tables have
    /// one chance, but for what a flood of collisions spilled.
    pub(crate) fn draw(&self, random: u64) -> Option<Handle> {
        let mut random = random;
        for _ in 0..DRAWS_MAX {
            random = mix(random);
            let table = self.tables.get(self.table_number(Position(random))?)?;
            let places = if self.tables.len() == 1 {
                table.buckets.len()
            } else {
                BUCKETS_MAX
            };
            random = mix(random);
            let drawn = home((random >> 32) as u32, places * SLOTS + SPILL_DRAWN);
            let handle = match table.buckets.get(drawn / SLOTS) {
                Some(bucket) => {
                    let slot = drawn % SLOTS;
                    let taken = bucket.taken().any(|taken| taken == slot);
                    taken.then(|| bucket.handle(slot)).flatten()
                }
                None => drawn
                    .checked_sub(places * SLOTS)
                    .and_then(|at| table.spill.get(at))
                    .map(|spilled| spilled.handle),
            };
            if let Some(bits) = handle {
                return Some(Handle::from_bits(bits));
            }
        }
        self.first_from(Position(random))
            .or_else(|| self.first_from(Position(0)))
    }

    fn first_from(&self, from: Position) -> Option<Handle> {
        let (mut found, mut next) = (Vec::new(), Some(from));
        while let Some(from) = next {
            next = self.bucket_entries(from, &mut found);
            if let Some(first) = found.first() {
                return Some(first.handle);
            }
        }
        None
    }
}

impl Table {
    /// Where the next table begins.
    fn end(&self) -> Option<Position> {
        let size = (1_u64 << 63 >> self.depth).checked_mul(2)?;
        let end = (u64::from(self.first) << 32).checked_add(size)?;
        Some(Position(end))
    }

    /// Where the bucket after this one begins.
    fn bucket_end(&self, bucket: usize) -> Option<Position> {
        if bucket + 1 >= self.buckets.len() {
            return self.end();
        }
        let fraction = first_fraction(bucket + 1, self.buckets.len());
        let first = u64::from(self.first) << 32;
        Some(Position(first + (fraction << 32 >> self.depth)))
    }
}

/// Scatters a number: the finalizer of `SplitMix64`.
pub(super) const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ number >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 31
}
