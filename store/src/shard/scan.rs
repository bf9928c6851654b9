//! SCAN within a shard: keys in the order of their hashes.

use super::Shard;
use crate::hash::KeyHash;
use crate::time::Millis;
use crate::value::Kind;

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScanStep {
    /// Keys looked at, expired ones included.
    pub(crate) met: usize,
    /// The hash to go on from; `None` where no key of the shard is left.
    pub(crate) next: Option<u64>,
}

impl Shard {
    /// Visits the keys with the smallest hashes from `from` on: `count` of them, and those whose
    /// hash equals the last one's, since a cursor cannot point between equal hashes.
    pub(crate) fn scan(
        &self,
        from: u64,
        count: usize,
        now: Millis,
        mut visit: impl FnMut(&[u8], Kind),
    ) -> ScanStep {
        let mut found: Vec<_> = self
            .map
            .iter()
            .map(|(key, entry)| (self.hash_key.hash(key), &**key, entry))
            .filter(|(hash, ..)| *hash >= KeyHash(from))
            .collect();
        let order = |a: &(KeyHash, &[u8], _), b: &(KeyHash, &[u8], _)| (a.0, a.1).cmp(&(b.0, b.1));
        let last = match count.checked_sub(1) {
            Some(at) if at < found.len() => found.select_nth_unstable_by(at, order).1.0,
            _ => KeyHash(u64::MAX),
        };
        let total = found.len();
        found.retain(|(hash, ..)| *hash <= last);
        found.sort_unstable_by(order);
        for (_, key, entry) in &found {
            if !entry.is_expired(now) {
                visit(key, entry.value.kind());
            }
        }
        let next = (found.len() < total).then(|| last.0.saturating_add(1));
        ScanStep {
            met: found.len(),
            next,
        }
    }
}
