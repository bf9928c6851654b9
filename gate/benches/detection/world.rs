//! What a replay is drawn from: a trace, as recorded or shifted by an exact ratio.
//!
//! Rules see the same rounds in the way that they would have measured them:
//!
//! ```text
//! ours            m m m m m  m m m m m │ c c c c c …    blocks of 5 rounds that ran one after the
//!                 └ block ┘  └ block ┘ │ confirmation   other, drawn with replacement
//! base first      b b b b b ── pause ── h h h h h       base's arm of consecutive rounds, then head's
//! pairs           b h  b h  b h                         base's arm of a round, head's of the next
//! one process     b ── pause ── h                       the slices of one arm of one round each
//! ```
//!
//! For those that do not measure both arms at once a round stands for half its time: one start, one
//! arm's slices. The pause is where head is built; it is drawn, up to 20 rounds (one to two minutes),
//! and what the machine does meanwhile is what it did in the trace.
//!
//! A handicap is a change that a machine really made. A shift multiplies every value of head by one
//! factor, so that the change is known exactly: rounds of several traces, each turned back by what it
//! reads as a whole, make one pool at 0 %, and that is shifted.

use std::ops::Range;
use std::time::Duration;

use gate::model::{NoisyRound, RoundSet};
use gate::statistics::WalshAverages;
use rand::seq::IteratorRandom;
use rand::{Rng, RngExt};

use crate::error::StudyError;
use crate::ratio::Ratios;
use crate::trace::{Trace, TraceRound};

/// Rounds that are drawn together.
const BLOCK: usize = 5;
/// The longest pause between base and head, in rounds.
const PAUSE_MAX: usize = 20;

/// A class of changes.
#[derive(Debug)]
pub(crate) struct World {
    /// Its name in the table.
    pub(crate) name: String,
    /// What its main rounds read together, in adverse percent: of `qps`, of `cpu_per_request`.
    pub(crate) reads: (f64, f64),
    /// Main rounds in the order in which they ran.
    pub(crate) main: Vec<Sampled>,
    /// Where each recording lies in `main`.
    recordings: Vec<Range<usize>>,
    confirmation: Vec<Sampled>,
}

/// One round, ready for every rule.
#[derive(Debug, Clone)]
pub(crate) struct Sampled {
    /// Requests per second.
    pub(crate) qps: NoisyRound,
    /// CPU time per request.
    pub(crate) cpu: NoisyRound,
    /// How long it took.
    pub(crate) took: Duration,
}

/// What head's values are multiplied by, or have been: 1 is no change.
#[derive(Debug, Clone, Copy)]
struct Change {
    /// The factor of requests per second.
    rate: f64,
    /// The factor of CPU time per request.
    time: f64,
}

/// What one arm's process read, a slice a value, in requests per second.
pub(crate) type Process<'a> = &'a [f64];

impl World {
    /// A trace as it was recorded.
    pub(crate) fn recorded(trace: &Trace) -> Result<Self, StudyError> {
        Self::new(trace.header.class.clone(), &[(trace, Change::NONE)])
    }

    /// All rounds of the traces, of a head that is worse by exactly `shift_pct` percent of base.
    pub(crate) fn shifted(traces: &[Trace], shift_pct: f64) -> Result<Self, StudyError> {
        let shift = shift_pct / 100.0;
        let parts: Vec<(&Trace, Change)> = traces
            .iter()
            .map(|trace| {
                let reads = Change::of(trace)?;
                let change = Change {
                    rate: (1.0 - shift) / reads.rate,
                    time: (1.0 + shift) / reads.time,
                };
                Ok((trace, change))
            })
            .collect::<Result<_, StudyError>>()?;
        Self::new(format!("exactly {shift_pct} %"), &parts)
    }

    /// The same with the confirmation rounds of `other` where it has none of its own.
    pub(crate) fn confirmed_by(mut self, other: &Self) -> Self {
        if self.confirmation.is_empty() {
            self.confirmation.clone_from(&other.confirmation);
        }
        self
    }

    fn new(name: String, parts: &[(&Trace, Change)]) -> Result<Self, StudyError> {
        let set = |set| -> Vec<Sampled> {
            let rounds = parts
                .iter()
                .flat_map(|(trace, change)| trace.of(set).map(move |round| (round, *change)));
            rounds
                .map(|(round, change)| Sampled::new(round, set, change))
                .collect()
        };
        let (main, confirmation) = (set(RoundSet::Main), set(RoundSet::Confirmation));
        if main.len() < 2 * BLOCK {
            return Err(StudyError::Plan(format!(
                "`{name}` has {} main rounds: too few",
                main.len()
            )));
        }
        let recordings = parts.iter().scan(0, |end, (trace, _)| {
            let start = *end;
            *end += trace.of(RoundSet::Main).count();
            Some(start..*end)
        });
        // Every part reads the same, or there is but one.
        let reads = match parts.first() {
            Some((trace, change)) => Change::of(trace)?.and(*change),
            None => Change::NONE,
        };
        Ok(Self {
            name,
            reads: ((1.0 - reads.rate) * 100.0, (reads.time - 1.0) * 100.0),
            recordings: recordings.collect(),
            main,
            confirmation,
        })
    }

