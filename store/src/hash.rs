//! Hashing: a key of bytes is hashed once, under a secret of the process.
//!
//! ```text
//!  63                                                        0
//! ┌────────────────┬──────────────────────────────────────────┐
//! │ shard, 0 to 10 │ position in the shard's index            │   one KeyHash
//! └────────────────┴──────────────────────────────────────────┘
//! ```
//!
//! The top bits choose the shard, so that all keys in the order of their hashes are all shards in
//! order, each in the order of its positions. SCAN rests on that.

use std::hash::{BuildHasher, Hasher, RandomState};

use foldhash::SharedSeed;
use foldhash::quality::FoldHasher;

use crate::arena::Hint;

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
/// The hash of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyHash(pub(crate) u64);

/// A key with its hash; [`Keyspace::key`](crate::Keyspace::key) makes one.
///
/// A key that was hashed by another keyspace is looked up in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    bytes: &'a [u8],
    hash: KeyHash,
    hint: Hint,
}

impl<'a> Key<'a> {
    /// Hashes `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8], hash_key: &HashKey) -> Self {
        Self {
            bytes,
            hash: hash_key.hash(bytes),
            hint: Hint::NONE,
        }
    }

    /// A key whose hash is known, and perhaps where it lies. With a hash that is not its own nothing is found; a hint
    /// may be wrong.
    #[must_use]
    #[inline]
    pub const fn with_hash(bytes: &'a [u8], hash: KeyHash, hint: Hint) -> Self {
        Self { bytes, hash, hint }
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

    pub(crate) const fn hint(self) -> Hint {
        self.hint
    }
}
