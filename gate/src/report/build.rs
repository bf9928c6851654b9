//! From a judged run to a report, and back.
//!
//! ```text
//! samples + budgets + plan ──judge──► Judged ──┐
//! revisions, runner, seed, timings ────────────┴──► Report ──► report.json
//!                                                     │
//! samples + budgets + plan ◄──────────────────────────┘   judged again: the same verdict
//! ```
//!
//! Rows are ordered here, worst first: by verdict, then by how far past its budget a metric is (what
//! has no number first), then by name; metrics that are only shown come last.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::open_loop::open_loop;
use super::schema::{
    BaselineReport, BothBudgets, Measuring, MetricReport, OrderEffect, PooledRunner, Report,
    Revision, RoundCount, Runner, Schema, Timing, Tool, TradeReport,
};
use super::sentence::sentence;
use super::watched::watched;
use crate::budget::{Baseline, Budgets};
use crate::judge::{
    BothBaselines, Code, Estimate, JudgeError, JudgeInput, Judged, MetricInput, RUNNERS_MAX, Row,
    Taken, TradeOutcome, disturbed_rounds, generator_bound_rounds, judge,
};
use crate::model::{
    Arm, Breakdown, Kind, MetricId, NoisyRound, Percent, Reason, RoundSet, Samples, Verdict,
};

/// What a report tells that the judge has no part in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFacts {
    /// What the change starts from.
    pub base: Revision,
    /// What is judged.
    pub head: Revision,
    /// The machine; of several runners the first.
    pub runner: Runner,
    /// Every runner where there are several; else empty.
    pub runners: Vec<PooledRunner>,
    /// What every drawn order comes from.
    pub seed: u64,
    /// What makes the report.
    pub tool: Tool,
    /// How long each step took.
    pub timings: Vec<Timing>,
    /// What a reader should know of how the rounds went.
    pub notes: Vec<String>,
    /// What of the harness the change touches.
    pub harness: Vec<String>,
    /// Where counted values changed.
    pub breakdowns: BTreeMap<MetricId, Breakdown>,
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not JSON, or not the fields of this schema.
    #[error("not a report of this version of gate: {0}")]
    Schema(#[from] serde_json::Error),
    /// Not JSON, or not the fields of `samples.json`.
    #[error("not the samples of this version of gate: {0}")]
    Samples(#[source] serde_json::Error),
}

impl Report {
    /// Judges a run and reports it.
    pub fn new(facts: RunFacts, input: &JudgeInput) -> Result<Self, JudgeError> {
        check_runners(&facts.runners, input)?;
        let judged = judge(input)?;
        let taken: BTreeMap<&MetricId, &Taken> = input
            .metrics
            .iter()
            .map(|metric| (&metric.id, &metric.taken))
            .collect();
        let mut metrics: Vec<MetricReport> = judged
            .rows
            .iter()
            .map(|row| metric(row, taken.get(&row.id).and_then(|taken| samples(taken))))
            .collect();
        for metric in &mut metrics {
            metric.breakdown = facts.breakdowns.get(&metric.id).cloned();
        }
        metrics.sort_by(worst_first);
        Ok(Self {
            schema: Schema::V1,
            verdict: judged.verdict,
            base: facts.base,
            head: facts.head,
            metrics,
            budget_changes: judged.budget_changes.clone(),
            trades: trades(&judged),
            harness: facts.harness,
            baseline: input
                .baseline
                .clone()
                .zip(judged.creep.clone())
                .map(|(input, creep)| BaselineReport { input, creep }),
            runner: facts.runner,
            runners: facts.runners,
            seed: facts.seed,
            tool: facts.tool,
            timings: facts.timings,
            measuring: measuring(input, &judged, facts.notes)?,
            budgets: BothBudgets {
                base: input.base_budgets.clone(),
                head: input.head_budgets.clone(),
            },
        })
    }

    /// Reads a `report.json`.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        Ok(serde_json::from_str(text)?)
    }

    /// Writes a `report.json`.
    pub fn to_json(&self) -> Result<String, ReportError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// The same run, judged again by its own budgets.
    pub fn judged_again(&self) -> Result<Self, JudgeError> {
        self.judged_with(self.budgets.base.clone(), self.budgets.head.clone())
    }

    /// The same run, with its counts held against another baseline; one that holds them against none
    /// stays as it is. `others` are the files of other targets that head changed.
    #[must_use]
    pub fn with_baseline(mut self, own: BothBaselines, others: Vec<BothBaselines>) -> Self {
        let BothBaselines {
            path,
            recorded,
            before,
        } = own;
        if let Some(BaselineReport { input, .. }) = &mut self.baseline {
            let commit =
                |baseline: &Option<Baseline>| baseline.as_ref().map(|own| own.commit.clone());
            if commit(&input.recorded) != commit(&recorded) {
                let why = "the run was held against a baseline of another commit";
                input.code = Code::Unknown(why.to_owned());
            }
            input.path = path;
            input.recorded = recorded;
            input.before = before;
            input.others = others;
        }
        self
    }

    /// The same run, judged by other budgets.
    pub fn judged_with(&self, base: Option<Budgets>, head: Budgets) -> Result<Self, JudgeError> {
        let input = JudgeInput {
            base_budgets: base,
            head_budgets: head,
            plan: self.measuring.plan.clone(),
            metrics: self.metrics.iter().filter_map(taken).collect(),
            baseline: self.baseline.as_ref().map(|own| own.input.clone()),
        };
        let facts = RunFacts {
            base: self.base.clone(),
            head: self.head.clone(),
            runner: self.runner.clone(),
            runners: self.runners.clone(),
            seed: self.seed,
            tool: self.tool.clone(),
            timings: self.timings.clone(),
            notes: self.measuring.notes.clone(),
            harness: self.harness.clone(),
            breakdowns: self
                .metrics
                .iter()
                .filter_map(|metric| Some((metric.id.clone(), metric.breakdown.clone()?)))
                .collect(),
        };
        Self::new(facts, &input)
    }
}

