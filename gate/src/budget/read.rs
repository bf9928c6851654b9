//! From the text of a budgets file to [`Budgets`], or to the mistakes in it.
//!
//! ```text
//! text ──toml──▶ document ──serde──▶ File ──resolve──▶ Budgets
//!        syntax            keys, types     values, what belongs together
//! ```
//!
//! Syntax and wrong types stop at the first mistake. A key that is not known is told, and read as the one that
//! was probably meant or left out, so that all others and all values are looked at too.
//! A schema that is not known is told before anything else: the rest of such a file need not make
//! sense here.

mod baseline;
mod callgrind;
mod metric;
mod probe;
mod subject;
mod trade;
mod value;
mod written;

pub(super) use metric::DIRECTIONS;
pub(super) use probe::PROBES;
pub(super) use subject::UNDECIDED;

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::error::{BudgetError, Found, Located, Mistake};
use super::file::{File, MetricTable, Text};
use super::mistakes::Mistakes;
use super::spec::{Budgets, MetricSpec, Subject};

/// The schema that this version reads.
const SCHEMA: i64 = 1;

/// Reads a budgets file. `name` is what the file is called in messages.
///
/// ```
/// use miette::Diagnostic as _;
///
/// let error = gate::budget::read("budgets.toml", "schema = 2").unwrap_err();
/// assert_eq!(error.to_string(), "schema 2 is not known to this version of gate");
/// assert!(error.help().is_some());
/// ```
pub fn read(name: &str, text: &str) -> Result<Budgets, BudgetError> {
    let mut mistakes = Mistakes::default();
    resolve(text, &mut mistakes).map_err(|last| mistakes.in_file(last, name, text))
}

fn resolve(text: &str, mistakes: &mut Mistakes) -> Found<Budgets> {
    let mut document = DeTable::parse(text).map_err(|error| written::syntax(&error, text))?;
    known_schema(document.get_ref())?;
    let file = loop {
        let error = match File::deserialize(Deserializer::from(document.clone())) {
            Ok(file) => break file,
            Err(error) => error,
        };
        let mistake = written::mistake(&error, document.get_ref(), text);
        if !written::pass_over(&mistake, document.get_mut()) {
            return Err(mistake);
        }
        mistakes.keep::<()>(Err(mistake));
    };
    if file.schema.is_none() {
        return Err(Located::new(0..0, Mistake::NoSchema));
    }
    let subject = file
        .subject
        .ok_or_else(|| Located::new(0..0, Mistake::NoSubject))?;
    let run = subject::run(file.run.unwrap_or_default());
    let run = mistakes.keep(run).unwrap_or_default();
    let subject = subject::subject(subject, text)?;
    let metrics = metrics(file.metrics, &subject, text, mistakes)?;
    mistakes.check()?;
    let trades = trade::trades(file.trades.unwrap_or_default(), &metrics, text, mistakes);
    let baseline = file
        .baseline
        .map(|table| baseline::baseline(table, &metrics));
    let baseline = mistakes.keep(baseline.transpose()).flatten();
    mistakes.check()?;
    Ok(Budgets {
        subject,
        run,
        metrics,
        trades,
        baseline,
    })
}

/// Refuses an integer other than 1; what is no integer at all is a wrong type like any other.
fn known_schema(document: &DeTable<'_>) -> Found<()> {
    let Some(value) = document.get("schema") else {
        return Ok(());
    };
    match value.get_ref() {
        DeValue::Integer(found)
            if i64::from_str_radix(found.as_str(), found.radix()) != Ok(SCHEMA) =>
        {
            let mistake = Mistake::SchemaUnsupported(found.to_string());
            Err(Located::new(value.span(), mistake))
        }
        _ => Ok(()),
    }
}

fn metrics(
    tables: Option<Spanned<BTreeMap<Text, MetricTable>>>,
    subject: &Subject,
    text: &str,
    mistakes: &mut Mistakes,
) -> Found<BTreeMap<String, MetricSpec>> {
    let span = tables.as_ref().map_or(0..0, Spanned::span);
    let tables = tables.map(Spanned::into_inner).unwrap_or_default();
    if tables.is_empty() {
        return Err(Located::new(span, Mistake::NoMetrics));
    }
    let mut metrics = BTreeMap::new();
    for (name, table) in tables {
        if let Some(spec) = mistakes.keep(metric::metric(&name, table, subject, text)) {
            metrics.insert(name.into_inner(), spec);
        }
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests;
