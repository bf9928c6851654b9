//! Reports of the runs that a reviewer meets, as data and as they are read.

mod explained;
mod hostile;
mod json;
mod pool;
mod recorded;
mod shown;

use super::*;
use crate::budget::{Baseline, Budgets, CountedOn, Recorded};
use crate::judge::fixture::{
    BYTES, CPU, QPS, around, budgets, counted, noisy, rounds, taken, trade,
};
use crate::judge::{BaselineInput, Code, JudgeInput, MetricInput, Plan, Taken};
use crate::model::Direction::{HigherIsBetter, LowerIsBetter};
use crate::model::RoundSet::{Confirmation, Main};
use crate::model::{MetricId, OpenLoop, Reason, Unit, Verdict};

const INT: &str = "[metrics.bytes_per_key.case.int]\nbudget = \"2%\"\n";
const SHOWN: &str = "[metrics.qps_deep]\nprobe = \"resp-load\"\nquantity = \"qps\"\n\
    direction = \"higher-is-better\"\nreport_only = true\n";

fn facts() -> RunFacts {
    let revision = |revision: &str, digit: &str| Revision {
        revision: revision.to_owned(),
        commit: Some(digit.repeat(40)),
        tree: digit.repeat(20),
    };
    let timing = |step: &str, seconds| Timing {
        step: step.to_owned(),
        seconds,
    };
    RunFacts {
        runners: Vec::new(),
        base: revision("main", "a"),
        head: revision("smaller-entries", "b"),
        runner: Runner {
            platform: "linux x86_64".to_owned(),
            kernel: Some("6.8.0".to_owned()),
            libc: Some("glibc 2.39".to_owned()),
            cpu: Some("AMD EPYC 9V74".to_owned()),
            cores: 2,
            governor: None,
            memory_bytes: Some(8 << 30),
            load_1m: Some(0.31),
            memory_stall_pct: Some(0.0),
            placement: "server on core 0, load generator on core 1".to_owned(),
            notes: vec![],
        },
        seed: 42,
        tool: Tool {
            name: "gate".to_owned(),
            version: "0.1.0".to_owned(),
        },
        timings: vec![
            timing("build base", 31.24),
            timing("build head", 8.4),
            timing("measure", 125.0),
        ],
        notes: vec![],
        breakdowns: std::collections::BTreeMap::new(),
        harness: Vec::new(),
    }
}

fn qps(main: &[f64], confirmation: &[f64]) -> MetricInput {
    let still = around(0.0, 0.4, 10);
    let mut all = rounds(HigherIsBetter, Main, 71_203.0, main, &[]);
    all.extend(rounds(
        HigherIsBetter,
        Confirmation,
        71_203.0,
        confirmation,
        &still,
    ));
    noisy("qps", "req/s", all)
}

fn cpu(main: &[f64]) -> MetricInput {
    noisy(
        "cpu_per_request",
        "us",
        rounds(LowerIsBetter, Main, 13.406, main, &[]),
    )
}

fn run(base: Option<Budgets>, head: Budgets, metrics: Vec<MetricInput>) -> Report {
    let plan = Plan {
        looks: vec![10, 20, 30, 40],
        confirmation: 10,
    };
    let input = JudgeInput {
        base_budgets: base,
        head_budgets: head,
        plan,
        metrics,
        baseline: None,
    };
    Report::new(facts(), &input).unwrap()
}

fn unchanged(tables: &[&str], metrics: Vec<MetricInput>) -> Report {
    run(Some(budgets(tables)), budgets(tables), metrics)
}

/// Nothing happened but an improvement.
fn pass() -> Report {
    let metrics = vec![
        qps(&around(-0.1, 0.8, 10), &[]),
        cpu(&around(-2.4, 0.7, 10)),
        counted("bytes_per_key/int", "B", Some(58.0), Some(58.0)),
        counted("bytes_per_key/raw", "B", Some(346.000_213), Some(338.0)),
        noisy(
            "qps_deep",
            "req/s",
            rounds(HigherIsBetter, Main, 804_112.0, &around(0.4, 0.6, 10), &[]),
        ),
    ];
    unchanged(&[QPS, CPU, BYTES, SHOWN], metrics)
}

/// Slower and larger, inside the budgets.
fn warn() -> Report {
    let metrics = vec![
        qps(&around(0.2, 0.8, 10), &[]),
        cpu(&around(1.9, 0.7, 10)),
        counted("bytes_per_key/int", "B", Some(58.0), Some(58.000_21)),
        counted("bytes_per_key/list", "B", None, Some(117.6)),
    ];
    unchanged(&[QPS, CPU, BYTES], metrics)
}

