//! The exact metrics of a comparison, each counted twice an arm.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::error::CliError;
use super::progress::Progress;
use crate::budget::{Budgets, MetricSpec, Probe};
use crate::measure::{ExactArm, ExactMetric, ExactSettings, measure_exact};
use crate::model::{Arm, MetricId};
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
    let counted = counted.filter(|(_, spec)| matches!(spec.probe, Probe::Command { .. }));
    counted.map(|(name, _)| name.as_str())
}

/// Counts every metric of `names` on the arms that have it.
pub(super) fn count(
    names: &[&str],
    head: &Budgets,
    arms: &[CountedArm<'_>; 2],
    settings: &ExactSettings,
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<BTreeMap<MetricId, ExactMetric>, CliError> {
    let mut counted = BTreeMap::new();
    for name in names {
        let mut commands = Vec::new();
        for arm in arms {
            let spec = arm.budgets.unwrap_or(head).metrics.get(*name);
            if let Some(MetricSpec {
                probe: Probe::Command { run },
                ..
            }) = spec
            {
                commands.push(ExactArm {
                    arm: arm.arm,
                    run,
                    artifacts: arm.artifacts,
                });
            }
        }
        progress.step(&format!("counting {name}, twice an arm"));
        counted.extend(measure_exact(name, &commands, settings, interrupt)?);
    }
    Ok(counted)
}
