//! The comment on a pull request, and what stands between a stranger's report and it.
//!
//! Two workflows, so that forks are safe: the first runs the pull request's code and may write
//! nothing; the second runs the default branch's code, trusts only GitHub's own words about the
//! first, and takes the report of the first for what it is: text of a stranger.
//!
//! | file | owns |
//! |---|---|
//! | `settings` | what posting is told, and what became of it |
//! | `post` | the order of things |
//! | `event` | what started the job |
//! | `pull_request` | which pull request, and whether it is still the same |
//! | `artifact`, `archive` | one report out of a run |
//! | `json_bounds`, `admission` | whether that report may be read at all, and is about this change |
//! | `recorded`, `budget_lines` | the repository's own budgets and baselines, and where a metric stands in them |
//! | `letter`, `fit` | the text, within GitHub's limits |
//! | `comment`, `check_run` | writing it, once |
//! | `client`, `patience` | one request: bounded, repeated where that is safe |
//! | `api_error` | what GitHub refused, and the remedy |
//! | `api_url`, `token`, `names`, `foreign_text` | values that must not be mixed up or leak |

mod admission;
mod api_error;
mod api_url;
mod archive;
mod artifact;
mod budget_lines;
mod check_run;
mod client;
mod comment;
mod error;
mod event;
mod fit;
mod foreign_text;
mod json_bounds;
mod letter;
mod names;
mod patience;
mod post;
mod pull_request;
mod recorded;
mod settings;
mod token;

pub use admission::AdmissionError;
pub use api_error::{ApiCause, ApiError, Permission};
pub use api_url::{ApiUrl, ApiUrlError};
pub use archive::ArchiveError;
pub use artifact::ArtifactError;
pub use error::PostError;
pub use event::{Event, EventError, PullRequestEvent, WorkflowRunEvent};
pub use foreign_text::disarm;
pub use names::{CommitId, NameError, RepositoryName};
pub use patience::Patience;
pub use post::{post, preview};
pub use settings::{Delivery, Letter, Plan, PostSettings, Posted, WhyNothing};
pub use token::{Token, TokenError};
