//! Why a command fails, in the words of Redis 7.

use store::{IncrementError, StoreError, WrongType};
use thiserror::Error;

use crate::protocol::Replies;
use crate::state::MemoryError;

/// Why a command fails; its text is the reply.
#[derive(Debug, Error)]
pub enum Failure {
    /// The key holds a value of another type.
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    /// An argument or a value is no 64-bit integer.
    #[error("ERR value is not an integer or out of range")]
    NotAnInteger,
    /// The options do not fit one another.
    #[error("ERR syntax error")]
    Syntax,
    /// The sum does not fit 64 bits.
    #[error("ERR increment or decrement would overflow")]
    Overflow,
    /// The smallest integer has no opposite.
    #[error("ERR decrement would overflow")]
    DecrementOverflow,
    /// The time to expire at does not fit, or lies before the epoch.
    #[error("ERR invalid expire time in '{0}' command")]
    ExpireTime(&'static str),
    /// The command takes more arguments, or fewer.
    #[error("ERR wrong number of arguments for '{0}' command")]
    Arity(&'static str),
    /// A value would be longer than 512 MiB.
    #[error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")]
    TooLong,
    /// The cursor of `SCAN` is no number.
    #[error("ERR invalid cursor")]
    InvalidCursor,
    /// Memory is short, so nothing may be added.
    #[error("OOM command not allowed when used memory > 'maxmemory'.")]
    OutOfMemory,
    /// The command is for those who develop the server, and not allowed.
    #[error(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can \
         run it from a local connection, otherwise you need to set this option in the configuration file, \
         and then restart the server."
    )]
    Protected,
    /// A client of RESP2 that listens to channels can do little else.
    #[error(
        "ERR Can't execute '{0}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed \
         in this context"
    )]
    OnlyListens(&'static str),
    /// The client has told no password yet.
    #[error("NOAUTH Authentication required.")]
    NotAuthenticated,
    /// The name or the password is wrong.
    #[error("WRONGPASS invalid username-password pair or user is disabled.")]
    WrongPassword,
    /// How much memory is in use cannot be told.
    #[error("ERR {0}")]
    Memory(#[from] MemoryError),
    /// Another text, its code first.
    #[error("{0}")]
    Text(&'static str),
    /// A text that quotes what the client sent, which may be any bytes.
    #[error("{}", String::from_utf8_lossy(.0))]
    Quoting(Box<[u8]>),
}

impl Failure {
    /// A text that quotes bytes: `parts` in a row, each [as C prints it](printed).
    #[must_use]
    pub fn quoting(parts: &[&[u8]]) -> Self {
        let parts: Vec<&[u8]> = parts.iter().copied().map(printed).collect();
        Self::Quoting(parts.concat().into())
    }

    /// The first word of the error, by which errors are counted.
    #[must_use]
    pub fn code(&self) -> String {
        let text = self.to_string();
        text.split(' ').next().unwrap_or_default().to_owned()
    }

    /// Appends the error to the replies.
    #[cold]
    pub fn reply(&self, replies: &mut Replies) {
        match self {
            Self::Quoting(text) => replies.error(text),
            other => replies.error(other.to_string().as_bytes()),
        }
    }
}

/// What `%s` of C prints of `text`: no further than a zero byte.
#[must_use]
pub fn printed(text: &[u8]) -> &[u8] {
    text.split(|&byte| byte == 0).next().unwrap_or_default()
}

impl From<WrongType> for Failure {
    fn from(WrongType: WrongType) -> Self {
        Self::WrongType
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::WrongType(WrongType) => Self::WrongType,
            StoreError::KeyTooLong | StoreError::ValueTooLong => Self::TooLong,
            StoreError::OutOfMemory => Self::OutOfMemory,
        }
    }
}

impl From<IncrementError> for Failure {
    fn from(error: IncrementError) -> Self {
        match error {
            IncrementError::Store(error) => error.into(),
            IncrementError::NotAnInteger => Self::NotAnInteger,
            IncrementError::Overflow => Self::Overflow,
        }
    }
}
