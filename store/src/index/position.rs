//! Positions: the hash of a key as a place in a line from 0 to 2⁶⁴.
//!
//! ```text
//!  63                                                                    0
//! ┌────────────┬────────────────────────────────────────────────────────┐
//! │ directory  │ fraction of the table: × buckets gives the home        │   a position
//! └────────────┴──┬──────────────────┬──────────────────────────────────┘
//!                 │ tag, 16 bits     │
//! ◄─── depth ───►◄s►
//! ◄── tag_at ─────►
//! ```
//!
//! An entry's tag is a window of its position. The bits above it follow from the bucket that the
//! entry lies in, roughly: its home is that bucket or a neighbour. So a fraction is known to 16 + s
//! bits without reading the key, if the window of three buckets is narrower than the 2⁻ˢ of the line
//! in which the tag says where. With 64 or more buckets s may be 4.
//!
//! A split takes a bit from the fraction: s falls by one. Tags are taken anew, from the keys, where it
//! would fall below −1; so five splits of six read almost no key. Nine bits of a tag at least tell
//! apart the entries of a bucket.
//!
//! Example: depth 3, tag at 5 (s = 2), 80 buckets. An entry in bucket 40 has its home in 39 to 41, so
//! its fraction is in [0.4875, 0.525). The tag 0x0400 says that it is 1/256 behind a multiple of 1/4:
//! of 0.004, 0.254, 0.504 and 0.754 only 0.504 is there, so its home is 40.

/// Bits of a tag.
const TAG_BITS: u32 = 16;
/// How far the tag may begin before the fraction does.
const OFFSET_MIN: i32 = -1;
/// How far behind the start of the fraction a tag is taken.
const OFFSET_MAX: u8 = 4;

/// Where a key is among all keys of an index: its hash, less the bits that choose the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(pub(crate) u64);

impl Position {
    /// The part of it behind the first `depth` bits, in units of 2⁻³².
    #[inline]
    pub(super) const fn fraction(self, depth: u8) -> u32 {
        (self.0 << depth >> 32) as u32
    }

    #[inline]
    pub(super) const fn tag(self, tag_at: u8) -> u16 {
        (self.0 << tag_at >> (64 - TAG_BITS)) as u16
    }
}

/// The home of a fraction among so many buckets.
#[inline]
pub(super) const fn home(fraction: u32, buckets: usize) -> usize {
    ((fraction as u64 * buckets as u64) >> 32) as usize
}

/// The smallest fraction whose home is `bucket`; 2³² for the bucket after the last.
pub(super) const fn first_fraction(bucket: usize, buckets: usize) -> u64 {
    ((bucket as u64) << 32).div_ceil(buckets as u64)
}

/// Where the tags of a table of this depth are taken, if those of its parent are at `tag_at`.
pub(super) const fn tag_at(depth: u8, tag_at: u8) -> u8 {
    let offset = tag_at as i32 - depth as i32;
    if offset < OFFSET_MIN || offset > OFFSET_MAX as i32 {
        depth + OFFSET_MAX
    } else {
        tag_at
    }
}

/// Fractions from one on: what is known of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    from: u32,
    /// How many there are, as a power of two.
    log: u32,
}

/// Where the home of an entry can be that lies in a given bucket: what it takes to read a tag there.
///
/// It costs two divisions, so it is made once for a bucket and serves all of its entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// The first fraction of the homes, rounded down to what a tag tells.
    start: u64,
    /// Fractions after which tags repeat.
    period: u64,
    /// What a tag leaves open, as a power of two.
    log: u32,
}

impl Window {
    /// For entries whose home is among `homes`, and whose tags begin `offset` bits into the fraction;
    /// `None` if a tag leaves more than one cell.
    pub(super) fn of(
        homes: std::ops::RangeInclusive<usize>,
        buckets: usize,
        offset: i32,
    ) -> Option<Self> {
        let log = u32::try_from(16 - offset).ok()?;
        let Ok(offset @ 1..) = u32::try_from(offset) else {
            // The tag holds all bits from the first on, and perhaps one before it, which is cut off.
            return Some(Self {
                start: 0,
                period: 1 << 32,
                log,
            });
        };
        // The tag repeats in every period of the line; one of these meets the homes.
        let period = 1_u64 << (32 - offset);
        let start = first_fraction(*homes.start(), buckets) >> log << log;
        let end = first_fraction(*homes.end() + 1, buckets);
        (end - start <= period).then_some(Self { start, period, log })
    }

