//! Arguments that several commands read alike: counts, scores, ranges of indices; and the random
//! choice of elements.

use std::ops::Range;

use super::{Call, Failure};
use crate::protocol::parse_integer;

/// More elements than a reply that draws them with repeats may have.
const DRAWS_MAX: usize = 10_000_000;
const OUT_OF_RANGE: Failure = Failure::Text("ERR value is out of range");

/// A count that is not negative; anything else fails with `text`.
pub(super) fn count(argument: &[u8], text: &'static str) -> Result<usize, Failure> {
    let number = parse_integer(argument).ok_or(Failure::Text(text))?;
    usize::try_from(number).map_err(|_| Failure::Text(text))
}

/// A count of at least one; anything else fails with `text`.
pub(super) fn at_least_one(argument: &[u8], text: &'static str) -> Result<usize, Failure> {
    count(argument, text)?
        .checked_sub(1)
        .map(|less| less + 1)
        .ok_or(Failure::Text(text))
}

/// What an optional count of elements to take says without more words.
pub(super) fn pop_count(argument: &[u8]) -> Result<usize, Failure> {
    count(argument, "ERR value is out of range, must be positive")
}

/// The number of a database, which has 32 bits.
pub(super) fn database(argument: &[u8]) -> Result<i32, Failure> {
    let number = parse_integer(argument).ok_or(Failure::NotAnInteger)?;
    i32::try_from(number).map_err(|_| {
        Failure::Text("ERR value is out of range, value must between -2147483648 and 2147483647")
    })
}

/// A number with a fraction, as `strtod` reads it but for hexadecimal digits; not NaN.
pub(super) fn float(argument: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(argument).ok()?;
    let number: f64 = text.parse().ok()?;
    let digits = text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E'));
    let is_word = !text.bytes().any(|byte| byte.is_ascii_digit());
    let has_value = digits.filter(u8::is_ascii_digit).any(|digit| digit != b'0');
    let overflows = number.is_infinite() && !is_word;
    let underflows = number.abs().to_bits() == 0 && has_value;
    (!number.is_nan() && !overflows && !underflows).then_some(number)
}

/// The same, or the error that most commands answer.
pub(super) fn score(argument: &[u8]) -> Result<f64, Failure> {
    float(argument).ok_or(Failure::Text("ERR value is not a valid float"))
}

/// The indices from `start` to `stop`, both counted from the end if negative, of `len` elements.
pub(super) fn indices(start: i64, stop: i64, len: usize) -> Range<usize> {
    let from_end = |index: i64| {
        if index >= 0 {
            return usize::try_from(index).ok();
        }
        len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    };
    let start = from_end(start).unwrap_or_default();
    let end = from_end(stop).map_or(0, |stop| stop.saturating_add(1).min(len));
    if start < end { start..end } else { 0..0 }
}

/// How many elements a command draws at random.
pub(super) enum Draw {
    /// So many different ones, or all.
    Distinct(usize),
    /// So many, the same one perhaps more than once.
    Repeated(usize),
}

impl Draw {
    /// Reads the count, of which no more than `share` of the largest number may be asked for.
    pub(super) fn parse(argument: &[u8], share: i64) -> Result<Self, Failure> {
        let number = parse_integer(argument).ok_or(Failure::NotAnInteger)?;
        if number == i64::MIN {
            return Err(Failure::Text(
                "ERR value is out of range, value must between \
                 -9223372036854775807 and 9223372036854775807",
            ));
        }
        if number.unsigned_abs() > i64::MAX.unsigned_abs() / share.unsigned_abs() {
            return Err(OUT_OF_RANGE);
        }
        let count = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        Ok(if number < 0 {
            Self::Repeated(count)
        } else {
            Self::Distinct(count)
        })
    }

    /// Reads the count at argument 2, and whether `option` follows it, which doubles what is answered.
    pub(super) fn parse_with(call: &Call<'_, '_>, option: &str) -> Result<(Self, bool), Failure> {
        let draw = Self::parse(call.args.at(2), 1)?;
        match call.args.len() {
            3 => Ok((draw, false)),
            4 if call.is(3, option) => Ok((Self::parse(call.args.at(2), 2)?, true)),
            _ => Err(Failure::Syntax),
        }
    }

    /// Whether it draws each of `len` elements once.
    pub(super) const fn is_all(&self, len: usize) -> bool {
        matches!(self, Self::Distinct(count) if *count >= len)
    }

    /// Numbers below `len`; refused where a reply of so many would be too long.
    pub(super) fn numbers(
        &self,
        len: usize,
        mut random: impl FnMut() -> u64,
    ) -> Result<Vec<usize>, Failure> {
        Ok(match *self {
            _ if len == 0 => Vec::new(),
            Self::Repeated(count) if count > DRAWS_MAX => return Err(OUT_OF_RANGE),
            Self::Repeated(count) => (0..count).map(|_| below(random(), len)).collect(),
            Self::Distinct(count) if count >= len => (0..len).collect(),
            Self::Distinct(count) => {
                // Floyd's: for each of the last `count` numbers, draw one up to it.
                let mut drawn = std::collections::BTreeSet::new();
                for last in len - count..len {
                    let number = below(random(), last + 1);
                    if !drawn.insert(number) {
                        drawn.insert(last);
                    }
                }
                drawn.into_iter().collect()
            }
        })
    }
}

