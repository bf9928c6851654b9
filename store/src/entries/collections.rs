//! Collections that do not lie in their entries, by number, and what remains of those that went.

use super::remains::{FREED_AT_ONCE_MAX, FREED_FOR_ADDED, Remains};
use crate::arena::{OutOfMemory, Slab};
use crate::collection::Collection;
use crate::size_class::allocated;

/// Collections by number.
#[derive(Debug)]
pub(super) struct Collections {
    slab: Slab<Box<Collection>>,
    /// Bytes of everything here, as the allocator rounds them.
    bytes: usize,
    /// In a box, as there are hardly ever any.
    remains: Option<Box<Remains>>,
}

impl Collections {
    pub(super) const fn new() -> Self {
        Self {
            slab: Slab::new(u32::MAX),
            bytes: 0,
            remains: None,
        }
    }

    /// Makes room for one collection.
    pub(super) fn reserve(&mut self) -> Result<(), OutOfMemory> {
        self.bytes -= self.slab.heap_bytes();
        let reserved = self.slab.reserve();
        self.bytes += self.slab.heap_bytes();
        reserved
    }

    /// Puts in the one collection that there was room made for.
    pub(super) fn insert_reserved(&mut self, collection: Box<Collection>) -> u32 {
        self.bytes += Self::bytes_of(&collection);
        self.slab.insert_reserved(collection)
    }

    pub(super) fn get(&self, number: u32) -> Option<&Collection> {
        self.slab.get(number).map(|collection| &**collection)
    }

    /// Elements that are freed with the collection of this number, if there is one and it does not remain.
    #[cold]
    pub(super) fn freed_with(&self, number: u32) -> usize {
        let elements = self.get(number).map_or(0, Collection::places);
        if elements > FREED_AT_ONCE_MAX {
            0
        } else {
            elements
        }
    }

    /// Does something with a collection, and counts what it takes then.
    pub(super) fn update<R>(
        &mut self,
        number: u32,
        act: impl FnOnce(&mut Collection) -> R,
    ) -> Option<R> {
        let collection = self.slab.get_mut(number)?;
        let elements = collection.places();
        self.bytes -= Self::bytes_of(collection);
        let result = act(collection);
        self.bytes += Self::bytes_of(collection);
        let added = collection.places().saturating_sub(elements);
        self.free_for(added);
        Some(result)
    }

    /// Takes a collection out; `None` where there is none with this number.
    pub(super) fn take(&mut self, number: u32) -> Option<Box<Collection>> {
        self.bytes -= self.slab.heap_bytes();
        let collection = self.slab.remove(number);
        self.bytes += self.slab.heap_bytes();
        self.bytes -= collection.as_deref().map_or(0, Self::bytes_of);
        collection
    }

    /// Takes a collection away; a large one remains until it is [freed](Self::free).
    pub(super) fn remove(&mut self, number: u32) {
        if let Some(collection) = self.take(number)
            && collection.places() > FREED_AT_ONCE_MAX
        {
            self.bytes -= self.remains_bytes();
            self.remains.get_or_insert_default().add(*collection);
            self.bytes += self.remains_bytes();
        }
    }

    /// Frees `count` elements of what remains, or all where there are fewer; how many.
    pub(super) fn free(&mut self, count: usize) -> usize {
        self.bytes -= self.remains_bytes();
        let freed = self.remains.as_mut().map_or(0, |it| it.free(count));
        self.remains.take_if(|remains| remains.len() == 0);
        self.bytes += self.remains_bytes();
        freed
    }

    /// Frees some of what remains, for a write that added so many elements.
    pub(super) fn free_for(&mut self, added: usize) {
        if self.has_remains() {
            self.free(added * FREED_FOR_ADDED);
        }
    }

    /// Whether any remain.
    #[inline]
    pub(super) const fn has_remains(&self) -> bool {
        self.remains.is_some()
    }

    /// Number of collections that remain.
    pub(super) fn remains(&self) -> usize {
        self.remains.as_ref().map_or(0, |remains| remains.len())
    }

    /// Bytes of what remains.
    pub(super) const fn remains_bytes(&self) -> usize {
        match &self.remains {
            None => 0,
            Some(remains) => remains.heap_bytes(),
        }
    }

    pub(super) const fn heap_bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that one collection allocates.
    pub(super) fn bytes_of(collection: &Collection) -> usize {
        allocated(size_of::<Collection>()) + collection.heap_bytes()
    }

    /// Counts `len` collections again, and what remains.
    pub(super) fn assert_counters(&self, len: usize) {
        assert_eq!(self.slab.iter().count(), len, "collections");
        for collection in self.slab.iter() {
            collection.assert_counters();
        }
        let all: usize = self.slab.iter().map(|it| Self::bytes_of(it)).sum();
        let all = all + self.slab.heap_bytes() + self.remains_bytes();
        assert_eq!(self.bytes, all, "bytes of collections");
        if let Some(remains) = &self.remains {
            remains.assert_counters();
        }
    }
}
