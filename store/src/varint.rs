//! Numbers in as few bytes as they need.
//!
//! ```text
//! n        0  -1   1  -2   2 …  63 │ -65 …  64 … │ i64::MIN
//! zigzag   0   1   2   3   4 … 126 │ 129 … 128 … │ 2^64 − 1
//! bytes    1                       │ 2           │ 10
//! ```
//!
//! Zigzag, `(n << 1) ^ (n >> 63)`, keeps numbers near zero small whatever their sign; each byte then
//! holds 7 bits, low ones first, with the top bit set on all but the last.
//! Source: Protocol Buffers, "Encoding", `sint64`. Stricter than there: the shortest form only.

/// The longest form, in bytes: 64 bits, 7 a byte.
const LEN_MAX: usize = 10;
const MORE: u8 = 0x80;

/// A number in its bytes, on the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Varint {
    bytes: [u8; LEN_MAX],
    len: usize,
}

impl Varint {
    pub(crate) fn encode(number: i64) -> Self {
        let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
        let mut varint = Self {
            bytes: [0; LEN_MAX],
            len: 0,
        };
        for byte in &mut varint.bytes {
            let [low, ..] = rest.to_le_bytes();
            rest >>= 7;
            varint.len += 1;
            if rest == 0 {
                *byte = low;
                break;
            }
            *byte = low | MORE;
        }
        varint
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }

    /// The number that exactly these bytes are the shortest form of.
    pub(crate) fn decode(bytes: &[u8]) -> Option<i64> {
        let (last, first) = bytes.split_last()?;
        // A last byte of 0 adds nothing, so a shorter form exists; the tenth byte has one bit left.
        let spare = *last == 0 && !first.is_empty();
        if *last >= MORE || spare || first.len() >= LEN_MAX || (first.len() == 9 && *last > 1) {
            return None;
        }
        let zigzag = first.iter().rev().try_fold(u64::from(*last), |sum, byte| {
            (*byte >= MORE).then(|| sum << 7 | u64::from(byte & !MORE))
        })?;
        Some((zigzag >> 1).cast_signed() ^ -((zigzag & 1).cast_signed()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Varint;

    #[test]
    fn lengths_are_as_drawn() {
        for (number, len) in [
            (0, 1),
            (63, 1),
            (-64, 1),
            (64, 2),
            (-65, 2),
            (i64::MAX, 10),
            (i64::MIN, 10),
        ] {
            assert_eq!(Varint::encode(number).as_bytes().len(), len, "{number}");
        }
    }

    proptest! {
        #[test]
        fn numbers_round_trip(number: i64, shift in 0_u32..64) {
            let number = number >> shift;
            prop_assert_eq!(Varint::decode(Varint::encode(number).as_bytes()), Some(number));
        }

        #[test]
        fn what_decodes_is_the_only_form(
            bytes in prop::collection::vec(prop_oneof![Just(0x80), Just(0xFF), any::<u8>()], 0..12),
        ) {
            if let Some(number) = Varint::decode(&bytes) {
                let varint = Varint::encode(number);
                prop_assert_eq!(varint.as_bytes(), &bytes[..]);
            }
        }

        #[test]
        fn cut_and_lengthened_forms_are_refused(number: i64, more: u8) {
            let varint = Varint::encode(number);
            let bytes = varint.as_bytes();
            prop_assert_eq!(Varint::decode(&bytes[..bytes.len() - 1]), None);
            prop_assert_eq!(Varint::decode(&[bytes, &[more]].concat()), None);
        }
    }
}
