//! Every mistake as a person sees it, the defaults, and the reader under arbitrary text.

mod arbitrary;
mod callgrind;
mod messages;

use std::time::Duration;

use super::read;
use crate::budget::{Allow, Inconclusive, Load, Percentile, Probe, Quantity, Rate, Ready};
use crate::model::{Bound, Direction, Percent};

/// Everything written out.
const FULL: &str = r#"
schema = 1

[subject]
build     = ["cargo", "build", "--release"]
artifacts = { server = "target/release/server", probe = "./target/release/probe" }
toolchain = ["rustc", "-vV"]

[subject.serve]
command = ["{server}", "--port={port}"]
ready   = "http:/health?deep=1"

[run]
max_time   = "1m 30s"
confidence = 0.95
inconclusive = "fail"
reason = "a shorter run is enough here"

[metrics.throughput]
probe     = "resp-load"
quantity  = "qps"
direction = "higher-is-better"
budget    = "2.5 %"
reason    = "the  runner is\nnoisy"
floor     = "0.5%"
load      = { connections = 4, pipeline = 8, read_ratio = 1, keys = 10, value_bytes = 1048576, zipf = 0 }

[metrics.bytes_per_key]
probe     = "command"
run       = ["{probe}", "memory", "{}"]
direction = "lower-is-better"
exact     = true
budget    = "0%"
[metrics.bytes_per_key.case."a/b:c"]
budget    = "1000%"
reason    = "this class is about to go"

[metrics.ticks]
probe     = "command"
run       = ["{probe}", "ticks"]
direction = "lower-is-better"
report_only = true
reason    = "varies from run to run"

[[trades]]
metric = "bytes_per_key/raw"
allow  = "12%"
reason = "embeds the expiry time"

[[trades]]
metric = "p999"
allow  = "removed"
reason = "measured nothing but the runner"
"#;

/// As little as may stand in a file.
const SHORT: &str = r#"
schema = 1
[subject]
build = ["make"]
artifacts = { server = "server" }
[subject.serve]
command = ["{server}", "{port}"]
[metrics.cpu_per_request]
probe = "resp-load"
direction = "lower-is-better"
budget = "3%"
"#;

fn percent(value: f64) -> Percent {
    Percent::new(value).unwrap()
}

#[test]
fn takes_every_value_that_is_written() {
    let budgets = read("budgets.toml", FULL).unwrap();
    let subject = &budgets.subject;
    assert_eq!(subject.build, ["cargo", "build", "--release"]);
    assert_eq!(subject.artifacts["probe"], "./target/release/probe");
    assert_eq!(subject.toolchain.as_deref().unwrap(), ["rustc", "-vV"]);
    let serve = subject.serve.as_ref().unwrap();
    assert_eq!(serve.command, ["{server}", "--port={port}"]);
    assert_eq!(serve.ready, Ready::Http("/health?deep=1".to_owned()));
    assert_eq!(budgets.run.max_time, Duration::from_secs(90));
    assert_eq!(budgets.run.inconclusive, Inconclusive::Fail);
    assert_eq!(
        budgets.run.reason.as_deref(),
        Some("a shorter run is enough here")
    );

    let throughput = &budgets.metrics["throughput"];
    let load = Load {
        connections: 4,
        pipeline: 8,
        read_ratio: 1.0,
        keys: 10,
        value_bytes: 1 << 20,
        zipf: 0.0,
    };
    let quantity = Quantity::Qps;
    assert_eq!(throughput.probe, Probe::RespLoad { quantity, load });
    assert_eq!(throughput.direction, Direction::HigherIsBetter);
    assert_eq!(
        throughput.budget_for(None).unwrap().limit,
        Bound::Relative(percent(2.5))
    );
    assert_eq!(throughput.reason(), Some("the runner is noisy"));
    assert_eq!(throughput.floor, percent(0.5));

    let bytes = &budgets.metrics["bytes_per_key"];
    assert!(bytes.exact && !bytes.report_only);
    assert_eq!(
        bytes.budget_for(Some("a/b:c")).unwrap().limit,
        Bound::Relative(percent(1000.0))
    );
    assert_eq!(
        bytes.budget_for(Some("other")).unwrap().limit,
        Bound::Relative(Percent::ZERO)
    );
    assert_eq!(
        bytes.budget_for(None).unwrap().limit,
        Bound::Relative(Percent::ZERO)
    );

    let ticks = &budgets.metrics["ticks"];
    assert!(ticks.report_only && !ticks.exact);
    assert_eq!(ticks.budget_for(None), None);
    assert_eq!(ticks.reason(), Some("varies from run to run"));

    let allowed: Vec<_> = budgets.trades.iter().map(|trade| &trade.allow).collect();
    assert_eq!(
        allowed,
        [
            &Allow::Adverse(Bound::Relative(percent(12.0))),
            &Allow::Removed
        ]
    );
}

