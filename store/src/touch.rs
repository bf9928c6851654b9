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

use std::sync::MutexGuard;

use crate::hash::Key;
use crate::keyspace::Keyspace;
use crate::shard::Shard;

/// Keys that are touched at once.
pub const TOUCHED_AT_ONCE: usize = 16;
/// Shards that are held at once.
const HELD: usize = 16;

/// Shards that nobody else had, each in the place that its number says; one drives out another.
struct Held<'a> {
    keyspace: &'a Keyspace,
    places: [Option<(usize, MutexGuard<'a, Shard>)>; HELD],
}

impl<'a> Held<'a> {
    fn new(keyspace: &'a Keyspace) -> Self {
        Self {
            keyspace,
            places: Default::default(),
        }
    }

    /// The shard of `key`, unless another thread has it.
    #[inline]
    fn shard(&mut self, key: Key<'_>) -> Option<&Shard> {
        let number = self.keyspace.count().index(key.hash());
        let place = self.places.get_mut(number % HELD)?;
        if place.as_ref().is_none_or(|(held, _)| *held != number) {
            let shard = self.keyspace.try_lock_index(number)?;
            *place = Some((number, shard));
        }
        place.as_ref().map(|(_, shard)| &**shard)
    }
}

impl Keyspace {
    /// Loads what the next operations on the first [`TOUCHED_AT_ONCE`] of `keys` will need. A shard
    /// that another thread has is left out, so that nothing waits.
    ///
    /// Each bucket begins to load when its key comes, so that whatever makes the next key runs meanwhile.
    pub fn touch<'k>(&self, keys: impl Iterator<Item = Key<'k>>) {
        let mut held = Held::new(self);
        let mut touched = [None; TOUCHED_AT_ONCE];
        for (key, place) in keys.zip(&mut touched) {
            if let Some(shard) = held.shard(key) {
                shard.touch_bucket(key);
            }
            *place = Some(key);
        }
        for place in &mut touched {
            let Some(key) = *place else { break };
            if held.shard(key).is_none_or(|shard| !shard.touch_blob(key)) {
                *place = None;
            }
        }
        for key in touched.into_iter().flatten() {
            if let Some(shard) = held.shard(key) {
                shard.touch_blob_beside(key);
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
