//! Bringing blobs into the cache before they are read or written, and free slots before they are taken.

use prefetch_index::prefetch_index;

use super::handle::Target;
use super::page::Page;
use super::{Arena, Handle};

/// Bytes of a cache line.
const LINE: usize = 64;
/// Lines that are loaded of one blob; what lies behind them, the processor foresees.
const LINES_MAX: usize = 4;

/// The bytes of a slot, found without a look at them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<'a>(&'a [u8]);

impl Arena {
    /// The slot of a blob; none for one with a box of its own.
    #[inline]
    pub(crate) fn slot(&self, handle: Handle) -> Option<Slot<'_>> {
        let Target::Slot { page, slot } = handle.target() else {
            return None;
        };
        self.pages.get(page as usize)?.slot(slot).map(Slot)
    }

    /// The slot that the next blob of a page will take, if a blob was there before.
    #[inline]
    pub(super) fn free_slot(&self, page: u32) -> Option<Slot<'_>> {
        let page = self.pages.get(page as usize);
        page.and_then(Page::first_free).map(Slot)
    }
}

impl Slot<'_> {
    /// Begins to load the first line.
    #[inline]
    pub(crate) fn touch(self) {
        prefetch_index(self.0, 0);
    }

    /// Begins to load the lines behind the first.
    #[inline]
    pub(crate) fn touch_rest(self) {
        let end = self.0.len().min(LINE * LINES_MAX);
        let mut line = LINE;
        while line < end {
            prefetch_index(self.0, line);
            line += LINE;
        }
        // A slot begins anywhere in a line, so it may end in one more.
        prefetch_index(self.0, end.saturating_sub(1));
    }
}
