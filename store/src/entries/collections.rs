//! Collections that do not lie in their entries, by number.

use crate::arena::{OutOfMemory, Slab};
use crate::collection::Collection;
use crate::size_class::allocated;

/// Collections by number.
#[derive(Debug)]
pub(super) struct Collections {
    slab: Slab<Box<Collection>>,
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

    /// Makes room for one collection.
    pub(super) fn reserve(&mut self) -> Result<(), OutOfMemory> {
        self.slab.reserve()
    }

    /// Puts in the one collection that there was room made for.
    pub(super) fn insert_reserved(&mut self, collection: Box<Collection>) -> u32 {
        self.bytes += Self::bytes_of(&collection);
        self.slab.insert_reserved(collection)
    }

    pub(super) fn get(&self, number: u32) -> Option<&Collection> {
        self.slab.get(number).map(|collection| &**collection)
    }

    /// Elements of the collection with this number, if there is one.
    #[cold]
    pub(super) fn elements(&self, number: u32) -> usize {
        self.get(number).map_or(0, Collection::len)
    }

    /// Does something with a collection, and counts what it takes then.
    pub(super) fn update<R>(
        &mut self,
        number: u32,
        act: impl FnOnce(&mut Collection) -> R,
    ) -> Option<R> {
        let collection = self.slab.get_mut(number)?;
        self.bytes -= Self::bytes_of(collection);
        let result = act(collection);
        self.bytes += Self::bytes_of(collection);
        Some(result)
    }

    /// Takes a collection out; `None` where there is none with this number.
    pub(super) fn remove(&mut self, number: u32) -> Option<Box<Collection>> {
        let collection = self.slab.remove(number)?;
        self.bytes -= Self::bytes_of(&collection);
        Some(collection)
    }

    pub(super) const fn heap_bytes(&self) -> usize {
        self.bytes + self.slab.heap_bytes()
    }

    /// Bytes that one collection allocates.
    pub(super) fn bytes_of(collection: &Collection) -> usize {
        allocated(size_of::<Collection>()) + collection.heap_bytes()
    }

    /// Counts `len` collections again.
    pub(super) fn assert_counters(&self, len: usize) {
        assert_eq!(self.slab.iter().count(), len, "collections");
        for collection in self.slab.iter() {
            collection.assert_counters();
        }
        let all: usize = self.slab.iter().map(|it| Self::bytes_of(it)).sum();
        assert_eq!(self.bytes, all, "bytes of collections");
    }
}
