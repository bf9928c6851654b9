//! A whole run: every metric to its row, by what kind it is and which revision has it.
//!
//! | in base's budgets | in head's budgets | values | row |
//! |---|---|---|---|
//! | either | yes | both arms | judged by its kind |
//! | either | yes | one arm (exact) | missing, or new |
//! | either | yes | none | an error |
//! | yes | no | any | missing: FAIL, unless a trade removes it |
//! | no | no | any | an error |
//!
//! Metrics that are only shown are checked like all others, and then not judged.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use super::by_machine;
use super::creep::{Count, Creep};
use super::exact::{ExactOutcome, Removal, exact, middle, missing};
use super::input::{JudgeInput, MetricInput, Taken};
use super::judged::{Evidence, Judged, Row};
use super::limit::{Limit, Limits, kind};
use super::noisy::{NoisyMetric, Rounds};
use super::plan::Levels;
use super::rounds::{Judge, report_only_rounds};
use super::{JudgeError, overall, pooled, trade};
use crate::budget::{
    Budgets, MetricSpec, Run, TradeLedger, budget_changes, live_trades, recorded_changes,
};
use crate::model::{Arm, Kind, MetricId, Percent, Reason, Samples, Unit, Verdict};

/// Judges a run.
pub fn judge(input: &JudgeInput) -> Result<Judged, JudgeError> {
    let head = &input.head_budgets;
    let base = input.base_budgets.as_ref();
    let TradeLedger { live, .. } = live_trades(base, head);
    let limits = Limits::new(&live, head)?;
    check_names(input)?;
    pooled::check(input)?;
    let family = noisy_judged(input);
    let levels = Levels::new(&input.plan, head.run.confidence, family)?;
    let sorted = Sorted::new(input, &limits, &levels)?;
    let judge = Judge::new(&sorted.noisy, &levels, &head.run)?;
    let units: BTreeMap<&MetricId, &Unit> = input
        .metrics
        .iter()
        .map(|metric| (&metric.id, &metric.unit))
        .collect();
    let mut rows = sorted.rows;
    let mut position_effects = Vec::new();
    for (noisy, (row, order)) in sorted.noisy.iter().zip(judge.rows()?) {
        let unit = units
            .get(noisy.id)
            .map_or_else(|| row.unit.clone(), |unit| (*unit).clone());
        rows.push(Row { unit, ..row });
        position_effects.extend(order);
    }
    for (id, spec) in removed(input)? {
        rows.push(removed_row(id, spec, &limits)?);
    }
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let mut changes = budget_changes(base, head);
    let mut creep = None;
    if let (Some(budget), Some(baseline)) = (&head.baseline, &input.baseline) {
        let (before, recorded) = (baseline.before.as_ref(), baseline.recorded.as_ref());
        changes.extend(recorded_changes(before, recorded, head, &baseline.path));
        for other in &baseline.others {
            let (before, recorded) = (other.before.as_ref(), other.recorded.as_ref());
            changes.extend(recorded_changes(before, recorded, head, &other.path));
        }
        creep = Some(super::creep::creep(budget, baseline, counts(&rows))?);
    }
    let crept = creep.as_ref().map_or(Verdict::Pass, Creep::verdict);
    Ok(Judged {
        verdict: overall::overall(&rows, &changes)?.max(crept),
        creep,
        trades: trade::outcomes(&live, &rows)?,
        rows,
        budget_changes: changes,
        position_effects,
    })
}

/// What was counted on head.
fn counts(rows: &[Row]) -> impl Iterator<Item = Count<'_>> {
    rows.iter()
        .filter(|row| row.kind == Kind::Exact)
        .filter_map(|row| {
            Some(Count {
                id: &row.id,
                unit: &row.unit,
                direction: row.direction,
                value: row.head?,
            })
        })
}

/// The metrics that need rounds judged together, and the rows of all others.
struct Sorted<'a> {
    noisy: Vec<NoisyMetric<'a>>,
    rows: Vec<Row>,
}

impl<'a> Sorted<'a> {
    fn new(
        input: &'a JudgeInput,
        limits: &Limits<'_>,
        levels: &Levels,
    ) -> Result<Self, JudgeError> {
        let mut sorted = Self {
            noisy: Vec::new(),
            rows: Vec::new(),
        };
        for metric in &input.metrics {
            match input.head_budgets.metrics.get(metric.id.name()) {
                Some(spec) => sorted.sort(metric, spec, limits, levels, &input.head_budgets.run)?,
                None => sorted.rows.extend(gone(input, metric, limits)?),
            }
        }
        for row in &mut sorted.rows {
            not_comparable(input, row);
        }
        Ok(sorted)
    }

