//! Criterion: a folder of folders, one `estimates.json` a benchmark.
//!
//! ```text
//! target/criterion/GROUP/FUNCTION/PARAMETER/new/estimates.json      times in ns
//! target/criterion/GROUP/FUNCTION/PARAMETER/base/…                  an earlier run: not read
//! target/criterion/report/…                                         pages: not read
//! ```
//!
//! `slope` is written where the benchmark was sampled linearly, and `null` elsewhere.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::{Found, ImportError, Parsed, pick, text};

/// Folders below which no benchmark lies.
const DEPTH_MAX: usize = 12;

#[derive(Deserialize)]
struct Estimates {
    mean: Estimate,
    median: Estimate,
    slope: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

pub(super) fn read(folder: &Path, quantity: &str) -> Result<Parsed, ImportError> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((folder, name, depth)) = folders.pop() {
        let failed = |source| ImportError::Read {
            path: folder.clone(),
            source,
        };
        let estimates = folder.join("new").join("estimates.json");
        if !name.is_empty() && estimates.is_file() {
            match value(&text(&estimates)?, quantity) {
                Ok(value) => found.push(Found {
                    name: name.clone(),
                    value,
                    unit: "ns".to_owned(),
                }),
                Err(why) => return Ok(Err(format!("{}: {why}", estimates.display()))),
            }
        }
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // Links are not followed: a folder could hold itself.
            if !entry.file_type().map_err(failed)?.is_dir() || depth >= DEPTH_MAX {
                continue;
            }
            let part = entry.file_name().to_string_lossy().into_owned();
            if !matches!(part.as_str(), "new" | "base" | "change" | "report") {
                let name = if name.is_empty() {
                    part
                } else {
                    format!("{name}/{part}")
                };
                folders.push((entry.path(), name, depth + 1));
            }
        }
    }
    Ok(Ok(found))
}

fn value(text: &str, quantity: &str) -> Result<f64, String> {
    let estimates: Estimates = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut values = vec![
        ("median", estimates.median.point_estimate),
        ("mean", estimates.mean.point_estimate),
    ];
    values.extend(estimates.slope.map(|slope| ("slope", slope.point_estimate)));
    pick(quantity, &values)
}
