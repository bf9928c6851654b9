//! A bucket: ten entries in one cache line.
//!
//! ```text
//! byte  0                                       40                  60       64
//!       ┌───────────────────────────────────────┬───────────────────┬────────┐
//!       │ 10 handles, 4 bytes each               │ 10 tags, 2 each   │ state  │
//!       └───────────────────────────────────────┴───────────────────┴────────┘
//! state bits  31   28 27   24 23   20 19       10 9         0
//!            ┌───────┬───────┬───────┬───────────┬───────────┐
//!            │ spill │ right │ left  │ expiring  │ taken     │
//!            └───────┴───────┴───────┴───────────┴───────────┘
//! ```
//!
//! An entry belongs to its home bucket. Where that is full it lies in the bucket to the left or to
//! the right, and where those are full in its table's spill list; the home counts how many of its
//! entries went where. Ten fit the four bits; of the spilled ones, 15 means 15 or more.

use wide::u16x8;

/// Entries of a bucket.
pub(super) const SLOTS: usize = 10;
/// One bit for each slot.
const ALL: u32 = (1 << SLOTS) - 1;
const EXPIRING_SHIFT: u32 = 10;
/// The largest count of entries that lie elsewhere.
pub(super) const AWAY_MAX: u32 = 15;

/// Ten entries.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(super) struct Bucket {
    handles: [u32; SLOTS],
    tags: [u16; SLOTS],
    state: u32,
}

const _: () = assert!(size_of::<Bucket>() == 64 && align_of::<Bucket>() == 64);

/// Where an entry lies that is not in its home: the place of its counter in the home's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Away {
    Left = 20,
    Right = 24,
    Spill = 28,
}

/// Whether a key has an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// The key stays.
    Lasting,
    /// The key goes.
    Expiring,
}

/// What the index holds for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) handle: u32,
    pub(super) tag: u16,
    pub(super) lifetime: Lifetime,
}

/// Slots, one bit each, taken from the lowest on.
#[derive(Debug)]
pub(super) struct SlotSet(u32);

impl Iterator for SlotSet {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let slot = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(slot as usize)
    }
}

impl Bucket {
    pub(super) const EMPTY: Self = Self {
        handles: [0; SLOTS],
        tags: [0; SLOTS],
        state: 0,
    };

    /// The slots taken by entries with this tag. Eight are compared at once by name: left to itself, the compiler
    /// compares one after the other in most of the places that this is inlined into.
    #[inline]
    pub(super) fn tagged(&self, tag: u16) -> SlotSet {
        let [first @ .., ninth, tenth] = self.tags;
        let slots = u16x8::new(first).simd_eq(u16x8::splat(tag)).to_bitmask();
        let slots = slots | u32::from(ninth == tag) << 8 | u32::from(tenth == tag) << 9;
        SlotSet(slots & self.state & ALL)
    }

    pub(super) const fn taken(&self) -> SlotSet {
        SlotSet(self.state & ALL)
    }

    /// The slots taken by entries that expire.
    pub(super) const fn expiring(&self) -> SlotSet {
        SlotSet(self.state >> EXPIRING_SHIFT & ALL)
    }

    pub(super) const fn len(&self) -> usize {
        (self.state & ALL).count_ones() as usize
    }

    #[inline]
    pub(super) fn handle(&self, slot: usize) -> Option<u32> {
        self.handles.get(slot).copied()
    }

    pub(super) fn entry(&self, slot: usize) -> Option<Entry> {
        Some(Entry {
            handle: self.handle(slot)?,
            tag: *self.tags.get(slot)?,
            lifetime: self.lifetime(slot),
        })
    }

    pub(super) const fn lifetime(&self, slot: usize) -> Lifetime {
        if self.state >> EXPIRING_SHIFT >> slot & 1 == 0 {
            Lifetime::Lasting
        } else {
            Lifetime::Expiring
        }
    }

    pub(super) fn set_handle(&mut self, slot: usize, handle: u32) {
        if let Some(place) = self.handles.get_mut(slot) {
            *place = handle;
        }
    }

    pub(super) const fn set_lifetime(&mut self, slot: usize, lifetime: Lifetime) {
        let bit = 1 << EXPIRING_SHIFT << slot;
        match lifetime {
            Lifetime::Lasting => self.state &= !bit,
            Lifetime::Expiring => self.state |= bit,
        }
    }

    /// Puts an entry in a free slot; which one, or `None` where there is none.
    pub(super) fn insert(&mut self, entry: Entry) -> Option<usize> {
        let slot = (!self.state).trailing_zeros() as usize;
        *self.handles.get_mut(slot)? = entry.handle;
        *self.tags.get_mut(slot)? = entry.tag;
        self.state |= 1 << slot;
        self.set_lifetime(slot, entry.lifetime);
        Some(slot)
    }

    /// Frees a slot.
    pub(super) const fn remove(&mut self, slot: usize) {
        debug_assert!(self.state >> slot & 1 == 1);
        self.state &= !((1 | 1 << EXPIRING_SHIFT) << slot);
    }

    /// Whether any entry of this home lies elsewhere.
    #[inline]
    pub(super) const fn has_away(&self) -> bool {
        self.state >> Away::Left as u32 != 0
    }

    /// How many entries of this home lie there.
    #[inline]
    pub(super) const fn away(&self, away: Away) -> u32 {
        self.state >> away as u32 & AWAY_MAX
    }

    /// Notes how many entries of this home lie there.
    pub(super) fn set_away(&mut self, away: Away, count: usize) {
        let count = u32::try_from(count).map_or(AWAY_MAX, |count| count.min(AWAY_MAX));
        self.state = self.state & !(AWAY_MAX << away as u32) | count << away as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_and_counts_do_not_touch_one_another() {
        let mut bucket = Bucket::EMPTY;
        for slot in 0..SLOTS {
            let entry = Entry {
                handle: u32::try_from(slot).unwrap(),
                tag: if slot % 2 == 0 { 0 } else { u16::MAX },
                lifetime: Lifetime::Expiring,
            };
            assert_eq!(bucket.insert(entry), Some(slot));
            assert_eq!(bucket.entry(slot), Some(entry));
        }
        let further = bucket.entry(0).unwrap();
        assert_eq!(bucket.insert(further), None);
        assert!(!bucket.has_away());
        for away in [Away::Left, Away::Right, Away::Spill] {
            bucket.set_away(away, 10);
            assert_eq!(bucket.away(away), 10);
        }
        bucket.set_away(Away::Spill, 1000);
        assert_eq!(bucket.away(Away::Spill), AWAY_MAX);
        assert_eq!(bucket.len(), SLOTS);
        assert_eq!(bucket.tagged(0).collect::<Vec<_>>(), [0, 2, 4, 6, 8]);
        assert_eq!(bucket.tagged(u16::MAX).collect::<Vec<_>>(), [1, 3, 5, 7, 9]);
        assert_eq!(bucket.tagged(1).count(), 0);
        bucket.remove(4);
        assert_eq!(bucket.tagged(0).collect::<Vec<_>>(), [0, 2, 6, 8]);
        assert_eq!(bucket.expiring().count(), 9);
        bucket.set_lifetime(9, Lifetime::Lasting);
        assert_eq!(bucket.lifetime(9), Lifetime::Lasting);
        assert_eq!(bucket.insert(further), Some(4));
        assert_eq!(bucket.away(Away::Left), 10);
    }
}
