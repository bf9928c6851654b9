//! Collections: packed in their entry while they are small, apart from it when they have outgrown it.
//!
//! | kind | packed in the entry | outgrown |
//! |---|---|---|
//! | hash | [`hash`]: fields and values in a row | [`table`] |
//! | list | [`list`]: elements in a row | [`chunks`] |
//! | set | [`set`]: ordered [`integers`], or members in a row | [`table`] |
//! | sorted set | [`zset`]: members and scores in order | [`ranked`] with [`members`] and [`ranks`] |
//!
//! [`limits`] says when. A packed collection is copied out of its entry, changed, and put back whole;
//! what has outgrown stays so until its key goes. [`element`] is what a [`row`] consists of, and
//! [`parts`] is the hash table that can be scanned while it grows.

mod chunks;
mod element;
mod hash;
mod integers;
mod limits;
mod list;
mod members;
mod parts;
mod ranked;
mod ranks;
mod row;
mod set;
mod table;
mod zset;

pub use hash::{FieldWrite, Hash, HashRef};
pub(crate) use limits::Context;
pub use limits::PackLimits;
pub use list::{List, ListRef};
pub use row::End;
pub use set::{Set, SetRef};
pub use zset::{Zset, ZsetRef};

use std::sync::Arc;

use crate::entry::Form;

/// Whether something was written since it was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    None,
    Done,
    /// There is no number left for a member.
    Refused,
}

/// A kind of collection, to change.
pub(crate) trait Editable: Sized {
    /// The form of an entry that holds it packed.
    const FORM: Form;

    /// The collection in a packed entry's value; no bytes are an empty one.
    fn from_packed(context: &Arc<Context>, bytes: Vec<u8>) -> Self;

    /// The value of its packed entry; `None` for what has outgrown that.
    fn to_packed(&self) -> Option<&[u8]>;

    fn is_empty(&self) -> bool;

    fn write(&mut self) -> &mut Write;

    /// Bytes that it allocates when it has outgrown its entry.
    fn heap_bytes(&self) -> usize;

    /// See [`Collection::places`]; 0 for a packed one.
    fn places(&self) -> usize;

    /// See [`Collection::shed`].
    fn shed(&mut self, count: usize);

    /// Counts everything again, and compares.
    fn assert_counters(&self);
}

/// A collection that has outgrown its entry.
#[derive(Debug, Clone)]
pub(crate) enum Collection {
    Hash(Hash),
    List(List),
    Set(Set),
    Zset(Zset),
}

impl Collection {
    /// Elements, and places that had some and are empty: what is to be gone through to free it.
    pub(crate) fn places(&self) -> usize {
        match self {
            Self::Hash(hash) => hash.places(),
            Self::List(list) => list.places(),
            Self::Set(set) => set.places(),
            Self::Zset(zset) => zset.places(),
        }
    }

    /// Frees `count` of its [places](Self::places), whichever they are, or all where there are fewer. What is
    /// left is good for nothing but to be freed, too.
    pub(crate) fn shed(&mut self, count: usize) {
        match self {
            Self::Hash(hash) => hash.shed(count),
            Self::List(list) => list.shed(count),
            Self::Set(set) => set.shed(count),
            Self::Zset(zset) => zset.shed(count),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Hash(hash) => hash.heap_bytes(),
            Self::List(list) => list.heap_bytes(),
            Self::Set(set) => set.heap_bytes(),
            Self::Zset(zset) => zset.heap_bytes(),
        }
    }

    pub(crate) fn assert_counters(&self) {
        let (empty, packed) = match self {
            Self::Hash(hash) => (hash.is_empty(), hash.to_packed()),
            Self::List(list) => (list.is_empty(), list.to_packed()),
            Self::Set(set) => (set.is_empty(), set.to_packed()),
            Self::Zset(zset) => (zset.is_empty(), zset.to_packed()),
        };
        assert!(!empty, "an empty collection");
        assert!(packed.is_none(), "a packed collection lies in its entry");
        match self {
            Self::Hash(hash) => hash.assert_counters(),
            Self::List(list) => list.assert_counters(),
            Self::Set(set) => set.assert_counters(),
            Self::Zset(zset) => zset.assert_counters(),
        }
    }

    /// Counts the bytes again, and compares; also of what has shed elements.
    pub(crate) fn assert_bytes(&self) {
        match self {
            Self::Hash(hash) => hash.assert_counters(),
            Self::List(list) => list.assert_counters(),
            Self::Set(set) => set.assert_counters(),
            Self::Zset(zset) => zset.assert_bytes(),
        }
    }
}

/// A kind of collection as one of the collections kept apart.
pub(crate) trait Outgrown: Editable {
    fn into_collection(self) -> Collection;
    fn of(collection: &mut Collection) -> Option<&mut Self>;
}

macro_rules! outgrown {
    ($($kind:ident)*) => {$(
        impl Outgrown for $kind {
            fn into_collection(self) -> Collection {
                Collection::$kind(self)
            }

            fn of(collection: &mut Collection) -> Option<&mut Self> {
                match collection {
                    Collection::$kind(collection) => Some(collection),
                    _ => None,
                }
            }
        }
    )*};
}

outgrown!(Hash List Set Zset);
