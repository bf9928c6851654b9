//! Hashing: a key of bytes is hashed once, under a secret of the process.
//!
//! ```text
//!  63 … 54          next 8 bits        45 … 39    38 … 0
//! ┌────────────────┬──────────────────┬──────────┬────────────────────┐
//! │ shard, 0 to 10 │ segment          │ tag      │ place in the table │   one KeyHash
//! └────────────────┴──────────────────┴──────────┴────────────────────┘
//! ```
//!
//! The top bits choose the shard and the segment, so that all keys in the order of their hashes are
//! all shards in order, in each its segments in order. SCAN rests on that. The keys of a segment share
//! those bits, so its table must not look at them: hashbrown takes the place from the low bits and a
//! tag of 7 bits from the top ones, and gets a hash whose top bits were made from the bits 45 to 39.

use std::hash::{BuildHasher, Hasher, RandomState};

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

/// The secret that a keyspace hashes its keys with.
///
/// Both seeds come from it: with a known second seed keys could be chosen that all collide.
#[derive(Debug, Clone)]
pub struct HashKey {
    seed: u64,
    shared: SharedSeed,
    /// Bits that are kept of every hash: tests let keys collide with it.
    #[cfg(test)]
    mask: u64,
}

impl HashKey {
    /// A key that is the same in every process, for tests and for probes that count bytes.
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self {
            seed,
            shared: SharedSeed::from_u64(seed),
            #[cfg(test)]
            mask: u64::MAX,
        }
    }

    /// A key drawn from the entropy that the standard library's maps are seeded with.
    #[must_use]
    pub fn random() -> Self {
        Self {
            shared: SharedSeed::from_u64(RandomState::new().hash_one(1)),
            ..Self::from_seed(RandomState::new().hash_one(0))
        }
    }

    /// A key whose hashes keep the bits of `mask` only.
    #[cfg(test)]
    pub(crate) const fn masked(mask: u64) -> Self {
        Self {
            mask,
            ..Self::from_seed(1)
        }
    }

    /// The hash of `bytes`.
    #[must_use]
    pub fn hash(&self, bytes: &[u8]) -> KeyHash {
        let mut hasher = FoldHasher::with_seed(self.seed, &self.shared);
        hasher.write(bytes);
        let hash = hasher.finish();
        #[cfg(test)]
        let hash = hash & self.mask;
        KeyHash(hash)
    }
}

/// Bits of a hash that choose the shard, at most.
pub(crate) const SHARD_BITS_MAX: u32 = 10;
/// Bits of a hash that choose the segment within a shard.
pub(crate) const SEGMENT_BITS: u32 = 8;
/// Bits that hashbrown keeps of every hash, to tell most keys apart without looking at them.
const TAG_BITS: u32 = 7;
/// Bits that are left to choose the place in a table.
const PLACE_BITS: u32 = 39;

const _: () = assert!(SHARD_BITS_MAX + SEGMENT_BITS + TAG_BITS + PLACE_BITS == u64::BITS);

/// The hash of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyHash(pub(crate) u64);

impl KeyHash {
    /// The hash for the table of a segment.
    pub(crate) const fn table(self) -> u64 {
        let tag = self.0 >> PLACE_BITS << (u64::BITS - TAG_BITS);
        let place = self.0 & ((1 << PLACE_BITS) - 1);
        tag | place
    }
}

/// A key with its hash; [`Keyspace::key`](crate::Keyspace::key) makes one.
///
/// A key that was hashed by another keyspace is looked up in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    bytes: &'a [u8],
    hash: KeyHash,
}

impl<'a> Key<'a> {
    /// Hashes `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8], hash_key: &HashKey) -> Self {
        Self {
            bytes,
            hash: hash_key.hash(bytes),
        }
    }

    /// The key itself.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Its hash.
    #[must_use]
    pub const fn hash(self) -> KeyHash {
        self.hash
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{HashKey, SEGMENT_BITS, SHARD_BITS_MAX, TAG_BITS};

    #[test]
    fn keys_of_one_segment_differ_in_tag_and_place() {
        let hash_key = HashKey::from_seed(1);
        let range = |hash: u64| hash >> (u64::BITS - SEGMENT_BITS);
        let (mut tags, mut places) = (BTreeSet::new(), BTreeSet::new());
        let hashes = (0_u32..).map(|n| hash_key.hash(&n.to_le_bytes()));
        for hash in hashes.filter(|hash| range(hash.0) == 7).take(2000) {
            tags.insert(hash.table() >> (u64::BITS - TAG_BITS));
            places.insert(hash.table() & 0xFFF);
        }
        assert_eq!(tags.len(), 1 << TAG_BITS);
        // 2000 balls in 4096 bins: 1580 are hit on average, with a deviation of 16.
        assert!(places.len() > 1480, "{}", places.len());
    }

    #[test]
    fn bits_above_the_tag_do_not_reach_the_table() {
        let hash = HashKey::from_seed(1).hash(b"key");
        let mut other = hash;
        other.0 ^= u64::MAX << (u64::BITS - SHARD_BITS_MAX - SEGMENT_BITS);
        assert_eq!(hash.table(), other.table());
    }
}
