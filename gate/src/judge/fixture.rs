//! Budgets and rounds for tests, small enough to read.

use crate::budget::{Budgets, read};
use crate::judge::{JudgeInput, MetricInput, Plan, Taken};
use crate::model::{
    Direction, ExactSamples, MetricId, NoisyRound, RoundHealth, RoundSet, Samples, Unit,
};

const SUBJECT: &str = "schema = 1\n\
    [subject]\n\
    build = [\"make\"]\n\
    artifacts = { server = \"server\", probe = \"probe\" }\n\
    [subject.serve]\n\
    command = [\"{server}\", \"{port}\"]\n\
    ready = \"resp\"\n";

/// `qps` and `cpu_per_request` with budgets of 3 %, `bytes_per_key` exact with 5 %.
pub(crate) const QPS: &str = "[metrics.qps]\n\
    probe = \"resp-load\"\n\
    direction = \"higher-is-better\"\n\
    budget = \"3%\"\n";
/// CPU time with a budget of 3 %.
pub(crate) const CPU: &str = "[metrics.cpu_per_request]\n\
    probe = \"resp-load\"\n\
    direction = \"lower-is-better\"\n\
    budget = \"3%\"\n";
/// Bytes with a budget of 5 %, counted.
pub(crate) const BYTES: &str = "[metrics.bytes_per_key]\n\
    probe = \"command\"\n\
    run = [\"{probe}\"]\n\
    direction = \"lower-is-better\"\n\
    exact = true\n\
    budget = \"5%\"\n";

/// Budgets with these tables.
pub(crate) fn budgets(tables: &[&str]) -> Budgets {
    let text = format!("{SUBJECT}{}", tables.concat());
    read("budgets.toml", &text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A `[[trades]]` entry.
pub(crate) fn trade(metric: &str, allow: &str) -> String {
    format!(
        "[[trades]]\nmetric = {metric:?}\nallow = {allow:?}\nreason = \"worth it for the TTL\"\n"
    )
}

/// One round a number: the adverse change in percent that it reads, and the control arm's.
pub(crate) fn rounds(
    direction: Direction,
    set: RoundSet,
    base: f64,
    adverse: &[f64],
    control: &[f64],
) -> Vec<NoisyRound> {
    let of = |percent: f64| base * (1.0 + direction.adverse_sign() * percent / 100.0);
    let round = |(number, percent): (u32, &f64)| {
        let copy = control.get(number as usize);
        let base_first = number % 2 == 0;
        let order = if base_first { "bh" } else { "hb" };
        let third = if copy.is_some() { "c" } else { "" };
        NoisyRound {
            round: number,
            set,
            start_order: format!("{order}{third}"),
            order: format!("{order}{third}"),
            base: vec![base],
            head: vec![of(*percent)],
            control: copy.map(|c| of(*c)).into_iter().collect(),
            health: RoundHealth {
                server_busy_pct: 98.0,
                generator_busy_pct: 62.0,
                generator_us_per_request: 4.3,
                memory_stall_pct: Some(0.0),
                ..RoundHealth::default()
            },
            open_loop: None,
        }
    };
    (0..).zip(adverse).map(round).collect()
}

/// `n` values around `middle`, evenly spread over `± spread`, the far ones first.
pub(crate) fn around(middle: f64, spread: f64, n: u32) -> Vec<f64> {
    let step = |i: u32| f64::from(i) / f64::from(n - 1) * 2.0 - 1.0;
    // Every third, wrapped around, so that order says nothing about size.
    (0..n).map(|i| middle + spread * step(i * 7 % n)).collect()
}

/// A metric measured in rounds.
pub(crate) fn noisy(name: &str, unit: &str, rounds: Vec<NoisyRound>) -> MetricInput {
    taken(name, unit, Taken::Samples(Samples::Noisy { rounds }))
}

/// A metric counted twice on each arm that has it.
pub(crate) fn counted(name: &str, unit: &str, base: Option<f64>, head: Option<f64>) -> MetricInput {
    let twice = |value: Option<f64>| value.map_or_else(Vec::new, |v| vec![v; 2]);
    let samples = ExactSamples {
        base: twice(base),
        head: twice(head),
    };
    taken(name, unit, Taken::Samples(Samples::Exact(samples)))
}

/// A metric, however it was taken.
pub(crate) fn taken(name: &str, unit: &str, taken: Taken) -> MetricInput {
    MetricInput {
        id: MetricId::try_from(name.to_owned()).unwrap(),
        unit: Unit::new(unit).unwrap(),
        taken,
    }
}

/// A run of 40 planned rounds whose budgets did not change.
pub(crate) fn input(budgets: Budgets, metrics: Vec<MetricInput>) -> JudgeInput {
    JudgeInput {
        base_budgets: Some(budgets.clone()),
        head_budgets: budgets,
        plan: Plan {
            looks: vec![10, 20, 30, 40],
            confirmation: 10,
        },
        metrics,
        baseline: None,
    }
}
