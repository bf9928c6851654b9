//! Integers whose decimal text can be rebuilt from the number, byte for byte.
//!
//! Only the canonical text becomes a number: an optional `-`, no leading zeros, no `-0`, no `+`, no
//! blanks, and in the range of `i64`. Everything else stays text.

/// The longest canonical text: `-9223372036854775808`.
const TEXT_LEN_MAX: usize = 20;

/// The number whose canonical text is `text`.
pub(crate) fn parse(text: &[u8]) -> Option<i64> {
    if text.len() > TEXT_LEN_MAX {
        return None;
    }
    match text {
        [b'0'] => Some(0),
        [b'-', digits @ ..] => accumulate(digits, i64::checked_sub),
        digits => accumulate(digits, i64::checked_add),
    }
}

/// Adds up digits that begin with no zero; the sign lies in `step`, so that `i64::MIN` fits.
fn accumulate(digits: &[u8], step: fn(i64, i64) -> Option<i64>) -> Option<i64> {
    if digits.first().is_none_or(|first| *first == b'0') {
        return None;
    }
    digits.iter().try_fold(0_i64, |sum, byte| {
        let digit = byte
            .is_ascii_digit()
            .then(|| i64::from(byte.wrapping_sub(b'0')))?;
        step(sum.checked_mul(10)?, digit)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;

    /// The rule itself, without cleverness: what prints back to the same text.
    fn naive(text: &[u8]) -> Option<i64> {
        let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        (number.to_string().as_bytes() == text).then_some(number)
    }

    #[test]
    fn only_canonical_text_is_a_number() {
        for text in [
            "",
            "-",
            "+1",
            "-0",
            "00",
            "01",
            "-01",
            " 1",
            "1 ",
            "1a",
            "9223372036854775808",
            "-9223372036854775809",
            "99999999999999999999",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
        for number in [0, 1, -1, 10, -10, i64::MAX, i64::MIN] {
            assert_eq!(parse(number.to_string().as_bytes()), Some(number));
        }
    }

    proptest! {
        #[test]
        fn numbers_round_trip(number: i64) {
            prop_assert_eq!(parse(number.to_string().as_bytes()), Some(number));
        }

        #[test]
        fn text_agrees_with_the_rule(text in "[-+ 0-9a]{0,22}") {
            prop_assert_eq!(parse(text.as_bytes()), naive(text.as_bytes()));
        }
    }
}
