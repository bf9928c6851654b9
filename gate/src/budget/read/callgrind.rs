//! The keys of a `callgrind` metric: what is run, its cases and its two counts.
//!
//! ```toml
//! run      = ["{probe}", "ops", "--class", "{case}", "--count", "{count}"]
//! cases    = ["get", "set"]        # with {case} in run, or neither
//! counts   = [1000, 5000]          # with {count} in run, or neither
//! required = true                  # left out: skipped where there is no valgrind
//! ```

use std::collections::BTreeSet;

use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::{MetricTable, Text, Words};
use super::super::nearest::Names;
use super::super::placeholder;
use super::super::spec::{Callgrind, Subject, Without};
use super::metric::{CASE_MARKS, misnamed};
use super::probe::is;
use super::subject::{Filled, filled};
use super::value::missing;
use crate::model::{Direction, MetricId};

/// The largest number of operations.
const COUNT_MAX: u32 = 1_000_000_000;

pub(super) fn callgrind(
    name: &Text,
    table: &MetricTable,
    direction: &Spanned<Direction>,
    subject: &Subject,
    text: &str,
) -> Found<Callgrind> {
    if *direction.get_ref() == Direction::HigherIsBetter {
        let mistake = Mistake::Contradiction {
            quantity: "instructions",
            better: "less",
            direction: "lower-is-better",
        };
        return Err(Located::new(direction.span(), mistake));
    }
    if let Some(inexact) = table.exact.as_ref().filter(|exact| !*exact.get_ref()) {
        return Err(Located::new(inexact.span(), Mistake::InexactCount));
    }
    let run = table.run.clone().ok_or_else(|| {
        let table = format!("[metrics.{}]", name.get_ref());
        missing(
            name.span(),
            table,
            "run",
            "run = [\"{probe}\", \"{count}\"]",
        )
    })?;
    let span = run.span();
    let run = filled("run", run, &subject.artifacts, Filled::Operations, text)?;
    let says = |placeholder| {
        run.iter()
            .any(|word| placeholder::names(word).any(|name| name == placeholder))
    };
    let agree = |placeholder, key, listed, example| {
        let mistake = match (says(placeholder), listed) {
            (true, false) => Mistake::NothingToFillIn {
                placeholder,
                example,
            },
            (false, true) => Mistake::FilledInNowhere { placeholder, key },
            _ => return Ok(()),
        };
        Err(Located::new(span.clone(), mistake))
    };
    agree(
        "case",
        "cases",
        table.cases.is_some(),
        "cases = [\"get\", \"set\"]",
    )?;
    agree(
        "count",
        "counts",
        table.counts.is_some(),
        "counts = [1000, 5000]",
    )?;
    let cases = table
        .cases
        .as_ref()
        .map(|list| cases(name, list))
        .transpose()?;
    let cases = cases.unwrap_or_default();
    with_budgets_are_listed(table, &cases)?;
    Ok(Callgrind {
        run,
        cases,
        counts: table.counts.as_ref().map(counts).transpose()?,
        without: if is(table.required.as_ref()) {
            Without::Fail
        } else {
            Without::Skip
        },
    })
}

fn cases(metric: &Text, list: &Words) -> Found<Vec<String>> {
    let mut seen = BTreeSet::new();
    for case in list.get_ref() {
        if MetricId::with_case(metric.get_ref(), case.get_ref()).is_err() {
            return Err(misnamed("a case", case, CASE_MARKS));
        }
        if !seen.insert(case.get_ref()) {
            let twice = Mistake::Twice(case.get_ref().clone());
            return Err(Located::new(case.span(), twice));
        }
    }
    if seen.is_empty() {
        return Err(Located::new(list.span(), Mistake::NoCases));
    }
    Ok(list
        .get_ref()
        .iter()
        .map(|case| case.get_ref().clone())
        .collect())
}

fn counts(list: &Spanned<Vec<Spanned<i64>>>) -> Found<[u32; 2]> {
    let counts = match list.get_ref().as_slice() {
        [few, many] => [few, many].map(|count| u32::try_from(*count.get_ref()).ok()),
        _ => [None, None],
    };
    match counts {
        [Some(few), Some(many)] if 1 <= few && few < many && many <= COUNT_MAX => Ok([few, many]),
        _ => Err(Located::new(list.span(), Mistake::Counts)),
    }
}

/// A budget of a case that is never run would bind nothing.
fn with_budgets_are_listed(table: &MetricTable, cases: &[String]) -> Found<()> {
    let own = table.case.iter().flat_map(|tables| tables.get_ref().keys());
    for case in own {
        if !cases.contains(case.get_ref()) {
            let mistake = Mistake::UnlistedCase {
                case: case.get_ref().clone(),
                known: Names::new(cases.iter().cloned()),
            };
            return Err(Located::new(case.span(), mistake));
        }
    }
    Ok(())
}
