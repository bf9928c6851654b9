//! How a metric is measured, compared between base and head.

use super::ChangeKind;
use crate::budget::spec::{Callgrind, Load, MetricSpec, Probe, Rate, Without};
use crate::model::Direction;

/// What differs in the way a metric is measured: what, in base, in head.
pub(super) fn differences(
    old: &MetricSpec,
    new: &MetricSpec,
) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    if old.direction != new.direction {
        found.push((
            "direction",
            direction(old.direction),
            direction(new.direction),
        ));
    }
    match (&old.probe, &new.probe) {
        (
            Probe::RespLoad {
                quantity: old_quantity,
                load: old_load,
            },
            Probe::RespLoad { quantity, load },
        ) => {
            if old_quantity != quantity {
                let names = (old_quantity.name().to_owned(), quantity.name().to_owned());
                found.push(("quantity", names.0, names.1));
            }
            if old_load != load {
                let (was, is) = loads(old_load, load);
                found.push(("load", was, is));
            }
        }
        (
            Probe::RespLatency {
                quantity: old_quantity,
                load: old_load,
                rate: old_rate,
            },
            Probe::RespLatency {
                quantity,
                load,
                rate,
            },
        ) => {
            if old_quantity != quantity {
                let names = (old_quantity.name().to_owned(), quantity.name().to_owned());
                found.push(("quantity", names.0, names.1));
            }
            if old_load != load {
                let (was, is) = loads(old_load, load);
                found.push(("load", was, is));
            }
            if old_rate != rate {
                found.push(("rate", self::rate(*old_rate), self::rate(*rate)));
            }
        }
        (Probe::Command { run: was }, Probe::Command { run: is }) if was == is => {}
        (Probe::Command { run: was }, Probe::Command { run: is }) => {
            found.push(("run", format!("{was:?}"), format!("{is:?}")));
        }
        (Probe::Callgrind(was), Probe::Callgrind(is)) => {
            if was.run != is.run {
                found.push(("run", format!("{:?}", was.run), format!("{:?}", is.run)));
            }
            if was.counts != is.counts {
                found.push(("counts", counts(was), counts(is)));
            }
        }
        (was, is) if was == is => {}
        (was, is) => found.push(("probe", probe(was), probe(is))),
    }
    found
}

/// What differs and weakens nothing by itself, with its kind: a case that is taken out is missed in its
/// own row.
pub(super) fn listings(
    old: &MetricSpec,
    new: &MetricSpec,
) -> Vec<(&'static str, String, String, ChangeKind)> {
    let (Probe::Callgrind(was), Probe::Callgrind(is)) = (&old.probe, &new.probe) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if was.cases != is.cases {
        let kind = if was.cases.iter().all(|case| is.cases.contains(case)) {
            ChangeKind::Tightened
        } else {
            ChangeKind::Changed
        };
        found.push(("cases", was.cases.join(", "), is.cases.join(", "), kind));
    }
    if was.without != is.without {
        let required = |spec: &Callgrind| (spec.without == Without::Fail).to_string();
        let kind = match is.without {
            Without::Fail => ChangeKind::Tightened,
            Without::Skip => ChangeKind::Loosened,
        };
        found.push(("required", required(was), required(is), kind));
    }
    found
}

fn counts(spec: &Callgrind) -> String {
    spec.counts
        .map_or_else(|| "none".to_owned(), |counts| format!("{counts:?}"))
}

fn direction(direction: Direction) -> String {
    match direction {
        Direction::HigherIsBetter => "higher-is-better",
        Direction::LowerIsBetter => "lower-is-better",
    }
    .to_owned()
}

fn probe(probe: &Probe) -> String {
    match probe {
        Probe::RespLoad { quantity, .. } => format!("resp-load {}", quantity.name()),
        Probe::RespLatency { quantity, .. } => format!("resp-latency {}", quantity.name()),
        Probe::Command { run } => format!("command {run:?}"),
        Probe::Callgrind(spec) => format!("callgrind {:?}", spec.run),
        Probe::RespMemory {
            quantity,
            keys,
            value_bytes,
        } => format!(
            "resp-memory {} of {keys} keys, {value_bytes} B each",
            quantity.name()
        ),
        Probe::Size { artifact, sections } if sections.is_empty() => format!("size {artifact}"),
        Probe::Size { artifact, sections } => format!("size {artifact} {sections:?}"),
        Probe::Time { quantity, run } => format!("time {} {run:?}", quantity.name()),
        Probe::Import {
            format,
            quantity,
            run,
            file,
        } => format!(
            "import {} {quantity} of {run:?} in {}",
            format.name(),
            file.as_deref().unwrap_or("what it prints")
        ),
    }
}

fn rate(rate: Rate) -> String {
    match rate {
        Rate::HalfOfSlower => "half of what the slower arm answers".to_owned(),
        Rate::PerSecond(rate) => format!("{rate} requests/s"),
    }
}

/// The values of two loads that differ, as the file writes them.
fn loads(old: &Load, new: &Load) -> (String, String) {
    let fields = |load: &Load| {
        [
            ("connections", load.connections.to_string()),
            ("pipeline", load.pipeline.to_string()),
            ("read_ratio", load.read_ratio.to_string()),
            ("keys", load.keys.to_string()),
            ("value_bytes", load.value_bytes.to_string()),
            ("zipf", load.zipf.to_string()),
        ]
    };
    let (old, new) = (fields(old), fields(new));
    let (was, is): (Vec<_>, Vec<_>) = old
        .iter()
        .zip(&new)
        .filter(|(was, is)| was != is)
        .map(|((key, was), (_, is))| (format!("{key} = {was}"), format!("{key} = {is}")))
        .unzip();
    (was.join(", "), is.join(", "))
}
