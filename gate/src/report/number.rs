//! How values and percentages are written.
//!
//! | what | written | why |
//! |---|---|---|
//! | timed value | `71 203`, `13.41`, `0.08213` | four digits, more only before the point: the rest is noise |
//! | counted value | `58`, `58.0021`, `1 048 576` | four decimals, more where base and head would look alike |
//! | change of timed values | `+6.04%`, `-12.3%`, `0.00%` | two decimals |
//! | change of counted values | `+6.04%`, `+0.0004%`, `0%` | two decimals, more where it would look like none |
//! | percentage in a sentence | `6.1 %`, `0.43 %` | one decimal, more where it would look like the budget |
//!
//! Thousands are parted by a space, which renderers may make unbreakable.

use crate::model::Percent;

/// Digits of a timed value.
const TIMED_DIGITS: i32 = 4;
/// Decimals of a counted value that are shown first.
const COUNTED_DECIMALS: usize = 4;
/// Decimals beyond which `f64` has nothing to say.
const DECIMALS_MAX: usize = 17;

/// A timed value: four digits.
pub(super) fn timed(value: f64) -> String {
    grouped(value, decimals(value, TIMED_DIGITS))
}

/// A number of things.
pub(super) fn count(number: u64) -> String {
    #[expect(
        clippy::cast_precision_loss,
        reason = "nothing that a run counts comes near 2^52"
    )]
    let value = number as f64;
    grouped(value, 0)
}

/// A value in a sentence: two digits.
pub(super) fn short(value: f64) -> String {
    grouped(value, decimals(value, 2))
}

/// Counted values of two arms: alike only where they are equal.
pub(super) fn counted(base: Option<f64>, head: Option<f64>) -> (Option<String>, Option<String>) {
    let write = |value: Option<f64>, decimals| value.map(|v| trimmed(&grouped(v, decimals)));
    let differ = base.zip(head).is_some_and(|(b, h)| b.total_cmp(&h).is_ne());
    let mut shown = (write(base, COUNTED_DECIMALS), write(head, COUNTED_DECIMALS));
    for decimals in COUNTED_DECIMALS..=DECIMALS_MAX {
        shown = (write(base, decimals), write(head, decimals));
        if !differ || shown.0 != shown.1 {
            break;
        }
    }
    shown
}

/// A signed change of counted values: one that is there is seen.
pub(super) fn counted_change(percent: Percent) -> String {
    let size = percent.get().abs();
    match size {
        0.0 => "0%".to_owned(),
        0.01.. => timed_change(percent),
        _ => signed(percent.get(), decimals(size, 1)),
    }
}

/// A signed change of timed values.
pub(super) fn timed_change(percent: Percent) -> String {
    let digits = match percent.get().abs() {
        ..10.0 => 2,
        ..1000.0 => 1,
        _ => 0,
    };
    signed(percent.get(), digits)
}

fn signed(value: f64, decimals: usize) -> String {
    let text = grouped(value, decimals);
    let sign = if value > 0.0 && !is_zero(&text) {
        "+"
    } else {
        ""
    };
    format!("{sign}{text}%")
}

/// A percentage without a sign, in a sentence.
pub(super) fn percent(value: f64) -> String {
    let size = value.abs();
    let digits = match size {
        100.0.. => 0,
        1.0.. => 1,
        0.1.. => 2,
        _ if size > 0.0 => decimals(size, 1),
        _ => 0,
    };
    format!("{} %", grouped(size, digits))
}

/// A percentage that must not look like `other`, which it differs from.
pub(super) fn percent_apart(value: f64, other: Percent) -> String {
    let reference = percent_exact(other);
    let text = percent(value);
    let looks_like = |text: &str| text.replace(".0 %", " %") == reference;
    if !looks_like(&text) || value.total_cmp(&other.get()).is_eq() {
        return text;
    }
    (2..=6)
        .map(|digits| format!("{} %", grouped(value.abs(), digits)))
        .find(|text| !looks_like(text) && !text.trim_end_matches(" %").ends_with("00"))
        .unwrap_or(text)
}

/// A percentage as it was written in the budgets.
pub(super) fn percent_exact(percent: Percent) -> String {
    format!("{} %", percent.get())
}

