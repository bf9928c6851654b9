//! `budgets.toml` as it is written: every key that may stand in it, nothing filled in or checked.
//!
//! ```text
//! schema                                          the version of this format
//! [subject]          build artifacts toolchain harness
//! [subject.serve]    command ready
//! [run]              max_time confidence inconclusive reason
//! [metrics.NAME]     probe direction quantity load run cases counts required format file artifact
//!                    sections exact report_only budget reason floor
//! [metrics.NAME.case.CASE]   budget reason
//! [[trades]]         metric allow reason
//! [baseline]         budget metrics reason
//! ```
//!
//! Every value keeps its span, so that a mistake in it can be shown in place. All keys are optional
//! here: that one is missing is told by the reader, in words that name the remedy. Integers are
//! wider than their ranges for the same reason. The JSON schema is made from these types: what is
//! said of a key here is what an editor shows beside it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::import_format::ImportFormat;
use super::read::{DIRECTIONS, PROBES, UNDECIDED};

/// A text and where it stands.
pub(super) type Text = Spanned<String>;
/// A program and its arguments.
pub(super) type Words = Spanned<Vec<Text>>;

/// What a change may cost, as `gate` reads it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
#[schemars(title = "budgets.toml")]
pub(super) struct File {
    /// The version of this format.
    #[schemars(with = "i64", extend("const" = 1), required)]
    pub(super) schema: Option<Spanned<i64>>,
    #[schemars(with = "SubjectTable", required)]
    pub(super) subject: Option<Spanned<SubjectTable>>,
    pub(super) run: Option<RunTable>,
    /// What is measured, by name.
    #[schemars(with = "BTreeMap<String, MetricTable>", required)]
    pub(super) metrics: Option<Spanned<BTreeMap<Text, MetricTable>>>,
    /// Regressions that are meant: each counts in the change that adds it, and stays as the record.
    #[schemars(with = "Option<Vec<TradeTable>>")]
    pub(super) trades: Option<Vec<Spanned<TradeTable>>>,
    #[schemars(with = "Option<BaselineTable>")]
    pub(super) baseline: Option<Spanned<BaselineTable>>,
}

/// What is built and measured.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct SubjectTable {
    /// Program and arguments that build the subject, run at the root of its tree.
    #[schemars(with = "Vec<String>", required)]
    pub(super) build: Option<Words>,
    /// Files that the build leaves behind, by the name that commands use as `{name}`.
    #[schemars(with = "BTreeMap<String, String>", required)]
    pub(super) artifacts: Option<Spanned<BTreeMap<Text, Text>>>,
    /// Program and arguments whose output names the toolchain; left out, the build program is asked,
    /// unless it is a script of the tree.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) toolchain: Option<Words>,
    /// Patterns of the paths that measure instead of being measured.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) harness: Option<Words>,
    #[schemars(with = "Option<ServeTable>")]
    pub(super) serve: Option<Spanned<ServeTable>>,
}

/// How a server under test is started.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct ServeTable {
    /// Program and arguments; `{port}` and the names of artifacts are filled in.
    #[schemars(with = "Vec<String>", required)]
    pub(super) command: Option<Words>,
    /// When it counts as started: `resp` answers PING, `tcp` accepts a connection, `http:/path`
    /// answers GET.
    #[schemars(with = "Option<String>", regex(pattern = r"^(resp|tcp|http:/.*)$"))]
    pub(super) ready: Option<Text>,
}

/// How long a run may take, and how sure it must be.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct RunTable {
    /// Time for measuring, builds apart: `6m`, `90s`.
    #[schemars(with = "Option<String>")]
    pub(super) max_time: Option<Text>,
    /// Confidence of every interval, above 0.5 and below 1.
    #[schemars(with = "Option<f64>")]
    pub(super) confidence: Option<Spanned<f64>>,
    /// What a metric that could not be decided does to the run.
    #[schemars(with = "Option<String>", extend("enum" = UNDECIDED.map(|(word, _)| word)))]
    pub(super) inconclusive: Option<Text>,
    /// Why; must stand where a change weakens one of these.
    #[schemars(with = "Option<String>", length(min = 10))]
    pub(super) reason: Option<Text>,
}

