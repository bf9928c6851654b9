//! A budgets file after every default is filled in and every value is checked.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::import_format::ImportFormat;
use crate::model::{Bound, Direction, MetricId, Percent};

/// One revision's budgets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budgets {
    /// What is built and measured.
    pub subject: Subject,
    /// How long, and how sure.
    pub run: Run,
    /// The metrics by name, in the order of their names.
    pub metrics: BTreeMap<String, MetricSpec>,
    /// Every trade in the file, spent ones included, in the order of the file.
    pub trades: Vec<Trade>,
    /// How far exact metrics may creep from what was recorded; `None`: nothing is held against it.
    pub baseline: Option<CreepBudget>,
}

/// `[baseline]`: how far exact metrics may creep from what was recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreepBudget {
    /// What holds for every metric without a budget of its own here.
    pub budget: Bound,
    /// By metric, or by metric and case.
    pub metrics: BTreeMap<MetricId, Bound>,
    /// Why these are what they are; must stand where head loosens one of them.
    pub reason: Option<String>,
}

impl CreepBudget {
    /// The budget of a metric: its case's own, else the metric's, else that of all.
    #[must_use]
    pub fn budget_for(&self, id: &MetricId) -> &Bound {
        let of_name = || {
            MetricId::new(id.name())
                .ok()
                .and_then(|name| self.metrics.get(&name))
        };
        self.metrics
            .get(id)
            .or_else(of_name)
            .unwrap_or(&self.budget)
    }
}

/// What is built and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Program and arguments that build the subject, run at the root of its tree.
    pub build: Vec<String>,
    /// Files that the build leaves behind, by the name that commands use as `{name}`.
    pub artifacts: BTreeMap<String, String>,
    /// Program and arguments whose output names the toolchain, part of the artifact cache's key.
    /// `None`: the gate asks the build program itself for its version, a script of the tree apart.
    pub toolchain: Option<Vec<String>>,
    /// Globs of the sources that measure instead of being measured: a change of them is told.
    pub harness: Vec<String>,
    /// How a server under test is started; `None` where no metric needs one.
    pub serve: Option<Serve>,
}

/// How a server under test is started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// Program and arguments; `{port}` and the artifacts' names are filled in.
    pub command: Vec<String>,
    /// When the server counts as started.
    pub ready: Ready,
}

/// When a server counts as started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// It answers PING over the Redis protocol.
    Resp,
    /// It accepts a connection.
    Tcp,
    /// It answers `GET` of this path with a status below 400.
    Http(String),
}

/// How long a run may take, and how sure it must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Time for measuring, builds apart.
    pub max_time: Duration,
    /// Confidence of every interval, in `(0.5, 1)`.
    pub confidence: f64,
    /// What an undecided metric does to the run.
    pub inconclusive: Inconclusive,
    /// Why these are what they are; must stand where head weakens one of them.
    pub reason: Option<String>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            max_time: Duration::from_mins(6),
            confidence: 0.99,
            inconclusive: Inconclusive::Warn,
            reason: None,
        }
    }
}

/// What an undecided metric does to the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inconclusive {
    /// It warns.
    Warn,
    /// It fails.
    Fail,
}

/// One `[metrics.NAME]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricSpec {
    /// How samples are taken.
    pub probe: Probe,
    /// Which way is better.
    pub direction: Direction,
    /// Counted instead of timed.
    pub exact: bool,
    /// Shown, never judged; such a metric has no budget.
    pub report_only: bool,
    /// Largest adverse change that may land; `None` only with `report_only`.
    pub budget: Option<Budget>,
    /// Why the metric is not judged, where it is not; a judged one has its reason in `budget`.
    pub report_only_reason: Option<String>,
    /// Moves smaller than this are never called real (noisy metrics).
    pub floor: Percent,
    /// What differs for single cases, by case.
    pub cases: BTreeMap<String, BudgetOverride>,
}

