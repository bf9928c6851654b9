//! Handles: where a blob lies, in 32 bits.
//!
//! ```text
//!  31                    14 13              0
//! ┌────────────────────────┬─────────────────┐
//! │ page, below 0x3_F000    │ slot            │   a blob in a page
//! ├──────────────┬─────────┴─────────────────┤
//! │ 11_1111      │ box                       │   a blob with a box of its own
//! └──────────────┴───────────────────────────┘
//!  31          26 25                        0
//! ```
//!
//! 258,048 pages of at most 16,384 slots, and 67,108,864 boxes. Pages of 256 KiB reach 63 GiB, boxes
//! of more than 16 KiB at least 1 TiB. Past that there is no memory: numbers never wrap.

/// Bits of a slot's number.
const SLOT_BITS: u32 = 14;
/// The most slots of a page.
pub(super) const SLOTS_MAX: usize = 1 << SLOT_BITS;
/// The most pages.
const PAGES_MAX: u32 = 0x3_F000;
/// The first handle of a box.
const FIRST_BOX: u32 = PAGES_MAX << SLOT_BITS;
/// The most boxes.
const BOXES_MAX: u32 = u32::MAX - FIRST_BOX + 1;

const _: () = assert!(FIRST_BOX == 0xFC00_0000 && BOXES_MAX == 1 << 26);

/// Where a blob lies, until the next write to its arena.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Handle(u32);

/// What a handle points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Slot { page: u32, slot: u16 },
    Box(u32),
}

impl Handle {
    /// A handle that was kept as a number.
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    pub(super) fn of_slot(page: u32, slot: u16) -> Self {
        debug_assert!(page < PAGES_MAX && usize::from(slot) < SLOTS_MAX);
        Self(page << SLOT_BITS | u32::from(slot))
    }

    pub(super) fn of_box(number: u32) -> Self {
        debug_assert!(number < BOXES_MAX);
        Self(FIRST_BOX | number)
    }

    #[inline]
    pub(super) const fn target(self) -> Target {
        if self.0 >= FIRST_BOX {
            Target::Box(self.0 - FIRST_BOX)
        } else {
            Target::Slot {
                page: self.0 >> SLOT_BITS,
                slot: (self.0 & ((1 << SLOT_BITS) - 1)) as u16,
            }
        }
    }
}

/// Where a blob lay when it was touched, if that was seen. It may have gone since: what lies there now tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint(pub(super) Handle);

impl Hint {
    /// Nothing was seen.
    pub const NONE: Self = Self(Handle(u32::MAX));

    pub(crate) fn of(handle: Option<Handle>) -> Self {
        handle.map_or(Self::NONE, Self)
    }
}

impl Default for Hint {
    fn default() -> Self {
        Self::NONE
    }
}

/// How many pages and boxes there may be; tests set these low.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) pages: u32,
    pub(crate) boxes: u32,
}

impl Limits {
    /// What a handle can tell apart.
    pub(crate) const HANDLE: Self = Self {
        pages: PAGES_MAX,
        boxes: BOXES_MAX,
    };
}

#[cfg(test)]
mod tests {
    use super::{BOXES_MAX, Handle, PAGES_MAX, SLOTS_MAX, Target};

    #[test]
    fn targets_round_trip_at_their_limits() {
        let last_slot = u16::try_from(SLOTS_MAX - 1).unwrap();
        for page in [0, 1, PAGES_MAX - 1] {
            for slot in [0, 1, last_slot] {
                let target = Target::Slot { page, slot };
                assert_eq!(Handle::of_slot(page, slot).target(), target);
            }
        }
        for number in [0, 1, BOXES_MAX - 1] {
            assert_eq!(Handle::of_box(number).target(), Target::Box(number));
        }
        assert_eq!(Handle::of_box(BOXES_MAX - 1).bits(), u32::MAX);
    }
}
