//! What concerns all shards, whether each is locked in its turn or all are held.

use crate::keyspace::ShardCount;
use crate::shard::Shard;
use crate::time::Millis;
use crate::value::Kind;

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Where to go on; 0 when every shard was swept.
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
                    if let Some(key) = self.with_shard(index, |shard| shard.random_key(at, now)) {
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
        let shards = self.count();
        let mut left = count.max(1);
        let first = shards.index(crate::hash::KeyHash(cursor));
        for index in first..shards.get() {
            let from = cursor.max(shards.first_hash(index));
            if left == 0 {
                return from;
            }
            let step = self.with_shard(index, |shard| shard.scan(from, left, now, &mut visit));
            if let Some(next) = step.next {
                return next;
            }
            left = left.saturating_sub(step.met);
        }
        0
    }

    /// Removes expired keys, shard after shard, until about `budget` keys were looked at.
    fn sweep_expired(&mut self, cursor: u64, budget: usize, now: Millis) -> Sweep {
        let shards = self.count();
        let (mut left, mut removed) = (budget.max(1), 0);
        for index in shards.index(crate::hash::KeyHash(cursor))..shards.get() {
            if left == 0 {
                return Sweep {
                    cursor: shards.first_hash(index),
                    removed,
                };
            }
            let len = self.with_shard(index, |shard| {
                let len = if shard.expiring() == 0 {
                    0
                } else {
                    shard.len()
                };
                removed += shard.sweep(now);
                len
            });
            left = left.saturating_sub(len);
        }
        Sweep { cursor: 0, removed }
    }

    /// Adds up a number of every shard.
    fn sum<N: std::iter::Sum>(&mut self, number: impl Fn(&Shard) -> N) -> N {
        (0..self.count().get())
            .map(|index| self.with_shard(index, |shard| number(shard)))
            .sum()
    }
}
