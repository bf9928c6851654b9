//! Large collections whose keys are gone: freed a few elements at a time, and counted until they are.

#![expect(clippy::unwrap_used, reason = "a write that fails here fails the test")]

use store::{
    End, EvictionOrder, EvictionPolicy, EvictionScope, ExpiryChange, HashKey, Key, Keyspace, Kind,
    Millis, Room, Shard, ShardCount,
};

const NOW: Millis = Millis(1_700_000_000_000);
const LATER: Millis = Millis(NOW.0 + 1000);
const OVER: Millis = Millis(LATER.0 + 1);
const KINDS: [Kind; 4] = [Kind::Hash, Kind::List, Kind::Set, Kind::Zset];
const LARGE: u32 = 20_000;
/// The most elements that go with their key.
const AT_ONCE: u32 = 1024;
/// Elements that are freed in a step.
const STEP: usize = 500;
const POLICY: Option<EvictionPolicy> = Some(EvictionPolicy {
    order: EvictionOrder::LeastRecent,
    scope: EvictionScope::Every,
});

fn keyspace(shards: usize) -> Keyspace {
    Keyspace::new(HashKey::from_seed(5), ShardCount::at_least(shards))
}

/// Adds elements of some twenty bytes in one write.
fn fill(shard: &mut Shard, key: Key<'_>, kind: Kind, count: u32) {
    let texts = (0..count).map(|number| format!("{number:x>20}").into_bytes());
    match kind {
        Kind::Hash => shard.edit_hash(key, NOW, |hash| {
            for text in texts {
                hash.set(&text, &text);
            }
        }),
        Kind::List => shard.edit_list(key, NOW, |list| {
            for text in texts {
                list.push(End::Back, &text);
            }
        }),
        Kind::Set => shard.edit_members(key, NOW, |set| {
            for text in texts {
                set.insert(&text);
            }
        }),
        _ => shard.edit_zset(key, NOW, |zset| {
            for text in texts {
                zset.insert(&text, 1.5);
            }
        }),
    }
    .unwrap();
}

