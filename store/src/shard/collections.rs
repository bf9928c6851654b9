//! Collections: hashes, lists, sets and sorted sets.
//!
//! Each kind has a reader, which borrows from the shard, and an editor, which hands the collection to
//! a closure: an empty one where there is no key. A collection that is empty afterwards goes with its
//! key, and only what was written counts as a write for those who watch the key.

use super::Shard;
use crate::collection::{
    FieldWrite, Hash, HashRef, List, ListRef, Outgrown, PackLimits, Set, SetRef, Write, Zset,
    ZsetRef,
};
use crate::entries::{Edited, Found};
use crate::error::{check_key, check_value_len};
use crate::hash::Key;
use crate::time::Millis;
use crate::value::ValueRef;
use crate::{StoreError, WrongType};

impl Shard {
    /// Lets collections that are written from here on stay packed for so long.
    pub fn set_pack_limits(&mut self, limits: PackLimits) {
        self.entries.set_limits(limits);
    }

    /// The hash that `key` holds.
    pub fn hash(&mut self, key: Key<'_>, now: Millis) -> Result<Option<HashRef<'_>>, WrongType> {
        match self.live(key, now).map(Found::value) {
            None => Ok(None),
            Some(ValueRef::Hash(hash)) => Ok(Some(hash)),
            Some(_) => Err(WrongType),
        }
    }

    /// The list that `key` holds.
    pub fn list(&mut self, key: Key<'_>, now: Millis) -> Result<Option<ListRef<'_>>, WrongType> {
        match self.live(key, now).map(Found::value) {
            None => Ok(None),
            Some(ValueRef::List(list)) => Ok(Some(list)),
            Some(_) => Err(WrongType),
        }
    }

    /// The set that `key` holds.
    pub fn members(&mut self, key: Key<'_>, now: Millis) -> Result<Option<SetRef<'_>>, WrongType> {
        match self.live(key, now).map(Found::value) {
            None => Ok(None),
            Some(ValueRef::Set(set)) => Ok(Some(set)),
            Some(_) => Err(WrongType),
        }
    }

    /// The sorted set that `key` holds.
    pub fn zset(&mut self, key: Key<'_>, now: Millis) -> Result<Option<ZsetRef<'_>>, WrongType> {
        match self.live(key, now).map(Found::value) {
            None => Ok(None),
            Some(ValueRef::Zset(zset)) => Ok(Some(zset)),
            Some(_) => Err(WrongType),
        }
    }

    /// Changes the hash of `key`.
    pub fn edit_hash<R>(
        &mut self,
        key: Key<'_>,
        now: Millis,
        act: impl FnOnce(&mut Hash) -> R,
    ) -> Result<R, StoreError> {
        self.edit(key, now, act)
    }

    /// Changes the list of `key`.
    pub fn edit_list<R>(
        &mut self,
        key: Key<'_>,
        now: Millis,
        act: impl FnOnce(&mut List) -> R,
    ) -> Result<R, StoreError> {
        self.edit(key, now, act)
    }

    /// Changes the set of `key`.
    pub fn edit_members<R>(
        &mut self,
        key: Key<'_>,
        now: Millis,
        act: impl FnOnce(&mut Set) -> R,
    ) -> Result<R, StoreError> {
        self.edit(key, now, act)
    }

    /// Changes the sorted set of `key`.
    pub fn edit_zset<R>(
        &mut self,
        key: Key<'_>,
        now: Millis,
        act: impl FnOnce(&mut Zset) -> R,
    ) -> Result<R, StoreError> {
        self.edit(key, now, act)
    }

    fn edit<C: Outgrown, R>(
        &mut self,
        key: Key<'_>,
        now: Millis,
        act: impl FnOnce(&mut C) -> R,
    ) -> Result<R, StoreError> {
        check_key(key.bytes())?;
        self.expire(key, now);
        let Edited { result, write } = self.entries.edit(key, act)?;
        if write == Write::Done {
            self.watched.touch(key.bytes());
        }
        Ok(result)
    }

    /// Lets `field` of the hash `key` hold `value`.
    pub fn hash_set(
        &mut self,
        key: Key<'_>,
        field: &[u8],
        value: &[u8],
        now: Millis,
    ) -> Result<FieldWrite, StoreError> {
        check_key(field)?;
        check_value_len(value.len())?;
        self.edit_hash(key, now, |hash| hash.set(field, value))
    }

    /// Removes `field`, and with the last field the key; whether it was there.
    pub fn hash_remove(
        &mut self,
        key: Key<'_>,
        field: &[u8],
        now: Millis,
    ) -> Result<bool, StoreError> {
        self.edit_hash(key, now, |hash| hash.remove(field))
    }

    /// Number of fields, 0 if there is no key.
    pub fn hash_len(&mut self, key: Key<'_>, now: Millis) -> Result<usize, WrongType> {
        Ok(self.hash(key, now)?.map_or(0, HashRef::len))
    }
}