/// Past the budgets in every way.
fn fail() -> Report {
    let metrics = vec![
        qps(&around(6.0, 0.8, 10), &around(6.2, 0.8, 10)),
        cpu(&around(1.2, 5.0, 10)),
        counted("bytes_per_key/int", "B", Some(58.0), Some(59.17)),
        counted("bytes_per_key/raw", "B", Some(346.0), None),
    ];
    unchanged(&[QPS, CPU, BYTES, INT], metrics)
}

/// A loosened budget with its reason, one without, a tightened one.
fn budget_change() -> Report {
    let base = budgets(&[QPS, CPU, BYTES]);
    let head = [
        QPS.replace("3%", "5%"),
        CPU.replace("3%", "2%"),
        BYTES.replace("5%", "9%") + "reason = \"one word more for the expiry | see @docs\"\n",
    ];
    let head = budgets(&[&head[0], &head[1], &head[2]]);
    let metrics = vec![
        qps(&around(0.1, 0.8, 10), &[]),
        cpu(&around(0.0, 0.7, 10)),
        counted("bytes_per_key/int", "B", Some(58.0), Some(58.0)),
    ];
    run(Some(base), head, metrics)
}

/// One trade used, one not needed, one exceeded.
fn traded() -> Report {
    let tables = [QPS, CPU, BYTES];
    let trades = [
        trade("qps", "12%"),
        trade("bytes_per_key/int", "10%"),
        trade("cpu_per_request", "4%"),
    ];
    let head = budgets(&[QPS, CPU, BYTES, &trades.concat()]);
    let metrics = vec![
        qps(&around(8.0, 0.8, 10), &[]),
        cpu(&around(0.0, 0.7, 10)),
        counted("bytes_per_key/int", "B", Some(58.0), Some(66.0)),
    ];
    run(Some(budgets(&tables)), head, metrics)
}

/// What could not be decided, in each way.
fn inconclusive() -> Report {
    let doubted = |name: &str, control: &[f64], confirmation: &[f64]| {
        let past = around(6.0, 0.8, 10);
        let mut all = rounds(HigherIsBetter, Main, 71_203.0, &past, &[]);
        all.extend(rounds(
            HigherIsBetter,
            Confirmation,
            71_203.0,
            confirmation,
            control,
        ));
        noisy(name, "req/s", all)
    };
    let (past, still) = (around(6.0, 0.8, 10), around(0.0, 0.4, 10));
    let renamed = |name: &str| {
        QPS.replace(
            "[metrics.qps]",
            &format!("[metrics.{name}]\nquantity = \"qps\""),
        )
    };
    let tables = ["a_noisy", "b_unconfirmed", "c_contradicted", "d_unfit"].map(renamed);
    let metrics = vec![
        noisy(
            "a_noisy",
            "req/s",
            rounds(HigherIsBetter, Main, 71_203.0, &around(1.2, 9.0, 40), &[]),
        ),
        doubted("b_unconfirmed", &[], &[]),
        doubted("c_contradicted", &still, &around(0.8, 0.4, 10)),
        doubted("d_unfit", &around(3.1, 0.4, 10), &past),
    ];
    unchanged(&[&tables[0], &tables[1], &tables[2], &tables[3]], metrics)
}

/// The same bytes on both arms.
fn identical() -> Report {
    unchanged(
        &[QPS, CPU],
        vec![
            taken("qps", "req/s", Taken::IdenticalBinary),
            taken("cpu_per_request", "us", Taken::IdenticalBinary),
        ],
    )
}

/// Counts that wobble, a metric left out, disturbed rounds and an order effect.
fn odd() -> Report {
    let mut disturbed = rounds(LowerIsBetter, Main, 13.406, &around(0.2, 0.5, 10), &[]);
    disturbed[3].health.steal_pct = 11.0;
    for (index, round) in disturbed.iter_mut().enumerate() {
        let second = if index % 2 == 0 { 1.006 } else { 1.0 / 1.006 };
        round.head.iter_mut().for_each(|value| *value *= second);
    }
    let mut wobbling = counted("bytes_per_key/int", "B", Some(58.0), Some(58.0));
    if let Taken::Samples(crate::model::Samples::Exact(samples)) = &mut wobbling.taken {
        samples.head = vec![58.0, 58.25];
    }
    let metrics = vec![
        taken(
            "qps",
            "req/s",
            Taken::Skipped("left out by --only".to_owned()),
        ),
        noisy("cpu_per_request", "us", disturbed),
        wobbling,
        counted("bytes_per_key/none", "B", Some(0.0), Some(12.0)),
    ];
    unchanged(&[QPS, CPU, BYTES], metrics)
}

