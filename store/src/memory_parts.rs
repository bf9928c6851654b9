//! What the memory of a keyspace is made of.
//!
//! | part | bytes of |
//! |---|---|
//! | `entries` | flags, keys, expiries and values; collections that lie in their entries are values |
//! | `slack` | slots that hold an entry, and boxes of large ones, beyond that entry |
//! | `pages` | free slots, the ends of pages, and the lists of pages, classes and boxes |
//! | `index` | buckets, spill lists, tables and directory |
//! | `collections` | collections that outgrew their entries, their list, and what remains of those whose keys are gone |
//! | `rounding` | what the allocator hands out beyond what the arena and the index asked for |
//!
//! Example: 1,000 integers under keys of 16 bytes take 29.6 bytes each: 19.9 entries, 0.1 slack, 2.1 pages,
//! 7.4 index, 0.1 rounding.
//!
//! Invariant: the parts add up to the bytes that the store counts. Collections are counted as the
//! allocator rounds them, so their share of rounding is theirs.

use std::iter::Sum;
use std::ops::Add;

/// Bytes by what they are there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryParts {
    /// Keys and values with what belongs to them.
    pub entries: usize,
    /// Slots and boxes beyond the entries in them.
    pub slack: usize,
    /// Slots without an entry, ends of pages, and lists of pages.
    pub pages: usize,
    /// Where keys are found.
    pub index: usize,
    /// Collections that outgrew their entries, with or without their keys, as the allocator rounds them.
    pub collections: usize,
    /// What the allocator adds to what it was asked for.
    pub rounding: usize,
}

impl MemoryParts {
    /// All parts together.
    #[must_use]
    pub const fn total(self) -> usize {
        let Self {
            entries,
            slack,
            pages,
            index,
            collections,
            rounding,
        } = self;
        entries + slack + pages + index + collections + rounding
    }
}

impl Add for MemoryParts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            entries: self.entries + other.entries,
            slack: self.slack + other.slack,
            pages: self.pages + other.pages,
            index: self.index + other.index,
            collections: self.collections + other.collections,
            rounding: self.rounding + other.rounding,
        }
    }
}

impl Sum for MemoryParts {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), Self::add)
    }
}
