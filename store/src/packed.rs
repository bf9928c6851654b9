//! A string entry: everything about one key in one allocation.
//!
//! ```text
//! │ flags 1 │ key_len 1 │ key_len 4 │ expiry 8 │ key … │ value … │     bytes
//!           0..=254 ────┘ only      │ only if
//!           255 ─────── if it is 255│ EXPIRES
//!
//! flags   7 6 5 4 3 │    2    │  1 0
//!         zero      │ EXPIRES │ encoding: 0 int, 1 embstr, 2 raw
//! ```
//!
//! Numbers of several bytes are little-endian; the expiry is in milliseconds since the Unix epoch. The
//! value's length is what remains. An `int` is a zigzag varint of 1 to 10 bytes: 7 bits a byte, low
//! ones first, the top bit set on all but the last.
//!
//! Example: key `k`, number 3, no expiry: `00 01 6B 06`.
//!
//! Invariant: one meaning, one text. What could be written shorter, a flag without a meaning, an embstr
//! of more than 44 bytes, or a varint with bytes to spare is refused, so packing what was parsed
//! gives the same bytes. A value that lost its end is seen for `int` only.

use crate::time::Millis;
use crate::value::{EMBSTR_LEN_MAX, Encoding, StringRef};
use crate::varint::Varint;

const ENCODING: u8 = 0b011;
const EXPIRES: u8 = 0b100;
/// The key's length does not fit one byte: four more follow.
const LONG_KEY: u8 = u8::MAX;
/// The flags and the short length of the key, in bytes.
const HEADER_LEN_MIN: usize = 2;

/// How a string is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum StringEncoding {
    Int = 0,
    Embstr = 1,
    Raw = 2,
}

impl From<StringEncoding> for Encoding {
    fn from(encoding: StringEncoding) -> Self {
        match encoding {
            StringEncoding::Int => Self::Int,
            StringEncoding::Embstr => Self::Embstr,
            StringEncoding::Raw => Self::Raw,
        }
    }
}

/// What is packed into an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Draft<'a> {
    pub(crate) encoding: StringEncoding,
    pub(crate) expiry: Option<Millis>,
    pub(crate) key: &'a [u8],
    /// The value as it is kept: bytes, or a varint.
    pub(crate) value: &'a [u8],
    /// Bytes that follow on `value`.
    pub(crate) tail: &'a [u8],
}

/// A string entry.
#[derive(Debug)]
pub(crate) struct Packed(Box<[u8]>);

/// A string entry taken apart. The value is not decoded yet: most lookups ask for the key only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View<'a> {
    pub(crate) encoding: StringEncoding,
    pub(crate) expiry: Option<Millis>,
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
}

impl Draft<'_> {
    fn len(&self) -> usize {
        let long_key = if self.key.len() < usize::from(LONG_KEY) {
            0
        } else {
            size_of::<u32>()
        };
        let expiry = if self.expiry.is_some() {
            size_of::<u64>()
        } else {
            0
        };
        HEADER_LEN_MIN + long_key + expiry + self.key.len() + self.value.len() + self.tail.len()
    }

    fn write(&self, out: &mut Vec<u8>) {
        let expires = if self.expiry.is_some() { EXPIRES } else { 0 };
        out.push(self.encoding as u8 | expires);
        match u8::try_from(self.key.len()) {
            Ok(len) if len < LONG_KEY => out.push(len),
            _ => {
                out.push(LONG_KEY);
                // Keys end at 512 MiB, so the four bytes kept are the whole number.
                out.extend(self.key.len().to_le_bytes().iter().take(size_of::<u32>()));
            }
        }
        if let Some(Millis(expiry)) = self.expiry {
            out.extend_from_slice(&expiry.to_le_bytes());
        }
        out.extend_from_slice(self.key);
        out.extend_from_slice(self.value);
        out.extend_from_slice(self.tail);
    }

    /// Packs the draft into an allocation of exactly its length.
    pub(crate) fn pack(&self) -> Packed {
        let mut bytes = Vec::with_capacity(self.len());
        self.write(&mut bytes);
        debug_assert_eq!(bytes.len(), self.len());
        Packed(bytes.into_boxed_slice())
    }
}