/// A budget that is loosened with its reason, and nothing else.
fn loosened() -> Report {
    let looser = QPS.replace("3%", "5%") + "reason = \"durable writes are the default\"\n";
    run(
        Some(budgets(&[QPS])),
        budgets(&[&looser]),
        vec![qps(&around(0.1, 0.8, 10), &[])],
    )
}

/// Percentiles of an open loop, which head could not keep up with.
fn latency() -> Report {
    let tail = |name: &str| {
        format!(
            "[metrics.{name}]\nprobe = \"resp-latency\"\ndirection = \"lower-is-better\"\nbudget = \"20%\"\n"
        )
    };
    let open = |base: f64, adverse: f64, spread: f64, behind: &str| {
        let mut rounds = rounds(LowerIsBetter, Main, base, &around(adverse, spread, 10), &[]);
        for round in &mut rounds {
            round.open_loop = Some(OpenLoop {
                rate_per_second: 20_000,
                requests: 8_000,
                behind: behind.to_owned(),
                generator_behind_pct: 0.0,
            });
        }
        rounds
    };
    let metrics = vec![
        noisy("p99", "us", open(180.0, 2.1, 1.5, "")),
        noisy("p999", "us", open(410.0, 9.4, 4.0, "h")),
    ];
    unchanged(&[&tail("p99"), &tail("p999")], metrics)
}

/// Counts that moved since they were recorded, of this code or of other.
fn recorded(code: Code) -> Report {
    let count = |name: &str, value: f64| {
        let id = MetricId::with_case("bytes_per_key", name).unwrap();
        let unit = Unit::new("B").unwrap();
        (id, Recorded { value, unit })
    };
    let recorded = Baseline::new(
        "x86_64-linux".to_owned(),
        "c".repeat(40),
        "rustc 1.95.0".to_owned(),
        None,
        CountedOn::default(),
        [
            count("int", 54.0),
            count("list", 120.0),
            count("raw", 346.0),
        ]
        .into(),
    );
    let budgets = budgets(&[BYTES, "[baseline]\nbudget = \"5%\"\n"]);
    let input = JudgeInput {
        base_budgets: Some(budgets.clone()),
        head_budgets: budgets,
        plan: Plan {
            looks: vec![10, 20, 30, 40],
            confirmation: 10,
        },
        metrics: vec![
            counted("bytes_per_key/int", "B", Some(58.0), Some(58.5)),
            counted("bytes_per_key/list", "B", Some(118.0), Some(117.0)),
            counted("bytes_per_key/raw", "B", Some(346.0), Some(346.0)),
        ],
        baseline: Some(BaselineInput {
            path: Baseline::path("x86_64-linux"),
            recorded: Some(recorded.clone()),
            before: Some(recorded),
            target: "x86_64-linux".to_owned(),
            toolchain: Some("rustc 1.95.0".to_owned()),
            others: Vec::new(),
            counted_on: CountedOn::default(),
            code,
        }),
    };
    Report::new(facts(), &input).unwrap()
}

/// Small rises that pass one by one, and are too many together.
fn crept() -> Report {
    recorded(Code::Other)
}

/// Sixty metrics, of which a few moved.
fn many() -> Report {
    let case = |i: u32| {
        let (base, name) = (100.0 + f64::from(i), format!("bytes_per_key/case-{i:02}"));
        let head = match i {
            7 => base * 1.08,
            23 => base * 1.061,
            11 | 40 => base + 1.0,
            3 | 31 | 55 => base * 0.97,
            _ => base,
        };
        counted(&name, "B", Some(base), Some(head))
    };
    let mut metrics: Vec<MetricInput> = (0..58).map(case).collect();
    metrics.push(qps(&around(1.7, 0.8, 10), &[]));
    metrics.push(cpu(&around(0.1, 0.7, 10)));
    unchanged(&[QPS, CPU, BYTES], metrics)
}

pub(crate) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("pass", pass()),
        ("warn", warn()),
        ("fail", fail()),
        ("budget_change", budget_change()),
        ("traded", traded()),
        ("inconclusive", inconclusive()),
        ("loosened", loosened()),
        ("many", many()),
        ("identical", identical()),
        ("odd", odd()),
        ("runners", pool::three()),
        ("two_runners", pool::two()),
        ("latency", latency()),
        ("attribution", explained::risen()),
        ("baseline", crept()),
        ("not_exact", recorded(Code::Same)),
    ]
}
