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
//! What was seen on the way is a [`Hint`]: who then asks for the key may find its entry there, and searches no bucket
//! again. Another request may have moved or removed the entry meanwhile, or put another one there; so a hint is right
//! only if what lies there has the key.
//!
//! A prefetch does not wait for its line, but it holds up what comes behind it until its address is translated,
//! and a place in a large keyspace is seldom in the TLB. So what is to be loaded is found for all keys first, entries
//! of some keys and buckets of those behind them, and then asked for in a row with nothing between: the processor
//! translates all of it side by side. With the work of finding the next place between two prefetches there is room for
//! two or three of them at once.
//!
//! A core waits for some two dozen lines at most, and for more it stands still: four entries of 150 bytes and their
//! neighbours' buckets are as many. By `gate compare`, CPU of a GET in pipelines of 16 beside a server that touched
//! and ran the 16 of one connection after the other (AMD EPYC, 2026-11-24): 16 keys at a time +1.9 %, 4 keys −3.7 %,
//! 2 keys +2.7 % (inconclusive).

use crate::arena::{Handle, Hint, Slot};
use crate::entries::Entries;
use crate::guard::{ShardGuard, ShardInTurn};
use crate::hash::KeyHash;
use crate::index::Home;
use crate::keyspace::Keyspace;

/// Keys that are touched at once.
pub const TOUCHED_AT_ONCE: usize = 4;

/// Keys that are touched together.
type Few<T> = [T; TOUCHED_AT_ONCE];

/// Where keys are to be looked for, as it was when their buckets were touched: shards and places in them.
#[derive(Debug, Default, Clone, Copy)]
pub struct Homes(Few<Option<(usize, Home)>>);

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
struct Held<'a>(Few<Option<(usize, ShardGuard<'a>)>>);

impl<'a> Held<'a> {
    /// The shards of these numbers, but for those that another thread has.
    fn of(keyspace: &'a Keyspace, numbers: Few<Option<usize>>) -> Self {
        let mut held = Self([const { None }; TOUCHED_AT_ONCE]);
        for (at, number) in numbers.into_iter().enumerate() {
            let Some(number) = number.filter(|number| held.entries(*number).is_none()) else {
                continue;
            };
            if let Some(place) = held.0.get_mut(at) {
                *place = keyspace.try_lock_index(number).map(|shard| (number, shard));
            }
        }
        held
    }

    #[inline]
    fn entries(&self, number: usize) -> Option<&Entries> {
        let mut held = self.0.iter().flatten();
        let (_, shard) = held.find(|(held, _)| *held == number)?;
        Some(shard.entries())
    }
}

impl ShardInTurn<'_> {
    /// Begins to load the buckets of the keys with the first [`TOUCHED_AT_ONCE`] of `hashes`, and yields which these
    /// are. A shard that another thread has is left out, so that nothing waits.
    pub fn touch_buckets(&mut self, hashes: &[KeyHash]) -> Homes {
        let Some(hashes) = few(hashes) else {
            return Homes::default();
        };
        if self.is_only() {
            let shard = self.only_if_free();
            return shard.map_or_else(Homes::default, |shard| {
                let homes = Homes::of(hashes.map(|hash| (0, hash)), |_| Some(shard.entries()));
                homes.touch(|_| Some(shard.entries()));
                homes
            });
        }
        let count = self.keyspace().count();
        let hashes = hashes.map(|hash| (count.index(hash), hash));
        let held = Held::of(self.keyspace(), hashes.map(|(number, _)| Some(number)));
        let homes = Homes::of(hashes, |number| held.entries(number));
        homes.touch(|number| held.entries(number));
        homes
    }

    /// Begins to load what keys hold whose `homes` were touched some time before, and yields where their entries seem to
    /// lie. The homes become those of the keys with the first of the hashes `next`, whose buckets begin to be loaded
    /// with the entries.
    #[inline]
    pub fn touch(&mut self, homes: &mut Homes, next: &[KeyHash]) -> [Hint; TOUCHED_AT_ONCE] {
        if !self.is_only() {
            return self.touch_several(homes, next);
        }
        let Some(shard) = self.only_if_free() else {
            *homes = Homes::default();
            return [Hint::NONE; _];
        };
        let next = few(next).map(|next| next.map(|hash| (0, hash)));
        touch(homes, next, |_| Some(shard.entries()))
    }

    /// The same one after the other: no more shards are held at a time than a few.
    #[inline(never)]
    fn touch_several(&mut self, homes: &mut Homes, next: &[KeyHash]) -> [Hint; TOUCHED_AT_ONCE] {
        let next = self.touch_buckets(next);
        let mut homes = std::mem::replace(homes, next);
        let numbers = homes.0.map(|home| home.map(|(number, _)| number));
        let held = Held::of(self.keyspace(), numbers);
        touch(&mut homes, None, |number| held.entries(number))
    }
}

