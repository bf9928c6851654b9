//! The exact metrics of a comparison, each counted twice an arm.

use std::collections::BTreeMap;
use std::path::PathBuf;

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
