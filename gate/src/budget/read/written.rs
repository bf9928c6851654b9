//! What serde could not take, told in the words of the file instead of those of the code.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::super::error::{Located, Mistake};
use super::super::nearest::Names;

/// What the parser could not take. Its own words are kept where they are the best there are.
pub(super) fn syntax(error: &Error, text: &str) -> Located {
    let span = error.span().unwrap_or_default();
    let marked = text.get(span.clone()).unwrap_or_default();
    let message = error.message();
    let mistake = if message.starts_with("duplicate key") {
        Mistake::Twice(marked.to_owned())
    } else if message.starts_with("string values must be quoted") {
        if marked.is_empty() {
            Mistake::NoValue
        } else {
            Mistake::Unquoted(marked.to_owned())
        }
    } else {
        Mistake::Syntax(message.to_owned())
    };
    Located::new(span, mistake)
}

/// The mistake that stopped serde from taking `document`, which `text` was parsed to.
pub(super) fn mistake(error: &Error, document: &DeTable<'_>, text: &str) -> Located {
    let span = error.span().unwrap_or_default();
    let message = error.message();
    let mistake = if message.starts_with("unknown field") {
        unknown_key(message, text.get(span.clone()).unwrap_or_default())
    } else {
        let (steps, value) = match in_table(document, &span) {
            Some((steps, value)) => (steps, Some(value)),
            None => (Vec::new(), None),
        };
        let example = example(&steps);
        let path = path(&steps);
        match (value, message.split_once(", expected ")) {
            (Some(value), Some((_, expected))) if message.starts_with("invalid type") => {
                Mistake::WrongType {
                    path,
                    expected: plain_type(expected).to_owned(),
                    found: found(value),
                    example,
                }
            }
            _ => Mistake::Unreadable {
                path,
                why: message.to_owned(),
                example,
            },
        }
    };
    Located::new(span, mistake)
}

/// From serde's "unknown field `x`, expected one of `a`, `b`" and the key as it stands in the file.
///
/// The names are taken from the end: a key that quotes this very sentence changes nothing then.
fn unknown_key(message: &str, key: &str) -> Mistake {
    let known = message
        .rsplit_once("`, expected ")
        .map_or("", |(_, known)| known);
    Mistake::UnknownKey {
        key: key.trim_matches(['"', '\'']).to_owned(),
        known: Names::new(known.split('`').skip(1).step_by(2)),
    }
}

/// Gives the key that `mistake` is about the name that was probably meant, or takes it out where none was, or where
/// that is there too; whether it could, which no other mistake can.
pub(super) fn pass_over(mistake: &Located, document: &mut DeTable<'_>) -> bool {
    let Mistake::UnknownKey { key, known } = &mistake.mistake else {
        return false;
    };
    rename(document, &mistake.span, known.nearest(key))
}

/// Renames the key at `span`, or takes it out; whether it is in the table.
fn rename(table: &mut DeTable<'_>, span: &Range<usize>, name: Option<&str>) -> bool {
    let Some(key) = table.keys().find(|key| key.span() == *span).cloned() else {
        return table
            .iter_mut()
            .any(|(_, value)| rename_in(value.get_mut(), span, name));
    };
    if let Some(value) = table.remove(&key)
        && let Some(name) = name
        && !table.contains_key(name)
    {
        table.insert(Spanned::new(span.clone(), name.to_owned().into()), value);
    }
    true
}

fn rename_in(value: &mut DeValue<'_>, span: &Range<usize>, name: Option<&str>) -> bool {
    match value {
        DeValue::Table(table) => rename(table, span, name),
        DeValue::Array(array) => array
            .iter_mut()
            .any(|element| rename_in(element.get_mut(), span, name)),
        _ => false,
    }
}

/// One step from a value to a value inside it.
enum Step {
    Key(String),
    Index(usize),
}

/// The steps to a value, outermost last, and the value.
type Way<'d> = (Vec<Step>, &'d DeValue<'d>);

/// The way to the value at `span`.
fn in_table<'d>(table: &'d DeTable<'d>, span: &Range<usize>) -> Option<Way<'d>> {
    table.iter().find_map(|(key, value)| {
        let (mut steps, found) = in_value(value, span)?;
        steps.push(Step::Key(key.get_ref().clone().into_owned()));
        Some((steps, found))
    })
}

