//! Numbers as Redis reads them from an argument.
//!
//! An integer is canonical or it is not an integer: no sign but one `-`, no leading zero, no blank,
//! nothing behind the digits (`string2ll` of Redis). A memory size is an integer with an optional
//! unit (`memtoull`):
//!
//! | unit      | bytes | unit | bytes |
//! |-----------|-------|------|-------|
//! | none, `b` | 1     |      |       |
//! | `k`       | 1000  | `kb` | 1024  |
//! | `m`       | 1000² | `mb` | 1024² |
//! | `g`       | 1000³ | `gb` | 1024³ |

/// Digits in `i64::MIN`, its sign included.
const MAX_INTEGER_LEN: usize = 20;

/// The integer that `text` spells canonically, if it does.
#[must_use]
pub fn parse_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [] | [b'0', ..] => return None,
        _ if text.len() > MAX_INTEGER_LEN => return None,
        _ => {}
    }
    let mut magnitude: u64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        magnitude = magnitude.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    if negative {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// The cursor that `text` spells, as `strtoul` of C reads it: with a sign or without, up to a zero byte; nothing is 0.
#[must_use]
pub fn parse_cursor(text: &[u8]) -> Option<u64> {
    let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
    let (negative, digits) = match text {
        [] => return Some(0),
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

/// The bytes that `text` such as `100mb` or `1gb` stands for, if it is a memory size.
#[must_use]
pub fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let scale: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_is_what_c_reads() {
        for (text, cursor) in [
            (&b""[..], Some(0)),
            (b"0", Some(0)),
            (b"007", Some(7)),
            (b"+5", Some(5)),
            (b"-0", Some(0)),
            (b"-1", Some(u64::MAX)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"-18446744073709551615", Some(1)),
            (b"5\0x", Some(5)),
            (b"18446744073709551616", None),
            (b"-18446744073709551616", None),
            (b"-", None),
            (b"+", None),
            (b"+-1", None),
            (b" 0", None),
            (b"0 ", None),
            (b"0x1", None),
            (b"\xff", None),
        ] {
            assert_eq!(parse_cursor(text), cursor, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn an_integer_is_canonical() {
        for (text, number) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("18446744073709551616", None),
            ("100000000000000000000000", None),
            ("", None),
            ("-", None),
            ("-0", None),
            ("00", None),
            ("01", None),
            ("+1", None),
            (" 1", None),
            ("1 ", None),
            ("1.0", None),
        ] {
            assert_eq!(parse_integer(text.as_bytes()), number, "{text:?}");
        }
    }

    #[test]
    fn a_memory_size_has_units_of_1000_and_of_1024() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("100", Some(100)),
            ("7b", Some(7)),
            ("1k", Some(1000)),
            ("1KB", Some(1024)),
            ("100mb", Some(100 << 20)),
            ("3M", Some(3_000_000)),
            ("1gb", Some(1 << 30)),
            ("2g", Some(2_000_000_000)),
            ("", None),
            ("mb", None),
            ("-1", None),
            ("1.5gb", None),
            ("1tb", None),
            ("99999999999gb", None),
        ] {
            assert_eq!(parse_bytes(text), bytes, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_integer_parses_exactly_when_it_prints_the_same(text in "-?[0-9+ ]{0,21}") {
            let oracle = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
            prop_assert_eq!(parse_integer(text.as_bytes()), oracle);
        }
    }
}
