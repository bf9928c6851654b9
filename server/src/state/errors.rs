//! How many errors were answered, by their codes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Codes that are counted; beyond them, as Redis does, no more are taken in.
const CODES_MAX: usize = 128;

/// Errors that were answered since the start.
#[derive(Debug, Default)]
pub struct Errors(Mutex<BTreeMap<String, u64>>);

impl Errors {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one by its code, the first word of its text.
    #[cold]
    pub fn count_code(&self, code: String) {
        let mut counts = self.lock();
        if counts.len() < CODES_MAX || counts.contains_key(&code) {
            *counts.entry(code).or_default() += 1;
        }
    }

    /// The counts by code.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.lock().values().sum()
    }

    /// Forgets them.
    pub fn reset(&self) {
        self.lock().clear();
    }
}