    /// What is known of the entry with this tag.
    #[inline]
    pub(super) const fn cell(self, tag: u16) -> Cell {
        let ahead = ((tag as u64) << self.log).wrapping_sub(self.start) & (self.period - 1);
        // The table ends at 2³², and so do the homes of its entries.
        let from = (self.start + ahead) & u32::MAX as u64;
        #[expect(clippy::cast_possible_truncation, reason = "masked")]
        let from = from as u32;
        Cell {
            from,
            log: self.log,
        }
    }
}

impl Cell {
    /// The home among so many buckets, if it is the same for all of the cell.
    pub(super) fn home(self, buckets: usize) -> Option<usize> {
        let last = self.from | ((1 << self.log) - 1);
        let first_home = home(self.from, buckets);
        (first_home == home(last, buckets)).then_some(first_home)
    }

    /// Which half of the table it is in, and what is known of it there.
    pub(super) const fn halve(self) -> (Half, Self) {
        let half = if self.from >> 31 == 0 {
            Half::Lower
        } else {
            Half::Upper
        };
        let inner = Self {
            from: self.from << 1,
            log: self.log + 1,
        };
        (half, inner)
    }

    /// What is known of it in the table of which this table is one half.
    pub(super) const fn widen(self, half: Half) -> Self {
        let top = match half {
            Half::Lower => 0,
            Half::Upper => 1 << 31,
        };
        Self {
            from: top | self.from >> 1,
            log: self.log - 1,
        }
    }
}

/// One of the two tables that a split makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    Lower,
    Upper,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A cell, where there is one, holds the fraction that its tag was taken from.
        #[test]
        fn cells_hold_their_fraction(
            position: u64,
            depth in 0_u8..20,
            offset in -1_i32..5,
            buckets in 1_usize..129,
            displaced in 0_usize..3,
        ) {
            let position = Position(position);
            let tag_at = u8::try_from(i32::from(depth) + offset);
            prop_assume!(tag_at.is_ok());
            let tag = position.tag(tag_at.unwrap());
            let fraction = position.fraction(depth);
            let home = home(fraction, buckets);
            let Some(bucket) = (home + displaced).checked_sub(1) else { return Ok(()) };
            let homes = bucket.saturating_sub(1)..=(bucket + 1).min(buckets - 1);
            let Some(window) = Window::of(homes, buckets, offset) else {
                prop_assert!(offset > 0 && buckets < 64, "64 buckets are always enough");
                return Ok(());
            };
            let cell = window.cell(tag);
            prop_assert_eq!(fraction >> cell.log, cell.from >> cell.log);
            prop_assert_eq!(cell.from & ((1 << cell.log) - 1), 0);
            if let Some(found) = cell.home(buckets) {
                prop_assert_eq!(found, home);
            }
            let (half, inner) = cell.halve();
            prop_assert_eq!(half == Half::Upper, fraction >> 31 == 1);
            let next = position.fraction(depth + 1);
            prop_assert_eq!(next >> inner.log, inner.from >> inner.log);
            prop_assert_eq!(inner.widen(half), cell);
        }

        #[test]
        fn homes_begin_at_their_first_fraction(fraction: u32, buckets in 1_usize..129) {
            let home = home(fraction, buckets);
            prop_assert!(first_fraction(home, buckets) <= u64::from(fraction));
            prop_assert!(u64::from(fraction) < first_fraction(home + 1, buckets));
        }
    }

    #[test]
    fn tags_are_taken_anew_every_sixth_split() {
        let mut at = 0;
        let anew: Vec<u8> = (0..24_u8)
            .filter(|depth| {
                let before = at;
                at = tag_at(*depth, before);
                before != at
            })
            .collect();
        assert_eq!(anew, [2, 8, 14, 20]);
    }
}
