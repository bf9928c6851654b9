//! Bringing blobs into the cache before they are read or written, and free slots before they are taken.

use prefetch_index::prefetch_index;

use super::handle::Target;
use super::page::Page;
use super::{Arena, Handle};

/// Bytes of a cache line.
const LINE: usize = 64;
/// Lines that are loaded of one blob; what lies behind them, the processor foresees.
const LINES_MAX: usize = 4;

impl Arena {
    /// Begins to load the slot that the next blob of a page will take, if a blob was there before.
    #[inline]
    pub(super) fn touch_free(&self, page: u32) {
        let page = self.pages.get(page as usize);
        if let Some(slot) = page.and_then(Page::first_free) {
            prefetch_index(slot, 0);
        }
    }

    /// Begins to load the first lines of a blob in a slot.
    #[inline]
    pub(crate) fn touch(&self, handle: Handle) {
        if let Target::Slot { page, slot } = handle.target()
            && let Some(slot) = self
                .pages
                .get(page as usize)
                .and_then(|page| page.slot(slot))
        {
            for line in (0..slot.len()).step_by(LINE).take(LINES_MAX) {
                prefetch_index(slot, line);
            }
            // A slot begins anywhere in a line, so it may end in one more.
            prefetch_index(slot, slot.len().min(LINE * LINES_MAX).saturating_sub(1));
        }
    }
}
