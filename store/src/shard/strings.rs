//! Strings: text, bytes and numbers.

use super::Shard;
use crate::entries::Found;
use crate::entry::{Draft, Form};
use crate::error::{check_key, check_value_len};
use crate::hash::Key;
use crate::time::{ExpiryChange, Millis};
use crate::value::StringRef;
use crate::varint::Varint;
use crate::{IncrementError, StoreError, WrongType, integer};

impl Shard {
    /// The string that `key` holds.
    #[inline]
    pub fn string(
        &mut self,
        key: Key<'_>,
        now: Millis,
    ) -> Result<Option<StringRef<'_>>, WrongType> {
        self.live(key, now).map(Found::as_string).transpose()
    }

    /// The same for who writes it next: both together are one use of the key.
    pub fn string_to_write(
        &mut self,
        key: Key<'_>,
        now: Millis,
    ) -> Result<Option<StringRef<'_>>, WrongType> {
        self.observe(key, now).map(Found::as_string).transpose()
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
            ExpiryChange::Keep => self.observe(key, now).and_then(Found::expiry),
        };
        match integer::parse(value) {
            Some(number) => self.put(key, Form::Int, Varint::encode(number).as_bytes(), expiry),
            None => self.put(key, Form::Text, value, expiry),
        }
    }

    /// Appends `tail` to the string of `key`, or sets it; the length that it has then, in bytes.
    ///
    /// What was appended to is `raw`, as in Redis, even if it is short or reads as a number.
    pub fn append(&mut self, key: Key<'_>, tail: &[u8], now: Millis) -> Result<usize, StoreError> {
        let Some(entry) = self.live(key, now) else {
            self.set(key, tail, ExpiryChange::Clear, now)?;
            return Ok(tail.len());
        };
        let len = entry.as_string()?.len() + tail.len();
        check_value_len(len)?;
        self.entries.append(key, tail)?;
        self.watched.touch(key.bytes());
        Ok(len)
    }

    /// Lets `key` hold the text `value`, even if it reads as a number; when it expires stays as it was.
    pub fn set_text(&mut self, key: Key<'_>, value: &[u8], now: Millis) -> Result<(), StoreError> {
        check_key(key.bytes())?;
        check_value_len(value.len())?;
        let expiry = self.observe(key, now).and_then(Found::expiry);
        self.put(key, Form::Text, value, expiry)
    }

    /// Writes `bytes` over the string of `key` from `offset` on; the length that it has then, in bytes.
    /// What lies between its end and `offset` is zeros. It is `raw` then, as what was appended to. No bytes change
    /// nothing, wherever they are written.
    pub fn write_at(
        &mut self,
        key: Key<'_>,
        offset: usize,
        bytes: &[u8],
        now: Millis,
    ) -> Result<usize, StoreError> {
        check_key(key.bytes())?;
        let end = offset.saturating_add(bytes.len());
        let old = self.live(key, now).map(Found::as_string).transpose()?;
        let old_len = old.map(StringRef::len);
        if bytes.is_empty() {
            return Ok(old_len.unwrap_or_default());
        }
        check_value_len(end)?;
        let Some(len) = old_len else {
            let value = [vec![0; offset].as_slice(), bytes].concat();
            self.put(key, Form::Appended, &value, None)?;
            return Ok(end);
        };
        self.entries.write_at(key, offset, bytes)?;
        self.watched.touch(key.bytes());
        Ok(len.max(end))
    }

    /// Lets the string of `key` be `raw` with the bytes that it has, as a write over it that changes none does: for
    /// who watches the key nothing was written.
    pub fn make_raw(&mut self, key: Key<'_>, now: Millis) -> Result<(), StoreError> {
        let string = self.live(key, now).map(Found::as_string).transpose()?;
        if string.is_some() {
            self.entries.append(key, &[])?;
        }
        Ok(())
    }

    /// Adds `by` to the number that `key` holds, 0 if there is no key; the sum.
    pub fn increment(&mut self, key: Key<'_>, by: i64, now: Millis) -> Result<i64, IncrementError> {
        check_key(key.bytes())?;
        let (number, expiry) = match self.observe(key, now) {
            None => (0, None),
            Some(entry) => {
                let number = entry.as_string()?.to_integer();
                (number.ok_or(IncrementError::NotAnInteger)?, entry.expiry())
            }
        };
        let sum = number.checked_add(by).ok_or(IncrementError::Overflow)?;
        self.put(key, Form::Int, Varint::encode(sum).as_bytes(), expiry)?;
        Ok(sum)
    }

    fn put(
        &mut self,
        key: Key<'_>,
        form: Form,
        value: &[u8],
        expiry: Option<Millis>,
    ) -> Result<(), StoreError> {
        let draft = Draft {
            form,
            expiry,
            frequency: 0,
            key: key.bytes(),
            value,
        };
        self.entries.set(key, &draft)?;
        self.watched.touch(key.bytes());
        Ok(())
    }
}
