//! Hashes: fields with values.

use super::Shard;
use crate::entry::{Entry, Value};
use crate::error::{check_key, check_value_len};
use crate::hash::Key;
use crate::hash_value::{FieldWrite, HashValue};
use crate::time::Millis;
use crate::{StoreError, WrongType};

impl Shard {
    /// The hash that `key` holds, to read its fields.
    pub fn hash(&mut self, key: Key<'_>, now: Millis) -> Result<Option<&HashValue>, WrongType> {
        self.live(key, now)
            .map(|entry| entry.value.as_hash())
            .transpose()
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
        if let Some(hash) = self.hash_mut(key)? {
            let before = hash.heap_bytes();
            let write = hash.set(field, value);
            let after = hash.heap_bytes();
            self.heap_bytes = self.heap_bytes - before + after;
            self.watched.touch(key.bytes());
            return Ok(write);
        }
        let mut hash = HashValue::new();
        let write = hash.set(field, value);
        let value = Value::Hash(Box::new(hash));
        self.place(
            key,
            Entry {
                value,
                expiry: None,
            },
        );
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
        let Some(hash) = self.hash_mut(key)? else {
            return Ok(false);
        };
        let before = hash.heap_bytes();
        if hash.remove(field).is_none() {
            return Ok(false);
        }
        let (after, emptied) = (hash.heap_bytes(), hash.is_empty());
        self.heap_bytes = self.heap_bytes - before + after;
        if emptied {
            self.take(key);
        } else {
            self.watched.touch(key.bytes());
        }
        Ok(true)
    }

    /// Number of fields, 0 if there is no key.
    pub fn hash_len(&mut self, key: Key<'_>, now: Millis) -> Result<usize, WrongType> {
        Ok(self.hash(key, now)?.map_or(0, HashValue::len))
    }

    fn hash_mut(&mut self, key: Key<'_>) -> Result<Option<&mut HashValue>, WrongType> {
        match self.map.get_mut(key.bytes()).map(|entry| &mut entry.value) {
            None => Ok(None),
            Some(Value::Hash(hash)) => Ok(Some(hash)),
            Some(_) => Err(WrongType),
        }
    }
}
