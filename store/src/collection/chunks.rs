//! The large form of lists: a deque of chunks, each a row of elements.
//!
//! ```text
//! deque ─► │ chunk 32 bytes │ chunk │ …
//!            │ bytes 24: up to 4 KiB of up to 128 elements, or one that is longer │ len 4 │ 4 left over │
//! ```
//!
//! An element is found from the front of its chunk, even the last one: hence no more than 128. One that is longer than 4 KiB
//! has a chunk of its own, so that it is not moved for others.
//!
//! Invariant: no chunk is empty. Either end is reached in one step; an index is looked for chunk by
//! chunk from the nearer end, and then within one chunk.

use std::collections::VecDeque;
use std::ops::Range;

use super::element::{self, Elements};
use super::row::{End, middle, remove_equal, span, take_at, trim_row};
use crate::size_class::allocated;
use crate::value::StringRef;

/// Bytes of elements that a chunk takes before another one begins.
const CHUNK_BYTES: usize = 4 << 10;
/// Elements that it takes.
const CHUNK_LEN: u32 = 128;

#[derive(Debug, Clone, Default)]
struct Chunk {
    bytes: Vec<u8>,
    len: u32,
}

const _: () = assert!(size_of::<Chunk>() == 32);

/// Elements in chunks.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    deque: VecDeque<Chunk>,
    len: usize,
    /// Bytes of the chunks, as the allocator rounds them.
    chunk_bytes: usize,
}

/// A copy has no room to grow, so that it takes less than what it is a copy of.
impl Clone for Chunks {
    fn clone(&self) -> Self {
        let deque = self.deque.clone();
        Self {
            chunk_bytes: deque.iter().map(Chunk::heap_bytes).sum(),
            deque,
            len: self.len,
        }
    }
}

impl Chunk {
    fn heap_bytes(&self) -> usize {
        allocated(self.bytes.capacity())
    }

    /// Gives back what was reserved for elements that do not come, if that is much.
    fn fit(&mut self) {
        if self.bytes.capacity() - self.bytes.len() > self.bytes.len() / 4 {
            self.bytes.shrink_to_fit();
        }
    }
}

