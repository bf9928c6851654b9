//! Bringing what several keys need into the processor's cache, before the first of them is used.
//!
//! ```text
//! one by one   bucket ░░░░ blob ░░░░ run  bucket ░░░░ blob ░░░░ run  …       ░ waiting for memory
//! touched      bucket bucket bucket … ░ blob blob blob … ░ run run run …
//! ```
//!
//! A key of a large keyspace costs two misses of every cache, one after the other, because the blob's
//! place is in the bucket. Of several keys the buckets can be loaded all at once and then the blobs: a
//! prefetch is an instruction that nothing waits for. Nothing is changed by this, and nothing depends on it.

use crate::guard::LastShard;
use crate::hash::KeyHash;

/// Keys that are touched at once.
pub const TOUCHED_AT_ONCE: usize = 16;

/// A shard that another thread has is left out, so that nothing waits.
impl LastShard<'_> {
    /// Begins to load the bucket of the keys with this hash, so that whatever comes next runs meanwhile.
    #[inline]
    pub fn touch_bucket(&mut self, hash: KeyHash) {
        if let Some(shard) = self.free_shard(hash) {
            shard.touch_bucket(hash);
        }
    }

    /// Begins to load what the keys with the first [`TOUCHED_AT_ONCE`] of `hashes` hold, whose buckets were touched.
    #[inline]
    pub fn touch_blobs(&mut self, hashes: impl Iterator<Item = KeyHash>) {
        let mut beside = [KeyHash::default(); TOUCHED_AT_ONCE];
        let mut len = 0;
        for hash in hashes.take(TOUCHED_AT_ONCE) {
            let shard = self.free_shard(hash);
            if shard.is_some_and(|shard| shard.touch_blob(hash))
                && let Some(place) = beside.get_mut(len)
            {
                *place = hash;
                len += 1;
            }
        }
        for hash in beside.into_iter().take(len) {
            if let Some(shard) = self.free_shard(hash) {
                shard.touch_blob_beside(hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount};

    /// Names of keys that are there, and of as many that are not.
    #[test]
    fn touching_changes_nothing_and_waits_for_nobody() {
        for count in [ShardCount::ONE, ShardCount::at_least(8)] {
            let keyspace = Keyspace::new(HashKey::from_seed(5), count);
            let names: Vec<String> = (0..2000).map(|n| format!("key:{n}")).collect();
            for (n, name) in names.iter().step_by(2).enumerate() {
                let value = vec![b'v'; [5, 200, 20_000][n % 3]];
                let key = keyspace.key(name.as_bytes());
                let mut shard = keyspace.lock(key);
                shard
                    .set(key, &value, ExpiryChange::Clear, Millis(1))
                    .unwrap();
            }
            let keys: Vec<_> = names
                .iter()
                .map(|name| keyspace.key(name.as_bytes()))
                .collect();
            let (len, used) = (keyspace.len(), keyspace.used_bytes());
            let hashes = || keys.iter().map(|key| key.hash());
            let touch = || {
                let mut last = LastShard::new(&keyspace);
                hashes().for_each(|hash| last.touch_bucket(hash));
                last.touch_blobs(hashes());
                last.touch_blobs(std::iter::empty());
            };
            touch();
            assert_eq!((keyspace.len(), keyspace.used_bytes()), (len, used));
            let held = keyspace.lock_all();
            touch();
            drop(held);
        }
    }
}
