//! One round of a group of metrics that share probe and load.
//!
//! ```text
//! start arms, in drawn order ─ same data ─ connect ─ warm up ─ slices ──────────── end arms
//!                                                              bh│hb│hb│bh│…
//! slice   read CPU account │ load, 25 ms │ nothing in flight │ 0.1 ms │ read CPU account
//! ```
//!
//! Each pair of slices (with a control arm: each three) runs in an order of its own. The warm-up is a
//! closed loop whatever is measured then.
//!
//! A slice is 25 ms: long enough for some 4,000 requests, and the shorter, the more alike are the two of
//! a pair, and the more pairs there are. Standard deviation over 16 rounds of fresh starts of the round's
//! log ratio (median over its pairs), identical code, lengths in turn:
//!
//! | seconds of slices a round | 25 ms, qps | 25 ms, CPU/request | 50 ms, qps | 50 ms, CPU/request |
//! |---|---|---|---|---|
//! | 8 | 0.45 % | 0.38 % | 0.53 % | 0.45 % |
//! | 4 | 0.47 % | 0.41 % | 0.57 % | 0.48 % |
//! | 2 | 0.37 % | 0.34 % | 0.83 % | 0.55 % |
//! | 1 | 0.58 % | 0.48 % | 1.11 % | 0.71 % |
//!
//! (2 cores of a KVM guest, AMD EPYC, 2026-11-24; `cargo bench -p gate --bench detection -- slices
//! --lengths 25,50 --rounds 16 --seconds 8`; the shorter rounds are the first part of the longer.)

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rand::seq::SliceRandom;

use super::MeasureError;
use super::blame::{blame, blame_by_port};
use super::latency::{Pools, rate_of};
use super::seeds::{Place, Purpose, Seeds};
use super::warm_up::WarmUp;
use crate::budget::{Load, Percentile, Quantity, Rate, Serve};
use crate::model::{Arm, NoisyRound, RoundHealth, RoundSet};
use crate::probe::resp_load::{
    DataSet, Generator, Latencies, LoadError, RequestPool, Target, Waiting,
};
use crate::probe::{Server, ServerLaunch};
use crate::process::{CpuSnapshot, Interrupt, MemoryStall, Pinned, Plan, Ticks, percent_of};

/// The length of a slice.
pub const SLICE: Duration = Duration::from_millis(25);
/// The length of a slice of an open loop: longer, as its first hundredth second is not recorded.
pub const LATENCY_SLICE: Duration = Duration::from_millis(100);
/// Between the last reply and the reading of the CPU account: the kernel completes a thread's
/// account when it goes to sleep, which a server does a few microseconds after its last reply.
const SETTLE: Duration = Duration::from_micros(100);

/// What stays the same over all rounds.
#[derive(Debug, Clone)]
pub struct RoundSettings {
    /// What is sent.
    pub load: Load,
    /// When it is sent.
    pub drive: Drive,
    /// Tells groups of metrics with different loads apart, in seeds and log names.
    pub group: u32,
    /// Where everything random comes from.
    pub seeds: Seeds,
    /// Slices measured of every arm in a round.
    pub slices: u32,
    /// The length of a slice, [`SLICE`] unless slices themselves are studied.
    pub slice: Duration,
    /// Who runs where.
    pub plan: Plan,
    /// An existing folder for the servers' logs.
    pub log_folder: PathBuf,
}

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// When the reply before is there.
    Closed,
    /// At a rate.
    Open(Rate),
}

/// What a round gives values of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timed {
    /// A quantity with a value for each slice.
    Quantity(Quantity),
    /// A quantity of an open loop.
    Latency(Percentile),
}

/// One arm, built.
#[derive(Debug, Clone, Copy)]
pub struct ArmUnderTest<'a> {
    /// Which one.
    pub arm: Arm,
    /// Paths of its artifacts, by name.
    pub artifacts: &'a BTreeMap<String, PathBuf>,
    /// How its server is started.
    pub serve: &'a Serve,
}

/// Runs rounds.
#[derive(Debug)]
pub struct RoundRunner {
    settings: RoundSettings,
    interrupt: Interrupt,
    /// Of an open loop, once it is known; the same for all rounds.
    rate: OnceCell<u32>,
}

/// A measured slice.
#[derive(Debug, Clone, Copy)]
struct Slice {
    arm: Arm,
    requests: u64,
    wall_ns: u64,
    cpu_ns: u64,
    server_wait_ns: u64,
    generator_ns: u64,
    generator_threads: u64,
}

/// How an open loop is driven.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rate: u32,
    waiting: Waiting,
}

/// Everything alive in a round; the generator lets go of its connections before the servers end.
struct Stage {
    generator: Generator,
    servers: BTreeMap<Arm, Server>,
}

