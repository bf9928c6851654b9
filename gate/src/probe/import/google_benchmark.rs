//! Google Benchmark: `--benchmark_format=json`, or `--benchmark_out`.
//!
//! Aggregates are left out, since the median of the repetitions is taken here; where only aggregates
//! are written (`--benchmark_report_aggregates_only`) the one called `median` counts.

use serde::Deserialize;

use super::{Found, Parsed, pick};

#[derive(Deserialize)]
struct Output {
    benchmarks: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    run_name: Option<String>,
    run_type: Option<String>,
    aggregate_name: Option<String>,
    #[serde(default)]
    error_occurred: bool,
    error_message: Option<String>,
    real_time: Option<f64>,
    cpu_time: Option<f64>,
    time_unit: Option<String>,
}

pub(super) fn parse(text: &str, quantity: &str) -> Parsed {
    let output: Output = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let is_aggregate = |run: &Entry| run.run_type.as_deref() == Some("aggregate");
    let only_aggregates = output.benchmarks.iter().all(is_aggregate);
    let counts = |run: &Entry| {
        !is_aggregate(run) || (only_aggregates && run.aggregate_name.as_deref() == Some("median"))
    };
    let found = |run: Entry| {
        if run.error_occurred {
            let why = run.error_message.unwrap_or_default();
            return Err(format!("{:?} failed: {why}", run.name));
        }
        let values: Vec<(&str, f64)> = [("real_time", run.real_time), ("cpu_time", run.cpu_time)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        Ok(Found {
            value: pick(quantity, &values).map_err(|why| format!("{:?}: {why}", run.name))?,
            unit: run
                .time_unit
                .ok_or_else(|| format!("{:?} has no time unit", run.name))?,
            name: run.run_name.unwrap_or(run.name),
        })
    };
    output
        .benchmarks
        .into_iter()
        .filter(counts)
        .map(found)
        .collect()
}
