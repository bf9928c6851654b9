//! How much worse something may get: relative to base, absolute, or both.
//!
//! | written | base 40 B may grow by | base 4 000 B may grow by |
//! |---|---|---|
//! | `5%` | 2 B | 200 B |
//! | `16 B` | 16 B | 16 B |
//! | `looser of 5% and 16 B` | 16 B | 200 B |
//! | `tighter of 5% and 16 B` | 2 B | 16 B |
//!
//! As a function of base a bound is continuous and made of at most two straight lines, which is how
//! two bounds are compared: one is at least as tight as another where it lies nowhere above it. It
//! is enough to look at 0, at the corners of both, and at the slopes past the last corner.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Percent, Unit};

/// The largest percentage of a bound.
const PERCENT_MAX: f64 = 1000.0;
/// The largest amount of a bound: beyond, not every whole number is an `f64`.
const AMOUNT_MAX: f64 = 9e15;
/// What rounding may add to a change of exactly the bound, as a share of the values compared.
const ROUNDING: f64 = 1e-11;

/// A change for the worse, in a unit: finite and not negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Amount {
    value: f64,
    unit: Unit,
}

/// The largest change for the worse that may happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Bound {
    /// In percent of base: 0 to 1000.
    Relative(Percent),
    /// In a unit that the metric's can be told in.
    Absolute(Amount),
    /// Whichever of both lets more happen.
    LooserOf(Percent, Amount),
    /// Whichever of both lets less happen.
    TighterOf(Percent, Amount),
}

/// Why a text is no bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no bound: write it as \"3%\", \"16 B\" or \"looser of 3% and 16 B\"")]
pub struct BoundError(String);

/// How two bounds compare, over every value that base could have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// They let the same happen.
    Same,
    /// The second never lets more happen, and sometimes less.
    Tighter,
    /// The second never lets less happen, and sometimes more.
    Looser,
    /// It depends on base's value, or their units cannot be compared.
    Depends,
}

impl Amount {
    /// In the amount's unit.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    fn in_unit(&self, unit: &Unit) -> Option<Self> {
        Some(Self {
            value: self.value * self.unit.ratio_to(unit)?,
            unit: unit.clone(),
        })
    }
}

impl Bound {
    /// A bound as it is written, white space at its ends apart.
    pub fn parse(text: &str) -> Result<Self, BoundError> {
        let wrong = || BoundError(text.to_owned());
        let written = text.trim();
        let both = |rest: &str| {
            let (one, other) = rest.split_once(" and ")?;
            match (part(one)?, part(other)?) {
                (Self::Relative(percent), Self::Absolute(amount))
                | (Self::Absolute(amount), Self::Relative(percent)) => Some((percent, amount)),
                _ => None,
            }
        };
        let bound = if let Some(rest) = written.strip_prefix("looser of ") {
            both(rest).map(|(percent, amount)| Self::LooserOf(percent, amount))
        } else if let Some(rest) = written.strip_prefix("tighter of ") {
            both(rest).map(|(percent, amount)| Self::TighterOf(percent, amount))
        } else {
            part(written)
        };
        bound.ok_or_else(wrong)
    }

    /// The absolute part, where there is one.
    #[must_use]
    pub const fn amount(&self) -> Option<&Amount> {
        match self {
            Self::Relative(_) => None,
            Self::Absolute(amount) | Self::LooserOf(_, amount) | Self::TighterOf(_, amount) => {
                Some(amount)
            }
        }
    }

    /// The same bound for values in `unit`; `None` where the amount cannot be told in it.
    #[must_use]
    pub fn in_unit(&self, unit: &Unit) -> Option<Self> {
        Some(match self {
            Self::Relative(percent) => Self::Relative(*percent),
            Self::Absolute(amount) => Self::Absolute(amount.in_unit(unit)?),
            Self::LooserOf(percent, amount) => Self::LooserOf(*percent, amount.in_unit(unit)?),
            Self::TighterOf(percent, amount) => Self::TighterOf(*percent, amount.in_unit(unit)?),
        })
    }

