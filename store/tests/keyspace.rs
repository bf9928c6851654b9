//! Locks over several shards, and what is refused.

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Barrier, mpsc};
use std::time::Duration;

use store::{
    ExpiryChange, HashKey, IncrementError, Key, Keyspace, LEN_MAX, Millis, ShardCount, ShardInTurn,
    Shards, StoreError, StringRef,
};

const NOW: Millis = Millis(1);

fn keyspace(shards: usize) -> Keyspace {
    Keyspace::new(HashKey::from_seed(5), ShardCount::at_least(shards))
}

#[test]
fn counts_of_shards_are_powers_of_two() {
    let counts = [0, 1, 2, 3, 1000, usize::MAX].map(|n| ShardCount::at_least(n).get());
    assert_eq!(counts, [1, 1, 2, 4, 1024, 1024]);
    let threads = [1, 2, 3, usize::MAX].map(|n| NonZeroUsize::new(n).unwrap());
    let counts = threads.map(|n| ShardCount::for_threads(n).get());
    assert_eq!(counts, [1, 16, 32, 1024]);
}

/// Two threads move amounts between keys that they name in opposite orders: no deadlock, and no
/// moment at which the sum is another.
#[test]
fn several_keys_change_at_once() {
    let keyspace = keyspace(64);
    let names: Vec<_> = (0..8).map(|n| format!("account:{n}")).collect();
    let keys: Vec<Key<'_>> = names
        .iter()
        .map(|name| keyspace.key(name.as_bytes()))
        .collect();
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        for step in [1, 7] {
            let (keyspace, keys, start) = (&keyspace, &keys, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..2000 {
                    let (from, to) = (keys[round % 8], keys[(round * step + 1) % 8]);
                    let mut shards = keyspace.lock_keys([from, to]);
                    shards.shard(from).increment(from, -1, NOW).unwrap();
                    shards.shard(to).increment(to, 1, NOW).unwrap();
                    drop(shards);
                    let mut all = keyspace.lock_all();
                    let amount = |key: &Key<'_>| match all.shard(*key).string(*key, NOW).unwrap() {
                        Some(StringRef::Int(amount)) => amount,
                        Some(StringRef::Bytes(_)) => panic!("an amount is a number"),
                        None => 0,
                    };
                    assert_eq!(keys.iter().map(amount).sum::<i64>(), 0);
                }
            });
        }
    });
}

#[test]
fn held_shards_answer_like_those_that_are_locked_in_turn() {
    let keyspace = keyspace(4);
    for number in 0..100_u32 {
        let name = number.to_le_bytes();
        let key = keyspace.key(&name);
        let expiry = if number < 30 {
            ExpiryChange::At(Millis(2))
        } else {
            ExpiryChange::Clear
        };
        keyspace.lock(key).set(key, b"value", expiry, NOW).unwrap();
    }
    let scan = |mut shards: &Keyspace| {
        let mut keys = Vec::new();
        let cursor = Shards::scan(&mut shards, 0, 7, NOW, |key, _| keys.push(key.to_vec()));
        (keys, cursor)
    };
    let in_turn = (
        scan(&keyspace),
        keyspace.len(),
        keyspace.used_bytes(),
        keyspace.expiring(),
    );
    let mut held = keyspace.lock_all();
    let mut keys = Vec::new();
    let cursor = held.scan(0, 7, NOW, |key, _| keys.push(key.to_vec()));
    let held_answers = (
        (keys, cursor),
        held.len(),
        held.used_bytes(),
        held.expiring(),
    );
    assert_eq!(held_answers, in_turn);
    assert_eq!(in_turn.3, 30);

    let later = Millis(3);
    let swept = held.sweep_expired(0, usize::MAX, later);
    assert_eq!(
        (swept.removed, swept.cursor, held.expired_total()),
        (30, 0, 30)
    );
    assert!(held.random_key(12_345, later).is_some());
    held.clear();
    assert_eq!(
        (held.len(), held.used_bytes(), held.random_key(1, later)),
        (0, 0, None)
    );
}

#[test]
fn a_sweep_keeps_to_its_budget_and_goes_on_where_it_stopped() {
    let keyspace = keyspace(2);
    for number in 0..10_000_u32 {
        let name = number.to_le_bytes();
        let key = keyspace.key(&name);
        keyspace
            .lock(key)
            .set(key, b"", ExpiryChange::At(Millis(2)), NOW)
            .unwrap();
    }
    let first = keyspace.sweep_expired(0, 100, Millis(3));
    assert!(
        (100..1300).contains(&first.removed),
        "{first:?}: a table is swept whole, and has 1152 keys at most"
    );
    assert_ne!(first.cursor, 0);
    let rest = keyspace.sweep_expired(first.cursor, usize::MAX, Millis(3));
    assert_eq!((first.removed + rest.removed, rest.cursor), (10_000, 0));
    assert_eq!(keyspace.used_bytes(), 0);
}

