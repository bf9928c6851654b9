//! The entries of a shard: blobs in an arena, found by an index, and collections kept apart.
//!
//! ```text
//! key ─► hash ─► index ─► handle ─► arena: │ flags, key, expiry, value │
//!                                             form boxed: value ─► collections
//! ```
//!
//! Invariant: an entry is in the index if and only if its blob is in the arena, and a collection is in
//! its slab if and only if a boxed entry names it. Whatever changes one goes through a method here. A
//! handle lives no longer than the call that found it.

mod collections;
mod compaction;
mod detached;
mod edit;
mod expiry;
mod found;
mod parts;
mod remains;
mod strings;
mod touch;
mod victims;
mod walk;

pub use detached::Detached;
pub(crate) use edit::Edited;
pub(crate) use found::{Found, Lookup};
pub(crate) use walk::Step;

use std::sync::Arc;

use collections::Collections;
use edit::draft;
use victims::Hand;

use crate::arena::{Arena, Handle, Limits, OutOfMemory};
use crate::collection::{Context, PackLimits};
use crate::entry::{self, Draft, EntryRef};
use crate::eviction::Usage;
use crate::hash::{HashKey, Key, KeyHash};
use crate::index::{Hasher, Index, Place, Position, Wanted};
use crate::size_class::allocated;
use crate::time::Millis;

/// The entries of a shard.
#[derive(Debug)]
pub(crate) struct Entries {
    hash_key: HashKey,
    /// Bits of a hash that chose the shard.
    shard_bits: u32,
    index: Index,
    arena: Arena,
    collections: Collections,
    context: Arc<Context>,
    /// What reads note in the entries.
    usage: Usage,
    /// Whether this was among the shards with remains when they were last counted. It lies here, and not in the shard,
    /// because here it takes no byte.
    counted_remains: bool,
    hand: Hand,
}

/// Tells where the key of a handle belongs.
struct KeyHasher<'a> {
    hash_key: &'a HashKey,
    shard_bits: u32,
    arena: &'a Arena,
}

impl Hasher for KeyHasher<'_> {
    fn position(&self, handle: Handle) -> Position {
        let hash = self.hash_key.hash(entry::key_of(self.arena.get(handle)));
        position(hash, self.shard_bits)
    }
}

/// Tells an entry by its key.
#[derive(Clone, Copy)]
struct WantedKey<'a> {
    arena: &'a Arena,
    key: &'a [u8],
}

impl Wanted for WantedKey<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the way to every key")]
    fn is(self, handle: Handle) -> bool {
        entry::has_key(self.arena.get(handle), self.key)
    }
}

const fn position(hash: KeyHash, shard_bits: u32) -> Position {
    Position(hash.0 << shard_bits)
}

impl Entries {
    /// What an entry costs in the index when that is as full as it gets.
    pub(crate) const INDEX_BYTES: usize = 8;

    /// What the collections share, behind the two counts of an [`Arc`], as the allocator rounds it.
    pub(crate) const SHARED_BYTES: usize = allocated(2 * size_of::<usize>() + size_of::<Context>());

