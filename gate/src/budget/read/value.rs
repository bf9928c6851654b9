//! Single values: percentages, times, numbers, words, reasons.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::Text;
use super::super::nearest::Names;
use crate::model::{Bound, Percent, Unit};

/// The largest percentage that a file may hold.
const PERCENT_MAX: f64 = 1000.0;
/// The longest time that a run may measure for.
const MAX_TIME_MAX: Duration = Duration::from_hours(24);
/// Characters that a reason has at least.
const REASON_LEN_MIN: usize = 10;

pub(super) fn missing(
    span: Range<usize>,
    table: impl Into<String>,
    key: &'static str,
    example: &'static str,
) -> Located {
    let table = table.into();
    Located::new(
        span,
        Mistake::MissingKey {
            table,
            key,
            example,
        },
    )
}

/// Digits with an optional fraction, then `%`: no sign, no exponent, nothing that is not finite.
pub(super) fn percent(key: &'static str, text: &Text) -> Found<Percent> {
    let wrong = || {
        let found = text.get_ref().clone();
        Located::new(text.span(), Mistake::Percentage { key, found })
    };
    let number = text
        .get_ref()
        .strip_suffix('%')
        .ok_or_else(wrong)?
        .trim_end();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    let value: f64 = number.parse().map_err(|_| wrong())?;
    if value > PERCENT_MAX {
        return Err(wrong());
    }
    Percent::new(value).map_err(|_| wrong())
}

/// How much worse something may get, in a unit that `unit`, where it is known, can be told in.
pub(super) fn bound(key: &'static str, text: &Text, unit: Option<&str>) -> Found<Bound> {
    let bound = Bound::parse(text.get_ref()).map_err(|_| {
        let found = text.get_ref().clone();
        let or = if key == "allow" {
            ", or \"removed\""
        } else {
            ""
        };
        Located::new(text.span(), Mistake::Bound { key, found, or })
    })?;
    let Some(unit) = unit else {
        return Ok(bound);
    };
    let told = Unit::new(unit).is_ok_and(|unit| bound.in_unit(&unit).is_some());
    if told {
        return Ok(bound);
    }
    let found = text.get_ref().clone();
    let unit = unit.to_owned();
    let mistake = Mistake::BoundUnit { key, found, unit };
    Err(Located::new(text.span(), mistake))
}

pub(super) fn max_time(text: &Text) -> Found<Duration> {
    let wrong = |why: String| {
        let found = text.get_ref().clone();
        Located::new(text.span(), Mistake::Duration { found, why })
    };
    let time =
        humantime::parse_duration(text.get_ref()).map_err(|why| wrong(format!(" ({why})")))?;
    if time.is_zero() || time > MAX_TIME_MAX {
        return Err(wrong(String::new()));
    }
    Ok(time)
}

/// A whole number inside `range`, or the default where it is left out.
pub(super) fn whole(
    key: &'static str,
    written: Option<&Spanned<i64>>,
    default: u32,
    range: RangeInclusive<u32>,
) -> Found<u32> {
    let Some(written) = written else {
        return Ok(default);
    };
    u32::try_from(*written.get_ref())
        .ok()
        .filter(|value| range.contains(value))
        .ok_or_else(|| out_of_range(key, written, default, &range))
}

/// A number inside `range`, which NaN never is, or the default where it is left out.
pub(super) fn fraction(
    key: &'static str,
    written: Option<&Spanned<f64>>,
    default: f64,
    range: RangeInclusive<f64>,
) -> Found<f64> {
    let Some(written) = written else {
        return Ok(default);
    };
    let value = *written.get_ref();
    if range.contains(&value) {
        // A negative zero would be shown as "-0".
        Ok(value + 0.0)
    } else {
        Err(out_of_range(key, written, default, &range))
    }
}

fn out_of_range<V: Display, B: Display>(
    key: &'static str,
    written: &Spanned<V>,
    default: B,
    range: &RangeInclusive<B>,
) -> Located {
    let mistake = Mistake::OutOfRange {
        key,
        bounds: format!("at least {} and at most {}", range.start(), range.end()),
        found: written.get_ref().to_string(),
        default: default.to_string(),
    };
    Located::new(written.span(), mistake)
}

/// One of the words that `key` may hold.
pub(super) fn word<T: Copy>(
    key: &'static str,
    written: &Text,
    words: &[(&'static str, T)],
) -> Found<T> {
    let found = written.get_ref();
    words
        .iter()
        .find(|(name, _)| name == found)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let known = Names::new(words.iter().map(|(name, _)| *name));
            let mistake = Mistake::UnknownWord {
                key,
                found: found.clone(),
                known,
                example: words.first().map_or("", |(name, _)| name),
            };
            Located::new(written.span(), mistake)
        })
}

/// A reason on one line, every run of white space a single space.
pub(super) fn reason(written: &Text) -> Found<String> {
    let words: Vec<&str> = written.get_ref().split_whitespace().collect();
    let found = words.join(" ");
    let wrong = |mistake| Err(Located::new(written.span(), mistake));
    if found.chars().any(char::is_control) {
        return wrong(Mistake::ControlCharacter("reason"));
    }
    let length = found.chars().count();
    if length < REASON_LEN_MIN {
        return wrong(Mistake::ShortReason { found, length });
    }
    Ok(found)
}
