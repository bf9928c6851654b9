//! The tiny subject of the tests: a server built by `rustc`, and an exact probe that is a script.

use crate::repository::TestRepository;

/// A repository with the subject committed on `main`.
pub(crate) fn repository() -> TestRepository {
    let repository = TestRepository::new();
    repository.write("server.rs", include_str!("subject/server.rs"));
    repository.write("budgets.toml", include_str!("subject/budgets.toml"));
    repository.write("build.sh", include_str!("subject/build.sh"));
    repository.write("probe.sh", include_str!("subject/probe.sh"));
    repository.write(".gitignore", "/out/\n/target/\n");
    repository.commit("a server");
    repository
}

/// The subject with only its exact metric: nothing is timed, so a comparison takes a second.
pub(crate) fn exact_repository() -> TestRepository {
    let repository = repository();
    repository.write("budgets.toml", EXACT_BUDGETS);
    repository.write(
        "build.sh",
        "mkdir -p out && cp probe.sh out/probe && chmod +x out/probe\n",
    );
    repository.commit("only the exact metric");
    repository
}

/// Budgets of one exact metric.
pub(crate) const EXACT_BUDGETS: &str = r#"schema = 1

[subject]
build     = ["sh", "build.sh"]
artifacts = { probe = "out/probe" }

[metrics.bytes_per_key]
probe     = "command"
run       = ["{probe}"]
direction = "lower-is-better"
exact     = true
budget    = "5%"
"#;

/// A probe that prints one reading a line, each with its case, value and unit.
pub(crate) fn probe(lines: &[(&str, &str, &str)]) -> String {
    let echo = |(case, value, unit): &(&str, &str, &str)| {
        format!(r#"echo '{{"case": "{case}", "value": {value}, "unit": "{unit}"}}'"#)
    };
    let lines: Vec<String> = lines.iter().map(echo).collect();
    format!("#!/bin/sh\n{}\n", lines.join("\n"))
}
