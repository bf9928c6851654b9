//! The members of a large sorted set by number, in pages that come and go one at a time.
//!
//! ```text
//! number   │ page │ 9 bits: place in the page │
//! page     24 bytes a place, 512 places; the last page has what it needs, and grows by doubling
//! place    │ score 8 │ text 16 │   or vacant: │ previous 4 │ next 4 │ in the chain of vacant ones
//! ```
//!
//! Numbers are used again. Where members are fewer than half of the places, whoever removes one also takes away the
//! last places: a member there [moves](Members::move_last) to a vacant one, and has another number then, which is for
//! the owner of the numbers to note. So a removal moves two members at most, and none while as many come as go.
//!
//! Invariant: all pages but the last are full, and none is empty.

use crate::arena::OutOfMemory;
use crate::size_class::allocated;

/// Places of a page: 12 KiB of them, which is a size of the allocator.
const PAGE_LEN: usize = 512;
/// Vacant places that are always left, so that small sets move nothing.
const VACANT_MIN: usize = 16;
/// Pages of at least so many places shrink when a quarter is taken.
const SHRINK_MIN: usize = 16;
/// No number.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) score: f64,
    pub(super) text: Box<[u8]>,
}

#[derive(Debug, Clone)]
enum Place {
    Taken(Member),
    /// With the vacant places before and behind it in the chain.
    Vacant {
        previous: u32,
        next: u32,
    },
}

const _: () = assert!(size_of::<Place>() == 24);

/// Members by number.
#[derive(Debug)]
pub(super) struct Members {
    pages: Vec<Vec<Place>>,
    /// Bytes of the pages, as the allocator rounds them.
    page_bytes: usize,
    /// The first vacant place.
    vacant: u32,
    vacant_len: u32,
}

fn bytes_of(page: &Vec<Place>) -> usize {
    allocated(page.capacity() * size_of::<Place>())
}

const fn split(number: u32) -> (usize, usize) {
    (number as usize / PAGE_LEN, number as usize % PAGE_LEN)
}

/// A copy has no room to grow, so that it takes less than what it is a copy of.
impl Clone for Members {
    fn clone(&self) -> Self {
        let pages = self.pages.clone();
        Self {
            page_bytes: pages.iter().map(bytes_of).sum(),
            pages,
            vacant: self.vacant,
            vacant_len: self.vacant_len,
        }
    }
}

impl Members {
    pub(super) const fn new() -> Self {
        Self {
            pages: Vec::new(),
            page_bytes: 0,
            vacant: NONE,
            vacant_len: 0,
        }
    }

    /// Bytes of the pages and their list; what the members own is not in it.
    pub(super) const fn heap_bytes(&self) -> usize {
        self.page_bytes + allocated(self.pages.capacity() * size_of::<Vec<Place>>())
    }

    /// Places, taken and vacant.
    pub(super) fn places(&self) -> usize {
        let last = self.pages.last().map_or(PAGE_LEN, Vec::len);
        (self.pages.len() * PAGE_LEN + last) - PAGE_LEN
    }

    fn place_mut(&mut self, number: u32) -> Option<&mut Place> {
        let (page, at) = split(number);
        self.pages.get_mut(page)?.get_mut(at)
    }