impl MetricSpec {
    /// The budget of a case, or of the metric where the case has none of its own.
    #[must_use]
    pub fn budget_for(&self, case: Option<&str>) -> Option<&Budget> {
        case.and_then(|case| self.cases.get(case))
            .map(|own| &own.budget)
            .or(self.budget.as_ref())
    }

    /// The reason that stands in the metric's own table.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.budget
            .as_ref()
            .map_or(&self.report_only_reason, |budget| &budget.reason)
            .as_deref()
    }
}

/// Largest adverse change that may land.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Relative to base, absolute, or both.
    pub limit: Bound,
    /// Why it is what it is; must stand where head loosens it.
    pub reason: Option<String>,
}

/// One `[metrics.NAME.case.CASE]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetOverride {
    /// Replaces the metric's budget for this case.
    pub budget: Budget,
}

/// How samples of a metric are taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Probe {
    /// The load generator inside the gate, against a live server.
    RespLoad {
        /// Which of the probe's quantities the metric is.
        quantity: Quantity,
        /// What is sent.
        load: Load,
    },
    /// Latencies of single requests at a fixed rate, against a live server.
    RespLatency {
        /// Which of the probe's quantities the metric is.
        quantity: Percentile,
        /// What is sent; a batch is one request.
        load: Load,
        /// How often.
        rate: Rate,
    },
    /// Any program that prints one JSON object a line.
    Command {
        /// Program and arguments; the artifacts' names are filled in.
        run: Vec<String>,
    },
    /// Instructions of a program, counted by valgrind.
    Callgrind(Callgrind),
    /// Memory of a live server for each key of a data set.
    RespMemory {
        /// Which of the probe's quantities the metric is.
        quantity: Quantity,
        /// Keys that are loaded.
        keys: u32,
        /// Bytes of every value.
        value_bytes: u32,
    },
    /// Bytes of an artifact, as a file, stripped and by what it is made of.
    Size {
        /// The artifact's name.
        artifact: String,
        /// Sections that are told one by one.
        sections: Vec<String>,
    },
    /// Wall and CPU time of a program.
    Time {
        /// Which of the probe's quantities the metric is.
        quantity: Quantity,
        /// Program and arguments; the artifacts' names are filled in.
        run: Vec<String>,
    },
    /// What another benchmark tool writes.
    Import {
        /// Which tool.
        format: ImportFormat,
        /// Which of its numbers: a word that the tool has for it.
        quantity: String,
        /// Program and arguments that write the file; the artifacts' names are filled in.
        run: Vec<String>,
        /// The file, or for Criterion the folder, from where the program runs; `None`: what it
        /// prints.
        file: Option<String>,
    },
}

/// What the `callgrind` probe counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callgrind {
    /// Program and arguments; the artifacts' names, `{case}` and `{count}` are filled in.
    pub run: Vec<String>,
    /// What `{case}` stands for, one run each; empty where the metric has no cases.
    pub cases: Vec<String>,
    /// The two values of `{count}`, the smaller first: what is counted is the difference that one more
    /// operation makes. `None`: the instructions of the whole run.
    pub counts: Option<[u32; 2]>,
    /// What to do where there is no valgrind.
    pub without: Without,
}

/// What to do where the tool of a probe is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Without {
    /// The metric is not measured, which warns.
    Skip,
    /// The run ends as one that could not judge.
    Fail,
}

impl Probe {
    /// The unit that the probe's values have, where it does not depend on what a program prints.
    #[must_use]
    pub const fn unit(&self) -> Option<&'static str> {
        match self {
            Self::RespLoad { quantity, .. }
            | Self::RespMemory { quantity, .. }
            | Self::Time { quantity, .. } => Some(quantity.unit()),
            Self::RespLatency { .. } => Some(Percentile::UNIT),
            Self::Size { .. } => Some("B"),
            Self::Command { .. } | Self::Import { .. } => None,
            Self::Callgrind(_) => Some(Callgrind::UNIT),
        }
    }
}

impl Callgrind {
    /// What is counted.
    pub const UNIT: &'static str = "instructions";
}