    fn sort(
        &mut self,
        metric: &'a MetricInput,
        spec: &'a MetricSpec,
        limits: &Limits<'_>,
        levels: &Levels,
        run: &Run,
    ) -> Result<(), JudgeError> {
        let id = &metric.id;
        // What was not measured has no unit to tell a budget in.
        let limit = match &metric.taken {
            Taken::Samples(_) => limits.of(id, &metric.unit)?,
            Taken::IdenticalBinary | Taken::New | Taken::Skipped(_) | Taken::Unavailable(_) => {
                limits.as_written(id)?
            }
        };
        let blank = Row {
            limit: limit.clone(),
            ..blank_row(metric, spec)
        };
        let row = match (&metric.taken, kind(spec), limit) {
            (Taken::IdenticalBinary, _, _) => Row {
                reason: Reason::IdenticalBinary,
                evidence: Evidence::Identical,
                ..blank
            },
            (Taken::New, _, _) => Row {
                reason: Reason::New,
                evidence: Evidence::Absent,
                ..blank
            },
            (Taken::Skipped(why), _, _) => Row {
                evidence: Evidence::NotMeasured(why.clone()),
                ..blank
            },
            (Taken::Unavailable(why), kind, _) => Row {
                verdict: if kind == Kind::ReportOnly {
                    Verdict::Pass
                } else {
                    Verdict::Warn
                },
                evidence: Evidence::NotMeasured(why.clone()),
                ..blank
            },
            (Taken::Samples(Samples::Exact(samples)), Kind::Exact, Some(limit)) => {
                let removal = removal(limits, id);
                let outcome = exact(id, spec.direction, &limit, removal, samples)?;
                counted_row(blank, outcome)
            }
            (Taken::Samples(Samples::Noisy { rounds }), Kind::Noisy, Some(limit)) => {
                self.noisy
                    .push(noisy_metric(id, spec, limit, Rounds::One(rounds)));
                return Ok(());
            }
            (Taken::Samples(Samples::NoisyByRunner { runners }), Kind::Noisy, Some(limit)) => {
                self.noisy
                    .push(noisy_metric(id, spec, limit, Rounds::Several(runners)));
                return Ok(());
            }
            (Taken::Samples(Samples::ExactByRunner { runners }), Kind::Exact, Some(limit)) => {
                let removal = removal(limits, id);
                let (outcome, by_runner) =
                    by_machine::judge(id, spec.direction, &limit, removal, runners)?;
                Row {
                    by_runner,
                    ..counted_row(blank, outcome)
                }
            }
            (Taken::Samples(samples), Kind::ReportOnly, None) => {
                report_only(metric, spec, samples, levels, run)?
            }
            _ => return Err(JudgeError::WrongKind(id.clone())),
        };
        self.rows.push(row);
        Ok(())
    }
}

/// A metric that base measures with another probe is not new: base has values, of another kind.
fn not_comparable(input: &JudgeInput, row: &mut Row) {
    let name = row.id.name();
    let of = |budgets: &Budgets| {
        budgets
            .metrics
            .get(name)
            .map(|spec| discriminant(&spec.probe))
    };
    let base = input.base_budgets.as_ref().and_then(of);
    if row.reason == Reason::New && base.is_some() && base != of(&input.head_budgets) {
        row.verdict = Verdict::Warn;
        row.evidence = Evidence::Otherwise;
    }
}

/// How many metrics share the error for FAIL: those of head's budgets that came with rounds.
fn noisy_judged(input: &JudgeInput) -> usize {
    let judged = |metric: &&MetricInput| {
        let spec = input.head_budgets.metrics.get(metric.id.name());
        matches!(metric.taken, Taken::Samples(_)) && spec.is_some_and(|s| kind(s) == Kind::Noisy)
    };
    input.metrics.iter().filter(judged).count()
}

fn noisy_metric<'a>(
    id: &'a MetricId,
    spec: &MetricSpec,
    limit: Limit,
    rounds: Rounds<'a>,
) -> NoisyMetric<'a> {
    NoisyMetric {
        id,
        direction: spec.direction,
        floor: spec.floor,
        limit,
        rounds,
    }
}

/// A row that says nothing yet but that it was not measured.
fn blank_row(metric: &MetricInput, spec: &MetricSpec) -> Row {
    Row {
        id: metric.id.clone(),
        unit: metric.unit.clone(),
        direction: spec.direction,
        kind: kind(spec),
        base: None,
        head: None,
        delta: None,
        limit: None,
        verdict: Verdict::Pass,
        reason: Reason::Skipped,
        evidence: Evidence::NotMeasured(String::new()),
        by_runner: Vec::new(),
    }
}

/// A row with what its counts came to.
fn counted_row(blank: Row, outcome: ExactOutcome) -> Row {
    Row {
        base: outcome.base,
        head: outcome.head,
        delta: outcome.delta,
        verdict: outcome.verdict,
        reason: outcome.reason,
        evidence: outcome.evidence,
        ..blank
    }
}

