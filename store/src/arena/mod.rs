//! An arena: blobs of bytes in slots of pages, and a handle of 32 bits for each.
//!
//! A handle is good until the next write. A blob has no address and no length kept apart: its page
//! knows the size of its slots, and the slot how many bytes of it are left over. The blob's owner
//! leaves the two top bits of the first byte to the arena, and never sets all six bits below them.
//!
//! ```text
//! handle ─► pages ─► page of 1 to 256 KiB: │ slot │ slot │ free │ slot │ …     blobs to 16 KiB
//!        └► boxes ─► an allocation of its own                                  larger blobs
//! ```
//!
//! | module | owns |
//! |---|---|
//! | `handle` | the bits of a handle |
//! | `class` | sizes of slots and of pages |
//! | `page` | slots, and the chain of free ones in them |
//! | `lists` | the pages of a class by how full they are |
//! | `evacuation` | moving blobs out of sparse pages |
//! | `slab` | boxes by number |
//! | `parts` | what the bytes are there for |
//! | `touch` | loading what a read will need |
//!
//! A page that empties goes back to the allocator. A write takes a free slot of the fullest page that
//! has one, so that sparse pages empty by themselves.

mod class;
mod evacuation;
mod handle;
mod lists;
mod page;
mod parts;
mod slab;
#[cfg(test)]
mod tests;
mod touch;

use class::SizeClass;
pub(crate) use evacuation::BATCH;
use evacuation::Evacuation;
pub use handle::Hint;
use handle::Target;
pub(crate) use handle::{Handle, Limits};
use lists::Class;
use page::{NO_PAGE, Page};
pub(crate) use slab::Slab;
pub(crate) use touch::Slot;

use crate::size_class::allocated;

/// The owner's bits of a blob's first byte, which are never all set.
pub(crate) const RESERVED: u8 = 0x3F;

/// There is no memory left, or no number to call it by; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("out of memory")]
pub(crate) struct OutOfMemory;

/// Blobs by handle.
#[derive(Debug)]
pub(crate) struct Arena {
    limits: Limits,
    pages: Vec<Page>,
    /// The first number of a page that was dropped.
    vacant_page: u32,
    /// The classes in use, in the order of their first blob.
    classes: Vec<Class>,
    /// Where in `classes` a class is, by the class's number.
    /// Empty while no class is.
    class_places: Vec<u16>,
    boxes: Slab<Vec<u8>>,
    /// Bytes of pages, as the allocator rounds them.
    page_bytes: usize,
    /// Bytes of boxes, as the allocator rounds them.
    box_bytes: usize,
    /// Bytes of the lists of pages, classes and boxes, as the allocator rounds them.
    list_bytes: usize,
    /// Bytes of slots that hold no blob.
    free_bytes: usize,
    evacuation: Evacuation,
}

/// The class is not in use.
const NO_CLASS: u16 = u16::MAX;

