//! What the table holds for a key.

use crate::hash_value::HashValue;
use crate::size_class::allocated;
use crate::time::Millis;
use crate::value::{EMBSTR_LEN_MAX, Encoding, Kind, StringRef, ValueRef};
use crate::{WrongType, integer};

/// A value with its expiry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) expiry: Option<Millis>,
}

/// A value, allocated apart from its key.
#[derive(Debug)]
pub(crate) enum Value {
    Int(i64),
    Embstr(Box<[u8]>),
    Raw(Box<[u8]>),
    Hash(Box<HashValue>),
}

impl Value {
    /// A string in the encoding that its bytes ask for.
    pub(crate) fn string(bytes: &[u8]) -> Self {
        match integer::parse(bytes) {
            Some(number) => Self::Int(number),
            None if bytes.len() <= EMBSTR_LEN_MAX => Self::Embstr(bytes.into()),
            None => Self::Raw(bytes.into()),
        }
    }

    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Int(number) => ValueRef::String(StringRef::Int(*number)),
            Self::Embstr(bytes) | Self::Raw(bytes) => ValueRef::String(StringRef::Bytes(bytes)),
            Self::Hash(hash) => ValueRef::Hash(hash),
        }
    }

    pub(crate) fn as_string(&self) -> Result<StringRef<'_>, WrongType> {
        match self.as_ref() {
            ValueRef::String(string) => Ok(string),
            ValueRef::Hash(_) => Err(WrongType),
        }
    }

    pub(crate) fn as_hash(&self) -> Result<&HashValue, WrongType> {
        match self {
            Self::Hash(hash) => Ok(hash),
            _ => Err(WrongType),
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Int(_) | Self::Embstr(_) | Self::Raw(_) => Kind::String,
            Self::Hash(_) => Kind::Hash,
        }
    }

    pub(crate) const fn encoding(&self) -> Encoding {
        match self {
            Self::Int(_) => Encoding::Int,
            Self::Embstr(_) => Encoding::Embstr,
            Self::Raw(_) => Encoding::Raw,
            Self::Hash(hash) => hash.encoding(),
        }
    }

    /// Bytes that the value allocates outside the table.
    pub(crate) const fn heap_bytes(&self) -> usize {
        match self {
            Self::Int(_) => 0,
            Self::Embstr(bytes) | Self::Raw(bytes) => allocated(bytes.len()),
            Self::Hash(hash) => allocated(size_of::<HashValue>()) + hash.heap_bytes(),
        }
    }

    /// The same by walking over the fields of a hash.
    pub(crate) fn recount_heap_bytes(&self) -> usize {
        match self {
            Self::Hash(hash) => allocated(size_of::<HashValue>()) + hash.recount_heap_bytes(),
            _ => self.heap_bytes(),
        }
    }
}

impl Entry {
    /// Whether the entry's time is over.
    pub(crate) fn is_expired(&self, now: Millis) -> bool {
        self.expiry.is_some_and(|expiry| expiry.is_past(now))
    }
}
