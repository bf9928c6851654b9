//! What probes and rounds leave behind for the judge.
//!
//! A noisy metric is sampled in slices. One round of two arms, five slices each:
//!
//! ```text
//! order  b h h b b h h b b h      one letter a slice, as they ran
//! base   9.1 . . 9.0 9.2 . . 9.1 9.1 .
//! head   . 9.3 9.2 . . 9.3 9.1 . . 9.2
//!         pair 0   pair 1 …       k-th base slice with k-th head slice
//! ```
//!
//! Invariant: every arm of a round has as many values as `order` has its letter, or one where the
//! round is an open loop.

use serde::{Deserialize, Serialize};

use super::present::present;

/// All samples of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Samples {
    /// Counted values.
    Exact(ExactSamples),
    /// Timed values, by round.
    Noisy {
        /// In the order in which they were measured.
        rounds: Vec<NoisyRound>,
    },
    /// Counted values of several runners.
    ExactByRunner {
        /// By the runners' numbers.
        runners: Vec<RunnerCounts>,
    },
    /// Timed values of several runners.
    NoisyByRunner {
        /// By the runners' numbers.
        runners: Vec<RunnerRounds>,
    },
}

impl Samples {
    /// The numbers of the runners that it holds values of; none where one machine took them all.
    #[must_use]
    pub fn runners(&self) -> Vec<u32> {
        match self {
            Self::Exact(_) | Self::Noisy { .. } => Vec::new(),
            Self::ExactByRunner { runners } => runners.iter().map(|r| r.runner).collect(),
            Self::NoisyByRunner { runners } => runners.iter().map(|r| r.runner).collect(),
        }
    }
}

/// What one of several runners counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunnerCounts {
    /// The runner's number, from 1.
    pub runner: u32,
    /// What kind of machine it is: counts need to agree only on machines of one kind.
    pub machine: String,
    /// Its values.
    pub counts: ExactSamples,
}

/// What one of several runners timed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunnerRounds {
    /// The runner's number, from 1.
    pub runner: u32,
    /// In the order in which they were measured.
    pub rounds: Vec<NoisyRound>,
}

/// The counted values of one metric: one a run of its probe. Empty where the arm lacks the metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExactSamples {
    /// Values of base, in the metric's unit.
    pub base: Vec<f64>,
    /// Values of head, in the metric's unit.
    pub head: Vec<f64>,
}

/// Which set of rounds a round belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundSet {
    /// The planned rounds that the first verdict comes from.
    Main,
    /// The independent rounds that a FAIL must survive.
    Confirmation,
}

/// One round of one noisy metric: fresh processes, slices alternated between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisyRound {
    /// Counted from 0 over both sets.
    pub round: u32,
    /// The set that the round belongs to.
    pub set: RoundSet,
    /// The order in which the arms were started, one letter an arm.
    pub start_order: String,
    /// The order in which the slices ran, one letter a slice.
    pub order: String,
    /// One value a slice of base.
    pub base: Vec<f64>,
    /// One value a slice of head.
    pub head: Vec<f64>,
    /// One value a slice of the control arm; empty where the round had none.
    pub control: Vec<f64>,
    /// What disturbed the round.
    pub health: RoundHealth,
    /// Of an open loop: how it went. An arm then has one value, taken over all of its slices, as the
    /// slices one by one have too few requests for their slowest thousandth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_loop: Option<OpenLoop>,
}

/// How an open loop went: requests are sent at a fixed rate, whether they are answered or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenLoop {
    /// Requests that were to be sent to one arm a second.
    pub rate_per_second: u32,
    /// Latencies behind each value.
    pub requests: u64,
    /// The arms that fell behind the rate in most of their slices, one letter each.
    pub behind: String,
    /// The share of the slices in which the load generator fell behind the rate, in percent.
    pub generator_behind_pct: f64,
}

/// How undisturbed a round was.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundHealth {
    /// CPU time that the hypervisor took from this machine during the slices, in percent of all.
    pub steal_pct: f64,
    /// Time that server threads waited for a core, in percent of the slices' time.
    pub server_wait_pct: f64,
    /// CPU time of the servers, in percent of the slices' time: 100 is one core kept busy.
    pub server_busy_pct: f64,
    /// Time in which the load generator's threads worked, on average, in percent of the slices' time.
    pub generator_busy_pct: f64,
    /// CPU time of all the load generator's threads for one request, in microseconds.
    pub generator_us_per_request: f64,
    /// Time in which some process of the machine waited for memory, in percent of the slices' time;
    /// `null` where the kernel does not tell.
    #[serde(deserialize_with = "present")]
    pub memory_stall_pct: Option<f64>,
}

impl RoundHealth {
    /// Every figure that is there.
    pub fn figures(&self) -> impl Iterator<Item = f64> {
        [
            self.steal_pct,
            self.server_wait_pct,
            self.server_busy_pct,
            self.generator_busy_pct,
            self.generator_us_per_request,
        ]
        .into_iter()
        .chain(self.memory_stall_pct)
    }
}