impl Arena {
    pub(crate) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            pages: Vec::new(),
            vacant_page: NO_PAGE,
            classes: Vec::new(),
            class_places: Vec::new(),
            boxes: Slab::new(limits.boxes),
            page_bytes: 0,
            box_bytes: 0,
            list_bytes: 0,
            free_bytes: 0,
            evacuation: Evacuation::NONE,
        }
    }

    /// The blob, with whatever is in the two top bits of its first byte.
    ///
    /// A stale handle reads another blob, or an empty one.
    #[inline]
    pub(crate) fn get(&self, handle: Handle) -> &[u8] {
        let blob = match handle.target() {
            Target::Slot { page, slot } => self
                .pages
                .get(page as usize)
                .and_then(|page| page.blob(slot)),
            Target::Box(number) => self.boxes.get(number).map(Vec::as_slice),
        };
        debug_assert!(blob.is_some(), "stale {handle:?}");
        blob.unwrap_or_default()
    }

    /// The blob in the slot that a hint points to, which may be another than was meant; `None` where there is none.
    #[inline]
    pub(crate) fn hinted(&self, hint: Hint) -> Option<(Handle, &[u8])> {
        let Target::Slot { page, slot } = hint.0.target() else {
            return None;
        };
        let blob = self.pages.get(page as usize)?.blob(slot)?;
        Some((hint.0, blob))
    }

    /// The blob, to change bytes of it; the two top bits of the first one must stay.
    #[inline]
    pub(crate) fn get_mut(&mut self, handle: Handle) -> &mut [u8] {
        let blob = match handle.target() {
            Target::Slot { page, slot } => self
                .pages
                .get_mut(page as usize)
                .and_then(|page| page.blob_mut(slot)),
            Target::Box(number) => self.boxes.get_mut(number).map(Vec::as_mut_slice),
        };
        debug_assert!(blob.is_some(), "stale {handle:?}");
        blob.unwrap_or_default()
    }

    /// Puts a blob in, which is given in parts and has at least one byte.
    pub(crate) fn insert(&mut self, parts: &[&[u8]]) -> Result<Handle, OutOfMemory> {
        let len = len_of(parts);
        debug_assert!(len > 0, "an empty blob has no first byte");
        let Some(size) = SizeClass::of(len) else {
            let mut blob = Vec::new();
            fill_box(&mut blob, parts, len)?;
            return self.insert_box(blob);
        };
        let number = self.page_with_room(size)?;
        let page = self.pages.get_mut(number as usize).ok_or(OutOfMemory)?;
        let slot = page.insert(parts, len).ok_or(OutOfMemory)?;
        self.note_taken(number);
        Ok(Handle::of_slot(number, slot))
    }

    /// Puts another blob in the place of one; the handle changes where the size does.
    pub(crate) fn rewrite(
        &mut self,
        handle: Handle,
        parts: &[&[u8]],
    ) -> Result<Handle, OutOfMemory> {
        let len = len_of(parts);
        match handle.target() {
            Target::Slot { page, slot } => {
                if let Some(page) = self.pages.get_mut(page as usize)
                    && SizeClass::fits(len, page.slot_bytes())
                {
                    page.rewrite(slot, parts, len);
                    return Ok(handle);
                }
            }
            Target::Box(number) => {
                if SizeClass::of(len).is_none()
                    && let Some(blob) = self.boxes.get_mut(number)
                {
                    let before = allocated(blob.capacity());
                    let filled = fill_box(blob, parts, len);
                    self.box_bytes = self.box_bytes - before + allocated(blob.capacity());
                    return filled.map(|()| handle);
                }
            }
        }
        let moved = self.insert(parts)?;
        self.remove(handle);
        Ok(moved)
    }

    /// Puts `tail` in the place of what follows the first `kept` bytes of a blob; the blob, to change as
    /// [`get_mut`](Self::get_mut) allows. `None`, and nothing is changed, where it lies in no slot or in one
    /// of another size than it would take.
    #[inline]
    pub(crate) fn rewrite_tail(
        &mut self,
        handle: Handle,
        kept: usize,
        tail: &[u8],
    ) -> Option<&mut [u8]> {
        let Target::Slot { page, slot } = handle.target() else {
            return None;
        };
        let page = self.pages.get_mut(page as usize)?;
        if !SizeClass::fits(kept + tail.len(), page.slot_bytes()) {
            return None;
        }
        page.rewrite_tail(slot, kept, tail)
    }

    /// Adds bytes to the end of a blob; the handle changes where the size does.
    pub(crate) fn append(&mut self, handle: Handle, tail: &[u8]) -> Result<Handle, OutOfMemory> {
        let old_len = self.get(handle).len();
        let len = old_len + tail.len();
        let (number, slot) = match handle.target() {
            Target::Slot { page, slot } => (page, slot),
            Target::Box(number) => {
                let blob = self.boxes.get_mut(number).ok_or(OutOfMemory)?;
                let before = allocated(blob.capacity());
                grow_box(blob, len)?;
                blob.extend_from_slice(tail);
                self.box_bytes = self.box_bytes - before + allocated(blob.capacity());
                return Ok(handle);
            }
        };
        let page = self.pages.get_mut(number as usize).ok_or(OutOfMemory)?;
        if SizeClass::fits(len, page.slot_bytes()) {
            page.append(slot, tail);
            return Ok(handle);
        }
        let Some(size) = SizeClass::of(len) else {
            let blob = [self.get(handle), tail].concat();
            let moved = self.insert_box(blob)?;
            self.remove(handle);
            return Ok(moved);
        };
        let target = self.page_with_room(size)?;
        let places = [number as usize, target as usize];
        let [from, to] = self
            .pages
            .get_disjoint_mut(places)
            .map_err(|_| OutOfMemory)?;
        let blob = from.blob(slot).ok_or(OutOfMemory)?;
        let moved = to.insert(&[blob, tail], len).ok_or(OutOfMemory)?;
        self.note_taken(target);
        self.remove(handle);
        Ok(Handle::of_slot(target, moved))
    }

    /// Takes a blob out.
    pub(crate) fn remove(&mut self, handle: Handle) {
        match handle.target() {
            Target::Slot { page: number, slot } => {
                let page = self.pages.get_mut(number as usize);
                let removed = page.and_then(|page| page.remove(slot));
                debug_assert!(removed.is_some(), "stale {handle:?}");
                if removed.is_some() {
                    self.note_freed(number);
                }
            }
            Target::Box(number) => {
                let blob = self.boxes.remove(number);
                debug_assert!(blob.is_some(), "stale {handle:?}");
                self.box_bytes -= blob.map_or(0, |blob| allocated(blob.capacity()));
                self.count_lists();
            }
        }
    }

    /// Takes every blob out.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Bytes of slots and boxes that a blob takes.
    pub(crate) fn footprint(&self, handle: Handle) -> usize {
        match handle.target() {
            Target::Slot { page, .. } => {
                let page = self.pages.get(page as usize);
                page.map_or(0, Page::slot_bytes)
            }
            Target::Box(number) => {
                let blob = self.boxes.get(number);
                blob.map_or(0, |blob| allocated(blob.capacity()))
            }
        }
    }

    /// Bytes of everything, as the allocator rounds them.
    pub(crate) const fn heap_bytes(&self) -> usize {
        self.page_bytes + self.box_bytes + self.list_bytes
    }

    /// Bytes of slots that hold no blob: what the next writes can take, or defragmentation give back.
    pub(crate) const fn free_bytes(&self) -> usize {
        self.free_bytes
    }

    /// Counts everything again, and compares: the oracle of the counters, for tests.
    ///
    /// # Panics
    ///
    /// Where a counter is wrong.
    pub(crate) fn assert_counters(&self) {
        let pages = self.pages.iter().filter(|page| !page.is_vacant());
        for page in pages.clone() {
            page.assert_counters();
            assert!(page.live() > 0, "an empty page is dropped");
        }
        let page_bytes: usize = pages.clone().map(|page| allocated(page.capacity())).sum();
        assert_eq!(self.page_bytes, page_bytes, "bytes of pages");
        let free = |page: &Page| usize::from(page.slots() - page.live()) * page.slot_bytes();
        assert_eq!(self.free_bytes, pages.map(free).sum(), "free bytes");
        let box_bytes: usize = self.boxes.iter().map(|b| allocated(b.capacity())).sum();
        assert_eq!(self.box_bytes, box_bytes, "bytes of boxes");
        assert_eq!(self.list_bytes, self.lists_now(), "bytes of lists");
        self.assert_lists();
        self.assert_parts();
    }

    fn insert_box(&mut self, blob: Vec<u8>) -> Result<Handle, OutOfMemory> {
        let bytes = allocated(blob.capacity());
        let number = self.boxes.insert(blob)?;
        self.box_bytes += bytes;
        self.count_lists();
        Ok(Handle::of_box(number))
    }

    /// Notes what the lists take, after one of them may have grown or was given back.
    fn count_lists(&mut self) {
        self.list_bytes = self.lists_now();
    }

    const fn lists_now(&self) -> usize {
        allocated(self.class_places.capacity() * size_of::<u16>())
            + allocated(self.pages.capacity() * size_of::<Page>())
            + allocated(self.classes.capacity() * size_of::<Class>())
            + self.boxes.heap_bytes()
    }
}

fn len_of(parts: &[&[u8]]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Lets a box hold `parts`, in an allocation that is not much larger.
fn fill_box(blob: &mut Vec<u8>, parts: &[&[u8]], len: usize) -> Result<(), OutOfMemory> {
    if blob.capacity() < len || blob.capacity() / 2 > len {
        let mut room = Vec::new();
        room.try_reserve_exact(len).map_err(|_| OutOfMemory)?;
        *blob = room;
    }
    blob.clear();
    for part in parts {
        blob.extend_from_slice(part);
    }
    Ok(())
}

/// Makes room for `len` bytes, and an eighth more, so that many small appends copy little.
fn grow_box(blob: &mut Vec<u8>, len: usize) -> Result<(), OutOfMemory> {
    if blob.capacity() >= len {
        return Ok(());
    }
    let room = allocated(len + len / 8);
    blob.try_reserve_exact(room - blob.len())
        .map_err(|_| OutOfMemory)
}
