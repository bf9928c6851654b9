//! The large form of lists: a deque of chunks, each a row of elements.
//!
//! ```text
//! deque ─► │ chunk 32 bytes │ chunk │ …
//!            │ bytes 24: up to 4 KiB of up to 128 elements, or one that is longer │ len 4 │ 4 left over │
//! ```
//!
//! An element is found from the front of its chunk, even the last one: hence no more than 128.
//!
//! Invariant: no chunk is empty. Either end is reached in one step; an index is looked for chunk by
//! chunk from the nearer end, and then within one chunk.

use std::collections::VecDeque;
use std::ops::Range;

use super::element::{self, Elements};
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

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Index 0.
    Front,
    /// The last index.
    Back,
}

/// Elements in chunks.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    deque: VecDeque<Chunk>,
    len: usize,
    /// Bytes of the chunks, as the allocator rounds them.
    chunk_bytes: usize,
}

/// Where element `at` of a row begins and ends; the end of the row twice if it has no such element.
pub(super) fn span(bytes: &[u8], at: usize) -> Range<usize> {
    let mut elements = Elements(bytes);
    let skipped = elements.by_ref().take(at).count();
    let start = bytes.len() - elements.rest_len();
    if skipped == at {
        elements.next();
    }
    start..bytes.len() - elements.rest_len()
}

/// Where the element at an end of a row begins and ends; the end of the row twice if it has none.
fn span_at(bytes: &[u8], end: End) -> Range<usize> {
    let mut elements = Elements(bytes);
    let mut place = bytes.len()..bytes.len();
    let mut start = 0;
    while elements.next().is_some() {
        let next = bytes.len() - elements.rest_len();
        place = start..next;
        start = next;
        if end == End::Front {
            break;
        }
    }
    place
}

/// Takes the element at an end out of a row.
pub(super) fn take_at(bytes: &mut Vec<u8>, end: End) -> Option<Vec<u8>> {
    let place = span_at(bytes, end);
    let element = Elements(bytes.get(place.clone())?).next()?;
    let element = element.to_bytes().into_owned();
    bytes.drain(place);
    Some(element)
}

/// Keeps the elements of a range of a row only.
pub(super) fn trim_row(bytes: &mut Vec<u8>, range: &Range<usize>) {
    let start = span(bytes, range.start).start;
    let kept = bytes.get(start..).unwrap_or_default();
    let end = start + span(kept, range.len()).start;
    bytes.truncate(end);
    bytes.drain(..start);
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

    pub(crate) fn iter(&self) -> impl Iterator<Item = StringRef<'_>> {
        self.deque.iter().flat_map(|chunk| Elements(&chunk.bytes))
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
        let chunk = self.deque.get_mut(number)?;
        let (bytes, len) = (chunk.heap_bytes(), chunk.len as usize);
        let result = act(chunk);
        if chunk.bytes.capacity() / 4 > chunk.bytes.len() {
            chunk.bytes.shrink_to_fit();
        }
        let bytes_then = chunk.heap_bytes();
        self.len = self.len - len + chunk.len as usize;
        self.chunk_bytes = self.chunk_bytes - bytes + bytes_then;
        if chunk.len == 0 {
            self.chunk_bytes -= bytes_then;
            self.deque.remove(number);
            self.shrink();
        }
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
        let full = |chunk: &Chunk| {
            chunk.len >= CHUNK_LEN || chunk.bytes.len() + element.len() > CHUNK_BYTES
        };
        let number = if self.deque.get(last).is_none_or(full) {
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
        let (number, within) = self.place(at);
        self.with_chunk(number, |chunk| {
            let start = span(&chunk.bytes, within).start;
            chunk.bytes.splice(start..start, element);
            chunk.len += 1;
        });
        self.split(number);
    }

    /// Halves a chunk that has become too long.
    fn split(&mut self, number: usize) {
        let tail = self.with_chunk(number, |chunk| {
            let fits = chunk.bytes.len() <= CHUNK_BYTES && chunk.len <= CHUNK_LEN;
            if fits || chunk.len < 2 {
                return None;
            }
            let keep = chunk.len / 2;
            let start = span(&chunk.bytes, keep as usize).start;
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
            assert!(chunk.len == 1 || chunk.bytes.len() <= CHUNK_BYTES * 2);
            assert!(chunk.len <= CHUNK_LEN, "elements of a chunk");
            len += chunk.len as usize;
        }
        assert_eq!(self.len, len, "elements of a list");
        let all: usize = self.deque.iter().map(Chunk::heap_bytes).sum();
        assert_eq!(self.chunk_bytes, all, "bytes of chunks");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(count: usize) -> Chunks {
        let mut chunks = Chunks::default();
        (0..count).for_each(|number| chunks.push(End::Back, format!("{number:08}x").as_bytes()));
        chunks.assert_counters();
        chunks
    }

    fn all(chunks: &Chunks) -> Vec<Vec<u8>> {
        chunks.iter().map(|it| it.to_bytes().into_owned()).collect()
    }

    #[test]
    fn to_trim_a_list_touches_no_chunk_that_stays_whole() {
        let addresses = |chunks: &Chunks| -> Vec<_> {
            let addresses = chunks.deque.iter().map(|chunk| chunk.bytes.as_ptr());
            addresses.collect()
        };
        let mut chunks = of(10_000);
        let before = addresses(&chunks);
        chunks.trim(&(1..9_999));
        let after = addresses(&chunks);
        assert_eq!(after.len(), before.len());
        assert_eq!(after[1..after.len() - 1], before[1..before.len() - 1]);
        chunks.trim(&(999..5_999));
        let after = addresses(&chunks);
        assert!(
            before
                .windows(after.len() - 2)
                .any(|row| *row == after[1..after.len() - 1])
        );
        chunks.assert_counters();
        assert!(all(&chunks) == all(&of(10_000))[1_000..6_000]);
    }

    #[test]
    fn a_trimmed_list_is_as_a_row_that_was_cut() {
        let whole = all(&of(300));
        for start in (0..320).step_by(9) {
            for end in (0..320).step_by(7) {
                let mut chunks = of(300);
                chunks.trim(&(start..end));
                chunks.assert_counters();
                let end = end.min(whole.len());
                let expected = whole.get(start..end).unwrap_or_default();
                assert!(all(&chunks) == expected, "{start}..{end}");
            }
        }
    }

    #[test]
    fn a_chunk_has_few_elements_however_small_and_hardly_more_bytes_than_they_have() {
        for text in [&b"7"[..], b"12345678x"] {
            let mut chunks = Chunks::default();
            for number in 0..5_000 {
                let end = [End::Front, End::Back][number % 2];
                chunks.push(end, text);
                chunks.insert(number / 2, text);
            }
            chunks.assert_counters();
            let mut pushed = Chunks::default();
            (0..10_000).for_each(|_| pushed.push(End::Back, text));
            pushed.assert_counters();
            let bytes: usize = pushed.deque.iter().map(|chunk| chunk.bytes.len()).sum();
            let most = bytes + bytes / 6 + 3 * 32 * 10_000 / CHUNK_LEN as usize;
            assert!(pushed.heap_bytes() < most, "{}", pushed.heap_bytes());
        }
    }
}
