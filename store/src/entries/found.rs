//! What a lookup found.

use super::collections::Collections;
use super::parse;
use crate::WrongType;
use crate::collection::{Collection, HashRef, ListRef, SetRef, ZsetRef};
use crate::entry::{EntryRef, Form};
use crate::time::Millis;
use crate::value::{EMBSTR_LEN_MAX, Encoding, Kind, StringRef, ValueRef};
use crate::varint::Varint;

/// What became of a key that was asked for.
#[derive(Debug)]
pub(crate) enum Lookup<'a> {
    /// There is no such key.
    Absent,
    /// Its time was over, so it was removed.
    Expired,
    /// It is there.
    Live(Found<'a>),
}

/// An entry, with the collections that it may name. It is taken apart by who asks, as far as they ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found<'a> {
    pub(super) blob: &'a [u8],
    pub(super) collections: &'a Collections,
}

impl<'a> Found<'a> {
    #[inline]
    fn entry(self) -> EntryRef<'a> {
        parse(self.blob)
    }

    pub(crate) fn key(self) -> &'a [u8] {
        self.entry().key
    }

    pub(crate) fn expiry(self) -> Option<Millis> {
        self.entry().expiry
    }

    /// The value.
    pub(crate) fn value(self) -> ValueRef<'a> {
        let EntryRef { form, value, .. } = self.entry();
        match form {
            Form::Int => ValueRef::String(StringRef::Int(number(value))),
            Form::Text | Form::Appended => ValueRef::String(StringRef::Bytes(value)),
            Form::Hash => ValueRef::Hash(HashRef::packed(value)),
            Form::List => ValueRef::List(ListRef::packed(value)),
            Form::Set => ValueRef::Set(SetRef::packed(value)),
            Form::Zset => ValueRef::Zset(ZsetRef::packed(value)),
            Form::Boxed => match self.collection() {
                Collection::Hash(hash) => ValueRef::Hash(hash.as_ref()),
                Collection::List(list) => ValueRef::List(list.as_ref()),
                Collection::Set(set) => ValueRef::Set(set.as_ref()),
                Collection::Zset(zset) => ValueRef::Zset(zset.as_ref()),
            },
        }
    }

    #[inline]
    pub(crate) fn as_string(self) -> Result<StringRef<'a>, WrongType> {
        let EntryRef { form, value, .. } = self.entry();
        match form {
            Form::Int => Ok(StringRef::Int(number(value))),
            Form::Text | Form::Appended => Ok(StringRef::Bytes(value)),
            Form::Hash | Form::List | Form::Set | Form::Zset | Form::Boxed => Err(WrongType),
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self.value() {
            ValueRef::String(_) => Kind::String,
            ValueRef::Hash(_) => Kind::Hash,
            ValueRef::List(_) => Kind::List,
            ValueRef::Set(_) => Kind::Set,
            ValueRef::Zset(_) => Kind::Zset,
        }
    }

    pub(crate) fn encoding(self) -> Encoding {
        match self.value() {
            ValueRef::String(StringRef::Int(_)) => Encoding::Int,
            ValueRef::String(StringRef::Bytes(bytes)) => match self.entry().form {
                Form::Text if bytes.len() <= EMBSTR_LEN_MAX => Encoding::Embstr,
                _ => Encoding::Raw,
            },
            ValueRef::Hash(hash) => hash.encoding(),
            ValueRef::List(list) => list.encoding(),
            ValueRef::Set(set) => set.encoding(),
            ValueRef::Zset(zset) => zset.encoding(),
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "a collection is removed with its entry only"
    )]
    fn collection(self) -> &'a Collection {
        let number = self.entry().collection();
        number
            .and_then(|number| self.collections.get(number))
            .expect("a boxed entry names its collection")
    }
}

/// The number that the value of an entry stands for.
#[expect(clippy::expect_used, reason = "an int is written as a varint only")]
pub(super) fn number(value: &[u8]) -> i64 {
    Varint::decode(value).expect("a number decodes as it was written")
}
