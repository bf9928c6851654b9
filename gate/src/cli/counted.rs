//! The exact metrics of a comparison, each counted twice an arm.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::error::CliError;
use super::progress::Progress;
use super::units;
use crate::budget::{Budgets, Callgrind, MetricSpec, Probe, Without};
use crate::judge::{MetricInput, Taken};
use crate::measure::{
    CallgrindArm, CallgrindSettings, Counter, ExactArm, ExactMetric, ExactSettings, MeasureError,
    measure_callgrind, measure_exact,
};
use crate::model::{Arm, Breakdown, MetricId, Samples};
use crate::probe::{HOW_TO_GET, valgrind};
use crate::process::Interrupt;

/// One arm as exact metrics see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct CountedArm<'a> {
    pub(super) arm: Arm,
    /// `None` where the revision has no budgets file: head's commands are its own then.
    pub(super) budgets: Option<&'a Budgets>,
    pub(super) artifacts: &'a BTreeMap<String, PathBuf>,
}

/// The longest that one run of an exact probe may take.
pub(super) const RUN_MAX: Duration = Duration::from_mins(5);

/// The names of the metrics that are counted.
pub(super) fn names(budgets: &Budgets) -> impl Iterator<Item = &str> {
    let counted = budgets.metrics.iter();
    let counted = counted.filter(|(_, spec)| is_counted(&spec.probe));
    counted.map(|(name, _)| name.as_str())
}

/// Where valgrind is, if any metric is counted by it.
pub(super) fn valgrind_of(budgets: &Budgets) -> Option<PathBuf> {
    let mut specs = budgets.metrics.values();
    specs
        .any(|spec| matches!(spec.probe, Probe::Callgrind(_)))
        .then(valgrind)?
}

/// What was counted, and where it changed.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub(super) metrics: Vec<MetricInput>,
    pub(super) breakdowns: BTreeMap<MetricId, Breakdown>,
}

/// What is known where both arms are the same bytes.
#[derive(Debug)]
pub(super) struct SameBytes<'a> {
    /// The metrics that trades of this change name: their cases are looked for.
    pub(super) traded: BTreeSet<&'a str>,
    /// Head holds its counts against something else than base did: they are asked for.
    pub(super) baseline_changed: bool,
}

/// Counting on one arm or two.
pub(super) struct Counting<'a> {
    pub(super) head: &'a Budgets,
    /// Those of the revisions that there are.
    pub(super) arms: Vec<CountedArm<'a>>,
    /// `None` where the artifacts of the arms differ, or there is one arm.
    pub(super) same_bytes: Option<SameBytes<'a>>,
    pub(super) settings: ExactSettings,
    /// Cores that instructions may be counted on, one program on each.
    pub(super) cores: Vec<usize>,
    pub(super) progress: &'a Progress,
    pub(super) interrupt: &'a Interrupt,
}

impl<'a> Counting<'a> {
    /// Counts every metric of `names` on the arms that have it.
    pub(super) fn count(&self, names: &[&str]) -> Result<Counted, CliError> {
        let mut counted = Counted::default();
        for name in names {
            let programs = self.programs(name);
            if programs.is_empty() {
                self.commands(name, &mut counted)?;
            } else {
                self.instructions(name, &programs, &mut counted)?;
            }
        }
        Ok(counted)
    }

    fn probe(&self, arm: &CountedArm<'a>, name: &str) -> Option<&'a Probe> {
        let budgets = arm.budgets.unwrap_or(self.head);
        let spec: Option<&MetricSpec> = budgets.metrics.get(name);
        spec.map(|spec| &spec.probe)
    }

    fn commands(&self, name: &str, counted: &mut Counted) -> Result<(), CliError> {
        let command = |arm: &CountedArm<'a>| {
            Some(ExactArm {
                arm: arm.arm,
                counter: self.probe(arm, name).and_then(counter)?,
                artifacts: arm.artifacts,
            })
        };
        let commands: Vec<ExactArm<'_>> = self.arms.iter().filter_map(command).collect();
        // The same bytes are given the same words, in an empty folder: there is nothing to compare.
        // What a file weighs is read in no time, and worth showing.
        let runs = commands.iter().any(|arm| arm.counter.runs_a_program());
        if runs && self.is_settled(name) {
            return counted.unmeasured(name, Taken::IdenticalBinary);
        }
        self.progress
            .step(&format!("counting {name}, twice an arm"));
        let metrics = measure_exact(name, &commands, &self.settings, self.interrupt)?;
        self.take(metrics, counted);
        Ok(())
    }

