//! The budgets of both sides as the repository has them: a report could bring its own.

use crate::budget::{self, Budgets};

use super::api_error::{ApiCause, Permission};
use super::client::{Client, Purpose};
use super::error::PostError;
use super::foreign_text::disarm;
use super::names::{CommitId, RepositoryName, escaped};

/// The longest budgets file.
const BYTES_MAX: usize = 1024 * 1024;

const READ: Purpose = Purpose {
    to: "read the budgets",
    permission: Permission::ContentsRead,
};

/// A budgets file, read and as text.
#[derive(Debug, Clone)]
pub(super) struct BudgetsFile {
    pub(super) text: String,
    pub(super) budgets: Budgets,
}

/// The file at `path` of `commit`; `None` where that commit has none.
pub(super) async fn read(
    client: &Client,
    repository: &RepositoryName,
    path: &str,
    commit: &CommitId,
) -> Result<Option<BudgetsFile>, PostError> {
    let words: Vec<String> = path.split('/').map(escaped).collect();
    let route = format!(
        "/repos/{repository}/contents/{}?ref={commit}",
        words.join("/")
    );
    let bytes = match client.download(&route, BYTES_MAX, READ).await {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.cause, ApiCause::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let refused = |why: String| PostError::Budgets {
        file: path.to_owned(),
        commit: commit.short().to_owned(),
        why: disarm(&why),
    };
    let text = String::from_utf8(bytes).map_err(|error| refused(error.to_string()))?;
    let budgets = budget::read(path, &text).map_err(|error| refused(error.to_string()))?;
    Ok(Some(BudgetsFile { text, budgets }))
}
