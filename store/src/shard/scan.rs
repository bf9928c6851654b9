//! SCAN within a shard: keys in the order of their hashes.

use super::Shard;
use crate::hash::KeyHash;
use crate::time::Millis;
use crate::value::Kind;

/// How far a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Keys looked at, expired ones included.
    pub(crate) met: usize,
    /// The hash to go on from; `None` where no key of the shard is left.
    pub(crate) next: Option<KeyHash>,
}

impl Shard {
    /// Visits the keys with the smallest hashes from `from` on: `count` of them, and those whose
    /// hash equals the last one's, since a cursor cannot point between equal hashes.
    pub(crate) fn scan(
        &self,
        from: KeyHash,
        count: usize,
        now: Millis,
        mut visit: impl FnMut(&[u8], Kind),
    ) -> Step {
        let (mut met, mut next) = (0, Some(from));
        while let Some(hash) = next.filter(|_| met < count) {
            let step = self.scan_range(hash, count - met, now, &mut visit);
            met += step.met;
            next = step.next.or_else(|| self.segments.range_after(hash));
        }
        Step { met, next }
    }

    /// The same within the range of `from`; `count` is not 0.
    fn scan_range(
        &self,
        from: KeyHash,
        count: usize,
        now: Millis,
        visit: &mut impl FnMut(&[u8], Kind),
    ) -> Step {
        let mut found: Vec<_> = self
            .segments
            .range_of(from)
            .filter(|(hash, _)| *hash >= from)
            .collect();
        let total = found.len();
        if count < total {
            let (_, (last, _), _) = found.select_nth_unstable_by_key(count - 1, |(hash, _)| *hash);
            let last = *last;
            found.retain(|(hash, _)| *hash <= last);
        }
        found.sort_unstable_by_key(|(hash, entry)| (*hash, entry.key()));
        for (_, entry) in &found {
            if !entry.is_expired(now) {
                visit(entry.key(), entry.kind());
            }
        }
        let last = found.last().filter(|_| found.len() < total);
        Step {
            met: found.len(),
            next: last.map(|(hash, _)| KeyHash(hash.0.saturating_add(1))),
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
