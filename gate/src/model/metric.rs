//! What a metric is called, counted in, and which way is better.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest metric id, in bytes: it must fit one cell of a table.
const ID_LEN_MAX: usize = 120;
/// The longest unit, in bytes.
const UNIT_LEN_MAX: usize = 24;
/// Units of bytes (IEC 80000-13 for the binary ones) and of time, each with its size in the first.
const SCALES: [&[(&str, f64)]; 2] = [
    &[
        ("B", 1.0),
        ("kB", 1e3),
        ("KB", 1e3),
        ("KiB", 1024.0),
        ("MB", 1e6),
        ("MiB", 1_048_576.0),
        ("GB", 1e9),
        ("GiB", 1_073_741_824.0),
    ],
    &[
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
    ],
];

/// The name of a metric, with its case where it has one: `qps`, `bytes_per_key/int`.
///
/// The name is `[A-Za-z0-9_.-]+`, the case the same with `:` and `/`; together at most 120 bytes.
/// Ids travel into Markdown and file names, so nothing else gets in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MetricId(String);

/// Why a text is no metric id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no metric id: use letters, digits, `_`, `.` and `-`, with an optional case after \
     a `/`, {ID_LEN_MAX} bytes at most"
)]
pub struct MetricIdError(String);

impl MetricId {
    /// The id of a metric without cases.
    pub fn new(name: &str) -> Result<Self, MetricIdError> {
        Self::parse(name.to_owned())
    }

    /// The id of one case of a metric.
    pub fn with_case(name: &str, case: &str) -> Result<Self, MetricIdError> {
        Self::parse(format!("{name}/{case}"))
    }

    fn parse(text: String) -> Result<Self, MetricIdError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let (name, case) = text
            .split_once('/')
            .map_or((text.as_str(), None), |(n, c)| (n, Some(c)));
        let fits = text.len() <= ID_LEN_MAX
            && !name.is_empty()
            && name.chars().all(plain)
            && case.is_none_or(|c| {
                !c.is_empty() && c.chars().all(|c| plain(c) || matches!(c, ':' | '/'))
            });
        if fits {
            Ok(Self(text))
        } else {
            Err(MetricIdError(text))
        }
    }

    /// The whole id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name before the case: the key of the metric's table in `budgets.toml`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0
            .split_once('/')
            .map_or(self.0.as_str(), |(name, _)| name)
    }

    /// The case, where there is one.
    #[must_use]
    pub fn case(&self) -> Option<&str> {
        self.0.split_once('/').map(|(_, case)| case)
    }
}

impl TryFrom<String> for MetricId {
    type Error = MetricIdError;

    fn try_from(text: String) -> Result<Self, MetricIdError> {
        Self::parse(text)
    }
}

impl From<MetricId> for String {
    fn from(id: MetricId) -> Self {
        id.0
    }
}

impl fmt::Display for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a metric is counted in: `B`, `req/s`, `us`. Empty for a bare number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit(String);

/// Why a text is no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no unit: use letters, digits, `/`, `%`, `_` and `µ`, {UNIT_LEN_MAX} bytes at most"
)]
pub struct UnitError(String);

impl Unit {
    /// A unit as a table shows it.
    pub fn new(text: &str) -> Result<Self, UnitError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '%' | '_' | 'µ');
        if text.len() <= UNIT_LEN_MAX && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnitError(text.to_owned()))
        }
    }

    /// The unit's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a number of this unit is multiplied by to be one of `other`: 1024 from KiB to B.
    ///
    /// `None` where one cannot be told in the other: only bytes and times have several units.
    #[must_use]
    pub fn ratio_to(&self, other: &Self) -> Option<f64> {
        if self == other {
            return Some(1.0);
        }
        SCALES.iter().find_map(|scale| {
            let size = |unit: &Self| {
                let mut units = scale.iter();
                units.find_map(|(name, size)| (*name == unit.as_str()).then_some(*size))
            };
            Some(size(self)? / size(other)?)
        })
    }
}

impl TryFrom<String> for Unit {
    type Error = UnitError;

    fn try_from(text: String) -> Result<Self, UnitError> {
        Self::new(&text)
    }
}

impl From<Unit> for String {
    fn from(unit: Unit) -> Self {
        unit.0
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Requests per second.
    HigherIsBetter,
    /// Bytes, seconds, instructions.
    LowerIsBetter,
}

impl Direction {
    /// `1` where a rise is worse, `-1` where a fall is: multiplies a change into an adverse one.
    #[must_use]
    pub const fn adverse_sign(self) -> f64 {
        match self {
            Self::HigherIsBetter => -1.0,
            Self::LowerIsBetter => 1.0,
        }
    }
}

/// How a metric is measured and whether it can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Counted: the same twice to the last digit, compared without a band.
    Exact,
    /// Timed: measured in rounds, judged by an interval.
    Noisy,
    /// Shown, never judged.
    ReportOnly,
}