#[test]
fn fills_in_every_default() {
    let budgets = read("budgets.toml", SHORT).unwrap();
    assert_eq!(budgets.subject.toolchain, None);
    assert_eq!(budgets.subject.serve.unwrap().ready, Ready::Resp);
    assert_eq!(budgets.run.max_time, Duration::from_mins(6));
    assert!((budgets.run.confidence - 0.99).abs() < f64::EPSILON);
    assert_eq!(budgets.run.inconclusive, Inconclusive::Warn);
    assert_eq!(budgets.run.reason, None);
    assert!(budgets.trades.is_empty());
    let spec = &budgets.metrics["cpu_per_request"];
    let probe = Probe::RespLoad {
        quantity: Quantity::CpuPerRequest,
        load: Load {
            connections: 16,
            pipeline: 1,
            read_ratio: 0.9,
            keys: 100_000,
            value_bytes: 128,
            zipf: 0.99,
        },
    };
    assert_eq!(spec.probe, probe);
    assert_eq!(spec.floor, percent(1.0));
    assert!(!spec.exact && !spec.report_only && spec.cases.is_empty());
}

#[test]
fn a_load_written_out_as_its_default_is_the_default() {
    // Metrics of the same probe and load share their rounds, so the two must be equal.
    let name = "budgets.toml";
    let budgets = read(name, include_str!("../../../../budgets.toml")).unwrap();
    let load = |metric: &str| match &budgets.metrics[metric].probe {
        Probe::RespLoad { load, .. } | Probe::RespLatency { load, .. } => load.clone(),
        _ => panic!("{metric} is no load"),
    };
    assert_eq!(load("qps"), load("cpu_per_request"));
}

#[test]
fn this_repository_guards_throughput_cpu_and_memory() {
    let budgets = read("budgets.toml", include_str!("../../../../budgets.toml")).unwrap();
    let limits: Vec<_> = budgets
        .metrics
        .iter()
        .filter(|(_, spec)| !spec.report_only)
        .map(|(name, spec)| {
            (
                name.as_str(),
                spec.budget_for(Some("int")).unwrap().limit.to_string(),
            )
        })
        .collect();
    assert_eq!(
        limits,
        [
            ("bytes_per_key", "2%".to_owned()),
            ("cpu_per_request", "3%".to_owned()),
            ("instructions_per_op", "1%".to_owned()),
            ("qps", "3%".to_owned())
        ]
    );
    assert!(budgets.metrics["bytes_per_key"].exact);
}

#[test]
fn what_a_resolved_file_says_survives_json() {
    let budgets = read("budgets.toml", FULL).unwrap();
    let json = serde_json::to_string(&budgets).unwrap();
    assert_eq!(
        serde_json::from_str::<super::Budgets>(&json).unwrap(),
        budgets
    );
}

#[test]
fn a_trade_of_a_metric_that_was_removed_later_stays_as_a_record() {
    let text = format!(
        "{SHORT}\n[[trades]]\nmetric = \"p999/x\"\nallow = \"5%\"\nreason = \"batches the flushes\"\n\
         [[trades]]\nmetric = \"p999\"\nallow = \"removed\"\nreason = \"measured only the runner\"\n"
    );
    assert_eq!(read("budgets.toml", &text).unwrap().trades.len(), 2);
}

#[test]
fn a_case_may_be_removed_while_its_metric_stays() {
    let trade = "[[trades]]\nmetric = \"bytes_per_key/gone\"\nallow = \"removed\"\n\
                 reason = \"there is no such class any more\"\n";
    let text = format!("{FULL}\n{trade}");
    assert_eq!(read("budgets.toml", &text).unwrap().trades.len(), 3);
}

#[test]
fn the_byte_order_mark_and_windows_line_ends_change_nothing() {
    let text = format!("\u{feff}{}", FULL.replace('\n', "\r\n"));
    let plain = read("budgets.toml", FULL).unwrap();
    assert_eq!(read("budgets.toml", &text).unwrap(), plain);
}

#[test]
fn latencies_are_judged_only_where_a_budget_asks_for_it() {
    let latency = |rest: &str| {
        let table = format!(
            "{SHORT}\n[metrics.p999]\nprobe = \"resp-latency\"\ndirection = \"lower-is-better\"\n{rest}"
        );
        read("budgets.toml", &table)
    };
    let shown = latency("").unwrap().metrics.remove("p999").unwrap();
    assert!(shown.report_only && shown.budget.is_none());
    let (quantity, load) = (Percentile::P999, Load::default());
    let rate = Rate::HalfOfSlower;
    assert_eq!(
        shown.probe,
        Probe::RespLatency {
            quantity,
            load: load.clone(),
            rate
        }
    );
    let judged = latency("budget = \"20%\"\nload = { rate = 20000 }").unwrap();
    let judged = &judged.metrics["p999"];
    assert!(!judged.report_only);
    let rate = Rate::PerSecond(20_000);
    assert_eq!(
        judged.probe,
        Probe::RespLatency {
            quantity,
            load,
            rate
        }
    );
    for (rest, said) in [
        ("report_only = false", "budget"),
        ("load = { pipeline = 4 }", "`pipeline` has no meaning"),
        ("load = { rate = 0 }", "`rate` must be"),
        ("exact = true", "varies from run to run"),
        ("quantity = \"qps\"", "quantity"),
    ] {
        let error = latency(rest).unwrap_err().to_string();
        assert!(error.contains(said), "{rest}: {error}");
    }
    let closed = SHORT.replace("budget = \"3%\"", "budget = \"3%\"\nload = { rate = 5 }");
    let error = read("budgets.toml", &closed).unwrap_err().to_string();
    assert!(
        error.contains("`rate` has no meaning for the probe `resp-load`"),
        "{error}"
    );
}
