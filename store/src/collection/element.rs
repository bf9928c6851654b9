//! Elements of a packed collection, one after the other.
//!
//! ```text
//! first byte   what follows                                   bytes in all
//! 00..=7F      a text of so many bytes                        1 + 0..=127
//! 80..=BF      nothing: an integer from 0 to 63               1
//! C0..=CF      the low byte of a 12-bit integer               2      −2048..=2047
//! D0..=D7      an integer of 1 to 8 bytes                     2..=9
//! E0, E1       the length of a text in 2 or 4 bytes, a text   3 + n, 5 + n
//! F0           a score as an IEEE double                      9
//! ```
//!
//! Integers are little-endian and sign-extended, and stand for their canonical decimal text. A score
//! without a fraction is an integer; −0 becomes 0, as in a packed set of Redis.
//!
//! Example: `abc`, `7`, `-300`: `03 61 62 63 │ 87 │ CE D4`.

use crate::integer;
use crate::value::StringRef;

const TEXT_MAX: usize = 0x7F;
const TINY: u8 = 0x80;
const TINY_MAX: i64 = 0x3F;
const SHORT: u8 = 0xC0;
const SHORT_BITS: u32 = 12;
const WIDE: u8 = 0xD0;
const TEXT_2: u8 = 0xE0;
const TEXT_4: u8 = 0xE1;
const DOUBLE: u8 = 0xF0;
/// Integers that a double holds exactly lie below this.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Appends a text, as an integer where it reads as one.
pub(crate) fn push(out: &mut Vec<u8>, text: &[u8]) {
    match integer::parse(text) {
        Some(number) => push_integer(out, number),
        None => push_text(out, text),
    }
}

fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    let long = text.len().to_le_bytes();
    let [short, ..] = long;
    match text.len() {
        0..=TEXT_MAX => out.push(short),
        0x80..=0xFFFF => {
            out.push(TEXT_2);
            out.extend(long.iter().take(2));
        }
        // Strings end at 512 MiB, so that four bytes are the whole number.
        _ => {
            out.push(TEXT_4);
            out.extend(long.iter().take(4));
        }
    }
    out.extend_from_slice(text);
}

fn push_integer(out: &mut Vec<u8>, number: i64) {
    let [low, high, ..] = number.to_le_bytes();
    if (0..=TINY_MAX).contains(&number) {
        out.push(TINY | low);
    } else if sign_extended(number, SHORT_BITS) == number {
        out.extend([SHORT | high & 0x0F, low]);
    } else {
        let width = (1..8_u8)
            .find(|width| sign_extended(number, u32::from(*width) * 8) == number)
            .unwrap_or(8);
        out.push(WIDE | (width - 1));
        out.extend(number.to_le_bytes().iter().take(width.into()));
    }
}

/// Appends a score, which is not NaN.
pub(crate) fn push_score(out: &mut Vec<u8>, score: f64) {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a score that is not whole, or too large, is not taken as this"
    )]
    let number = score as i64;
    if score.abs() < EXACT_MAX && score.fract() == 0.0 {
        push_integer(out, number);
    } else {
        out.push(DOUBLE);
        out.extend_from_slice(&score.to_le_bytes());
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "only integers that a double holds are written as such"
)]
const fn to_double(number: i64) -> f64 {
    number as f64
}

/// The lowest `bits` bits of `number` as a signed number; from 1 to 64.
pub(super) const fn sign_extended(number: i64, bits: u32) -> i64 {
    let spare = i64::BITS - bits;
    number << spare >> spare
}

/// What is left to read. Bytes that are no whole element end it.
#[derive(Debug, Clone)]
pub(crate) struct Elements<'a>(pub(crate) &'a [u8]);

enum Raw<'a> {
    String(StringRef<'a>),
    Double(f64),
}

impl<'a> Elements<'a> {
    /// Bytes that are left.
    pub(crate) const fn rest_len(&self) -> usize {
        self.0.len()
    }