impl Homes {
    #[inline]
    fn of<'a>(
        hashes: Few<(usize, KeyHash)>,
        entries: impl Fn(usize) -> Option<&'a Entries>,
    ) -> Self {
        Self(hashes.map(|(number, hash)| Some((number, entries(number)?.home(hash)?))))
    }

    /// Begins to load the buckets.
    #[inline]
    fn touch<'a>(&self, entries: impl Fn(usize) -> Option<&'a Entries>) {
        for (number, home) in self.0.iter().flatten() {
            if let Some(entries) = entries(*number) {
                entries.touch(*home);
            }
        }
    }
}

/// Touches entries and buckets together: the processor translates the addresses of all of them side by side.
#[inline]
fn touch<'a>(
    homes: &mut Homes,
    next: Option<Few<(usize, KeyHash)>>,
    entries: impl Fn(usize) -> Option<&'a Entries>,
) -> Few<Hint> {
    let old = homes
        .0
        .map(|home| home.and_then(|(number, home)| Some((entries(number)?, home))));
    let mut found = old.map(|home| home.and_then(|(entries, home)| entries.likely(home)));
    *homes = next.map_or_else(Homes::default, |next| Homes::of(next, &entries));
    found.iter().flatten().for_each(|(_, slot)| slot.touch());
    homes.touch(entries);
    found
        .iter()
        .flatten()
        .for_each(|(_, slot)| slot.touch_rest());
    if found.iter().any(Option::is_none) {
        touch_beside(&old, &mut found);
    }
    found.map(|found| Hint::of(found.map(|(handle, _)| handle)))
}

/// What seems to be the entry of a key.
type Likely<'a> = (Handle, Slot<'a>);

/// Begins to load the entries that lie beside their homes: those that were not found.
#[inline(never)]
fn touch_beside<'a>(homes: &Few<Option<(&'a Entries, Home)>>, found: &mut Few<Option<Likely<'a>>>) {
    let mut beside: Few<Option<(&Entries, Home)>> = *homes;
    for (beside, found) in beside.iter_mut().zip(&*found) {
        *beside = beside.filter(|_| found.is_none());
        if let Some((entries, home)) = beside {
            entries.beside(*home).for_each(|home| entries.touch(home));
        }
    }
    let beside = beside.map(|beside| {
        let (entries, home) = beside?;
        entries.beside(home).find_map(|home| entries.likely(home))
    });
    beside.iter().flatten().for_each(|(_, slot)| slot.touch());
    let slots = beside.iter().flatten();
    slots.for_each(|(_, slot)| slot.touch_rest());
    for (found, beside) in found.iter_mut().zip(beside) {
        *found = found.or(beside);
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
            let hashes: Vec<_> = keys.iter().map(|key| key.hash()).collect();
            let touch = || {
                let mut last = ShardInTurn::new(&keyspace);
                let mut homes = Homes::default();
                for hashes in hashes.chunks(TOUCHED_AT_ONCE) {
                    last.touch(&mut homes, hashes);
                }
                let mut homes = last.touch_buckets(&hashes[..1]);
                last.touch(&mut homes, &[]);
                assert_eq!(last.touch(&mut homes, &[]), [Hint::NONE; _]);
            };
            touch();
            assert_eq!((keyspace.len(), keyspace.used_bytes()), (len, used));
            let held = keyspace.lock_all();
            touch();
            drop(held);
        }
    }
}
