//! The pages of a class, in lists by how full they are.
//!
//! A page is in the list of its quarter, from the emptiest (0) to the fullest (3); full pages and the
//! one that is being emptied are in none. The lists run through the pages themselves.

use super::class::SizeClass;
use super::page::{Fill, NO_PAGE, Page};
use super::{Arena, NO_CLASS, OutOfMemory, class};
use crate::size_class::allocated;

/// Lists of a class.
const LISTS: usize = 4;

/// A size class in use.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) slot_bytes: u32,
    pub(super) pages: u32,
    /// Slots of all pages, and how many of them are free.
    pub(super) slots: usize,
    pub(super) free_slots: usize,
    /// The first page of each list.
    pub(super) first: [u32; LISTS],
    /// The page to which a slot was freed last, if it is still a page of the class.
    freed: u32,
}

impl Class {
    const fn new(slot_bytes: u32) -> Self {
        Self {
            slot_bytes,
            pages: 0,
            slots: 0,
            free_slots: 0,
            first: [NO_PAGE; LISTS],
            freed: NO_PAGE,
        }
    }

    /// The first page of the fullest quarter that has one with room.
    pub(super) fn fullest(&self) -> Option<u32> {
        self.first.iter().rev().copied().find(|p| *p != NO_PAGE)
    }

    pub(super) const fn free_bytes(&self) -> usize {
        self.free_slots * self.slot_bytes as usize
    }
}

impl Arena {
    /// A page with a free slot of this size.
    pub(super) fn page_with_room(&mut self, size: SizeClass) -> Result<u32, OutOfMemory> {
        let place = self.class_place(size)?;
        let class = self.classes.get(usize::from(place)).ok_or(OutOfMemory)?;
        let Some(fullest) = class.fullest() else {
            return self.add_page(place, size);
        };
        // A slot that was freed last is in the processor's caches, and not one that was freed long ago.
        let quarters = |number: u32| match self.pages.get(number as usize) {
            Some(page) if page.class == place => match page.fill {
                Fill::Quarters(quarters) => Some(quarters),
                Fill::Full | Fill::Leaving => None,
            },
            _ => None,
        };
        Ok(if quarters(class.freed) >= quarters(fullest) {
            class.freed
        } else {
            fullest
        })
    }

    /// Where in `classes` a class is; it is added if it is not there.
    fn class_place(&mut self, size: SizeClass) -> Result<u16, OutOfMemory> {
        if self.class_places.is_empty() {
            let reserved = self.class_places.try_reserve_exact(class::COUNT);
            reserved.map_err(|_| OutOfMemory)?;
            self.class_places.resize(class::COUNT, NO_CLASS);
        }
        let place = self.class_places.get_mut(size.index).ok_or(OutOfMemory)?;
        if *place == NO_CLASS {
            let slot_bytes = u32::try_from(size.slot_bytes).map_err(|_| OutOfMemory)?;
            let added = u16::try_from(self.classes.len()).map_err(|_| OutOfMemory)?;
            if self.classes.len() == self.classes.capacity() {
                let more = self.classes.len() / 2 + 1;
                if self.classes.try_reserve_exact(more).is_err() {
                    // The places were added perhaps.
                    self.count_lists();
                    return Err(OutOfMemory);
                }
            }
            self.classes.push(Class::new(slot_bytes));
            *place = added;
            self.count_lists();
            return Ok(added);
        }
        Ok(*place)
    }

    fn add_page(&mut self, place: u16, size: SizeClass) -> Result<u32, OutOfMemory> {
        let class = self
            .classes
            .get_mut(usize::from(place))
            .ok_or(OutOfMemory)?;
        let shape @ (_, slots) = size.page(class.slots * size.slot_bytes);
        let number = if self.vacant_page == NO_PAGE {
            u32::try_from(self.pages.len()).map_err(|_| OutOfMemory)?
        } else {
            self.vacant_page
        };
        if number >= self.limits.pages {
            return Err(OutOfMemory);
        }
        let page = Page::new(place, size.slot_bytes, shape)?;
        let page_bytes = allocated(page.capacity());
        if let Some(vacant) = self.pages.get_mut(number as usize) {
            self.vacant_page = vacant.after;
            *vacant = page;
        } else {
            if self.pages.len() == self.pages.capacity() {
                let more = self.pages.len() / 8 + 2;
                let reserved = self.pages.try_reserve_exact(more);
                reserved.map_err(|_| OutOfMemory)?;
            }
            self.pages.push(page);
        }
        class.pages += 1;
        class.slots += slots;
        class.free_slots += slots;
        self.page_bytes += page_bytes;
        self.free_bytes += slots * size.slot_bytes;
        self.count_lists();
        self.link(number);
        Ok(number)
    }

    /// Counts a slot of the page that was taken.
    pub(super) fn note_taken(&mut self, number: u32) {
        let Some(page) = self.pages.get(number as usize) else {
            return;
        };
        self.free_bytes -= page.slot_bytes();
        if let Some(class) = self.classes.get_mut(usize::from(page.class)) {
            class.free_slots -= 1;
        }
        self.relink(number);
    }

