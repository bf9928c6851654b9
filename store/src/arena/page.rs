//! A page: slots of one size in a row, some of them free.
//!
//! ```text
//! page  │ slot │ slot │ slot │ … as far as slots were ever used │        not yet used
//!
//! slot to 1024 bytes   │ left over 2 bits, owner's 6 │ blob …              │ left over 0–3 bytes │
//! larger slot          │             0, owner's 6    │ blob … │ left over … │ left over: u16      │
//! free slot            │ 0xFF │ next free slot: u16, 0xFFFF at the end │ …
//! ```
//!
//! The two top bits of a blob's first byte are the page's, and six bits of it are the owner's, who
//! never sets all six: so a first byte of 0xFF is a free slot, and nothing else need tell.

use super::class::{SMALL_MAX, TRAILER};
use super::{OutOfMemory, RESERVED};

/// The first byte of a free slot.
const FREE: u8 = u8::MAX;
/// No slot: the end of the chain of free ones.
const NO_SLOT: u16 = u16::MAX;
/// No page: the end of a list of them.
pub(super) const NO_PAGE: u32 = u32::MAX;
/// The place of the left-over bytes in a blob's first byte.
const LEFT_SHIFT: u32 = 6;

/// A page, or the number of one that was dropped.
#[derive(Debug)]
pub(super) struct Page {
    /// The slots that were ever used; the capacity is the page's size.
    bytes: Vec<u8>,
    slot_bytes: u32,
    /// Neighbours in a list of pages.
    pub(super) before: u32,
    pub(super) after: u32,
    /// The class, as the arena numbers them.
    pub(super) class: u16,
    slots: u16,
    /// Slots that were ever used.
    used: u16,
    live: u16,
    first_free: u16,
    /// The list that the page is in.
    pub(super) fill: Fill,
}

const _: () = assert!(size_of::<Page>() == 48);

/// How full a page is, in quarters; the lists of a class are ordered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    /// In the list of pages with at least so many quarters of their slots taken.
    Quarters(u8),
    /// In no list, for all slots are taken.
    Full,
    /// In no list, for the page is emptied.
    Leaving,
}

impl Page {
    pub(super) const fn vacant(next: u32) -> Self {
        Self {
            bytes: Vec::new(),
            slot_bytes: 0,
            before: NO_PAGE,
            after: next,
            class: 0,
            slots: 0,
            used: 0,
            live: 0,
            first_free: NO_SLOT,
            fill: Fill::Full,
        }
    }

    /// A page of `bytes`, which hold `slots` of `slot_bytes`.
    pub(super) fn new(
        class: u16,
        slot_bytes: usize,
        (bytes, slots): (usize, usize),
    ) -> Result<Self, OutOfMemory> {
        let mut room = Vec::new();
        room.try_reserve_exact(bytes).map_err(|_| OutOfMemory)?;
        Ok(Self {
            bytes: room,
            slot_bytes: u32::try_from(slot_bytes).map_err(|_| OutOfMemory)?,
            class,
            slots: u16::try_from(slots).map_err(|_| OutOfMemory)?,
            fill: Fill::Quarters(0),
            ..Self::vacant(NO_PAGE)
        })
    }

    pub(super) const fn slot_bytes(&self) -> usize {
        self.slot_bytes as usize
    }

    pub(super) const fn slots(&self) -> u16 {
        self.slots
    }

    /// Slots that were ever used: those from there on are free.
    pub(super) const fn used(&self) -> u16 {
        self.used
    }

    pub(super) const fn live(&self) -> u16 {
        self.live
    }

    pub(super) const fn is_vacant(&self) -> bool {
        self.slots == 0
    }

    pub(super) const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The fill that the number of live slots asks for.
    pub(super) fn fill_now(&self) -> Fill {
        let (live, slots) = (u32::from(self.live), u32::from(self.slots));
        if live == slots {
            return Fill::Full;
        }
        let quarter = |quarters: u32| u8::from(live * 4 >= slots * quarters);
        Fill::Quarters(quarter(1) + quarter(2) + quarter(3))
    }

    /// The blob in `slot`; `None` where there is none.
    #[inline]
    pub(super) fn blob(&self, slot: u16) -> Option<&[u8]> {
        let bytes = self.slot(slot)?;
        bytes.get(..blob_len(bytes)?)
    }

    #[inline]
    pub(super) fn blob_mut(&mut self, slot: u16) -> Option<&mut [u8]> {
        let bytes = self.slot_mut(slot)?;
        let len = blob_len(bytes)?;
        bytes.get_mut(..len)
    }

    /// Puts the parts of a blob, `len` bytes together, in a free slot; `None` where none is left.
    pub(super) fn insert(&mut self, parts: &[&[u8]], len: usize) -> Option<u16> {
        let slot = if self.first_free == NO_SLOT {
            if self.used == self.slots {
                return None;
            }
            let slot = self.used;
            for part in parts {
                self.bytes.extend_from_slice(part);
            }
            self.used += 1;
            let end = usize::from(self.used) * self.slot_bytes();
            self.bytes.resize(end, 0);
            slot
        } else {
            let slot = self.first_free;
            let &[FREE, low, high, ..] = self.slot(slot)? else {
                return None;
            };
            self.first_free = u16::from_le_bytes([low, high]);
            write(self.slot_mut(slot)?, parts);
            slot
        };
        self.live += 1;
        seal(self.slot_mut(slot)?, len);
        Some(slot)
    }

