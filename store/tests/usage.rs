//! What counts as a use of a key, where the most used ones are to stay.

#![expect(clippy::unwrap_used, reason = "a write that fails here fails the test")]

use store::{
    End, EvictionOrder, EvictionPolicy, EvictionScope, ExpiryChange, HashKey, Keyspace, Millis,
    Shard, ShardCount,
};

const NOW: Millis = Millis(1_700_000_000_000);
const LATER: Millis = Millis(NOW.0 + 1000);

/// A keyspace that counts uses, with keys that expire in it or without.
fn counting(expiring: bool) -> Keyspace {
    let keyspace = Keyspace::new(HashKey::from_seed(5), ShardCount::ONE);
    keyspace.set_policy(Some(EvictionPolicy {
        order: EvictionOrder::LeastFrequent,
        scope: EvictionScope::Every,
    }));
    if expiring {
        let key = keyspace.key(b"another");
        let expiry = ExpiryChange::At(LATER);
        keyspace.lock(key).set(key, b"value", expiry, NOW).unwrap();
    }
    keyspace
}

/// What two uses make of a key that begins as a list of `len` elements, which was written once.
fn used_twice(expiring: bool, len: usize, act: impl Fn(&mut Shard, store::Key<'_>)) -> u8 {
    let keyspace = counting(expiring);
    let key = keyspace.key(b"list");
    let mut shard = keyspace.lock(key);
    shard
        .edit_list(key, NOW, |list| {
            for _ in 0..len {
                list.push(End::Back, b"an element of some length");
            }
        })
        .unwrap();
    assert_eq!(shard.frequency(key, NOW), Some(0));
    act(&mut shard, key);
    assert_eq!(shard.frequency(key, NOW), Some(1));
    act(&mut shard, key);
    let used = shard.frequency(key, NOW).unwrap();
    shard.assert_counters();
    used
}

#[test]
fn each_write_to_a_collection_is_one_use_packed_or_outgrown() {
    for expiring in [false, true] {
        for len in [3, 3000] {
            let pushed = used_twice(expiring, len, |shard, key| {
                let push = shard.edit_list(key, NOW, |list| list.push(End::Back, b"more"));
                push.unwrap();
            });
            assert_eq!(pushed, 2, "{len} elements");
        }
    }
}

#[test]
fn an_edit_that_changes_nothing_is_a_use_as_a_read_is() {
    for expiring in [false, true] {
        for len in [3, 3000] {
            let left = used_twice(expiring, len, |shard, key| {
                shard.edit_list(key, NOW, |_| ()).unwrap();
            });
            let read = used_twice(expiring, len, |shard, key| {
                shard.list(key, NOW).unwrap().unwrap();
            });
            assert_eq!((left, read), (2, 2), "{len} elements");
        }
    }
}

#[test]
fn a_new_time_to_live_and_a_copy_are_uses_and_a_question_of_memory_is_none() {
    for expiring in [false, true] {
        let expired = used_twice(expiring, 3, |shard, key| {
            shard.set_expiry(key, LATER, NOW).unwrap();
        });
        let copied = used_twice(expiring, 3, |shard, key| {
            shard.copy(key, NOW).unwrap();
            shard.memory_usage(key, NOW).unwrap();
            let version = shard.watch(key, NOW);
            assert_eq!(shard.version(key, NOW), Some(version));
            shard.unwatch(key);
        });
        assert_eq!((expired, copied), (2, 2));
    }
}

#[test]
fn a_large_list_that_is_only_written_to_outlives_keys_that_are_not_used() {
    const BOUND: usize = 1 << 20;
    for order in [EvictionOrder::LeastRecent, EvictionOrder::LeastFrequent] {
        let keyspace = Keyspace::new(HashKey::from_seed(5), ShardCount::ONE);
        let scope = EvictionScope::Every;
        let policy = Some(EvictionPolicy { order, scope });
        keyspace.set_policy(policy);
        let hot = keyspace.key(b"hot");
        for number in 0..100_000_u32 {
            let room = keyspace.make_room(BOUND, policy, u64::from(number) << 32);
            assert_eq!(room, store::Room::Enough);
            let name = number.to_le_bytes();
            let cold = keyspace.key(&name);
            let mut shard = keyspace.lock(cold);
            shard
                .set(cold, &[b'v'; 100], ExpiryChange::Clear, NOW)
                .unwrap();
            let len = shard.edit_list(hot, NOW, |list| {
                list.push(End::Back, b"an element of some length");
                if list.as_ref().len() > 1000 {
                    list.pop(End::Front);
                }
                list.as_ref().len()
            });
            assert_eq!(len.unwrap(), (number as usize + 1).min(1000), "{order:?}");
        }
    }
}
