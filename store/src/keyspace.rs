//! The keyspace: shards behind locks, chosen by the top bits of a key's hash.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError, TryLockError};

use crate::eviction::EvictionPolicy;
use crate::guard::{ShardGuard, Totals};
use crate::hash::{HashKey, Key, KeyHash, SHARD_BITS_MAX};
use crate::memory_parts::MemoryParts;
use crate::room::Room;
use crate::shard::Shard;
use crate::shards::{Shards, Sweep};
use crate::size_class::allocated;
use crate::time::Millis;
use crate::value::Kind;

/// Shards a thread, so that two threads rarely want the same one.
const SHARDS_PER_THREAD: usize = 8;

/// A power of two of shards, at most 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardCount {
    bits: u32,
}

impl ShardCount {
    /// One shard.
    pub const ONE: Self = Self { bits: 0 };

    /// The number of shards that serves `threads` threads: one for one, which never waits.
    #[must_use]
    pub fn for_threads(threads: NonZeroUsize) -> Self {
        match threads.get() {
            1 => Self::ONE,
            more => Self::at_least(more.saturating_mul(SHARDS_PER_THREAD)),
        }
    }

    /// The smallest power of two from `count` on, as far as there are so many.
    #[must_use]
    pub fn at_least(count: usize) -> Self {
        let count = count.clamp(1, 1 << SHARD_BITS_MAX).next_power_of_two();
        Self {
            bits: count.ilog2(),
        }
    }

    /// As a number.
    #[must_use]
    pub const fn get(self) -> usize {
        1 << self.bits
    }

    /// The shard that holds the keys with this hash.
    pub(crate) const fn index(self, hash: KeyHash) -> usize {
        // Two shifts, because one by all 64 bits overflows. The result is below 1024.
        (hash.0 >> 1 >> (63 - self.bits)) as usize
    }

    /// The smallest hash of the shard after this one; `None` after the last.
    pub(crate) fn after(self, index: usize) -> Option<KeyHash> {
        let next = index + 1;
        (next < self.get()).then(|| KeyHash((next as u64) << (u64::BITS - self.bits)))
    }
}

/// All keys.
#[derive(Debug)]
pub struct Keyspace {
    hash_key: HashKey,
    count: ShardCount,
    shards: Box<[Mutex<Shard>]>,
    totals: Totals,
}

impl Keyspace {
    /// An empty keyspace.
    #[must_use]
    pub fn new(hash_key: HashKey, count: ShardCount) -> Self {
        let shards = (0..count.get())
            .map(|_| Mutex::new(Shard::new(hash_key.clone(), count.bits)))
            .collect();
        Self {
            hash_key,
            count,
            shards,
            totals: Totals::default(),
        }
    }

