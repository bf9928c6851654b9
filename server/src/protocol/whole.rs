//! The frame that almost every request is, decoded in one go: all of it is there, and its numbers are short.
//!
//! Whatever else a frame may be is left to the [`Decoder`](super::Decoder), which says the same of these.

use super::decoder::{Bounds, Span};

/// Decodes the frame at the start of `input`: its spans are put behind `spans`, and the bytes that it takes are
/// yielded. `None`, and no spans, where it is not complete, is beyond a bound, or has more than 99 arguments or one of
/// more than 999 bytes.
#[inline]
pub(super) fn whole(input: &[u8], bounds: Bounds, spans: &mut Vec<Span>) -> Option<usize> {
    let before = spans.len();
    let len = arguments(input, bounds, spans);
    if len.is_none() {
        spans.truncate(before);
    }
    len
}

#[inline]
fn arguments(input: &[u8], bounds: Bounds, spans: &mut Vec<Span>) -> Option<usize> {
    let digit = |byte: u8| u32::from(byte - b'0');
    let (count, mut at) = match *input {
        [b'*', ones @ b'1'..=b'9', b'\r', _, ..] => (digit(ones), 4),
        [b'*', tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r', _, ..] => {
            (digit(tens) * 10 + digit(ones), 5)
        }
        _ => return None,
    };
    if count as usize > bounds.args {
        return None;
    }
    for _ in 0..count {
        let (number, digits) = match *input.get(at as usize..)? {
            [b'$', ones @ b'0'..=b'9', b'\r', ..] => (digit(ones), 1),
            [b'$', tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r', ..] => {
                (digit(tens) * 10 + digit(ones), 2)
            }
            [
                b'$',
                hundreds @ b'1'..=b'9',
                tens @ b'0'..=b'9',
                ones @ b'0'..=b'9',
                b'\r',
                ..,
            ] => (digit(hundreds) * 100 + digit(tens) * 10 + digit(ones), 3),
            _ => return None,
        };
        // At most 99 arguments of 1 KiB: nothing overflows.
        let start = at + digits + 3;
        let end = start + number;
        at = end + 2;
        if number as usize > bounds.bulk || at as usize > input.len().min(bounds.frame) {
            return None;
        }
        spans.push(Span { start, end });
    }
    Some(at as usize)
}
