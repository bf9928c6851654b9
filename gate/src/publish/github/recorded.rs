//! Budgets and baselines of both sides as the repository has them: a report could bring its own.

use std::fmt::Display;

use crate::budget::{self, Baseline, Budgets};

use super::api_error::{ApiCause, Permission};
use super::client::{Client, Purpose};
use super::error::PostError;
use super::foreign_text::disarm;
use super::names::{CommitId, RepositoryName, escaped};

/// The longest of these files.
const BYTES_MAX: usize = 1024 * 1024;

const READ_BUDGETS: Purpose = Purpose {
    to: "read the budgets",
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