    /// Whether a change for the worse by `worse` from `base`, both in the bound's unit, may happen.
    ///
    /// A change of exactly the bound may, whatever binary fractions make of it. No percentage of 0
    /// covers a change.
    #[must_use]
    pub fn covers(&self, base: f64, worse: f64) -> bool {
        let slack = ROUNDING * (base.abs() + worse.abs());
        let relative = |percent: &Percent| {
            base.abs() > 0.0 && worse <= percent.get() / 100.0 * base.abs() + slack
        };
        let absolute = |amount: &Amount| worse <= amount.value + slack;
        match self {
            Self::Relative(percent) => relative(percent),
            Self::Absolute(amount) => absolute(amount),
            Self::LooserOf(percent, amount) => relative(percent) || absolute(amount),
            Self::TighterOf(percent, amount) => relative(percent) && absolute(amount),
        }
    }

    /// The bound in percent of `base`, a value in its unit; `None` where `base` is 0 or so small
    /// that there is no such number.
    #[must_use]
    pub fn percent_of(&self, base: f64) -> Option<Percent> {
        let absolute = |amount: &Amount| Percent::new(amount.value * 100.0 / base.abs()).ok();
        match self {
            Self::Relative(percent) => Some(*percent),
            Self::Absolute(amount) => absolute(amount),
            Self::LooserOf(percent, amount) => {
                absolute(amount).map(|other| if other > *percent { other } else { *percent })
            }
            Self::TighterOf(percent, amount) => {
                absolute(amount).map(|other| if other < *percent { other } else { *percent })
            }
        }
    }

    /// How `other` compares with this one.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Comparison {
        let converted = match (self.amount(), other.amount()) {
            (Some(amount), Some(_)) => other.in_unit(&amount.unit),
            _ => Some(other.clone()),
        };
        let Some(other) = converted else {
            return Comparison::Depends;
        };
        match (other.is_within(self), self.is_within(&other)) {
            (true, true) => Comparison::Same,
            (true, false) => Comparison::Tighter,
            (false, true) => Comparison::Looser,
            (false, false) => Comparison::Depends,
        }
    }

    /// Whether it lies nowhere above `other`, of which the amounts have the same unit.
    fn is_within(&self, other: &Self) -> bool {
        let corners = [Some(0.0), self.corner(), other.corner()];
        corners
            .into_iter()
            .flatten()
            .all(|base| self.at(base) <= other.at(base))
            && self.last_slope() <= other.last_slope()
    }

    /// What may happen to `base`.
    fn at(&self, base: f64) -> f64 {
        let relative = |percent: &Percent| percent.get() / 100.0 * base;
        match self {
            Self::Relative(percent) => relative(percent),
            Self::Absolute(amount) => amount.value,
            Self::LooserOf(percent, amount) => {
                let [_, larger] = sorted(relative(percent), amount.value);
                larger
            }
            Self::TighterOf(percent, amount) => {
                let [smaller, _] = sorted(relative(percent), amount.value);
                smaller
            }
        }
    }

    /// The base at which both parts let the same happen.
    fn corner(&self) -> Option<f64> {
        match self {
            Self::LooserOf(percent, amount) | Self::TighterOf(percent, amount) => {
                let base = amount.value * 100.0 / percent.get();
                base.is_finite().then_some(base)
            }
            Self::Relative(_) | Self::Absolute(_) => None,
        }
    }

    fn last_slope(&self) -> f64 {
        match self {
            Self::Relative(percent) | Self::LooserOf(percent, _) => percent.get(),
            Self::Absolute(_) | Self::TighterOf(..) => 0.0,
        }
    }
}

/// Two finite numbers, the smaller one first.
fn sorted(one: f64, other: f64) -> [f64; 2] {
    if one > other {
        [other, one]
    } else {
        [one, other]
    }
}

