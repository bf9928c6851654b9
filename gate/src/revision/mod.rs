//! Revisions: a commit, or the working tree as it stands, resolved to a tree hash.
//!
//! Everything goes through the `git` command line, and nothing here writes to the user's
//! repository: the working tree is hashed with an index and an object folder of its own.

mod error;
mod git;
mod repository;
mod working_tree;

pub use error::RevisionError;
pub use git::Git;
pub use repository::{Repository, Revision};
