//! Style that no linter checks: file headers and lengths, which module may import which, and words
//! that say nothing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should panic"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A file longer than this holds more than one noun.
const LINES_MAX: usize = 500;

/// Words that tell history or promise work instead of saying why; matched as whole words in
/// comments, whatever their case.
const BANNED: [&str; 8] = [
    "todo",
    "fixme",
    "xxx",
    "hack",
    "for now",
    "at the moment",
    "refactored",
    "legacy",
];

/// The floors of `gate`: what a module may not import. The pure floor sees values only, and
/// effects do not know one another except `measure` → `probe`.
const GATE_FLOORS: [(&str, &[&str]); 12] = [
    (
        "model",
        &[
            "budget",
            "statistics",
            "judge",
            "report",
            "process",
            "revision",
            "build",
            "probe",
            "measure",
            "runner",
            "publish",
            "cli",
        ],
    ),
    (
        "budget",
        &[
            "statistics",
            "judge",
            "report",
            "process",
            "revision",
            "build",
            "probe",
            "measure",
            "runner",
            "publish",
            "cli",
        ],
    ),
    (
        "statistics",
        &[
            "judge", "report", "process", "revision", "build", "probe", "measure", "runner",
            "publish", "cli",
        ],
    ),
    (
        "judge",
        &[
            "report", "process", "revision", "build", "probe", "measure", "runner", "publish",
            "cli",
        ],
    ),
    (
        "report",
        &[
            "process", "revision", "build", "probe", "measure", "runner", "publish", "cli",
        ],
    ),
    (
        "process",
        &[
            "judge", "report", "revision", "build", "probe", "measure", "runner", "publish", "cli",
        ],
    ),
    (
        "revision",
        &[
            "judge", "report", "build", "probe", "measure", "runner", "publish", "cli",
        ],
    ),
    (
        "build",
        &[
            "judge", "report", "probe", "measure", "runner", "publish", "cli",
        ],
    ),
    (
        "probe",
        &[
            "judge", "report", "revision", "build", "measure", "runner", "publish", "cli",
        ],
    ),
    (
        "measure",
        &[
            "judge", "report", "revision", "build", "runner", "publish", "cli",
        ],
    ),
    (
        "runner",
        &[
            "judge", "report", "revision", "build", "probe", "measure", "publish", "cli",
        ],
    ),
    (
        "publish",
        &["revision", "build", "probe", "measure", "runner", "cli"],
    ),
];

/// What the pure floor may not even name.
const EFFECTS: [&str; 7] = [
    "std::fs",
    "std::process",
    "std::net",
    "std::thread",
    "std::env",
    "SystemTime",
    "Instant",
];
const PURE: [&str; 5] = ["model", "budget", "statistics", "judge", "report"];

/// The floors of `server`: what a module may not name.
const SERVER_FLOORS: [(&str, &[&str]); 4] = [
    (
        "protocol",
        &[
            "tokio",
            "crate::commands",
            "crate::dispatch",
            "crate::connection",
            "crate::listener",
        ],
    ),
    (
        "commands",
        &[
            "tokio",
            "crate::connection",
            "crate::listener",
            "Instant::now",
            "SystemTime::now",
        ],
    ),
    (
        "exchange",
        &[
            "tokio",
            "crate::connection",
            "crate::listener",
            "Instant::now",
            "SystemTime::now",
        ],
    ),
    (
        "dispatch",
        &[
            "tokio",
            "crate::connection",
            "crate::listener",
            "Instant::now",
            "SystemTime::now",
        ],
    ),
];

/// What `store` may not name: it knows no clock, no async and no network.
const STORE: [&str; 6] = [
    "tokio",
    "std::net",
    "std::fs",
    "Instant::now",
    "SystemTime::now",
    "std::thread::sleep",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Every Rust file of the workspace, by its path from the root, with its text.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["gate", "store", "server"].map(|c| root().join(c)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(
        found.len() > 30,
        "only {} files found: is this the right folder?",
        found.len()
    );
    found.sort();
    found
}

fn assert_none(found: &[String], what: &str) {
    let list = found.iter().fold(String::new(), |mut list, line| {
        let _ = writeln!(list, "  {line}");
        list
    });
    assert!(found.is_empty(), "{what}\n{list}");
}

/// The part of a file before its unit tests.
fn product(text: &str) -> &str {
    text.split_once("#[cfg(test)]")
        .map_or(text, |(product, _)| product)
}

/// Whether `path` belongs to `module` of a crate: `gate/src/judge/…` or `gate/src/judge.rs`.
fn belongs(path: &str, krate: &str, module: &str) -> bool {
    path.starts_with(&format!("{krate}/src/{module}/"))
        || path == format!("{krate}/src/{module}.rs")
}

#[test]
fn every_file_opens_with_a_header() {
    let bare: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert_none(&bare, "files that do not open with `//! `:");
}

#[test]
fn no_file_is_too_long() {
    let long: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > LINES_MAX)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert_none(
        &long,
        &format!("files of more than {LINES_MAX} lines, to be split by noun:"),
    );
}

#[test]
fn comments_say_why() {
    let mut found = Vec::new();
    for (path, text) in sources()
        .iter()
        .filter(|(path, _)| path != "gate/tests/tidy.rs")
    {
        for (number, line) in text.lines().enumerate() {
            let Some((_, comment)) = line.split_once("//") else {
                continue;
            };
            let comment = comment.to_lowercase();
            let words = format!(" {} ", comment.replace(|c: char| !c.is_alphanumeric(), " "));
            for word in BANNED {
                if words.contains(&format!(" {word} ")) {
                    found.push(format!("{path}:{}: {word:?}", number + 1));
                }
            }
        }
    }
    assert_none(&found, "words that say nothing:");
}

#[test]
fn imports_run_downward() {
    let mut found = Vec::new();
    for (path, text) in &sources() {
        for (module, above) in GATE_FLOORS {
            if belongs(path, "gate", module) {
                for other in above {
                    if text.contains(&format!("crate::{other}::")) {
                        found.push(format!("{path} imports {other}"));
                    }
                }
            }
        }
        let mut refuse = |names: &[&str]| {
            for name in names {
                if product(text).contains(name) {
                    found.push(format!("{path} names {name}"));
                }
            }
        };
        if PURE.iter().any(|module| belongs(path, "gate", module)) {
            refuse(&EFFECTS);
        }
        for (module, names) in SERVER_FLOORS {
            if belongs(path, "server", module) {
                refuse(names);
            }
        }
        if path.starts_with("store/src/") {
            refuse(&STORE);
        }
    }
    assert_none(&found, "imports that run upward:");
}

#[test]
fn gate_links_neither_store_nor_server() {
    let manifest = std::fs::read_to_string(root().join("gate/Cargo.toml")).unwrap();
    for name in ["store", "server"] {
        let named = manifest
            .lines()
            .any(|line| line.trim_start().starts_with(name));
        assert!(
            !named,
            "gate must know {name} by its binary and the wire only"
        );
    }
}

#[test]
fn nothing_in_store_or_server_is_unsafe() {
    for krate in ["store", "server", "gate"] {
        let manifest = std::fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{krate} must take the shared lints"
        );
    }
    let shared = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(shared.contains("unsafe_code = \"forbid\""));
}
