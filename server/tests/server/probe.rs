//! `probe` as a process: every number is told with what it is made of, and the same work is the same count.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;

/// A line of output, with all that gate reads of it.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Line {
    case: String,
    value: f64,
    unit: String,
    parts: BTreeMap<String, f64>,
}

/// What it prints for so many keys.
fn memory(keys: u32) -> Vec<Line> {
    let output = Command::new(env!("CARGO_BIN_EXE_probe"))
        .args(["memory", "--keys", &keys.to_string()])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn parts_are_told_and_add_up() {
    let lines = memory(3_000);
    let cases: Vec<&str> = lines.iter().map(|line| line.case.as_str()).collect();
    let expected = [
        "int",
        "embstr",
        "b32",
        "b128",
        "b128ttl",
        "raw",
        "hash5",
        "list5",
        "set5",
        "zset5",
        "churn",
        "churn_deleted",
        "churn_half",
    ];
    assert_eq!(cases, expected);
    for line in &lines {
        assert_eq!(line.unit, "B");
        let sum: f64 = line.parts.values().sum();
        assert!((sum - line.value).abs() < 1e-9 * line.value, "{line:?}");
        for part in ["entries", "pages", "index", "keyspace"] {
            assert!(line.parts.contains_key(part), "no {part}: {line:?}");
        }
        assert!(line.parts.values().all(|bytes| *bytes > 0.0), "{line:?}");
    }
    let entries =
        |case: &str| lines.iter().find(|line| line.case == case).unwrap().parts["entries"];
    // Flags, the key's length, key, value.
    for (case, bytes) in [("embstr", 34.0), ("b32", 50.0), ("raw", 274.0)] {
        assert!((entries(case) - bytes).abs() < f64::EPSILON, "{case}");
    }
    let expiry = entries("b128ttl") - entries("b128");
    assert!((expiry - 5.0).abs() < f64::EPSILON, "{expiry}");
    assert_eq!(memory(3_000), lines, "the same in every run");
}

/// Whether valgrind is there; in CI it must be.
fn valgrind_is_there() -> bool {
    let found = Command::new("valgrind").arg("--version").output().is_ok();
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(found || !required, "CI needs valgrind");
    if !found {
        eprintln!("skipped: valgrind is not on the PATH");
    }
    found
}

/// Instructions of a run, with what `gate` holds still: the clocks of the allocator, names resolved late, and
/// the size of the environment.
fn instructions(class: &str, count: u32) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--vgdb=no"])
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(env!("CARGO_BIN_EXE_probe"))
        .args(["ops", "--class", class, "--count", &count.to_string()])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LD_BIND_NOW", "1")
        .env(
            "_RJEM_MALLOC_CONF",
            "narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:-1,experimental_tcache_gc:false",
        )
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let text = std::fs::read_to_string(counts).unwrap();
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.unwrap().trim().parse().unwrap()
}

/// Those that allocate, and that walk what depends on hashes: what could differ from run to run.
#[test]
fn an_operation_takes_the_same_instructions_in_every_run() {
    if !valgrind_is_there() {
        return;
    }
    for class in ["set_ttl", "hset", "sweep"] {
        let [first, second] = [(); 2].map(|()| instructions(class, 256));
        assert_eq!(first, second, "{class}");
        assert!(instructions(class, 512) > first, "{class}: no work");
    }
}
