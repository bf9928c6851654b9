//! What the bytes of a shard's entries are there for.

use super::Entries;
use crate::memory_parts::MemoryParts;

impl Entries {
    /// The bytes of everything, by part; every slot is looked at.
    pub(crate) fn memory_parts(&self) -> MemoryParts {
        let collections = MemoryParts {
            collections: self.collections.heap_bytes(),
            ..MemoryParts::default()
        };
        self.arena.memory_parts() + self.index.memory_parts() + collections
    }

    /// Counts the bytes of entries again, as the index finds them and not as they lie in pages.
    pub(super) fn assert_parts(&self) {
        let parts = self.memory_parts();
        assert_eq!(parts.total(), self.used_bytes(), "parts of a shard");
        let mut entries = 0;
        self.for_each(|entry| {
            let found = self.find(self.key(entry.key));
            entries += found.map_or(0, |(_, handle)| self.arena.get(handle).len());
        });
        assert_eq!(parts.entries, entries, "bytes of entries");
    }
}
