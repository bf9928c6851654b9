//! SCAN while the keyspace changes: what is there throughout is returned exactly once, and nothing twice.

#![expect(clippy::unwrap_used, reason = "a write that fails here fails the test")]

use std::collections::HashMap;

use proptest::prelude::*;
use store::{
    EvictionOrder, EvictionPolicy, EvictionScope, ExpiryChange, HashKey, Keyspace, Millis,
    ShardCount,
};

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

/// What happens between two calls.
#[derive(Debug, Clone)]
enum Event {
    /// So many passing keys are added, each of which may expire or be evicted.
    Add(u32),
    /// So many of the oldest passing keys are removed.
    Remove(u32),
    /// Keys that stay get values of other lengths, and so move: from this one on, so many.
    Overwrite(u32, u32),
    /// Memory is to be no more than so many percent of what it is.
    Evict(usize),
    /// Time passes, and what has expired is swept.
    Sweep(u64),
    /// Sparse pages are emptied.
    Compact,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0_u32..400).prop_map(Event::Add),
        2 => (0_u32..400).prop_map(Event::Remove),
        2 => (0_u32..1000, 0_u32..300).prop_map(|(from, count)| Event::Overwrite(from, count)),
        2 => (50_usize..100).prop_map(Event::Evict),
        1 => (0_u64..20).prop_map(Event::Sweep),
        2 => Just(Event::Compact),
    ]
}

/// A keyspace with keys that stay and do not expire, and keys that pass and do.
struct Changing {
    keyspace: Keyspace,
    stable: u32,
    added: u32,
    removed: u32,
    now: Millis,
    evicted: u64,
}

impl Changing {
    const POLICY: EvictionPolicy = EvictionPolicy {
        order: EvictionOrder::LeastRecent,
        scope: EvictionScope::Expiring,
    };

    fn new(stable: u32, shards: usize) -> Self {
        let keyspace = Keyspace::new(HashKey::from_seed(3), ShardCount::at_least(shards));
        keyspace.set_policy(Some(Self::POLICY));
        for number in 0..stable {
            set(&keyspace, &self::stable(number));
        }
        Self {
            keyspace,
            stable,
            added: 0,
            removed: 0,
            now: NOW,
            evicted: 0,
        }
    }

    fn write(&self, name: &[u8], len: u32, expiry: ExpiryChange) {
        let (key, value) = (self.keyspace.key(name), vec![b'v'; len as usize]);
        let mut shard = self.keyspace.lock(key);
        shard.set(key, &value, expiry, self.now).unwrap();
    }

    fn take(&mut self, event: &Event) {
        match *event {
            Event::Add(count) => {
                for number in self.added..self.added + count {
                    let expiry = ExpiryChange::At(Millis(self.now.0 + 1 + u64::from(number % 50)));
                    self.write(&passing(number), number % 70, expiry);
                }
                self.added += count;
            }
            Event::Remove(count) => {
                let until = self.added.min(self.removed + count);
                for number in self.removed..until {
                    remove(&self.keyspace, &passing(number));
                }
                self.removed = until;
            }
            Event::Overwrite(from, count) => {
                for number in (from..from + count).filter(|number| *number < self.stable) {
                    self.write(&stable(number), (from + number) % 90, ExpiryChange::Clear);
                }
            }
            Event::Evict(percent) => {
                let bound = self.keyspace.used_bytes() * percent / 100;
                let before = self.keyspace.evicted_total();
                let _room = self.keyspace.make_room(bound, Some(Self::POLICY), 7);
                self.evicted += self.keyspace.evicted_total() - before;
            }
            Event::Sweep(ms) => {
                self.now.0 += ms;
                assert_eq!(
                    self.keyspace.sweep_expired(0, usize::MAX, self.now).cursor,
                    0
                );
            }
            Event::Compact => {
                let _moved = self.keyspace.compact(0);
            }
        }
    }

    /// Scans from start to end, with events between the calls; how often each key was returned.
    fn scan(&mut self, calls: &[(usize, Event)]) -> HashMap<Vec<u8>, u32> {
        let (mut returned, mut cursor) = (HashMap::new(), 0);
        let later = (100, Event::Add(0));
        for (count, event) in calls.iter().chain(std::iter::repeat(&later)) {
            let mut visited = 0;
            cursor = self.keyspace.scan(cursor, *count, self.now, |key, _| {
                *returned.entry(key.to_vec()).or_default() += 1;
                visited += 1;
            });
            assert!(
                visited <= *count,
                "{visited} keys where {count} were asked for"
            );
            if cursor == 0 {
                break;
            }
            self.take(event);
        }
        returned
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happens_keys_that_stay_are_returned_once(
        stable_keys in 0_u32..1000,
        shards in prop_oneof![Just(1_usize), Just(4)],
        calls in prop::collection::vec((1_usize..60, event()), 1..60),
    ) {
        let mut changing = Changing::new(stable_keys, shards);
        let mut returned = changing.scan(&calls);
        for number in 0..stable_keys {
            prop_assert_eq!(returned.remove(&stable(number)), Some(1));
        }
        prop_assert!(returned.values().all(|times| *times == 1), "each key once at most");
    }

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

/// The events of the property do happen: keys are evicted and swept while a scan is under way.
#[test]
fn eviction_and_expiry_happen_while_a_scan_is_under_way() {
    let mut changing = Changing::new(2000, 2);
    let cycle = [
        Event::Add(300),
        Event::Sweep(10),
        Event::Evict(80),
        Event::Overwrite(100, 900),
        Event::Compact,
        Event::Remove(100),
    ];
    let calls: Vec<_> = cycle
        .into_iter()
        .cycle()
        .take(90)
        .map(|event| (30, event))
        .collect();
    let returned = changing.scan(&calls);
    let (evicted, expired) = (changing.evicted, changing.keyspace.expired_total());
    assert!(
        evicted > 100 && expired > 100,
        "{evicted} evicted, {expired} expired"
    );
    assert!((0..2000).all(|number| returned.get(&stable(number)) == Some(&1)));
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
