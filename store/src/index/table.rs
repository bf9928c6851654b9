//! A table: a part of the line of positions, spread over 1 to 128 buckets in the order of positions.
//!
//! ```text
//! fraction  0                                                    1
//!           │ bucket 0 │ bucket 1 │ bucket 2 │ … │ bucket n − 1 │     spill: home, tag, handle
//!                  ◄───────  ●  ───────►
//!                  an entry may lie left or right of its full home, else in the spill list
//! ```
//!
//! At 90 % load 90 of 100 entries lie in their homes, 8 beside them, 2 are spilled; at 72 %, where a
//! grown table begins, it is 97, 3 and none.

use super::Wanted;
use super::bucket::{AWAY_MAX, Away, Bucket, Entry, Lifetime, SLOTS};
use super::place::{At, Spot};
use super::position::{self, Position};
use crate::arena::{Handle, OutOfMemory};
use crate::size_class::allocated;
use crate::time::Millis;

/// The most buckets of a table.
pub(super) const BUCKETS_MAX: usize = 128;
/// Entries a bucket at which a table grows.
pub(super) const LOAD_MAX: usize = 9;
/// Entries a bucket of the next smaller size below which a table shrinks. What is saved by a denser
/// table is soon less than what rebuilding it costs every delete: two bytes a key at most.
const LOAD_SHRUNK: usize = 6;

/// A part of an index.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) buckets: Box<[Bucket]>,
    pub(super) spill: Vec<Spilled>,
    /// No key expires before this.
    pub(super) earliest: Millis,
    len: u32,
    expiring: u32,
    /// The upper half of the first position.
    pub(super) first: u32,
    /// How many bits of a position choose the table.
    pub(super) depth: u8,
    /// How many bits of a position come before the tag.
    pub(super) tag_at: u8,
}

const _: () = assert!(size_of::<Table>() == 64);

/// An entry for which there was no room near its home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spilled {
    pub(super) handle: u32,
    pub(super) tag: u16,
    pub(super) home: u8,
    pub(super) lifetime: Lifetime,
}

const _: () = assert!(size_of::<Spilled>() == 8 && BUCKETS_MAX <= 256);

impl From<Spilled> for Entry {
    fn from(spilled: Spilled) -> Self {
        Self {
            handle: spilled.handle,
            tag: spilled.tag,
            lifetime: spilled.lifetime,
        }
    }
}

/// The next larger number of buckets that the allocator has a class for.
pub(super) const fn more_buckets(buckets: usize) -> usize {
    allocated((buckets + 1) * size_of::<Bucket>()) / size_of::<Bucket>()
}

/// The next smaller number of buckets that the allocator has a class for, and at least one.
pub(super) const fn fewer_buckets(buckets: usize) -> usize {
    if buckets <= 1 {
        return 1;
    }
    // Between 2^k and 2^(k+1) buckets there are four classes.
    buckets - (1 << (buckets - 1).ilog2().saturating_sub(2))
}