    /// Hashes a key, for every operation on it.
    #[must_use]
    pub fn key<'a>(&self, bytes: &'a [u8]) -> Key<'a> {
        Key::new(bytes, &self.hash_key)
    }

    /// Locks the shard of `key`.
    ///
    /// To hold several shards use [`Keyspace::lock_keys`] or [`Keyspace::lock_all`]: they lock in
    /// one order, so that two callers cannot wait for each other.
    pub fn lock(&self, key: Key<'_>) -> ShardGuard<'_> {
        self.lock_index(self.count.index(key.hash()))
    }

    /// Locks the shards of several keys.
    pub fn lock_keys<'k>(&self, keys: impl IntoIterator<Item = Key<'k>>) -> LockedShards<'_> {
        let mut indices: Vec<_> = keys
            .into_iter()
            .map(|k| self.count.index(k.hash()))
            .collect();
        indices.sort_unstable();
        indices.dedup();
        self.lock_indices(indices)
    }

    /// Locks every shard.
    #[must_use]
    pub fn lock_all(&self) -> LockedShards<'_> {
        self.lock_indices((0..self.count.get()).collect())
    }

    fn lock_indices(&self, indices: Vec<usize>) -> LockedShards<'_> {
        let guards = indices
            .into_iter()
            .map(|i| (i, self.lock_index(i)))
            .collect();
        LockedShards {
            count: self.count,
            guards,
        }
    }

    /// A lock that a panic poisoned is taken all the same. A shard is safe code throughout, so its
    /// entries are whole whatever was interrupted, and one request that met a defect must not turn
    /// every later request for this part of the keys into a panic.
    #[expect(
        clippy::indexing_slicing,
        reason = "`ShardCount::index` is below the count"
    )]
    pub(crate) fn lock_index(&self, index: usize) -> ShardGuard<'_> {
        let shard = self.shards[index].lock();
        ShardGuard::new(shard.unwrap_or_else(PoisonError::into_inner), &self.totals)
    }

    /// Locks a shard that nobody has.
    pub(crate) fn try_lock_index(&self, index: usize) -> Option<ShardGuard<'_>> {
        let shard = match self.shards.get(index)?.try_lock() {
            Ok(shard) => shard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(ShardGuard::new(shard, &self.totals))
    }

    /// How many shards there are.
    pub(crate) const fn count(&self) -> ShardCount {
        self.count
    }

    /// Number of keys. Like everything below it locks one shard after the other.
    #[must_use]
    pub fn len(&self) -> usize {
        Shards::len(&mut &*self)
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of keys that expire.
    #[must_use]
    pub fn expiring(&self) -> usize {
        Shards::expiring(&mut &*self)
    }

    /// Number of keys that expired since the start.
    #[must_use]
    pub fn expired_total(&self) -> u64 {
        Shards::expired_total(&mut &*self)
    }

    /// Bytes of keys, values and tables, as the allocator rounds them; locks nothing.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.totals.used_bytes.load(Relaxed)
    }

    /// Whether there are large collections whose keys are gone, and which are not [freed](Keyspace::free_remains) yet;
    /// locks nothing.
    #[must_use]
    pub fn has_remains(&self) -> bool {
        self.totals.with_remains.load(Relaxed) > 0
    }

    /// Bytes of those, which are among the used ones.
    #[must_use]
    pub fn remains_bytes(&self) -> usize {
        Shards::remains_bytes(&mut &*self)
    }

    /// See [`Shards::free_remains`].
    pub fn free_remains(&self, count: usize) -> usize {
        Shards::free_remains(&mut &*self, count)
    }

    /// What the keys, values and tables take, by part: see [`Shard::memory_parts`].
    #[must_use]
    pub fn memory_parts(&self) -> MemoryParts {
        Shards::memory_parts(&mut &*self)
    }

    /// Bytes that the keyspace itself takes, whatever is in it, as the allocator rounds them: its shards,
    /// and what each shares with its collections. What is [watched](Shard::watch) comes on top.
    #[must_use]
    pub fn own_bytes(&self) -> usize {
        allocated(size_of_val(&*self.shards)) + self.count.get() * Shard::SHARED_BYTES
    }

    /// Number of keys that were evicted since the start.
    #[must_use]
    pub fn evicted_total(&self) -> u64 {
        Shards::evicted_total(&mut &*self)
    }

    /// See [`Shards::make_room`].
    #[must_use]
    pub fn make_room(&self, bound: usize, policy: Option<EvictionPolicy>, random: u64) -> Room {
        Shards::make_room(&mut &*self, bound, policy, random)
    }

    /// See [`Shards::make_room_for_a_while`].
    pub fn make_room_for_a_while(
        &self,
        bound: usize,
        policy: Option<EvictionPolicy>,
        random: u64,
    ) -> Room {
        Shards::make_room_for_a_while(&mut &*self, bound, policy, random)
    }

    /// See [`Shards::compact`].
    #[must_use]
    pub fn compact(&self, free_percent: usize) -> usize {
        Shards::compact(&mut &*self, free_percent)
    }

    /// Lets reads note what this policy asks for; `None` if no key is ever evicted.
    pub fn set_policy(&self, policy: Option<EvictionPolicy>) {
        Shards::set_policy(&mut &*self, policy);
    }

    /// Removes every key.
    pub fn clear(&self) {
        Shards::clear(&mut &*self);
    }

    /// See [`Shards::random_key`].
    #[must_use]
    pub fn random_key(&self, random: u64, now: Millis) -> Option<Box<[u8]>> {
        Shards::random_key(&mut &*self, random, now)
    }

    /// See [`Shards::scan`].
    #[must_use]
    pub fn scan(
        &self,
        cursor: u64,
        count: usize,
        now: Millis,
        visit: impl FnMut(&[u8], Kind),
    ) -> u64 {
        Shards::scan(&mut &*self, cursor, count, now, visit)
    }

    /// See [`Shards::sweep_expired`].
    #[must_use]
    pub fn sweep_expired(&self, cursor: u64, budget: usize, now: Millis) -> Sweep {
        Shards::sweep_expired(&mut &*self, cursor, budget, now)
    }
}

impl Shards for &Keyspace {
    fn count(&self) -> ShardCount {
        self.count
    }

    fn with_shard<R>(&mut self, index: usize, act: impl FnOnce(&mut Shard) -> R) -> R {
        act(&mut self.lock_index(index))
    }

    fn used_bytes(&mut self) -> usize {
        Keyspace::used_bytes(self)
    }

    fn has_remains(&mut self) -> bool {
        Keyspace::has_remains(self)
    }
}

/// Shards that are held together, for what must happen at once.
#[derive(Debug)]
pub struct LockedShards<'a> {
    count: ShardCount,
    /// By index, ascending.
    guards: Vec<(usize, ShardGuard<'a>)>,
}

impl LockedShards<'_> {
    /// The shard of `key`.
    ///
    /// # Panics
    ///
    /// Where the shard is not held: the key was not among those that were locked.
    pub fn shard(&mut self, key: Key<'_>) -> &mut Shard {
        self.held(self.count.index(key.hash()))
    }

    #[expect(
        clippy::expect_used,
        reason = "a key that was not locked is the caller's defect"
    )]
    fn held(&mut self, index: usize) -> &mut Shard {
        let at = self
            .guards
            .binary_search_by_key(&index, |(index, _)| *index)
            .ok();
        at.and_then(|at| self.guards.get_mut(at))
            .map(|(_, guard)| &mut **guard)
            .expect("the shard is among those that are held")
    }
}

impl Shards for LockedShards<'_> {
    fn count(&self) -> ShardCount {
        self.count
    }

    fn with_shard<R>(&mut self, index: usize, act: impl FnOnce(&mut Shard) -> R) -> R {
        act(self.held(index))
    }
}
