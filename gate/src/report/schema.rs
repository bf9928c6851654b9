//! The fields of `report.json`, schema `gate-report/1`.
//!
//! Unknown fields are errors, missing ones too: a number that does not exist is written `null`, so
//! that nothing can be left out unseen. Floats are written with as many digits as it takes to read
//! the same bits again. Percentages are plain numbers of percent.
//!
//! Invariant: judging `samples` with `budgets` and `measuring.plan` gives `verdict` and every row.

use serde::{Deserialize, Serialize};

use crate::budget::{Allow, BudgetChange, Budgets};
use crate::judge::{BaselineInput, ByRunner, Creep, Plan, TradeUsage};
use crate::model::{
    Breakdown, Direction, Kind, MetricId, Percent, Reason, Samples, Unit, Verdict, present,
};

/// A whole run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Which fields to expect.
    pub schema: Schema,
    /// The outcome of the run.
    pub verdict: Verdict,
    /// What the change starts from.
    pub base: Revision,
    /// What is judged.
    pub head: Revision,
    /// A row for each metric, worst first.
    pub metrics: Vec<MetricReport>,
    /// What head's budgets say otherwise than base's.
    pub budget_changes: Vec<BudgetChange>,
    /// The trades of this change.
    pub trades: Vec<TradeReport>,
    /// What of the harness the change touches: paths that `[subject] harness` matches.
    pub harness: Vec<String>,
    /// The machine; of several runners the first.
    pub runner: Runner,
    /// Every runner of a run that several measured, by number; empty where one machine did it all.
    pub runners: Vec<PooledRunner>,
    /// What every drawn order comes from; of several runners the first's.
    pub seed: u64,
    /// What made the report.
    pub tool: Tool,
    /// How long each step took, in the order in which they ran; of several runners the one that took
    /// longest.
    pub timings: Vec<Timing>,
    /// The recorded baseline; `null` where nothing is held against one.
    #[serde(deserialize_with = "present")]
    pub baseline: Option<BaselineReport>,
    /// How the rounds went.
    pub measuring: Measuring,
    /// The budgets of both revisions, so that the run can be judged again.
    pub budgets: BothBudgets,
}

/// The name of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schema {
    /// The only one so far.
    #[serde(rename = "gate-report/1")]
    V1,
}

/// A revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revision {
    /// What it was called: `main`, `HEAD~1`, `working tree`.
    pub revision: String,
    /// The commit; `null` for a working tree.
    #[serde(deserialize_with = "present")]
    pub commit: Option<String>,
    /// The hash of its tree.
    pub tree: String,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricReport {
    /// Its name, with the case.
    pub id: MetricId,
    /// What it is counted in.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// How it is measured and whether it can fail.
    pub kind: Kind,
    /// Base's value.
    #[serde(deserialize_with = "present")]
    pub base: Option<f64>,
    /// Head's value.
    #[serde(deserialize_with = "present")]
    pub head: Option<f64>,
    /// Signed change of head against base.
    #[serde(deserialize_with = "present")]
    pub delta_pct: Option<Percent>,
    /// Lower end of the interval of the adverse change.
    #[serde(deserialize_with = "present")]
    pub adverse_low_pct: Option<Percent>,
    /// Upper end of the interval of the adverse change.
    #[serde(deserialize_with = "present")]
    pub adverse_high_pct: Option<Percent>,
    /// Moves inside this cannot be told from noise.
    #[serde(deserialize_with = "present")]
    pub band_pct: Option<Percent>,
    /// The largest adverse change that may land, in percent of base; `null` where it is an amount
    /// and base is 0 or was not measured.
    #[serde(deserialize_with = "present")]
    pub budget: Option<Percent>,
    /// The budget as it is written, in the metric's unit.
    #[serde(deserialize_with = "present")]
    pub budget_text: Option<String>,
    /// The outcome.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The outcome in words.
    pub message: String,
    /// What each of several runners says; empty where there is only one.
    pub by_runner: Vec<ByRunner>,
    /// Every value that was taken.
    #[serde(deserialize_with = "present")]
    pub samples: Option<Samples>,
    /// Where a counted value changed; the judge has no part in it.
    #[serde(deserialize_with = "present")]
    pub breakdown: Option<Breakdown>,
}

/// A trade of this change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TradeReport {
    /// The metric that it names.
    pub metric: MetricId,
    /// What may happen to it.
    pub allow: Allow,
    /// Why.
    pub reason: String,
    /// What became of it.
    pub usage: TradeUsage,
}