impl Table {
    /// An empty table of so many buckets.
    pub(super) fn new(
        buckets: usize,
        first: u32,
        depth: u8,
        tag_at: u8,
    ) -> Result<Self, OutOfMemory> {
        let mut room = Vec::new();
        room.try_reserve_exact(buckets).map_err(|_| OutOfMemory)?;
        room.resize(buckets, Bucket::EMPTY);
        Ok(Self {
            buckets: room.into_boxed_slice(),
            spill: Vec::new(),
            earliest: Millis(u64::MAX),
            len: 0,
            expiring: 0,
            first,
            depth,
            tag_at,
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.len as usize
    }

    /// Number of entries that expire.
    pub(super) const fn expiring(&self) -> usize {
        self.expiring as usize
    }

    /// Whether the table should grow before the next entry comes.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= self.buckets.len() * LOAD_MAX
    }

    /// Whether the next smaller number of buckets would do.
    pub(super) fn is_sparse(&self) -> bool {
        self.buckets.len() > 1 && self.len() < fewer_buckets(self.buckets.len()) * LOAD_SHRUNK
    }

    pub(super) fn heap_bytes(&self) -> usize {
        allocated(size_of_val(&*self.buckets)) + self.spill_bytes()
    }

    pub(super) const fn spill_bytes(&self) -> usize {
        allocated(self.spill.capacity() * size_of::<Spilled>())
    }

    #[inline]
    pub(super) fn home(&self, position: Position) -> usize {
        position::home(position.fraction(self.depth), self.buckets.len())
    }

    /// The entry with this position whose handle `wanted` says it is, and where it lies.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the caller's comparison belongs in the loop"
    )]
    pub(super) fn find(&self, position: Position, wanted: impl Wanted) -> Option<(At, Handle)> {
        let (home, tag) = (self.home(position), position.tag(self.tag_at));
        let bucket = self.buckets.get(home)?;
        if let Some((slot, handle)) = find_in(bucket, tag, wanted) {
            return Some((At::slot(home, slot), handle));
        }
        if !bucket.has_away() {
            return None;
        }
        self.find_away(bucket, home, tag, wanted)
    }

    #[inline(never)]
    fn find_away(
        &self,
        bucket: &Bucket,
        home: usize,
        tag: u16,
        wanted: impl Wanted,
    ) -> Option<(At, Handle)> {
        if bucket.away(Away::Right) > 0
            && let Some(right) = self.buckets.get(home + 1)
            && let Some((slot, handle)) = find_in(right, tag, wanted)
        {
            return Some((At::slot(home + 1, slot), handle));
        }
        if bucket.away(Away::Left) > 0
            && let Some(left) = self.buckets.get(home.wrapping_sub(1))
            && let Some((slot, handle)) = find_in(left, tag, wanted)
        {
            return Some((At::slot(home - 1, slot), handle));
        }
        if bucket.away(Away::Spill) == 0 {
            return None;
        }
        let found = |(_, spilled): &(usize, &Spilled)| {
            let same = spilled.tag == tag && usize::from(spilled.home) == home;
            same && wanted.is(Handle::from_bits(spilled.handle))
        };
        let (at, spilled) = self.spill.iter().enumerate().find(found)?;
        Some((At::spill(at), Handle::from_bits(spilled.handle)))
    }

    pub(super) fn set_handle(&mut self, at: At, handle: u32) {
        match at.spot() {
            Spot::Slot { bucket, slot } => {
                if let Some(bucket) = self.buckets.get_mut(bucket) {
                    bucket.set_handle(slot, handle);
                }
            }
            Spot::Spill(at) => {
                if let Some(spilled) = self.spill.get_mut(at) {
                    spilled.handle = handle;
                }
            }
        }
    }

    pub(super) fn lifetime(&self, at: At) -> Lifetime {
        let lifetime = match at.spot() {
            Spot::Slot { bucket, slot } => self.buckets.get(bucket).map(|b| b.lifetime(slot)),
            Spot::Spill(at) => self.spill.get(at).map(|spilled| spilled.lifetime),
        };
        lifetime.unwrap_or(Lifetime::Lasting)
    }

    pub(super) fn set_lifetime(&mut self, at: At, lifetime: Lifetime) {
        self.count_lifetime(self.lifetime(at), lifetime);
        match at.spot() {
            Spot::Slot { bucket, slot } => {
                if let Some(bucket) = self.buckets.get_mut(bucket) {
                    bucket.set_lifetime(slot, lifetime);
                }
            }
            Spot::Spill(at) => {
                if let Some(spilled) = self.spill.get_mut(at) {
                    spilled.lifetime = lifetime;
                }
            }
        }
    }

    fn count_lifetime(&mut self, old: Lifetime, new: Lifetime) {
        self.expiring += u32::from(new == Lifetime::Expiring);
        if old == Lifetime::Expiring {
            self.expiring -= 1;
            if self.expiring == 0 {
                self.earliest = Millis(u64::MAX);
            }
        }
    }

    /// Puts an entry at home, else beside it, else in the spill list.
    pub(super) fn insert(&mut self, home: usize, entry: Entry) -> Result<(), OutOfMemory> {
        let at_home = self.buckets.get_mut(home).and_then(|b| b.insert(entry));
        if at_home.is_none() {
            self.insert_away(home, entry)?;
        }
        self.len += 1;
        self.count_lifetime(Lifetime::Lasting, entry.lifetime);
        Ok(())
    }

    fn insert_away(&mut self, home: usize, entry: Entry) -> Result<(), OutOfMemory> {
        let room = |bucket: usize| {
            let bucket = self.buckets.get(bucket);
            SLOTS - bucket.map_or(SLOTS, Bucket::len)
        };
        let (left, right) = (home.wrapping_sub(1), home + 1);
        let (neighbour, away) = match (room(left), room(right)) {
            (0, 0) => {
                if self.spill.len() == self.spill.capacity() {
                    self.grow_spill()?;
                }
                self.spill.push(Spilled {
                    handle: entry.handle,
                    tag: entry.tag,
                    home: u8::try_from(home).map_err(|_| OutOfMemory)?,
                    lifetime: entry.lifetime,
                });
                self.count_away(home, Away::Spill, |count| count + 1);
                return Ok(());
            }
            (in_left, in_right) if in_left > in_right => (left, Away::Left),
            _ => (right, Away::Right),
        };
        if let Some(bucket) = self.buckets.get_mut(neighbour) {
            bucket.insert(entry);
        }
        self.count_away(home, away, |count| count + 1);
        Ok(())
    }

    /// Takes an entry out that belongs to `home`.
    pub(super) fn remove(&mut self, at: At, home: usize) {
        self.set_lifetime(at, Lifetime::Lasting);
        self.len -= 1;
        match at.spot() {
            Spot::Slot { bucket, slot } => {
                if let Some(bucket) = self.buckets.get_mut(bucket) {
                    bucket.remove(slot);
                }
                if bucket < home {
                    self.count_away(home, Away::Left, |count| count - 1);
                } else if bucket > home {
                    self.count_away(home, Away::Right, |count| count - 1);
                }
                if !self.spill.is_empty() {
                    self.refill(bucket, home);
                }
            }
            Spot::Spill(at) => {
                self.spill.swap_remove(at);
                self.count_unspilled(home);
            }
        }
    }

    /// Fetches a spilled entry back into a bucket that has room for it, if that bucket or `home` spilled any:
    /// these two were read already, and a look at the other neighbours would wait for memory.
    fn refill(&mut self, bucket: usize, home: usize) {
        let spills = |home: usize| {
            let home = self.buckets.get(home);
            home.is_some_and(|home| home.away(Away::Spill) > 0)
        };
        if !spills(bucket) && !spills(home) {
            return;
        }
        let near = bucket.saturating_sub(1)..=bucket + 1;
        let is_near = |spilled: &Spilled| near.contains(&usize::from(spilled.home));
        let Some(at) = self.spill.iter().position(is_near) else {
            return;
        };
        let spilled = self.spill.swap_remove(at);
        let home = usize::from(spilled.home);
        let entry = Entry::from(spilled);
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            bucket.insert(entry);
        }
        if bucket < home {
            self.count_away(home, Away::Left, |count| count + 1);
        } else if bucket > home {
            self.count_away(home, Away::Right, |count| count + 1);
        }
        self.count_unspilled(home);
    }

    fn count_away(&mut self, home: usize, away: Away, count: impl Fn(usize) -> usize) {
        if let Some(home) = self.buckets.get_mut(home) {
            home.set_away(away, count(home.away(away) as usize));
        }
    }

    /// Counts one spilled entry of `home` less. The largest count stands for more: it is taken again.
    fn count_unspilled(&mut self, home: usize) {
        let of_home = |spilled: &&Spilled| usize::from(spilled.home) == home;
        let spill = &self.spill;
        let Some(bucket) = self.buckets.get_mut(home) else {
            return;
        };
        let count = match bucket.away(Away::Spill) {
            AWAY_MAX => spill.iter().filter(of_home).count(),
            count => count as usize - 1,
        };
        bucket.set_away(Away::Spill, count);
    }

    fn grow_spill(&mut self) -> Result<(), OutOfMemory> {
        let len = self.spill.len();
        let room = allocated((len + len / 4 + 1) * size_of::<Spilled>());
        let more = room / size_of::<Spilled>() - len;
        self.spill.try_reserve_exact(more).map_err(|_| OutOfMemory)
    }

    /// Every entry, with where it lies.
    pub(super) fn entries(&self) -> impl Iterator<Item = (At, Entry)> {
        let in_buckets = self
            .buckets
            .iter()
            .enumerate()
            .flat_map(|(number, bucket)| {
                bucket
                    .taken()
                    .filter_map(move |slot| Some((At::slot(number, slot), bucket.entry(slot)?)))
            });
        let spilled = self.spill.iter().enumerate();
        let spilled = spilled.map(|(at, spilled)| (At::spill(at), Entry::from(*spilled)));
        in_buckets.chain(spilled)
    }
}

#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "the caller's comparison belongs in the loop"
)]
fn find_in(bucket: &Bucket, tag: u16, wanted: impl Wanted) -> Option<(usize, Handle)> {
    for slot in bucket.tagged(tag) {
        let handle = Handle::from_bits(bucket.handle(slot)?);
        if wanted.is(handle) {
            return Some((slot, handle));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_classes_of_the_allocator() {
        let (mut buckets, mut steps) = (1, vec![1]);
        while buckets < BUCKETS_MAX {
            let more = more_buckets(buckets);
            assert_eq!(fewer_buckets(more), buckets);
            buckets = more;
            steps.push(more);
        }
        let classes = [
            1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112,
            128,
        ];
        assert_eq!(steps, classes);
        assert_eq!(fewer_buckets(1), 1);
    }
}
