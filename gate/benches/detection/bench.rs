//! Rounds of the two builds, run as `gate compare` runs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gate::budget::{Budgets, Probe, Quantity, Serve};
use gate::measure::{ArmUnderTest, Drive, RoundRunner, RoundSettings, Seeds, Timed};
use gate::model::{Arm, RoundSet};
use gate::process::{Interrupt, Plan};
use gate::runner::Runner;

use crate::builds;
use crate::error::StudyError;
use crate::trace::TraceRound;

/// How rounds are cut.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cut {
    /// The length of a slice.
    pub(crate) slice: Duration,
    /// Slices of every arm in a round.
    pub(crate) slices: u32,
}

/// Two builds, and what runs their rounds.
pub(crate) struct Bench {
    runner: RoundRunner,
    artifacts: BTreeMap<Arm, BTreeMap<String, PathBuf>>,
    serve: BTreeMap<Arm, Serve>,
    start: Instant,
}

impl Bench {
    /// The builds in `folder`, head with so many iterations a command. `group` keeps the drawn orders
    /// of benches with one seed apart.
    pub(crate) fn new(
        folder: &Path,
        budgets: &Budgets,
        iterations: u32,
        cut: Cut,
        (seed, group): (u64, u32),
        interrupt: &Interrupt,
    ) -> Result<Self, StudyError> {
        let missing = |what: &str| StudyError::Plan(format!("budgets.toml has no {what}"));
        let load = budgets.metrics.values().find_map(|spec| {
            let Probe::RespLoad { load, .. } = &spec.probe else {
                return None;
            };
            Some(load.clone())
        });
        let serve = budgets.subject.serve.as_ref();
        let serve = serve.ok_or_else(|| missing("server"))?;
        let logs = folder.join("logs");
        std::fs::create_dir_all(&logs).map_err(StudyError::file("make", &logs))?;
        let settings = RoundSettings {
            load: load.ok_or_else(|| missing("metric of resp-load"))?,
            drive: Drive::Closed,
            group,
            seeds: Seeds::new(seed),
            slices: cut.slices,
            slice: cut.slice,
            plan: Plan::for_this_machine()?,
            log_folder: logs,
        };
        let arms = [(Arm::Base, 0), (Arm::Head, iterations), (Arm::Control, 0)];
        let built = |arm| if arm == Arm::Control { Arm::Base } else { arm };
        Ok(Self {
            runner: RoundRunner::new(settings, interrupt.clone()),
            artifacts: arms
                .iter()
                .map(|(arm, _)| {
                    let server = builds::server(folder, built(*arm));
                    (*arm, BTreeMap::from([("server".to_owned(), server)]))
                })
                .collect(),
            serve: arms
                .iter()
                .map(|(arm, iterations)| (*arm, slowed(serve, *iterations)))
                .collect(),
            start: Instant::now(),
        })
    }

    /// Runs a round.
    pub(crate) fn round(&self, number: u32, set: RoundSet) -> Result<TraceRound, StudyError> {
        let arms: &[Arm] = match set {
            RoundSet::Main => &[Arm::Base, Arm::Head],
            RoundSet::Confirmation => &[Arm::Base, Arm::Head, Arm::Control],
        };
        let arms: Vec<ArmUnderTest<'_>> = arms
            .iter()
            .filter_map(|arm| {
                Some(ArmUnderTest {
                    arm: *arm,
                    artifacts: self.artifacts.get(arm)?,
                    serve: self.serve.get(arm)?,
                })
            })
            .collect();
        let (at, begun) = (self.start.elapsed(), Instant::now());
        let measured = self.runner.run(number, set, &arms)?;
        let took = begun.elapsed();
        let of = |wanted| {
            let mut found = measured.iter();
            found.find(|(quantity, _)| *quantity == Timed::Quantity(wanted))
        };
        match (of(Quantity::Qps), of(Quantity::CpuPerRequest)) {
            (Some((_, qps)), Some((_, cpu))) => {
                Ok(TraceRound::new(qps, cpu, millis(at), millis(took)))
            }
            _ => Err(StudyError::Plan("a round lacks a quantity".to_owned())),
        }
    }
}

/// The server with so many iterations a command. Every arm gets the variable, and in as many bytes:
/// the size of the environment moves the stack.
fn slowed(serve: &Serve, iterations: u32) -> Serve {
    let mut slowed = serve.clone();
    let variable = format!("SERVER_HANDICAP={iterations:010}");
    slowed.command.splice(0..0, ["env".to_owned(), variable]);
    slowed
}

/// This machine in a few words.
pub(crate) fn machine(interrupt: &Interrupt) -> Result<String, StudyError> {
    let runner = Runner::describe(Plan::for_this_machine()?, interrupt)?;
    let unknown = || "unknown".to_owned();
    Ok(format!(
        "{} cores of {} ({}), kernel {}",
        runner.cores.map_or_else(unknown, |cores| cores.to_string()),
        runner.cpu_model.unwrap_or_else(unknown),
        runner
            .virtual_machine
            .unwrap_or_else(|| "no guest".to_owned()),
        runner.kernel.unwrap_or_else(unknown)
    ))
}

/// As a trace keeps times.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
