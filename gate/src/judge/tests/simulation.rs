//! Whole runs under noise like the measured one: how often each verdict comes up.
//!
//! A round reads the true change, plus heavy-tailed noise (Student's t with three degrees of freedom,
//! scaled to the given standard deviation), plus in one round of twenty a burst that hits one arm.
//! `qps` and `cpu_per_request` share most of it, as they do on a machine.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StudentT};

use super::*;
use crate::budget::Run;
use crate::judge::rounds::Judge;
use crate::model::{Direction, RoundSet};

/// A machine and a change.
struct World {
    /// True adverse change, in percent.
    change: f64,
    /// Standard deviation of a round, in percent.
    deviation: f64,
}

/// Shares of runs by verdict, and what they cost.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    fail: u32,
    inconclusive: u32,
    warn: u32,
    real: u32,
    first_look: u32,
}

impl World {
    fn rounds(&self, set: RoundSet, n: u32, rng: &mut ChaCha8Rng) -> [Vec<NoisyRound>; 2] {
        let mut reads = [const { Vec::new() }; 2];
        let mut copies = [const { Vec::new() }; 2];
        for _ in 0..n {
            let shared = self.noise(rng);
            for (reads, copies) in reads.iter_mut().zip(&mut copies) {
                reads.push(self.change + shared + 0.3 * self.noise(rng));
                copies.push(self.noise(rng));
            }
        }
        let [qps, cpu] = reads;
        let [qps_copy, cpu_copy] = copies;
        [
            rounds(HigherIsBetter, set, 70_000.0, &qps, &qps_copy),
            rounds(LowerIsBetter, set, 14.0, &cpu, &cpu_copy),
        ]
    }

    fn noise(&self, rng: &mut ChaCha8Rng) -> f64 {
        // The variance of t with three degrees of freedom is 3.
        let heavy = StudentT::new(3.0).unwrap().sample(rng) / 3.0_f64.sqrt();
        let burst = if rng.random_bool(0.05) {
            rng.random_range(-6.0..6.0)
        } else {
            0.0
        };
        // A round reading below −90 % would be no reading.
        (self.deviation * (heavy + burst)).clamp(-60.0, 60.0)
    }

    fn runs(&self, runs: u32, seed: u64) -> Tally {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let plan = Plan::for_rounds(84, 0.99).unwrap();
        let design = Design {
            plan: plan.clone(),
            confidence: 0.99,
            family: 2,
        };
        let advisor = Advisor::new(&design).unwrap();
        let levels = Levels::new(&plan, 0.99, 2).unwrap();
        let mut tally = Tally::default();
        for _ in 0..runs {
            self.run(&advisor, &levels, &mut rng, &mut tally);
        }
        tally
    }

    fn run(&self, advisor: &Advisor, levels: &Levels, rng: &mut ChaCha8Rng, tally: &mut Tally) {
        let (qps, cpu) = (MetricId::new("qps").unwrap(), MetricId::new("cpu").unwrap());
        let mut taken = [const { Vec::new() }; 2];
        let mut done = RoundsDone {
            main: 0,
            confirmation: 0,
        };
        loop {
            let metrics = metrics([&qps, &cpu], &taken);
            let (set, n) = match advisor.next_step(&metrics, done, Clock::Running).unwrap() {
                NextStep::Measure { until } => (Main, until - done.main),
                NextStep::Confirm { until } => (Confirmation, until - done.confirmation),
                NextStep::Done => break,
            };
            match set {
                Main => done.main += n,
                Confirmation => done.confirmation += n,
            }
            for (taken, more) in taken.iter_mut().zip(self.rounds(set, n, rng)) {
                taken.extend(more);
            }
        }
        let run = Run::default();
        let metrics = metrics([&qps, &cpu], &taken);
        let rows = Judge::new(&metrics, levels, &run).unwrap().rows().unwrap();
        let worst = rows.iter().map(|(row, _)| says(row)).max().unwrap();
        tally.fail += u32::from(worst.0 == Verdict::Fail);
        tally.warn += u32::from(worst.0 == Verdict::Warn);
        tally.inconclusive += u32::from(rows.iter().any(|(r, _)| r.reason == Reason::Inconclusive));
        tally.real += u32::from(
            rows.iter()
                .all(|(row, _)| matches!(row.reason, Reason::InsideBudget | Reason::PastBudget)),
        );
        tally.first_look += u32::from(done.main == 12);
    }
}

fn metrics<'a>(ids: [&'a MetricId; 2], taken: &'a [Vec<NoisyRound>; 2]) -> Vec<NoisyMetric<'a>> {
    let directions = [HigherIsBetter, LowerIsBetter];
    let metric =
        |((id, direction), rounds): ((&'a MetricId, Direction), &'a Vec<NoisyRound>)| NoisyMetric {
            id,
            direction,
            floor: Percent::new(1.0).unwrap(),
            limit: Limit::relative(Percent::new(3.0).unwrap()),
            rounds: Rounds::One(rounds),
        };
    ids.into_iter()
        .zip(directions)
        .zip(taken)
        .map(metric)
        .collect()
}

impl Tally {
    fn percent(self, count: impl Fn(&Self) -> u32, runs: u32) -> f64 {
        f64::from(count(&self)) / f64::from(runs) * 100.0
    }
}

/// The spread of a round where `deviation` is 1: 1.3 %, bursts and the metric's own noise included.
const MACHINE: f64 = 1.0;

#[test]
fn identical_code_never_fails() {
    let runs = 3000;
    let tally = World {
        change: 0.0,
        deviation: MACHINE,
    }
    .runs(runs, 1);
    assert_eq!(tally.fail, 0);
    assert!(tally.percent(|t| t.warn + t.inconclusive, runs) < 0.5);
    assert!(tally.percent(|t| t.first_look, runs) > 90.0);
    // Nor on a machine too noisy for such budgets.
    let noisy = World {
        change: 0.0,
        deviation: 3.0 * MACHINE,
    }
    .runs(1000, 2);
    assert_eq!(noisy.fail, 0);
}

#[test]
fn twice_the_budget_fails() {
    let runs = 500;
    let tally = World {
        change: 6.0,
        deviation: MACHINE,
    }
    .runs(runs, 3);
    assert!(tally.percent(|t| t.fail, runs) >= 99.0, "{tally:?}");
}

#[test]
fn a_move_inside_the_budget_is_told_and_does_not_fail() {
    let runs = 500;
    let tally = World {
        change: 2.0,
        deviation: MACHINE,
    }
    .runs(runs, 4);
    assert_eq!(tally.fail, 0);
    assert!(tally.percent(|t| t.real, runs) >= 95.0, "{tally:?}");
}

#[test]
fn a_move_on_the_budget_is_mostly_left_open() {
    let runs = 300;
    let tally = World {
        change: 3.0,
        deviation: MACHINE,
    }
    .runs(runs, 5);
    assert!(tally.percent(|t| t.inconclusive, runs) > 60.0, "{tally:?}");
    assert!(tally.percent(|t| t.fail, runs) < 50.0, "{tally:?}");
}
