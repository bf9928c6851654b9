//! Bringing blobs into the cache before they are read.

use std::hint::black_box;

use super::handle::Target;
use super::{Arena, Handle};

/// Bytes of a cache line.
const LINE: usize = 64;
/// Lines that are loaded of one blob; what lies behind them, the processor foresees.
const LINES_MAX: usize = 4;

impl Arena {
    /// Loads the first lines of a blob in a slot. Nothing waits for them.
    #[inline]
    pub(crate) fn touch(&self, handle: Handle) {
        if let Target::Slot { page, slot } = handle.target()
            && let Some(slot) = self
                .pages
                .get(page as usize)
                .and_then(|page| page.slot(slot))
        {
            for byte in slot.iter().step_by(LINE).take(LINES_MAX) {
                black_box(*byte);
            }
        }
    }
}