    /// Whether the same bytes are asked for nothing but to be compared. What is only shown has nothing
    /// else; of the others a budget or a trade that is new may be in another unit, or of a case that
    /// there is not, and another baseline wants to know the count.
    fn is_settled(&self, name: &str) -> bool {
        let Some(same) = &self.same_bytes else {
            return false;
        };
        let is_shown = |spec: &MetricSpec| spec.report_only;
        if self.head.metrics.get(name).is_some_and(is_shown) {
            let mut probes = self.arms.iter().map(|arm| self.probe(arm, name));
            let first = probes.next().flatten();
            return first.is_some() && probes.all(|probe| probe == first);
        }
        let spec = |arm: &CountedArm<'a>| arm.budgets?.metrics.get(name);
        let specs: Option<Vec<&MetricSpec>> = self.arms.iter().map(spec).collect();
        let is_same = matches!(specs.as_deref(), Some([base, head]) if base == head);
        is_same && !same.baseline_changed && !same.traded.contains(name)
    }

    /// The arms that have `name` as a count of instructions.
    fn programs(&self, name: &str) -> Vec<CallgrindArm<'a>> {
        let program = |arm: &CountedArm<'a>| match self.probe(arm, name) {
            Some(Probe::Callgrind(spec)) => Some(CallgrindArm {
                arm: arm.arm,
                spec,
                artifacts: arm.artifacts,
            }),
            _ => None,
        };
        self.arms.iter().filter_map(program).collect()
    }

    fn instructions(
        &self,
        name: &str,
        arms: &[CallgrindArm<'_>],
        counted: &mut Counted,
    ) -> Result<(), CliError> {
        // The same bytes told to do the same take the same instructions.
        if let ([base, head], Some(same)) = (arms, &self.same_bytes)
            && !same.baseline_changed
            && same_work(base.spec, head.spec)
        {
            return counted.unmeasured(name, Taken::IdenticalBinary);
        }
        let Some(valgrind) = valgrind() else {
            if arms.iter().any(|arm| arm.spec.without == Without::Fail) {
                let metric = (*name).to_owned();
                return Err(CliError::NoValgrind { metric });
            }
            let why = format!("valgrind is not on the PATH; {HOW_TO_GET}");
            return counted.unmeasured(name, Taken::Unavailable(why));
        };
        let settings = CallgrindSettings {
            valgrind,
            cores: self.cores.clone(),
            limit: self.settings.limit,
        };
        self.progress
            .step(&format!("counting {name}, twice an arm"));
        let metrics = measure_callgrind(name, arms, &settings, self.interrupt)?;
        self.take(metrics, counted);
        Ok(())
    }

    fn take(&self, metrics: BTreeMap<MetricId, ExactMetric>, counted: &mut Counted) {
        for (id, metric) in metrics {
            let direction = self.head.metrics.get(id.name()).map(|spec| spec.direction);
            let breakdown = direction
                .filter(|_| metric.changed() && metric.tells_parts())
                .and_then(|direction| {
                    Breakdown::between(direction, &metric.base_shares, &metric.head_shares)
                });
            counted
                .breakdowns
                .extend(breakdown.map(|breakdown| (id.clone(), breakdown)));
            counted.metrics.push(MetricInput {
                id,
                unit: metric.unit,
                taken: Taken::Samples(Samples::Exact(metric.samples)),
            });
        }
    }
}

fn same_work(base: &Callgrind, head: &Callgrind) -> bool {
    (&base.run, &base.cases, base.counts) == (&head.run, &head.cases, head.counts)
}

impl Counted {
    fn unmeasured(&mut self, name: &str, taken: Taken) -> Result<(), CliError> {
        self.metrics.push(MetricInput {
            id: MetricId::new(name).map_err(MeasureError::from)?,
            unit: units::none()?,
            taken,
        });
        Ok(())
    }
}

/// What counts a metric by running it once; `None` where that takes valgrind, or rounds.
fn counter(probe: &Probe) -> Option<Counter<'_>> {
    match probe {
        Probe::Command { run } => Some(Counter::Command { run }),
        Probe::Import {
            format,
            quantity,
            run,
            file,
        } => Some(Counter::Import {
            format: *format,
            quantity,
            run,
            file: file.as_deref(),
        }),
        Probe::Size { artifact, sections } => Some(Counter::Size { artifact, sections }),
        Probe::RespLoad { .. }
        | Probe::RespLatency { .. }
        | Probe::RespMemory { .. }
        | Probe::Time { .. }
        | Probe::Callgrind(_) => None,
    }
}

/// Whether a metric is counted, and not measured in rounds.
pub(super) fn is_counted(probe: &Probe) -> bool {
    matches!(probe, Probe::Callgrind(_)) || counter(probe).is_some()
}
