//! The environment that builds run in.
//!
//! A build inherits the caller's environment, less what `cargo run` put there for the gate itself:
//! its toolchain and its folders would leak into the subject's build, and a build inside a room
//! must not be steered by where the gate was started from.

use std::ffi::OsString;

/// Variables that `cargo run` and rustup set for the program that they start.
const LAUNCHER: [&str; 5] = [
    "CARGO",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
    "LD_LIBRARY_PATH",
    "OUT_DIR",
];

/// Prefixes of variables that `cargo run` sets.
const LAUNCHER_PREFIXES: [&str; 4] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_PRIMARY_",
];

/// Variables that change what a compiler makes of the same source, by name or prefix.
const STEERING: [&str; 14] = [
    "RUSTFLAGS",
    "RUSTC",
    "CARGO_BUILD_",
    "CARGO_PROFILE_",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "LDFLAGS",
    "GOFLAGS",
    "CGO_",
    "SOURCE_DATE_EPOCH",
];

/// Names of the variables that must not reach a build.
pub(super) fn unwanted() -> Vec<OsString> {
    // Artifacts are named by their path in the tree.
    let mut names = vec![OsString::from("CARGO_TARGET_DIR")];
    // Set by `cargo run` and by nothing else that would start the gate.
    if std::env::var_os("CARGO_MANIFEST_DIR").is_some() {
        names.extend(std::env::vars_os().map(|(name, _)| name).filter(|name| {
            let text = name.to_string_lossy();
            LAUNCHER.contains(&text.as_ref())
                || LAUNCHER_PREFIXES
                    .iter()
                    .any(|prefix| text.starts_with(prefix))
        }));
    }
    names
}

/// `NAME=value` of every variable that steers compilers, in the order of their names.
pub(super) fn steering() -> Vec<String> {
    let mut found: Vec<String> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            STEERING
                .iter()
                .any(|known| name == *known || (known.ends_with('_') && name.starts_with(known)))
                .then(|| format!("{name}={}", value.to_string_lossy()))
        })
        .collect();
    found.sort();
    found
}
