//! What concerns all shards, whether each is locked in its turn or all are held.

use crate::eviction::EvictionPolicy;
use crate::hash::KeyHash;
use crate::keyspace::ShardCount;
use crate::memory_parts::MemoryParts;
use crate::room::{self, Effort, Room};
use crate::shard::Shard;
use crate::time::Millis;
use crate::value::Kind;

/// The cursor that begins and ends.
const END: u64 = 0;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Where to go on; 0 when every key was looked at.
    pub cursor: u64,
    /// Keys that were removed.
    pub removed: usize,
}

/// Access to every shard in order: `&Keyspace` locks each for its own visit, [`LockedShards`] of
/// [`lock_all`] holds them.
///
/// [`LockedShards`]: crate::LockedShards
/// [`lock_all`]: crate::Keyspace::lock_all
pub trait Shards {
    /// Number of shards.
    fn count(&self) -> ShardCount;

    /// Does something with one shard; `index` is below the count.
    fn with_shard<R>(&mut self, index: usize, act: impl FnOnce(&mut Shard) -> R) -> R;

    /// Number of keys.
    fn len(&mut self) -> usize {
        self.sum(Shard::len)
    }

    /// Whether there is no key.
    fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// Number of keys that expire.
    fn expiring(&mut self) -> usize {
        self.sum(Shard::expiring)
    }

    /// Number of keys that expired since the start.
    fn expired_total(&mut self) -> u64 {
        self.sum(Shard::expired_total)
    }

    /// Bytes of keys, values and tables, as the allocator rounds them.
    fn used_bytes(&mut self) -> usize {
        self.sum(Shard::used_bytes)
    }

    /// Whether there are large collections whose keys are gone, and which are not freed yet.
    fn has_remains(&mut self) -> bool {
        (0..self.count().get()).any(|index| self.with_shard(index, |shard| shard.has_remains()))
    }

    /// Number of those.
    fn remains(&mut self) -> usize {
        self.sum(Shard::remains)
    }

    /// Bytes of those, which are among the used ones.
    fn remains_bytes(&mut self) -> usize {
        self.sum(Shard::remains_bytes)
    }

    /// Frees `count` elements of those, or all where there are fewer; how many.
    fn free_remains(&mut self, count: usize) -> usize {
        let (mut freed, mut index) = (0, 0);
        while freed < count && index < self.count().get() && self.has_remains() {
            freed += self.with_shard(index, |shard| shard.free_remains(count - freed));
            index += 1;
        }
        freed
    }

    /// What those bytes are there for: see [`Shard::memory_parts`].
    fn memory_parts(&mut self) -> MemoryParts {
        self.sum(Shard::memory_parts)
    }

    /// Number of keys that were evicted since the start.
    fn evicted_total(&mut self) -> u64 {
        self.sum(Shard::evicted_total)
    }

    /// Evicts keys until all shards use no more than `bound` bytes, with room for a page to spare, or as
    /// many as a write may wait for, and in any case until `bound` is passed by less than 1 %; without a
    /// policy none. To be asked before each write.
    fn make_room(&mut self, bound: usize, policy: Option<EvictionPolicy>, random: u64) -> Room {
        self.make_room_below(bound, bound, policy, random)
    }

    /// The same, where `bound` may be passed as far as the [`Ceiling`](crate::Ceiling).
    fn make_room_below(
        &mut self,
        ceiling: usize,
        bound: usize,
        policy: Option<EvictionPolicy>,
        random: u64,
    ) -> Room {
        room::make(self, bound, policy, random, Effort::Needed { ceiling })
    }

    /// The same for some milliseconds at the most, by however much `bound` is passed. To be asked between
    /// writes, which then have less to wait for.
    fn make_room_for_a_while(
        &mut self,
        bound: usize,
        policy: Option<EvictionPolicy>,
        random: u64,
    ) -> Room {
        room::make(self, bound, policy, random, Effort::Short)
    }

    /// Moves a batch of entries of each shard closer together where more than so many percent of the slots
    /// are free, which gives pages back; how many were moved, and 1 at the least while a page is being
    /// emptied. A batch takes microseconds.
    fn compact(&mut self, free_percent: usize) -> usize {
        (0..self.count().get())
            .map(|index| self.with_shard(index, |shard| shard.compact(free_percent)))
            .sum()
    }

    /// Lets reads note what this policy asks for; `None` if no key is ever evicted.
    fn set_policy(&mut self, policy: Option<EvictionPolicy>) {
        for index in 0..self.count().get() {
            self.with_shard(index, |shard| shard.set_policy(policy));
        }
    }

    /// Removes every key.
    fn clear(&mut self) {
        for index in 0..self.count().get() {
            self.with_shard(index, Shard::clear);
        }
    }

    /// A key chosen by the number `random`, among keys that have not expired.
    fn random_key(&mut self, random: u64, now: Millis) -> Option<Box<[u8]>> {
        loop {
            let mut at = random.checked_rem(self.len() as u64)?;
            for index in 0..self.count().get() {
                let len = self.with_shard(index, |shard| shard.len()) as u64;
                if at < len {
                    if let Some(key) = self.with_shard(index, |shard| shard.random_key(random, now))
                    {
                        return Some(key);
                    }
                    break;
                }
                at -= len;
            }
        }
    }

    /// Visits about `count` keys in the order of their hashes, and returns the cursor to go on from;
    /// 0 begins, and 0 means that it is over.
    ///
    /// A cursor is the smallest hash not visited yet, so a key that is there from the first call to
    /// the last is visited exactly once, whatever comes and goes meanwhile.
    fn scan(
        &mut self,
        cursor: u64,
        count: usize,
        now: Millis,
        mut visit: impl FnMut(&[u8], Kind),
    ) -> u64 {
        let (mut left, mut cursor) = (count.max(1), Some(KeyHash(cursor)));
        while let Some(from) = cursor.filter(|_| left > 0) {
            let index = self.count().index(from);
            let step = self.with_shard(index, |shard| shard.scan(from, left, now, &mut visit));
            left = left.saturating_sub(step.met);
            cursor = step.next.or_else(|| self.count().after(index));
        }
        cursor.map_or(END, |hash| hash.0)
    }

    /// Removes expired keys in the order of hashes, until about `budget` keys were looked at.
    fn sweep_expired(&mut self, cursor: u64, budget: usize, now: Millis) -> Sweep {
        let (mut left, mut removed) = (budget.max(1), 0);
        let mut cursor = Some(KeyHash(cursor));
        while let Some(from) = cursor.filter(|_| left > 0) {
            let index = self.count().index(from);
            let (gone, step) = self.with_shard(index, |shard| shard.sweep(from, left, now));
            removed += gone;
            left = left.saturating_sub(step.met);
            cursor = step.next.or_else(|| self.count().after(index));
        }
        Sweep {
            cursor: cursor.map_or(END, |hash| hash.0),
            removed,
        }
    }

    /// Adds up a number of every shard.
    fn sum<N: std::iter::Sum>(&mut self, number: impl Fn(&Shard) -> N) -> N {
        (0..self.count().get())
            .map(|index| self.with_shard(index, |shard| number(shard)))
            .sum()
    }
}
