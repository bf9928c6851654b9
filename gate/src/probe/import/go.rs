//! Go: what `go test -bench` prints (the benchmark format of golang.org/design/14313-benchmark-format).
//!
//! ```text
//! BenchmarkJoin/two_words-2    2000    18.99 ns/op    105.33 MB/s
//!          └ case, the number of processors taken off   └ value and unit, in pairs
//! ```

use super::{Found, Parsed};

pub(super) fn parse(text: &str, quantity: &str) -> Parsed {
    let mut found = Vec::new();
    for line in text.lines() {
        let line = line.trim_end();
        if line == "FAIL" || line.starts_with("FAIL\t") || line.starts_with("--- FAIL") {
            return Err(format!("it says {line:?}"));
        }
        let mut words = line.split_whitespace();
        let Some(name) = words.next().and_then(|word| word.strip_prefix("Benchmark")) else {
            continue;
        };
        let values: Vec<&str> = words.collect();
        // A name alone stands before what the benchmark itself prints.
        let Some((runs, values)) = values.split_first() else {
            continue;
        };
        let wrong = || format!("{line:?} is no line of a benchmark");
        runs.parse::<u64>().map_err(|_| wrong())?;
        let (pairs, rest) = values.as_chunks::<2>();
        if !rest.is_empty() || pairs.is_empty() {
            return Err(wrong());
        }
        let [value, unit] = pairs
            .iter()
            .find(|[_, unit]| *unit == quantity)
            .ok_or_else(|| format!("{line:?} has no {quantity:?}"))?;
        found.push(Found {
            name: without_processors(name).to_owned(),
            value: value.parse().map_err(|_| wrong())?,
            unit: (*unit).to_owned(),
        });
    }
    Ok(found)
}

/// `Join/two_words-2` without `-2`: how many processors there are is no part of the name.
fn without_processors(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, count)) if !name.is_empty() && count.bytes().all(|b| b.is_ascii_digit()) => {
            name
        }
        _ => name,
    }
}
