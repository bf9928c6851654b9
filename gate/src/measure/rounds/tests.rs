//! Whole rounds against real processes.

use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::budget::Ready;
use crate::probe::resp_load::fixture::{self, Manner};

struct Bench {
    folder: TempDir,
    interrupt: Interrupt,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            interrupt: Interrupt::unattached(),
        }
    }

    fn settings(&self, seed: u64) -> RoundSettings {
        RoundSettings {
            load: Load {
                connections: 4,
                keys: 200,
                ..Load::default()
            },
            drive: Drive::Closed,
            group: 0,
            seeds: Seeds::new(seed),
            slices: 6,
            slice: Duration::from_millis(5),
            plan: Plan::for_this_machine().unwrap(),
            log_folder: self.folder.path().to_owned(),
        }
    }

    fn run(
        &self,
        seed: u64,
        manners: &[(Arm, Manner)],
    ) -> Result<Vec<(Timed, NoisyRound)>, MeasureError> {
        self.run_with(self.settings(seed), manners)
    }

    fn run_with(
        &self,
        settings: RoundSettings,
        manners: &[(Arm, Manner)],
    ) -> Result<Vec<(Timed, NoisyRound)>, MeasureError> {
        let built: Vec<_> = manners
            .iter()
            .map(|&(arm, manner)| (arm, fixture::as_process(manner)))
            .collect();
        let arms: Vec<_> = built
            .iter()
            .map(|(arm, (serve, artifacts))| ArmUnderTest {
                arm: *arm,
                artifacts,
                serve,
            })
            .collect();
        RoundRunner::new(settings, self.interrupt.clone()).run(3, RoundSet::Main, &arms)
    }
}

const BOTH_GOOD: [(Arm, Manner); 2] = [(Arm::Base, Manner::Good), (Arm::Head, Manner::Good)];

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap())
}

#[test]
fn a_round_has_a_value_for_every_slice_and_sees_a_slow_head() {
    let bench = Bench::new();
    let arms = [(Arm::Base, Manner::Good), (Arm::Head, Manner::Slow)];
    let quantities = bench.run(1, &arms).unwrap();
    assert_eq!(quantities.len(), 2);
    for (quantity, round) in &quantities {
        assert_eq!((round.round, round.set), (3, RoundSet::Main));
        assert_eq!(round.order.len(), 12);
        for pair in round.order.as_bytes().chunks(2) {
            assert!(pair == b"bh" || pair == b"hb", "{}", round.order);
        }
        assert_eq!(
            (round.base.len(), round.head.len(), round.control.len()),
            (6, 6, 0)
        );
        let worse = match quantity {
            Timed::Quantity(Quantity::Qps) => mean(&round.base) / mean(&round.head),
            _ => mean(&round.head) / mean(&round.base),
        };
        assert!(worse > 1.5, "{quantity:?}: {worse}, {round:?}");
        let health = round.health;
        assert!(
            health.generator_busy_pct > 0.0 && health.generator_busy_pct <= 101.0,
            "{health:?}"
        );
        assert!((0.0..=100.0).contains(&health.steal_pct), "{health:?}");
        assert!(health.generator_us_per_request > 0.0, "{health:?}");
        assert!(health.server_busy_pct > 0.0, "{health:?}");
        // Threads of the fixture wait for one another on the only core.
        assert!(health.server_wait_pct >= 0.0, "{health:?}");
    }
    for arm in ["base", "head"] {
        assert!(
            bench
                .folder
                .path()
                .join(format!("server-0-003-{arm}.log"))
                .exists()
        );
    }
}

#[test]
fn an_open_loop_times_every_request_from_when_it_was_due() {
    let bench = Bench::new();
    let settings = |rate| RoundSettings {
        drive: Drive::Open(rate),
        slices: 3,
        slice: Duration::from_millis(60),
        ..bench.settings(1)
    };
    let arms = [(Arm::Base, Manner::Good), (Arm::Head, Manner::Slow)];
    let timed = bench
        .run_with(settings(Rate::PerSecond(400)), &arms)
        .unwrap();
    assert_eq!(timed.len(), 3);
    let mut before = 0.0;
    for (quantity, round) in &timed {
        assert_eq!((round.base.len(), round.head.len()), (1, 1), "{round:?}");
        assert_eq!(round.order.len(), 6);
        let open = round.open_loop.as_ref().unwrap();
        assert_eq!(open.rate_per_second, 400);
        // 24 a slice, the first four of them in the lead-in.
        assert_eq!(open.requests, 60, "{open:?}");
        // Whether the generator kept up depends on what else runs: where it cannot is tested below.
        // 9 in 10 are reads, on which this server spins for 200 µs.
        assert!(round.head[0] > 200.0, "{quantity:?}: {round:?}");
        assert!(round.head[0] >= before, "percentiles rise");
        before = round.head[0];
        assert!(round.health.generator_busy_pct < 100.0);
    }
    // Past what the server can do, requests queue: each waits longer than the one before.
    let timed = bench
        .run_with(settings(Rate::PerSecond(40_000)), &arms)
        .unwrap();
    let (_, round) = &timed[0];
    assert!(round.open_loop.as_ref().unwrap().behind.contains('h'));
    assert!(round.head[0] > 10_000.0, "{round:?}");
    // Without a rate, half of what the slower arm answers.
    let timed = bench.run_with(settings(Rate::HalfOfSlower), &arms).unwrap();
    let rate = timed[0].1.open_loop.as_ref().unwrap().rate_per_second;
    // Nine in ten are reads, which take the slower server 200 µs at least: half of 5,556 a second.
    assert!((20..=2_800).contains(&rate), "{rate}");
    // Nowhere near it: a million requests are not waited for.
    let error = bench
        .run_with(settings(Rate::PerSecond(10_000_000)), &arms)
        .unwrap_err();
    assert!(
        error.to_string().contains("cannot keep up with the rate"),
        "{error}"
    );
    // A slice of 60 ms has no request at this one.
    let error = bench
        .run_with(settings(Rate::PerSecond(1)), &arms)
        .unwrap_err();
    assert!(error.to_string().starts_with("at 1 requests/s"), "{error}");
}

