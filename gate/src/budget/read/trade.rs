//! `[[trades]]`, live and spent ones alike: which are live is not seen from one file.

use std::collections::{BTreeMap, HashSet};

use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::{Text, TradeTable};
use super::super::mistakes::Mistakes;
use super::super::nearest::Names;
use super::super::spec::{Allow, MetricSpec, Probe, Trade};
use super::value::{bound, missing, reason};
use crate::model::MetricId;

pub(super) fn trades(
    tables: Vec<Spanned<TradeTable>>,
    metrics: &BTreeMap<String, MetricSpec>,
    text: &str,
    mistakes: &mut Mistakes,
) -> Vec<Trade> {
    // Trades of a metric that was removed later stay in the file beside the one that removed it.
    let removed: HashSet<String> = tables
        .iter()
        .map(Spanned::get_ref)
        .filter(|table| {
            table
                .allow
                .as_ref()
                .is_some_and(|allow| allow.get_ref() == "removed")
        })
        .filter_map(|table| Some(table.metric.as_ref()?.get_ref().clone()))
        .filter_map(|id| MetricId::try_from(id).ok())
        .map(|id| id.name().to_owned())
        .collect();
    let mut trades: Vec<(Trade, usize)> = Vec::new();
    for table in tables {
        let span = table.span();
        let Some(trade) = mistakes.keep(trade(table, metrics, &removed)) else {
            continue;
        };
        if let Some((_, start)) = trades.iter().find(|(earlier, _)| *earlier == trade) {
            let line = text.get(..*start).unwrap_or_default().matches('\n').count() + 1;
            mistakes.keep::<()>(Err(Located::new(span, Mistake::TradeTwice { line })));
            continue;
        }
        trades.push((trade, span.start));
    }
    trades.into_iter().map(|(trade, _)| trade).collect()
}

fn trade(
    table: Spanned<TradeTable>,
    metrics: &BTreeMap<String, MetricSpec>,
    removed: &HashSet<String>,
) -> Found<Trade> {
    let span = table.span();
    let table = table.into_inner();
    let absent = |key, example| missing(span.clone(), "[[trades]]", key, example);
    let metric = table
        .metric
        .ok_or_else(|| absent("metric", "metric = \"bytes_per_key/int\""))?;
    let allow = table
        .allow
        .ok_or_else(|| absent("allow", "allow = \"12%\", or \"removed\""))?;
    let why = table
        .reason
        .ok_or_else(|| absent("reason", "reason = \"saves a second lookup for a TTL\""))?;
    let id = MetricId::try_from(metric.get_ref().clone())
        .map_err(|_| Located::new(metric.span(), Mistake::MetricId(metric.get_ref().clone())))?;
    let allow = if allow.get_ref() == "removed" {
        gone(&metric, &id, metrics)?;
        Allow::Removed
    } else {
        measured(&metric, &id, metrics, removed)?;
        let unit = metrics.get(id.name()).and_then(|spec| spec.probe.unit());
        Allow::Adverse(bound("allow", &allow, unit)?)
    };
    Ok(Trade {
        metric: id,
        allow,
        reason: reason(&why)?,
    })
}

/// A trade for a removal: neither the metric nor, where one is named, the case has its table left.
fn gone(written: &Text, id: &MetricId, metrics: &BTreeMap<String, MetricSpec>) -> Found<()> {
    let still_there = metrics
        .get(id.name())
        .is_some_and(|spec| id.case().is_none_or(|case| spec.cases.contains_key(case)));
    if still_there {
        let mistake = Mistake::TradeStillThere(id.to_string());
        return Err(Located::new(written.span(), mistake));
    }
    Ok(())
}

/// A trade for a move: the metric is in the file, or its removal is.
fn measured(
    written: &Text,
    id: &MetricId,
    metrics: &BTreeMap<String, MetricSpec>,
    removed: &HashSet<String>,
) -> Found<()> {
    let mistake = match metrics.get(id.name()) {
        Some(spec) if id.case().is_some() && !has_cases(&spec.probe) => {
            Mistake::TradeNoCases(id.name().to_owned())
        }
        None if !removed.contains(id.name()) => Mistake::TradeUnknown {
            name: id.to_string(),
            known: Names::new(metrics.keys()),
        },
        _ => return Ok(()),
    };
    Err(Located::new(written.span(), mistake))
}

/// Whether a probe yields a value for each of several cases.
const fn has_cases(probe: &Probe) -> bool {
    match probe {
        Probe::Command { .. } | Probe::Callgrind(_) | Probe::Import { .. } | Probe::Size { .. } => {
            true
        }
        Probe::RespLoad { .. }
        | Probe::RespLatency { .. }
        | Probe::RespMemory { .. }
        | Probe::Time { .. } => false,
    }
}
