//! Going over the entries of a shard: in the order of their hashes, or at random.

use super::{Entries, Found, position};
use crate::arena::Handle;
use crate::entry::EntryRef;
use crate::hash::KeyHash;
use crate::index::Position;
use crate::time::Millis;

/// What a step of a walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Entries looked at.
    pub(crate) met: usize,
    /// The hash to go on from; `None` where no entry of the shard is left.
    pub(crate) next: Option<KeyHash>,
}

impl Entries {
    /// Visits entries by ascending hash from `from` on, and by key where hashes are equal: those of a
    /// bucket, but no more than `count` and those whose hash equals the last one's, since a cursor
    /// cannot point between equal hashes.
    pub(crate) fn visit_bucket(
        &self,
        from: KeyHash,
        count: usize,
        now: Millis,
        mut visit: impl FnMut(Found<'_>),
    ) -> Step {
        let mut found = Vec::new();
        let end = self
            .index
            .home_entries(self.position(from), &self.hasher(), &mut found);
        let key = |handle: Handle| self.entry(handle).key;
        found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))));
        let mut next = end.map(|end| self.hash_from(from, end));
        let last = count.checked_sub(1).and_then(|last| found.get(last));
        if let Some((last, _)) = last.copied() {
            let met = found.partition_point(|(position, _)| *position <= last);
            if met < found.len() {
                next = Some(KeyHash(self.hash_from(from, last).0.saturating_add(1)));
                found.truncate(met);
            }
        }
        for (_, handle) in &found {
            if !self.entry(*handle).is_expired(now) {
                visit(self.found(*handle));
            }
        }
        Step {
            met: found.len(),
            next,
        }
    }

    /// An entry chosen by `random`.
    pub(crate) fn draw(&self, random: u64) -> Option<EntryRef<'_>> {
        let handle = self.index.draw(random)?;
        Some(self.entry(handle))
    }

    /// Every entry, in no order to rely on.
    pub(super) fn for_each(&self, mut visit: impl FnMut(EntryRef<'_>)) {
        let (mut next, mut found) = (Some(Position(0)), Vec::new());
        while let Some(from) = next {
            next = self.index.bucket_entries(from, &mut found);
            for visited in &found {
                visit(self.entry(visited.handle));
            }
        }
    }

    pub(super) fn position(&self, hash: KeyHash) -> Position {
        position(hash, self.shard_bits)
    }

    /// The smallest hash of this shard whose position is not before `at`; `near` is any of its hashes.
    pub(super) fn hash_from(&self, near: KeyHash, at: Position) -> KeyHash {
        let shard = !(u64::MAX >> self.shard_bits);
        KeyHash(near.0 & shard | at.0.div_ceil(1 << self.shard_bits))
    }
}