#[test]
fn a_shard_outlives_a_panic_under_its_lock() {
    let keyspace = keyspace(1);
    let key = keyspace.key(b"key");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut shard = keyspace.lock(key);
        shard.set(key, b"value", ExpiryChange::Clear, NOW).unwrap();
        panic!("under the lock");
    }));
    assert!(panicked.is_err());
    assert!(keyspace.lock(key).contains(key, NOW));
}

#[test]
fn what_is_too_long_is_refused_and_changes_nothing() {
    let keyspace = keyspace(1);
    let long = vec![0; LEN_MAX + 1];
    let key = keyspace.key(b"key");
    let mut shard = keyspace.lock(key);
    let set = shard.set(key, &long, ExpiryChange::Clear, NOW);
    assert_eq!(set, Err(StoreError::ValueTooLong));
    assert_eq!(shard.append(key, &long, NOW), Err(StoreError::ValueTooLong));
    assert!(!shard.contains(key, NOW));
    shard.set(key, b"v", ExpiryChange::Clear, NOW).unwrap();
    let tail = &long[..LEN_MAX];
    assert_eq!(shard.append(key, tail, NOW), Err(StoreError::ValueTooLong));
    assert_eq!(shard.string(key, NOW), Ok(Some(StringRef::Bytes(b"v"))));

    let key = keyspace.key(&long);
    let refused = Err(StoreError::KeyTooLong);
    assert_eq!(shard.set(key, b"v", ExpiryChange::Clear, NOW), refused);
    assert_eq!(shard.hash_set(key, b"f", b"v", NOW).map(|_| ()), refused);
    let incremented = shard.increment(key, 1, NOW);
    assert_eq!(
        incremented,
        Err(IncrementError::Store(StoreError::KeyTooLong))
    );
    assert_eq!(shard.len(), 1);
}

/// Before each write it is asked how much is used: that must wait for none of the threads that write.
#[test]
fn what_all_shards_use_is_told_while_another_thread_has_one() {
    let keyspace = keyspace(4);
    let key = keyspace.key(b"key");
    let set = |len| {
        let (value, expiry) = (vec![b'v'; len], ExpiryChange::Clear);
        let mut shard = keyspace.lock(key);
        shard.set(key, &value, expiry, NOW).unwrap();
        shard
    };
    drop(set(1000));
    let before = keyspace.used_bytes();
    let held = set(100_000);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let keyspace = &keyspace;
        scope.spawn(move || sender.send(ShardInTurn::new(keyspace).used_bytes()));
        let told = receiver.recv_timeout(Duration::from_secs(10));
        drop(held);
        assert_eq!(told, Ok(before));
    });
    assert!(ShardInTurn::new(&keyspace).used_bytes() > before + 90_000);
}

#[test]
fn what_an_only_shard_that_is_kept_uses_is_told_as_it_is() {
    let keyspace = keyspace(1);
    let key = keyspace.key(b"key");
    let mut turn = ShardInTurn::new(&keyspace);
    let set = |shard: &mut store::Shard| {
        let set = shard.set(key, &vec![b'v'; 100_000], ExpiryChange::Clear, NOW);
        set.unwrap();
        shard.used_bytes()
    };
    let used = turn.with(key, set);
    assert_eq!((turn.used_bytes(), keyspace.used_bytes()), (used, 0));
    turn.give_back();
    assert_eq!((turn.used_bytes(), keyspace.used_bytes()), (used, used));
}

#[test]
fn a_long_key_holds_the_longest_value() {
    let keyspace = keyspace(1);
    let name = vec![b'k'; 64 << 10];
    let key = keyspace.key(&name);
    let mut shard = keyspace.lock(key);
    let value = vec![b'v'; LEN_MAX];
    for expiry in [ExpiryChange::Clear, ExpiryChange::At(Millis(NOW.0 + 1))] {
        shard.set(key, &value, expiry, NOW).unwrap();
        let stored = shard.string(key, NOW).unwrap().unwrap();
        assert!(*stored.to_bytes() == *value, "the longest value");
    }
    assert!(shard.used_bytes() < LEN_MAX + LEN_MAX / 100);
    assert!(!shard.contains(key, Millis(NOW.0 + 2)));
    assert_eq!(shard.used_bytes(), 0);
}
