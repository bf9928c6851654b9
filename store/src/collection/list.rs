//! Lists: elements in an order.
//!
//! ```text
//! packed   │ element │ element │ …      up to 8 KiB
//! chunks   see `chunks`
//! ```
//!
//! Five elements of eight bytes take 45 bytes packed.

use std::ops::Range;
use std::sync::Arc;

use super::chunks::Chunks;
use super::element::{self, Elements};
use super::limits::Context;
use super::row::{self, End, span, take_at, trim_row};
use super::{Editable, Write};
use crate::entry::Form;
use crate::value::{Encoding, StringRef};

/// A list, to read.
#[derive(Debug, Clone, Copy)]
pub struct ListRef<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Packed(&'a [u8]),
    Chunks(&'a Chunks),
}

impl<'a> ListRef<'a> {
    pub(crate) const fn packed(bytes: &'a [u8]) -> Self {
        Self(Source::Packed(bytes))
    }

    /// Number of elements.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            Source::Packed(bytes) => Elements(bytes).count(),
            Source::Chunks(chunks) => chunks.len(),
        }
    }

    /// Whether there is no element; a key never holds such a list.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Element number `at`.
    #[must_use]
    pub fn get(self, at: usize) -> Option<StringRef<'a>> {
        match self.0 {
            Source::Packed(bytes) => Elements(bytes).nth(at),
            Source::Chunks(chunks) => chunks.get(at),
        }
    }

    /// Elements from the front to the back.
    pub fn iter(self) -> impl Iterator<Item = StringRef<'a>> {
        self.range(0..usize::MAX)
    }

    /// The elements of a range, as far as there are any.
    pub fn range(self, range: Range<usize>) -> impl Iterator<Item = StringRef<'a>> {
        let (packed, chunks) = match self.0 {
            Source::Packed(bytes) => (Some(Elements(bytes)), None),
            Source::Chunks(chunks) => (None, Some(chunks)),
        };
        let start = range.start;
        let packed = packed.into_iter().flatten().skip(start);
        let chunks = chunks
            .into_iter()
            .flat_map(move |chunks| chunks.iter_from(start));
        packed.chain(chunks).take(range.len())
    }

    pub(crate) const fn encoding(self) -> Encoding {
        match self.0 {
            Source::Packed(_) => Encoding::Listpack,
            Source::Chunks(_) => Encoding::Quicklist,
        }
    }
}

/// A list, to change.
#[derive(Debug, Clone)]
pub struct List {
    context: Arc<Context>,
    body: Body,
    write: Write,
}

#[derive(Debug, Clone)]
enum Body {
    Packed(Vec<u8>),
    Chunks(Chunks),
}

