//! Defragmentation: blobs leave a sparse page for free slots of their class, until it can be dropped.
//!
//! It begins when more than [`FREE_PERCENT`] of the pages' bytes are free slots, and every write does
//! [`MOVES`] moves of it at most. A page is emptied only if the class has as many free slots elsewhere
//! as the page has blobs, so that no page is added for it.

use super::lists::Class;
use super::page::Fill;
use super::{Arena, Handle};

/// Free slots that are left alone, in percent of the bytes of all pages.
const FREE_PERCENT: usize = 8;
/// Blobs moved by one write, at most.
const MOVES: u32 = 2;
/// Slots looked at by one write, at most.
const SLOTS_SEEN_MAX: u32 = 64;
/// Pages of a class that are compared to find a sparse one.
const PAGES_SEEN_MAX: usize = 8;
/// Writes until a search that found nothing is repeated.
const PAUSE: u16 = 256;

/// The page that is being emptied.
#[derive(Debug)]
pub(super) struct Evacuation {
    page: Option<u32>,
    /// The first slot that was not looked at.
    slot: u16,
    /// Writes until the next search.
    pause: u16,
}

impl Evacuation {
    pub(super) const NONE: Self = Self {
        page: None,
        slot: 0,
        pause: 0,
    };

    /// The page was dropped.
    pub(super) fn forget(&mut self, page: u32) {
        if self.page == Some(page) {
            self.page = None;
        }
    }
}

impl Arena {
    /// Moves a few blobs, if there is reason to; `relocated` is told each, with its old and new handle.
    #[inline]
    pub(crate) fn defragment(&mut self, relocated: impl FnMut(&[u8], Handle, Handle)) {
        if self.evacuation.page.is_some() || self.is_fragmented() {
            self.evacuate(relocated);
        }
    }

    const fn is_fragmented(&self) -> bool {
        self.free_bytes * 100 > self.page_bytes * FREE_PERCENT
    }

    fn evacuate(&mut self, mut relocated: impl FnMut(&[u8], Handle, Handle)) {
        let Some(number) = self.evacuation.page.or_else(|| self.choose_page()) else {
            return;
        };
        let (mut moves, mut seen) = (0, 0);
        while moves < MOVES && seen < SLOTS_SEEN_MAX && self.evacuation.page == Some(number) {
            seen += 1;
            let slot = self.evacuation.slot;
            self.evacuation.slot += 1;
            let Some(page) = self.pages.get(number as usize) else {
                return;
            };
            debug_assert!(slot < page.used(), "a page with blobs left in it");
            let Some(blob) = page.blob(slot) else {
                continue;
            };
            let len = blob.len();
            let class = self.classes.get(usize::from(page.class));
            let target = class.and_then(Class::fullest);
            let Some(target) = target else {
                self.stop_evacuation(number);
                return;
            };
            let places = [number as usize, target as usize];
            let Ok([from, to]) = self.pages.get_disjoint_mut(places) else {
                return;
            };
            let copied = from.blob(slot).and_then(|blob| to.insert(&[blob], len));
            let Some(copied) = copied else {
                return;
            };
            self.note_taken(target);
            let (old, new) = (
                Handle::of_slot(number, slot),
                Handle::of_slot(target, copied),
            );
            relocated(self.get(new), old, new);
            self.remove(old);
            moves += 1;
        }
    }

    /// Chooses a sparse page of the class with the most free bytes, and takes it out of its list.
    fn choose_page(&mut self) -> Option<u32> {
        if self.evacuation.pause > 0 {
            self.evacuation.pause -= 1;
            return None;
        }
        self.evacuation.pause = PAUSE;
        let can_spare = |class: &&Class| {
            class.pages > 1 && class.free_slots * class.pages as usize >= class.slots
        };
        let class = self
            .classes
            .iter()
            .filter(can_spare)
            .max_by_key(|class| class.free_bytes())?;
        let first = class.emptiest()?;
        let list = std::iter::successors(Some(first), |number| {
            self.pages.get(*number as usize).map(|page| page.after)
        });
        let (_, number) = list
            .take(PAGES_SEEN_MAX)
            .filter_map(|number| Some((self.pages.get(number as usize)?, number)))
            .filter(|(page, _)| usize::from(page.slots()) <= class.free_slots)
            .map(|(page, number)| {
                (
                    u32::from(page.live()) * 1024 / u32::from(page.slots()),
                    number,
                )
            })
            .min()?;
        self.unlink(number);
        self.pages.get_mut(number as usize)?.fill = Fill::Leaving;
        self.evacuation = Evacuation {
            page: Some(number),
            ..Evacuation::NONE
        };
        Some(number)
    }

    /// Leaves the page as it is.
    fn stop_evacuation(&mut self, number: u32) {
        self.evacuation.page = None;
        self.evacuation.pause = PAUSE;
        self.link(number);
    }
}
