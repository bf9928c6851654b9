//! Bringing buckets into the cache before they are searched.
//!
//! An entry that did not fit its home lies beside it, so its bucket is known only once its home is there.

use prefetch_index::prefetch_index;

use super::bucket::Away;
use super::table::Table;
use super::{Index, Position};
use crate::arena::Handle;

/// A bucket that may hold the handle of a key, found without a look into it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home<'a> {
    table: &'a Table,
    bucket: usize,
    tag: u16,
}

impl Index {
    /// The home of a position.
    #[inline]
    pub(crate) fn home(&self, position: Position) -> Option<Home<'_>> {
        let table = self.tables.get(self.table_number(position)?)?;
        Some(Home {
            table,
            bucket: table.home(position),
            tag: position.tag(table.tag_at),
        })
    }
}

impl Home<'_> {
    /// Begins to load the bucket.
    #[inline]
    pub(crate) fn touch(self) {
        prefetch_index(&self.table.buckets, self.bucket);
    }

    /// The first handle of the bucket that may be the key's, by its tag alone.
    ///
    /// Apart from its callers: among all that they do, the compiler compares the tags one by one.
    #[inline(never)]
    pub(crate) fn likely(self) -> Option<Handle> {
        let bucket = self.table.buckets.get(self.bucket)?;
        let slot = bucket.tagged(self.tag).next()?;
        bucket.handle(slot).map(Handle::from_bits)
    }

    /// The buckets beside it where entries of this home lie.
    #[inline]
    pub(crate) fn beside(self) -> impl Iterator<Item = Self> {
        let away = |away, bucket| {
            let home = self.table.buckets.get(self.bucket)?;
            (home.away(away) > 0).then_some(Self { bucket, ..self })
        };
        let right = away(Away::Right, self.bucket + 1);
        let left = away(Away::Left, self.bucket.wrapping_sub(1));
        right.into_iter().chain(left)
    }
}
