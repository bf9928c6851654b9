//! Defragmentation: blobs leave a sparse page for free slots of their class, until it can be dropped.
//!
//! Whoever owns the arena asks for it between writes, and says how many free slots are too many. Writes do it
//! themselves only where that did not happen: when more than [`FREE_PERCENT`] of the pages' bytes are free
//! slots, every write that frees one is owed [`MOVES_A_WRITE`] moves. A write that comes later may take a free
//! slot for nothing, and a move is dear: so the later it is made, the fewer are made in vain.
//!
//! Moves are made [`BATCH`] at a time, because the owner of the blobs must find each in an index: the reads
//! of memory of a batch overlap, those of single moves wait for one another.
//!
//! ```text
//! is_due ─► evacuated: up to BATCH handles, in the order of slots ─► relocate each: a new handle
//! ```
//!
//! A page is emptied only if the class has as many free slots elsewhere as the page has blobs, so that no
//! page is added for it.

use super::handle::Target;
use super::lists::Class;
use super::page::{Fill, NO_PAGE};
use super::touch::Slot;
use super::{Arena, Handle};

/// Free slots that writes leave alone, in percent of the bytes of all pages.
const FREE_PERCENT: usize = 25;
/// Moves that a write is owed.
const MOVES_A_WRITE: u8 = 2;
/// Moves made at once, at most.
pub(crate) const BATCH: usize = 16;
/// Slots looked at for a batch, at most.
const SLOTS_SEEN_MAX: u32 = 512;
/// Pages of a class that are compared to find a sparse one.
const PAGES_SEEN_MAX: usize = 8;
/// Batches until a search that found nothing is repeated.
const PAUSE: u16 = 32;

/// The page that is being emptied.
#[derive(Debug)]
pub(super) struct Evacuation {
    page: Option<u32>,
    /// The first slot that was not looked at.
    slot: u16,
    /// Batches until the next search.
    pause: u16,
    /// Moves that writes are owed.
    owed: u8,
}

impl Evacuation {
    pub(super) const NONE: Self = Self {
        page: None,
        slot: 0,
        pause: 0,
        owed: 0,
    };

    /// The page was dropped.
    pub(super) fn forget(&mut self, page: u32) {
        if self.page == Some(page) {
            self.page = None;
        }
    }
}

/// Handles of blobs that are to move, and pages that they may move to.
///
/// Each page is meant to take one blob: its first free slot was touched, and the next one was not. So a batch
/// goes to as many pages as it has blobs, the fullest first, as far as the class has them.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    handles: [Handle; BATCH],
    targets: [Option<u32>; BATCH],
    len: usize,
}

impl Batch {
    pub(crate) fn handles(&self) -> &[Handle] {
        self.handles.get(..self.len).unwrap_or_default()
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = Option<u32>> {
        self.targets.iter().copied()
    }
}

impl Arena {
    /// Counts a write that freed a slot; whether a batch is due.
    #[inline]
    pub(crate) fn is_due(&mut self) -> bool {
        if !self.is_fragmented(FREE_PERCENT) {
            return false;
        }
        let owed = self.evacuation.owed.saturating_add(MOVES_A_WRITE);
        self.evacuation.owed = owed;
        usize::from(owed) >= BATCH
    }

    /// Whether more than so many percent of the pages are free slots.
    #[inline]
    pub(crate) const fn is_fragmented(&self, percent: usize) -> bool {
        self.free_bytes * 100 > self.page_bytes * percent
    }

    /// Whether a page was begun: until it is empty, nothing can take its free slots.
    #[inline]
    pub(crate) const fn is_evacuating(&self) -> bool {
        self.evacuation.page.is_some()
    }

    /// Lets the next batch begin with a search, even if the one before found nothing.
    pub(crate) const fn look_again(&mut self) {
        self.evacuation.pause = 0;
    }

