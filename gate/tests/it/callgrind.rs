//! Instructions of a program, through the command line: a subject of twenty lines, built by `rustc`.
//!
//! Where there is no valgrind these tests say so and pass, unless `CI` is `true`.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::repository::TestRepository;
use crate::subject::exact_repository;

/// A program that spins for every operation; `SPIN` is what a slower head is made of.
const WORK: &str = r#"
use std::hint::black_box;

const SPIN: u32 = 1000;

#[inline(never)]
fn spin(turns: u32) {
    for turn in 0..turns {
        black_box(turn);
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let (class, count) = (words.next().unwrap(), words.next().unwrap());
    let turns = if class == "slow" { SPIN } else { 100 };
    for _ in 0..count.parse::<u32>().unwrap() {
        spin(turns);
    }
}
"#;

const BUDGETS: &str = r#"schema = 1

[subject]
build     = ["sh", "build.sh"]
artifacts = { work = "out/work" }

[metrics.instructions]
probe     = "callgrind"
run       = ["{work}", "{case}", "{count}"]
cases     = ["slow", "fast"]
counts    = [10, 30]
direction = "lower-is-better"
"#;

/// Whether valgrind is there; in CI it must be.
fn valgrind_is_there() -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|f| f.join("valgrind").is_file()));
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(found || !required, "CI needs valgrind");
    if !found {
        eprintln!("skipped: valgrind is not on the PATH");
    }
    found
}

/// A repository whose program has been committed.
fn repository(work: &str, budgets: &str) -> TestRepository {
    let repository = TestRepository::new();
    let build = "mkdir -p out && rustc --edition 2021 -O -o out/work work.rs\n";
    repository.write("build.sh", build);
    repository.write("work.rs", work);
    repository.write("budgets.toml", budgets);
    repository.write(".gitignore", "/out/\n/target/\n");
    repository.commit("a program");
    repository
}

fn metric<'a>(report: &'a Value, id: &str) -> &'a Value {
    let metrics = report["metrics"].as_array().unwrap();
    metrics.iter().find(|metric| metric["id"] == id).unwrap()
}

/// The counts of an arm; two.
fn counts(metric: &Value, arm: &str) -> [f64; 2] {
    let counts = metric["samples"][arm].as_array().unwrap();
    assert_eq!(counts.len(), 2, "{counts:?}");
    [0, 1].map(|at| counts[at].as_f64().unwrap())
}

#[test]
fn a_rise_of_instructions_past_one_percent_fails() {
    if !valgrind_is_there() {
        return;
    }
    let repository = repository(WORK, BUDGETS);
    repository.write(
        "work.rs",
        &WORK.replace("SPIN: u32 = 1000", "SPIN: u32 = 1020"),
    );
    repository.commit("spin longer");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    let slow = metric(&report, "instructions/slow");
    assert_eq!(
        (&slow["verdict"], &slow["reason"]),
        (&"FAIL".into(), &"past_budget".into())
    );
    assert_eq!(
        (&slow["unit"], &slow["kind"]),
        (&"instructions".into(), &"exact".into())
    );
    assert_eq!(slow["budget"], 1.0, "the budget of a count that has none");
    let ([first, second], [head, _]) = (counts(slow, "base"), counts(slow, "head"));
    assert!(
        first.to_bits() == second.to_bits() && first >= 1000.0,
        "{first} {second}"
    );
    let turn = first / 1000.0;
    assert!(
        (head - first - 20.0 * turn).abs() < turn,
        "{first} → {head}"
    );
    let parts = slow["breakdown"]["parts"].as_array().unwrap();
    // Demangled, with what it takes itself and with what calls it takes.
    assert_eq!(parts[0]["name"], "work::spin", "{parts:?}");
    for shares in [&parts[0]["own"], &parts[0]["inclusive"]] {
        let grown = shares[1].as_f64().unwrap() - shares[0].as_f64().unwrap();
        assert!((grown - 20.0 * turn).abs() < turn, "{parts:?}");
    }
    let told = repository.run(&["explain", "instructions/slow"]);
    assert_eq!(told.status, 0, "{}", told.stderr);
    let worst = told.stdout.lines().nth(4).unwrap();
    assert!(
        worst.contains("spin") && worst.contains('+'),
        "{}",
        told.stdout
    );
    let fast = metric(&report, "instructions/fast");
    assert_eq!(
        (&fast["reason"], &fast["delta_pct"]),
        (&"within_noise".into(), &0.0.into())
    );
}

