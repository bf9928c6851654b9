//! From the samples of several runners to one report.
//!
//! ```text
//! samples.json 1/3 ─┐  same commits, budgets, plan, gate?  each shard once, none missing?
//! samples.json 2/3 ─┼──────────────────────────────────► values by runner ──judge──► Report
//! samples.json 3/3 ─┘
//! ```
//!
//! Whatever runners do not have in common is an error that names both files: numbers that were measured
//! of something else must not be averaged. A shard that is missing is one too, for it may be missing
//! because of what it would have found.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use super::build::RunFacts;
use super::escape::for_terminal;
use super::measured::Measured;
use super::pool_error::PoolError;
use super::schema::{BothBudgets, PooledRunner, Report, Revision};
use crate::budget::CountedOn;
use crate::judge::{BaselineInput, Code, JudgeInput, MetricInput, Taken};
use crate::model::{MetricId, RunnerCounts, RunnerRounds, Samples, Unit};

/// The samples of a runner, and the file that they are from.
type Named = (String, Measured);

impl Report {
    /// Judges what several runners measured; the names are those of files.
    pub fn pooled(mut measured: Vec<Named>) -> Result<Self, PoolError> {
        check_shards(&measured)?;
        measured.sort_by_key(|(_, of)| of.shard.number);
        name_cases(&mut measured);
        let (first, others) = measured.split_first().ok_or(PoolError::Nothing)?;
        for other in others {
            check_same(first, other)?;
        }
        check_seeds(&measured)?;
        let mut notes = Vec::new();
        let metrics = metrics(&measured, &mut notes)?;
        let BothBudgets { base, head } = first.1.budgets.clone();
        let mut baseline = first.1.baseline.clone();
        if let Some(own) = &mut baseline
            && own.code != Code::Other
            && others.iter().any(|(_, of)| of.baseline != first.1.baseline)
        {
            let why =
                "the runners are of several kinds, or not all of them know the recorded commit";
            own.code = Code::Unknown(why.to_owned());
        }
        let input = JudgeInput {
            base_budgets: base,
            head_budgets: head,
            plan: first.1.plan.clone(),
            metrics,
            baseline,
        };
        Ok(Self::new(facts(&measured, &first.1.facts, notes), &input)?)
    }
}

fn check_shards(measured: &[Named]) -> Result<(), PoolError> {
    let (first, of_first) = measured.first().ok_or(PoolError::Nothing)?;
    let of = of_first.shard.of;
    let mut by_number: BTreeMap<u32, &str> = BTreeMap::new();
    for (file, Measured { shard, .. }) in measured {
        let (file, shard) = (file.clone(), *shard);
        if !shard.is_possible() {
            return Err(PoolError::NoShard { file, shard });
        }
        if shard.of != of {
            let first = first.clone();
            return Err(PoolError::Of {
                file,
                shard,
                first,
                of,
            });
        }
    }
    for (file, Measured { shard, .. }) in measured {
        if let Some(earlier) = by_number.insert(shard.number, file) {
            return Err(PoolError::Twice {
                shard: *shard,
                first: earlier.to_owned(),
                second: file.clone(),
            });
        }
    }
    let missing: Vec<u32> = (1..=of).filter(|n| !by_number.contains_key(n)).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(PoolError::Missing { missing, of })
    }
}

