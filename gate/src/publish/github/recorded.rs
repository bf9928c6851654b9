//! Budgets and baselines of both sides as the repository has them: a report could bring its own.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Deserialize;

use crate::budget::{self, Baseline, Budgets, baseline_folder};

use super::api_error::{ApiCause, Permission};
use super::client::{Client, Purpose};
use super::error::PostError;
use super::foreign_text::disarm;
use super::names::{CommitId, RepositoryName, escaped};

/// The longest of these files.
const BYTES_MAX: usize = 1024 * 1024;
/// The most files that a folder of baselines may have. GitHub lists a thousand and leaves the rest out,
/// where a file could hide.
const FILES_MAX: usize = 100;

const READ_BUDGETS: Purpose = Purpose {
    to: "read the budgets",
    permission: Permission::ContentsRead,
};
const LIST_BASELINES: Purpose = Purpose {
    to: "list the baselines",
    permission: Permission::ContentsRead,
};
const READ_BASELINE: Purpose = Purpose {
    to: "read the baseline",
    permission: Permission::ContentsRead,
};

/// A budgets file, read and as text.
#[derive(Debug, Clone)]
pub(super) struct BudgetsFile {
    pub(super) text: String,
    pub(super) budgets: Budgets,
}

/// A file of one commit.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) repository: &'a RepositoryName,
    pub(super) path: &'a str,
    pub(super) commit: &'a CommitId,
}

/// A budgets file; `None` where the commit has none.
pub(super) async fn budgets(client: &Client, at: At<'_>) -> Result<Option<BudgetsFile>, PostError> {
    let refused = |why: &dyn Display| PostError::Budgets {
        file: at.path.to_owned(),
        commit: at.commit.short().to_owned(),
        why: disarm(&why.to_string()),
    };
    let Some(bytes) = bytes(client, at, READ_BUDGETS).await? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|error| refused(&error))?;
    let budgets = budget::read(at.path, &text).map_err(|error| refused(&error))?;
    Ok(Some(BudgetsFile { text, budgets }))
}

/// What lies at a path.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Contents {
    Folder(Vec<Entry>),
    /// A file, a link or a submodule is told as one object.
    Other {},
}

/// What is in a folder.
#[derive(Debug, Deserialize)]
struct Entry {
    path: String,
    sha: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The baselines of a commit: the name that git gives to the content of each file, by its target.
pub(super) async fn baselines(
    client: &Client,
    repository: &RepositoryName,
    commit: &CommitId,
) -> Result<BTreeMap<String, String>, PostError> {
    let folder = baseline_folder();
    let path = folder.trim_end_matches('/');
    let route = format!("/repos/{repository}/contents/{path}?ref={commit}");
    let entries = match client.get(&route, LIST_BASELINES).await {
        Ok(Contents::Folder(entries)) => entries,
        Ok(Contents::Other {}) => Vec::new(),
        Err(error) if matches!(error.cause, ApiCause::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    if entries.len() > FILES_MAX {
        return Err(PostError::ManyBaselines {
            folder,
            commit: commit.short().to_owned(),
            count: entries.len(),
            count_max: FILES_MAX,
        });
    }
    let files = entries.into_iter().filter(|entry| entry.kind == "file");
    let named = |entry: Entry| Some((Baseline::target_at(&entry.path)?.to_owned(), entry.sha));
    Ok(files.filter_map(named).collect())
}

/// A baseline; `None` where the commit has none.
pub(super) async fn baseline(client: &Client, at: At<'_>) -> Result<Option<Baseline>, PostError> {
    let refused = |why: &dyn Display| PostError::Baseline {
        file: at.path.to_owned(),
        commit: at.commit.short().to_owned(),
        why: disarm(&why.to_string()),
    };
    let Some(bytes) = bytes(client, at, READ_BASELINE).await? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|error| refused(&error))?;
    Baseline::read(&text)
        .map(Some)
        .map_err(|error| refused(&error))
}

async fn bytes(
    client: &Client,
    at: At<'_>,
    purpose: Purpose,
) -> Result<Option<Vec<u8>>, PostError> {
    let At {
        repository,
        path,
        commit,
    } = at;
    let words: Vec<String> = path.split('/').map(escaped).collect();
    let route = format!(
        "/repos/{repository}/contents/{}?ref={commit}",
        words.join("/")
    );
    match client.download(&route, BYTES_MAX, purpose).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.cause, ApiCause::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