#[test]
fn another_folder_another_environment_and_another_arm_count_the_same() {
    if !valgrind_is_there() {
        return;
    }
    let one_case = BUDGETS.replace("\"slow\", \"fast\"", "\"slow\"");
    let allocating = WORK.replace("black_box(turn);", "black_box(vec![turn; 37]);");
    let count = |surroundings: &str| {
        let repository = repository(&allocating, &one_case);
        let unrelated = allocating.replace("fn main() {", "fn main() {\n    black_box(7);");
        repository.write("work.rs", &unrelated);
        repository.commit("a start that takes longer");
        let cache = repository.beside(&format!("cache{surroundings}"));
        let mut gate = repository.gate(&["compare"]);
        gate.env("GATE_CACHE_DIR", cache)
            .env("SURROUNDINGS", surroundings)
            .env("MALLOC_CONF", surroundings);
        let output = gate.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let report = repository.report();
        let slow = metric(&report, "instructions/slow");
        assert_eq!(
            slow["reason"], "within_noise",
            "the start drops out: {slow}"
        );
        counts(slow, "base")[0].to_bits()
    };
    assert_eq!(count(""), count(&"x".repeat(200)));
}

#[test]
fn the_same_bytes_are_not_counted() {
    if !valgrind_is_there() {
        return;
    }
    let repository = repository(WORK, BUDGETS);
    repository.write("README", "no code\n");
    repository.commit("a document");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    let row = metric(&report, "instructions");
    assert_eq!(
        (&row["reason"], &row["samples"]),
        (&"identical_binary".into(), &Value::Null)
    );
}

#[test]
fn a_program_that_does_not_do_the_same_twice_is_unstable() {
    if !valgrind_is_there() {
        return;
    }
    let clock = "std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)\
        .unwrap().subsec_nanos() % 900";
    let moving = WORK.replace("spin(turns);", &format!("spin(turns + {clock});"));
    let repository = repository(&moving, BUDGETS);
    repository.write("work.rs", &moving.replace("% 900", "% 901"));
    repository.commit("another modulus");
    let run = repository.run(&["compare"]);
    assert!(run.status < 2, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    let slow = metric(&report, "instructions/slow");
    assert_eq!(slow["reason"], "unstable");
    assert_ne!(slow["verdict"], "PASS");
    let message = slow["message"].as_str().unwrap();
    for arm in ["base", "head"] {
        let [first, second] = counts(slow, arm);
        assert!(
            message.contains(&format!("{arm} {first} / {second}")),
            "{message}"
        );
    }
}

#[test]
fn what_cannot_be_counted_is_an_error() {
    if !valgrind_is_there() {
        return;
    }
    let refused = |work: &str, parts: &[&str]| {
        let repository = repository(WORK, BUDGETS);
        repository.write("work.rs", work);
        repository.commit("a broken program");
        repository.run(&["compare"]).refused(parts);
    };
    let idle = WORK.replace("count.parse::<u32>().unwrap()", "count.len()");
    refused(
        &idle,
        &[
            "instructions/slow on head: 10 operations took",
            "no more",
            "{count}",
        ],
    );
    let crashing = WORK.replace(
        "fn main() {",
        "fn main() {\n    panic!(\"no memory left\");",
    );
    refused(
        &crashing,
        &[
            "instructions on head",
            "under valgrind ended with",
            "no memory left",
        ],
    );
}

/// A folder with what a build of scripts needs, and no valgrind.
fn path_without_valgrind(repository: &TestRepository) -> PathBuf {
    let folder = repository.beside("bin");
    std::fs::create_dir(&folder).unwrap();
    let paths = std::env::var_os("PATH").unwrap();
    for program in ["git", "sh", "mkdir", "cp", "chmod"] {
        let mut found = std::env::split_paths(&paths).map(|f| f.join(program));
        let found = found.find(|path: &PathBuf| Path::is_file(path)).unwrap();
        symlink(found, folder.join(program)).unwrap();
    }
    folder
}

#[test]
fn without_valgrind_the_metric_warns_or_must_be_there() {
    let repository = exact_repository();
    let budgets = BUDGETS.replace("work = \"out/work\"", "work = \"out/probe\"");
    repository.write("budgets.toml", &budgets);
    repository.commit("count instructions");
    repository.write("probe.sh", "#!/bin/sh\ntrue\n");
    repository.commit("another program");
    let bin = path_without_valgrind(&repository);
    let compare = |args: &[&str]| {
        let output = repository.gate(args).env("PATH", &bin).output().unwrap();
        crate::repository::Run::from(output)
    };
    let run = compare(&["compare", "--format", "markdown"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let first = run
        .stdout
        .lines()
        .find(|line| line.contains("WARN"))
        .unwrap();
    assert!(first.contains("valgrind is not on the PATH"), "{first}");
    assert!(first.contains("apt-get install valgrind"), "{first}");
    let report = repository.report();
    let row = metric(&report, "instructions");
    assert_eq!(
        (&row["verdict"], &row["reason"]),
        (&"WARN".into(), &"skipped".into())
    );
    let again = repository.run(&["judge", "target/gate/report.json"]);
    assert!(
        again.stdout.contains("WARN: instructions: not measured"),
        "{}",
        again.stdout
    );

    repository.write("budgets.toml", &format!("{budgets}required = true\n"));
    repository.write("probe.sh", "#!/bin/sh\nexit 0\n");
    repository.commit("count instructions everywhere");
    compare(&["compare"]).refused(&["instructions is required, and valgrind is not on the PATH"]);
}
