//! The `import` probe: what other benchmark tools write, read as readings.
//!
//! | format | the file | a case is | quantities, the default first |
//! |---|---|---|---|
//! | `criterion` | the folder `target/criterion` | the folder of a benchmark below it | `median`, `mean`, `slope` |
//! | `hyperfine` | `--export-json` | the command's line | `median`, `mean`, `min`, `max`, `user`, `system` |
//! | `go` | what `go test -bench` prints | the name after `Benchmark`, processors apart | `ns/op`, or any unit in the output |
//! | `google-benchmark` | `--benchmark_format=json` | the benchmark's name | `real_time`, `cpu_time` |
//! | `pytest-benchmark` | `--benchmark-json` | the test's full name | `median`, `mean`, `min`, `max` |
//!
//! Of repetitions the median is taken: they share a process, so they are one observation of it. A
//! benchmark that says it failed, a value that is missing, negative or not finite, and a file
//! without any benchmark are errors. Letters that a case cannot have become `_`; two names that
//! become the same are an error, too.

mod criterion;
mod go;
mod google_benchmark;
mod hyperfine;
mod pytest_benchmark;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Reading;
use crate::budget::ImportFormat;
use crate::model::{MetricId, Shares, Unit};

/// The largest file that is read.
const BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The most benchmarks that one file may have.
const BENCHMARKS_MAX: usize = 100_000;

/// Why a file yields no readings.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not there, or cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than any such file should be.
    #[error("{} is larger than {} MiB", .path.display(), BYTES_MAX / (1024 * 1024))]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is not what the tool writes.
    #[error("{} is no output of {tool}: {why}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The tool.
        tool: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

/// One value of one benchmark, by the name that the tool gives it.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    name: String,
    value: f64,
    unit: String,
}

/// What a parser makes of a text, or why it does not.
type Parsed = Result<Vec<Found>, String>;

/// Reads the file, or for Criterion the folder, at `path`.
pub fn import(
    format: ImportFormat,
    quantity: &str,
    path: &Path,
) -> Result<Vec<Reading>, ImportError> {
    let parsed = match format {
        ImportFormat::Criterion => criterion::read(path, quantity)?,
        ImportFormat::Hyperfine => hyperfine::parse(&text(path)?, quantity),
        ImportFormat::Go => go::parse(&text(path)?, quantity),
        ImportFormat::GoogleBenchmark => google_benchmark::parse(&text(path)?, quantity),
        ImportFormat::PytestBenchmark => pytest_benchmark::parse(&text(path)?, quantity),
    };
    parsed
        .and_then(readings)
        .map_err(|why| ImportError::Format {
            path: path.to_owned(),
            tool: format.tool(),
            why,
        })
}

fn text(path: &Path) -> Result<String, ImportError> {
    let failed = |source| ImportError::Read {
        path: path.to_owned(),
        source,
    };
    if fs::metadata(path).map_err(failed)?.len() > BYTES_MAX {
        return Err(ImportError::TooLarge {
            path: path.to_owned(),
        });
    }
    fs::read_to_string(path).map_err(failed)
}

/// Checks values, names and units, and takes the median of repetitions.
fn readings(found: Vec<Found>) -> Result<Vec<Reading>, String> {
    if found.is_empty() {
        return Err("it has no benchmark".to_owned());
    }
    if found.len() > BENCHMARKS_MAX {
        return Err(format!("it has more than {BENCHMARKS_MAX} benchmarks"));
    }
    let mut by_case: BTreeMap<String, Repeated> = BTreeMap::new();
    for Found { name, value, unit } in found {
        if !value.is_finite() || value < 0.0 {
            return Err(format!("{name:?} has the value {value}"));
        }
        let unit = Unit::new(&unit).map_err(|error| format!("{name:?}: {error}"))?;
        let case = case(&name)?;
        let entry = by_case.entry(case).or_insert_with(|| Repeated {
            name: name.clone(),
            unit: unit.clone(),
            values: Vec::new(),
        });
        if entry.name != name {
            let other = &entry.name;
            return Err(format!(
                "{name:?} and {other:?} cannot be told apart as cases"
            ));
        }
        if entry.unit != unit {
            return Err(format!("{name:?} is counted in two units"));
        }
        entry.values.push(value);
    }
    by_case
        .into_iter()
        .map(|(case, repeated)| {
            Ok(Reading {
                case: Some(case),
                value: median(repeated.values),
                unit: repeated.unit,
                shares: Shares::new(),
            })
        })
        .collect()
}

/// The repetitions of one benchmark.
struct Repeated {
    name: String,
    unit: Unit,
    values: Vec<f64>,
}

/// A tool's name of a benchmark as a case.
fn case(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | '/');
    let case: String = name
        .trim()
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    MetricId::with_case("m", &case).map_err(|_| format!("{name:?} cannot name a case"))?;
    Ok(case)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    f64::midpoint(at((values.len().max(1) - 1) / 2), at(values.len() / 2))
}

/// The value of `quantity` among those that a tool writes.
fn pick(quantity: &str, values: &[(&str, f64)]) -> Result<f64, String> {
    values
        .iter()
        .find(|(name, _)| *name == quantity)
        .map(|(_, value)| *value)
        .ok_or_else(|| format!("it has no {quantity:?}"))
}

#[cfg(test)]
mod tests;