/// Everything that must be the same on all runners.
fn check_same(first: &Named, other: &Named) -> Result<(), PoolError> {
    let ((first_file, first), (file, other)) = (first, other);
    let revision = |of: &Revision| {
        let name = of.commit.as_ref().unwrap_or(&of.tree);
        for_terminal(name)
    };
    let tool = |of: &Measured| format!("{} {}", of.facts.tool.name, of.facts.tool.version);
    let plan = |of: &Measured| {
        let looks: Vec<String> = of.plan.looks.iter().map(u32::to_string).collect();
        format!("{} + {} rounds", looks.join(", "), of.plan.confirmation)
    };
    let toolchain = |of: &Measured| {
        let toolchain = of.baseline.as_ref().and_then(|own| own.toolchain.as_ref());
        let line = toolchain.and_then(|text| text.lines().next());
        line.map_or_else(|| "none".to_owned(), for_terminal)
    };
    // What they were counted on may differ.
    let held_against = |of: &Measured| {
        of.baseline.clone().map(|own| BaselineInput {
            counted_on: CountedOn::default(),
            code: Code::Other,
            ..own
        })
    };
    let same_tree = |a: &Revision, b: &Revision| a.tree == b.tree && a.commit == b.commit;
    let checks = [
        (
            "head",
            same_tree(&first.facts.head, &other.facts.head),
            revision(&first.facts.head),
            revision(&other.facts.head),
        ),
        (
            "base",
            same_tree(&first.facts.base, &other.facts.base),
            revision(&first.facts.base),
            revision(&other.facts.base),
        ),
        (
            "the program",
            first.facts.tool == other.facts.tool,
            for_terminal(&tool(first)),
            for_terminal(&tool(other)),
        ),
        (
            "the baseline, or the toolchain that is held against it,",
            held_against(first) == held_against(other),
            toolchain(first),
            toolchain(other),
        ),
        (
            "the plan",
            first.plan == other.plan,
            plan(first),
            plan(other),
        ),
    ];
    for (what, same, expected, found) in checks {
        if !same {
            return Err(PoolError::Differs {
                what,
                file: file.clone(),
                found,
                first: first_file.clone(),
                expected,
            });
        }
    }
    if first.budgets != other.budgets {
        return Err(PoolError::Budgets {
            file: file.clone(),
            first: first_file.clone(),
        });
    }
    Ok(())
}

fn check_seeds(measured: &[Named]) -> Result<(), PoolError> {
    let mut seen: BTreeMap<u64, &str> = BTreeMap::new();
    for (file, of) in measured {
        if let Some(earlier) = seen.insert(of.facts.seed, file) {
            return Err(PoolError::Seed {
                first: earlier.to_owned(),
                second: file.clone(),
            });
        }
    }
    Ok(())
}

/// Gives a metric the cases that others found where a runner asked for none, its binaries being the same.
fn name_cases(measured: &mut [Named]) {
    let mut cases: BTreeMap<String, BTreeSet<MetricId>> = BTreeMap::new();
    let all = measured.iter().flat_map(|(_, of)| &of.metrics);
    for id in all
        .map(|metric| &metric.id)
        .filter(|id| id.case().is_some())
    {
        let of_name = cases.entry(id.name().to_owned()).or_default();
        of_name.insert(id.clone());
    }
    let named = |metric: MetricInput| match (cases.get(metric.id.name()), &metric.taken) {
        (Some(cases), Taken::IdenticalBinary) if metric.id.case().is_none() => {
            let like = |id: &MetricId| MetricInput {
                id: id.clone(),
                ..metric.clone()
            };
            cases.iter().map(like).collect()
        }
        _ => vec![metric],
    };
    for (_, of) in measured {
        of.metrics = take(&mut of.metrics).into_iter().flat_map(named).collect();
    }
}

/// The metrics of the first runner, each with the values of all.
fn metrics(measured: &[Named], notes: &mut Vec<String>) -> Result<Vec<MetricInput>, PoolError> {
    let Some((first_file, first)) = measured.first() else {
        return Err(PoolError::Nothing);
    };
    for (file, of) in measured {
        let lacks = |a: &Measured, b: &Measured| {
            let mut missing = a
                .metrics
                .iter()
                .filter(|m| b.metrics.iter().all(|other| other.id != m.id));
            missing.next().map(|metric| metric.id.clone())
        };
        let named = |metric, with: &String, without: &String| PoolError::Metric {
            metric,
            with: with.clone(),
            without: without.clone(),
        };
        if let Some(metric) = lacks(first, of) {
            return Err(named(metric, first_file, file));
        }
        if let Some(metric) = lacks(of, first) {
            return Err(named(metric, file, first_file));
        }
    }
    first
        .metrics
        .iter()
        .map(|metric| {
            let of_all: Vec<(&Named, &MetricInput)> = measured
                .iter()
                .flat_map(|named| {
                    let own = named.1.metrics.iter().filter(|m| m.id == metric.id);
                    own.map(move |own| (named, own))
                })
                .collect();
            pooled(&metric.id, &of_all, notes)
        })
        .collect()
}

