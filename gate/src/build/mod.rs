//! From a revision to artifacts: one build room, and a cache of what came out of it.
//!
//! ```text
//! CACHE/REPOSITORY/     one a repository, at one fixed path
//! ├── lock              held by the run that uses the room
//! ├── index             git's index of the tree below
//! ├── tree/             base is checked out and built here, then head
//! └── artifacts/KEY/    what a build left behind
//!     ├── manifest.json names, digests, where they came from
//!     └── NAME …        the files
//! ```
//!
//! Both arms are built at the same path with the same command, so equal sources give equal bytes,
//! and the second build reuses what the first one compiled. KEY is a hash of the tree, the
//! command, the artifacts' paths, the toolchain, the variables that steer compilers, and the
//! room's path.

mod artifacts;
mod cache;
mod environment;
mod error;
mod linkage;
mod room;

pub use artifacts::{Artifact, Artifacts};
pub use cache::{ArtifactCache, CacheKey};
pub use error::BuildError;
pub use room::{Built, Room, cache_root};
