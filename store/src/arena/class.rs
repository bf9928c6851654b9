//! Size classes: which slot a blob lies in, and how large the pages of such slots are.
//!
//! | blob, bytes | slot, bytes | where the blob's length is |
//! |---|---|---|
//! | 1–1024 | the next multiple of 4 | bytes left over (0–3) in the two top bits of its first byte |
//! | 1025–16,382 | steps of 1/8 of a power of two, to 16 KiB | bytes left over in the slot's last two bytes |
//! | more | a box of its own | the box knows |
//!
//! Example: 50 bytes lie in a slot of 52, and 2 are left over. 3000 bytes and the two of the trailer
//! lie in (2048, 4096], whose step is 256: a slot of 3072.
//!
//! A page takes about 1/64 of what its class holds already, as a power of two from 1 to 256 KiB, so
//! that the page which fills up costs a class little at any size. Of pages with few slots the end that holds
//! no slot counts: they take the one of the allocator's next four sizes that leaves the least, so slots of 280
//! bytes lie in pages of 5 KiB rather than 4. A class with one blob of 10,000 bytes has a page of one slot.

use super::handle::SLOTS_MAX;
use crate::size_class::allocated;

/// The largest slot whose left-over bytes are counted in the first byte.
pub(super) const SMALL_MAX: usize = 1024;
/// The largest slot.
const SLOT_MAX: usize = 16 << 10;
/// Bytes of the trailer of larger slots.
pub(super) const TRAILER: usize = 2;
/// Slots of small classes are multiples of this.
const STEP: usize = 4;
/// Classes for one doubling of larger slots, as a power of two.
const STEPS_LOG: u32 = 3;
/// Number of classes.
pub(super) const COUNT: usize = SMALL_MAX / STEP + 1 + (4 << STEPS_LOG);

/// The part of a class that its next page takes.
const PAGE_SHARE: usize = 64;
const PAGE_MIN: usize = 1 << 10;
const PAGE_MAX: usize = 256 << 10;
/// From so many slots on a page is a power of two: what it leaves over is less than 1/64.
const SLOTS_MANY: usize = 64;
/// Sizes that the allocator has in a doubling.
const SIZES: usize = 4;

const _: () = assert!(SMALL_MAX.ilog2() + 4 == SLOT_MAX.ilog2());

/// A size class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SizeClass {
    /// Its number, below [`COUNT`].
    pub(super) index: usize,
    pub(super) slot_bytes: usize,
}

impl SizeClass {
    /// The class of blobs of `len` bytes, at least one; `None` for a blob that needs a box.
    #[inline]
    pub(super) const fn of(len: usize) -> Option<Self> {
        if len <= SMALL_MAX {
            let steps = len.div_ceil(STEP);
            return Some(Self {
                index: steps,
                slot_bytes: steps * STEP,
            });
        }
        let need = len + TRAILER;
        if need > SLOT_MAX {
            return None;
        }
        let floor_log = (need - 1).ilog2();
        let steps = (need - (1 << floor_log)).div_ceil(1 << (floor_log - STEPS_LOG));
        let doubling = (floor_log - SMALL_MAX.ilog2()) as usize;
        Some(Self {
            index: SMALL_MAX / STEP + (doubling << STEPS_LOG) + steps,
            slot_bytes: (1 << floor_log) + (steps << (floor_log - STEPS_LOG)),
        })
    }

    /// Whether a blob of `len` bytes may lie in a slot of `slot_bytes`.
    #[inline]
    pub(super) fn fits(len: usize, slot_bytes: usize) -> bool {
        if slot_bytes <= SMALL_MAX {
            len <= slot_bytes && slot_bytes - len < STEP
        } else {
            Self::of(len).is_some_and(|class| class.slot_bytes == slot_bytes)
        }
    }

    /// Bytes and slots of the next page of a class that holds `class_bytes`.
    pub(super) fn page(self, class_bytes: usize) -> (usize, usize) {
        let share = (class_bytes / PAGE_SHARE).clamp(PAGE_MIN, PAGE_MAX);
        let share = 1 << share.ilog2();
        let sizes = if share / self.slot_bytes < SLOTS_MANY && share < PAGE_MAX {
            SIZES
        } else {
            1
        };
        let sizes = (SIZES..SIZES + sizes).map(|part| share / SIZES * part);
        // What is left over of an equal number of bytes.
        let left = |bytes: usize| ((bytes % self.slot_bytes) << 20) / bytes;
        let fitting = sizes.filter(|bytes| *bytes >= self.slot_bytes);
        let best = fitting
            .min_by_key(|bytes| left(*bytes))
            .unwrap_or(self.slot_bytes);
        let slots = (best / self.slot_bytes).clamp(1, SLOTS_MAX);
        let bytes = allocated(slots * self.slot_bytes);
        (bytes, (bytes / self.slot_bytes).min(SLOTS_MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_rise_with_the_length_and_waste_little() {
        let mut last = SizeClass::of(1).unwrap();
        for len in 1..=SLOT_MAX - TRAILER {
            let class = SizeClass::of(len).unwrap();
            let need = if len <= SMALL_MAX { len } else { len + TRAILER };
            assert!(class.slot_bytes >= need);
            assert!(class.index < COUNT);
            assert!(SizeClass::fits(len, class.slot_bytes));
            assert!(!SizeClass::fits(class.slot_bytes + 1, class.slot_bytes));
            let waste = class.slot_bytes - need;
            assert!(waste < STEP.max(class.slot_bytes / 8), "{len}: {class:?}");
            let steps = class.index - last.index;
            assert_eq!(steps > 0, class.slot_bytes > last.slot_bytes);
            assert!(steps <= 1);
            last = class;
        }
        assert_eq!(last.index, COUNT - 1);
        assert_eq!(last.slot_bytes, SLOT_MAX);
        assert_eq!(SizeClass::of(SLOT_MAX - TRAILER + 1), None);
    }

    #[test]
    fn pages_hold_slots_and_waste_little() {
        for len in (1..=1024).chain((1025..16_000).step_by(61)) {
            let class = SizeClass::of(len).unwrap();
            for class_bytes in [0, 10 << 10, 1 << 20, 3 << 20, 1 << 30] {
                let (bytes, slots) = class.page(class_bytes);
                assert!((1..=SLOTS_MAX).contains(&slots));
                assert_eq!(bytes, allocated(bytes), "{class:?}");
                let waste = bytes - slots * class.slot_bytes;
                assert!(waste * 5 < bytes, "{waste} of {bytes}: {class:?}");
                assert!(bytes <= PAGE_MAX);
                if class_bytes >= 1 << 30 && class.slot_bytes > 16 {
                    assert!(waste * 16 < bytes, "{waste} of {bytes}: {class:?}");
                }
            }
        }
        assert_eq!(SizeClass::of(10_000).unwrap().page(0), (10_240, 1));
        assert_eq!(SizeClass::of(50).unwrap().page(1 << 30), (256 << 10, 5041));
    }
}