/// One metric of all runners.
fn pooled(
    id: &MetricId,
    of_all: &[(&Named, &MetricInput)],
    notes: &mut Vec<String>,
) -> Result<MetricInput, PoolError> {
    let is_measured = |of: &MetricInput| matches!(of.taken, Taken::Samples(_));
    // The one that all others must be like.
    let model = of_all.iter().find(|(_, of)| is_measured(of));
    let Some((first, model)) = model.or(of_all.first()) else {
        return Err(PoolError::Nothing);
    };
    let unlike = |(file, _): &Named| PoolError::Measured {
        metric: id.clone(),
        file: file.clone(),
        first: first.0.clone(),
    };
    let (mut rounds, mut counts) = (Vec::new(), Vec::new());
    let mut identical = Vec::new();
    for (named, of) in of_all {
        let runner = named.1.shard.number;
        match (&model.taken, &of.taken) {
            (Taken::Samples(_), Taken::Samples(_)) if of.unit != model.unit => {
                return Err(differs_in_unit(id, named, &of.unit, first, &model.unit));
            }
            (
                Taken::Samples(Samples::Noisy { .. }),
                Taken::Samples(Samples::Noisy { rounds: own }),
            ) => {
                rounds.push(RunnerRounds {
                    runner,
                    rounds: own.clone(),
                });
            }
            (Taken::Samples(Samples::Exact(_)), Taken::Samples(Samples::Exact(own))) => {
                counts.push(RunnerCounts {
                    runner,
                    machine: named.1.facts.runner.kind(),
                    counts: own.clone(),
                });
            }
            (Taken::Samples(_) | Taken::IdenticalBinary, Taken::IdenticalBinary) => {
                identical.push(runner.to_string());
            }
            (Taken::Skipped(_), Taken::Skipped(_))
            | (Taken::Unavailable(_), Taken::Unavailable(_))
            | (Taken::New, Taken::New) => {}
            _ => return Err(unlike(named)),
        }
    }
    let taken = match &model.taken {
        Taken::Samples(Samples::Noisy { .. }) => {
            Taken::Samples(Samples::NoisyByRunner { runners: rounds })
        }
        Taken::Samples(Samples::Exact(_)) => {
            Taken::Samples(Samples::ExactByRunner { runners: counts })
        }
        Taken::Samples(_) => return Err(unlike(first)),
        other => other.clone(),
    };
    if matches!(taken, Taken::Samples(_)) && !identical.is_empty() {
        notes.push(format!(
            "{id}: base and head are the same binary on runner {}, which has no part in it",
            identical.join(", ")
        ));
    }
    Ok(MetricInput {
        id: id.clone(),
        unit: model.unit.clone(),
        taken,
    })
}

fn differs_in_unit(
    id: &MetricId,
    named: &Named,
    found: &Unit,
    first: &Named,
    expected: &Unit,
) -> PoolError {
    let of = |unit: &Unit| format!("{:?} of `{id}`", unit.as_str());
    PoolError::Differs {
        what: "the unit",
        file: named.0.clone(),
        found: of(found),
        first: first.0.clone(),
        expected: of(expected),
    }
}

/// What all runners have in common, and what each has of its own.
fn facts(measured: &[Named], first: &RunFacts, notes: Vec<String>) -> RunFacts {
    let total = |of: &RunFacts| of.timings.iter().map(|timing| timing.seconds).sum::<f64>();
    let slowest = measured
        .iter()
        .map(|(_, of)| &of.facts)
        .max_by(|a, b| total(a).total_cmp(&total(b)));
    let runner = |(_, of): &Named| PooledRunner {
        number: of.shard.number,
        machine: of.facts.runner.clone(),
        seed: of.facts.seed,
        timings: of.facts.timings.clone(),
        notes: of.facts.notes.clone(),
    };
    RunFacts {
        runners: measured.iter().map(runner).collect(),
        timings: slowest.map_or_else(Vec::new, |of| of.timings.clone()),
        notes,
        ..first.clone()
    }
}
