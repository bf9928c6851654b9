//! What can go wrong between a revision as typed and a tree.

use std::path::PathBuf;

use miette::Diagnostic;

/// Why a revision could not be resolved or read.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum RevisionError {
    /// `git` is missing or cannot be started.
    #[error("cannot run git: {source}")]
    #[diagnostic(help("install git 2.30 or later and put it on the PATH"))]
    NoGit {
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Git would be started in a folder that is not there.
    #[error("there is no folder {}", folder.display())]
    #[diagnostic(help("name a checkout with --repository DIR, or leave it out inside of one"))]
    NoFolder {
        /// The folder as named.
        folder: PathBuf,
    },
    /// The folder belongs to no repository.
    #[error("no git repository around {}", folder.display())]
    #[diagnostic(help("run gate inside a checkout, or name one with --repository DIR"))]
    NoRepository {
        /// Where the search began.
        folder: PathBuf,
    },
    /// A file that is judged by is a symbolic link, or reached through one.
    #[error(
        "{path} is a symbolic link, or in a folder that is one: a change of what it points to would not be seen"
    )]
    #[diagnostic(help(
        "put the file itself there, or name the file that it points to (--budgets FILE)"
    ))]
    Link {
        /// The path from the top of the repository.
        path: String,
    },
    /// A bare repository has no working tree to build.
    #[error("{} is a bare repository", folder.display())]
    #[diagnostic(help("clone it, and run gate in the clone"))]
    Bare {
        /// The repository.
        folder: PathBuf,
    },
    /// No commit goes by that name.
    #[error("unknown revision {name:?}")]
    #[diagnostic(help("{help}"))]
    Unknown {
        /// The name as typed.
        name: String,
        /// How to get at it.
        help: String,
    },
    /// Two revisions without a common ancestor.
    #[error("{base:?} and {head:?} have no common ancestor")]
    #[diagnostic(help("compare with {base:?} itself: add --exact-base"))]
    Unrelated {
        /// One revision.
        base: String,
        /// The other.
        head: String,
    },
    /// A shallow clone ends before the commit that is needed.
    #[error("this clone is shallow and does not reach {what}")]
    #[diagnostic(help(
        "fetch the history: `git fetch --unshallow`, or `fetch-depth: 0` for actions/checkout"
    ))]
    Shallow {
        /// What was looked for.
        what: String,
    },
    /// Neither a remote default branch, nor `main`, nor `master`.
    #[error(
        "no base to compare with: there is no remote default branch, no `main` and no `master`"
    )]
    #[diagnostic(help("name one: `gate compare BASE`"))]
    NoDefaultBranch,
    /// The first commit has nothing before it.
    #[error("{name} is the first commit: there is nothing before it to compare with")]
    #[diagnostic(help("commit a change first, or name a base: `gate compare BASE HEAD`"))]
    FirstCommit {
        /// The revision.
        name: String,
    },
    /// A repository without commits.
    #[error("this repository has no commit yet")]
    #[diagnostic(help("commit first: the last commit is what the working tree is compared with"))]
    NoCommit,
    /// The tree refers to other repositories, which one tree hash does not bring along.
    #[error("{revision} has submodules ({}), which gate does not check out", paths.join(", "))]
    #[diagnostic(help("vendor them, or let the build command fetch them and remove .gitmodules"))]
    Submodules {
        /// The revision.
        revision: String,
        /// Where they are.
        paths: Vec<String>,
    },
    /// Any other failure of git.
    #[error("`git {command}` failed: {stderr}")]
    Failed {
        /// Its arguments.
        command: String,
        /// What it printed.
        stderr: String,
    },
    /// A file of our own could not be written.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}