    /// Puts another blob, which fits, in the place of the one in `slot`.
    pub(super) fn rewrite(&mut self, slot: u16, parts: &[&[u8]], len: usize) {
        if let Some(bytes) = self.slot_mut(slot) {
            write(bytes, parts);
            seal(bytes, len);
        }
    }

    /// Puts `tail`, which fits, in the place of what follows the first `kept` bytes of the blob in `slot`; the
    /// blob.
    #[inline]
    pub(super) fn rewrite_tail(
        &mut self,
        slot: u16,
        kept: usize,
        tail: &[u8],
    ) -> Option<&mut [u8]> {
        let len = kept + tail.len();
        let bytes = self.slot_mut(slot)?;
        bytes.get_mut(kept..len)?.copy_from_slice(tail);
        seal(bytes, len);
        bytes.get_mut(..len)
    }

    /// Adds `tail` to the blob in `slot`, where it fits.
    pub(super) fn append(&mut self, slot: u16, tail: &[u8]) {
        if let Some(bytes) = self.slot_mut(slot)
            && let Some(len) = blob_len(bytes)
            && let Some(place) = bytes.get_mut(len..len + tail.len())
        {
            place.copy_from_slice(tail);
            seal(bytes, len + tail.len());
        }
    }

    /// Frees `slot`; whether it held a blob.
    pub(super) fn remove(&mut self, slot: u16) -> Option<()> {
        let next = self.first_free.to_le_bytes();
        let [first, low, high, ..] = self.slot_mut(slot)? else {
            return None;
        };
        if *first == FREE {
            return None;
        }
        (*first, *low, *high) = (FREE, next[0], next[1]);
        // In this order: the counter is loaded with its neighbour, which must not have been stored just before.
        self.live -= 1;
        self.first_free = slot;
        Some(())
    }

    #[inline]
    pub(super) fn slot(&self, slot: u16) -> Option<&[u8]> {
        let start = usize::from(slot) * self.slot_bytes();
        self.bytes.get(start..start + self.slot_bytes())
    }

    #[inline]
    fn slot_mut(&mut self, slot: u16) -> Option<&mut [u8]> {
        let start = usize::from(slot) * self.slot_bytes();
        let end = start + self.slot_bytes();
        self.bytes.get_mut(start..end)
    }

    /// The slot that the next blob takes, if one was freed.
    #[inline]
    pub(super) fn first_free(&self) -> Option<&[u8]> {
        self.slot(self.first_free)
    }

    /// Counts live slots and free ones again.
    pub(super) fn assert_counters(&self) {
        let blobs = (0..self.used).filter(|slot| self.blob(*slot).is_some());
        assert_eq!(blobs.count(), usize::from(self.live), "live slots");
        let (mut free, mut slot) = (0, self.first_free);
        while slot != NO_SLOT {
            free += 1;
            assert!(free <= self.used, "free slots go round in circles");
            let Some(&[FREE, low, high, ..]) = self.slot(slot) else {
                panic!("slot {slot} is in the list of free ones");
            };
            slot = u16::from_le_bytes([low, high]);
        }
        assert_eq!(free + self.live, self.used, "slots used");
        let used_bytes = usize::from(self.used) * self.slot_bytes();
        assert_eq!(self.bytes.len(), used_bytes, "bytes used");
    }
}

fn write(slot: &mut [u8], parts: &[&[u8]]) {
    let mut rest = slot;
    for part in parts {
        let Some((place, after)) = rest.split_at_mut_checked(part.len()) else {
            debug_assert!(false, "a blob that does not fit its slot");
            return;
        };
        place.copy_from_slice(part);
        rest = after;
    }
}

/// The length of the blob in a slot; `None` in a free one.
#[inline]
fn blob_len(slot: &[u8]) -> Option<usize> {
    let first = *slot.first()?;
    if first == FREE {
        return None;
    }
    if slot.len() <= SMALL_MAX {
        return Some(slot.len() - usize::from(first >> LEFT_SHIFT));
    }
    let left_over = u16::from_le_bytes(*slot.last_chunk::<TRAILER>()?);
    (slot.len() - TRAILER).checked_sub(usize::from(left_over))
}

/// Notes that the blob in `slot` is `len` bytes long.
fn seal(slot: &mut [u8], len: usize) {
    let slot_len = slot.len();
    if slot_len > SMALL_MAX {
        let left_over = u16::try_from(slot_len - TRAILER - len);
        if let (Some(trailer), Ok(left_over)) = (slot.last_chunk_mut::<TRAILER>(), left_over) {
            *trailer = left_over.to_le_bytes();
        }
    } else if let (Some(first), Ok(left_over)) = (slot.first_mut(), u8::try_from(slot_len - len)) {
        debug_assert_ne!(*first & RESERVED, RESERVED, "the mark of a free slot");
        *first = *first & RESERVED | left_over << LEFT_SHIFT;
    }
}
