//! What the table holds for a key: 16 bytes that own all the rest.
//!
//! ```text
//! String      │ pointer 8 │ length 8 │ → flags, key, expiry, value: see `packed`
//! Collection  │ 0 8       │ pointer 8│ → key, expiry, hash
//! ```
//!
//! The compiler tells the two apart by the pointer, which is never null in a string.

use crate::hash_value::HashValue;
use crate::packed::{Draft, Packed, StringEncoding};
use crate::size_class::allocated;
use crate::time::Millis;
use crate::value::{EMBSTR_LEN_MAX, Encoding, Kind, StringRef, ValueRef};
use crate::varint::Varint;
use crate::{WrongType, integer};

const _: () = assert!(size_of::<Entry>() == 16, "a slot of the table");

/// A key with its value and its expiry.
#[derive(Debug)]
pub(crate) enum Entry {
    String(Packed),
    Collection(Box<Collection>),
}

/// A key whose value is a collection.
#[derive(Debug)]
pub(crate) struct Collection {
    key: Box<[u8]>,
    expiry: Option<Millis>,
    hash: HashValue,
}

impl Entry {
    /// An entry with a hash.
    pub(crate) fn hash(key: &[u8], hash: HashValue) -> Self {
        let key = key.into();
        Self::Collection(Box::new(Collection {
            key,
            expiry: None,
            hash,
        }))
    }

    pub(crate) fn key(&self) -> &[u8] {
        match self {
            Self::String(packed) => packed.view().key,
            Self::Collection(collection) => &collection.key,
        }
    }

    pub(crate) fn expiry(&self) -> Option<Millis> {
        match self {
            Self::String(packed) => packed.view().expiry,
            Self::Collection(collection) => collection.expiry,
        }
    }

    pub(crate) fn set_expiry(&mut self, expiry: Option<Millis>) {
        match self {
            Self::String(packed) => packed.set_expiry(expiry),
            Self::Collection(collection) => collection.expiry = expiry,
        }
    }

    /// Whether the entry's time is over.
    pub(crate) fn is_expired(&self, now: Millis) -> bool {
        self.expiry().is_some_and(|expiry| expiry.is_past(now))
    }

    /// Puts a string in the place of what the entry held.
    pub(crate) fn replace(&mut self, draft: &Draft<'_>) {
        match self {
            Self::String(packed) => packed.replace(draft),
            Self::Collection(_) => *self = Self::String(draft.pack()),
        }
    }

    pub(crate) fn value(&self) -> ValueRef<'_> {
        match self {
            Self::String(packed) => ValueRef::String(packed.string()),
            Self::Collection(collection) => ValueRef::Hash(&collection.hash),
        }
    }

    pub(crate) fn as_string(&self) -> Result<StringRef<'_>, WrongType> {
        match self.value() {
            ValueRef::String(string) => Ok(string),
            ValueRef::Hash(_) => Err(WrongType),
        }
    }

    pub(crate) fn as_hash(&self) -> Result<&HashValue, WrongType> {
        match self {
            Self::Collection(collection) => Ok(&collection.hash),
            Self::String(_) => Err(WrongType),
        }
    }

    pub(crate) fn as_hash_mut(&mut self) -> Result<&mut HashValue, WrongType> {
        match self {
            Self::Collection(collection) => Ok(&mut collection.hash),
            Self::String(_) => Err(WrongType),
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::String(_) => Kind::String,
            Self::Collection(_) => Kind::Hash,
        }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        match self {
            Self::String(packed) => packed.view().encoding.into(),
            Self::Collection(collection) => collection.hash.encoding(),
        }
    }

    /// Bytes that the entry allocates outside the table.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::String(packed) => allocated(packed.len()),
            Self::Collection(c) => c.shell_bytes() + c.hash.heap_bytes(),
        }
    }

    /// The same by walking over the fields of a hash.
    pub(crate) fn recount_heap_bytes(&self) -> usize {
        match self {
            Self::String(_) => self.heap_bytes(),
            Self::Collection(c) => c.shell_bytes() + c.hash.recount_heap_bytes(),
        }
    }
}

impl Collection {
    const fn shell_bytes(&self) -> usize {
        allocated(size_of::<Self>()) + allocated(self.key.len())
    }
}

/// A string on its way into an entry, in the encoding that its bytes ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NewString<'a> {
    Int(Varint),
    Bytes(StringEncoding, &'a [u8]),
}

impl<'a> NewString<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        match integer::parse(bytes) {
            Some(number) => Self::Int(Varint::encode(number)),
            None if bytes.len() <= EMBSTR_LEN_MAX => Self::Bytes(StringEncoding::Embstr, bytes),
            None => Self::Bytes(StringEncoding::Raw, bytes),
        }
    }

    pub(crate) fn draft<'d>(&'d self, key: &'d [u8], expiry: Option<Millis>) -> Draft<'d> {
        let (encoding, value) = match self {
            Self::Int(varint) => (StringEncoding::Int, varint.as_bytes()),
            Self::Bytes(encoding, bytes) => (*encoding, *bytes),
        };
        Draft {
            encoding,
            expiry,
            key,
            value,
            tail: &[],
        }
    }
}
