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

use crate::guard::{ShardGuard, ShardInTurn};
use crate::hash::KeyHash;
use crate::keyspace::Keyspace;
use crate::shard::Shard;

/// Keys that are touched at once.
pub const TOUCHED_AT_ONCE: usize = 16;
/// Shards that are held at once.
const HELD: usize = 16;

/// Shards that nobody else had, each in the place that its number says; one drives out another.
struct Held<'a> {
    keyspace: &'a Keyspace,
    places: [Option<(usize, ShardGuard<'a>)>; HELD],
}

impl<'a> Held<'a> {
    fn new(keyspace: &'a Keyspace) -> Self {
        Self {
            keyspace,
            places: Default::default(),
        }
    }

    /// The shard of the keys with this hash, unless another thread has it.
    #[inline]
    fn shard(&mut self, hash: KeyHash) -> Option<&Shard> {
        let number = self.keyspace.count().index(hash);
        let place = self.places.get_mut(number % HELD)?;
        if place.as_ref().is_none_or(|(held, _)| *held != number) {
            let shard = self.keyspace.try_lock_index(number)?;
            *place = Some((number, shard));
        }
        place.as_ref().map(|(_, shard)| &**shard)
    }
}

impl ShardInTurn<'_> {
    /// Begins to load the bucket of the keys with this hash, so that whatever comes next runs meanwhile.
    /// Of several shards' buckets none is loaded before [`touch_blobs`](Self::touch_blobs).
    #[inline]
    pub fn touch_bucket(&mut self, hash: KeyHash) {
        if let Some(shard) = self.only_if_free() {
            shard.touch_bucket(hash);
        }
    }

    /// Begins to load what the keys with the first [`TOUCHED_AT_ONCE`] of `hashes` hold, whose buckets were
    /// touched. A shard that another thread has is left out, so that nothing waits.
    #[inline]
    pub fn touch_blobs(&mut self, hashes: impl Iterator<Item = KeyHash> + Clone) {
        if self.is_only() {
            if let Some(shard) = self.only_if_free() {
                blobs(hashes, |hash, lies| lies.touch(shard, hash));
            }
            return;
        }
        let mut held = Held::new(self.keyspace());
        for hash in hashes.clone().take(TOUCHED_AT_ONCE) {
            if let Some(shard) = held.shard(hash) {
                shard.touch_bucket(hash);
            }
        }
        blobs(hashes, |hash, lies| {
            held.shard(hash)
                .is_some_and(|shard| lies.touch(shard, hash))
        });
    }
}

/// Where the handle of a key is looked for.
#[derive(Clone, Copy)]
enum Lies {
    Home,
    Beside,
}

impl Lies {
    /// Begins to load the blob; or, where its home has none, the buckets beside it, which is what it yields.
    #[inline]
    fn touch(self, shard: &Shard, hash: KeyHash) -> bool {
        match self {
            Self::Home => shard.touch_blob(hash),
            Self::Beside => {
                shard.touch_blob_beside(hash);
                false
            }
        }
    }
}

/// Touches the blobs of the keys whose handles lie in their homes, and then of the others.
#[inline]
fn blobs(hashes: impl Iterator<Item = KeyHash>, mut touch: impl FnMut(KeyHash, Lies) -> bool) {
    let mut beside = [KeyHash::default(); TOUCHED_AT_ONCE];
    let mut len = 0;
    for hash in hashes.take(TOUCHED_AT_ONCE) {
        if touch(hash, Lies::Home)
            && let Some(place) = beside.get_mut(len)
        {
            *place = hash;
            len += 1;
        }
    }
    for hash in beside.into_iter().take(len) {
        touch(hash, Lies::Beside);
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
            let hashes = || keys.iter().map(|key| key.hash());
            let touch = || {
                let mut last = ShardInTurn::new(&keyspace);
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
