//! Somebody else's server, guarded by a budgets file of twenty lines and no code.
//!
//! The repository stands for a checkout of redis: `make` leaves Debian's `redis-server` at the path
//! where redis builds its own.

use crate::repository::{Run, TestRepository};

const EXAMPLE: &str = include_str!("../../examples/redis.toml");
const BUILD: &str = "all:\n\tmkdir -p src && cp \"$$(command -v redis-server)\" src/redis-server\n";
const WRAPPED_BUILD: &str =
    "all:\n\tmkdir -p src && cp wrapper.sh src/redis-server && chmod +x src/redis-server\n";
/// Threads that wait for work by spinning, on the one core that the gate gives to the server: tens of
/// times slower there, and twice the CPU time a request wherever it runs.
const WRAPPER: &str = "#!/bin/sh\n\
    exec redis-server \"$@\" --io-threads 2 --io-threads-do-reads yes\n";

/// A repository that builds redis; `None` where there is none on this machine.
fn repository() -> Option<TestRepository> {
    let found = std::process::Command::new("redis-server")
        .arg("--version")
        .output();
    if found.is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI installs redis-server");
        eprintln!("skipped: redis-server is not on the PATH");
        return None;
    }
    assert!(EXAMPLE.lines().count() <= 20, "the example has grown");
    let repository = TestRepository::new();
    repository.write("budgets.toml", EXAMPLE);
    repository.write("Makefile", BUILD);
    repository.write("wrapper.sh", WRAPPER);
    repository.write(".gitignore", "/src/\n/target/\n");
    repository.commit("redis");
    Some(repository)
}

#[test]
fn the_same_redis_passes_as_the_same_binary() {
    let Some(repository) = repository() else {
        return;
    };
    assert_eq!(repository.run(&["check"]).status, 0);
    repository.write("README", "another word");
    repository.commit("a text");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    assert_eq!(report["verdict"], "PASS");
    for metric in report["metrics"].as_array().unwrap() {
        assert_eq!(metric["reason"], "identical_binary", "{metric}");
    }
}

/// A wrapper that starts the same server as it is asked to.
const SAME: &str = "#!/bin/sh\nexec redis-server \"$@\"\n";

/// Commits a wrapper as the server, and compares it by the metrics that match.
fn compare(repository: &TestRepository, wrapper: &str, only: &str) -> Run {
    // Smaller data sets than a person would take, for a test.
    let loads = "qps.load = { keys = 2000 }\ncpu_per_request.load = { keys = 2000 }\n\
                 used_per_key.load = { keys = 20000 }\n";
    repository.write("budgets.toml", &format!("{EXAMPLE}{loads}"));
    repository.commit("smaller data sets");
    repository.write("wrapper.sh", wrapper);
    repository.write("Makefile", WRAPPED_BUILD);
    repository.commit("a wrapper");
    repository.run(&["compare", "--max-time", "5s", "--seed", "3", "--only", only])
}

fn metric(repository: &TestRepository, id: &str) -> serde_json::Value {
    let report = repository.report();
    let metrics = report["metrics"].as_array().unwrap();
    metrics
        .iter()
        .find(|metric| metric["id"] == id)
        .unwrap()
        .clone()
}

#[test]
fn a_redis_that_is_made_slower_fails() {
    let Some(repository) = repository() else {
        return;
    };
    let run = compare(&repository, WRAPPER, "cpu_per_request");
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let cpu = metric(&repository, "cpu_per_request");
    assert_eq!(cpu["verdict"], "FAIL", "{}", run.stdout);
    assert_eq!(cpu["reason"], "past_budget");
}

#[test]
fn the_memory_that_redis_takes_for_a_key_is_what_it_says() {
    let Some(repository) = repository() else {
        return;
    };
    let run = compare(&repository, SAME, "used_per_key");
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    let used = metric(&repository, "used_per_key");
    let base = used["base"].as_f64().unwrap();
    // A key of 16 bytes and a value of 128, each in an object of its own.
    assert!((150.0..500.0).contains(&base), "{used}");
}
