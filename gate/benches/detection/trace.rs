//! What was recorded of a pair of builds: one JSON object a line.
//!
//! ```text
//! line 1    header: which builds, which machine, when, by which command, how rounds were cut
//! line 2…   one round: {"set":"main","at_ms":7403,"took_ms":3612,"starts":"hb","order":"bhhb…",
//!           "qps":{"base":[1227,…],"head":[1219,…]},"cpu":{…},"health":{…}}
//! ```
//!
//! A slice's rate is kept in hundreds of requests per second and its CPU time in nanoseconds per
//! request: four digits, a twentieth of a percent, where a slice pair moves by whole percents. So a
//! class of 60 rounds is some 60 KB, and every rule can be replayed from slices, rounds or blocks of
//! rounds as it would have seen them. Rounds lie in the order in which they ran, without a gap.
//!
//! Invariant: a trace that was read has two arms in each round (three in the confirmation) with as
//! many values as `order` has their letter; the judge checks that again.

use std::fs;
use std::path::Path;

use gate::model::{NoisyRound, RoundHealth, RoundSet};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;

/// The class of code that does not differ.
pub(crate) const IDENTICAL: &str = "identical";
/// Requests per second that one unit of a recorded rate stands for.
const RATE_UNIT: f64 = 100.0;
/// Microseconds that one unit of a recorded CPU time stands for.
const CPU_UNIT: f64 = 1e-3;

/// Everything recorded of one class.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// What it is.
    pub(crate) header: Header,
    /// Main rounds, then confirmation rounds.
    pub(crate) rounds: Vec<TraceRound>,
}

/// What a trace is, and how it came to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    /// Its name: `identical`, `handicap-40`.
    pub(crate) class: String,
    /// What differs between the arms.
    pub(crate) difference: String,
    /// Iterations that every command of head spins first.
    pub(crate) iterations: u32,
    /// Processor, cores, hypervisor, kernel.
    pub(crate) machine: String,
    /// When it began, UTC.
    pub(crate) date: String,
    /// What was typed.
    pub(crate) command: String,
    /// The length of a slice.
    pub(crate) slice_ms: u64,
    /// Slices of every arm in a round.
    pub(crate) slices: u32,
    /// What every drawn order came from.
    pub(crate) seed: u64,
}

/// One round: fresh processes of base and head, slices alternated between them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TraceRound {
    /// The set that it was recorded as; confirmation rounds have a control arm.
    pub(crate) set: RoundSet,
    /// When it began, after the first round did.
    pub(crate) at_ms: u64,
    /// How long it took, starting and ending the servers included.
    pub(crate) took_ms: u64,
    /// Which arm was started first, a letter an arm.
    pub(crate) starts: String,
    /// Which arm each slice was of.
    pub(crate) order: String,
    /// Rates.
    pub(crate) qps: Arms,
    /// CPU times.
    pub(crate) cpu: Arms,
    /// What disturbed it.
    pub(crate) health: Health,
}

/// How undisturbed a round was, in percent with two decimals.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a unit stands last in its name")]
pub(crate) struct Health {
    /// As in the report's `RoundHealth`.
    pub(crate) steal_pct: f64,
    /// As there.
    pub(crate) server_wait_pct: f64,
    /// As there.
    pub(crate) generator_busy_pct: f64,
}

/// The slices of each arm, as they ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arms {
    /// Of base.
    pub(crate) base: Vec<u32>,
    /// Of head.
    pub(crate) head: Vec<u32>,
    /// Of base's copy; empty in main rounds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) control: Vec<u32>,
}

impl TraceRound {
    /// Keeps what was measured.
    pub(crate) fn new(qps: &NoisyRound, cpu: &NoisyRound, at_ms: u64, took_ms: u64) -> Self {
        let rounded = |pct: f64| (pct * 100.0).round() / 100.0;
        Self {
            set: qps.set,
            at_ms,
            took_ms,
            starts: qps.start_order.clone(),
            order: qps.order.clone(),
            qps: Arms::new(qps, RATE_UNIT),
            cpu: Arms::new(cpu, CPU_UNIT),
            health: Health {
                steal_pct: rounded(qps.health.steal_pct),
                server_wait_pct: rounded(qps.health.server_wait_pct),
                generator_busy_pct: rounded(qps.health.generator_busy_pct),
            },
        }
    }

    /// Requests per second, as the judge takes them.
    pub(crate) fn qps_round(&self, number: u32, set: RoundSet) -> NoisyRound {
        self.noisy(&self.qps, RATE_UNIT, number, set)
    }

    /// Microseconds of the server per request, as the judge takes them.
    pub(crate) fn cpu_round(&self, number: u32, set: RoundSet) -> NoisyRound {
        self.noisy(&self.cpu, CPU_UNIT, number, set)
    }

    fn noisy(&self, arms: &Arms, unit: f64, number: u32, set: RoundSet) -> NoisyRound {
        let values = |slices: &[u32]| slices.iter().map(|v| f64::from(*v) * unit).collect();
        NoisyRound {
            round: number,
            set,
            start_order: self.starts.clone(),
            order: self.order.clone(),
            base: values(&arms.base),
            head: values(&arms.head),
            control: values(&arms.control),
            open_loop: None,
            health: RoundHealth {
                steal_pct: self.health.steal_pct,
                server_wait_pct: self.health.server_wait_pct,
                generator_busy_pct: self.health.generator_busy_pct,
                ..RoundHealth::default()
            },
        }
    }
}

impl Arms {
    fn new(round: &NoisyRound, unit: f64) -> Self {
        let units = |values: &[f64]| values.iter().map(|v| in_units(*v, unit)).collect();
        Self {
            base: units(&round.base),
            head: units(&round.head),
            control: units(&round.control),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates and times are positive, and a cast of too large a number stops at the largest"
)]
fn in_units(value: f64, unit: f64) -> u32 {
    (value / unit).round() as u32
}

impl Trace {
    /// Reads a trace.
    pub(crate) fn read(path: &Path) -> Result<Self, StudyError> {
        let text = fs::read_to_string(path).map_err(StudyError::file("read", path))?;
        let wrong = |line: usize, why: String| StudyError::Trace {
            path: path.to_owned(),
            line,
            why,
        };
        let mut lines = (1..).zip(text.lines());
        let (_, first) = lines
            .next()
            .ok_or_else(|| wrong(1, "it is empty".to_owned()))?;
        let header = serde_json::from_str(first).map_err(|e| wrong(1, e.to_string()))?;
        let round =
            |(line, text)| serde_json::from_str(text).map_err(|e| wrong(line, e.to_string()));
        let rounds: Vec<TraceRound> = lines.map(round).collect::<Result<_, _>>()?;
        Ok(Self { header, rounds })
    }

    /// The rounds of a set, as they ran.
    pub(crate) fn of(&self, set: RoundSet) -> impl Iterator<Item = &TraceRound> {
        self.rounds.iter().filter(move |round| round.set == set)
    }
}