/// What was measured of a reported metric; `None` for a row that only the budgets called for.
fn taken(metric: &MetricReport) -> Option<MetricInput> {
    let taken = match (&metric.samples, metric.reason) {
        (Some(samples), _) => Taken::Samples(samples.clone()),
        (None, Reason::IdenticalBinary) => Taken::IdenticalBinary,
        (None, Reason::New) => Taken::New,
        (None, Reason::Skipped) => {
            let why = metric.message.strip_prefix("not measured: ");
            let why = why.unwrap_or(&metric.message).to_owned();
            match metric.verdict {
                Verdict::Pass => Taken::Skipped(why),
                Verdict::Warn | Verdict::Fail => Taken::Unavailable(why),
            }
        }
        (None, _) => return None,
    };
    Some(MetricInput {
        id: metric.id.clone(),
        unit: metric.unit.clone(),
        taken,
    })
}

/// Every runner that has values is among the runners of the run.
fn check_runners(runners: &[PooledRunner], input: &JudgeInput) -> Result<(), JudgeError> {
    let ascends = runners
        .windows(2)
        .all(|pair| pair.first().map(|r| r.number) < pair.get(1).map(|r| r.number));
    if runners.len() > RUNNERS_MAX || !ascends {
        return Err(JudgeError::RunnerList);
    }
    let known: BTreeSet<u32> = runners.iter().map(|runner| runner.number).collect();
    for metric in &input.metrics {
        let Taken::Samples(samples) = &metric.taken else {
            continue;
        };
        if let Some(number) = samples.runners().into_iter().find(|n| !known.contains(n)) {
            return Err(JudgeError::UnknownRunner {
                metric: metric.id.clone(),
                number,
            });
        }
    }
    Ok(())
}

fn samples(taken: &Taken) -> Option<Samples> {
    match taken {
        Taken::Samples(samples) => Some(samples.clone()),
        Taken::IdenticalBinary | Taken::New | Taken::Skipped(_) | Taken::Unavailable(_) => None,
    }
}

