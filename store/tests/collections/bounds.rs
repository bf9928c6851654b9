//! When collections outgrow their entries, and scans of those that have.

use std::collections::BTreeMap;

use store::{Encoding, End, ExpiryChange, HashKey, Keyspace, Kind, ShardCount};

use crate::check::owned;
use crate::{Bytes, NOW};

/// The encodings that clients see, on both sides of each bound.
#[test]
fn collections_outgrow_their_entries_at_the_bounds_of_redis() {
    let keyspace = Keyspace::new(HashKey::from_seed(9), ShardCount::ONE);
    let encoding = |kind: Kind, count: usize, text: &dyn Fn(usize) -> Bytes| {
        let key = keyspace.key(b"k");
        let mut shard = keyspace.lock(key);
        shard.clear();
        for number in 0..count {
            let text = text(number);
            match kind {
                Kind::Hash => drop(shard.hash_set(key, &text, b"v", NOW).unwrap()),
                Kind::List => shard
                    .edit_list(key, NOW, |l| l.push(End::Back, &text))
                    .unwrap(),
                Kind::Set => drop(shard.edit_members(key, NOW, |s| s.insert(&text)).unwrap()),
                _ => drop(shard.edit_zset(key, NOW, |z| z.insert(&text, 1.0)).unwrap()),
            }
        }
        shard.encoding(key, NOW).unwrap()
    };
    let short = |number: usize| format!("m{number}").into_bytes();
    let number = |number: usize| number.to_string().into_bytes();
    let of_len = |len: usize| move |_: usize| vec![b'x'; len];
    for (kind, most, large) in [
        (Kind::Hash, 512, Encoding::Hashtable),
        (Kind::Set, 128, Encoding::Hashtable),
        (Kind::Zset, 128, Encoding::Skiplist),
    ] {
        assert_eq!(encoding(kind, most, &short), Encoding::Listpack);
        assert_eq!(encoding(kind, most + 1, &short), large);
        assert_eq!(encoding(kind, 1, &of_len(64)), Encoding::Listpack);
        assert_eq!(encoding(kind, 1, &of_len(65)), large);
    }
    assert_eq!(encoding(Kind::Set, 512, &number), Encoding::Intset);
    assert_eq!(encoding(Kind::Set, 513, &number), Encoding::Hashtable);
    assert_eq!(encoding(Kind::List, 1, &of_len(8189)), Encoding::Listpack);
    assert_eq!(encoding(Kind::List, 1, &of_len(8190)), Encoding::Quicklist);
}

#[test]
fn a_scan_meets_what_is_there_throughout_once_while_the_set_grows_and_shrinks() {
    let keyspace = Keyspace::new(HashKey::from_seed(9), ShardCount::ONE);
    let key = keyspace.key(b"set");
    let mut shard = keyspace.lock(key);
    let stays = |number: u32| format!("stays{number}").into_bytes();
    let goes = |number: u32| format!("goes{number}").into_bytes();
    for number in 0..2_000 {
        shard
            .edit_members(key, NOW, |set| set.insert(&stays(number)))
            .unwrap();
    }
    let (mut met, mut cursor, mut fresh) = (BTreeMap::<Bytes, u32>::new(), 0, 0);
    loop {
        let set = shard.members(key, NOW).unwrap().unwrap();
        cursor = set.scan(cursor, 10, |member| {
            *met.entry(owned(member)).or_default() += 1;
        });
        if cursor == 0 {
            break;
        }
        shard
            .edit_members(key, NOW, |set| {
                for _ in 0..100 {
                    set.insert(&goes(fresh));
                    if fresh > 5_000 {
                        set.remove(&goes(fresh - 5_000));
                    }
                    fresh += 1;
                }
            })
            .unwrap();
    }
    assert!(met.values().all(|times| *times == 1));
    assert!((0..2_000).all(|number| met.contains_key(&stays(number))));
}

#[test]
fn a_string_takes_the_place_of_any_collection() {
    let keyspace = Keyspace::new(HashKey::from_seed(9), ShardCount::ONE);
    let key = keyspace.key(b"k");
    let mut shard = keyspace.lock(key);
    for count in [3, 1_000] {
        for number in 0..count {
            let text = format!("{number:0>70}").into_bytes();
            shard
                .edit_zset(key, NOW, |zset| zset.insert(&text, 1.0))
                .unwrap();
        }
        shard.set(key, b"text", ExpiryChange::Clear, NOW).unwrap();
        shard.assert_counters();
        shard.remove(key, NOW);
        assert_eq!(shard.used_bytes(), 0);
    }
}
