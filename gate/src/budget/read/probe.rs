//! `probe`, and the keys that each probe has for itself.
//!
//! | probe | keys | exact |
//! |---|---|---|
//! | `resp-load` | `quantity` `load` | never |
//! | `resp-latency` | `quantity` `load` (with `rate`, without `pipeline`) | never |
//! | `resp-memory` | `quantity` `load` (`keys`, `value_bytes`) | never |
//! | `time` | `quantity` `run` | never |
//! | `callgrind` | `run` `cases` `counts` `required` | always |
//! | `command` | `run` | where it says so; else only reported |
//! | `import` | `format` `quantity` `run` `file` | where it says so; else only reported |
//! | `size` | `artifact` `sections` | always |
//!
//! A key that stands beside a probe that it means nothing to is an error.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Component, Path};

use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::{LoadTable, MetricTable, Text};
use super::super::import_format::ImportFormat;
use super::super::nearest::Names;
use super::super::spec::{Load, Percentile, Probe, Quantity, Rate, Subject};
use super::callgrind::callgrind;
use super::subject::{Filled, filled};
use super::value::{fraction, missing, whole, word};
use crate::model::{Direction, MetricId};

const RESP_LOAD: &str = "resp-load";
const RESP_LATENCY: &str = "resp-latency";
const RESP_MEMORY: &str = "resp-memory";
const TIME: &str = "time";
const CALLGRIND: &str = "callgrind";
const COMMAND: &str = "command";
const IMPORT: &str = "import";
const SIZE: &str = "size";
/// Every probe, in the order in which messages list them.
pub(in crate::budget) const PROBES: [&str; 8] = [
    RESP_LOAD,
    RESP_LATENCY,
    RESP_MEMORY,
    TIME,
    COMMAND,
    CALLGRIND,
    IMPORT,
    SIZE,
];
/// Why a closed loop has no rate.
const CLOSED_LOOP: &str =
    "a closed loop sends as fast as it is answered; `resp-latency` sends at a rate";
/// Where Criterion writes, from the folder that a benchmark runs in.
const CRITERION_FOLDER: &str = "target/criterion";

/// A metric's table, and what is around it.
pub(super) struct Context<'a> {
    pub(super) name: &'a Text,
    pub(super) table: &'a MetricTable,
    pub(super) subject: &'a Subject,
    pub(super) text: &'a str,
    pub(super) direction: Direction,
    pub(super) direction_span: Range<usize>,
}

/// How a metric is measured.
pub(super) struct Measured {
    pub(super) probe: Probe,
    pub(super) exact: bool,
}