    pub(super) fn get(&self, number: u32) -> Option<&Member> {
        let (page, at) = split(number);
        match self.pages.get(page)?.get(at)? {
            Place::Taken(member) => Some(member),
            Place::Vacant { .. } => None,
        }
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut Member> {
        match self.place_mut(number)? {
            Place::Taken(member) => Some(member),
            Place::Vacant { .. } => None,
        }
    }

    /// Puts a member in; its number.
    pub(super) fn insert(&mut self, member: Member) -> Result<u32, OutOfMemory> {
        let number = self.vacant;
        if number != NONE {
            self.unchain(number);
            if let Some(place) = self.place_mut(number) {
                *place = Place::Taken(member);
            }
            return Ok(number);
        }
        let number = u32::try_from(self.places()).map_err(|_| OutOfMemory)?;
        if number == NONE {
            return Err(OutOfMemory);
        }
        if self.pages.last().is_none_or(|page| page.len() >= PAGE_LEN) {
            let reserved = match self.pages.len() {
                0 => self.pages.try_reserve_exact(1),
                _ => self.pages.try_reserve(1),
            };
            reserved.map_err(|_| OutOfMemory)?;
            self.pages.push(Vec::new());
        }
        let pushed = self.with_last(|page| {
            if page.len() == page.capacity() {
                let room = (page.len() * 2).clamp(4, PAGE_LEN);
                let more = page.try_reserve_exact(room - page.len());
                more.map_err(|_| OutOfMemory)?;
            }
            page.push(Place::Taken(member));
            Ok(number)
        });
        pushed.unwrap_or(Err(OutOfMemory))
    }

    /// Takes a member out.
    pub(super) fn remove(&mut self, number: u32) -> Option<Member> {
        let next = self.vacant;
        let place = self.place_mut(number)?;
        if let Place::Vacant { .. } = place {
            return None;
        }
        let vacant = Place::Vacant {
            previous: NONE,
            next,
        };
        let Place::Taken(member) = std::mem::replace(place, vacant) else {
            return None;
        };
        if let Some(Place::Vacant { previous, .. }) = self.place_mut(next) {
            *previous = number;
        }
        self.vacant = number;
        self.vacant_len += 1;
        Some(member)
    }

    /// Whether so many places are vacant that [`move_last`](Self::move_last) should take some away.
    pub(super) fn is_sparse(&self) -> bool {
        let vacant = self.vacant_len as usize;
        vacant > VACANT_MIN && vacant * 2 > self.places()
    }

    /// Takes the last place away, where any is vacant. A member that is there goes to a vacant one: the numbers that
    /// it had and has then.
    pub(super) fn move_last(&mut self) -> Option<(u32, u32)> {
        let last = u32::try_from(self.places().checked_sub(1)?).ok()?;
        if self.vacant == NONE {
            return None;
        }
        if self.get(last).is_none() {
            self.unchain(last);
            self.with_last(Vec::pop);
            return None;
        }
        let number = self.vacant;
        self.unchain(number);
        let moved = self.with_last(Vec::pop)?;
        if let (Some(place), Some(moved)) = (self.place_mut(number), moved) {
            *place = moved;
        }
        Some((last, number))
    }

    /// Takes a vacant place out of the chain.
    fn unchain(&mut self, number: u32) {
        let Some(&mut Place::Vacant { previous, next }) = self.place_mut(number) else {
            return;
        };
        if let Some(Place::Vacant { previous: back, .. }) = self.place_mut(next) {
            *back = previous;
        }
        match self.place_mut(previous) {
            Some(Place::Vacant { next: ahead, .. }) => *ahead = next,
            _ => self.vacant = next,
        }
        self.vacant_len -= 1;
    }

    /// Changes the last page, and counts what it takes then; it goes where it is empty.
    fn with_last<R>(&mut self, act: impl FnOnce(&mut Vec<Place>) -> R) -> Option<R> {
        let page = self.pages.last_mut()?;
        self.page_bytes -= bytes_of(page);
        let result = act(page);
        if page.is_empty() {
            self.pages.pop();
            if self.pages.len() <= self.pages.capacity() / 4 {
                self.pages.shrink_to(self.pages.len() * 2);
            }
            return Some(result);
        }
        if page.capacity() >= SHRINK_MIN && page.len() <= page.capacity() / 4 {
            page.shrink_to(page.len() * 2);
        }
        self.page_bytes += bytes_of(page);
        Some(result)
    }

    /// Takes the last `count` places away, or all where there are fewer; `gone` gets the members in them. What is
    /// left is good for nothing but to be taken away, too.
    pub(super) fn shed(&mut self, count: usize, mut gone: impl FnMut(Member)) {
        // The chain of vacant places may lead to one that goes.
        self.vacant = NONE;
        let mut left = count;
        while left > 0
            && let Some(taken) = self.with_last(|page| {
                let kept = page.len().saturating_sub(left);
                let taken = page.len() - kept;
                for place in page.drain(kept..) {
                    if let Place::Taken(member) = place {
                        gone(member);
                    }
                }
                taken
            })
        {
            left -= taken;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.pages.iter().flatten().filter_map(|place| match place {
            Place::Taken(member) => Some(member),
            Place::Vacant { .. } => None,
        })
    }

    /// Counts the bytes again, and compares; also of what has shed members.
    pub(super) fn assert_bytes(&self) {
        let bytes: usize = self.pages.iter().map(bytes_of).sum();
        assert_eq!(self.page_bytes, bytes, "bytes of pages");
        assert!(self.pages.iter().all(|page| !page.is_empty()), "a page");
        let full = self.pages.iter().rev().skip(1);
        assert!(full.into_iter().all(|page| page.len() == PAGE_LEN));
    }

    /// The same, and follows the chain.
    pub(super) fn assert_counters(&self) {
        self.assert_bytes();
        let (mut number, mut before, mut len) = (self.vacant, NONE, 0);
        while number != NONE {
            let (page, at) = split(number);
            let place = self.pages.get(page).and_then(|page| page.get(at));
            let Some(&Place::Vacant { previous, next }) = place else {
                panic!("a vacant place in the chain, not {place:?}");
            };
            assert_eq!(previous, before, "the chain backwards");
            (before, number) = (number, next);
            len += 1;
        }
        assert_eq!(len, self.vacant_len, "vacant places");
        let vacant = self.places() - self.iter().count();
        assert_eq!(len as usize, vacant, "vacant places in the chain");
    }
}
