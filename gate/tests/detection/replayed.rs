//! Replays of the committed traces, and of traces made up so that the answer is known.

use std::path::Path;

use gate::budget::Budgets;
use gate::model::RoundSet;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::ours::Gate;
use crate::outcome::Tally;
use crate::replay::{replay_ours, traces, worlds};
use crate::trace::{Arms, Header, Health, IDENTICAL, Trace, TraceRound};
use crate::world::World;

fn budgets() -> Budgets {
    gate::budget::read("budgets.toml", include_str!("../../../budgets.toml")).unwrap()
}

/// What the gate says of `runs` replays of a world.
fn tally(world: &World, runs: u32) -> Tally {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    replay_ours(&Gate::new(&budgets()).unwrap(), world, runs, &mut rng).unwrap()
}

/// Rounds that scatter by some tenths of a percent, head as fast as base.
fn made_up() -> Trace {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut round = |set, number: u64| {
        let mut slices = |middle: u32| -> Vec<u32> {
            let drift = rng.random_range(0..8);
            (0..9)
                .map(|_| middle + drift + rng.random_range(0..40))
                .collect()
        };
        let mut arms = |middle| Arms {
            base: slices(middle),
            head: slices(middle),
            control: if set == RoundSet::Main {
                Vec::new()
            } else {
                slices(middle)
            },
        };
        let (qps, cpu) = (arms(1200), arms(8000));
        let order = if set == RoundSet::Main { "bh" } else { "bhc" };
        TraceRound {
            set,
            at_ms: number * 1000,
            took_ms: 1000,
            starts: order.to_owned(),
            order: order.repeat(9),
            qps,
            cpu,
            health: Health::default(),
        }
    };
    let main = (0..30)
        .map(|n| round(RoundSet::Main, n))
        .collect::<Vec<_>>();
    let rounds = main
        .into_iter()
        .chain((30..42).map(|n| round(RoundSet::Confirmation, n)));
    let text = || "made up".to_owned();
    Trace {
        header: Header {
            class: IDENTICAL.to_owned(),
            difference: text(),
            iterations: 0,
            machine: text(),
            date: text(),
            command: text(),
            slice_ms: 25,
            slices: 9,
            seed: 3,
        },
        rounds: rounds.collect(),
    }
}

#[test]
fn a_shift_is_what_the_gate_is_shown() {
    let trace = made_up();
    let shifted = |pct| {
        tally(
            &World::shifted(std::slice::from_ref(&trace), pct).unwrap(),
            20,
        )
    };
    assert!((shifted(0.0).fail_pct(), shifted(0.0).told_pct()) < (0.1, 0.1));
    assert!(shifted(2.0).told_of_all_pct() > 99.0 && shifted(2.0).fail_pct() < 0.1);
    assert!(shifted(6.0).fail_pct() > 99.0);
    assert!(shifted(-6.0).told_pct() < 0.1);
    // Twelve rounds of a second decide the first two, the third has its confirmation too.
    assert_eq!(shifted(0.0).median_time().as_secs(), 12);
    assert_eq!(shifted(6.0).median_time().as_secs(), 24);
}

#[test]
fn blocks_are_consecutive_and_fixed_order_is_fixed() {
    let world = World::recorded(&made_up()).unwrap();
    let place = |process: &[f64], arm: fn(&crate::world::Sampled) -> &[f64]| {
        world
            .main
            .iter()
            .position(|round| arm(round) == process)
            .unwrap()
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..50 {
        let (base, head, _) = world.base_first(5, &mut rng);
        let base: Vec<usize> = base.iter().map(|p| place(p, |r| &r.qps.base)).collect();
        let head: Vec<usize> = head.iter().map(|p| place(p, |r| &r.qps.head)).collect();
        let steps = |places: &[usize]| places.windows(2).all(|two| two[0] + 1 == two[1]);
        assert!(
            steps(&base) && steps(&head) && base[4] < head[0],
            "{base:?} {head:?}"
        );
        assert_eq!((base.len(), head.len()), (5, 5));
        let (pairs, _) = world.fixed_pairs(10, &mut rng);
        assert_eq!(pairs.len(), 10);
        for (base, head) in pairs {
            assert_eq!(
                place(base, |r| &r.qps.base) + 1,
                place(head, |r| &r.qps.head)
            );
        }
    }
}

/// What the README says of the gate, with room for other replays than the thousand behind its table.
#[test]
fn the_promises_hold_on_the_recorded_rounds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/detection/traces");
    let worlds = worlds(&traces(Path::new(folder)).unwrap()).unwrap();
    let said = |name: &str, runs| {
        let world = worlds.iter().find(|world| world.name == name);
        tally(world.unwrap_or_else(|| panic!("no {name}")), runs)
    };
    for same in [said("exactly 0 %", 300), said(IDENTICAL, 100)] {
        assert!(same.fail_pct() < 0.1, "{same:?}");
        assert!(same.warn_pct() + same.inconclusive_pct() <= 2.0, "{same:?}");
        assert!(same.median_time().as_secs() <= 120, "{same:?}");
    }
    let two = said("exactly 2 %", 100);
    assert!(two.fail_pct() < 0.1 && two.told_pct() >= 90.0, "{two:?}");
    let six = said("exactly 6 %", 100);
    assert!(six.fail_pct() >= 99.0, "{six:?}");
}
