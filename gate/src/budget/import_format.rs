//! The benchmark tools whose files the `import` probe reads, and the words of each.

use serde::{Deserialize, Serialize};

/// A benchmark tool whose files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImportFormat {
    /// Criterion, for Rust.
    Criterion,
    /// hyperfine.
    Hyperfine,
    /// `go test -bench`.
    Go,
    /// Google Benchmark, for C++.
    GoogleBenchmark,
    /// pytest-benchmark, for Python.
    PytestBenchmark,
}

impl ImportFormat {
    /// Every format, in the order in which messages list them.
    pub const ALL: [Self; 5] = [
        Self::Criterion,
        Self::Hyperfine,
        Self::Go,
        Self::GoogleBenchmark,
        Self::PytestBenchmark,
    ];

    /// As `budgets.toml` writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Criterion => "criterion",
            Self::Hyperfine => "hyperfine",
            Self::Go => "go",
            Self::GoogleBenchmark => "google-benchmark",
            Self::PytestBenchmark => "pytest-benchmark",
        }
    }

    /// As its authors call it.
    #[must_use]
    pub const fn tool(self) -> &'static str {
        match self {
            Self::Criterion => "Criterion",
            Self::Hyperfine => "hyperfine",
            Self::Go => "`go test -bench`",
            Self::GoogleBenchmark => "Google Benchmark",
            Self::PytestBenchmark => "pytest-benchmark",
        }
    }

    /// The numbers that it writes, the default first; Go's may be any unit that a benchmark reports.
    #[must_use]
    pub const fn quantities(self) -> &'static [&'static str] {
        match self {
            Self::Criterion => &["median", "mean", "slope"],
            Self::Hyperfine => &["median", "mean", "min", "max", "user", "system"],
            Self::Go => &["ns/op", "B/op", "allocs/op", "MB/s"],
            Self::GoogleBenchmark => &["real_time", "cpu_time"],
            Self::PytestBenchmark => &["median", "mean", "min", "max"],
        }
    }
}
