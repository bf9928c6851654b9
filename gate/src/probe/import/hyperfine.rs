//! hyperfine: `--export-json`, times in seconds.

use serde::Deserialize;

use super::{Found, Parsed, pick};

#[derive(Deserialize)]
struct Export {
    results: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    command: String,
    mean: f64,
    median: f64,
    user: f64,
    system: f64,
    min: f64,
    max: f64,
    #[serde(default)]
    exit_codes: Vec<Option<i32>>,
}

pub(super) fn parse(text: &str, quantity: &str) -> Parsed {
    let export: Export = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let found = |run: Run| {
        if let Some(code) = run.exit_codes.iter().find(|code| **code != Some(0)) {
            let code = code.map_or("a signal".to_owned(), |code| format!("exit status {code}"));
            return Err(format!("{:?} ended with {code}", run.command));
        }
        let values = [
            ("median", run.median),
            ("mean", run.mean),
            ("min", run.min),
            ("max", run.max),
            ("user", run.user),
            ("system", run.system),
        ];
        Ok(Found {
            value: pick(quantity, &values)?,
            name: run.command,
            unit: "s".to_owned(),
        })
    };
    export.results.into_iter().map(found).collect()
}
