//! Bringing entries into the cache before they are asked for: see [`touch`](crate::touch).

use super::{Entries, position};
use crate::arena::{Handle, Slot};
use crate::hash::KeyHash;
use crate::index::Home;

impl Entries {
    /// The bucket that a key with this hash belongs to.
    #[inline]
    pub(crate) fn home(&self, hash: KeyHash) -> Option<Home> {
        self.index.home(position(hash, self.shard_bits))
    }

    /// Begins to load a bucket.
    #[inline]
    pub(crate) fn touch(&self, home: Home) {
        self.index.touch(home);
    }

    /// The handle of what lies in a bucket and may be the key's, and its slot; none for an entry with a box of its own.
    #[inline]
    pub(crate) fn likely(&self, home: Home) -> Option<(Handle, Slot<'_>)> {
        let handle = self.index.likely(home)?;
        Some((handle, self.arena.slot(handle)?))
    }

    /// The buckets beside a home where entries of it lie.
    #[inline]
    pub(crate) fn beside(&self, home: Home) -> impl Iterator<Item = Home> {
        self.index.beside(home)
    }
}