impl Packed {
    /// Packs the draft in place of this entry, in its allocation where the length is the same.
    pub(crate) fn replace(&mut self, draft: &Draft<'_>) {
        if self.0.len() != draft.len() {
            *self = draft.pack();
            return;
        }
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        bytes.clear();
        draft.write(&mut bytes);
        self.0 = bytes.into_boxed_slice();
    }

    /// Writes the expiry; copies the entry only where it gains or loses the place for one.
    pub(crate) fn set_expiry(&mut self, expiry: Option<Millis>) {
        let view = self.view();
        if let (Some(_), Some(Millis(at))) = (view.expiry, expiry) {
            let end = self.0.len() - view.key.len() - view.value.len();
            let place = self.0.split_at_mut_checked(end).map(|(header, _)| header);
            if let Some(place) = place.and_then(|header| header.last_chunk_mut()) {
                *place = at.to_le_bytes();
            }
        } else if view.expiry != expiry {
            *self = Draft {
                expiry,
                ..view.into()
            }
            .pack();
        }
    }

    /// The entry taken apart.
    #[expect(
        clippy::expect_used,
        reason = "a `Packed` is made by `Draft::pack` only"
    )]
    pub(crate) fn view(&self) -> View<'_> {
        View::parse(&self.0).expect("an entry parses as it was packed")
    }

    /// The value.
    #[expect(
        clippy::expect_used,
        reason = "a `Packed` is made by `Draft::pack` only"
    )]
    pub(crate) fn string(&self) -> StringRef<'_> {
        self.view()
            .string()
            .expect("an entry decodes as it was packed")
    }

    /// Length of the allocation in bytes.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}

impl<'a> View<'a> {
    /// Takes an entry apart; `None` for bytes that are none.
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[flags, short_len], rest) = bytes.split_first_chunk()?;
        if flags & !(ENCODING | EXPIRES) != 0 {
            return None;
        }
        let encoding = match flags & ENCODING {
            0 => StringEncoding::Int,
            1 => StringEncoding::Embstr,
            2 => StringEncoding::Raw,
            _ => return None,
        };
        let (key_len, rest) = if short_len == LONG_KEY {
            let (len, rest) = rest.split_first_chunk()?;
            let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
            (Some(len).filter(|len| *len >= usize::from(LONG_KEY))?, rest)
        } else {
            (usize::from(short_len), rest)
        };
        let (expiry, rest) = if flags & EXPIRES == 0 {
            (None, rest)
        } else {
            let (expiry, rest) = rest.split_first_chunk()?;
            (Some(Millis(u64::from_le_bytes(*expiry))), rest)
        };
        let (key, value) = rest.split_at_checked(key_len)?;
        Some(Self {
            encoding,
            expiry,
            key,
            value,
        })
    }

    /// The value; `None` for bytes that are none in this encoding.
    fn string(self) -> Option<StringRef<'a>> {
        match self.encoding {
            StringEncoding::Int => Varint::decode(self.value).map(StringRef::Int),
            StringEncoding::Embstr if self.value.len() > EMBSTR_LEN_MAX => None,
            StringEncoding::Embstr | StringEncoding::Raw => Some(StringRef::Bytes(self.value)),
        }
    }
}

