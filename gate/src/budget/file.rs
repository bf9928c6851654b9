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
//! wider than their ranges for the same reason.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// A text and where it stands.
pub(super) type Text = Spanned<String>;
/// A program and its arguments.
pub(super) type Words = Spanned<Vec<Text>>;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct File {
    pub(super) schema: Option<Spanned<i64>>,
    pub(super) subject: Option<Spanned<SubjectTable>>,
    pub(super) run: Option<RunTable>,
    pub(super) metrics: Option<Spanned<BTreeMap<Text, MetricTable>>>,
    pub(super) trades: Option<Vec<Spanned<TradeTable>>>,
    pub(super) baseline: Option<Spanned<BaselineTable>>,
}

/// `[subject]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct SubjectTable {
    pub(super) build: Option<Words>,
    pub(super) artifacts: Option<Spanned<BTreeMap<Text, Text>>>,
    pub(super) toolchain: Option<Words>,
    pub(super) harness: Option<Words>,
    pub(super) serve: Option<Spanned<ServeTable>>,
}

/// `[subject.serve]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct ServeTable {
    pub(super) command: Option<Words>,
    pub(super) ready: Option<Text>,
}

/// `[run]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct RunTable {
    pub(super) max_time: Option<Text>,
    pub(super) confidence: Option<Spanned<f64>>,
    pub(super) inconclusive: Option<Text>,
    pub(super) reason: Option<Text>,
}

/// `[metrics.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct MetricTable {
    pub(super) probe: Option<Text>,
    pub(super) direction: Option<Text>,
    pub(super) quantity: Option<Text>,
    pub(super) load: Option<Spanned<LoadTable>>,
    pub(super) run: Option<Words>,
    pub(super) cases: Option<Words>,
    pub(super) counts: Option<Spanned<Vec<Spanned<i64>>>>,
    pub(super) required: Option<Spanned<bool>>,
    pub(super) format: Option<Text>,
    pub(super) file: Option<Text>,
    pub(super) artifact: Option<Text>,
    pub(super) sections: Option<Words>,
    pub(super) exact: Option<Spanned<bool>>,
    pub(super) report_only: Option<Spanned<bool>>,
    pub(super) budget: Option<Text>,
    pub(super) reason: Option<Text>,
    pub(super) floor: Option<Text>,
    pub(super) case: Option<Spanned<BTreeMap<Text, CaseTable>>>,
}

/// `[metrics.NAME.case.CASE]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct CaseTable {
    pub(super) budget: Option<Text>,
    pub(super) reason: Option<Text>,
}

/// `load` of `[metrics.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct LoadTable {
    pub(super) connections: Option<Spanned<i64>>,
    pub(super) pipeline: Option<Spanned<i64>>,
    pub(super) read_ratio: Option<Spanned<f64>>,
    pub(super) keys: Option<Spanned<i64>>,
    pub(super) value_bytes: Option<Spanned<i64>>,
    pub(super) zipf: Option<Spanned<f64>>,
    pub(super) rate: Option<Spanned<i64>>,
}

/// `[[trades]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct TradeTable {
    pub(super) metric: Option<Text>,
    pub(super) allow: Option<Text>,
    pub(super) reason: Option<Text>,
}

/// `[baseline]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct BaselineTable {
    pub(super) budget: Option<Text>,
    pub(super) metrics: Option<Spanned<BTreeMap<Text, Text>>>,
    pub(super) reason: Option<Text>,
}
