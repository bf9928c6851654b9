//! Bringing what several keys need into the processor's cache, before the first of them is used.
//!
//! ```text
//! one by one   bucket ░░░░ blob ░░░░ run  bucket ░░░░ blob ░░░░ run  …       ░ waiting for memory
//! touched      bucket bucket bucket … ░ blob blob blob … ░ run run run …
//! ```
//!
//! A key of a large keyspace costs two misses of every cache, one after the other, because the blob's
//! place is in the bucket. Of several keys the buckets can be loaded all at once and then the blobs. Nothing is
//! changed by this, and nothing depends on it.
//!
//! A prefetch does not wait for its line, but it holds up what comes behind it until its address is translated,
//! and a place in a large keyspace is seldom in the TLB. So what is to be loaded is found for all keys first, and
//! then asked for in a loop that does nothing else: the processor translates all of it side by side. With the
//! work of finding the next place between two prefetches there is room for two or three of them at once.
//!
//! A core waits for some two dozen lines at most, and for more it stands still: four entries of 150 bytes and their
//! neighbours' buckets are as many. By `gate compare`, CPU of a GET in pipelines of 16 beside a server that touched
//! and ran the 16 of one connection after the other (AMD EPYC, 2026-11-24): 16 keys at a time +1.9 %, 4 keys −3.7 %,
//! 2 keys +2.7 % (inconclusive).

use crate::arena::Slot;
use crate::guard::{ShardGuard, ShardInTurn};
use crate::hash::KeyHash;
use crate::index::Home;
use crate::keyspace::Keyspace;
use crate::shard::Shard;

/// Keys that are touched at once.
pub const TOUCHED_AT_ONCE: usize = 4;

/// Keys that are touched together.
type Few<T> = [T; TOUCHED_AT_ONCE];

/// The first [`TOUCHED_AT_ONCE`] of `hashes`, the last of them again where there are fewer; `None` where there are none.
#[inline]
fn few(hashes: &[KeyHash]) -> Option<Few<KeyHash>> {
    if let Some(few) = hashes.first_chunk() {
        return Some(*few);
    }
    let mut few = [*hashes.last()?; TOUCHED_AT_ONCE];
    few.iter_mut()
        .zip(hashes)
        .for_each(|(few, hash)| *few = *hash);
    Some(few)
}

/// Shards that nobody else had, with their numbers.
struct Held<'a> {
    keyspace: &'a Keyspace,
    shards: Few<Option<(usize, ShardGuard<'a>)>>,
}

impl<'a> Held<'a> {
    /// The shards of the keys with these hashes, but for those that another thread has.
    fn of(keyspace: &'a Keyspace, hashes: Few<KeyHash>) -> Self {
        let shards = [const { None }; TOUCHED_AT_ONCE];
        let mut held = Self { keyspace, shards };
        for (at, hash) in hashes.into_iter().enumerate() {
            if held.shard(hash).is_some() {
                continue;
            }
            let number = keyspace.count().index(hash);
            if let Some(place) = held.shards.get_mut(at) {
                *place = keyspace.try_lock_index(number).map(|shard| (number, shard));
            }
        }
        held
    }

    #[inline]
    fn shard(&self, hash: KeyHash) -> Option<&Shard> {
        let number = self.keyspace.count().index(hash);
        let mut held = self.shards.iter().flatten();
        let (_, shard) = held.find(|(held, _)| *held == number)?;
        Some(shard)
    }
}

impl ShardInTurn<'_> {
    /// Begins to load the buckets of the keys with the first [`TOUCHED_AT_ONCE`] of `hashes`. A shard that another
    /// thread has is left out, so that nothing waits.
    #[inline]
    pub fn touch_buckets(&mut self, hashes: &[KeyHash]) {
        let Some(hashes) = few(hashes) else { return };
        if self.is_only() {
            if let Some(shard) = self.only_if_free() {
                touch_homes(&homes(hashes, |_| Some(shard)));
            }
            return;
        }
        let held = Held::of(self.keyspace(), hashes);
        touch_homes(&homes(hashes, |hash| held.shard(hash)));
    }

    /// Begins to load what the keys with the first [`TOUCHED_AT_ONCE`] of `hashes` hold. It looks into their buckets,
    /// so [`touch_buckets`](Self::touch_buckets) is best called some time before.
    #[inline]
    pub fn touch_entries(&mut self, hashes: &[KeyHash]) {
        let Some(hashes) = few(hashes) else { return };
        if self.is_only() {
            if let Some(shard) = self.only_if_free() {
                touch_entries(&homes(hashes, |_| Some(shard)));
            }
            return;
        }
        let held = Held::of(self.keyspace(), hashes);
        touch_entries(&homes(hashes, |hash| held.shard(hash)));
    }
}

/// Where to look for a key, and in which shard.
type HomeIn<'a> = (&'a Shard, Home<'a>);

#[inline]
fn homes<'a>(
    hashes: Few<KeyHash>,
    shard: impl Fn(KeyHash) -> Option<&'a Shard>,
) -> Few<Option<HomeIn<'a>>> {
    hashes.map(|hash| {
        let shard = shard(hash)?;
        Some((shard, shard.home(hash)?))
    })
}

#[inline]
fn touch_homes(homes: &Few<Option<HomeIn<'_>>>) {
    for (_, home) in homes.iter().flatten() {
        home.touch();
    }
}

/// Begins to load the entries of keys: those whose handles lie in their homes, and then the others.
#[inline]
fn touch_entries(homes: &Few<Option<HomeIn<'_>>>) {
    let slots = homes.map(|home| {
        let (shard, home) = home?;
        shard.slot(home.likely()?)
    });
    touch_slots(&slots);
    if slots.iter().any(Option::is_none) {
        touch_beside(homes);
    }
}

/// Begins to load the entries that lie beside their homes.
#[inline(never)]
fn touch_beside(homes: &Few<Option<HomeIn<'_>>>) {
    let beside = || {
        let away = homes.iter().flatten();
        let away = away.filter(|(_, home)| home.likely().is_none());
        away.flat_map(|(shard, home)| home.beside().map(move |home| (shard, home)))
    };
    beside().for_each(|(_, home)| home.touch());
    let mut found = beside().filter_map(|(shard, home)| shard.slot(home.likely()?));
    touch_slots(&std::array::from_fn(|_| found.next()));
}

#[inline]
fn touch_slots(slots: &Few<Option<Slot<'_>>>) {
    slots.iter().flatten().for_each(|slot| slot.touch());
    slots.iter().flatten().for_each(|slot| slot.touch_rest());
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
            let hashes: Vec<_> = keys.iter().map(|key| key.hash()).collect();
            let touch = || {
                let mut last = ShardInTurn::new(&keyspace);
                for hashes in hashes.chunks(TOUCHED_AT_ONCE) {
                    last.touch_buckets(hashes);
                    last.touch_entries(hashes);
                }
                last.touch_entries(&hashes[..1]);
                last.touch_entries(&[]);
            };
            touch();
            assert_eq!((keyspace.len(), keyspace.used_bytes()), (len, used));
            let held = keyspace.lock_all();
            touch();
            drop(held);
        }
    }
}
