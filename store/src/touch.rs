//! Bringing what several keys need into the processor's cache, before the first of them is used.
//!
//! ```text
//! one by one   bucket ░░░░ blob ░░░░ run  bucket ░░░░ blob ░░░░ run  …       ░ waiting for memory
//! touched      bucket bucket bucket … ░░░░ blob blob blob … ░░░░ run run run …
//! ```
//!
//! A key of a large keyspace costs two misses of every cache, one after the other, because the blob's
//! place is in the bucket. Of several keys the buckets can be loaded all at once and then the blobs:
//! the processor runs on while a load that nothing depends on is under way. Nothing is changed by
//! this, and nothing depends on it.

use std::sync::MutexGuard;

use crate::hash::Key;
use crate::keyspace::Keyspace;
use crate::shard::Shard;

/// Keys whose shards are held at once.
pub const TOUCHED_AT_ONCE: usize = 16;

impl Keyspace {
    /// Loads what the next operations on the first [`TOUCHED_AT_ONCE`] of `keys` will need. A shard
    /// that another thread has is left out, so that nothing waits.
    pub fn touch<'k>(&self, keys: impl Iterator<Item = Key<'k>> + Clone) {
        let keys = keys.take(TOUCHED_AT_ONCE);
        if self.count().get() == 1 {
            if let Some(shard) = self.try_lock_index(0) {
                keys.clone().for_each(|key| shard.touch_bucket(key));
                keys.for_each(|key| shard.touch_blob(key));
            }
            return;
        }
        // All shards are held before the first load: to take a lock would wait for the loads so far.
        let mut guards: [Option<MutexGuard<'_, Shard>>; TOUCHED_AT_ONCE] = Default::default();
        let mut numbers = [usize::MAX; TOUCHED_AT_ONCE];
        let mut places = [usize::MAX; TOUCHED_AT_ONCE];
        let mut held = 0;
        for (key, place) in keys.clone().zip(&mut places) {
            let number = self.count().index(key.hash());
            let known = numbers.iter().take(held).position(|held| *held == number);
            *place = known.unwrap_or(held);
            if known.is_none()
                && let Some(guard) = guards.get_mut(held)
                && let Some(slot) = numbers.get_mut(held)
            {
                *guard = self.try_lock_index(number);
                *slot = number;
                held += 1;
            }
        }
        let shards = places.iter().map(|place| guards.get(*place)?.as_deref());
        for (key, shard) in keys.clone().zip(shards.clone()) {
            if let Some(shard) = shard {
                shard.touch_bucket(key);
            }
        }
        for (key, shard) in keys.zip(shards) {
            if let Some(shard) = shard {
                shard.touch_blob(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExpiryChange, HashKey, Millis, ShardCount};

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
            keyspace.touch(keys.iter().copied());
            keyspace.touch(std::iter::empty());
            assert_eq!((keyspace.len(), keyspace.used_bytes()), (len, used));
            let held = keyspace.lock_all();
            keyspace.touch(keys.iter().copied());
            drop(held);
        }
    }
}
