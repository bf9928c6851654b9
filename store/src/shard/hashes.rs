//! Hashes: fields with values.

use super::Shard;
use crate::entries::Found;
use crate::error::{check_key, check_value_len};
use crate::hash::Key;
use crate::hash_value::{FieldWrite, HashValue};
use crate::time::Millis;
use crate::{StoreError, WrongType};

impl Shard {
    /// The hash that `key` holds, to read its fields.
    pub fn hash(&mut self, key: Key<'_>, now: Millis) -> Result<Option<&HashValue>, WrongType> {
        self.live(key, now).map(Found::as_hash).transpose()
    }

    /// Lets `field` of the hash `key` hold `value`.
    pub fn hash_set(
        &mut self,
        key: Key<'_>,
        field: &[u8],
        value: &[u8],
        now: Millis,
    ) -> Result<FieldWrite, StoreError> {
        check_key(key.bytes())?;
        check_key(field)?;
        check_value_len(value.len())?;
        self.expire(key, now);
        let written = self
            .entries
            .update_hash(key, |hash| hash.set(field, value))
            .transpose()?;
        let write = if let Some(write) = written {
            write
        } else {
            let mut hash = HashValue::new();
            let write = hash.set(field, value);
            self.entries.insert_hash(key, hash)?;
            write
        };
        self.watched.touch(key.bytes());
        Ok(write)
    }

    /// The value of `field`.
    pub fn hash_get(
        &mut self,
        key: Key<'_>,
        field: &[u8],
        now: Millis,
    ) -> Result<Option<&[u8]>, WrongType> {
        Ok(self.hash(key, now)?.and_then(|hash| hash.get(field)))
    }

    /// Removes `field`, and with the last field the key; whether it was there.
    pub fn hash_remove(
        &mut self,
        key: Key<'_>,
        field: &[u8],
        now: Millis,
    ) -> Result<bool, WrongType> {
        self.expire(key, now);
        let removed = self
            .entries
            .update_hash(key, |hash| hash.remove(field).map(|()| hash.is_empty()));
        match removed.transpose()?.flatten() {
            None => return Ok(false),
            Some(true) => {
                self.take(key);
            }
            Some(false) => self.watched.touch(key.bytes()),
        }
        Ok(true)
    }

    /// Number of fields, 0 if there is no key.
    pub fn hash_len(&mut self, key: Key<'_>, now: Millis) -> Result<usize, WrongType> {
        Ok(self.hash(key, now)?.map_or(0, HashValue::len))
    }
}
