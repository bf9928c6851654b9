//! One round of memory a key: every arm started afresh, in drawn order, loaded with the same keys.
//!
//! ```text
//! for each arm   start ─ read memory ─ load ─ read memory        all alive until the round ends
//! ```
//!
//! A round yields one value an arm: how much one key took.

use std::path::PathBuf;
use std::sync::Arc;

use rand::seq::SliceRandom;

use super::MeasureError;
use super::blame::{blame, blame_memory};
use super::rounds::ArmUnderTest;
use super::seeds::{Place, Purpose, Seeds};
use crate::budget::{Load, Quantity};
use crate::model::{Arm, NoisyRound, RoundHealth, RoundSet};
use crate::probe::resp_load::DataSet;
use crate::probe::{MemoryReading, Server, ServerLaunch, memory_of};
use crate::process::{Interrupt, Plan, Ticks};

/// What stays the same over all rounds.
#[derive(Debug, Clone)]
pub struct MemorySettings {
    /// Keys that are loaded.
    pub keys: u32,
    /// Bytes of every value.
    pub value_bytes: u32,
    /// Tells groups of metrics apart, in seeds and log names.
    pub group: u32,
    /// Where everything random comes from.
    pub seeds: Seeds,
    /// Who runs where.
    pub plan: Plan,
    /// An existing folder for the servers' logs.
    pub log_folder: PathBuf,
}

/// Runs rounds.
#[derive(Debug)]
pub struct MemoryRunner {
    settings: MemorySettings,
    interrupt: Interrupt,
}

/// What a key took on an arm, in bytes.
struct PerKey {
    arm: Arm,
    used: Option<f64>,
    resident: f64,
}

impl MemoryRunner {
    /// A runner of rounds with these settings.
    #[must_use]
    pub const fn new(settings: MemorySettings, interrupt: Interrupt) -> Self {
        Self {
            settings,
            interrupt,
        }
    }

    /// Measures one round, of the `wanted` quantities.
    pub fn run(
        &self,
        round: u32,
        set: RoundSet,
        arms: &[ArmUnderTest<'_>],
        wanted: &[Quantity],
    ) -> Result<Vec<(Quantity, NoisyRound)>, MeasureError> {
        let settings = &self.settings;
        let place = Place {
            group: settings.group,
            round,
        };
        let mut started = arms.to_vec();
        started.shuffle(&mut settings.seeds.stream(Purpose::StartOrder, place));
        let load = Load {
            keys: settings.keys,
            value_bytes: settings.value_bytes,
            ..Load::default()
        };
        let data = DataSet::new(&load, &mut settings.seeds.stream(Purpose::Data, place));
        let data = Arc::new(data.map_err(MeasureError::Plan)?);
        let mut ports = settings.seeds.stream(Purpose::Ports, place);
        let before = Ticks::read()?;
        let mut servers = Vec::new();
        let mut taken = Vec::new();
        for &ArmUnderTest {
            arm,
            artifacts,
            serve,
        } in &started
        {
            let log = format!("server-{}-{round:03}-{arm}.log", place.group);
            let log = settings.log_folder.join(log);
            let launch = ServerLaunch::new(serve, artifacts, &settings.plan.server, &log);
            let mut server = launch
                .start(&mut ports, &self.interrupt)
                .map_err(|source| MeasureError::Server { arm, source })?;
            let memory = |server: &mut Server| {
                memory_of(server.pid(), server.port(), &self.interrupt)
                    .map_err(|error| blame_memory(arm, server, error))
            };
            let empty = memory(&mut server)?;
            data.fill(server.port(), &self.interrupt)
                .map_err(|error| blame(arm, &mut server, error))?;
            let full = memory(&mut server)?;
            server
                .check_alive()
                .map_err(|source| MeasureError::Server { arm, source })?;
            taken.push(self.per_key(arm, empty, full));
            servers.push(server);
        }
        let steal_pct = Ticks::read()?.steal_pct_since(before);
        drop(servers);
        let order: String = started.iter().map(|a| a.arm.letter()).collect();
        wanted
            .iter()
            .map(|&quantity| {
                let values = |arm| -> Result<Vec<f64>, MeasureError> {
                    let of_arm = taken.iter().filter(|taken| taken.arm == arm);
                    of_arm.map(|taken| self.value(taken, quantity)).collect()
                };
                let round = NoisyRound {
                    round,
                    set,
                    start_order: order.clone(),
                    order: order.clone(),
                    base: values(Arm::Base)?,
                    head: values(Arm::Head)?,
                    control: values(Arm::Control)?,
                    health: RoundHealth {
                        steal_pct,
                        ..RoundHealth::default()
                    },
                    open_loop: None,
                };
                Ok((quantity, round))
            })
            .collect()
    }

    fn per_key(&self, arm: Arm, empty: MemoryReading, full: MemoryReading) -> PerKey {
        let keys = f64::from(self.settings.keys);
        let used = empty.used.zip(full.used);
        PerKey {
            arm,
            used: used.map(|(empty, full)| (full - empty) / keys),
            resident: (full.resident - empty.resident) / keys,
        }
    }

    fn value(&self, taken: &PerKey, quantity: Quantity) -> Result<f64, MeasureError> {
        let arm = taken.arm;
        let value = match quantity {
            Quantity::UsedPerKey => taken.used.ok_or(MeasureError::NoAccount { arm })?,
            _ => taken.resident,
        };
        if value > 0.0 {
            return Ok(value);
        }
        Err(MeasureError::NothingGrew {
            arm,
            quantity: quantity.name(),
            keys: self.settings.keys,
        })
    }
}