/// `3%` or `16 B`: digits with an optional fraction; no sign, no exponent, nothing not finite.
fn part(text: &str) -> Option<Bound> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let value: f64 = number.parse().ok()?;
    match unit.trim_start() {
        "" => None,
        unit if unit.len() > 1 && unit.contains('%') => None,
        "%" if value > PERCENT_MAX => None,
        "%" => Percent::new(value).ok().map(Bound::Relative),
        _ if value > AMOUNT_MAX => None,
        unit => {
            let unit = Unit::new(unit).ok()?;
            Some(Bound::Absolute(Amount { value, unit }))
        }
    }
}

impl TryFrom<String> for Bound {
    type Error = BoundError;

    fn try_from(text: String) -> Result<Self, BoundError> {
        Self::parse(&text)
    }
}

impl From<Bound> for String {
    fn from(bound: Bound) -> Self {
        bound.to_string()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

impl fmt::Display for Bound {
    /// As it is written, every decimal: rounding would show a bound that is not there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Relative(percent) => write!(f, "{}%", percent.get()),
            Self::Absolute(amount) => write!(f, "{amount}"),
            Self::LooserOf(percent, amount) => {
                write!(f, "looser of {}% and {amount}", percent.get())
            }
            Self::TighterOf(percent, amount) => {
                write!(f, "tighter of {}% and {amount}", percent.get())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bound(text: &str) -> Bound {
        Bound::parse(text).unwrap()
    }

    #[test]
    fn a_bound_is_written_in_one_way() {
        for (text, shown) in [
            ("3%", "3%"),
            (" 0.25 % ", "0.25%"),
            ("16 B", "16 B"),
            ("1.5KiB", "1.5 KiB"),
            ("looser of 16 B and 5%", "looser of 5% and 16 B"),
            ("tighter of 5% and 16 B", "tighter of 5% and 16 B"),
        ] {
            assert_eq!(bound(text).to_string(), shown);
            assert_eq!(bound(shown), bound(text));
        }
        for text in [
            "",
            "3",
            "%",
            "B",
            "-3%",
            "1e3%",
            "3.%",
            ".5%",
            "1001%",
            "1e2%",
            "3%%",
            "nan%",
            "inf B",
            "3 %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
            "99999999999999999999 B",
            "5% and 16 B",
            "looser of 5%",
            "looser of 5% and 6%",
            "looser of 5 B and 6 B",
            "looser of 5% and 16 B and 3%",
            "Looser of 5% and 16 B",
        ] {
            assert!(Bound::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_a_bound_covers() {
        for (text, base, worse, covered) in [
            ("5%", 40.0, 2.0, true),
            ("5%", 40.0, 2.001, false),
            ("5%", 0.0, 1.0, false),
            ("16 B", 40.0, 16.0, true),
            ("16 B", 0.0, 16.0, true),
            ("16 B", 4000.0, 16.001, false),
            ("looser of 5% and 16 B", 40.0, 16.0, true),
            ("looser of 5% and 16 B", 4000.0, 200.0, true),
            ("looser of 5% and 16 B", 0.0, 16.0, true),
            ("tighter of 5% and 16 B", 40.0, 2.5, false),
            ("tighter of 5% and 16 B", 4000.0, 17.0, false),
            ("tighter of 5% and 16 B", 0.0, 1.0, false),
            ("7%", 100.0, 7.0, true),
            ("0.3%", 100.0 / 3.0, 100.0 / 3.0 * 1.003 - 100.0 / 3.0, true),
        ] {
            assert_eq!(
                bound(text).covers(base, worse),
                covered,
                "{text} {base} {worse}"
            );
        }
    }

    #[test]
    fn a_bound_in_percent_of_a_base() {
        let percent = |text: &str, base| bound(text).percent_of(base).map(Percent::get);
        assert_eq!(percent("5%", 0.0), Some(5.0));
        assert_eq!(percent("16 B", 40.0), Some(40.0));
        assert_eq!(percent("16 B", 0.0), None);
        assert_eq!(percent("looser of 5% and 16 B", 40.0), Some(40.0));
        assert_eq!(percent("looser of 5% and 16 B", 4000.0), Some(5.0));
        assert_eq!(percent("tighter of 5% and 16 B", 40.0), Some(5.0));
    }

    #[test]
    fn units_of_one_kind_are_converted() {
        let bytes = Unit::new("B").unwrap();
        assert_eq!(bound("1.5 KiB").in_unit(&bytes), Some(bound("1536 B")));
        assert_eq!(bound("3%").in_unit(&bytes), Some(bound("3%")));
        assert_eq!(bound("3 ms").in_unit(&bytes), None);
        assert_eq!(bound("16 B").in_unit(&Unit::new("").unwrap()), None);
    }

    #[test]
    fn two_bounds_are_compared_over_every_base() {
        use Comparison::{Depends, Looser, Same, Tighter};
        for (old, new, comparison) in [
            ("3%", "3.0 %", Same),
            ("3%", "4%", Looser),
            ("4%", "3%", Tighter),
            ("16 B", "17 B", Looser),
            ("1 KiB", "1024 B", Same),
            ("5%", "16 B", Depends),
            ("16 B", "3 ms", Depends),
            ("5%", "looser of 5% and 16 B", Looser),
            ("5%", "tighter of 5% and 16 B", Tighter),
            ("16 B", "tighter of 5% and 16 B", Tighter),
            ("looser of 5% and 16 B", "looser of 6% and 16 B", Looser),
            ("looser of 5% and 16 B", "looser of 6% and 15 B", Depends),
            ("tighter of 5% and 16 B", "looser of 5% and 16 B", Looser),
            ("tighter of 5% and 16 B", "tighter of 9% and 16 B", Looser),
            ("tighter of 5% and 16 B", "tighter of 9% and 12 B", Depends),
            ("looser of 0% and 16 B", "16 B", Same),
            ("tighter of 0% and 16 B", "0%", Same),
            ("tighter of 0% and 16 B", "0 B", Same),
            ("looser of 5% and 16 B", "tighter of 9% and 100 B", Depends),
        ] {
            assert_eq!(
                bound(old).compare(&bound(new)),
                comparison,
                "{old} -> {new}"
            );
        }
    }

    fn any_bound() -> impl Strategy<Value = Bound> {
        (0..4_u8, 0..20_u32, 0..20_u32).prop_map(|(form, percent, amount)| {
            bound(&match form {
                0 => format!("{percent}%"),
                1 => format!("{amount} B"),
                2 => format!("looser of {percent}% and {amount} B"),
                _ => format!("tighter of {percent}% and {amount} B"),
            })
        })
    }

    proptest! {
        /// What is called tighter covers nothing that the other does not, at any base.
        #[test]
        fn a_comparison_agrees_with_what_is_covered(
            old in any_bound(),
            new in any_bound(),
            changes in prop::collection::vec((1.0..1e6_f64, 0.0..1e5_f64), 32),
        ) {
            let comparison = old.compare(&new);
            for (base, worse) in changes {
                let (was, is) = (old.covers(base, worse), new.covers(base, worse));
                let fits = match comparison {
                    Comparison::Same => was == is,
                    Comparison::Tighter => was || !is,
                    Comparison::Looser => is || !was,
                    Comparison::Depends => true,
                };
                prop_assert!(fits, "{} -> {} is {:?}, but {} {}", old, new, comparison, base, worse);
            }
        }

        #[test]
        fn no_text_panics_and_what_is_read_reads_again(text in "[a-z ]{0,10}[0-9.]{0,4} ?[%BKi]{0,3}( and [0-9]{1,2} ?[%B])?") {
            if let Ok(bound) = Bound::parse(&text) {
                prop_assert_eq!(Bound::parse(&bound.to_string()), Ok(bound));
            }
        }
    }
}