fn in_value<'d>(value: &'d Spanned<DeValue<'d>>, span: &Range<usize>) -> Option<Way<'d>> {
    if value.span() == *span {
        return Some((Vec::new(), value.get_ref()));
    }
    match value.get_ref() {
        DeValue::Table(table) => in_table(table, span),
        DeValue::Array(array) => array.iter().enumerate().find_map(|(index, element)| {
            let (mut steps, found) = in_value(element, span)?;
            steps.push(Step::Index(index));
            Some((steps, found))
        }),
        _ => None,
    }
}

/// As in `subject.build[1]`.
fn path(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps.iter().rev() {
        match step {
            Step::Key(key) if path.is_empty() => path.push_str(&key.escape_debug().to_string()),
            Step::Key(key) => path.extend([".", &key.escape_debug().to_string()]),
            Step::Index(index) => path.extend(["[", &index.to_string(), "]"]),
        }
    }
    path
}

/// What a person calls the type that serde asked for.
fn plain_type(expected: &str) -> &str {
    match expected {
        "a string" => "a text in quotes",
        "i64" => "a whole number",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list in square brackets",
        "a map" => "a table",
        other => other,
    }
}

fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(truth) => format!("{truth}"),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A line that shows how the value at the end of `steps` is written.
fn example(steps: &[Step]) -> String {
    let mut keys = steps.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    let key = keys.next().unwrap_or_default();
    // Names that the file is free to choose come first: a metric may be called `run`.
    match (keys.next(), keys.next()) {
        (Some("artifacts"), _) => return format!("{key} = \"target/release/{key}\""),
        (Some("metrics"), None) => return format!("[metrics.{key}]"),
        (Some("case"), Some(metric)) => return format!("[metrics.{metric}.case.{key}]"),
        _ => {}
    }
    let line = match key {
        "schema" => "schema = 1",
        "subject" => "[subject]",
        "build" => "build = [\"cargo\", \"build\", \"--release\"]",
        "artifacts" => "artifacts = { server = \"target/release/server\" }",
        "toolchain" => "toolchain = [\"rustc\", \"--version\"]",
        "harness" => "harness = [\"benches/**\"]",
        "serve" => "[subject.serve]",
        "command" => "command = [\"{server}\", \"--port\", \"{port}\"]",
        "ready" => "ready = \"resp\"",
        "run" if steps.len() == 1 => "[run]",
        "run" => "run = [\"{probe}\", \"memory\"]",
        "max_time" => "max_time = \"6m\"",
        "confidence" => "confidence = 0.99",
        "inconclusive" => "inconclusive = \"warn\"",
        "metrics" => "[metrics.qps]",
        "probe" => "probe = \"resp-load\"",
        "direction" => "direction = \"lower-is-better\"",
        "quantity" => "quantity = \"qps\"",
        "format" => "format = \"hyperfine\"",
        "file" => "file = \"times.json\"",
        "artifact" => "artifact = \"server\"",
        "sections" => "sections = [\".text\", \".rodata\"]",
        "budget" => "budget = \"3%\"",
        "floor" => "floor = \"1%\"",
        "cases" => "cases = [\"get\", \"set\"]",
        "counts" => "counts = [1000, 5000]",
        "required" => "required = true",
        "exact" => "exact = true",
        "report_only" => "report_only = true",
        "case" => "[metrics.bytes_per_key.case.int]",
        "load" => "load = { connections = 16, keys = 100000 }",
        "connections" => "connections = 16",
        "pipeline" => "pipeline = 1",
        "read_ratio" => "read_ratio = 0.9",
        "keys" => "keys = 100000",
        "value_bytes" => "value_bytes = 128",
        "zipf" => "zipf = 0.99",
        "rate" => "rate = 20000",
        "baseline" => "[baseline]",
        "metric" => "metric = \"bytes_per_key/int\"",
        "allow" => "allow = \"12%\"",
        "reason" => "reason = \"saves a second lookup for every key with a TTL\"",
        _ => "[[trades]]",
    };
    line.to_owned()
}