/// The machine that the run was measured on.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runner {
    /// Operating system and architecture: `linux x86_64`.
    pub platform: String,
    /// Kernel release.
    #[serde(deserialize_with = "present")]
    pub kernel: Option<String>,
    /// C library.
    #[serde(deserialize_with = "present")]
    pub libc: Option<String>,
    /// Model of the processor.
    #[serde(deserialize_with = "present")]
    pub cpu: Option<String>,
    /// Logical cores that the run could use.
    pub cores: u32,
    /// How the processor chooses its frequency.
    #[serde(deserialize_with = "present")]
    pub governor: Option<String>,
    /// Bytes of memory.
    #[serde(deserialize_with = "present")]
    pub memory_bytes: Option<u64>,
    /// Load average over a minute before the run.
    #[serde(deserialize_with = "present")]
    pub load_1m: Option<f64>,
    /// Time in which some process waited for memory over the minute before the run, in percent.
    #[serde(deserialize_with = "present")]
    pub memory_stall_pct: Option<f64>,
    /// Which cores the server and the load generator ran on, or why they were not kept apart.
    pub placement: String,
    /// What a reader should know before trusting the numbers.
    pub notes: Vec<String>,
}

impl Runner {
    /// What must be equal for counts to be equal: platform, processor and C library.
    #[must_use]
    pub fn kind(&self) -> String {
        let known = [Some(&self.platform), self.cpu.as_ref(), self.libc.as_ref()];
        let known: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
        known.join(", ")
    }
}

/// One of the runners of a run that several measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PooledRunner {
    /// Its number, from 1.
    pub number: u32,
    /// The machine.
    pub machine: Runner,
    /// What every order drawn there comes from.
    pub seed: u64,
    /// How long each step took there.
    pub timings: Vec<Timing>,
    /// What a reader should know of how the rounds went there.
    pub notes: Vec<String>,
}

/// The program that made the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Exact metrics against the recorded baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineReport {
    /// What was recorded, and what this run was counted with.
    pub input: BaselineInput,
    /// What that says.
    pub creep: Creep,
}

/// How long a step took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// What was done: `build base`, `measure`.
    pub step: String,
    /// How long it took.
    pub seconds: f64,
}

/// How the rounds went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measuring {
    /// The looks that were planned.
    pub plan: Plan,
    /// The rounds of each metric that has any.
    pub rounds: Vec<RoundCount>,
    /// What starting second did to each metric.
    pub order_effects: Vec<OrderEffect>,
    /// What a reader should know of how the rounds went.
    pub notes: Vec<String>,
}

/// The rounds of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundCount {
    /// Which metric.
    pub metric: MetricId,
    /// Runners that have a part in it.
    pub runners: usize,
    /// Rounds of the main set, on all runners.
    pub main: usize,
    /// Rounds of the confirmation, on all runners.
    pub confirmation: usize,
    /// Slices of base in all of them.
    pub slices: usize,
    /// The numbers of the rounds that the runner disturbed, one runner after the other.
    pub disturbed: Vec<u32>,
    /// The numbers of the rounds in which the load generator held the server back, likewise.
    pub generator_bound: Vec<u32>,
    /// What the machine and the load generator did meanwhile.
    pub watched: Watched,
    /// Of an open loop; `null` of a closed one.
    #[serde(deserialize_with = "present")]
    pub open_loop: Option<OpenLoopCount>,
}

/// The rounds of a metric of an open loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenLoopCount {
    /// Requests sent to each arm a second.
    pub rate_per_second: u32,
    /// The fewest latencies behind a value of a round.
    pub requests: u64,
    /// Rounds in which base fell behind the rate.
    pub base_behind: usize,
    /// Rounds in which head fell behind the rate.
    pub head_behind: usize,
    /// Rounds in which the load generator fell behind the rate.
    pub generator_behind: usize,
}

/// What the machine and the load generator did during the rounds of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watched {
    /// CPU time of the load generator for one request, in microseconds.
    pub generator_us_per_request: MedianAndMost,
    /// How busy its threads were, in percent of the time.
    pub generator_busy_pct: MedianAndMost,
    /// CPU time of the servers, in percent of the time: 100 is one core kept busy.
    pub server_busy_pct: MedianAndMost,
    /// How long the servers waited for a core, in percent of the time.
    pub server_wait_pct: MedianAndMost,
    /// What the hypervisor took of the CPU time, in percent.
    pub steal_pct: MedianAndMost,
    /// How long some process waited for memory, in percent of the time; `null` where the kernel does
    /// not tell.
    #[serde(deserialize_with = "present")]
    pub memory_stall_pct: Option<MedianAndMost>,
}

/// A figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedianAndMost {
    /// Its median.
    pub median: f64,
    /// That of the round which had the most of it.
    pub most: f64,
}

/// What starting second did to a metric: positive is worse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderEffect {
    /// Which metric.
    pub metric: MetricId,
    /// The estimate.
    pub effect_pct: Percent,
    /// Lower end of its interval.
    pub low_pct: Percent,
    /// Upper end of its interval.
    pub high_pct: Percent,
}

/// The budgets of both revisions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BothBudgets {
    /// Base's; `null` where it has no budgets file.
    #[serde(deserialize_with = "present")]
    pub base: Option<Budgets>,
    /// Head's.
    pub head: Budgets,
}

impl MetricReport {
    /// The change turned so that positive is worse.
    #[must_use]
    pub fn adverse(&self) -> Option<f64> {
        self.delta_pct
            .map(|delta| self.direction.adverse_sign() * delta.get())
    }
}