    /// The next blobs that are to move, in the order of their slots; none where there is nothing to gain.
    pub(crate) fn evacuated(&mut self) -> Batch {
        let owed = std::mem::take(&mut self.evacuation.owed);
        let mut batch = Batch::default();
        let Some(number) = self.evacuation.page.or_else(|| self.choose_page()) else {
            return batch;
        };
        let Some(page) = self.pages.get(number as usize) else {
            return batch;
        };
        let mut slot = self.evacuation.slot;
        for _ in 0..SLOTS_SEEN_MAX {
            let Some(place) = batch.handles.get_mut(batch.len) else {
                break;
            };
            if slot >= page.used() {
                break;
            }
            if page.blob(slot).is_some() {
                *place = Handle::of_slot(number, slot);
                batch.len += 1;
            }
            slot += 1;
        }
        debug_assert!(
            batch.len > 0 || slot < page.used(),
            "a page with blobs left in it"
        );
        self.evacuation.slot = slot;
        // A page that had fewer blobs leaves the rest owed, and the next batch comes sooner.
        let moves = u8::try_from(batch.len).unwrap_or(u8::MAX);
        self.evacuation.owed = owed.saturating_sub(moves.max(1));
        let class = self.classes.get(usize::from(page.class));
        let targets = class.into_iter().flat_map(|class| self.listed(class));
        for (place, number) in batch.targets.iter_mut().take(batch.len).zip(targets) {
            *place = Some(number);
        }
        let free = |number: &u32| self.free_slot(*number);
        let targets = batch.targets.iter().flatten();
        targets.filter_map(free).for_each(Slot::touch);
        batch
    }

    /// The pages of a class with free slots, from the fullest list on.
    fn listed(&self, class: &Class) -> impl Iterator<Item = u32> {
        let listed = |first: u32| {
            let after = |number: &u32| Some(self.pages.get(*number as usize)?.after);
            let numbers = std::iter::successors(Some(first), after);
            numbers.take_while(|number| *number != NO_PAGE)
        };
        class.first.into_iter().rev().flat_map(listed)
    }

    /// Moves a blob to `target`, or else to the fullest page of its class that has room; its new handle, or
    /// `None` where there is no room: then the page stays as it is.
    pub(crate) fn relocate(&mut self, handle: Handle, target: Option<u32>) -> Option<Handle> {
        let Target::Slot { page: number, slot } = handle.target() else {
            return None;
        };
        let page = self.pages.get(number as usize)?;
        let len = page.blob(slot)?.len();
        let class = self.classes.get(usize::from(page.class));
        let has_room = |target: &u32| {
            let target = self.pages.get(*target as usize);
            target.is_some_and(|target| matches!(target.fill, Fill::Quarters(_)))
        };
        let target = target.filter(has_room);
        let Some(target) = target.or_else(|| class.and_then(Class::fullest)) else {
            self.stop_evacuation(number);
            return None;
        };
        let places = [number as usize, target as usize];
        let [from, to] = self.pages.get_disjoint_mut(places).ok()?;
        let copied = to.insert(&[from.blob(slot)?], len)?;
        self.note_taken(target);
        self.remove(handle);
        Some(Handle::of_slot(target, copied))
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
        let classes = || self.classes.iter().filter(can_spare);
        let number = classes()
            .max_by_key(|class| class.free_bytes())
            .and_then(|class| self.sparse_page(class))
            .or_else(|| classes().find_map(|class| self.sparse_page(class)))?;
        self.unlink(number);
        self.pages.get_mut(number as usize)?.fill = Fill::Leaving;
        self.evacuation = Evacuation {
            page: Some(number),
            ..Evacuation::NONE
        };
        Some(number)
    }

    /// A page of a class, one of the first of the emptiest list that has one which can be emptied.
    fn sparse_page(&self, class: &Class) -> Option<u32> {
        let page = |number: u32| self.pages.get(number as usize);
        class.first.iter().find_map(|first| {
            let list = std::iter::successors(Some(*first), |number| Some(page(*number)?.after));
            list.take(PAGES_SEEN_MAX)
                .filter_map(|number| Some((page(number)?, number)))
                .filter(|(page, _)| usize::from(page.slots()) <= class.free_slots)
                .map(|(page, number)| {
                    (
                        u32::from(page.live()) * 1024 / u32::from(page.slots()),
                        number,
                    )
                })
                .min()
                .map(|(_, number)| number)
        })
    }

    /// Leaves the page as it is.
    fn stop_evacuation(&mut self, number: u32) {
        if self.evacuation.page == Some(number) {
            self.evacuation.page = None;
            self.evacuation.pause = PAUSE;
            self.link(number);
        }
    }
}
