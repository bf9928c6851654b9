//! Bringing buckets into the cache before they are searched.
//!
//! An entry that did not fit its home lies beside it, so its bucket is known only once its home is there.

use prefetch_index::prefetch_index;

use super::bucket::{Away, Bucket};
use super::table::Table;
use super::{Index, Position};
use crate::arena::Handle;

impl Index {
    /// Begins to load the home of a position.
    #[inline]
    pub(crate) fn touch(&self, position: Position) {
        if let Some(table) = self.table(position) {
            prefetch_index(&table.buckets, table.home(position));
        }
    }

    /// The first handle of its home that may be the position's, by its tag alone.
    #[inline]
    pub(crate) fn likely(&self, position: Position) -> Option<Handle> {
        let table = self.table(position)?;
        likely_in(table, table.home(position), position)
    }

    /// Begins to load the neighbours of its home where entries of that home lie; whether there are any.
    #[inline]
    pub(crate) fn touch_beside(&self, position: Position) -> bool {
        let Some(table) = self.table(position) else {
            return false;
        };
        let mut any = false;
        for bucket in beside(table, position) {
            prefetch_index(&table.buckets, bucket);
            any = true;
        }
        any
    }

    /// The first handle beside its home that may be the position's, by its tag alone.
    pub(crate) fn likely_beside(&self, position: Position) -> Option<Handle> {
        let table = self.table(position)?;
        beside(table, position).find_map(|bucket| likely_in(table, bucket, position))
    }

    #[inline]
    fn table(&self, position: Position) -> Option<&Table> {
        self.tables.get(self.table_number(position)?)
    }
}

/// The buckets beside its home where entries of that home lie.
#[inline]
fn beside(table: &Table, position: Position) -> impl Iterator<Item = usize> {
    let home = table.home(position);
    let away = |away| {
        let bucket = table.buckets.get(home);
        bucket.is_some_and(|bucket| bucket.has_away() && bucket.away(away) > 0)
    };
    let right = away(Away::Right).then_some(home + 1);
    let left = away(Away::Left).then_some(home.wrapping_sub(1));
    right.into_iter().chain(left)
}

/// Apart from its callers: among all that they do, the compiler compares the tags one by one.
#[inline(never)]
fn likely_in(table: &Table, bucket: usize, position: Position) -> Option<Handle> {
    let bucket: &Bucket = table.buckets.get(bucket)?;
    let slot = bucket.tagged(position.tag(table.tag_at)).next()?;
    bucket.handle(slot).map(Handle::from_bits)
}