impl RoundRunner {
    /// A runner of rounds with these settings.
    #[must_use]
    pub const fn new(settings: RoundSettings, interrupt: Interrupt) -> Self {
        Self {
            settings,
            interrupt,
            rate: OnceCell::new(),
        }
    }

    /// Measures one round: base, head, and a control arm where `arms` has one.
    ///
    /// Rounds are counted from 0 over both sets, as the number decides what is drawn.
    pub fn run(
        &self,
        round: u32,
        set: RoundSet,
        arms: &[ArmUnderTest<'_>],
    ) -> Result<Vec<(Timed, NoisyRound)>, MeasureError> {
        let has = |arm| arms.iter().filter(|a| a.arm == arm).count();
        if has(Arm::Base) != 1 || has(Arm::Head) != 1 || has(Arm::Control) > 1 {
            return Err(MeasureError::Arms);
        }
        let place = Place {
            group: self.settings.group,
            round,
        };
        // What is drawn must not depend on how the caller listed the arms.
        let mut arms = arms.to_vec();
        arms.sort_unstable_by_key(|a| a.arm);
        let mut started = arms.clone();
        started.shuffle(&mut self.settings.seeds.stream(Purpose::StartOrder, place));
        // This thread waits and reads counters; it must not do that on the server's cores.
        let pinned = Pinned::to(&self.settings.plan.load)?;
        let mut stage = self.set_up(place, &started)?;
        let stream = |purpose| self.settings.seeds.stream(purpose, place);
        let mut next: Vec<Arm> = arms.iter().map(|a| a.arm).collect();
        let mut warm_up = WarmUp::default();
        let mut rng = stream(Purpose::WarmUpOrder);
        while !warm_up.is_over() {
            next.shuffle(&mut rng);
            for &arm in &next {
                let (slice, _) = stage.slice(arm, SLICE.min(self.settings.slice), None)?;
                warm_up.push(arm, slice.per_second());
            }
        }
        let open_pace = self.pace(&warm_up);
        let mut pools = open_pace.map(|pace| Pools::new(pace.rate));
        let before = Ticks::read()?;
        let stalled_before = MemoryStall::read();
        let mut slices = Vec::new();
        let mut rng = stream(Purpose::SliceOrder);
        next.sort_unstable();
        for _ in 0..self.settings.slices {
            next.shuffle(&mut rng);
            for &arm in &next {
                let (slice, seen) = stage.slice(arm, self.settings.slice, open_pace)?;
                slices.push(slice);
                if let (Some(pools), Some(seen)) = (&mut pools, seen) {
                    pools.add(arm, seen)?;
                }
            }
        }
        let steal_pct = Ticks::read()?.steal_pct_since(before);
        let stalled = MemoryStall::read().zip(stalled_before);
        for (arm, server) in &mut stage.servers {
            server
                .check_alive()
                .map_err(|source| MeasureError::Server { arm: *arm, source })?;
        }
        drop(stage);
        drop(pinned);

        let sum = |of: fn(&Slice) -> u64| -> u64 { slices.iter().map(of).sum() };
        let wall_ns = sum(|slice| slice.wall_ns);
        let generator_ns = sum(|slice| slice.generator_ns * slice.generator_threads);
        let health = RoundHealth {
            steal_pct,
            server_wait_pct: percent_of(sum(|slice| slice.server_wait_ns), wall_ns),
            server_busy_pct: percent_of(sum(|slice| slice.cpu_ns), wall_ns),
            generator_busy_pct: percent_of(sum(|slice| slice.generator_ns), wall_ns),
            generator_us_per_request: float(generator_ns)
                / 1e3
                / float(sum(|slice| slice.requests)),
            memory_stall_pct: stalled.map(|(after, before)| after.pct_since(before)),
        };
        let round = NoisyRound {
            round,
            set,
            start_order: started.iter().map(|a| a.arm.letter()).collect(),
            order: slices.iter().map(|slice| slice.arm.letter()).collect(),
            base: Vec::new(),
            head: Vec::new(),
            control: Vec::new(),
            health,
            open_loop: pools.as_ref().map(Pools::open_loop),
        };
        match pools {
            None => Ok(Quantity::LOAD
                .map(|quantity| (Timed::Quantity(quantity), closed(&round, &slices, quantity)))
                .to_vec()),
            Some(pools) => Percentile::ALL
                .into_iter()
                .map(|p| Ok((Timed::Latency(p), open(&round, &pools, p)?)))
                .collect(),
        }
    }

    /// The pace of an open loop; of a first round whose rate is not given, from its warm-up.
    fn pace(&self, warm_up: &WarmUp) -> Option<Pace> {
        let Drive::Open(rate) = self.settings.drive else {
            return None;
        };
        let rate = *self.rate.get_or_init(|| match rate {
            Rate::PerSecond(rate) => rate,
            Rate::HalfOfSlower => rate_of(warm_up.slowest()),
        });
        let waiting = if self.settings.plan.is_apart() {
            Waiting::Spin
        } else {
            Waiting::Sleep
        };
        Some(Pace { rate, waiting })
    }

    /// Starts every arm, loads its data, and connects the load generator to all of them.
    fn set_up(&self, place: Place, arms: &[ArmUnderTest<'_>]) -> Result<Stage, MeasureError> {
        let settings = &self.settings;
        let stream = |purpose| settings.seeds.stream(purpose, place);
        let data = DataSet::new(&settings.load, &mut stream(Purpose::Data));
        let data = Arc::new(data.map_err(MeasureError::Plan)?);
        let pool = RequestPool::new(&settings.load, &data, &mut stream(Purpose::Requests));
        let pool = Arc::new(pool.map_err(MeasureError::Plan)?);

        let mut ports = stream(Purpose::Ports);
        let mut servers = BTreeMap::new();
        for &ArmUnderTest {
            arm,
            artifacts,
            serve,
        } in arms
        {
            let log = format!("server-{}-{:03}-{arm}.log", place.group, place.round);
            let log = settings.log_folder.join(log);
            let launch = ServerLaunch::new(serve, artifacts, &settings.plan.server, &log);
            let mut server = launch
                .start(&mut ports, &self.interrupt)
                .map_err(|source| MeasureError::Server { arm, source })?;
            data.fill(server.port(), &self.interrupt)
                .map_err(|e| blame(arm, &mut server, e))?;
            servers.insert(arm, server);
        }
        // In drawn order, as connections made later live elsewhere in memory.
        let targets: Vec<Target> = arms
            .iter()
            .filter_map(|a| Some((a.arm, servers.get(&a.arm)?.port())))
            .map(|(arm, port)| Target { arm, port })
            .collect();
        let generator = Generator::start(
            &settings.load,
            &pool,
            data.value_bytes(),
            &targets,
            &settings.plan.load,
            &self.interrupt,
        )
        .map_err(|error| blame_by_port(&mut servers, error))?;
        Ok(Stage { generator, servers })
    }
}

impl Stage {
    /// Runs one slice, and reads the server's CPU account around it.
    fn slice(
        &mut self,
        arm: Arm,
        duration: Duration,
        pace: Option<Pace>,
    ) -> Result<(Slice, Option<Latencies>), MeasureError> {
        let server = self.servers.get_mut(&arm).ok_or(MeasureError::Arms)?;
        let pid = server.pid();
        let measured = CpuSnapshot::take(pid)
            .map_err(LoadError::from)
            .and_then(|before| {
                let (load, seen) = match pace {
                    None => (self.generator.slice(arm, duration)?, None),
                    Some(Pace { rate, waiting }) => {
                        let open = self.generator.open_slice(arm, duration, rate, waiting)?;
                        (open.0, Some(open.1))
                    }
                };
                thread::sleep(SETTLE);
                Ok((load, seen, CpuSnapshot::take(pid)?.since(&before)?))
            });
        let (load, seen, cpu) = measured.map_err(|e| blame(arm, server, e))?;
        if cpu.run_ns == 0 {
            let requests = load.requests;
            return Err(MeasureError::NoCpuTime { arm, requests });
        }
        let slice = Slice {
            arm,
            requests: load.requests,
            wall_ns: load.wall_ns,
            cpu_ns: cpu.run_ns,
            server_wait_ns: cpu.wait_ns,
            generator_ns: load.generator_ns,
            generator_threads: self.generator.threads() as u64,
        };
        Ok((slice, seen))
    }
}

/// The round with a value for every slice.
fn closed(round: &NoisyRound, slices: &[Slice], quantity: Quantity) -> NoisyRound {
    let values = |arm| {
        let of_arm = slices.iter().filter(move |slice| slice.arm == arm);
        of_arm.map(|slice| slice.value(quantity)).collect()
    };
    NoisyRound {
        base: values(Arm::Base),
        head: values(Arm::Head),
        control: values(Arm::Control),
        ..round.clone()
    }
}

/// The round with a value for every arm.
fn open(round: &NoisyRound, pools: &Pools, of: Percentile) -> Result<NoisyRound, MeasureError> {
    let value = |arm| Ok::<_, MeasureError>(pools.value(arm, of)?.into_iter().collect());
    Ok(NoisyRound {
        base: value(Arm::Base)?,
        head: value(Arm::Head)?,
        control: value(Arm::Control)?,
        ..round.clone()
    })
}

impl Slice {
    fn value(&self, quantity: Quantity) -> f64 {
        match quantity {
            Quantity::Qps => self.per_second(),
            _ => float(self.cpu_ns) / 1e3 / float(self.requests),
        }
    }

    fn per_second(&self) -> f64 {
        float(self.requests) / (float(self.wall_ns) / 1e9)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 2^53, which as nanoseconds are 104 days"
)]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
