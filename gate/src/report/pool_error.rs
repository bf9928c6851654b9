//! What keeps the samples of several runners from being judged together. Files are named as the user
//! named them.

use miette::Diagnostic;

use super::measured::Shard;
use crate::judge::JudgeError;
use crate::model::MetricId;

/// Why samples cannot be judged together.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PoolError {
    /// Nothing was given.
    #[error("there are no samples to judge")]
    Nothing,
    /// A shard that cannot be.
    #[error("{file} says that it is shard {shard}, and there is none")]
    NoShard {
        /// Which file.
        file: String,
        /// What it says.
        shard: Shard,
    },
    /// Two runs with different numbers of runners.
    #[error("{file} is shard {shard}, but {first} is one of {of}")]
    #[diagnostic(help("judge the samples of one run only"))]
    Of {
        /// Which file.
        file: String,
        /// What it says.
        shard: Shard,
        /// Another file.
        first: String,
        /// How many there are by that one.
        of: u32,
    },
    /// One shard twice.
    #[error("{first} and {second} are both shard {shard}")]
    #[diagnostic(help(
        "judge the samples of one run only, and give each runner a number of its own"
    ))]
    Twice {
        /// Which shard.
        shard: Shard,
        /// A file.
        first: String,
        /// Another.
        second: String,
    },
    /// Not all shards are there.
    #[error("{} missing", shards(missing, *of))]
    #[diagnostic(help(
        "run it again: a verdict without one of its runners could hide what that one would have found"
    ))]
    Missing {
        /// Their numbers.
        missing: Vec<u32>,
        /// How many there should be.
        of: u32,
    },
    /// Two runners that drew the same orders.
    #[error(
        "{first} and {second} were drawn from the same seed, so one may be a copy of the other"
    )]
    #[diagnostic(help(
        "measure again; `--seed N` may be the same for all shards, each makes its own of it"
    ))]
    Seed {
        /// A file.
        first: String,
        /// Another.
        second: String,
    },
    /// Something else was measured.
    #[error("{what} is {found} in {file}, but {expected} in {first}")]
    #[diagnostic(help("every runner must measure the same: judge the samples of one run only"))]
    Differs {
        /// What differs.
        what: &'static str,
        /// Which file.
        file: String,
        /// What it has.
        found: String,
        /// Another file.
        first: String,
        /// What that one has.
        expected: String,
    },
    /// The budgets are not the same.
    #[error("{file} was measured with other budgets than {first}")]
    #[diagnostic(help("every runner must measure the same: judge the samples of one run only"))]
    Budgets {
        /// Which file.
        file: String,
        /// Another file.
        first: String,
    },
    /// A metric that only some runners have.
    #[error("`{metric}` is in {with}, but not in {without}")]
    Metric {
        /// Which metric.
        metric: MetricId,
        /// A file that has it.
        with: String,
        /// A file that lacks it.
        without: String,
    },
    /// Measured here, left out there, or measured in another way.
    #[error("`{metric}` was not measured in {file} as it was in {first}")]
    #[diagnostic(help("give every runner the same `--only`"))]
    Measured {
        /// Which metric.
        metric: MetricId,
        /// Which file.
        file: String,
        /// Another file.
        first: String,
    },
    /// The values themselves.
    #[error(transparent)]
    Judge(#[from] JudgeError),
}

fn shards(missing: &[u32], of: u32) -> String {
    let numbers: Vec<String> = missing.iter().map(|n| format!("{n}/{of}")).collect();
    match numbers.as_slice() {
        [one] => format!("shard {one} is"),
        several => format!("shards {} are", several.join(", ")),
    }
}
