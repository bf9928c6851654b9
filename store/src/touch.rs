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

use crate::arena::{Handle, Slot};
use crate::guard::{ShardGuard, ShardInTurn};
use crate::hash::KeyHash;
use crate::index::Home;
use crate::keyspace::Keyspace;
use crate::shard::Shard;

/// Keys that are touched at once.
pub const TOUCHED_AT_ONCE: usize = 4;

/// Shards that nobody else had, with their numbers.
struct Held<'a> {
    keyspace: &'a Keyspace,
    shards: [Option<(usize, ShardGuard<'a>)>; TOUCHED_AT_ONCE],
}

impl<'a> Held<'a> {
    /// The shards of the keys with these hashes, but for those that another thread has.
    #[inline]
    fn of(keyspace: &'a Keyspace, hashes: impl Iterator<Item = KeyHash>) -> Self {
        let shards = [const { None }; TOUCHED_AT_ONCE];
        let mut held = Self { keyspace, shards };
        for (at, hash) in hashes.enumerate() {
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

    /// Those keys whose shards are held, each with its shard.
    #[inline]
    fn keys(
        &self,
        hashes: impl Iterator<Item = KeyHash>,
    ) -> impl Iterator<Item = (&Shard, KeyHash)> {
        hashes.filter_map(|hash| Some((self.shard(hash)?, hash)))
    }
}

impl ShardInTurn<'_> {
    /// Begins to load the buckets of the keys with the first [`TOUCHED_AT_ONCE`] of `hashes`. A shard that another
    /// thread has is left out, so that nothing waits.
    #[inline]
    pub fn touch_buckets(&mut self, hashes: impl Iterator<Item = KeyHash> + Clone) {
        let hashes = hashes.take(TOUCHED_AT_ONCE);
        if self.is_only() {
            if let Some(shard) = self.only_if_free() {
                touch_homes(&Few::homes(hashes.map(|hash| (shard, hash))));
            }
            return;
        }
        let held = Held::of(self.keyspace(), hashes.clone());
        touch_homes(&Few::homes(held.keys(hashes)));
    }

    /// Begins to load what the keys with the first [`TOUCHED_AT_ONCE`] of `hashes` hold. It looks into their buckets,
    /// so [`touch_buckets`](Self::touch_buckets) is best called some time before.
    #[inline]
    pub fn touch_entries(&mut self, hashes: impl Iterator<Item = KeyHash> + Clone) {
        let hashes = hashes.take(TOUCHED_AT_ONCE);
        if self.is_only() {
            if let Some(shard) = self.only_if_free() {
                touch_entries(&Few::homes(hashes.map(|hash| (shard, hash))));
            }
            return;
        }
        let held = Held::of(self.keyspace(), hashes.clone());
        touch_entries(&Few::homes(held.keys(hashes)));
    }
}

/// At most [`TOUCHED_AT_ONCE`] things in a row; what comes behind them is dropped.
struct Few<T> {
    items: [Option<T>; TOUCHED_AT_ONCE],
    len: usize,
}

impl<T: Copy> Few<T> {
    const fn new() -> Self {
        Self {
            items: [None; TOUCHED_AT_ONCE],
            len: 0,
        }
    }

    #[inline]
    fn push(&mut self, item: T) {
        if let Some(place) = self.items.get_mut(self.len) {
            *place = Some(item);
            self.len += 1;
        }
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = T> {
        self.items.iter().take(self.len).filter_map(|item| *item)
    }
}

/// Where to look for a key, and in which shard.
type HomeIn<'a> = (&'a Shard, Home<'a>);

impl<'a> Few<HomeIn<'a>> {
    #[inline]
    fn homes(keys: impl Iterator<Item = (&'a Shard, KeyHash)>) -> Self {
        let mut homes = Self::new();
        for (shard, hash) in keys {
            if let Some(home) = shard.home(hash) {
                homes.push((shard, home));
            }
        }
        homes
    }
}

#[inline]
fn touch_homes(homes: &Few<HomeIn<'_>>) {
    homes.iter().for_each(|(_, home)| home.touch());
}

/// Begins to load the entries of keys: those whose handles lie in their homes, and then the others.
#[inline]
fn touch_entries(homes: &Few<HomeIn<'_>>) {
    let (mut slots, mut beside) = (Few::new(), Few::new());
    for (shard, home) in homes.iter() {
        match home.likely() {
            Some(handle) => find_slot(shard, handle, &mut slots),
            None => home.beside().for_each(|home| beside.push((shard, home))),
        }
    }
    touch_slots(&slots);
    touch_homes(&beside);
    let mut slots = Few::new();
    for (shard, home) in beside.iter() {
        if let Some(handle) = home.likely() {
            find_slot(shard, handle, &mut slots);
        }
    }
    touch_slots(&slots);
}

#[inline]
fn find_slot<'a>(shard: &'a Shard, handle: Handle, slots: &mut Few<Slot<'a>>) {
    if let Some(slot) = shard.slot(handle) {
        slots.push(slot);
    }
}

#[inline]
fn touch_slots(slots: &Few<Slot<'_>>) {
    slots.iter().for_each(Slot::touch);
    slots.iter().for_each(Slot::touch_rest);
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
                last.touch_buckets(hashes());
                last.touch_entries(hashes());
                last.touch_entries(std::iter::empty());
            };
            touch();
            assert_eq!((keyspace.len(), keyspace.used_bytes()), (len, used));
            let held = keyspace.lock_all();
            touch();
            drop(held);
        }
    }
}
