//! What the bytes of an index are there for.

use super::Index;
use super::bucket::Bucket;
use super::table::{Spilled, Table};
use crate::memory_parts::MemoryParts;

impl Index {
    /// The bytes of everything: what was asked for, and what the allocator added.
    pub(crate) fn memory_parts(&self) -> MemoryParts {
        let table = |table: &Table| {
            table.buckets.len() * size_of::<Bucket>()
                + table.spill.capacity() * size_of::<Spilled>()
        };
        let lists = self.directory.capacity() * size_of::<u32>()
            + self.tables.capacity() * size_of::<Table>();
        let index = self.tables.iter().map(table).sum::<usize>() + lists;
        MemoryParts {
            index,
            rounding: self.heap_bytes() - index,
            ..MemoryParts::default()
        }
    }
}