/// Elements that a part of a large collection has at the most.
const PART: usize = 512;

/// The elements with these numbers, of `len`. Few are looked up one by one, which takes half of a part's elements and
/// the parts before it; for many all are gone over once.
pub(super) fn elements<T: Copy>(
    numbers: &[usize],
    len: usize,
    nth: impl Fn(usize) -> Option<T>,
    all: impl Iterator<Item = T>,
) -> impl Iterator<Item = T> {
    let steps = len.min(PART) / 2 + len / PART;
    let are_few = numbers.len().saturating_mul(steps) <= len;
    let all: Vec<T> = if are_few { Vec::new() } else { all.collect() };
    numbers.iter().filter_map(move |&number| {
        if are_few {
            nth(number)
        } else {
            all.get(number).copied()
        }
    })
}

/// A number below `len` by a random one.
pub(super) fn below(random: u64, len: usize) -> usize {
    let product = u128::from(random) * len as u128;
    usize::try_from(product >> 64).unwrap_or_default()
}

impl Call<'_, '_> {
    /// Whether argument `at` is `name`, in any case.
    pub(super) fn is(&self, at: usize, name: &str) -> bool {
        self.args.at(at).eq_ignore_ascii_case(name.as_bytes())
    }

    /// The indices that arguments `at` and the next one ask for.
    pub(super) fn bounds(&self, at: usize) -> Result<(i64, i64), Failure> {
        Ok((self.integer(at)?, self.integer(at + 1)?))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floats_are_those_of_redis() {
        for (text, number) in [
            ("1", Some(1.0)),
            ("-.5", Some(-0.5)),
            ("5.", Some(5.0)),
            ("+1e3", Some(1000.0)),
            ("inf", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("0e5", Some(0.0)),
            ("nan", None),
            ("", None),
            (" 1", None),
            ("1 ", None),
            ("1e400", None),
            ("1e-400", None),
            ("abc", None),
        ] {
            assert_eq!(float(text.as_bytes()), number, "{text:?}");
        }
    }

    #[test]
    fn few_elements_are_looked_up_and_many_gone_over() {
        // How many elements were looked up, and how many gone over.
        let work = |drawn: usize, len: usize| {
            let (looked, gone) = (Cell::new(0), Cell::new(0));
            let nth = |number| {
                looked.set(looked.get() + 1);
                Some(number)
            };
            let all = (0..len).inspect(|_| gone.set(gone.get() + 1));
            let numbers: Vec<usize> = (0..drawn).collect();
            assert_eq!(
                elements(&numbers, len, nth, all).collect::<Vec<_>>(),
                numbers
            );
            (looked.get(), gone.get())
        };
        assert_eq!(work(1, 1), (1, 0));
        assert_eq!(work(1, 1_000_000), (1, 0));
        assert_eq!(work(2, 100), (2, 0));
        assert_eq!(work(30, 100), (0, 100));
        assert_eq!(work(100, 1_000_000), (100, 0));
        assert_eq!(work(100_000, 1_000_000), (0, 1_000_000));
        assert_eq!(work(0, 1_000_000), (0, 0));
    }

    #[test]
    fn every_element_is_drawn_as_often_as_every_other() {
        const ROUNDS: usize = 20_000;
        let mut state = 7_u64;
        let mut random = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state
        };
        for draw in [Draw::Distinct(3), Draw::Repeated(3)] {
            let mut times = [0_usize; 10];
            for _ in 0..ROUNDS {
                let numbers = draw.numbers(times.len(), &mut random).unwrap();
                for number in elements(&numbers, times.len(), Some, 0..times.len()) {
                    times[number] += 1;
                }
            }
            // Six deviations of a binomial of 3 in 10.
            let expected = ROUNDS * 3 / 10;
            let bound = 6 * 65;
            assert!(
                times.iter().all(|times| times.abs_diff(expected) < bound),
                "{times:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn indices_are_those_of_a_naive_walk(start in -9_i64..9, stop in -9_i64..9, len in 0_usize..6) {
            let place = |index: i64| if index < 0 { index + i64::try_from(len).unwrap() } else { index };
            let naive: Vec<usize> = (0..len)
                .filter(|at| {
                    let at = i64::try_from(*at).unwrap();
                    place(start) <= at && at <= place(stop)
                })
                .collect();
            prop_assert_eq!(indices(start, stop, len).collect::<Vec<_>>(), naive);
        }

        #[test]
        fn elements_are_those_that_have_the_numbers(
            len in 0_usize..3000,
            numbers in proptest::collection::vec(0_usize..3000, 0..12),
        ) {
            let naive: Vec<usize> = numbers.iter().filter(|&&number| number < len).map(|number| number * 7).collect();
            let nth = |number| (number < len).then_some(number * 7);
            let got: Vec<usize> = elements(&numbers, len, nth, (0..len).map(|number| number * 7)).collect();
            prop_assert_eq!(got, naive);
        }

        #[test]
        fn distinct_draws_are_distinct(len in 0_usize..40, count in 0_usize..50, seed: u64) {
            let mut state = seed;
            let random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state
            };
            let drawn = Draw::Distinct(count).numbers(len, random).unwrap();
            prop_assert_eq!(drawn.len(), count.min(len));
            prop_assert!(drawn.is_sorted_by(|a, b| a < b));
            prop_assert!(drawn.iter().all(|number| *number < len));
        }
    }
}