    /// Counts a slot of the page that was freed; drops the page with the last one.
    pub(super) fn note_freed(&mut self, number: u32) {
        let Some(page) = self.pages.get(number as usize) else {
            return;
        };
        self.free_bytes += page.slot_bytes();
        if let Some(class) = self.classes.get_mut(usize::from(page.class)) {
            class.free_slots += 1;
            class.freed = number;
        }
        if page.live() == 0 {
            self.drop_page(number);
        } else {
            self.relink(number);
        }
    }

    fn drop_page(&mut self, number: u32) {
        self.unlink(number);
        self.evacuation.forget(number);
        let vacant = Page::vacant(self.vacant_page);
        let Some(place) = self.pages.get_mut(number as usize) else {
            return;
        };
        let page = std::mem::replace(place, vacant);
        self.vacant_page = number;
        let slots = usize::from(page.slots());
        self.page_bytes -= allocated(page.capacity());
        self.free_bytes -= slots * page.slot_bytes();
        if let Some(class) = self.classes.get_mut(usize::from(page.class)) {
            class.pages -= 1;
            class.slots -= slots;
            class.free_slots -= slots;
        }
        if self.page_bytes == 0 {
            self.pages = Vec::new();
            self.vacant_page = NO_PAGE;
            self.classes = Vec::new();
            self.class_places = Vec::new();
            self.count_lists();
        }
    }

    /// Moves a page to the list that its fill asks for.
    fn relink(&mut self, number: u32) {
        let Some(page) = self.pages.get(number as usize) else {
            return;
        };
        if page.fill != Fill::Leaving && page.fill != page.fill_now() {
            self.unlink(number);
            self.link(number);
        }
    }

    /// Puts a page that is in no list in the one that its fill asks for.
    pub(super) fn link(&mut self, number: u32) {
        let Some(page) = self.pages.get_mut(number as usize) else {
            return;
        };
        page.fill = page.fill_now();
        page.before = NO_PAGE;
        page.after = NO_PAGE;
        let Fill::Quarters(quarters) = page.fill else {
            return;
        };
        let class = self.classes.get_mut(usize::from(page.class));
        let Some(first) = class.and_then(|class| class.first.get_mut(usize::from(quarters))) else {
            return;
        };
        let second = std::mem::replace(first, number);
        page.after = second;
        if let Some(second) = self.pages.get_mut(second as usize) {
            second.before = number;
        }
    }

    /// Takes a page out of the list that it is in, if any.
    pub(super) fn unlink(&mut self, number: u32) {
        let Some(page) = self.pages.get(number as usize) else {
            return;
        };
        let Fill::Quarters(quarters) = page.fill else {
            return;
        };
        let (before, after) = (page.before, page.after);
        let class = self.classes.get_mut(usize::from(page.class));
        if let Some(before) = self.pages.get_mut(before as usize) {
            before.after = after;
        } else if let Some(first) =
            class.and_then(|class| class.first.get_mut(usize::from(quarters)))
        {
            *first = after;
        }
        if let Some(after) = self.pages.get_mut(after as usize) {
            after.before = before;
        }
    }

    /// Checks that every page is in the list that it should be in, and counts by class.
    pub(super) fn assert_lists(&self) {
        let mut listed = 0;
        for (place, class) in self.classes.iter().enumerate() {
            let of_class = |page: &&Page| !page.is_vacant() && usize::from(page.class) == place;
            let pages = self.pages.iter().filter(of_class);
            let slots = pages.clone().map(|page| usize::from(page.slots())).sum();
            assert_eq!(class.slots, slots, "slots of a class");
            let live: usize = pages.clone().map(|page| usize::from(page.live())).sum();
            assert_eq!(class.free_slots, slots - live, "free slots of a class");
            assert_eq!(class.pages as usize, pages.count(), "pages of a class");
            for (quarters, first) in (0..).zip(class.first) {
                let (mut number, mut before) = (first, NO_PAGE);
                while let Some(page) = self.pages.get(number as usize) {
                    assert_eq!(page.fill, Fill::Quarters(quarters), "list of a page");
                    assert_eq!(page.fill, page.fill_now(), "fill of a page");
                    assert_eq!(page.before, before, "neighbours");
                    assert_eq!(usize::from(page.class), place, "class of a page");
                    (before, number) = (number, page.after);
                    listed += 1;
                }
            }
        }
        let in_list = |page: &&Page| matches!(page.fill, Fill::Quarters(_));
        assert_eq!(listed, self.pages.iter().filter(in_list).count(), "lists");
        let (mut vacant, mut number) = (0, self.vacant_page);
        while let Some(page) = self.pages.get(number as usize) {
            assert!(page.is_vacant(), "a vacant page");
            vacant += 1;
            number = page.after;
        }
        let is_vacant = |page: &&Page| page.is_vacant();
        assert_eq!(vacant, self.pages.iter().filter(is_vacant).count(), "chain");
    }
}
