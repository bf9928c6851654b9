//! Scores and sums as Redis 7.0 prints them: `%.17g`, and decimals that are added exactly.
//!
//! | number | text | | number | text |
//! |---|---|---|---|---|
//! | 1 | `1` | | 1e20 | `1e+20` |
//! | 0.1 | `0.10000000000000001` | | infinity | `inf` |

use std::cmp::Ordering;
use std::fmt::Write as _;

/// Digits that tell every double from every other.
const DIGITS: usize = 17;
/// Digits behind the point of a sum.
const FRACTION: u32 = 17;

/// A double as `%.17g` of C prints it.
#[must_use]
pub fn print_double(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{number:.*e}", DIGITS - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest.replace('.', "")),
        None => ("", mantissa.replace('.', "")),
    };
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        rest => rest,
    };
    let mut text = sign.to_owned();
    let places = usize::try_from(exponent).unwrap_or_default();
    match exponent {
        -4..0 => {
            text.push_str("0.");
            (exponent..-1).for_each(|_| text.push('0'));
            text.push_str(digits);
        }
        0..17 => {
            let (whole, fraction) = digits.split_at(digits.len().min(places + 1));
            text.push_str(whole);
            (digits.len()..=places).for_each(|_| text.push('0'));
            if !fraction.is_empty() {
                text.push('.');
                text.push_str(fraction);
            }
        }
        _ => {
            let (first, fraction) = digits.split_at(1);
            text.push_str(first);
            if !fraction.is_empty() {
                text.push('.');
                text.push_str(fraction);
            }
            let sign = if exponent < 0 { '-' } else { '+' };
            // A `String` takes whatever is written to it.
            let _ = write!(text, "e{sign}{:02}", exponent.unsigned_abs());
        }
    }
    text
}

/// `number` times 10 to the power of `shift`, to the nearest integer, of two that are as near the even one.
fn shifted(number: i128, shift: i32) -> Option<i128> {
    if number == 0 {
        return Some(0);
    }
    let Some(power) = 10_i128.checked_pow(shift.unsigned_abs()) else {
        return (shift < 0).then_some(0);
    };
    if shift >= 0 {
        return number.checked_mul(power);
    }
    let (whole, rest) = (number / power, number % power);
    let is_up = match (rest.abs() * 2).cmp(&power) {
        Ordering::Less => false,
        Ordering::Equal => whole % 2 != 0,
        Ordering::Greater => true,
    };
    Some(whole + if is_up { number.signum() } else { 0 })
}

/// A decimal times 10 to the power of `places`.
fn scaled(text: &str, places: i32) -> Option<i128> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().ok()?),
        None => (rest, 0_i32),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<i128>().ok()?;
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let number = shifted(number, shift.checked_add(places)?)?;
    Some(if negative { -number } else { number })
}

/// The sum of two decimals, without zeros at its end; `None` where it is not finite. It is exact for
/// decimals of up to 17 digits behind the point and about 20 before it, with an exponent or without; of
/// more digits behind the point some are rounded off, and else it is that of doubles.
#[must_use]
pub fn add_decimals(a: &str, b: &str) -> Option<String> {
    // As many places as leave room for what is before the point.
    let exact = || {
        [2 * FRACTION, FRACTION * 3 / 2, FRACTION]
            .into_iter()
            .find_map(|places| {
                let places = places.cast_signed();
                let sum = scaled(a, places)?.checked_add(scaled(b, places)?)?;
                shifted(sum, FRACTION.cast_signed() - places)
            })
    };
    if let Some(sum) = exact() {
        let one = 10_u128.pow(FRACTION);
        let (whole, fraction) = (sum.unsigned_abs() / one, sum.unsigned_abs() % one);
        let sign = if sum < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{fraction:017}");
        return Some(text.trim_end_matches('0').trim_end_matches('.').to_owned());
    }
    let sum = a.parse::<f64>().ok()? + b.parse::<f64>().ok()?;
    if !sum.is_finite() {
        return None;
    }
    let text = format!("{sum:.17}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Some(if text == "-0" { "0" } else { text }.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_print_as_in_c() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-2.5, "-2.5"),
            (0.1, "0.10000000000000001"),
            (100.0, "100"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.5e20, "1.5e+20"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (1e-300, "1e-300"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(print_double(number), text);
        }
    }

    #[test]
    fn sums_are_exact() {
        for (a, b, sum) in [
            ("0.1", "0.2", Some("0.3")),
            ("10.50", "0.1", Some("10.6")),
            ("5.0e3", "200", Some("5200")),
            ("-1", "1", Some("0")),
            ("3", "-3.5", Some("-0.5")),
            ("1e308", "1e308", None),
            ("inf", "1", None),
            ("10.5", "1e-05", Some("10.50001")),
            ("12345.678e-2", "0", Some("123.45678")),
            ("1e18", "1E+0", Some("1000000000000000001")),
            ("3", "1e-17", Some("3.00000000000000001")),
            ("3", "1e-18", Some("3")),
            ("10.1", "-1e-300", Some("10.1")),
            ("4e-18", "4e-18", Some("0.00000000000000001")),
            ("123456789012.1", "1e-30", Some("123456789012.1")),
            ("1.5e-17", "0", Some("0.00000000000000002")),
            ("-2.5e-17", "0", Some("-0.00000000000000002")),
            ("-1e-20", "0", Some("0")),
            ("0e400", "1", Some("1")),
        ] {
            assert_eq!(add_decimals(a, b).as_deref(), sum, "{a} + {b}");
        }
    }

    proptest! {
        #[test]
        fn an_exponent_only_moves_the_point(
            number in -999_999_999_i64..999_999_999,
            exponent in -9_i32..9,
            other in -99_999_i64..99_999,
        ) {
            let scale = 10_i128.pow(9);
            let moved = i128::from(number) * 10_i128.pow((exponent + 9).unsigned_abs());
            let sign = if moved < 0 { "-" } else { "" };
            let plain = format!("{sign}{}.{:09}", moved.abs() / scale, moved.abs() % scale);
            let with_exponent = format!("{number}e{exponent}");
            let other = format!("{other}.5");
            prop_assert_eq!(add_decimals(&with_exponent, &other), add_decimals(&plain, &other));
        }

        #[test]
        fn printed_doubles_read_the_same(bits: u64) {
            let number = f64::from_bits(bits);
            prop_assume!(!number.is_nan());
            let read: f64 = print_double(number).parse().unwrap();
            prop_assert_eq!(read.to_bits(), bits);
        }
    }
}
