//! pytest-benchmark: `--benchmark-json`, times in seconds.

use serde::Deserialize;

use super::{Found, Parsed, pick};

#[derive(Deserialize)]
struct Output {
    benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
struct Benchmark {
    fullname: String,
    stats: Stats,
}

#[derive(Deserialize)]
struct Stats {
    min: f64,
    max: f64,
    mean: f64,
    median: f64,
}

pub(super) fn parse(text: &str, quantity: &str) -> Parsed {
    let output: Output = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let found = |benchmark: Benchmark| {
        let Stats {
            min,
            max,
            mean,
            median,
        } = benchmark.stats;
        let values = [
            ("median", median),
            ("mean", mean),
            ("min", min),
            ("max", max),
        ];
        Ok(Found {
            value: pick(quantity, &values)?,
            name: benchmark.fullname,
            unit: "s".to_owned(),
        })
    };
    output.benchmarks.into_iter().map(found).collect()
}
