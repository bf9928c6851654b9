//! A row of elements: a packed list, or a chunk of one that has outgrown its entry.

use std::ops::Range;

use super::element::{self, Elements};

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Index 0.
    Front,
    /// The last index.
    Back,
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

/// Takes up to `most` elements that are `text` out, from an end on; how many.
pub(super) fn remove_equal(bytes: &mut Vec<u8>, text: &[u8], end: End, most: usize) -> usize {
    let mut equal = Vec::new();
    let mut elements = Elements(bytes);
    let mut start = 0;
    while let Some(element) = elements.next() {
        let next = bytes.len() - elements.rest_len();
        if element::is_text(element, text) {
            equal.push(start..next);
        }
        start = next;
    }
    match end {
        End::Front => equal.truncate(most),
        End::Back => drop(equal.drain(..equal.len().saturating_sub(most))),
    }
    if !equal.is_empty() {
        let mut kept =
            Vec::with_capacity(bytes.len() - equal.iter().map(Range::len).sum::<usize>());
        let mut start = 0;
        for place in &equal {
            kept.extend_from_slice(bytes.get(start..place.start).unwrap_or_default());
            start = place.end;
        }
        kept.extend_from_slice(bytes.get(start..).unwrap_or_default());
        *bytes = kept;
    }
    equal.len()
}

/// Where a row is cut in two halves of about as many bytes, each with an element at the least: the byte, and the number
/// of elements before it.
pub(super) fn middle(bytes: &[u8]) -> (usize, usize) {
    let mut elements = Elements(bytes);
    let (mut cut, mut before) = (0, 0);
    while elements.next().is_some() {
        let next = bytes.len() - elements.rest_len();
        let is_nearer = bytes.len().abs_diff(2 * next) < bytes.len().abs_diff(2 * cut);
        if before > 0 && !is_nearer || next == bytes.len() {
            break;
        }
        (cut, before) = (next, before + 1);
    }
    (cut, before)
}
