//! Strings: text, bytes and numbers.

use super::Shard;
use crate::entry::{Entry, Value};
use crate::error::{check_key, check_value_len};
use crate::hash::Key;
use crate::time::{ExpiryChange, Millis};
use crate::value::StringRef;
use crate::{IncrementError, StoreError, WrongType};

impl Shard {
    /// The string that `key` holds.
    pub fn string(
        &mut self,
        key: Key<'_>,
        now: Millis,
    ) -> Result<Option<StringRef<'_>>, WrongType> {
        self.live(key, now)
            .map(|entry| entry.value.as_string())
            .transpose()
    }

    /// Lets `key` hold the string `value`, whatever it held before.
    pub fn set(
        &mut self,
        key: Key<'_>,
        value: &[u8],
        expiry: ExpiryChange,
        now: Millis,
    ) -> Result<(), StoreError> {
        check_key(key.bytes())?;
        check_value_len(value.len())?;
        let expiry = match expiry {
            ExpiryChange::Clear => None,
            ExpiryChange::At(at) => Some(at),
            ExpiryChange::Keep => self.live(key, now).and_then(|entry| entry.expiry),
        };
        let value = Value::string(value);
        self.place(key, Entry { value, expiry });
        Ok(())
    }

    /// Appends `tail` to the string of `key`, or sets it; the length that it has then, in bytes.
    ///
    /// What was appended to is `raw`, as in Redis, even if it is short or reads as a number.
    pub fn append(&mut self, key: Key<'_>, tail: &[u8], now: Millis) -> Result<usize, StoreError> {
        let Some(entry) = self.live(key, now) else {
            self.set(key, tail, ExpiryChange::Clear, now)?;
            return Ok(tail.len());
        };
        let expiry = entry.expiry;
        let string = entry.value.as_string()?;
        check_value_len(string.len() + tail.len())?;
        let bytes = string.with_bytes(|head| [head, tail].concat());
        let len = bytes.len();
        let value = Value::Raw(bytes.into());
        self.place(key, Entry { value, expiry });
        Ok(len)
    }

    /// Adds `by` to the number that `key` holds, 0 if there is no key; the sum.
    pub fn increment(&mut self, key: Key<'_>, by: i64, now: Millis) -> Result<i64, IncrementError> {
        check_key(key.bytes())?;
        let (number, expiry) = match self.live(key, now) {
            None => (0, None),
            Some(entry) => {
                let number = entry.value.as_string()?.to_integer();
                (number.ok_or(IncrementError::NotAnInteger)?, entry.expiry)
            }
        };
        let sum = number.checked_add(by).ok_or(IncrementError::Overflow)?;
        let value = Value::Int(sum);
        self.place(key, Entry { value, expiry });
        Ok(sum)
    }
}