impl List {
    /// The list, to read.
    #[must_use]
    pub const fn as_ref(&self) -> ListRef<'_> {
        match &self.body {
            Body::Packed(bytes) => ListRef::packed(bytes.as_slice()),
            Body::Chunks(chunks) => ListRef(Source::Chunks(chunks)),
        }
    }

    /// Adds an element at an end.
    pub fn push(&mut self, end: End, text: &[u8]) {
        self.write = Write::Done;
        match &mut self.body {
            Body::Packed(bytes) => match end {
                End::Back => element::push(bytes, text),
                End::Front => insert(bytes, 0, text),
            },
            Body::Chunks(chunks) => chunks.push(end, text),
        }
        self.outgrow();
    }

    /// Inserts an element before index `at`, or at the back.
    pub fn insert(&mut self, at: usize, text: &[u8]) {
        self.write = Write::Done;
        match &mut self.body {
            Body::Packed(bytes) => {
                let start = span(bytes, at).start;
                insert(bytes, start, text);
            }
            Body::Chunks(chunks) => chunks.insert(at, text),
        }
        self.outgrow();
    }

    /// Replaces element number `at`, which must be there.
    pub fn set(&mut self, at: usize, text: &[u8]) {
        self.write = Write::Done;
        match &mut self.body {
            Body::Packed(bytes) => {
                let place = span(bytes, at);
                let mut element = Vec::new();
                element::push(&mut element, text);
                bytes.splice(place, element);
            }
            Body::Chunks(chunks) => chunks.set(at, text),
        }
        self.outgrow();
    }

    /// Takes the element at an end out.
    pub fn pop(&mut self, end: End) -> Option<Vec<u8>> {
        let element = match &mut self.body {
            Body::Packed(bytes) => take_at(bytes, end),
            Body::Chunks(chunks) => chunks.pop(end),
        }?;
        self.write = Write::Done;
        Some(element)
    }

    /// Takes up to `count` elements at an end out, the one at the very end first.
    pub fn pop_several(&mut self, end: End, count: usize) -> Vec<Vec<u8>> {
        let len = self.as_ref().len();
        let left = len.saturating_sub(count);
        let (taken, kept) = match end {
            End::Front => (0..len - left, len - left..len),
            End::Back => (left..len, 0..left),
        };
        let elements = self.as_ref().range(taken);
        let mut elements: Vec<_> = elements.map(|it| it.to_bytes().into_owned()).collect();
        if end == End::Back {
            elements.reverse();
        }
        if !elements.is_empty() {
            self.trim(&kept);
        }
        elements
    }

    /// Removes element number `at`, which must be there.
    pub fn remove(&mut self, at: usize) {
        self.write = Write::Done;
        match &mut self.body {
            Body::Packed(bytes) => {
                let place = span(bytes, at);
                bytes.drain(place);
            }
            Body::Chunks(chunks) => chunks.remove(at),
        }
    }

    /// Removes up to `most` elements that are `text`, from an end on; how many. What lies behind the last of them is
    /// not looked at where the list is large.
    pub fn remove_equal(&mut self, text: &[u8], end: End, most: usize) -> usize {
        let removed = match &mut self.body {
            Body::Packed(bytes) => row::remove_equal(bytes, text, end, most),
            Body::Chunks(chunks) => chunks.remove_equal(text, end, most),
        };
        if removed > 0 {
            self.write = Write::Done;
        }
        removed
    }

    /// Keeps the elements of a range only. The list counts as written even if that is all of it.
    pub fn trim(&mut self, range: &Range<usize>) {
        self.write = Write::Done;
        match &mut self.body {
            Body::Packed(bytes) => trim_row(bytes, range),
            Body::Chunks(chunks) => chunks.trim(range),
        }
    }

    /// Moves to chunks if there is too much for a packed list.
    fn outgrow(&mut self) {
        let Body::Packed(bytes) = &self.body else {
            return;
        };
        if bytes.len() > self.context.limits.list_bytes {
            let mut chunks = Chunks::default();
            for element in Elements(bytes) {
                element.with_bytes(|text| chunks.push(End::Back, text));
            }
            self.body = Body::Chunks(chunks);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, start: usize, text: &[u8]) {
    let mut element = Vec::with_capacity(text.len() + 5);
    element::push(&mut element, text);
    bytes.splice(start..start, element);
}

impl Editable for List {
    const FORM: Form = Form::List;

    fn from_packed(context: &Arc<Context>, bytes: Vec<u8>) -> Self {
        Self {
            context: Arc::clone(context),
            body: Body::Packed(bytes),
            write: Write::None,
        }
    }

    fn to_packed(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Packed(bytes) => Some(bytes),
            Body::Chunks(_) => None,
        }
    }

    fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    fn write(&mut self) -> &mut Write {
        &mut self.write
    }

    fn heap_bytes(&self) -> usize {
        match &self.body {
            Body::Packed(_) => 0,
            Body::Chunks(chunks) => chunks.heap_bytes(),
        }
    }

    fn places(&self) -> usize {
        match &self.body {
            Body::Packed(_) => 0,
            Body::Chunks(chunks) => chunks.len(),
        }
    }

    fn shed(&mut self, count: usize) {
        if let Body::Chunks(chunks) = &mut self.body {
            chunks.shed(count);
        }
    }

    fn assert_counters(&self) {
        if let Body::Chunks(chunks) = &self.body {
            chunks.assert_counters();
        }
    }
}
