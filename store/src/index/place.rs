//! Places: where in a table an entry lies, in 32 bits, so that a search hands its place on in registers.
//!
//! ```text
//!  31                              4 3    0
//! ┌─┬───────────────────────────────┬──────┐
//! │0│ bucket                        │ slot │   an entry in a bucket
//! ├─┼───────────────────────────────┴──────┤
//! │1│ place in the spill list              │   an entry for which there was no room near its home
//! └─┴──────────────────────────────────────┘
//! ```

use super::bucket::SLOTS;
use super::table::BUCKETS_MAX;

const SPILLED: u32 = 1 << 31;
/// Bits of a slot's number.
const SLOT_BITS: u32 = 4;

const _: () = assert!(SLOTS <= 1 << SLOT_BITS && BUCKETS_MAX < 1 << (31 - SLOT_BITS));

/// Where in a table an entry lies, until the next write to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At(u32);

/// What an [`At`] points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    Slot { bucket: usize, slot: usize },
    Spill(usize),
}

impl At {
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a table has few buckets")]
    pub(super) const fn slot(bucket: usize, slot: usize) -> Self {
        Self((bucket << SLOT_BITS | slot) as u32)
    }

    /// A place in the spill list.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a list of so many places would be 16 GiB"
    )]
    pub(super) const fn spill(at: usize) -> Self {
        debug_assert!(at < SPILLED as usize);
        Self(SPILLED | at as u32)
    }

    #[inline]
    pub(super) const fn spot(self) -> Spot {
        if self.0 & SPILLED == 0 {
            Spot::Slot {
                bucket: (self.0 >> SLOT_BITS) as usize,
                slot: (self.0 & ((1 << SLOT_BITS) - 1)) as usize,
            }
        } else {
            Spot::Spill((self.0 & !SPILLED) as usize)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spots_round_trip_at_their_limits() {
        for bucket in [0, 1, BUCKETS_MAX - 1] {
            for slot in [0, SLOTS - 1] {
                assert_eq!(At::slot(bucket, slot).spot(), Spot::Slot { bucket, slot });
            }
        }
        for at in [0, 1, SPILLED as usize - 1] {
            assert_eq!(At::spill(at).spot(), Spot::Spill(at));
        }
    }
}
