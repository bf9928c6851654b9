//! One round of the time of a program: run on each arm in turn, in an order drawn for each pair.
//!
//! ```text
//! round   bh │ hb │ hb │ bh        a letter is one run from start to end, in an empty folder
//! ```
//!
//! Every run is a process of its own, so what differs between starts is in every pair. How many
//! pairs fit a round is known from one run of each arm, which also warms the caches.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use rand::seq::SliceRandom;
use tempfile::TempDir;

use super::MeasureError;
use super::seeds::{Place, Purpose, Seeds};
use crate::budget::Quantity;
use crate::model::{Arm, NoisyRound, RoundHealth, RoundSet};
use crate::probe::{CommandProbe, Spent, fill};
use crate::process::{Interrupt, Ticks};

/// More pairs than this add nothing to a round that another round would not add better.
const PAIRS_MAX: u32 = 60;

/// What stays the same over all rounds.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// The metric, for messages.
    pub metric: String,
    /// Tells groups of metrics apart in seeds.
    pub group: u32,
    /// Where everything random comes from.
    pub seeds: Seeds,
    /// Cores to run on; none means any.
    pub cores: Vec<usize>,
    /// The longest that one run may take.
    pub limit: Duration,
    /// How long a round should be.
    pub round: Duration,
}

/// One arm's program.
#[derive(Debug, Clone, Copy)]
pub struct ProgramUnderTest<'a> {
    /// Which arm.
    pub arm: Arm,
    /// Program and arguments, with placeholders.
    pub run: &'a [String],
    /// Paths of its artifacts, by name.
    pub artifacts: &'a BTreeMap<String, PathBuf>,
}

/// Runs rounds.
#[derive(Debug)]
pub struct RunRunner {
    settings: RunSettings,
    interrupt: Interrupt,
    room: TempDir,
    pairs: u32,
}

impl RunRunner {
    /// Runs every program once, and plans rounds by how long that took.
    pub fn new(
        settings: RunSettings,
        programs: &[ProgramUnderTest<'_>],
        interrupt: Interrupt,
    ) -> Result<Self, MeasureError> {
        let room = TempDir::with_prefix("gate-time-").map_err(MeasureError::Folder)?;
        let mut runner = Self {
            settings,
            interrupt,
            room,
            pairs: 1,
        };
        let mut pair = Duration::ZERO;
        for program in programs {
            pair += runner.execute(program)?.wall;
        }
        let pairs = runner.settings.round.as_nanos() / pair.as_nanos().max(1);
        runner.pairs = u32::try_from(pairs)
            .unwrap_or(PAIRS_MAX)
            .clamp(1, PAIRS_MAX);
        Ok(runner)
    }

    /// Measures one round.
    pub fn run(
        &self,
        round: u32,
        set: RoundSet,
        programs: &[ProgramUnderTest<'_>],
    ) -> Result<Vec<(Quantity, NoisyRound)>, MeasureError> {
        let place = Place {
            group: self.settings.group,
            round,
        };
        let mut rng = self.settings.seeds.stream(Purpose::SliceOrder, place);
        let mut next = programs.to_vec();
        let before = Ticks::read()?;
        let mut runs: Vec<(Arm, Spent)> = Vec::new();
        for _ in 0..self.pairs {
            next.shuffle(&mut rng);
            for program in &next {
                runs.push((program.arm, self.execute(program)?));
            }
        }
        let steal_pct = Ticks::read()?.steal_pct_since(before);
        let order: String = runs.iter().map(|(arm, _)| arm.letter()).collect();
        let record = |quantity: Quantity| {
            let values = |of: Arm| {
                let spent = runs.iter().filter(move |(arm, _)| *arm == of);
                spent
                    .map(|(_, spent)| milliseconds(*spent, quantity))
                    .collect()
            };
            let round = NoisyRound {
                round,
                set,
                start_order: order.chars().take(programs.len()).collect(),
                order: order.clone(),
                base: values(Arm::Base),
                head: values(Arm::Head),
                control: values(Arm::Control),
                health: RoundHealth {
                    steal_pct,
                    ..RoundHealth::default()
                },
                open_loop: None,
            };
            (quantity, round)
        };
        Ok(Quantity::TIME.map(record).into())
    }

    fn execute(&self, program: &ProgramUnderTest<'_>) -> Result<Spent, MeasureError> {
        let metric = || self.settings.metric.clone();
        let arm = program.arm;
        let argv: Vec<OsString> =
            fill(program.run, program.artifacts, None).map_err(|source| MeasureError::Argv {
                metric: metric(),
                arm,
                source,
            })?;
        let folder = self.room.path().join("run");
        std::fs::create_dir(&folder).map_err(MeasureError::Folder)?;
        let probe = CommandProbe {
            argv: &argv,
            folder: &folder,
            cores: &self.settings.cores,
            limit: self.settings.limit,
        };
        let spent = probe
            .execute(&self.interrupt)
            .map_err(|source| MeasureError::Command {
                metric: metric(),
                arm,
                source,
            })?;
        std::fs::remove_dir_all(&folder).map_err(MeasureError::Folder)?;
        Ok(spent)
    }
}

fn milliseconds(spent: Spent, quantity: Quantity) -> f64 {
    let time = match quantity {
        Quantity::Cpu => spent.cpu,
        _ => spent.wall,
    };
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runner(base: &str, head: &str, round: Duration) -> (RunRunner, Vec<NoisyRound>) {
        let artifacts = BTreeMap::new();
        let argv = |script: &str| ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
        let (base, head) = (argv(base), argv(head));
        let programs =
            [(Arm::Base, &base), (Arm::Head, &head)].map(|(arm, run)| ProgramUnderTest {
                arm,
                run,
                artifacts: &artifacts,
            });
        let settings = RunSettings {
            metric: "wall".to_owned(),
            group: 0,
            seeds: Seeds::new(5),
            cores: Vec::new(),
            limit: Duration::from_secs(10),
            round,
        };
        let runner = RunRunner::new(settings, &programs, Interrupt::unattached()).unwrap();
        let rounds = runner.run(3, RoundSet::Main, &programs).unwrap();
        let rounds = rounds.into_iter().map(|(_, round)| round).collect();
        (runner, rounds)
    }

    #[test]
    fn arms_alternate_in_drawn_order_and_time_is_seen() {
        // The shell burns time of its own in head, and waits in base.
        let burn = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let (_, rounds) = runner("sleep 0.03", burn, Duration::from_millis(600));
        let [wall, cpu] = rounds.try_into().unwrap();
        assert_eq!(wall.order, cpu.order);
        assert_eq!(wall.base.len(), wall.head.len());
        assert_eq!(wall.order.len(), wall.base.len() * 2);
        for pair in wall.order.as_bytes().chunks(2) {
            assert!(pair == b"bh" || pair == b"hb", "{}", wall.order);
        }
        assert!(wall.base.iter().all(|ms| *ms >= 30.0), "{:?}", wall.base);
        let least = |values: &[f64]| {
            values
                .iter()
                .copied()
                .reduce(|a, b| if b < a { b } else { a })
        };
        let (asleep, awake) = (least(&cpu.base).unwrap(), least(&cpu.head).unwrap());
        assert!(awake > 3.0 * asleep, "{asleep} {awake}");
    }

    #[test]
    fn a_long_program_runs_once_a_round() {
        let (runner, rounds) = runner("sleep 0.05", "sleep 0.05", Duration::from_millis(20));
        assert_eq!(runner.pairs, 1);
        assert_eq!(rounds[0].base.len(), 1);
    }
}
