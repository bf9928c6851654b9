//! Bringing buckets into the cache before they are searched.

use std::hint::black_box;

use super::bucket::Bucket;
use super::{Index, Position};
use crate::arena::Handle;

impl Index {
    /// Loads the home of a position. Nothing waits for it, so several loads are under way at once.
    #[inline]
    pub(crate) fn touch(&self, position: Position) {
        if let Some((bucket, _)) = self.home(position) {
            black_box(bucket.len());
        }
    }

    /// The first handle that may be the position's, by its tag alone.
    #[inline]
    pub(crate) fn likely(&self, position: Position) -> Option<Handle> {
        let (bucket, tag) = self.home(position)?;
        let slot = bucket.tagged(tag).next()?;
        bucket.handle(slot).map(Handle::from_bits)
    }

    #[inline]
    fn home(&self, position: Position) -> Option<(&Bucket, u16)> {
        let table = self.tables.get(self.table_number(position)?)?;
        let bucket = table.buckets.get(table.home(position))?;
        Some((bucket, position.tag(table.tag_at)))
    }
}