/// A metric that is only shown: its values are checked like all others, and then not judged.
fn report_only(
    metric: &MetricInput,
    spec: &MetricSpec,
    samples: &Samples,
    levels: &Levels,
    run: &Run,
) -> Result<Row, JudgeError> {
    let id = &metric.id;
    let blank = blank_row(metric, spec);
    let in_rounds = |rounds| {
        let limit = Limit::relative(Percent::ZERO);
        let noisy = noisy_metric(id, spec, limit, rounds);
        report_only_rounds(&noisy, levels, run, blank_row(metric, spec))
    };
    let (counts, by_runner) = match samples {
        Samples::Noisy { rounds } => return in_rounds(Rounds::One(rounds)),
        Samples::NoisyByRunner { runners } => return in_rounds(Rounds::Several(runners)),
        Samples::Exact(counts) => (counts.clone(), Vec::new()),
        Samples::ExactByRunner { runners } => by_machine::together(id, runners)?,
    };
    let base = middle(id, Arm::Base, &counts.base)?;
    let head = middle(id, Arm::Head, &counts.head)?;
    let delta = base.zip(head).and_then(|(b, h)| Percent::change(b, h).ok());
    let sign = spec.direction.adverse_sign();
    let adverse = delta.and_then(|d| Percent::new(sign * d.get()).ok());
    Ok(Row {
        base,
        head,
        delta,
        evidence: Evidence::Counts(adverse),
        by_runner,
        ..blank
    })
}

/// Values of a metric that head's budgets do not have any more.
fn gone(
    input: &JudgeInput,
    metric: &MetricInput,
    limits: &Limits<'_>,
) -> Result<Option<Row>, JudgeError> {
    let not_there = || JudgeError::NotInBudgets(metric.id.clone());
    let base = input.base_budgets.as_ref().ok_or_else(not_there)?;
    let spec = base.metrics.get(metric.id.name()).ok_or_else(not_there)?;
    if kind(spec) == Kind::ReportOnly {
        return Ok(None);
    }
    let row = removed_row(metric.id.clone(), spec, limits)?;
    let base = match &metric.taken {
        Taken::Samples(Samples::Exact(counts)) => middle(&metric.id, Arm::Base, &counts.base)?,
        Taken::Samples(Samples::ExactByRunner { runners }) => {
            let (counts, _) = by_machine::together(&metric.id, runners)?;
            middle(&metric.id, Arm::Base, &counts.base)?
        }
        _ => None,
    };
    Ok(Some(Row {
        base,
        unit: metric.unit.clone(),
        ..row
    }))
}

/// The metrics of base's budgets that neither head's budgets nor the values have.
fn removed(input: &JudgeInput) -> Result<Vec<(MetricId, &MetricSpec)>, JudgeError> {
    let measured: BTreeSet<&str> = input.metrics.iter().map(|m| m.id.name()).collect();
    let in_base = input.base_budgets.iter().flat_map(|base| &base.metrics);
    in_base
        .filter(|(name, spec)| {
            let there = input.head_budgets.metrics.contains_key(*name);
            !there && !measured.contains(name.as_str()) && kind(spec) != Kind::ReportOnly
        })
        .map(|(name, spec)| {
            let id = MetricId::new(name).map_err(|_| JudgeError::NoValues(name.clone()))?;
            Ok((id, spec))
        })
        .collect()
}

fn removed_row(id: MetricId, spec: &MetricSpec, limits: &Limits<'_>) -> Result<Row, JudgeError> {
    let (verdict, reason, evidence) = missing(removal(limits, &id));
    let unit = Unit::new("").map_err(|_| JudgeError::NoValues(id.to_string()))?;
    let metric = MetricInput {
        id,
        unit,
        taken: Taken::IdenticalBinary,
    };
    Ok(Row {
        verdict,
        reason,
        evidence,
        ..blank_row(&metric, spec)
    })
}

fn removal(limits: &Limits<'_>, id: &MetricId) -> Removal {
    if limits.lets_go(id) {
        Removal::Traded
    } else {
        Removal::NotTraded
    }
}

/// Every metric of the budgets has values, every value a metric, every case with a budget a value.
fn check_names(input: &JudgeInput) -> Result<(), JudgeError> {
    let mut by_name: BTreeMap<&str, BTreeMap<&MetricId, &Taken>> = BTreeMap::new();
    for metric in &input.metrics {
        let of_name = by_name.entry(metric.id.name()).or_default();
        if of_name.insert(&metric.id, &metric.taken).is_some() {
            return Err(JudgeError::Duplicate(metric.id.clone()));
        }
    }
    for (name, spec) in &input.head_budgets.metrics {
        let no_values = || JudgeError::NoValues(name.clone());
        let of_name = by_name.get(name.as_str()).ok_or_else(no_values)?;
        // Where nothing was measured, nobody knows the cases.
        let measured = of_name
            .values()
            .all(|taken| matches!(taken, Taken::Samples(_)));
        for case in spec.cases.keys().filter(|_| measured) {
            let id = MetricId::with_case(name, case).map_err(|_| no_values())?;
            if !of_name.contains_key(&id) {
                return Err(JudgeError::UnknownCase(id));
            }
        }
    }
    Ok(())
}
