//! The one comment of a pull request, made once and then updated in place.
//!
//! ```text
//! list ── ours there? ── yes ── PATCH the oldest, DELETE others of ours
//!   ▲          └── no ── POST ── made: done
//!   └────── wait ◀────────┴── unclear (5xx, reset, timeout): it may have been made
//! ```
//!
//! Ours is a comment that begins with the marker *and* was written by a bot *and* by the account
//! that this job writes as: anyone can paste a marker, and only the last two cannot be forged.

use serde::{Deserialize, Serialize};

use super::api_error::{ApiCause, ApiError, Permission};
use super::client::{Client, Purpose};
use super::foreign_text::disarm;
use super::names::RepositoryName;
use super::patience::Pause;

/// Where a comment goes, and how ours is told from others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) repository: &'a RepositoryName,
    pub(super) number: u64,
    /// What our comment begins with.
    pub(super) marker: &'a str,
    /// The login of the account that writes it.
    pub(super) author: &'a str,
}

/// A comment as the API tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Comment {
    id: u64,
    html_url: String,
    /// Null where it has no text.
    body: Option<String>,
    /// Null where the account was deleted.
    user: Option<User>,
}

#[derive(Debug, Clone, Deserialize)]
struct User {
    login: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Serialize)]
struct NewBody<'a> {
    body: &'a str,
}

/// What became of the comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    /// There was none of ours.
    Created(String),
    /// Ours was changed.
    Updated(String),
}

const LIST: Purpose = Purpose {
    to: "list the comments",
    permission: Permission::PullRequestsRead,
};
const CREATE: Purpose = Purpose {
    to: "write the comment",
    permission: Permission::PullRequestsWrite,
};
const UPDATE: Purpose = Purpose {
    to: "update the comment",
    permission: Permission::PullRequestsWrite,
};
const DELETE: Purpose = Purpose {
    to: "delete a second comment of ours",
    permission: Permission::PullRequestsWrite,
};

/// Our comments, oldest first.
pub(super) async fn ours(client: &Client, place: Place<'_>) -> Result<Vec<Comment>, ApiError> {
    let Place {
        repository, number, ..
    } = place;
    let route = format!("/repos/{repository}/issues/{number}/comments");
    let all: Vec<Comment> = client
        .pages(&route, |page: Vec<Comment>| page, LIST)
        .await?;
    let mut ours: Vec<Comment> = all
        .into_iter()
        .filter(|comment| comment.is_ours(place))
        .collect();
    ours.sort_by_key(|comment| comment.id);
    Ok(ours)
}

/// Makes `body` the text of our one comment.
pub(super) async fn write(
    client: &Client,
    place: Place<'_>,
    body: &str,
) -> Result<Written, ApiError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let ours = ours(client, place).await?;
        let result = match ours.split_first() {
            Some((first, others)) => update(client, place, first, others, body).await,
            None => create(client, place, body).await,
        };
        let error = match result {
            Ok(written) => return Ok(written),
            Err(error) => error,
        };
        // A comment that was there a moment ago was deleted by somebody: one has to be made.
        let vanished = !ours.is_empty() && matches!(error.cause, ApiCause::NotFound { .. });
        let wait = client.patience().wait(Pause::Fault, tried);
        match wait.filter(|_| vanished || error.cause.is_unclear()) {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(error),
        }
    }
}

async fn update(
    client: &Client,
    place: Place<'_>,
    first: &Comment,
    others: &[Comment],
    body: &str,
) -> Result<Written, ApiError> {
    let route = |id: u64| format!("/repos/{}/issues/comments/{id}", place.repository);
    let updated: Comment = client
        .patch(&route(first.id), &NewBody { body }, UPDATE)
        .await?;
    for other in others {
        match client.delete(&route(other.id), DELETE).await {
            Err(error) if !matches!(error.cause, ApiCause::NotFound { .. }) => return Err(error),
            _ => {}
        }
    }
    Ok(Written::Updated(updated.html_url))
}

async fn create(client: &Client, place: Place<'_>, body: &str) -> Result<Written, ApiError> {
    let Place {
        repository, number, ..
    } = place;
    let route = format!("/repos/{repository}/issues/{number}/comments");
    let created: Comment = client.post(&route, &NewBody { body }, CREATE).await?;
    if created.is_by(place.author) {
        return Ok(Written::Created(created.html_url));
    }
    // The next run would not know it for ours, and write another one.
    let route = format!("/repos/{repository}/issues/comments/{}", created.id);
    client.delete(&route, DELETE).await?;
    let writer = created
        .user
        .map_or_else(|| "nobody".to_owned(), |user| disarm(&user.login));
    let cause = ApiCause::WrongAuthor {
        writer,
        author: place.author.to_owned(),
    };
    Err(ApiError {
        purpose: CREATE.to,
        cause,
    })
}

impl Comment {
    fn is_by(&self, author: &str) -> bool {
        let user = self.user.as_ref();
        user.is_some_and(|user| user.kind == "Bot" && user.login.eq_ignore_ascii_case(author))
    }

    fn is_ours(&self, place: Place<'_>) -> bool {
        let marked = self
            .body
            .as_ref()
            .is_some_and(|body| body.starts_with(place.marker));
        marked && self.is_by(place.author)
    }

    pub(super) const fn id(&self) -> u64 {
        self.id
    }
}
