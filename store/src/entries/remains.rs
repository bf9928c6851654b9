//! Lazy free: large collections whose keys are gone, freed a few elements at a time.
//!
//! ```text
//! a key goes ─► its collection has up to 1024 elements: is freed with it
//!            └► or more: remains ─► │ collection │ collection │ … the last one sheds elements, then goes itself
//! ```
//!
//! To free a million elements at once would keep every client waiting for tens of milliseconds.
//!
//! | who frees | how many elements |
//! |---|---|
//! | upkeep | what its slices have time for |
//! | a write that adds to an outgrown collection | [`FREED_FOR_ADDED`] for each that it adds, so that what remains is bounded |
//! | room for a write | a few a step, before any key is evicted |
//!
//! Invariant: what remains counts as used until it is freed, as the allocator rounds it.

use crate::collection::Collection;
use crate::size_class::allocated;

/// The most elements that are freed with their key.
pub(super) const FREED_AT_ONCE_MAX: usize = 1024;
/// Elements that a write frees for each that it adds.
pub(super) const FREED_FOR_ADDED: usize = 2;

/// Collections without a key, each with elements.
#[derive(Debug, Default)]
pub(super) struct Remains {
    list: Vec<Collection>,
    /// Bytes that they allocate, as the allocator rounds them.
    bytes: usize,
}

impl Remains {
    pub(super) fn add(&mut self, collection: Collection) {
        self.bytes += collection.heap_bytes();
        self.list.push(collection);
    }

    /// Frees `count` elements, or all where there are fewer; how many.
    pub(super) fn free(&mut self, count: usize) -> usize {
        let mut freed = 0;
        while freed < count
            && let Some(collection) = self.list.last_mut()
        {
            self.bytes -= collection.heap_bytes();
            let elements = collection.places();
            collection.shed(count - freed);
            let left = collection.places();
            freed += elements - left;
            if left == 0 {
                self.list.pop();
            } else {
                self.bytes += collection.heap_bytes();
            }
        }
        freed
    }

    /// Number of collections.
    pub(super) const fn len(&self) -> usize {
        self.list.len()
    }

    /// Bytes of all of it, as the allocator rounds them.
    pub(super) const fn heap_bytes(&self) -> usize {
        allocated(size_of::<Self>())
            + allocated(self.list.capacity() * size_of::<Collection>())
            + self.bytes
    }

    /// Counts again, and compares.
    pub(super) fn assert_counters(&self) {
        assert!(!self.list.is_empty(), "remains without a collection");
        for collection in &self.list {
            assert!(collection.places() > 0, "a collection that is freed");
            collection.assert_bytes();
        }
        let all: usize = self.list.iter().map(Collection::heap_bytes).sum();
        assert_eq!(self.bytes, all, "bytes of remains");
    }
}