impl Context<'_> {
    /// The probe that the table names, with its keys.
    pub(super) fn probe(&self, kind: &Text) -> Found<Measured> {
        let probe = match kind.get_ref().as_str() {
            RESP_LOAD => self.resp_load(kind)?,
            RESP_LATENCY => self.resp_latency(kind)?,
            RESP_MEMORY => self.resp_memory(kind)?,
            TIME => self.time()?,
            COMMAND => self.command(kind)?,
            CALLGRIND => self.callgrind()?,
            IMPORT => self.import(kind)?,
            SIZE => self.size()?,
            _ => return Err(unknown_probe(kind)),
        };
        let counted = matches!(probe, Probe::Size { .. } | Probe::Callgrind(_));
        let exact = counted || is(self.table.exact.as_ref());
        Ok(Measured { probe, exact })
    }

    fn resp_load(&self, kind: &Text) -> Found<Probe> {
        self.only(RESP_LOAD, &["quantity", "load"])?;
        self.in_rounds(RESP_LOAD)?;
        let quantity = self.quantity(RESP_LOAD, &Quantity::LOAD)?;
        self.needs_server(RESP_LOAD, kind)?;
        let table = self.table.load.as_ref().map(Spanned::get_ref);
        let rate = table.and_then(|table| table.rate.as_ref());
        refuse(rate.map(Spanned::span), "rate", RESP_LOAD, CLOSED_LOOP)?;
        let load = table.map(load).transpose()?.unwrap_or_default();
        Ok(Probe::RespLoad { quantity, load })
    }

    fn resp_latency(&self, kind: &Text) -> Found<Probe> {
        self.only(RESP_LATENCY, &["quantity", "load"])?;
        self.in_rounds(RESP_LATENCY)?;
        let words = Percentile::ALL.map(|quantity| (quantity.name(), quantity));
        let quantity = self.named(RESP_LATENCY, &words)?;
        self.agrees(quantity.name(), Direction::LowerIsBetter)?;
        self.needs_server(RESP_LATENCY, kind)?;
        let table = self.table.load.as_ref().map(Spanned::get_ref);
        let load = table.map(load).transpose()?.unwrap_or_default();
        let pipeline = table.and_then(|table| table.pipeline.as_ref());
        let batches = pipeline.filter(|_| load.pipeline != 1).map(Spanned::span);
        let instead = "every request is sent, and timed, by itself";
        refuse(batches, "pipeline", RESP_LATENCY, instead)?;
        let rate = match table.and_then(|table| table.rate.as_ref()) {
            None => Rate::HalfOfSlower,
            rate => Rate::PerSecond(whole("rate", rate, 0, 1..=10_000_000)?),
        };
        Ok(Probe::RespLatency {
            quantity,
            load,
            rate,
        })
    }

    fn resp_memory(&self, kind: &Text) -> Found<Probe> {
        self.only(RESP_MEMORY, &["quantity", "load"])?;
        self.in_rounds(RESP_MEMORY)?;
        let quantity = self.quantity(RESP_MEMORY, &Quantity::MEMORY)?;
        self.needs_server(RESP_MEMORY, kind)?;
        let table = self.table.load.as_ref().map(Spanned::get_ref);
        if let Some(table) = table {
            let spans = [
                ("connections", table.connections.as_ref().map(Spanned::span)),
                ("pipeline", table.pipeline.as_ref().map(Spanned::span)),
                ("read_ratio", table.read_ratio.as_ref().map(Spanned::span)),
                ("zipf", table.zipf.as_ref().map(Spanned::span)),
                ("rate", table.rate.as_ref().map(Spanned::span)),
            ];
            for (key, span) in spans {
                let instead = "keys are only loaded: `keys` and `value_bytes` say which";
                refuse(span, key, RESP_MEMORY, instead)?;
            }
        }
        let load = table.map(load).transpose()?.unwrap_or_default();
        Ok(Probe::RespMemory {
            quantity,
            keys: load.keys,
            value_bytes: load.value_bytes,
        })
    }

    fn time(&self) -> Found<Probe> {
        self.only(TIME, &["quantity", "run"])?;
        self.in_rounds(TIME)?;
        Ok(Probe::Time {
            quantity: self.quantity(TIME, &Quantity::TIME)?,
            run: self.run("run = [\"{program}\", \"--once\"]")?,
        })
    }

    fn command(&self, kind: &Text) -> Found<Probe> {
        self.only(COMMAND, &["run", "case"])?;
        let run = self.run("run = [\"{probe}\", \"memory\"]")?;
        self.exact_or_reported(COMMAND, kind)?;
        Ok(Probe::Command { run })
    }

    fn callgrind(&self) -> Found<Probe> {
        self.only(CALLGRIND, &["run", "cases", "counts", "required", "case"])?;
        let direction = Spanned::new(self.direction_span.clone(), self.direction);
        let (name, table) = (self.name, self.table);
        let spec = callgrind(name, table, &direction, self.subject, self.text)?;
        Ok(Probe::Callgrind(spec))
    }

    fn import(&self, kind: &Text) -> Found<Probe> {
        self.only(IMPORT, &["format", "quantity", "run", "file", "case"])?;
        let formats = ImportFormat::ALL.map(|format| (format.name(), format));
        let format = self
            .table
            .format
            .as_ref()
            .ok_or_else(|| self.absent("format", "format = \"hyperfine\""))?;
        let format = word("format", format, &formats)?;
        let quantity = match (&self.table.quantity, format) {
            (None, _) => format.quantities().first().copied().unwrap_or_default(),
            // A Go benchmark reports units of its own.
            (Some(written), ImportFormat::Go) => written.get_ref(),
            (Some(written), _) => {
                let words: Vec<(&str, &str)> =
                    format.quantities().iter().map(|q| (*q, *q)).collect();
                word("quantity", written, &words)?
            }
        };
        let run = self.run("run = [\"{bench}\", \"--bench\"]")?;
        self.exact_or_reported(IMPORT, kind)?;
        let file = match &self.table.file {
            Some(file) => Some(import_file(file)?),
            None if format == ImportFormat::Criterion => Some(CRITERION_FOLDER.to_owned()),
            None => None,
        };
        Ok(Probe::Import {
            format,
            quantity: quantity.to_owned(),
            run,
            file,
        })
    }

    fn size(&self) -> Found<Probe> {
        self.only(SIZE, &["artifact", "sections", "case"])?;
        if let Some(exact) = self.table.exact.as_ref().filter(|flag| !*flag.get_ref()) {
            return Err(Located::new(exact.span(), Mistake::SizeIsExact));
        }
        let artifact = self
            .table
            .artifact
            .as_ref()
            .ok_or_else(|| self.absent("artifact", "artifact = \"server\""))?;
        if !self.subject.artifacts.contains_key(artifact.get_ref()) {
            let mistake = Mistake::NoSuchArtifact {
                found: artifact.get_ref().clone(),
                known: Names::new(self.subject.artifacts.keys()),
            };
            return Err(Located::new(artifact.span(), mistake));
        }
        let mut sections = BTreeSet::new();
        let written = self.table.sections.as_ref().map(Spanned::get_ref);
        for section in written.into_iter().flatten() {
            let name = section.get_ref();
            let named = name.starts_with('.') && MetricId::with_case("m", name).is_ok();
            if !named || !sections.insert(name.clone()) {
                let found = name.clone();
                return Err(Located::new(section.span(), Mistake::SectionName { found }));
            }
        }
        Ok(Probe::Size {
            artifact: artifact.get_ref().clone(),
            sections: sections.into_iter().collect(),
        })
    }

    /// A quantity of the gate's own, in the direction that is its better one.
    fn quantity(&self, probe: &'static str, all: &[Quantity]) -> Found<Quantity> {
        let words: Vec<_> = all.iter().map(|q| (q.name(), *q)).collect();
        let quantity = self.named(probe, &words)?;
        self.agrees(quantity.name(), quantity.direction())?;
        Ok(quantity)
    }

    /// The quantity as written, else the one that the metric is named after.
    fn named<T: Copy>(&self, probe: &'static str, words: &[(&'static str, T)]) -> Found<T> {
        match &self.table.quantity {
            Some(written) => word("quantity", written, words),
            None => word("quantity", self.name, words).map_err(|_| {
                let mistake = Mistake::NoQuantity {
                    name: self.name.get_ref().clone(),
                    probe,
                    known: Names::new(words.iter().map(|(name, _)| *name)),
                };
                Located::new(self.name.span(), mistake)
            }),
        }
    }

    /// A direction that is the wrong way round would turn every regression into an improvement.
    fn agrees(&self, quantity: &'static str, natural: Direction) -> Found<()> {
        if natural == self.direction {
            return Ok(());
        }
        let (better, direction) = match natural {
            Direction::HigherIsBetter => ("more", "higher-is-better"),
            Direction::LowerIsBetter => ("less", "lower-is-better"),
        };
        let mistake = Mistake::Contradiction {
            quantity,
            better,
            direction,
        };
        Err(Located::new(self.direction_span.clone(), mistake))
    }

    fn run(&self, example: &'static str) -> Found<Vec<String>> {
        let run = self.table.run.clone();
        let run = run.ok_or_else(|| self.absent("run", example))?;
        let artifacts = &self.subject.artifacts;
        filled("run", run, artifacts, Filled::Artifacts, self.text)
    }

    fn needs_server(&self, probe: &'static str, kind: &Text) -> Found<()> {
        if self.subject.serve.is_some() {
            return Ok(());
        }
        Err(Located::new(kind.span(), Mistake::NoServe { probe }))
    }

    fn in_rounds(&self, probe: &'static str) -> Found<()> {
        match self.table.exact.as_ref().filter(|flag| *flag.get_ref()) {
            Some(exact) => Err(Located::new(exact.span(), Mistake::ExactRounds(probe))),
            None => Ok(()),
        }
    }

    fn exact_or_reported(&self, probe: &'static str, kind: &Text) -> Found<()> {
        if is(self.table.exact.as_ref()) || is(self.table.report_only.as_ref()) {
            return Ok(());
        }
        Err(Located::new(kind.span(), Mistake::NoisyCommand(probe)))
    }

    fn absent(&self, key: &'static str, example: &'static str) -> Located {
        let table = format!("[metrics.{}]", self.name.get_ref());
        missing(self.name.span(), table, key, example)
    }

    /// Refuses every key of a probe that is not among `allowed`.
    fn only(&self, probe: &'static str, allowed: &[&str]) -> Found<()> {
        let table = self.table;
        let spans = [
            ("quantity", table.quantity.as_ref().map(Spanned::span)),
            ("load", table.load.as_ref().map(Spanned::span)),
            ("run", table.run.as_ref().map(Spanned::span)),
            ("format", table.format.as_ref().map(Spanned::span)),
            ("file", table.file.as_ref().map(Spanned::span)),
            ("artifact", table.artifact.as_ref().map(Spanned::span)),
            ("sections", table.sections.as_ref().map(Spanned::span)),
            ("cases", table.cases.as_ref().map(Spanned::span)),
            ("counts", table.counts.as_ref().map(Spanned::span)),
            ("required", table.required.as_ref().map(Spanned::span)),
            ("case", table.case.as_ref().map(Spanned::span)),
        ];
        for (key, span) in spans {
            if !allowed.contains(&key) {
                refuse(span, key, probe, belongs_to(key))?;
            }
        }
        Ok(())
    }
}

