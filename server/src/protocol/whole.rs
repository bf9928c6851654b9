//! The frame that almost every request is, decoded in one go: all of it is there, and its numbers are short.
//!
//! ```text
//! *3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$5\r\nvalue\r\n
//! └────── opening ──────┘
//! ```
//!
//! The requests of a client are often alike: commands are few, and its keys are of one length. A frame that has the
//! opening of one before it is decoded from its key's end on.
//!
//! Whatever else a frame may be is left to the [`Decoder`](super::Decoder), which says the same of these.

use super::decoder::{Bounds, Span};

/// Bytes in which an opening is compared, and so the most that it has.
const COMPARED: usize = 32;
/// Where in a frame of less than ten arguments, with a name of less than ten bytes, the name begins.
const NAME_AT: usize = 8;
/// Openings that are known at a time.
const KNOWN: usize = 8;

/// The first bytes of a frame, in which the most bytes can be compared at once.
type Chunk = [u64; COMPARED / size_of::<u64>()];

#[inline]
fn chunk(input: &[u8]) -> Option<Chunk> {
    let (words, _) = input.first_chunk::<COMPARED>()?.as_chunks();
    let mut words = words.iter();
    Some([(); _].map(|()| words.next().map_or(0, |word| u64::from_le_bytes(*word))))
}

/// How a frame begins: its count, its first argument, and how long its second is.
#[derive(Debug, Clone, Copy)]
struct Opening<T> {
    bytes: Chunk,
    /// All bits of the bytes that are the opening's.
    mask: Chunk,
    spans: [Span; 2],
    /// Where the second argument ends, and how many come behind it.
    end: u32,
    missing: u32,
    found: T,
}

impl<T> Opening<T> {
    /// The opening of a frame whose spans are these; `None` if it is too long, or has no second argument.
    fn of(input: &[u8], spans: &[Span], found: T) -> Option<Self> {
        let [name, second, ..] = *spans else {
            return None;
        };
        // Only such frames as `whole` decodes: what `arguments` counts with does not overflow for those.
        if second.end as usize - second.start as usize > 999 || spans.len() > 99 {
            return None;
        }
        let mut mask = [0; COMPARED];
        mask.get_mut(..second.start as usize)?.fill(u8::MAX);
        Some(Self {
            bytes: chunk(input)?,
            mask: chunk(&mask)?,
            spans: [name, second],
            end: second.end + 2,
            missing: u32::try_from(spans.len()).ok()? - 2,
            found,
        })
    }

    #[inline]
    fn begins(&self, input: &[u8]) -> bool {
        let Some(chunk) = chunk(input) else {
            return false;
        };
        let own = self.bytes.iter().zip(&self.mask);
        let differ = |(&byte, (own, mask)): (&u64, (&u64, &u64))| (byte ^ own) & mask;
        chunk.iter().zip(own).map(differ).fold(0, |a, b| a | b) == 0
    }
}

/// Openings of the last frames, each with what was found of its first argument.
#[derive(Debug)]
pub(crate) struct Openings<T> {
    known: [Option<Opening<T>>; KNOWN],
    /// What they were decoded under.
    bounds: Bounds,
}

impl<T> Default for Openings<T> {
    fn default() -> Self {
        Self {
            known: [const { None }; KNOWN],
            bounds: Bounds::default(),
        }
    }
}

impl<T: Copy> Openings<T> {
    /// Where the opening of a frame is, if it is known. The first letters of different commands are different ones,
    /// mostly.
    #[inline]
    fn place(input: &[u8]) -> usize {
        usize::from(input.get(NAME_AT).copied().unwrap_or_default()) % KNOWN
    }

    /// Forgets all openings if they were not decoded under these bounds.
    #[inline]
    pub(super) fn set_bounds(&mut self, bounds: Bounds) {
        if self.bounds != bounds {
            *self = Self {
                bounds,
                ..Self::default()
            };
        }
    }

    /// Notes what was found of a frame that was decoded.
    pub(crate) fn note(&mut self, input: &[u8], spans: &[Span], found: T) {
        if let Some(place) = self.known.get_mut(Self::place(input)) {
            *place = Opening::of(input, spans, found);
        }
    }

    /// Decodes as [`whole`] does, if the frame has a known opening; and what was found of that.
    #[inline]
    pub(super) fn whole(&self, input: &[u8], spans: &mut Vec<Span>) -> Option<(usize, T)> {
        let known = self.known.get(Self::place(input))?.as_ref();
        let known = known.filter(|known| known.begins(input))?;
        let end = known.end as usize;
        if end > input.len() {
            return None;
        }
        let before = spans.len();
        spans.extend_from_slice(&known.spans);
        if known.missing == 0 {
            return Some((end, known.found));
        }
        let len = arguments(input, known.end, known.missing, self.bounds, spans);
        if len.is_none() {
            spans.truncate(before);
        }
        Some((len?, known.found))
    }
}