/// A time.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    let minutes = (seconds / 60.0).floor();
    format!(
        "{minutes:.0} min {:.0} s",
        (seconds - 60.0 * minutes).floor()
    )
}

/// How many decimals leave `digits` digits.
fn decimals(value: f64, digits: i32) -> usize {
    if value
        .abs()
        .partial_cmp(&0.0)
        .is_none_or(std::cmp::Ordering::is_le)
    {
        return 0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the exponent of an f64 is small"
    )]
    let magnitude = value.abs().log10().floor() as i32;
    usize::try_from(digits - 1 - magnitude).map_or(0, |d| d.min(DECIMALS_MAX))
}

/// So many decimals, thousands parted by spaces, no negative zero.
fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) if !is_zero(digits) => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut parted = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            parted.push(' ');
        }
        parted.push(digit);
    }
    if let Some(fraction) = fraction {
        parted.push('.');
        parted.push_str(fraction);
    }
    parted
}

/// Without zeros at the end of the decimals.
fn trimmed(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// Whether a number is written with nothing but zeros.
fn is_zero(text: &str) -> bool {
    !text.bytes().any(|b| b.is_ascii_digit() && b != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pct(value: f64) -> Percent {
        Percent::new(value).unwrap()
    }

    #[test]
    fn timed_values_have_four_digits() {
        for (value, text) in [
            (71_203.4, "71 203"),
            (1_048_576.0, "1 048 576"),
            (999.96, "1 000.0"),
            (13.406, "13.41"),
            (0.082_134, "0.08213"),
            (0.0, "0"),
        ] {
            assert_eq!(timed(value), text);
        }
    }

    #[test]
    fn counted_values_look_alike_only_where_they_are_equal() {
        let both = |base, head| {
            let (b, h) = counted(Some(base), Some(head));
            (b.unwrap(), h.unwrap())
        };
        let text = |b: &str, h: &str| (b.to_owned(), h.to_owned());
        assert_eq!(both(58.0, 58.0), text("58", "58"));
        assert_eq!(both(58.002_13, 346.5), text("58.0021", "346.5"));
        assert_eq!(both(58.0, 58.000_000_13), text("58", "58.0000001"));
        assert_eq!(
            both(1_048_576.0, 1_048_577.0),
            text("1 048 576", "1 048 577")
        );
        assert_eq!(
            both(0.1 + 0.2, 0.3),
            text("0.30000000000000004", "0.29999999999999999")
        );
        assert_eq!(counted(None, Some(80.0)), (None, Some("80".to_owned())));
    }

    #[test]
    fn a_counted_change_never_looks_like_none() {
        for (value, text) in [
            (6.041, "+6.04%"),
            (-12.34, "-12.3%"),
            (0.0, "0%"),
            (-0.0, "0%"),
            (0.0004, "+0.0004%"),
            (-0.01, "-0.01%"),
            (1234.5, "+1 234%"),
        ] {
            assert_eq!(counted_change(pct(value)), text);
        }
        for (value, text) in [(6.041, "+6.04%"), (-0.0008, "0.00%"), (0.0008, "0.00%")] {
            assert_eq!(timed_change(pct(value)), text);
        }
    }

    #[test]
    fn percentages_in_sentences_are_short() {
        for (value, text) in [
            (6.08, "6.1 %"),
            (-6.08, "6.1 %"),
            (0.434, "0.43 %"),
            (0.004, "0.004 %"),
            (123.4, "123 %"),
            (0.0, "0 %"),
            (3.0, "3.0 %"),
        ] {
            assert_eq!(percent(value), text);
        }
    }

    #[test]
    fn what_is_not_the_budget_does_not_look_like_it() {
        for (value, text) in [
            (3.04, "3.04 %"),
            (2.996, "2.996 %"),
            (3.000_04, "3.00004 %"),
            (3.2, "3.2 %"),
            (3.0, "3.0 %"),
        ] {
            assert_eq!(percent_apart(value, pct(3.0)), text);
        }
        assert_eq!(percent_exact(pct(0.25)), "0.25 %");
    }

    #[test]
    fn times_are_written_for_people() {
        assert_eq!(duration(31.24), "31.2 s");
        assert_eq!(duration(125.9), "2 min 5 s");
    }
}