fn belongs_to(key: &str) -> &'static str {
    match key {
        "load" => "it belongs to the probes of live servers",
        "quantity" => "it belongs to probes that measure several quantities at once",
        "run" => "it belongs to `command`, `time` and `import`",
        "format" | "file" => "it belongs to `import`",
        "cases" | "counts" | "required" => "it belongs to `callgrind`",
        "artifact" | "sections" => "it belongs to `size`",
        _ => "this probe has no cases",
    }
}

pub(super) fn is(flag: Option<&Spanned<bool>>) -> bool {
    flag.is_some_and(|flag| *flag.get_ref())
}

fn unknown_probe(kind: &Text) -> Located {
    let found = kind.get_ref();
    let known = Names::new(PROBES);
    let mistake = Mistake::UnknownProbe {
        found: found.clone(),
        known,
    };
    Located::new(kind.span(), mistake)
}

/// Refuses a key that stands at `span` and means nothing to `probe`.
fn refuse(
    span: Option<Range<usize>>,
    key: &'static str,
    probe: &'static str,
    instead: &'static str,
) -> Found<()> {
    span.map_or(Ok(()), |span| {
        let mistake = Mistake::NotForProbe {
            key,
            probe,
            instead,
        };
        Err(Located::new(span, mistake))
    })
}

/// A path that stays inside the folder that the program runs in.
fn import_file(file: &Text) -> Found<String> {
    let found = file.get_ref().clone();
    let parts = || Path::new(&found).components();
    let why = if found.contains(char::is_control) {
        "contains a control character"
    } else if parts().any(|part| matches!(part, Component::RootDir | Component::ParentDir)) {
        "leaves that folder"
    } else if !parts().any(|part| matches!(part, Component::Normal(_))) {
        "names no file"
    } else {
        return Ok(found);
    };
    Err(Located::new(
        file.span(),
        Mistake::ImportFile { found, why },
    ))
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
