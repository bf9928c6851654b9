//! The fields of `samples.json`, schema `gate-samples/1`: what one of several runners measured.
//!
//! It holds everything that a verdict depends on and no verdict: one runner's alone would be taken for
//! the run's. As in `report.json`, unknown and missing fields are errors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::build::{ReportError, RunFacts};
use super::schema::BothBudgets;
use crate::judge::{BaselineInput, JudgeInput, MetricInput, Plan, RUNNERS_MAX};
use crate::model::present;

/// What one runner measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Which fields to expect.
    pub schema: MeasuredSchema,
    /// Which of the runners it is.
    pub shard: Shard,
    /// What the judge has no part in.
    pub facts: RunFacts,
    /// How many rounds were planned; all runners plan the same.
    pub plan: Plan,
    /// The budgets of both revisions.
    pub budgets: BothBudgets,
    /// What was measured.
    pub metrics: Vec<MetricInput>,
    /// The recorded baseline; `null` where nothing is held against one.
    #[serde(deserialize_with = "present")]
    pub baseline: Option<BaselineInput>,
}

/// The name of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MeasuredSchema {
    /// The only one so far.
    #[serde(rename = "gate-samples/1")]
    V1,
}

/// One of how many runners, written `2/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// Its number, from 1.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

/// Why a text names no shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write which runner of how many, from 1/1 to {RUNNERS_MAX}/{RUNNERS_MAX}, as in 2/3")]
pub struct ShardError;

impl Shard {
    /// A runner that is all there is.
    pub const ONLY: Self = Self { number: 1, of: 1 };

    /// Whether there can be such a one.
    #[must_use]
    pub fn is_possible(self) -> bool {
        let most = u32::try_from(RUNNERS_MAX).unwrap_or(u32::MAX);
        (1..=self.of).contains(&self.number) && self.of <= most
    }

    /// The seed of this runner where all were given the same: equal seeds would draw equal orders.
    #[must_use]
    pub const fn seed(self, given: u64) -> u64 {
        given.wrapping_add(self.number.saturating_sub(1) as u64)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let (number, of) = text.split_once('/').ok_or(ShardError)?;
        let read = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits
                .then(|| part.parse().ok())
                .flatten()
                .ok_or(ShardError)
        };
        let shard = Self {
            number: read(number)?,
            of: read(of)?,
        };
        shard.is_possible().then_some(shard).ok_or(ShardError)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl Measured {
    /// What a runner leaves behind.
    #[must_use]
    pub fn new(shard: Shard, facts: RunFacts, input: JudgeInput) -> Self {
        Self {
            schema: MeasuredSchema::V1,
            shard,
            facts,
            plan: input.plan,
            budgets: BothBudgets {
                base: input.base_budgets,
                head: input.head_budgets,
            },
            metrics: input.metrics,
            baseline: input.baseline,
        }
    }

    /// Reads a `samples.json`.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        serde_json::from_str(text).map_err(ReportError::Samples)
    }

    /// Writes a `samples.json`.
    pub fn to_json(&self) -> Result<String, ReportError> {
        let json = serde_json::to_string_pretty(self).map_err(ReportError::Samples)?;
        Ok(json + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!("2/3".parse(), Ok(Shard { number: 2, of: 3 }));
        assert_eq!("1/1".parse(), Ok(Shard::ONLY));
        assert_eq!("100/100".parse::<Shard>().unwrap().to_string(), "100/100");
        for wrong in [
            "", "1", "0/3", "4/3", "1/101", "+1/3", "1/ 3", "-1/3", "1/3/3", "a/b",
        ] {
            assert_eq!(wrong.parse::<Shard>(), Err(ShardError), "{wrong}");
        }
        let third = Shard { number: 3, of: 3 };
        assert_eq!(
            (Shard::ONLY.seed(7), third.seed(7), third.seed(u64::MAX)),
            (7, 9, 1)
        );
    }
}