/// How a metric is measured, and what may happen to it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct MetricTable {
    /// What measures it.
    #[schemars(with = "String", extend("enum" = PROBES), required)]
    pub(super) probe: Option<Text>,
    /// Which way is better.
    #[schemars(with = "String", extend("enum" = DIRECTIONS.map(|(word, _)| word)), required)]
    pub(super) direction: Option<Text>,
    /// Which of the probe's quantities; left out, the one that the metric is named after.
    #[schemars(with = "Option<String>")]
    pub(super) quantity: Option<Text>,
    #[schemars(with = "Option<LoadTable>")]
    pub(super) load: Option<Spanned<LoadTable>>,
    /// Program and arguments of `command`, `time` and `import`; `{name}` of an artifact is filled in.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) run: Option<Words>,
    /// What `{case}` stands for in `run` of `callgrind`, one run each.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) cases: Option<Words>,
    /// The two values of `{count}` in `run` of `callgrind`, the smaller first.
    #[schemars(with = "Option<[i64; 2]>")]
    pub(super) counts: Option<Spanned<Vec<Spanned<i64>>>>,
    /// Whether a run without valgrind is an error; left out, the metric is not measured there.
    #[schemars(with = "Option<bool>")]
    pub(super) required: Option<Spanned<bool>>,
    /// Whose file `import` reads.
    #[schemars(with = "Option<String>", extend("enum" = ImportFormat::ALL.map(ImportFormat::name)))]
    pub(super) format: Option<Text>,
    /// The file that `import` reads, from the folder that the program runs in; left out, what it
    /// prints.
    #[schemars(with = "Option<String>")]
    pub(super) file: Option<Text>,
    /// The artifact that `size` measures.
    #[schemars(with = "Option<String>")]
    pub(super) artifact: Option<Text>,
    /// Sections that `size` tells one by one, such as `.text`.
    #[schemars(with = "Option<Vec<String>>")]
    pub(super) sections: Option<Words>,
    /// Counted instead of timed: two runs must agree to the last digit.
    #[schemars(with = "Option<bool>")]
    pub(super) exact: Option<Spanned<bool>>,
    /// Shown, never judged.
    #[schemars(with = "Option<bool>")]
    pub(super) report_only: Option<Spanned<bool>>,
    /// The largest change for the worse that may land: `3%`, `16 B`, `looser of 3% and 16 B` or
    /// `tighter of 3% and 16 B`.
    #[schemars(with = "Option<String>")]
    pub(super) budget: Option<Text>,
    /// Why the budget is what it is; must stand where a change loosens it.
    #[schemars(with = "Option<String>", length(min = 10))]
    pub(super) reason: Option<Text>,
    /// Smaller moves of a noisy metric are never called real; 1% unless set.
    #[schemars(with = "Option<String>")]
    pub(super) floor: Option<Text>,
    /// Budgets of single cases.
    #[schemars(with = "Option<BTreeMap<String, CaseTable>>")]
    pub(super) case: Option<Spanned<BTreeMap<Text, CaseTable>>>,
}

/// What differs for one case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct CaseTable {
    /// Replaces the metric's budget.
    #[schemars(with = "String", required)]
    pub(super) budget: Option<Text>,
    /// Why; must stand where a change loosens it.
    #[schemars(with = "Option<String>", length(min = 10))]
    pub(super) reason: Option<Text>,
}

/// What the load generator sends, and the data set that it is sent about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct LoadTable {
    /// Connections that stay open for a whole round; 16 unless set.
    #[schemars(with = "Option<i64>", range(min = 1, max = 1024))]
    pub(super) connections: Option<Spanned<i64>>,
    /// Requests in flight on each connection; 1 unless set.
    #[schemars(with = "Option<i64>", range(min = 1, max = 1024))]
    pub(super) pipeline: Option<Spanned<i64>>,
    /// Share of GET, the rest is SET; 0.9 unless set.
    #[schemars(with = "Option<f64>", range(min = 0.0, max = 1.0))]
    pub(super) read_ratio: Option<Spanned<f64>>,
    /// Keys in the data set; 100,000 unless set.
    #[schemars(with = "Option<i64>", range(min = 1, max = 100_000_000))]
    pub(super) keys: Option<Spanned<i64>>,
    /// Bytes of every value; 128 unless set.
    #[schemars(with = "Option<i64>", range(min = 1, max = 1_048_576))]
    pub(super) value_bytes: Option<Spanned<i64>>,
    /// Exponent of the zipf distribution of keys, 0 is uniform; 0.99 unless set.
    #[schemars(with = "Option<f64>", range(min = 0.0, max = 5.0))]
    pub(super) zipf: Option<Spanned<f64>>,
    /// Requests per second of `resp-latency`; left out, half of what the slower revision answers.
    #[schemars(with = "Option<i64>", range(min = 1, max = 10_000_000))]
    pub(super) rate: Option<Spanned<i64>>,
}

/// A regression that may land with the change that adds the entry.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct TradeTable {
    /// The metric, with `/` and the case where it has cases.
    #[schemars(with = "String", required)]
    pub(super) metric: Option<Text>,
    /// How much worse it may get, as a budget is written; or `removed`.
    #[schemars(with = "String", required)]
    pub(super) allow: Option<Text>,
    /// What is gained.
    #[schemars(with = "String", required, length(min = 10))]
    pub(super) reason: Option<Text>,
}

/// How far exact metrics may creep from what `gate baseline record` recorded.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct BaselineTable {
    /// What holds for every metric, written as a budget is.
    #[schemars(with = "String", required)]
    pub(super) budget: Option<Text>,
    /// Other budgets for single metrics, or single cases.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub(super) metrics: Option<Spanned<BTreeMap<Text, Text>>>,
    /// Why; must stand where a change loosens one of these.
    #[schemars(with = "Option<String>", length(min = 10))]
    pub(super) reason: Option<Text>,
}
