//! Which timed metrics share their rounds: those with the same load sent in the same way, the same data
//! set, or the same program.

use super::counted;
use super::error::CliError;
use crate::budget::{Budgets, Load, Probe};
use crate::measure::{Drive, Timed};
use crate::model::{MetricId, NoisyRound};

/// A metric of a group.
#[derive(Debug, Clone)]
pub(super) struct TimedMetric {
    pub(super) id: MetricId,
    pub(super) quantity: Timed,
    pub(super) rounds: Vec<NoisyRound>,
}

/// What the metrics of a group have in common.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// Load on servers, and how it is sent.
    Load(Load, Drive),
    /// Keys in servers.
    Memory { keys: u32, value_bytes: u32 },
    /// A program, as head's budgets run it and as base's do.
    Program {
        head: Vec<String>,
        base: Vec<String>,
    },
}

/// Metrics that share their rounds.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) source: Source,
    pub(super) metrics: Vec<TimedMetric>,
}

/// The names of the metrics that are timed.
pub(super) fn names(budgets: &Budgets) -> impl Iterator<Item = &str> {
    let timed = budgets.metrics.iter();
    let timed = timed.filter(|(_, spec)| !counted::is_counted(&spec.probe));
    timed.map(|(name, _)| name.as_str())
}

/// Whether base cannot be asked for a metric: it has budgets, and they do not know its program.
pub(super) fn is_new(name: &str, base: Option<&Budgets>, head: &Budgets) -> bool {
    let is_program = |budgets: &Budgets| {
        let spec = budgets.metrics.get(name);
        spec.is_some_and(|spec| matches!(spec.probe, Probe::Time { .. }))
    };
    is_program(head) && base.is_some_and(|base| !is_program(base))
}

/// How many groups with a judged metric `names` fall into, and how many without.
pub(super) fn group_counts(names: &[&str], budgets: &Budgets) -> Result<(u32, u32), CliError> {
    let groups = groups(names, budgets, budgets)?;
    let is_judged = |group: &&Group| group.metrics.iter().any(|m| is_judged(budgets, &m.id));
    let judged = groups.iter().filter(is_judged).count();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok((count(judged), count(groups.len() - judged)))
}

/// The groups of `names`, in the order of the first name of each.
pub(super) fn groups(
    names: &[&str],
    base: &Budgets,
    budgets: &Budgets,
) -> Result<Vec<Group>, CliError> {
    let mut groups: Vec<Group> = Vec::new();
    for name in names {
        let Some(spec) = budgets.metrics.get(*name) else {
            continue;
        };
        let (quantity, source) = match &spec.probe {
            Probe::RespLoad { quantity, load } => {
                let source = Source::Load(load.clone(), Drive::Closed);
                (Timed::Quantity(*quantity), source)
            }
            Probe::RespLatency {
                quantity,
                load,
                rate,
            } => {
                let source = Source::Load(load.clone(), Drive::Open(*rate));
                (Timed::Latency(*quantity), source)
            }
            Probe::RespMemory {
                quantity,
                keys,
                value_bytes,
            } => {
                let (keys, value_bytes) = (*keys, *value_bytes);
                let source = Source::Memory { keys, value_bytes };
                (Timed::Quantity(*quantity), source)
            }
            Probe::Time { quantity, run } => {
                let base = match base.metrics.get(*name).map(|spec| &spec.probe) {
                    Some(Probe::Time { run, .. }) => run,
                    _ => run,
                };
                let (head, base) = (run.clone(), base.clone());
                (Timed::Quantity(*quantity), Source::Program { head, base })
            }
            Probe::Command { .. }
            | Probe::Callgrind(_)
            | Probe::Import { .. }
            | Probe::Size { .. } => continue,
        };
        let id = MetricId::new(name).map_err(|error| CliError::Input {
            name: "a metric of the budgets",
            value: (*name).to_owned(),
            why: error.to_string(),
        })?;
        let metric = TimedMetric {
            id,
            quantity,
            rounds: Vec::new(),
        };
        match groups.iter_mut().find(|group| group.source == source) {
            Some(group) => group.metrics.push(metric),
            None => groups.push(Group {
                source,
                metrics: vec![metric],
            }),
        }
    }
    Ok(groups)
}

/// Whether a metric can fail.
pub(super) fn is_judged(budgets: &Budgets, id: &MetricId) -> bool {
    budgets
        .metrics
        .get(id.name())
        .is_some_and(|spec| !spec.report_only)
}
