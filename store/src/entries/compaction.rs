//! Moving entries closer together, so that pages with many free slots can be given back.

use super::Entries;
use crate::arena::BATCH;
use crate::index::{Hasher, Position};

impl Entries {
    /// Moves a batch of entries closer together, if more than so many percent of the slots are free or a page
    /// was begun; how many, and 1 at the least while a page is being emptied.
    pub(crate) fn compact(&mut self, free_percent: usize) -> usize {
        if !self.arena.is_fragmented(free_percent) && !self.arena.is_evacuating() {
            return 0;
        }
        let moves = self.evacuate();
        // Each call looks at other slots, and a page goes with the last one, so this comes to an end.
        moves.max(usize::from(self.arena.is_evacuating()))
    }

    /// Lets the next call look for a sparse page, even if the one before found none.
    pub(crate) const fn look_again(&mut self) {
        self.arena.look_again();
    }

    /// Bytes of slots that hold no entry.
    pub(crate) const fn free_bytes(&self) -> usize {
        self.arena.free_bytes()
    }

    /// Moves a few entries out of sparse pages, after a slot was freed and if far too many are.
    #[inline]
    pub(super) fn defragment(&mut self) {
        if self.arena.is_due() {
            self.evacuate();
        }
    }

    /// Moves a batch of entries out of a sparse page; how many.
    ///
    /// Everything is done for all of them before the next step, so that the reads of memory overlap: first
    /// their keys are hashed, then their buckets are touched, and only then is anything looked up or moved.
    fn evacuate(&mut self) -> usize {
        let batch = self.arena.evacuated();
        let mut positions = [Position(0); BATCH];
        for (position, handle) in positions.iter_mut().zip(batch.handles()) {
            *position = self.hasher().position(*handle);
        }
        let homes: [_; BATCH] = positions.map(|position| self.index.home(position));
        let homes = homes.iter().take(batch.handles().len());
        homes.flatten().for_each(|home| self.index.touch(*home));
        let mut moves = 0;
        let planned = batch.handles().iter().zip(batch.targets());
        for (position, (handle, target)) in positions.iter().zip(planned) {
            let place = self.index.find(*position, *handle);
            debug_assert!(place.is_some(), "a blob that the index does not know");
            if let Some((place, _)) = place
                && let Some(moved) = self.arena.relocate(*handle, target)
            {
                self.index.set_handle(place, moved);
                moves += 1;
            }
        }
        moves
    }
}
