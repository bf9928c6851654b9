//! Reports with any one value turned into an extreme one: refused, or a comment within its limits.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::publish::github::fit::{COMMENT_LEN_MAX, length};
use crate::publish::github::letter::{Contents, body};
use crate::report::MARKER;
use crate::report::tests::all;

/// What stands in for a value.
fn extremes() -> Vec<Value> {
    vec![
        Value::Null,
        json!(0),
        json!(-1),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(f64::MAX),
        json!(f64::MIN_POSITIVE),
        json!(""),
        json!("</details>\n@team #1 | `x`"),
        json!("@".repeat(16 * 1024)),
        json!([]),
        json!({}),
    ]
}

/// The way to every value that holds no other. Of a list the first element stands for all.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                leaves(member, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            found.push(path.to_owned());
            leaves(&elements[0], &format!("{path}/0"), found);
        }
        _ => found.push(path.to_owned()),
    }
}

/// Reports as JSON, each with the ways that no earlier one has. Budgets are the repository's own.
fn honest() -> Vec<(&'static str, Value, Vec<String>)> {
    let mut seen = BTreeSet::new();
    let mut reports = Vec::new();
    for (name, report) in all() {
        let json: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        let mut paths = Vec::new();
        leaves(&json, "", &mut paths);
        paths.retain(|path| !path.starts_with("/budgets/") && seen.insert(path.clone()));
        reports.push((name, json, paths));
    }
    reports
}

/// The comment on a report, if it is let in.
fn comment(json: &[u8]) -> Option<String> {
    let judged = read(json).ok()?.judged_again().ok()?;
    Some(body(&Contents::Foreign(&judged)))
}

fn is_sound(comment: &str) -> bool {
    let count = |tag: &str| comment.matches(tag).count();
    comment.starts_with(MARKER)
        && length(comment) <= COMMENT_LEN_MAX
        && count("<details>") == count("</details>")
        && count("<!--") == 1
        && !comment.contains("@team")
}

#[test]
fn any_value_may_be_extreme() {
    let mut admitted = 0;
    for (name, honest, paths) in honest() {
        for path in paths {
            for extreme in extremes() {
                let mut forged = honest.clone();
                *forged.pointer_mut(&path).unwrap() = extreme.clone();
                let Some(comment) = comment(forged.to_string().as_bytes()) else {
                    continue;
                };
                admitted += 1;
                assert!(is_sound(&comment), "{name} {path} {extreme}:\n{comment}");
            }
        }
    }
    // Names, texts and figures that the judge has no part in.
    assert!(admitted > 200, "{admitted}");
}

#[test]
fn a_list_may_be_as_long_as_is_let_in() {
    let mut admitted = 0;
    for (name, honest, paths) in honest() {
        for path in paths {
            let mut forged = honest.clone();
            let Some(Value::Array(list)) = forged.pointer_mut(&path) else {
                continue;
            };
            let Some(element) = list.last().cloned() else {
                continue;
            };
            list.resize(2000, element);
            if let Some(comment) = comment(forged.to_string().as_bytes()) {
                admitted += 1;
                assert!(is_sound(&comment), "{name} {path}:\n{comment}");
            }
        }
    }
    assert!(admitted > 2, "{admitted}");
}