    /// Up to `length` main rounds that ran one after the other, in one recording.
    fn window(&self, length: usize, rng: &mut impl Rng) -> &[Sampled] {
        let windows = |recording: &Range<usize>| {
            let length = length.min(recording.len());
            (recording.start..=recording.end - length).map(move |start| start..start + length)
        };
        self.recordings
            .iter()
            .flat_map(windows)
            .choose(rng)
            .and_then(|window| self.main.get(window))
            .unwrap_or_default()
    }

    /// `rounds` rounds as a run of alternated slices takes them, the next number being `first`.
    pub(crate) fn draw(
        &self,
        set: RoundSet,
        rounds: u32,
        first: u32,
        rng: &mut impl Rng,
    ) -> Vec<Sampled> {
        let blocks = std::iter::repeat_with(|| match set {
            RoundSet::Main => self.window(BLOCK, rng).to_vec(),
            RoundSet::Confirmation => {
                let start = rng.random_range(0..self.confirmation.len());
                let rounds = self.confirmation.iter().cycle().skip(start);
                rounds.take(BLOCK).cloned().collect()
            }
        });
        let numbered = (first..first + rounds).zip(blocks.flatten());
        numbered
            .map(|(number, mut sampled)| {
                sampled.qps.round = number;
                sampled.cpu.round = number;
                sampled
            })
            .collect()
    }

    /// `processes` processes of base, one after the other, and after a pause as many of head.
    pub(crate) fn base_first(
        &self,
        processes: usize,
        rng: &mut impl Rng,
    ) -> (Vec<Process<'_>>, Vec<Process<'_>>, Duration) {
        let pause = rng.random_range(0..=PAUSE_MAX);
        let window = self.window(2 * processes + pause, rng);
        let base = window.iter().take(processes);
        let head = window.iter().skip(window.len().saturating_sub(processes));
        let time = base.clone().chain(head.clone()).map(|r| r.took / 2).sum();
        (
            base.map(|r| r.qps.base.as_slice()).collect(),
            head.map(|r| r.qps.head.as_slice()).collect(),
            time,
        )
    }

    /// `pairs` pairs of processes, base always the first of them, without a pause.
    pub(crate) fn fixed_pairs(
        &self,
        pairs: usize,
        rng: &mut impl Rng,
    ) -> (Vec<(Process<'_>, Process<'_>)>, Duration) {
        let window = self.window(2 * pairs, rng);
        let time = window.iter().map(|r| r.took / 2).sum();
        let (firsts, seconds) = (window.iter().step_by(2), window.iter().skip(1).step_by(2));
        let base = firsts.map(|round| round.qps.base.as_slice());
        let head = seconds.map(|round| round.qps.head.as_slice());
        (base.zip(head).collect(), time)
    }
}

impl Change {
    /// None at all.
    const NONE: Self = Self {
        rate: 1.0,
        time: 1.0,
    };

    /// What the main rounds of a trace read together.
    fn of(trace: &Trace) -> Result<Self, StudyError> {
        let ratios: Vec<Ratios> = trace
            .of(RoundSet::Main)
            .map(Ratios::of)
            .collect::<Result<_, _>>()?;
        let middle = |of: fn(&Ratios) -> f64| -> Result<f64, StudyError> {
            let ratios: Vec<f64> = ratios.iter().map(of).collect();
            Ok(WalshAverages::new(&ratios)?.hodges_lehmann()?)
        };
        Ok(Self {
            rate: (-middle(|r| r.qps)?).exp(),
            time: middle(|r| r.cpu)?.exp(),
        })
    }

    /// Both, one after the other.
    fn and(self, other: Self) -> Self {
        Self {
            rate: self.rate * other.rate,
            time: self.time * other.time,
        }
    }
}

impl Sampled {
    fn new(round: &TraceRound, set: RoundSet, change: Change) -> Self {
        let mut qps = round.qps_round(0, set);
        let mut cpu = round.cpu_round(0, set);
        for value in &mut qps.head {
            *value *= change.rate;
        }
        for value in &mut cpu.head {
            *value *= change.time;
        }
        Self {
            qps,
            cpu,
            took: Duration::from_millis(round.took_ms),
        }
    }
}
