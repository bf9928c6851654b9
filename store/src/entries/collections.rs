//! Collections that do not lie in their entries, by number.

use crate::arena::{OutOfMemory, Slab};
use crate::hash_value::HashValue;
use crate::size_class::allocated;

/// Collections by number.
#[derive(Debug)]
pub(super) struct Collections {
    slab: Slab<Box<HashValue>>,
    /// Bytes that the collections allocate, as the allocator rounds them.
    bytes: usize,
}

impl Collections {
    pub(super) const fn new() -> Self {
        Self {
            slab: Slab::new(u32::MAX),
            bytes: 0,
        }
    }

    pub(super) fn insert(&mut self, hash: HashValue) -> Result<u32, OutOfMemory> {
        let bytes = Self::bytes_of(&hash);
        let number = self.slab.insert(Box::new(hash))?;
        self.bytes += bytes;
        Ok(number)
    }

    pub(super) fn get(&self, number: u32) -> Option<&HashValue> {
        self.slab.get(number).map(|hash| &**hash)
    }

    /// Does something with a collection, and counts what it takes then.
    pub(super) fn update<R>(
        &mut self,
        number: u32,
        act: impl FnOnce(&mut HashValue) -> R,
    ) -> Option<R> {
        let hash = self.slab.get_mut(number)?;
        self.bytes -= Self::bytes_of(hash);
        let result = act(hash);
        self.bytes += Self::bytes_of(hash);
        Some(result)
    }

    pub(super) fn remove(&mut self, number: u32) {
        if let Some(hash) = self.slab.remove(number) {
            self.bytes -= Self::bytes_of(&hash);
        }
    }

    pub(super) const fn heap_bytes(&self) -> usize {
        self.bytes + self.slab.heap_bytes()
    }

    /// Bytes that one collection allocates.
    pub(super) const fn bytes_of(hash: &HashValue) -> usize {
        allocated(size_of::<HashValue>()) + hash.heap_bytes()
    }

    /// Counts `len` collections again.
    pub(super) fn assert_counters(&self, len: usize) {
        assert_eq!(self.slab.iter().count(), len, "collections");
        let bytes =
            |hash: &HashValue| allocated(size_of::<HashValue>()) + hash.recount_heap_bytes();
        let all: usize = self.slab.iter().map(|hash| bytes(hash)).sum();
        assert_eq!(self.bytes, all, "bytes of collections");
        let all_full = self.slab.iter().all(|hash| !hash.is_empty());
        assert!(all_full, "an empty hash");
    }
}
