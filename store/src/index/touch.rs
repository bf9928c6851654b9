//! Bringing buckets into the cache before they are searched.
//!
//! An entry that did not fit its home lies beside it, so its bucket is known only once its home is there.

use prefetch_index::prefetch_index;

use super::bucket::{Away, Bucket};
use super::{Index, Position};
use crate::arena::Handle;

/// A bucket that may hold the handle of a key, found without a look into it. After a write to the index it may be a
/// bucket of other keys, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home {
    table: u32,
    bucket: u32,
    tag: u16,
}

impl Index {
    /// The home of a position.
    #[inline]
    pub(crate) fn home(&self, position: Position) -> Option<Home> {
        let number = *self.directory.get(self.directory_place(position))?;
        let table = self.tables.get(number as usize)?;
        Some(Home {
            table: number,
            // There are at most 128.
            bucket: u32::try_from(table.home(position)).ok()?,
            tag: position.tag(table.tag_at),
        })
    }

    /// Begins to load a bucket.
    #[inline]
    pub(crate) fn touch(&self, home: Home) {
        if let Some(table) = self.tables.get(home.table as usize) {
            prefetch_index(&table.buckets, home.bucket as usize);
        }
    }

    /// The first handle of a bucket that may be the key's, by its tag alone.
    #[inline]
    pub(crate) fn likely(&self, home: Home) -> Option<Handle> {
        let bucket = self.bucket(home)?;
        let slot = bucket.tagged(home.tag).next()?;
        bucket.handle(slot).map(Handle::from_bits)
    }

    /// The buckets beside a home where entries of it lie.
    #[inline]
    pub(crate) fn beside(&self, home: Home) -> impl Iterator<Item = Home> {
        let away = move |away, bucket| {
            let is_there = self.bucket(home)?.away(away) > 0;
            is_there.then_some(Home { bucket, ..home })
        };
        let right = away(Away::Right, home.bucket + 1);
        let left = away(Away::Left, home.bucket.wrapping_sub(1));
        right.into_iter().chain(left)
    }

    #[inline]
    fn bucket(&self, home: Home) -> Option<&Bucket> {
        let table = self.tables.get(home.table as usize)?;
        table.buckets.get(home.bucket as usize)
    }
}