impl<'a> From<View<'a>> for Draft<'a> {
    fn from(
        View {
            encoding,
            expiry,
            key,
            value,
        }: View<'a>,
    ) -> Self {
        Self {
            encoding,
            expiry,
            key,
            value,
            tail: &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Draft, Packed, StringEncoding, View};
    use crate::time::Millis;
    use crate::value::{EMBSTR_LEN_MAX, StringRef};
    use crate::varint::Varint;

    #[derive(Debug, Clone)]
    struct Parts {
        encoding: StringEncoding,
        expiry: Option<Millis>,
        key: Vec<u8>,
        value: Vec<u8>,
    }

    impl Parts {
        fn draft(&self) -> Draft<'_> {
            let Self {
                encoding,
                expiry,
                key,
                value,
            } = self;
            Draft {
                encoding: *encoding,
                expiry: *expiry,
                key,
                value,
                tail: &[],
            }
        }
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let key = prop_oneof![
            4 => prop::collection::vec(any::<u8>(), 0..40),
            2 => prop::collection::vec(any::<u8>(), 252..258),
            1 => prop::collection::vec(any::<u8>(), 65_530..65_540),
        ];
        let value = prop_oneof![
            any::<i64>().prop_map(|n| (StringEncoding::Int, Varint::encode(n).as_bytes().to_vec())),
            prop::collection::vec(any::<u8>(), 0..=EMBSTR_LEN_MAX)
                .prop_map(|value| (StringEncoding::Embstr, value)),
            prop::collection::vec(any::<u8>(), 0..300).prop_map(|v| (StringEncoding::Raw, v)),
        ];
        let expiry = prop::option::of(any::<u64>().prop_map(Millis));
        (expiry, key, value).prop_map(|(expiry, key, (encoding, value))| Parts {
            encoding,
            expiry,
            key,
            value,
        })
    }

    /// Bytes that are likely to be an entry.
    fn soup() -> impl Strategy<Value = Vec<u8>> {
        let flags = prop_oneof![9 => 0_u8..8, 1 => any::<u8>()];
        let key_len = prop_oneof![9 => 0_u8..4, 1 => any::<u8>()];
        let rest = prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..70);
        (flags, key_len, rest).prop_map(|(flags, len, rest)| [vec![flags, len], rest].concat())
    }

    fn check(packed: &Packed, parts: &Parts) -> Result<(), TestCaseError> {
        let view = packed.view();
        prop_assert_eq!(Draft::from(view), parts.draft());
        let string = match parts.encoding {
            StringEncoding::Int => Varint::decode(&parts.value).map(StringRef::Int),
            StringEncoding::Embstr | StringEncoding::Raw => Some(StringRef::Bytes(&parts.value)),
        };
        prop_assert_eq!(Some(packed.string()), string);
        Ok(())
    }

    #[test]
    fn the_example_of_the_header_holds() {
        let value = Varint::encode(3);
        let draft = Draft {
            encoding: StringEncoding::Int,
            expiry: None,
            key: b"k",
            value: value.as_bytes(),
            tail: &[],
        };
        assert_eq!(&*draft.pack().0, [0x00, 0x01, 0x6B, 0x06]);
    }

    proptest! {
        #[test]
        fn entries_round_trip(parts in parts(), split in any::<prop::sample::Index>()) {
            let packed = parts.draft().pack();
            check(&packed, &parts)?;
            let (value, tail) = parts.value.split_at(split.index(parts.value.len() + 1));
            prop_assert_eq!(Draft { value, tail, ..parts.draft() }.pack().0, packed.0);
        }

        #[test]
        fn entries_are_replaced(old in parts(), new in parts()) {
            let mut packed = old.draft().pack();
            packed.replace(&new.draft());
            check(&packed, &new)?;
        }

        #[test]
        fn expiries_are_replaced(mut parts in parts(), expiry in prop::option::of(any::<u64>())) {
            let mut packed = parts.draft().pack();
            parts.expiry = expiry.map(Millis);
            packed.set_expiry(parts.expiry);
            check(&packed, &parts)?;
        }

        /// A cut entry is refused, or has lost bytes at the end of a value that may have any length.
        #[test]
        fn cut_entries_are_refused(parts in parts(), cut in any::<prop::sample::Index>()) {
            let packed = parts.draft().pack();
            let bytes = &packed.0[..cut.index(packed.0.len())];
            let lost = packed.0.len() - bytes.len();
            match View::parse(bytes) {
                None => prop_assert!(lost > parts.value.len()),
                Some(view) => {
                    prop_assert!(lost <= parts.value.len());
                    prop_assert_eq!((view.key, view.expiry), (&*parts.key, parts.expiry));
                    prop_assert_eq!(view.value, &parts.value[..parts.value.len() - lost]);
                    if view.encoding == StringEncoding::Int {
                        prop_assert_eq!(view.string(), None);
                    }
                }
            }
        }

        #[test]
        fn what_parses_is_the_only_form(bytes in soup()) {
            if let Some(view) = View::parse(&bytes) {
                prop_assert_eq!(&*Draft::from(view).pack().0, &bytes[..]);
                let long = view.value.len() > EMBSTR_LEN_MAX;
                if view.encoding == StringEncoding::Embstr && long {
                    prop_assert_eq!(view.string(), None);
                }
            }
        }
    }
}