/// A way in which a key goes, which leaves none behind.
type Way = fn(&Keyspace, Key<'_>);

const WAYS: [(&str, Way); 6] = [
    ("removed", |keyspace, key| {
        assert!(keyspace.lock(key).remove(key, NOW));
    }),
    ("overwritten", |keyspace, key| {
        let mut shard = keyspace.lock(key);
        shard.set(key, b"text", ExpiryChange::Clear, NOW).unwrap();
        assert!(shard.remove(key, NOW));
    }),
    ("moved over", |keyspace, key| {
        let mut shard = keyspace.lock(key);
        let other = keyspace.key(b"other");
        shard.set(other, b"text", ExpiryChange::Clear, NOW).unwrap();
        let value = shard.detach(other, NOW).unwrap();
        shard.attach(key, value, NOW).unwrap();
        assert!(shard.remove(key, NOW));
    }),
    ("met when its time is over", |keyspace, key| {
        let mut shard = keyspace.lock(key);
        shard.set_expiry(key, LATER, NOW).unwrap();
        assert!(!shard.contains(key, OVER));
    }),
    ("swept", |keyspace, key| {
        keyspace.lock(key).set_expiry(key, LATER, NOW).unwrap();
        let sweep = keyspace.sweep_expired(0, 500, OVER);
        assert_eq!((sweep.cursor, sweep.removed), (0, 1));
    }),
    ("evicted", |keyspace, _| {
        keyspace.set_policy(POLICY);
        let used = keyspace.used_bytes();
        while keyspace.evicted_total() == 0 {
            assert_eq!(keyspace.make_room(used, POLICY, 1), Room::Enough);
        }
    }),
];

#[test]
fn a_large_collection_of_each_kind_goes_in_steps_however_its_key_went() {
    for kind in KINDS {
        for (way, remove) in WAYS {
            let keyspace = keyspace(1);
            let key = keyspace.key(b"large");
            fill(&mut keyspace.lock(key), key, kind, LARGE);
            let full = keyspace.used_bytes();
            remove(&keyspace, key);
            assert!(keyspace.is_empty(), "{kind:?} {way}");
            let mut shard = keyspace.lock(key);
            assert_eq!(shard.remains(), 1, "{kind:?} {way}");
            assert!(!shard.contains(key, NOW));
            let mut used = shard.used_bytes();
            assert!(used > full / 10 * 9, "{kind:?} {way}: {used} of {full}");
            let (mut steps, mut all) = (0, 0);
            while shard.remains() > 0 {
                shard.assert_counters();
                let freed = shard.free_remains(STEP);
                assert!((1..=STEP).contains(&freed), "{kind:?} {way}: {freed}");
                let left = shard.used_bytes();
                // What takes no allocation of its own comes back when others do.
                assert!(left <= used, "{kind:?} {way}: {used} became {left}");
                assert!(used - left < full / 2, "{kind:?} {way}: {used} to {left}");
                (steps, all, used) = (steps + 1, all + freed, left);
            }
            let len = LARGE as usize;
            // Eviction has freed some already.
            let range = len - 16 * 8..=len;
            assert!(range.contains(&all), "{kind:?} {way}: {all} elements");
            assert!(steps >= all / STEP);
            assert_eq!((shard.free_remains(STEP), shard.remains_bytes()), (0, 0));
            assert_eq!(shard.used_bytes(), 0, "{kind:?} {way}");
            shard.assert_counters();
            drop(shard);
            assert_eq!(keyspace.used_bytes(), 0, "{kind:?} {way}");
            assert!(!keyspace.has_remains(), "{kind:?} {way}");
        }
    }
}

#[test]
fn a_collection_that_is_not_large_goes_with_its_key() {
    for kind in KINDS {
        let keyspace = keyspace(1);
        let key = keyspace.key(b"small");
        let mut shard = keyspace.lock(key);
        fill(&mut shard, key, kind, AT_ONCE);
        assert!(shard.remove(key, NOW));
        assert_eq!((shard.remains(), shard.used_bytes()), (0, 0), "{kind:?}");
        fill(&mut shard, key, kind, AT_ONCE + 1);
        assert!(shard.remove(key, NOW));
        assert_eq!(shard.remains(), 1, "{kind:?}");
        shard.clear();
        assert_eq!((shard.remains(), shard.used_bytes()), (0, 0), "{kind:?}");
    }
}

/// Members that went leave places behind, up to as many as there are left, which take time to be gone through.
#[test]
fn a_sorted_set_that_was_large_goes_in_steps_too() {
    let keyspace = keyspace(1);
    let key = keyspace.key(b"was large");
    let mut shard = keyspace.lock(key);
    fill(&mut shard, key, Kind::Zset, LARGE);
    shard
        .edit_zset(key, NOW, |zset| {
            for number in 600..LARGE {
                zset.remove(format!("{number:x>20}").as_bytes());
            }
        })
        .unwrap();
    assert!(shard.remove(key, NOW));
    assert_eq!(shard.remains(), 1);
    let mut freed = 0;
    while shard.remains() > 0 {
        shard.assert_counters();
        let step = shard.free_remains(STEP);
        assert!((1..=STEP).contains(&step), "{step}");
        freed += step;
    }
    assert!((1025..=1200).contains(&freed), "{freed}");
    assert_eq!(shard.used_bytes(), 0);
}

#[test]
fn what_became_small_takes_little() {
    for kind in [Kind::Hash, Kind::Set, Kind::Zset] {
        let keyspace = keyspace(1);
        let key = keyspace.key(b"was large");
        let mut shard = keyspace.lock(key);
        fill(&mut shard, key, kind, LARGE);
        let gone = (10..LARGE).map(|number| format!("{number:x>20}").into_bytes());
        match kind {
            Kind::Hash => shard.edit_hash(key, NOW, |hash| {
                gone.for_each(|text| assert!(hash.remove(&text)));
            }),
            Kind::Set => shard.edit_members(key, NOW, |set| {
                gone.for_each(|text| assert!(set.remove(&text)));
            }),
            _ => shard.edit_zset(key, NOW, |zset| {
                gone.for_each(|text| assert!(zset.remove(&text).is_some()));
            }),
        }
        .unwrap();
        shard.assert_counters();
        let usage = shard.memory_usage(key, NOW).unwrap();
        assert!(usage < 4096, "{kind:?}: {usage} bytes for ten elements");
    }
}

#[test]
fn the_remains_of_all_shards_are_freed() {
    let keyspace = keyspace(8);
    for number in 0..40 {
        let name = format!("{number}");
        let key = keyspace.key(name.as_bytes());
        let kind = KINDS[number % KINDS.len()];
        fill(&mut keyspace.lock(key), key, kind, 3000);
        assert!(keyspace.lock(key).remove(key, NOW));
    }
    assert!(keyspace.has_remains());
    assert_eq!(keyspace.remains_bytes(), keyspace.used_bytes());
    assert!(keyspace.remains_bytes() > 40 * 3000 * 20 / 2);
    while keyspace.free_remains(STEP) > 0 {}
    assert_eq!((keyspace.has_remains(), keyspace.used_bytes()), (false, 0));
}

/// Keys, and what remains of a set that takes more than they do.
fn with_remains(shards: usize) -> Keyspace {
    let keyspace = keyspace(shards);
    keyspace.set_policy(POLICY);
    for number in 0..10_000 {
        let name = format!("{number}");
        let key = keyspace.key(name.as_bytes());
        let mut shard = keyspace.lock(key);
        shard
            .set(key, &[b'v'; 100], ExpiryChange::Clear, NOW)
            .unwrap();
    }
    let key = keyspace.key(b"large");
    fill(&mut keyspace.lock(key), key, Kind::Set, 100_000);
    assert!(keyspace.lock(key).remove(key, NOW));
    assert_eq!(keyspace.len(), 10_000);
    keyspace
}

#[test]
fn room_is_made_of_what_remains_before_any_key_goes() {
    for shards in [1, 8] {
        let keyspace = with_remains(shards);
        let remains = keyspace.remains_bytes();
        let bound = keyspace.used_bytes();
        let enough = |keyspace: &Keyspace| {
            let room = keyspace.make_room(bound, POLICY, 7);
            assert_eq!(room, Room::Enough);
        };
        // Up to the bound each write waits for little.
        let before = keyspace.used_bytes();
        enough(&keyspace);
        let freed = before - keyspace.used_bytes();
        assert!((1..64 << 10).contains(&freed), "{freed} bytes");
        // Beyond it for as much as it takes.
        let bound = keyspace.used_bytes() - remains / 2;
        while keyspace.used_bytes() > bound {
            let room = keyspace.make_room(bound, POLICY, 7);
            assert_eq!(room, Room::Enough);
            assert!(keyspace.used_bytes() <= bound + bound / 128);
        }
        assert_eq!((keyspace.evicted_total(), keyspace.len()), (0, 10_000));
        // When nothing remains, keys go.
        let bound = keyspace.used_bytes() - keyspace.remains_bytes() - (256 << 10);
        while keyspace.used_bytes() > bound {
            assert_eq!(keyspace.make_room(bound, POLICY, 7), Room::Enough);
        }
        assert_eq!(keyspace.remains_bytes(), 0);
        assert!(keyspace.evicted_total() > 0);
    }
}

#[test]
fn no_write_is_refused_for_what_remains_unless_that_is_too_little() {
    for shards in [1, 8] {
        let keyspace = with_remains(shards);
        let used = keyspace.used_bytes();
        let bound = used - keyspace.remains_bytes() / 2;
        assert_eq!(keyspace.make_room(bound, None, 1), Room::Enough);
        assert!(keyspace.used_bytes() <= bound + bound / 128);
        let keys = keyspace.used_bytes() - keyspace.remains_bytes();
        assert_eq!(keyspace.make_room(keys / 2, None, 1), Room::Lacking);
        assert_eq!(keyspace.len(), 10_000);
    }
}

#[test]
fn between_writes_room_is_made_of_what_remains_a_part_at_a_time() {
    let keyspace = with_remains(1);
    let bound = keyspace.used_bytes() - keyspace.remains_bytes() + (1 << 20);
    let mut calls = 0;
    while keyspace.used_bytes() > bound {
        let room = keyspace.make_room_for_a_while(bound, POLICY, 7);
        assert_eq!(room, Room::Enough);
        calls += 1;
    }
    assert!((2..20).contains(&calls), "{calls} calls");
    assert_eq!(keyspace.evicted_total(), 0);
}

/// Nobody else frees anything here.
#[test]
fn writes_that_let_large_collections_go_keep_what_remains_bounded() {
    for kind in KINDS {
        let keyspace = keyspace(1);
        let (key, source) = (keyspace.key(b"large"), keyspace.key(b"source"));
        let mut shard = keyspace.lock(key);
        fill(&mut shard, source, kind, 5000);
        let one = shard.used_bytes();
        let mut most = 0;
        for round in 0..30 {
            match round % 3 {
                0 => fill(&mut shard, key, kind, 5000),
                // Outgrown first, and then filled.
                1 => {
                    fill(&mut shard, key, kind, 600);
                    fill(&mut shard, key, kind, 5000);
                }
                _ => {
                    let copy = shard.copy(source, NOW).unwrap();
                    shard.attach(key, copy, NOW).unwrap();
                }
            }
            shard.remove(key, NOW);
            most = most.max(shard.used_bytes());
        }
        assert!(most < 5 * one, "{kind:?}: {most} bytes, {one} of a copy");
        shard.assert_counters();
    }
}
