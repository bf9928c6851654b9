//! Until when a collection stays packed, by the names that Redis's configuration has for it.

use crate::hash::HashKey;

/// The largest packed collections. A collection that outgrows a bound stays large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackLimits {
    /// `hash-max-listpack-entries`: the most fields.
    pub hash_entries: usize,
    /// `hash-max-listpack-value`: the longest field or value, in bytes.
    pub hash_value: usize,
    /// `list-max-listpack-size`: bytes of a packed list, −1 to −5 for 4 to 64 KiB in Redis.
    pub list_bytes: usize,
    /// `set-max-intset-entries`: the most integers.
    pub set_integers: usize,
    /// `set-max-listpack-entries`: the most members of a set that are not all integers.
    pub set_entries: usize,
    /// `set-max-listpack-value`: the longest such member, in bytes.
    pub set_value: usize,
    /// `zset-max-listpack-entries`: the most members with scores.
    pub zset_entries: usize,
    /// `zset-max-listpack-value`: the longest such member, in bytes.
    pub zset_value: usize,
}

impl PackLimits {
    /// Those of Redis.
    pub const DEFAULT: Self = Self {
        hash_entries: 512,
        hash_value: 64,
        list_bytes: 8 << 10,
        set_integers: 512,
        set_entries: 128,
        set_value: 64,
        zset_entries: 128,
        zset_value: 64,
    };
}

impl Default for PackLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What the collections of a shard share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) limits: PackLimits,
    pub(crate) hash_key: HashKey,
}
