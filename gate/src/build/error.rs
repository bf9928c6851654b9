//! What can go wrong between a tree and its artifacts.

use std::path::{Path, PathBuf};

use miette::Diagnostic;

use crate::model::Arm;
use crate::process::ProcessError;
use crate::revision::RevisionError;

/// Why there are no artifacts.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum BuildError {
    /// The build command exited with an error.
    #[error("the build of {arm} ({revision}) failed with {status}\n\n{tail}\n")]
    #[diagnostic(help("the whole log: {}\nthe command: {command}", log.display()))]
    Failed {
        /// Which arm.
        arm: Arm,
        /// Its revision, short.
        revision: String,
        /// How the command ended.
        status: String,
        /// The last lines of its log.
        tail: String,
        /// The whole log.
        log: PathBuf,
        /// The command as typed into a shell.
        command: String,
    },
    /// The build ran, and an artifact is not there.
    #[error(
        "the build of {arm} ({revision}) left no {path:?}, which `subject.artifacts` calls {name:?}"
    )]
    #[diagnostic(help("correct the path in budgets.toml, or build it; the whole log: {}", log.display()))]
    NoArtifact {
        /// Which arm.
        arm: Arm,
        /// Its revision, short.
        revision: String,
        /// The artifact's name in `budgets.toml`.
        name: String,
        /// Its path in the tree.
        path: String,
        /// The whole log.
        log: PathBuf,
    },
    /// An artifact loads libraries from where the other arm is built, too.
    #[error(
        "the program {name:?} of {arm} ({revision}) loads libraries from {}, where the other revision is built, \
         too: it would be measured with whichever was built last",
        folder.display()
    )]
    #[diagnostic(help(
        "link it with them statically (CMake: -DBUILD_SHARED_LIBS=OFF), or let it look beside itself \
         (rpath $ORIGIN) and name the libraries in `subject.artifacts`"
    ))]
    LibrariesInRoom {
        /// Which arm.
        arm: Arm,
        /// Its revision, short.
        revision: String,
        /// The artifact's name in `budgets.toml`.
        name: String,
        /// The folder that its libraries are searched in.
        folder: PathBuf,
    },
    /// The build command or the toolchain command cannot be started.
    #[error("cannot run {command:?} for {arm}: {source}")]
    #[diagnostic(help("install it, or correct `subject` in budgets.toml"))]
    Start {
        /// Which arm.
        arm: Arm,
        /// The command as typed into a shell.
        command: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Another run of gate holds the build room.
    #[error("another gate run is using the build room {}", room.display())]
    #[diagnostic(help("wait for it to end, or give this run its own: GATE_CACHE_DIR=DIR"))]
    Busy {
        /// The room.
        room: PathBuf,
    },
    /// No folder for the cache.
    #[error("no place for the build room: neither GATE_CACHE_DIR, XDG_CACHE_HOME nor HOME is set")]
    #[diagnostic(help("set GATE_CACHE_DIR to a folder with room for two builds"))]
    NoCacheFolder,
    /// A file or a folder could not be read or written.
    #[error("cannot {what} {}: {source}", path.display())]
    #[diagnostic(help("{}", io_help(source)))]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Git could not fill the room.
    #[error("cannot check out {revision} into the build room {}: {source}", room.display())]
    #[diagnostic(help("is its disk full? GATE_CACHE_DIR moves the room elsewhere"))]
    Checkout {
        /// The revision, short.
        revision: String,
        /// The room.
        room: PathBuf,
        /// What git said.
        source: Box<RevisionError>,
    },
    /// A child process failed us, or the run was interrupted.
    #[error(transparent)]
    Process(#[from] ProcessError),
}

impl BuildError {
    /// An `Io` error's maker, for `map_err`.
    pub(super) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

fn io_help(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::StorageFull => {
            "the disk is full: free some of it, or set GATE_CACHE_DIR to a folder elsewhere"
        }
        std::io::ErrorKind::PermissionDenied => {
            "make it writable, or set GATE_CACHE_DIR to a folder that is"
        }
        _ => "GATE_CACHE_DIR sets another folder for everything that gate builds",
    }
}