/// Decodes the frame at the start of `input`: its spans are put behind `spans`, and the bytes that it takes are
/// yielded. `None`, and no spans, where it is not complete, is beyond a bound, or has more than 99 arguments or one of
/// more than 999 bytes.
#[inline]
pub(super) fn whole(input: &[u8], bounds: Bounds, spans: &mut Vec<Span>) -> Option<usize> {
    let (count, at) = match *input {
        [b'*', ones @ b'1'..=b'9', b'\r', _, ..] => (digit(ones), 4),
        [b'*', tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r', _, ..] => {
            (digit(tens) * 10 + digit(ones), 5)
        }
        _ => return None,
    };
    if count as usize > bounds.args {
        return None;
    }
    let before = spans.len();
    let len = arguments(input, at, count, bounds, spans);
    if len.is_none() {
        spans.truncate(before);
    }
    len
}

const fn digit(byte: u8) -> u32 {
    (byte - b'0') as u32
}

/// Decodes `count` arguments from `at` on; where they end.
#[inline]
fn arguments(
    input: &[u8],
    mut at: u32,
    count: u32,
    bounds: Bounds,
    spans: &mut Vec<Span>,
) -> Option<usize> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(arguments: &[Vec<u8>]) -> Vec<u8> {
        let mut frame = format!("*{}\r\n", arguments.len()).into_bytes();
        for argument in arguments {
            frame.extend(format!("${}\r\n", argument.len()).bytes());
            frame.extend([argument, &b"\r\n"[..]].concat());
        }
        frame
    }

    /// Few names and lengths, so that openings meet again.
    fn argument() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            3 => "(GET|SET|GEX|key:01)".prop_map(String::into_bytes),
            1 => "[a-c\r\n$]{0,40}".prop_map(String::into_bytes),
            1 => prop_oneof![Just(9_usize), Just(10), Just(999), Just(1000)].prop_map(|len| vec![b'v'; len]),
        ]
    }

    fn bounds() -> impl Strategy<Value = Bounds> {
        (1_usize..5, 0_usize..1200, 1_usize..2500).prop_map(|(args, bulk, frame)| Bounds {
            args,
            bulk,
            frame,
        })
    }

    proptest! {
        #[test]
        fn a_known_opening_changes_nothing(
            frames in prop::collection::vec(prop::collection::vec(argument(), 0..5), 1..20),
            bounds in prop::collection::vec(prop::option::of(bounds()), 20),
            cut in 0_usize..60,
        ) {
            let mut openings = Openings::default();
            for (number, (arguments, bounds)) in frames.iter().zip(bounds).enumerate() {
                let input = frame(arguments);
                // Some have not come to their end.
                let input = if number % 4 == 3 { &input[..cut.min(input.len())] } else { &input };
                let bounds = bounds.unwrap_or_default();
                openings.set_bounds(bounds);
                let (mut expected, mut spans) = (Vec::new(), Vec::new());
                let len = whole(input, bounds, &mut expected);
                match openings.whole(input, &mut spans) {
                    None => prop_assert!(spans.is_empty()),
                    Some((known_len, name)) => {
                        prop_assert_eq!(Some(known_len), len);
                        prop_assert_eq!(&spans, &expected);
                        prop_assert_eq!(name, spans[0].range().len());
                    }
                }
                if len.is_some() {
                    openings.note(input, &expected, input[expected[0].range()].len());
                }
            }
        }
    }

    #[test]
    fn frames_that_begin_alike_are_known() {
        let get = |key: &[u8]| frame(&[b"GET".to_vec(), key.to_vec()]);
        let set =
            |key: &[u8], value: usize| frame(&[b"SET".to_vec(), key.to_vec(), vec![b'v'; value]]);
        let mut openings = Openings::default();
        let mut spans = Vec::new();
        for (known, input) in [
            (false, get(b"key:000000000001")),
            (true, get(b"key:000000000002")),
            (false, set(b"key:000000000001", 128)),
            (true, set(b"key:000000000003", 7)),
            (true, get(b"key:000000000003")),
            (false, get(b"key:00000000001")),
            (false, get(b"key:000000000003")),
            (false, set(b"key:000000000003", 1000)),
        ] {
            let got = openings.whole(&input, &mut spans);
            assert_eq!(got.map(|(len, ())| len), known.then_some(input.len()));
            spans.clear();
            if whole(&input, Bounds::default(), &mut spans).is_some() {
                openings.note(&input, &spans, ());
            }
            spans.clear();
        }
    }
}
