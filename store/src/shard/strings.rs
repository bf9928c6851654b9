//! Strings: text, bytes and numbers.

use super::Shard;
use crate::entry::{Entry, NewString};
use crate::error::{check_key, check_value_len};
use crate::hash::Key;
use crate::packed::{Draft, StringEncoding};
use crate::time::{ExpiryChange, Millis};
use crate::value::StringRef;
use crate::varint::Varint;
use crate::{IncrementError, StoreError, WrongType};

impl Shard {
    /// The string that `key` holds.
    pub fn string(
        &mut self,
        key: Key<'_>,
        now: Millis,
    ) -> Result<Option<StringRef<'_>>, WrongType> {
        self.live(key, now).map(Entry::as_string).transpose()
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
            ExpiryChange::Keep => self.live(key, now).and_then(Entry::expiry),
        };
        self.put(key, &NewString::new(value).draft(key.bytes(), expiry));
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
        let expiry = entry.expiry();
        let head = entry.as_string()?;
        let len = head.len() + tail.len();
        check_value_len(len)?;
        let appended = head.with_bytes(|value| {
            let (encoding, key) = (StringEncoding::Raw, key.bytes());
            Draft {
                encoding,
                expiry,
                key,
                value,
                tail,
            }
            .pack()
        });
        self.segments
            .update(key, |entry| *entry = Entry::String(appended));
        self.watched.touch(key.bytes());
        Ok(len)
    }

    /// Adds `by` to the number that `key` holds, 0 if there is no key; the sum.
    pub fn increment(&mut self, key: Key<'_>, by: i64, now: Millis) -> Result<i64, IncrementError> {
        check_key(key.bytes())?;
        let (number, expiry) = match self.live(key, now) {
            None => (0, None),
            Some(entry) => {
                let number = entry.as_string()?.to_integer();
                (number.ok_or(IncrementError::NotAnInteger)?, entry.expiry())
            }
        };
        let sum = number.checked_add(by).ok_or(IncrementError::Overflow)?;
        let sum_string = NewString::Int(Varint::encode(sum));
        self.put(key, &sum_string.draft(key.bytes(), expiry));
        Ok(sum)
    }

    fn put(&mut self, key: Key<'_>, draft: &Draft<'_>) {
        self.segments.set(key, draft);
        self.watched.touch(key.bytes());
    }
}
