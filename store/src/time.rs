//! Points in time, as values: the store never reads a clock.

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// Whether a key that expires at `self` is gone at `at`.
    ///
    /// As in Redis the key still lives in the millisecond that it expires at.
    #[must_use]
    pub const fn is_past(self, at: Self) -> bool {
        self.0 < at.0
    }
}

/// What a write does to the expiry that a key has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiryChange {
    /// The key no longer expires.
    Clear,
    /// The key keeps the expiry it has, if any.
    Keep,
    /// The key expires at this time.
    At(Millis),
}

/// What became of a request to let a key expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpirySet {
    /// There is no such key.
    NoKey,
    /// The key expires at the time asked for.
    Set,
    /// The time asked for has come already, so the key was removed.
    Removed,
}