    fn raw(&mut self) -> Option<Raw<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (element, rest) = match tag {
            0..TINY => {
                let (text, rest) = rest.split_at_checked(tag.into())?;
                (Raw::String(StringRef::Bytes(text)), rest)
            }
            TINY..SHORT => (Raw::String(StringRef::Int((tag & !TINY).into())), rest),
            SHORT..WIDE => {
                let (&low, rest) = rest.split_first()?;
                let number = i64::from(tag & 0x0F) << 8 | i64::from(low);
                let number = sign_extended(number, SHORT_BITS);
                (Raw::String(StringRef::Int(number)), rest)
            }
            WIDE..TEXT_2 => {
                let width = usize::from(tag & 7) + 1;
                let (bytes, rest) = rest.split_at_checked(width)?;
                (Raw::String(StringRef::Int(read_integer(bytes))), rest)
            }
            TEXT_2 | TEXT_4 => {
                let width = if tag == TEXT_2 { 2 } else { 4 };
                let (len, rest) = rest.split_at_checked(width)?;
                let len = len
                    .iter()
                    .rev()
                    .fold(0, |len, byte| len << 8 | usize::from(*byte));
                let (text, rest) = rest.split_at_checked(len)?;
                (Raw::String(StringRef::Bytes(text)), rest)
            }
            DOUBLE => {
                let (bytes, rest) = rest.split_first_chunk()?;
                (Raw::Double(f64::from_le_bytes(*bytes)), rest)
            }
            _ => return None,
        };
        self.0 = rest;
        Some(element)
    }

    /// The next element as a score.
    pub(crate) fn score(&mut self) -> Option<f64> {
        match self.raw()? {
            Raw::Double(score) => Some(score),
            Raw::String(StringRef::Int(number)) => Some(to_double(number)),
            Raw::String(StringRef::Bytes(_)) => None,
        }
    }

    /// The next two elements.
    pub(crate) fn pair(&mut self) -> Option<(StringRef<'a>, StringRef<'a>)> {
        Some((self.next()?, self.next()?))
    }

    /// The next member with its score.
    pub(crate) fn scored(&mut self) -> Option<(StringRef<'a>, f64)> {
        Some((self.next()?, self.score()?))
    }
}

/// The integer in up to eight bytes.
pub(super) fn read_integer(bytes: &[u8]) -> i64 {
    let mut wide = [0; 8];
    for (place, byte) in wide.iter_mut().zip(bytes) {
        *place = *byte;
    }
    let bits = bytes.len().clamp(1, 8) * 8;
    sign_extended(i64::from_le_bytes(wide), u32::try_from(bits).unwrap_or(64))
}

impl<'a> Iterator for Elements<'a> {
    type Item = StringRef<'a>;

    fn next(&mut self) -> Option<StringRef<'a>> {
        match self.raw()? {
            Raw::String(string) => Some(string),
            Raw::Double(_) => None,
        }
    }
}

/// Whether an element is `text`.
pub(crate) fn is_text(element: StringRef<'_>, text: &[u8]) -> bool {
    match element {
        StringRef::Bytes(bytes) => bytes == text,
        StringRef::Int(_) => text.len() <= 20 && element.with_bytes(|bytes| bytes == text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_are_as_drawn() {
        let mut out = Vec::new();
        for text in ["abc", "7", "-300"] {
            push(&mut out, text.as_bytes());
        }
        assert_eq!(out, [3, b'a', b'b', b'c', 0x87, 0xCE, 0xD4]);
        for (number, len) in [
            (63, 1),
            (64, 2),
            (-1, 2),
            (2047, 2),
            (-2048, 2),
            (2048, 3),
            (1 << 23, 5),
            (i64::MIN, 9),
        ] {
            let mut out = Vec::new();
            push(&mut out, number.to_string().as_bytes());
            assert_eq!(out.len(), len, "{number}");
        }
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            (any::<i64>(), 0_u32..64).prop_map(|(n, shift)| (n >> shift).to_string().into_bytes()),
            "[-0-9]{0,21}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..300),
            Just(vec![b'x'; 0xFFFF]),
            Just(vec![b'x'; 0x1_0000]),
        ]
    }

    proptest! {
        #[test]
        fn elements_round_trip(texts in prop::collection::vec(text(), 0..6)) {
            let mut out = Vec::new();
            for text in &texts {
                push(&mut out, text);
            }
            let read: Vec<_> = Elements(&out).map(|e| e.to_bytes().into_owned()).collect();
            prop_assert_eq!(&read, &texts);
            for (element, text) in Elements(&out).zip(&texts) {
                prop_assert!(is_text(element, text));
                prop_assert!(!is_text(element, &[text, &b"0"[..]].concat()));
            }
        }

        #[test]
        fn scores_round_trip(score in prop_oneof![
            any::<f64>(),
            (-1e17_f64..1e17).prop_map(f64::trunc),
            Just(-0.0), Just(f64::INFINITY), Just(f64::NEG_INFINITY),
        ]) {
            prop_assume!(!score.is_nan());
            let mut out = Vec::new();
            push_score(&mut out, score);
            let mut elements = Elements(&out);
            // Adding 0 makes 0 of −0.
            prop_assert_eq!(elements.score().map(f64::to_bits), Some((score + 0.0).to_bits()));
            prop_assert_eq!(elements.rest_len(), 0);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert!(Elements(&bytes).count() <= bytes.len());
        }
    }
}
