//! `[metrics.NAME]`: how a metric is measured, and what may happen to it.

use std::collections::BTreeMap;

use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::{CaseTable, LoadTable, MetricTable, Text};
use super::super::nearest::Names;
use super::super::spec::{
    Budget, BudgetOverride, Load, MetricSpec, Percentile, Probe, Quantity, Rate, Subject,
};
use super::callgrind::callgrind;
use super::subject::{Filled, filled};
use super::value::{bound, fraction, missing, percent, reason, whole, word};
use crate::model::{Direction, MetricId};

const RESP_LOAD: &str = "resp-load";
const RESP_LATENCY: &str = "resp-latency";
const COMMAND: &str = "command";
const CALLGRIND: &str = "callgrind";
/// Probes of the format that this version does not have.
const LATER: [&str; 4] = ["resp-memory", "size", "time", "import"];
const DIRECTIONS: [(&str, Direction); 2] = [
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
    let probe = match kind.get_ref().as_str() {
        RESP_LOAD => {
            refuse_keys_of_callgrind(&table, RESP_LOAD)?;
            let words = Quantity::ALL.map(|quantity| (quantity.name(), quantity));
            let quantity = quantity(name, table.quantity.as_ref(), RESP_LOAD, &words)?;
            agrees(quantity.name(), quantity.direction(), direction)
                .map_err(|mistake| Located::new(direction_span, mistake))?;
            let (load, rate) = against_server(&table, subject, kind, RESP_LOAD)?;
            refuse(rate.map(Spanned::span), "rate", RESP_LOAD)?;
            Probe::RespLoad { quantity, load }
        }
        RESP_LATENCY => {
            refuse_keys_of_callgrind(&table, RESP_LATENCY)?;
            let words = Percentile::ALL.map(|quantity| (quantity.name(), quantity));
            let quantity = quantity(name, table.quantity.as_ref(), RESP_LATENCY, &words)?;
            agrees(quantity.name(), Direction::LowerIsBetter, direction)
                .map_err(|mistake| Located::new(direction_span, mistake))?;
            latency(&table, quantity, subject, kind)?
        }
        COMMAND => {
            refuse_keys_of_callgrind(&table, COMMAND)?;
            refuse(table.load.as_ref().map(Spanned::span), "load", COMMAND)?;
            refuse(
                table.quantity.as_ref().map(Spanned::span),
                "quantity",
                COMMAND,
            )?;
            let run = table
                .run
                .clone()
                .ok_or_else(|| absent("run", "run = [\"{probe}\", \"memory\"]"))?;
            if !is(table.exact.as_ref()) && !is(table.report_only.as_ref()) {
                return Err(Located::new(kind.span(), Mistake::NoisyCommand));
            }
            let run = filled("run", run, &subject.artifacts, Filled::Artifacts, text)?;
            Probe::Command { run }
        }
        CALLGRIND => {
            refuse(table.load.as_ref().map(Spanned::span), "load", CALLGRIND)?;
            let quantity = table.quantity.as_ref().map(Spanned::span);
            refuse(quantity, "quantity", CALLGRIND)?;
            let direction = Spanned::new(direction_span, direction);
            Probe::Callgrind(callgrind(name, &table, &direction, subject, text)?)
        }
        _ => return Err(unknown_probe(kind)),
    };
    let exact = is(table.exact.as_ref()) || matches!(probe, Probe::Callgrind(_));
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

pub(super) fn is(flag: Option<&Spanned<bool>>) -> bool {
    flag.is_some_and(|flag| *flag.get_ref())
}

pub(super) fn misnamed(what: &'static str, name: &Text, marks: &'static str) -> Located {
    let mistake = Mistake::Name {
        what,
        name: name.get_ref().clone(),
        marks,
    };
    Located::new(name.span(), mistake)
}

fn unknown_probe(kind: &Text) -> Located {
    let found = kind.get_ref();
    let known = Names::new([RESP_LOAD, RESP_LATENCY, COMMAND, CALLGRIND]);
    let mistake = match LATER.iter().find(|later| *later == found) {
        Some(probe) => Mistake::LaterProbe { probe, known },
        None => Mistake::UnknownProbe {
            found: found.clone(),
            known,
        },
    };
    Located::new(kind.span(), mistake)
}

/// Refuses a key that stands at `span` and means nothing to `probe`.
fn refuse(
    span: Option<std::ops::Range<usize>>,
    key: &'static str,
    probe: &'static str,
) -> Found<()> {
    let instead = match key {
        "load" | "quantity" => "it belongs to `resp-load` and `resp-latency`",
        "rate" => "a closed loop sends as fast as it is answered; `resp-latency` sends at a rate",
        "pipeline" => "every request is sent, and timed, by itself",
        "cases" | "counts" | "required" => "it belongs to `callgrind`",
        "run" => "what the load generator sends is said by `load`",
        _ => "the cases of a metric are what a `command` prints",
    };
    span.map_or(Ok(()), |span| {
        let mistake = Mistake::NotForProbe {
            key,
            probe,
            instead,
        };
        Err(Located::new(span, mistake))
    })
}

fn refuse_keys_of_callgrind(table: &MetricTable, probe: &'static str) -> Found<()> {
    refuse(table.cases.as_ref().map(Spanned::span), "cases", probe)?;
    refuse(table.counts.as_ref().map(Spanned::span), "counts", probe)?;
    refuse(
        table.required.as_ref().map(Spanned::span),
        "required",
        probe,
    )
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

/// The load of a probe against a live server, and its rate where one is written.
fn against_server<'t>(
    table: &'t MetricTable,
    subject: &Subject,
    kind: &Text,
    probe: &'static str,
) -> Found<(Load, Option<&'t Spanned<i64>>)> {
    refuse(table.run.as_ref().map(Spanned::span), "run", probe)?;
    refuse(table.case.as_ref().map(Spanned::span), "case", probe)?;
    if let Some(exact) = table.exact.as_ref().filter(|flag| *flag.get_ref()) {
        return Err(Located::new(exact.span(), Mistake::ExactLoad { probe }));
    }
    if subject.serve.is_none() {
        return Err(Located::new(kind.span(), Mistake::NoServe { probe }));
    }
    let written = table.load.as_ref().map(Spanned::get_ref);
    let load = written.map(load).transpose()?;
    let rate = written.and_then(|load| load.rate.as_ref());
    Ok((load.unwrap_or_default(), rate))
}

fn latency(
    table: &MetricTable,
    quantity: Percentile,
    subject: &Subject,
    kind: &Text,
) -> Found<Probe> {
    let (load, rate) = against_server(table, subject, kind, RESP_LATENCY)?;
    let pipeline = table
        .load
        .as_ref()
        .and_then(|l| l.get_ref().pipeline.as_ref());
    let batches = pipeline.filter(|_| load.pipeline != 1);
    refuse(batches.map(Spanned::span), "pipeline", RESP_LATENCY)?;
    let rate = match rate {
        None => Rate::HalfOfSlower,
        Some(_) => Rate::PerSecond(whole("rate", rate, 0, 1..=10_000_000)?),
    };
    Ok(Probe::RespLatency {
        quantity,
        load,
        rate,
    })
}

/// The quantity as written, else the one that the metric is named after.
fn quantity<T: Copy>(
    name: &Text,
    written: Option<&Text>,
    probe: &'static str,
    words: &[(&'static str, T)],
) -> Found<T> {
    match written {
        Some(written) => word("quantity", written, words),
        None => word("quantity", name, words).map_err(|_| {
            let mistake = Mistake::NoQuantity {
                name: name.get_ref().clone(),
                probe,
                known: Names::new(words.iter().map(|(name, _)| *name)),
            };
            Located::new(name.span(), mistake)
        }),
    }
}

/// A direction that is the wrong way round would turn every regression into an improvement.
fn agrees(quantity: &'static str, natural: Direction, direction: Direction) -> Result<(), Mistake> {
    let (better, word) = match natural {
        Direction::HigherIsBetter => ("more", "higher-is-better"),
        Direction::LowerIsBetter => ("less", "lower-is-better"),
    };
    if natural == direction {
        return Ok(());
    }
    Err(Mistake::Contradiction {
        quantity,
        better,
        direction: word,
    })
}

fn load(table: &LoadTable) -> Found<Load> {
    let default = Load::default();
    let connections = table.connections.as_ref();
    let value_bytes = table.value_bytes.as_ref();
    let read_ratio = table.read_ratio.as_ref();
    Ok(Load {
        connections: whole("connections", connections, default.connections, 1..=1024)?,
        pipeline: whole(
            "pipeline",
            table.pipeline.as_ref(),
            default.pipeline,
            1..=1024,
        )?,
        read_ratio: fraction("read_ratio", read_ratio, default.read_ratio, 0.0..=1.0)?,
        keys: whole("keys", table.keys.as_ref(), default.keys, 1..=100_000_000)?,
        value_bytes: whole("value_bytes", value_bytes, default.value_bytes, 1..=1 << 20)?,
        zipf: fraction("zipf", table.zipf.as_ref(), default.zipf, 0.0..=5.0)?,
    })
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
