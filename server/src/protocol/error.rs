//! What a connection is told before it is closed for its input.

use thiserror::Error;

/// What makes a connection's input unreadable; the words are those of Redis.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ProtocolError {
    /// A line without its end is longer than [`MAX_INLINE`](super::MAX_INLINE).
    #[error("Protocol error: too big inline request")]
    InlineTooBig,
    /// An inline request whose quotes do not match.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// The count of arguments has no end.
    #[error("Protocol error: too big mbulk count string")]
    CountTooBig,
    /// The count of arguments is no number, or beyond [`MAX_ARGS`](super::MAX_ARGS).
    #[error("Protocol error: invalid multibulk length")]
    InvalidCount,
    /// The length of an argument has no end.
    #[error("Protocol error: too big bulk count string")]
    LengthTooBig,
    /// The length of an argument is no number, or beyond [`MAX_BULK`](super::MAX_BULK).
    #[error("Protocol error: invalid bulk length")]
    InvalidLength,
    /// An argument does not begin with `$`.
    #[error("Protocol error: expected '$', got '{}'", char::from(*.0))]
    ExpectedBulk(u8),
    /// The frame is longer than a query buffer may be.
    #[error("Protocol error: request exceeds the query buffer limit")]
    FrameTooBig,
    /// More arguments than may come before the password.
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedCount,
    /// A longer argument than may come before the password.
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedLength,
}
