//! Why a process could not be run, placed or watched.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::Interrupted;

/// Why a process could not be run, placed or watched.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A command without a program.
    #[error("the command is empty: it needs a program at least")]
    EmptyCommand,
    /// The program could not be started.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// The program as given.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A log or output file could not be used.
    #[error("cannot use {}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A child could not be waited for.
    #[error("lost sight of `{program}` (process {pid}): {source}")]
    Wait {
        /// The program as given.
        program: String,
        /// Its process.
        pid: u32,
        /// What the system said.
        source: io::Error,
    },
    /// The child ran into its deadline and was ended.
    #[error("`{program}` was still running after {after:.1?} and was ended")]
    TimedOut {
        /// The program as given.
        program: String,
        /// How long it had run.
        after: Duration,
    },
    /// The cores of this machine could not be read or chosen.
    #[error("cannot {action}: {source}")]
    Affinity {
        /// What was tried.
        action: String,
        /// What the system said.
        source: io::Error,
    },
    /// No port in the range was free.
    #[error("no free port on 127.0.0.1 after {draws} draws between {low} and {high}")]
    NoFreePort {
        /// Ports tried.
        draws: u32,
        /// Lowest port of the range.
        low: u16,
        /// Highest port of the range.
        high: u16,
    },
    /// The CPU time of a process could not be read.
    #[error("cannot read the CPU time of process {pid} from {}: {reason}", .path.display())]
    CpuTime {
        /// The process.
        pid: u32,
        /// The file that was read.
        path: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The machine's own counters cannot be read.
    #[error("cannot read {path}: {reason}")]
    Counters {
        /// The file.
        path: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The thread that was to work ended.
    #[error("a thread that measured how evenly this machine computes ended early")]
    BurnIn,
    /// The user or the runner asked the gate to end.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
