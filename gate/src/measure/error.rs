//! Why a measurement has no samples.

use std::io;

use crate::model::{Arm, MetricId, Unit};
use crate::probe::resp_load::LoadError;
use crate::probe::{
    ArgvError, CallgrindError, CommandError, ImportError, MemoryError, ServerError, SizeError,
};
use crate::process::{Interrupted, ProcessError};

/// Why a measurement has no samples.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A round without base, without head, or with an arm twice.
    #[error("a round needs base and head, each once, and at most one control")]
    Arms,
    /// A server under test did not start, or ended.
    #[error("{arm}: {source}")]
    Server {
        /// Whose server it is.
        arm: Arm,
        /// What happened.
        source: ServerError,
    },
    /// A server under test did not take the load.
    #[error("{arm}: {source}; {log}")]
    Load {
        /// Whose server it is.
        arm: Arm,
        /// What happened.
        source: LoadError,
        /// The end of the server's log.
        log: String,
    },
    /// A load that no server was needed to refuse.
    #[error(transparent)]
    Plan(LoadError),
    /// The kernel charged the server nothing for a slice.
    #[error(
        "{arm}: the server process used no CPU time while it answered {requests} requests; \
         `serve.command` must start the server itself, not a program that starts it \
         (in a shell: `exec`)"
    )]
    NoCpuTime {
        /// Whose server it is.
        arm: Arm,
        /// Requests that were answered.
        requests: u64,
    },
    /// An open loop so slow that nothing was timed.
    #[error(
        "at {rate} requests/s no slice had a request whose latency could be taken; write a higher \
         `rate` into the metric's `load`"
    )]
    NoLatencies {
        /// Requests a second.
        rate: u32,
    },
    /// A command of an exact metric yielded no readings.
    #[error("{metric} on {arm}: {source}")]
    Command {
        /// The metric's name.
        metric: String,
        /// The arm it ran on.
        arm: Arm,
        /// What happened.
        source: CommandError,
    },
    /// A command could not be filled in.
    #[error("{metric} on {arm}: {source}")]
    Argv {
        /// The metric's name.
        metric: String,
        /// The arm it was to run on.
        arm: Arm,
        /// What is wrong with it.
        source: ArgvError,
    },
    /// The instructions of a program were not counted.
    #[error("{metric} on {arm}: {source}")]
    Callgrind {
        /// The metric's name.
        metric: String,
        /// The arm it ran on.
        arm: Arm,
        /// What happened.
        source: CallgrindError,
    },
    /// More operations took no more instructions.
    #[error(
        "{id} on {arm}: {} operations took {} instructions, and {} took {}, no more: the program \
         must do as many operations as `{{count}}` says",
        counts[0], instructions[0], counts[1], instructions[1]
    )]
    NotMore {
        /// The metric and case.
        id: MetricId,
        /// The arm.
        arm: Arm,
        /// The counts, the smaller first.
        counts: [u32; 2],
        /// What each took.
        instructions: [u64; 2],
    },
    /// A unit that cannot be written.
    #[error(transparent)]
    Unit(#[from] crate::model::UnitError),
    /// What another tool wrote could not be read.
    #[error("{metric} on {arm}: {source}")]
    Import {
        /// The metric's name.
        metric: String,
        /// The arm it ran on.
        arm: Arm,
        /// What is wrong with it.
        source: ImportError,
    },
    /// An artifact has no size.
    #[error("{metric} on {arm}: {source}")]
    Size {
        /// The metric's name.
        metric: String,
        /// Whose artifact it is.
        arm: Arm,
        /// What is wrong with it.
        source: SizeError,
    },
    /// The revision does not build the artifact.
    #[error("{metric} on {arm}: there is no artifact `{artifact}`")]
    NoArtifact {
        /// The metric's name.
        metric: String,
        /// Which revision's.
        arm: Arm,
        /// The artifact.
        artifact: String,
    },
    /// No arm has a section.
    #[error(
        "{metric}: no revision has a section `{section}`; `readelf -S` lists those that there are"
    )]
    NoSection {
        /// The metric's name.
        metric: String,
        /// The section.
        section: String,
    },
    /// The memory of a server is not known.
    #[error("{arm}: {source}")]
    Memory {
        /// Whose server it is.
        arm: Arm,
        /// What happened.
        source: MemoryError,
    },
    /// A server keeps no account of its memory.
    #[error(
        "{arm}: the server has no `used_memory` in `INFO memory`; measure `rss_per_key` instead"
    )]
    NoAccount {
        /// Whose server it is.
        arm: Arm,
    },
    /// A data set was loaded and nothing grew.
    #[error(
        "{arm}: `{quantity}` did not grow while {keys} keys were loaded; `serve.command` must start \
         the server itself, not a program that starts it (in a shell: `exec`), and the keys must be \
         enough to be seen"
    )]
    NothingGrew {
        /// Whose server it is.
        arm: Arm,
        /// What did not grow.
        quantity: &'static str,
        /// How many keys.
        keys: u32,
    },
    /// Two runs of one command do not print the same cases.
    #[error("{id} on {arm}: printed by one of two runs and not by the other")]
    CaseComesAndGoes {
        /// The metric and case.
        id: MetricId,
        /// The arm.
        arm: Arm,
    },
    /// A metric is counted in two units.
    #[error(
        "{id}: counted in {first:?} and in {second:?}, so there is nothing to compare; \
         give the new quantity a case or a metric of its own",
        first = .first.as_str(), second = .second.as_str()
    )]
    TwoUnits {
        /// The metric and case.
        id: MetricId,
        /// The unit seen first.
        first: Unit,
        /// The unit seen then.
        second: Unit,
    },
    /// A metric's name and a case do not make an id.
    #[error(transparent)]
    Id(#[from] crate::model::MetricIdError),
    /// No folder to measure in.
    #[error("cannot make a folder to measure in: {0}")]
    Folder(#[source] io::Error),
    /// A process could not be placed or watched.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The gate was asked to end.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl MeasureError {
    /// Whether the gate was asked to end, at whatever depth that was noticed.
    #[must_use]
    pub const fn is_interrupt(&self) -> bool {
        const fn of_process(error: &ProcessError) -> bool {
            matches!(error, ProcessError::Interrupted(_))
        }
        match self {
            Self::Interrupted(_) => true,
            Self::Process(error)
            | Self::Server {
                source: ServerError::Process(error),
                ..
            }
            | Self::Command {
                source: CommandError::Process(error),
                ..
            }
            | Self::Callgrind {
                source: CallgrindError::Process(error),
                ..
            } => of_process(error),
            Self::Load { source, .. } | Self::Plan(source) => match source {
                LoadError::Interrupted(_) => true,
                LoadError::Process(error) => of_process(error),
                _ => false,
            },
            _ => false,
        }
    }
}