/// What a probe of the gate measures in rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Requests answered per second of wall time.
    Qps,
    /// CPU time of the whole server process per request, in microseconds.
    CpuPerRequest,
    /// Bytes by which a server's own account of its memory grows for each key.
    UsedPerKey,
    /// Bytes by which a server's resident memory grows for each key.
    RssPerKey,
    /// Time from the start of a program to its end, in milliseconds.
    Wall,
    /// CPU time of a program and of all that it waited for, in milliseconds.
    Cpu,
}

impl Quantity {
    /// What `resp-load` measures, in the order in which messages list it.
    pub const LOAD: [Self; 2] = [Self::Qps, Self::CpuPerRequest];
    /// What `resp-memory` measures.
    pub const MEMORY: [Self; 2] = [Self::UsedPerKey, Self::RssPerKey];
    /// What `time` measures.
    pub const TIME: [Self; 2] = [Self::Wall, Self::Cpu];

    /// As `budgets.toml` writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Qps => "qps",
            Self::CpuPerRequest => "cpu_per_request",
            Self::UsedPerKey => "used_per_key",
            Self::RssPerKey => "rss_per_key",
            Self::Wall => "wall",
            Self::Cpu => "cpu",
        }
    }

    /// What the quantity is counted in.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Qps => "req/s",
            Self::CpuPerRequest => "µs",
            Self::UsedPerKey | Self::RssPerKey => "B",
            Self::Wall | Self::Cpu => "ms",
        }
    }

    /// Which way the quantity gets better.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Qps => Direction::HigherIsBetter,
            Self::CpuPerRequest | Self::UsedPerKey | Self::RssPerKey | Self::Wall | Self::Cpu => {
                Direction::LowerIsBetter
            }
        }
    }
}

/// A quantity of the `resp-latency` probe: so many of all requests are answered at least as fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Percentile {
    /// The median, in microseconds.
    P50,
    /// 99 %, in microseconds.
    P99,
    /// 99.9 %, in microseconds.
    P999,
}

impl Percentile {
    /// Every quantity, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::P50, Self::P99, Self::P999];
    /// What every one of them is counted in.
    pub const UNIT: &'static str = "µs";

    /// As `budgets.toml` writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P99 => "p99",
            Self::P999 => "p999",
        }
    }

    /// As a share of 1.
    #[must_use]
    pub const fn share(self) -> f64 {
        match self {
            Self::P50 => 0.5,
            Self::P99 => 0.99,
            Self::P999 => 0.999,
        }
    }
}

/// How many requests are sent to each arm a second, whether it answers or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// Half of what the slower arm answers in a closed loop, measured once a run.
    HalfOfSlower,
    /// As many as this.
    PerSecond(u32),
}

/// What the load generator sends: closed loop, zipf-distributed keys, GET and SET.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Connections that stay open for a whole round.
    pub connections: u32,
    /// Requests in flight on each connection.
    pub pipeline: u32,
    /// Share of GET among the requests, 0 to 1; the rest is SET.
    pub read_ratio: f64,
    /// Keys in the data set, all of them loaded before the first slice.
    pub keys: u32,
    /// Bytes of every value.
    pub value_bytes: u32,
    /// Exponent of the zipf distribution of keys, ≥ 0; 0 is uniform.
    pub zipf: f64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            connections: 16,
            pipeline: 1,
            read_ratio: 0.9,
            keys: 100_000,
            value_bytes: 128,
            zipf: 0.99,
        }
    }
}

/// One `[[trades]]` entry: a named regression that may land with the change that adds the entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trade {
    /// The metric, with its case where it has cases.
    pub metric: MetricId,
    /// What may happen to it.
    pub allow: Allow,
    /// Why, at least 10 characters.
    pub reason: String,
}

/// What a trade allows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allow {
    /// An adverse change of up to this much.
    Adverse(Bound),
    /// The metric may disappear (`allow = "removed"`).
    Removed,
}
