//! Where a report goes beside the terminal: files, and the step of a GitHub Action.

mod files;
pub mod github;
mod step;

pub use files::write_report;
pub use step::Step;

use std::path::PathBuf;

use miette::Diagnostic;

/// Why a report did not arrive.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PublishError {
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    #[diagnostic(help("is the disk full, or the folder read-only? --out DIR names another"))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}
