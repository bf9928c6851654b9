//! What the bytes of an arena are there for, by a look at every slot.

use super::{Arena, Class, Page};
use crate::memory_parts::MemoryParts;
use crate::size_class::allocated;

impl Arena {
    /// The bytes of everything, by part.
    pub(crate) fn memory_parts(&self) -> MemoryParts {
        let pages = self.pages.iter().map(Page::memory_parts);
        let boxes = self.boxes.iter().map(box_parts);
        let lists = self.lists_asked();
        let lists = MemoryParts {
            pages: lists,
            rounding: self.list_bytes - lists,
            ..MemoryParts::default()
        };
        pages.chain(boxes).sum::<MemoryParts>() + lists
    }

    /// Bytes of the lists, before the allocator rounds them.
    const fn lists_asked(&self) -> usize {
        self.class_places.capacity() * size_of::<u16>()
            + self.pages.capacity() * size_of::<Page>()
            + self.classes.capacity() * size_of::<Class>()
            + self.boxes.asked_bytes()
    }

    /// Holds the parts against the counters, which know nothing of single slots.
    pub(super) fn assert_parts(&self) {
        let parts = self.memory_parts();
        assert_eq!(parts.total(), self.heap_bytes(), "parts of an arena");
        let taken = |class: &Class| (class.slots - class.free_slots) * class.slot_bytes as usize;
        let slots: usize = self.classes.iter().map(taken).sum();
        let boxes: usize = self.boxes.iter().map(Vec::capacity).sum();
        assert_eq!(parts.entries + parts.slack, slots + boxes, "what is taken");
        assert!(parts.pages >= self.free_bytes, "what is free");
    }
}

impl Page {
    /// The bytes of a page; none of one that was dropped.
    fn memory_parts(&self) -> MemoryParts {
        let blobs = (0..self.used()).filter_map(|slot| self.blob(slot));
        let entries = blobs.map(<[u8]>::len).sum();
        let taken = usize::from(self.live()) * self.slot_bytes();
        MemoryParts {
            entries,
            slack: taken - entries,
            pages: self.capacity() - taken,
            rounding: allocated(self.capacity()) - self.capacity(),
            ..MemoryParts::default()
        }
    }
}

fn box_parts(blob: &Vec<u8>) -> MemoryParts {
    MemoryParts {
        entries: blob.len(),
        slack: blob.capacity() - blob.len(),
        rounding: allocated(blob.capacity()) - blob.capacity(),
        ..MemoryParts::default()
    }
}
