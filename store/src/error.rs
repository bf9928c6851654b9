//! Why the store refuses an operation.

use crate::arena::OutOfMemory;

/// The longest key or string value, in bytes: 512 MiB, as in Redis.
pub const LEN_MAX: usize = 512 << 20;

/// The key holds a value of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("key holds a value of another type")]
pub struct WrongType;

/// Why a write was refused; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The key holds a value of another type.
    #[error(transparent)]
    WrongType(#[from] WrongType),
    /// The key or the field is longer than [`LEN_MAX`].
    #[error("key longer than {LEN_MAX} bytes")]
    KeyTooLong,
    /// The value is, or would become, longer than [`LEN_MAX`].
    #[error("value longer than {LEN_MAX} bytes")]
    ValueTooLong,
    /// There is no memory left, or no number left to call a place in it by.
    #[error("out of memory")]
    OutOfMemory,
}

impl From<OutOfMemory> for StoreError {
    fn from(OutOfMemory: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

/// Why a number was not incremented; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IncrementError {
    /// The store refused the write.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The value is no canonical 64-bit integer.
    #[error("value is not an integer")]
    NotAnInteger,
    /// The sum does not fit 64 bits.
    #[error("increment overflows 64 bits")]
    Overflow,
}

impl From<OutOfMemory> for IncrementError {
    fn from(error: OutOfMemory) -> Self {
        Self::Store(error.into())
    }
}

impl From<WrongType> for IncrementError {
    fn from(error: WrongType) -> Self {
        Self::Store(StoreError::WrongType(error))
    }
}

/// Refuses a key or field that is too long.
pub(crate) fn check_key(key: &[u8]) -> Result<(), StoreError> {
    if key.len() > LEN_MAX {
        return Err(StoreError::KeyTooLong);
    }
    Ok(())
}

/// Refuses a value that is too long.
pub(crate) fn check_value_len(len: usize) -> Result<(), StoreError> {
    if len > LEN_MAX {
        return Err(StoreError::ValueTooLong);
    }
    Ok(())
}