fn metric(row: &Row, samples: Option<Samples>) -> MetricReport {
    let of = |value: fn(&Estimate) -> Percent| row.estimate().map(value);
    MetricReport {
        id: row.id.clone(),
        unit: row.unit.clone(),
        direction: row.direction,
        kind: row.kind,
        base: row.base,
        head: row.head,
        delta_pct: row.delta,
        adverse_low_pct: of(|estimate| estimate.low),
        adverse_high_pct: of(|estimate| estimate.high),
        band_pct: of(|estimate| estimate.band),
        budget: row.ceilings().map(|ceilings| ceilings.budget),
        budget_text: row.limit.as_ref().map(|limit| limit.budget.to_string()),
        verdict: row.verdict,
        reason: row.reason,
        message: sentence(row),
        by_runner: row.by_runner.clone(),
        samples,
        breakdown: None,
    }
}

fn worst_first(a: &MetricReport, b: &MetricReport) -> std::cmp::Ordering {
    let excess = |metric: &MetricReport| {
        let budget = metric.budget.map_or(0.0, Percent::get);
        // A metric without a number is the worst of those that fail, the least of those that pass;
        // what is not judged comes last.
        let unknown = match metric.verdict {
            Verdict::Fail | Verdict::Warn => f64::INFINITY,
            Verdict::Pass => f64::MIN,
        };
        if metric.kind == Kind::ReportOnly {
            return f64::NEG_INFINITY;
        }
        metric.adverse().map_or(unknown, |adverse| adverse - budget)
    };
    b.verdict
        .cmp(&a.verdict)
        .then_with(|| excess(b).total_cmp(&excess(a)))
        .then_with(|| a.id.cmp(&b.id))
}

fn trades(judged: &Judged) -> Vec<TradeReport> {
    let report = |outcome: &TradeOutcome| TradeReport {
        metric: outcome.trade.metric.clone(),
        allow: outcome.trade.allow.clone(),
        reason: outcome.trade.reason.clone(),
        usage: outcome.usage,
    };
    judged.trades.iter().map(report).collect()
}

fn slices_of_base(round: &NoisyRound) -> usize {
    let base = |letter: &char| *letter == Arm::Base.letter();
    round.order.chars().filter(base).count()
}

fn measuring(
    input: &JudgeInput,
    judged: &Judged,
    notes: Vec<String>,
) -> Result<Measuring, JudgeError> {
    let rounds = input.metrics.iter().filter_map(|metric| {
        let runners: Vec<&[NoisyRound]> = match &metric.taken {
            Taken::Samples(Samples::Noisy { rounds }) => vec![rounds],
            Taken::Samples(Samples::NoisyByRunner { runners }) => runners
                .iter()
                .map(|runner| runner.rounds.as_slice())
                .collect(),
            _ => return None,
        };
        let all: Vec<&NoisyRound> = runners.iter().copied().flatten().collect();
        let of = |set: RoundSet| all.iter().filter(|round| round.set == set).count();
        let numbers = |of: fn(&[NoisyRound]) -> Vec<u32>| runners.iter().copied().flat_map(of);
        let count = |watched| RoundCount {
            metric: metric.id.clone(),
            runners: runners.len(),
            main: of(RoundSet::Main),
            confirmation: of(RoundSet::Confirmation),
            slices: all.iter().copied().map(slices_of_base).sum(),
            disturbed: numbers(|rounds| disturbed_rounds(rounds).collect()).collect(),
            generator_bound: numbers(|rounds| generator_bound_rounds(rounds).collect()).collect(),
            watched,
            open_loop: open_loop(&all),
        };
        Some(watched(&metric.id, &all).map(count))
    });
    let orders = judged.position_effects.iter().map(|order| OrderEffect {
        metric: order.metric.clone(),
        effect_pct: order.effect,
        low_pct: order.low,
        high_pct: order.high,
    });
    let (mut rounds, mut orders): (Vec<RoundCount>, Vec<OrderEffect>) =
        (rounds.collect::<Result<_, _>>()?, orders.collect());
    // Whatever order the metrics came in, a report judged again is the same report.
    rounds.sort_by(|a, b| a.metric.cmp(&b.metric));
    orders.sort_by(|a, b| a.metric.cmp(&b.metric));
    Ok(Measuring {
        plan: input.plan.clone(),
        rounds,
        order_effects: orders,
        notes,
    })
}