#[test]
fn a_control_arm_is_measured_beside_the_others() {
    let mut arms = BOTH_GOOD.to_vec();
    arms.push((Arm::Control, Manner::Good));
    let quantities = Bench::new().run(2, &arms).unwrap();
    for (_, round) in &quantities {
        assert_eq!((round.order.len(), round.control.len()), (18, 6));
        let mut letters: Vec<char> = round.start_order.chars().collect();
        letters.sort_unstable();
        assert_eq!(letters, ['b', 'c', 'h']);
    }
}

#[test]
fn the_seed_repeats_every_order() {
    let orders = |seed| {
        let mut arms = BOTH_GOOD;
        // The caller's order must not matter.
        arms.rotate_left(usize::from(seed == 7));
        let (_, round) = Bench::new().run(seed, &arms).unwrap().remove(0);
        (round.start_order, round.order)
    };
    assert_eq!(orders(7), orders(7));
    assert_ne!(orders(7).1, orders(8).1);
}

#[test]
fn a_server_that_fails_is_named_with_its_arm() {
    let head = |manner| Bench::new().run(4, &[(Arm::Base, Manner::Good), (Arm::Head, manner)]);
    let error = head(Manner::Errors).unwrap_err().to_string();
    assert!(
        error.starts_with("head: the server answered with an error: ERR out of sorts"),
        "{error}"
    );
    let error = head(Manner::Dies).unwrap_err().to_string();
    assert!(
        error.starts_with("head: the server ended in the middle of the measurement"),
        "{error}"
    );
    assert!(error.contains("exit status: 3"), "{error}");
}

#[test]
fn a_server_that_ends_before_the_load_is_told_as_ended() {
    // The first one to be filled has ended when the second one is ready.
    let arms = [(Arm::Base, Manner::Retires), (Arm::Head, Manner::Retires)];
    let error = Bench::new().run(4, &arms).unwrap_err().to_string();
    assert!(
        error.contains(": the server ended in the middle of the measurement"),
        "{error}"
    );
    assert!(error.contains("exit status: 3"), "{error}");
}

#[test]
fn a_wrapper_that_does_the_starting_is_found_out() {
    let bench = Bench::new();
    let (serve, artifacts) = fixture::as_process(Manner::Good);
    let wrapped = Serve {
        command: vec![
            "/bin/sh".to_owned(),
            "-c".to_owned(),
            format!("{} ; true", serve.command.join(" ")),
        ],
        ready: serve.ready,
    };
    let arms = [Arm::Base, Arm::Head].map(|arm| ArmUnderTest {
        arm,
        artifacts: &artifacts,
        serve: &wrapped,
    });
    let error = RoundRunner::new(bench.settings(5), bench.interrupt.clone())
        .run(0, RoundSet::Main, &arms)
        .unwrap_err();
    assert!(matches!(error, MeasureError::NoCpuTime { .. }), "{error}");
}

#[test]
fn a_real_redis_takes_the_load() {
    let found = std::process::Command::new("redis-server")
        .arg("--version")
        .output();
    if found.is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI must have redis-server installed"
        );
        println!("skipped: there is no redis-server on this machine");
        return;
    }
    let command = [
        "redis-server",
        "--port",
        "{port}",
        "--bind",
        "127.0.0.1",
        "--save",
        "",
    ];
    let serve = Serve {
        command: command.map(str::to_owned).to_vec(),
        ready: Ready::Resp,
    };
    let bench = Bench::new();
    let artifacts = BTreeMap::new();
    let arms = [Arm::Base, Arm::Head].map(|arm| ArmUnderTest {
        arm,
        artifacts: &artifacts,
        serve: &serve,
    });
    for (connections, pipeline) in [(1, 1), (16, 1), (16, 16)] {
        let mut settings = bench.settings(9);
        settings.load.connections = connections;
        settings.load.pipeline = pipeline;
        let runner = RoundRunner::new(settings, bench.interrupt.clone());
        for (quantity, round) in runner.run(0, RoundSet::Main, &arms).unwrap() {
            for value in round.base.iter().chain(&round.head) {
                assert!(value.is_finite() && *value > 0.0, "{quantity:?} {round:?}");
            }
        }
    }
}

#[test]
fn an_interrupt_ends_a_round_and_its_servers() {
    let bench = Bench::new();
    let raiser = bench.interrupt.clone();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(40));
        raiser.raise();
    });
    let start = Instant::now();
    let arms = [(Arm::Base, Manner::Good), (Arm::Head, Manner::Silent)];
    let error = bench.run(6, &arms).unwrap_err();
    assert!(error.is_interrupt(), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4));
    thread.join().unwrap();
}

#[test]
fn a_round_without_both_arms_is_refused() {
    for arms in [
        &[(Arm::Base, Manner::Good)][..],
        &[(Arm::Base, Manner::Good), (Arm::Control, Manner::Good)],
        &[
            (Arm::Base, Manner::Good),
            (Arm::Base, Manner::Good),
            (Arm::Head, Manner::Good),
        ],
    ] {
        assert!(matches!(Bench::new().run(1, arms), Err(MeasureError::Arms)));
    }
}
