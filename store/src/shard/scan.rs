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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount};

    const NOW: Millis = Millis(1);

    /// Keys of each call, with one `count` for all calls.
    fn calls(keyspace: &Keyspace, count: usize) -> Vec<Vec<Vec<u8>>> {
        let (mut calls, mut cursor) = (Vec::new(), 0);
        loop {
            let mut keys = Vec::new();
            cursor = keyspace.scan(cursor, count, NOW, |key, _| keys.push(key.to_vec()));
            calls.push(keys);
            if cursor == 0 {
                return calls;
            }
        }
    }

    proptest! {
        /// With four hashes for all keys, 0 and the largest one among them, most keys collide.
        #[test]
        fn equal_hashes_come_in_one_call(
            keys in 0_u32..60,
            count in 0_usize..9,
            shards in prop_oneof![Just(1), Just(2), Just(8)],
            mask in prop_oneof![Just(0), Just(u64::MAX), Just(1 << 63 | 1), Just(1 << 55 | 1 << 62)],
        ) {
            let hash_key = HashKey::masked(mask);
            let keyspace = Keyspace::new(hash_key.clone(), ShardCount::at_least(shards));
            for number in 0..keys {
                let name = number.to_be_bytes();
                let key = keyspace.key(&name);
                let set = keyspace.lock(key).set(key, b"", ExpiryChange::Clear, NOW);
                prop_assert_eq!(set, Ok(()));
            }
            let calls = calls(&keyspace, count);
            let mut all: Vec<_> = calls.concat();
            let hash = |key: &Vec<u8>| hash_key.hash(key);
            prop_assert!(all.is_sorted_by_key(|key| (hash(key), key.clone())));
            for pair in calls.windows(2) {
                let (last, first) = (pair[0].last(), pair[1].first());
                prop_assert!(last.is_some(), "only the last call may be empty");
                prop_assert!(first.is_none() || last.map(hash) < first.map(hash));
                let below = pair[0].iter().filter(|key| Some(hash(key)) < last.map(hash)).count();
                prop_assert!(below < count.max(1), "no more than asked for, but for equal hashes");
            }
            all.sort();
            prop_assert!(all.into_iter().eq((0..keys).map(|n| n.to_be_bytes().to_vec())));
        }
    }
}
