//! The pull request that a commit belongs to.
//!
//! A run of a fork does not name its pull request, so it is looked up by branch, and what is found
//! must agree with what the event says in all three: open, the same commit, the same repository. One
//! branch can be head of several pull requests (with different bases): then nobody can tell which
//! was measured.

use serde::Deserialize;

use super::api_error::{ApiError, Permission};
use super::client::{Client, Purpose};
use super::names::{CommitId, RepositoryName, escaped};

/// An open pull request, as the API tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PullRequest {
    pub(super) number: u64,
    pub(super) state: String,
    pub(super) head: Side,
    pub(super) base: Side,
}

/// One side of a pull request.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Side {
    pub(super) sha: String,
    /// Null where the repository was deleted.
    pub(super) repo: Option<Repository>,
}

/// The repository of a side.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Repository {
    pub(super) full_name: String,
}

#[derive(Debug, Deserialize)]
struct Comparison {
    merge_base_commit: Commit,
}

#[derive(Debug, Deserialize)]
struct Commit {
    sha: String,
}

const FIND: Purpose = Purpose {
    to: "find the pull request",
    permission: Permission::PullRequestsRead,
};
const COMPARE: Purpose = Purpose {
    to: "find where the pull request branched off",
    permission: Permission::ContentsRead,
};

/// The open pull requests of `repository` whose head is `commit` of `branch` in `head_repository`.
pub(super) async fn find(
    client: &Client,
    repository: &RepositoryName,
    head_repository: &RepositoryName,
    branch: &str,
    commit: &CommitId,
) -> Result<Vec<PullRequest>, ApiError> {
    let owner = head_repository.owner();
    let head = escaped(&format!("{owner}:{branch}"));
    let route = format!("/repos/{repository}/pulls?state=open&head={head}");
    let found: Vec<PullRequest> = client
        .pages(&route, |page: Vec<PullRequest>| page, FIND)
        .await?;
    Ok(found
        .into_iter()
        .filter(|pull| pull.is_open() && pull.is_at(commit) && pull.comes_from(head_repository))
        .collect())
}

/// The pull request as it is, right before something is posted to it.
pub(super) async fn read(
    client: &Client,
    repository: &RepositoryName,
    number: u64,
) -> Result<PullRequest, ApiError> {
    client
        .get(&format!("/repos/{repository}/pulls/{number}"), FIND)
        .await
}

/// The commit that `head` and `base` have in common last.
pub(super) async fn merge_base(
    client: &Client,
    repository: &RepositoryName,
    base: &CommitId,
    head: &CommitId,
) -> Result<String, ApiError> {
    let route = format!("/repos/{repository}/compare/{base}...{head}?per_page=1");
    let comparison: Comparison = client.get(&route, COMPARE).await?;
    Ok(comparison.merge_base_commit.sha)
}

impl PullRequest {
    pub(super) fn is_open(&self) -> bool {
        self.state == "open"
    }

    pub(super) fn is_at(&self, commit: &CommitId) -> bool {
        self.head.sha == commit.as_str()
    }

    pub(super) fn comes_from(&self, repository: &RepositoryName) -> bool {
        let name = self.head.repo.as_ref().map(|repo| repo.full_name.as_str());
        name.is_some_and(|name| name.eq_ignore_ascii_case(repository.as_str()))
    }
}
