//! What a key holds, as a reader sees it.

use std::borrow::Cow;

use crate::collection::{HashRef, ListRef, SetRef, ZsetRef};

/// The longest string that Redis calls `embstr`, in bytes.
pub(crate) const EMBSTR_LEN_MAX: usize = 44;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Text, bytes or a number.
    String,
    /// Fields with values.
    Hash,
    /// Elements in an order.
    List,
    /// Members without an order.
    Set,
    /// Members with scores.
    Zset,
}

impl Kind {
    /// As `TYPE` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Hash => "hash",
            Self::List => "list",
            Self::Set => "set",
            Self::Zset => "zset",
        }
    }
}

/// How a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// A string that is the canonical text of a 64-bit integer.
    Int,
    /// A string of at most 44 bytes.
    Embstr,
    /// A longer string, or one that was appended to.
    Raw,
    /// A small collection, its elements in a row.
    Listpack,
    /// A small set of integers.
    Intset,
    /// A hash or a set in a hash table.
    Hashtable,
    /// A list in chunks.
    Quicklist,
    /// A sorted set with an index of ranks. It is no skip list, but clients know that name.
    Skiplist,
}

impl Encoding {
    /// As `OBJECT ENCODING` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Embstr => "embstr",
            Self::Raw => "raw",
            Self::Listpack => "listpack",
            Self::Intset => "intset",
            Self::Hashtable => "hashtable",
            Self::Quicklist => "quicklist",
            Self::Skiplist => "skiplist",
        }
    }
}

/// A value, borrowed until the next write to its shard.
#[derive(Debug, Clone, Copy)]
pub enum ValueRef<'a> {
    /// A string.
    String(StringRef<'a>),
    /// A hash.
    Hash(HashRef<'a>),
    /// A list.
    List(ListRef<'a>),
    /// A set.
    Set(SetRef<'a>),
    /// A sorted set.
    Zset(ZsetRef<'a>),
}

/// A string value: a number has no bytes to borrow until it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StringRef<'a> {
    /// A number, which stands for its decimal text.
    Int(i64),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl<'a> StringRef<'a> {
    /// Hands the bytes to `read`; a number is printed on the stack first.
    pub fn with_bytes<R>(self, read: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Self::Int(number) => read(itoa::Buffer::new().format(number).as_bytes()),
            Self::Bytes(bytes) => read(bytes),
        }
    }

    /// Appends the bytes to `out`.
    pub fn write_to(self, out: &mut Vec<u8>) {
        self.with_bytes(|bytes| out.extend_from_slice(bytes));
    }

    /// The bytes, borrowed where there are any to borrow.
    #[must_use]
    pub fn to_bytes(self) -> Cow<'a, [u8]> {
        match self {
            Self::Int(_) => Cow::Owned(self.with_bytes(<[u8]>::to_vec)),
            Self::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }

    /// The number that the bytes are the canonical text of.
    #[must_use]
    pub fn to_integer(self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(number),
            Self::Bytes(bytes) => crate::integer::parse(bytes),
        }
    }

    /// Length of the text in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.with_bytes(<[u8]>::len)
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::Bytes(&[])
    }
}
