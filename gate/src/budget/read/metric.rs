//! `[metrics.NAME]`: how a metric is measured, and what may happen to it.

use std::collections::BTreeMap;

use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::{CaseTable, MetricTable, Text};
use super::super::spec::{Budget, BudgetOverride, MetricSpec, Probe, Subject};
use super::probe::{Context, Measured, is};
use super::value::{bound, missing, percent, reason, word};
use crate::model::{Direction, MetricId};

/// The words for a direction.
pub(in crate::budget) const DIRECTIONS: [(&str, Direction); 2] = [
    ("higher-is-better", Direction::HigherIsBetter),
    ("lower-is-better", Direction::LowerIsBetter),
];
const FLOOR: &str = "1%";
/// The budget of a `callgrind` metric that has none: a count is exact, and small changes add up.
const CALLGRIND_BUDGET: &str = "1%";
const MARKS: &str = ", `_`, `.` and `-`";
pub(super) const CASE_MARKS: &str = ", `_`, `.`, `-`, `:` and `/`";

pub(super) fn metric(
    name: &Text,
    table: MetricTable,
    subject: &Subject,
    text: &str,
) -> Found<MetricSpec> {
    let id = MetricId::new(name.get_ref()).ok();
    if id.is_none_or(|id| id.case().is_some()) {
        return Err(misnamed("a metric", name, MARKS));
    }
    let absent = |key, example| {
        let table = format!("[metrics.{}]", name.get_ref());
        missing(name.span(), table, key, example)
    };
    let kind = table
        .probe
        .as_ref()
        .ok_or_else(|| absent("probe", "probe = \"resp-load\""))?;
    let direction = table
        .direction
        .as_ref()
        .ok_or_else(|| absent("direction", "direction = \"lower-is-better\""))?;
    let direction_span = direction.span();
    let direction = word("direction", direction, &DIRECTIONS)?;
    let context = Context {
        name,
        table: &table,
        subject,
        text,
        direction,
        direction_span,
    };
    let Measured { probe, exact } = context.probe(kind)?;
    let why = table.reason.as_ref().map(reason).transpose()?;
    // Tails are noisy: they are judged only where a budget asks for it.
    let shown_only = matches!(probe, Probe::RespLatency { .. })
        && table.budget.is_none()
        && table.report_only.is_none();
    let (budget, report_only_reason) = if shown_only || is(table.report_only.as_ref()) {
        refuse_judging(&table)?;
        (None, why)
    } else {
        let by_default = Spanned::new(0..0, CALLGRIND_BUDGET.to_owned());
        let limit = match (&table.budget, &probe) {
            (Some(budget), _) => budget,
            (None, Probe::Callgrind(_)) => &by_default,
            (None, _) => return Err(absent("budget", "budget = \"3%\", or report_only = true")),
        };
        let limit = bound("budget", limit, probe.unit())?;
        (Some(Budget { limit, reason: why }), None)
    };
    if let (true, Some(floor)) = (exact, &table.floor) {
        return Err(Located::new(floor.span(), Mistake::ExactFloor));
    }
    let floor = table
        .floor
        .unwrap_or_else(|| Spanned::new(0..0, FLOOR.to_owned()));
    let cases = table.case.map(Spanned::into_inner).unwrap_or_default();
    let cases = self::cases(name, cases, probe.unit())?;
    Ok(MetricSpec {
        probe,
        direction,
        exact,
        report_only: budget.is_none(),
        budget,
        report_only_reason,
        floor: percent("floor", &floor)?,
        cases,
    })
}

pub(super) fn misnamed(what: &'static str, name: &Text, marks: &'static str) -> Located {
    let mistake = Mistake::Name {
        what,
        name: name.get_ref().clone(),
        marks,
    };
    Located::new(name.span(), mistake)
}

/// Refuses what says how a metric is judged where it is only reported.
fn refuse_judging(table: &MetricTable) -> Found<()> {
    let spans = [
        ("budget", table.budget.as_ref().map(Spanned::span)),
        ("case", table.case.as_ref().map(Spanned::span)),
    ];
    for (key, span) in spans {
        if let Some(span) = span {
            return Err(Located::new(span, Mistake::ReportOnly(key)));
        }
    }
    Ok(())
}

fn cases(
    metric: &Text,
    tables: BTreeMap<Text, CaseTable>,
    unit: Option<&str>,
) -> Found<BTreeMap<String, BudgetOverride>> {
    tables
        .into_iter()
        .map(|(case, table)| {
            if MetricId::with_case(metric.get_ref(), case.get_ref()).is_err() {
                return Err(misnamed("a case", &case, CASE_MARKS));
            }
            let budget = table.budget.ok_or_else(|| {
                let table = format!("[metrics.{}.case.{}]", metric.get_ref(), case.get_ref());
                missing(case.span(), table, "budget", "budget = \"3%\"")
            })?;
            let budget = Budget {
                limit: bound("budget", &budget, unit)?,
                reason: table.reason.as_ref().map(reason).transpose()?,
            };
            Ok((case.into_inner(), BudgetOverride { budget }))
        })
        .collect()
}