impl Chunks {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.chunk_bytes + allocated(self.deque.capacity() * size_of::<Chunk>())
    }

    /// Elements from index `from` on.
    pub(crate) fn iter_from(&self, from: usize) -> impl Iterator<Item = StringRef<'_>> {
        let (number, within) = self.place(from);
        let first = self.deque.range(number.min(self.deque.len())..);
        first.flat_map(|chunk| Elements(&chunk.bytes)).skip(within)
    }

    pub(crate) fn get(&self, at: usize) -> Option<StringRef<'_>> {
        let (number, within) = self.place(at);
        Elements(&self.deque.get(number)?.bytes).nth(within)
    }

    /// The chunk of index `at` and the index within it; past the last chunk for the end.
    fn place(&self, at: usize) -> (usize, usize) {
        if at >= self.len {
            return (self.deque.len(), 0);
        }
        if at < self.len / 2 {
            let mut left = at;
            for (number, chunk) in self.deque.iter().enumerate() {
                if left < chunk.len as usize {
                    return (number, left);
                }
                left -= chunk.len as usize;
            }
        } else {
            let mut end = self.len;
            for (number, chunk) in self.deque.iter().enumerate().rev() {
                end -= chunk.len as usize;
                if at >= end {
                    return (number, at - end);
                }
            }
        }
        (self.deque.len(), 0)
    }

    /// Changes a chunk, and counts what it takes then. A chunk that is empty then goes.
    fn with_chunk<R>(&mut self, number: usize, act: impl FnOnce(&mut Chunk) -> R) -> Option<R> {
        let result = self.change(number, act)?;
        if self.deque.get(number).is_some_and(|chunk| chunk.len == 0) {
            self.deque.remove(number);
            self.shrink();
        }
        Some(result)
    }

    /// The same, but a chunk that is empty then stays.
    fn change<R>(&mut self, number: usize, act: impl FnOnce(&mut Chunk) -> R) -> Option<R> {
        let chunk = self.deque.get_mut(number)?;
        let (bytes, len) = (chunk.heap_bytes(), chunk.len as usize);
        let result = act(chunk);
        if chunk.len == 0 {
            chunk.bytes = Vec::new();
        } else if chunk.bytes.capacity() / 4 > chunk.bytes.len() {
            chunk.bytes.shrink_to_fit();
        }
        let bytes_then = chunk.heap_bytes();
        self.len = self.len - len + chunk.len as usize;
        self.chunk_bytes = self.chunk_bytes - bytes + bytes_then;
        Some(result)
    }

    fn shrink(&mut self) {
        if self.deque.capacity() / 4 > self.deque.len() {
            self.deque.shrink_to_fit();
        }
    }

    fn new_chunk(&mut self, number: usize) {
        self.deque
            .insert(number.min(self.deque.len()), Chunk::default());
    }

    pub(crate) fn push(&mut self, end: End, text: &[u8]) {
        let mut element = Vec::with_capacity(text.len() + 5);
        element::push(&mut element, text);
        let (last, fresh) = match end {
            End::Front => (0, 0),
            End::Back => (self.deque.len().saturating_sub(1), self.deque.len()),
        };
        let number = if self.is_full(last, element.len()) {
            self.with_chunk(last, Chunk::fit);
            self.new_chunk(fresh);
            fresh
        } else {
            last
        };
        self.with_chunk(number, |chunk| {
            chunk.len += 1;
            match end {
                End::Front => drop(chunk.bytes.splice(0..0, element)),
                End::Back => chunk.bytes.extend_from_slice(&element),
            }
        });
    }

    /// Inserts before index `at`.
    pub(crate) fn insert(&mut self, at: usize, text: &[u8]) {
        if at >= self.len {
            return self.push(End::Back, text);
        }
        let mut element = Vec::with_capacity(text.len() + 5);
        element::push(&mut element, text);
        let (mut number, mut within) = self.place(at);
        if within == 0 && self.is_full(number, element.len()) {
            // Between two chunks: what is in this one, which may be one long element, stays where it is.
            match number.checked_sub(1) {
                Some(before) if !self.is_full(before, element.len()) => {
                    number = before;
                    within = usize::MAX;
                }
                _ => self.new_chunk(number),
            }
        }
        self.with_chunk(number, |chunk| {
            let start = span(&chunk.bytes, within).start;
            chunk.bytes.splice(start..start, element);
            chunk.len += 1;
        });
        self.split(number);
    }

    /// Whether a chunk takes no element of so many bytes, or there is no such chunk.
    fn is_full(&self, number: usize, bytes: usize) -> bool {
        self.deque
            .get(number)
            .is_none_or(|chunk| chunk.len >= CHUNK_LEN || chunk.bytes.len() + bytes > CHUNK_BYTES)
    }

    /// Cuts a chunk that has become too long in two of about as many bytes, and those that still are: an element that
    /// is too long for a chunk has one of its own then.
    fn split(&mut self, number: usize) {
        let tail = self.with_chunk(number, |chunk| {
            if chunk.len < 2 || chunk.bytes.len() <= CHUNK_BYTES && chunk.len <= CHUNK_LEN {
                return None;
            }
            let (start, keep) = middle(&chunk.bytes);
            let keep = u32::try_from(keep).unwrap_or(chunk.len);
            let tail = Chunk {
                bytes: chunk.bytes.split_off(start),
                len: chunk.len - keep,
            };
            chunk.bytes.shrink_to_fit();
            chunk.len = keep;
            Some(tail)
        });
        if let Some(tail) = tail.flatten() {
            self.len += tail.len as usize;
            self.chunk_bytes += tail.heap_bytes();
            self.deque.insert(number + 1, tail);
            self.split(number + 1);
            self.split(number);
        }
    }

    pub(crate) fn set(&mut self, at: usize, text: &[u8]) {
        let mut element = Vec::with_capacity(text.len() + 5);
        element::push(&mut element, text);
        let (number, within) = self.place(at);
        self.with_chunk(number, |chunk| {
            let place = span(&chunk.bytes, within);
            chunk.bytes.splice(place, element);
        });
        self.split(number);
    }

    pub(crate) fn remove(&mut self, at: usize) {
        let (number, within) = self.place(at);
        self.with_chunk(number, |chunk| {
            let place = span(&chunk.bytes, within);
            if !place.is_empty() {
                chunk.bytes.drain(place);
                chunk.len -= 1;
            }
        });
    }

    /// Takes up to `most` elements that are `text` out, from an end on; how many. Chunks that have none are not
    /// touched, and those behind the last are not looked at.
    pub(crate) fn remove_equal(&mut self, text: &[u8], end: End, most: usize) -> usize {
        let (mut removed, mut emptied) = (0, false);
        for at in 0..self.deque.len() {
            let number = match end {
                End::Front => at,
                End::Back => self.deque.len() - 1 - at,
            };
            let left = most - removed;
            if left == 0 {
                break;
            }
            let of_chunk = self.change(number, |chunk| {
                let gone = remove_equal(&mut chunk.bytes, text, end, left);
                chunk.len -= u32::try_from(gone).unwrap_or_default();
                emptied |= chunk.len == 0;
                gone
            });
            removed += of_chunk.unwrap_or_default();
        }
        if emptied {
            // All in one go: to take one out moves half of the others.
            self.deque.retain(|chunk| chunk.len > 0);
            self.shrink();
        }
        removed
    }

    /// Takes the element at an end out.
    pub(crate) fn pop(&mut self, end: End) -> Option<Vec<u8>> {
        let number = match end {
            End::Front => 0,
            End::Back => self.deque.len().checked_sub(1)?,
        };
        self.with_chunk(number, |chunk| {
            let element = take_at(&mut chunk.bytes, end)?;
            chunk.len -= 1;
            Some(element)
        })?
    }

    /// Keeps the elements of a range only; chunks that stay whole are not touched.
    pub(crate) fn trim(&mut self, range: &Range<usize>) {
        let end = range.end.min(self.len);
        self.cut(End::Back, self.len - end);
        self.cut(End::Front, range.start.min(end));
    }

    /// Takes so many elements off an end.
    fn cut(&mut self, end: End, count: usize) {
        let mut left = count;
        while left > 0 {
            let (number, chunk) = match end {
                End::Front => (0, self.deque.front()),
                End::Back => (self.deque.len().saturating_sub(1), self.deque.back()),
            };
            let Some(chunk) = chunk else {
                break;
            };
            let len = chunk.len as usize;
            if len <= left {
                left -= len;
                self.len -= len;
                self.chunk_bytes -= chunk.heap_bytes();
                // At an end, so no other chunk moves for it.
                self.deque.remove(number);
                continue;
            }
            let kept = match end {
                End::Front => left..len,
                End::Back => 0..len - left,
            };
            self.with_chunk(number, |chunk| {
                trim_row(&mut chunk.bytes, &kept);
                chunk.len -= u32::try_from(left).unwrap_or_default();
            });
            left = 0;
        }
        self.shrink();
    }

    /// Takes `count` elements off the back, or all where there are fewer; no chunk is moved for it.
    pub(crate) fn shed(&mut self, count: usize) {
        let mut left = count.min(self.len);
        self.len -= left;
        while left > 0
            && let Some(chunk) = self.deque.back_mut()
        {
            let len = chunk.len as usize;
            if len > left {
                trim_row(&mut chunk.bytes, &(0..len - left));
                chunk.len -= u32::try_from(left).unwrap_or_default();
                break;
            }
            left -= len;
            self.chunk_bytes -= chunk.heap_bytes();
            self.deque.pop_back();
        }
    }

    /// Counts again, and compares.
    pub(crate) fn assert_counters(&self) {
        let mut len = 0;
        for chunk in &self.deque {
            let mut elements = Elements(&chunk.bytes);
            assert_eq!(elements.by_ref().count(), chunk.len as usize, "a chunk");
            assert_eq!(elements.rest_len(), 0, "whole elements");
            assert!(chunk.len > 0, "an empty chunk");
            assert!(chunk.len == 1 || chunk.bytes.len() <= CHUNK_BYTES);
            assert!(chunk.len <= CHUNK_LEN, "elements of a chunk");
            len += chunk.len as usize;
        }
        assert_eq!(self.len, len, "elements of a list");
        let all: usize = self.deque.iter().map(Chunk::heap_bytes).sum();
        assert_eq!(self.chunk_bytes, all, "bytes of chunks");
    }
}

#[cfg(test)]
mod tests;
