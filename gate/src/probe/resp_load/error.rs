//! Why a load could not be put on a server.

use std::io;
use std::time::Duration;

use crate::model::Arm;
use crate::process::{Interrupted, ProcessError};

/// Why a load could not be put on a server.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A load that cannot be generated.
    #[error("the load cannot be generated: {0}")]
    Plan(String),
    /// The data set could not be loaded.
    #[error("cannot load the data set: {0}")]
    Fill(#[source] redis::RedisError),
    /// A connection was refused.
    #[error("cannot connect to port {port}: {source}")]
    Connect {
        /// The server's port.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A connection broke.
    #[error("a connection broke: {0}")]
    Broken(#[source] io::Error),
    /// The server closed a connection.
    #[error("the server closed a connection that had replies to come")]
    Closed,
    /// The server takes or sends nothing any more.
    #[error("the server stopped answering: nothing for {0:?}")]
    Stopped(Duration),
    /// The server is nowhere near the rate of an open loop.
    #[error(
        "the server cannot keep up with the rate: {after:?} after the last request was due, {missing} \
         were not answered; write a smaller `rate` into the metric's `load`"
    )]
    Behind {
        /// Requests without a reply.
        missing: u32,
        /// How long they were waited for.
        after: Duration,
    },
    /// An error reply.
    #[error("the server answered with an error: {0}")]
    ErrorReply(String),
    /// A key of the data set is not there.
    #[error("the server lost a key of the data set: a GET was answered by nil")]
    KeyLost,
    /// A reply that belongs to no request that was sent.
    #[error("the server sent {0}")]
    Unexpected(String),
    /// A load thread ended without a result.
    #[error("a thread of the load generator ended early")]
    ThreadLost,
    /// There is no such arm.
    #[error("the load generator has no connections to {0}")]
    NoSuchArm(Arm),
    /// The threads could not be placed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The gate was asked to end.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
