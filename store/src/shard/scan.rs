//! SCAN within a shard: keys in the order of their hashes.

use super::Shard;
use crate::entries::{Found, Step};
use crate::hash::KeyHash;
use crate::time::Millis;
use crate::value::Kind;

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
        while let Some(from) = next.filter(|_| met < count) {
            let visit_found = |found: Found<'_>| visit(found.key(), found.kind());
            let step = self
                .entries
                .visit_bucket(from, count - met, now, visit_found);
            met += step.met;
            next = step.next;
        }
        Step { met, next }
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
