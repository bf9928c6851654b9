//! SCAN while the keyspace grows and shrinks: what is there throughout is returned exactly once.

#![expect(clippy::unwrap_used, reason = "a write that fails here fails the test")]

use std::collections::HashMap;

use proptest::prelude::*;
use store::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount};

const NOW: Millis = Millis(1);

fn set(keyspace: &Keyspace, name: &[u8]) {
    let key = keyspace.key(name);
    keyspace
        .lock(key)
        .set(key, b"v", ExpiryChange::Clear, NOW)
        .unwrap();
}

fn remove(keyspace: &Keyspace, name: &[u8]) {
    let key = keyspace.key(name);
    keyspace.lock(key).remove(key, NOW);
}

fn stable(number: u32) -> Vec<u8> {
    format!("stable:{number}").into_bytes()
}

fn passing(number: u32) -> Vec<u8> {
    format!("passing:{number}").into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn keys_that_stay_are_returned_once(
        stable_keys in 0_u32..400,
        shards in prop_oneof![Just(1_usize), Just(8)],
        count in 1_usize..40,
        // Between two calls: passing keys to add, and passing keys to take away.
        churn in prop::collection::vec((0_u32..300, 0_u32..300), 1..20),
    ) {
        let keyspace = Keyspace::new(HashKey::from_seed(3), ShardCount::at_least(shards));
        for number in 0..stable_keys {
            set(&keyspace, &stable(number));
        }
        let (mut added, mut removed) = (0, 0);
        let mut churn = churn.into_iter().cycle().take(100).chain(std::iter::repeat((0, 0)));
        let mut returned: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut cursor = 0;
        loop {
            cursor = keyspace.scan(cursor, count, NOW, |key, _| {
                *returned.entry(key.to_vec()).or_default() += 1;
            });
            if cursor == 0 {
                break;
            }
            let (add, take) = churn.next().unwrap();
            for number in added..added + add {
                set(&keyspace, &passing(number));
            }
            added += add;
            let until = added.min(removed + take);
            for number in removed..until {
                remove(&keyspace, &passing(number));
            }
            removed = until;
        }
        for number in 0..stable_keys {
            prop_assert_eq!(returned.remove(&stable(number)), Some(1));
        }
        prop_assert!(returned.values().all(|times| *times == 1), "each key once at most");
    }

    #[test]
    fn the_order_does_not_depend_on_history(keys in 0_u32..300, passed in 0_u32..900) {
        let scan = |keyspace: &Keyspace| {
            let mut all = Vec::new();
            assert_eq!(keyspace.scan(0, usize::MAX, NOW, |key, _| all.push(key.to_vec())), 0);
            all
        };
        let [there, back] = [0, 1].map(|_| Keyspace::new(HashKey::from_seed(3), ShardCount::ONE));
        for number in 0..keys {
            set(&there, &stable(number));
        }
        for number in 0..passed {
            set(&back, &passing(number));
        }
        for number in (0..keys).rev() {
            set(&back, &stable(number));
        }
        for number in 0..passed {
            remove(&back, &passing(number));
        }
        prop_assert_eq!(scan(&there), scan(&back));
    }
}

/// Overwrites move entries, deletes leave pages sparse, and what is left moves together, all between calls.
#[test]
fn keys_that_move_are_returned_once() {
    const STABLE: u32 = 20_000;
    let keyspace = Keyspace::new(HashKey::from_seed(3), ShardCount::at_least(2));
    let write = |name: &[u8], len: u32| {
        let (key, value) = (keyspace.key(name), vec![b'v'; len as usize]);
        let mut shard = keyspace.lock(key);
        shard.set(key, &value, ExpiryChange::Clear, NOW).unwrap();
    };
    for number in 0..STABLE {
        write(&stable(number), number % 90);
    }
    let mut returned: HashMap<Vec<u8>, u32> = HashMap::new();
    let (mut cursor, mut calls, mut moved) = (0, 0_u32, 0);
    loop {
        cursor = keyspace.scan(cursor, 100, NOW, |key, _| {
            *returned.entry(key.to_vec()).or_default() += 1;
        });
        if cursor == 0 {
            break;
        }
        for number in 0..500 {
            let number = calls * 500 + number;
            write(&stable(number * 7 % STABLE), number % 200);
            write(&passing(number), number % 50);
            // All of one call stay until the one after it.
            if let Some(earlier) = number.checked_sub(600) {
                remove(&keyspace, &passing(earlier));
            }
        }
        moved += keyspace.compact(0);
        calls += 1;
    }
    assert!(calls > 150 && moved > 1000, "{calls} calls, {moved} moves");
    for number in 0..STABLE {
        assert_eq!(returned.remove(&stable(number)), Some(1));
    }
    assert!(
        returned.values().all(|times| *times == 1),
        "each key once at most"
    );
}

#[test]
fn a_cursor_past_every_key_ends_the_scan() {
    let keyspace = Keyspace::new(HashKey::from_seed(3), ShardCount::at_least(16));
    set(&keyspace, b"key");
    assert_eq!(
        keyspace.scan(u64::MAX, 10, NOW, |_, _| panic!("no hash is as large")),
        0
    );
}