    pub(crate) fn new(hash_key: HashKey, shard_bits: u32, limits: Limits) -> Self {
        let context = Context {
            limits: PackLimits::DEFAULT,
            hash_key: hash_key.clone(),
        };
        Self {
            hash_key,
            shard_bits,
            index: Index::new(),
            arena: Arena::new(limits),
            collections: Collections::new(),
            context: Arc::new(context),
            usage: Usage::default(),
            counted_remains: false,
            hand: Hand::START,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.index.len()
    }

    /// Number of entries that expire.
    pub(crate) const fn expiring(&self) -> usize {
        self.index.expiring()
    }

    /// Bytes of everything, as the allocator rounds them.
    pub(crate) const fn used_bytes(&self) -> usize {
        self.arena.heap_bytes() + self.index.heap_bytes() + self.collections.heap_bytes()
    }

    /// Whether there are large collections whose keys are gone, and which are not freed yet.
    #[inline]
    pub(crate) const fn has_remains(&self) -> bool {
        self.collections.has_remains()
    }

    /// Whether that has changed since it was last [counted](Self::count_remains).
    #[inline]
    pub(crate) const fn is_uncounted(&self) -> bool {
        self.collections.has_remains() != self.counted_remains
    }

    /// By how much the number of shards with remains has grown since the last call, modulo 2⁶⁴.
    pub(crate) fn count_remains(&mut self) -> usize {
        let has = self.collections.has_remains();
        let had = std::mem::replace(&mut self.counted_remains, has);
        usize::from(has).wrapping_sub(had.into())
    }

    /// Number of large collections whose keys are gone, and which are not freed yet.
    pub(crate) fn remains(&self) -> usize {
        self.collections.remains()
    }

    /// Bytes of those, which are among the [used](Self::used_bytes) ones.
    pub(crate) const fn remains_bytes(&self) -> usize {
        self.collections.remains_bytes()
    }

    /// Frees `count` elements of those, or all where there are fewer; how many.
    pub(crate) fn free_remains(&mut self, count: usize) -> usize {
        self.collections.free(count)
    }

    /// Lets reads note something else from here on.
    pub(crate) const fn set_usage(&mut self, usage: Usage) {
        self.usage = usage;
    }

    /// Hashes a key.
    pub(crate) fn key<'a>(&self, bytes: &'a [u8]) -> Key<'a> {
        Key::new(bytes, &self.hash_key)
    }

    /// Whether there is a key, expired or not.
    pub(crate) fn contains(&self, bytes: &[u8]) -> bool {
        self.find(self.key(bytes)).is_some()
    }

    /// The entry of `key`, which is removed if its time is over.
    #[inline]
    pub(crate) fn live(&mut self, key: Key<'_>, now: Millis) -> Lookup<'_> {
        if self.usage == Usage::Unnoted
            && let Some(handle) = self.hinted(key)
            && !entry::has_expiry(self.arena.get(handle))
        {
            return Lookup::Live(self.found(handle));
        }
        self.live_searched(key, now)
    }

    /// The same without a hint.
    #[inline]
    fn live_searched(&mut self, key: Key<'_>, now: Millis) -> Lookup<'_> {
        let Some((place, handle)) = self.find(key) else {
            return Lookup::Absent;
        };
        if self.usage != Usage::Unnoted || entry::has_expiry(self.arena.get(handle)) {
            return self.live_at(place, handle, key.hash(), now);
        }
        Lookup::Live(self.found(handle))
    }

    /// The entry at `place`, which is removed if its time is over; that it was used is noted.
    #[inline(never)]
    fn live_at(&mut self, place: Place, handle: Handle, hash: KeyHash, now: Millis) -> Lookup<'_> {
        if self.entry(handle).is_expired(now) {
            self.remove_at(place, handle, hash);
            return Lookup::Expired;
        }
        if self.usage != Usage::Unnoted {
            note_use(self.usage, self.arena.get_mut(handle));
        }
        Lookup::Live(self.found(handle))
    }

    /// Whether reads note that a key was used.
    #[inline]
    pub(crate) fn notes_uses(&self) -> bool {
        self.usage != Usage::Unnoted
    }

    /// The entry of `key`, expired or not; that is no use of it.
    pub(crate) fn peek(&self, key: Key<'_>) -> Option<Found<'_>> {
        let (_, handle) = self.find(key)?;
        Some(self.found(handle))
    }

    #[inline]
    fn found(&self, handle: Handle) -> Found<'_> {
        Found {
            blob: self.arena.get(handle),
            collections: &self.collections,
        }
    }

    /// Puts an entry in the place of what its key held.
    pub(crate) fn set(&mut self, key: Key<'_>, draft: &Draft<'_>) -> Result<(), OutOfMemory> {
        if let Some(handle) = self.hinted(key)
            && self.overwrite_in_place(handle, draft)
        {
            return Ok(());
        }
        match self.find(key) {
            Some((place, handle)) => self.overwrite(place, handle, draft),
            None => self.insert(key, draft),
        }
    }

    /// Removes `key`; `None` where there is none.
    pub(crate) fn remove(&mut self, key: Key<'_>) -> Option<()> {
        let (place, handle) = self.find(key)?;
        self.remove_at(place, handle, key.hash());
        Some(())
    }

    /// Removes every entry.
    pub(crate) fn clear(&mut self) {
        self.index = Index::new();
        self.arena.clear();
        self.collections = Collections::new();
    }

    /// How often `key` was used of late.
    pub(crate) fn frequency(&self, key: Key<'_>, now: Millis) -> Option<u8> {
        let (_, handle) = self.find(key)?;
        let entry = self.entry(handle);
        (!entry.is_expired(now)).then_some(entry.frequency)
    }

    /// Bytes that `key` takes outside of tables that it shares with others.
    pub(crate) fn footprint(&self, key: Key<'_>) -> Option<usize> {
        let (_, handle) = self.find(key)?;
        let number = self.entry(handle).collection();
        let bytes = self.collection_bytes(number);
        Some(Self::INDEX_BYTES + self.arena.footprint(handle) + bytes)
    }

    /// Counts everything again, and compares: the oracle of the counters, for tests.
    ///
    /// # Panics
    ///
    /// Where a counter is wrong.
    pub(crate) fn assert_counters(&self) {
        self.arena.assert_counters();
        self.index.assert_counters(&self.hasher());
        self.assert_entries();
        self.assert_parts();
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the way to every key")]
    fn find(&self, key: Key<'_>) -> Option<(Place, Handle)> {
        let wanted = WantedKey {
            arena: &self.arena,
            key: key.bytes(),
        };
        self.index
            .find(position(key.hash(), self.shard_bits), wanted)
    }

    /// The handle of `key`, if its hint is right. Whatever became of the entry that was seen there: an entry that has
    /// the key is the key's.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the way to every key")]
    fn hinted(&self, key: Key<'_>) -> Option<Handle> {
        let (handle, blob) = self.arena.hinted(key.hint())?;
        entry::has_key(blob, key.bytes()).then_some(handle)
    }

    #[inline]
    fn entry(&self, handle: Handle) -> EntryRef<'_> {
        parse(self.arena.get(handle))
    }

    fn hasher(&self) -> KeyHasher<'_> {
        KeyHasher {
            hash_key: &self.hash_key,
            shard_bits: self.shard_bits,
            arena: &self.arena,
        }
    }

    fn insert(&mut self, key: Key<'_>, draft: &Draft<'_>) -> Result<(), OutOfMemory> {
        let draft = Draft {
            frequency: self.usage.first(),
            ..*draft
        };
        let handle = draft.with_parts(|parts| self.arena.insert(parts))?;
        let position = position(key.hash(), self.shard_bits);
        let hasher = KeyHasher {
            hash_key: &self.hash_key,
            shard_bits: self.shard_bits,
            arena: &self.arena,
        };
        let inserted = self.index.insert(position, handle, draft.expiry, &hasher);
        if inserted.is_err() {
            self.arena.remove(handle);
        }
        inserted
    }

    fn overwrite(
        &mut self,
        place: Place,
        handle: Handle,
        draft: &Draft<'_>,
    ) -> Result<(), OutOfMemory> {
        if self.overwrite_in_place(handle, draft) {
            return Ok(());
        }
        let old = self.arena.get(handle);
        let (expires, collection) = (entry::has_expiry(old), entry::collection(old));
        let draft = Draft {
            frequency: self.usage.next(entry::frequency(old)),
            ..*draft
        };
        let moved = draft.with_parts(|parts| self.arena.rewrite(handle, parts))?;
        if let Some(number) = collection {
            self.collections.remove(number);
        }
        self.note_moved(place, handle, moved);
        if expires || draft.expiry.is_some() {
            self.index.set_expiry(place, draft.expiry);
        }
        self.defragment();
        Ok(())
    }

    /// Most writes change nothing but the value, and that not in length: whether this was one, and is done.
    #[inline]
    fn overwrite_in_place(&mut self, handle: Handle, draft: &Draft<'_>) -> bool {
        if let Some(kept) = entry::shared_head(self.arena.get(handle), draft)
            && let Some(blob) = self.arena.rewrite_tail(handle, kept, draft.value)
        {
            entry::set_form(blob, draft.form);
            note_use(self.usage, blob);
            return true;
        }
        false
    }

    fn note_moved(&mut self, place: Place, handle: Handle, moved: Handle) {
        if moved != handle {
            self.index.set_handle(place, moved);
        }
    }

    fn remove_at(&mut self, place: Place, handle: Handle, hash: KeyHash) {
        self.remove_quietly(place, handle, hash);
        self.defragment();
    }

    /// Removes an entry, and moves no other.
    fn remove_quietly(&mut self, place: Place, handle: Handle, hash: KeyHash) {
        let collection = entry::collection(self.arena.get(handle));
        let hasher = KeyHasher {
            hash_key: &self.hash_key,
            shard_bits: self.shard_bits,
            arena: &self.arena,
        };
        // While the blob is there: the index may read keys to shrink.
        let position = position(hash, self.shard_bits);
        self.index.remove(place, position, &hasher);
        self.arena.remove(handle);
        if let Some(number) = collection {
            self.collections.remove(number);
        }
    }

    fn assert_entries(&self) {
        let mut collections = 0;
        self.for_each(|entry| {
            assert!(self.contains(entry.key), "an entry is found by its key");
            if let Some(number) = entry.collection() {
                assert!(self.collections.get(number).is_some(), "a collection");
                collections += 1;
            }
        });
        self.collections.assert_counters(collections);
    }
}

/// Notes that an entry was used.
#[inline]
fn note_use(usage: Usage, blob: &mut [u8]) {
    let used = entry::frequency(blob);
    let next = usage.next(used);
    if next != used {
        entry::set_frequency(blob, next);
    }
}

/// The entry that a blob holds: every blob of the arena was made by a [`Draft`].
#[inline]
#[expect(clippy::expect_used, reason = "the arena returns what a draft wrote")]
fn parse(blob: &[u8]) -> EntryRef<'_> {
    EntryRef::parse(blob).expect("an entry parses as it was written")
}
