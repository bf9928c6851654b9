//! A bound of memory: never passed by much, and kept by the keys that should go.

#![expect(clippy::unwrap_used, reason = "a write that fails here fails the test")]

use std::collections::BTreeSet;

use store::{
    Ceiling, EvictionOrder, EvictionPolicy, EvictionScope, ExpiryChange, HashKey, Keyspace, Millis,
    Room, ShardCount, Shards,
};

const NOW: Millis = Millis(1_700_000_000_000);
const BOUND: usize = 8 << 20;
/// The most steps before one write, each an eviction at most.
const STEPS_MAX: u64 = 16;

const fn policy(order: EvictionOrder, scope: EvictionScope) -> EvictionPolicy {
    EvictionPolicy { order, scope }
}

const POLICIES: [EvictionPolicy; 7] = [
    policy(EvictionOrder::LeastRecent, EvictionScope::Every),
    policy(EvictionOrder::LeastFrequent, EvictionScope::Every),
    policy(EvictionOrder::Random, EvictionScope::Every),
    policy(EvictionOrder::LeastRecent, EvictionScope::Expiring),
    policy(EvictionOrder::LeastFrequent, EvictionScope::Expiring),
    policy(EvictionOrder::Random, EvictionScope::Expiring),
    policy(EvictionOrder::SoonestExpiry, EvictionScope::Expiring),
];

fn draw(random: &mut u64) -> u64 {
    *random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*random ^ *random >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ mixed >> 29
}

struct Cache {
    keyspace: Keyspace,
    policy: EvictionPolicy,
    random: u64,
}

impl Cache {
    fn new(policy: EvictionPolicy, shards: usize) -> Self {
        let keyspace = Keyspace::new(HashKey::from_seed(5), ShardCount::at_least(shards));
        keyspace.set_policy(Some(policy));
        Self {
            keyspace,
            policy,
            random: 1,
        }
    }

    fn make_room(&mut self, bound: usize) -> Room {
        let random = draw(&mut self.random);
        self.keyspace.make_room(bound, Some(self.policy), random)
    }

    fn write(&self, name: &str, len: usize, expiry: ExpiryChange) {
        let key = self.keyspace.key(name.as_bytes());
        let value = vec![b'v'; len];
        self.keyspace
            .lock(key)
            .set(key, &value, expiry, NOW)
            .unwrap();
    }

    fn read(&self, name: &str) -> bool {
        let key = self.keyspace.key(name.as_bytes());
        self.keyspace.lock(key).get(key, NOW).is_some()
    }

    fn check(&self) {
        let mut shards = &self.keyspace;
        let mut sum = 0;
        for index in 0..Shards::count(&shards).get() {
            shards.with_shard(index, |shard| {
                shard.assert_counters();
                sum += shard.used_bytes();
            });
        }
        assert_eq!(sum, self.keyspace.used_bytes(), "the total of all shards");
    }
}

#[test]
fn the_bound_is_passed_by_a_page_and_a_value_at_most() {
    for (at, policy) in POLICIES.into_iter().enumerate() {
        let mut cache = Cache::new(policy, 1 << (at % 3));
        let mut largest = 0;
        for number in 0..40_000_u64 {
            // Two thirds of the way sizes move to another band; now and then there is a large value.
            let random = draw(&mut cache.random);
            let len = match number {
                _ if random.is_multiple_of(2000) => 300_000,
                0..25_000 => 16 + random % 500,
                _ => 700 + random % 900,
            };
            let len = usize::try_from(len).unwrap();
            largest = largest.max(len);
            let evicted = cache.keyspace.evicted_total();
            let kept = cache.keyspace.used_bytes() <= BOUND;
            assert_eq!(cache.make_room(BOUND), Room::Enough);
            let evicted = cache.keyspace.evicted_total() - evicted;
            assert!(!kept || evicted <= STEPS_MAX, "{evicted} before one write");
            let expiry = ExpiryChange::At(Millis(NOW.0 + 1 + random % 100_000));
            cache.write(&format!("key:{number:012}"), len, expiry);
            let used = cache.keyspace.used_bytes();
            let most = BOUND + BOUND / 128 + largest + largest / 8;
            assert!(
                used <= most,
                "{policy:?}: {used} bytes after write {number}"
            );
        }
        let used = cache.keyspace.used_bytes();
        assert!(used > BOUND / 100 * 93, "{policy:?}: {used} bytes used");
        assert!(cache.keyspace.evicted_total() > 10_000);
        cache.check();
    }
}

#[test]
fn the_bound_is_kept_when_large_values_take_the_place_of_small_ones() {
    for shards in [1, 4] {
        let mut cache = Cache::new(POLICIES[0], shards);
        for number in 0..200_000 {
            assert_eq!(cache.make_room(BOUND), Room::Enough);
            cache.write(&format!("{number}"), 16, ExpiryChange::Clear);
        }
        let large = 1 << 20;
        for number in 0..30 {
            assert_eq!(cache.make_room(BOUND), Room::Enough);
            cache.write(&format!("large:{number}"), large, ExpiryChange::Clear);
            let used = cache.keyspace.used_bytes();
            let most = BOUND + BOUND / 128 + large + large / 4;
            assert!(used <= most, "{used} bytes after {number} large values");
        }
        cache.check();
    }
}

#[test]
fn a_bound_that_is_lowered_is_reached_in_steps_between_writes_and_before_one_at_once() {
    const LOWERED: usize = 1 << 20;
    let mut cache = Cache::new(POLICIES[0], 1);
    let fill = |cache: &Cache| {
        for number in 0..50_000 {
            cache.write(&format!("{number}"), 100, ExpiryChange::Clear);
        }
    };
    fill(&cache);
    let (mut calls, policy) = (0, Some(cache.policy));
    while cache.keyspace.used_bytes() > LOWERED {
        let random = draw(&mut cache.random);
        let keyspace = &cache.keyspace;
        let room = keyspace.make_room_for_a_while(LOWERED, policy, random);
        assert_eq!(room, Room::Enough);
        calls += 1;
    }
    assert!((5..40).contains(&calls), "{calls} calls");
    fill(&cache);
    assert_eq!(cache.make_room(LOWERED), Room::Enough);
    assert!(cache.keyspace.used_bytes() <= LOWERED + LOWERED / 128);
    cache.check();
}

#[test]
fn writes_while_a_lowered_bound_is_reached_take_no_more_than_was_there() {
    const LOWERED: usize = 1 << 20;
    let mut cache = Cache::new(POLICIES[0], 1);
    for number in 0..200_000 {
        cache.write(&format!("{number}"), 100, ExpiryChange::Clear);
    }
    let (ceiling, before) = (Ceiling::default(), cache.keyspace.used_bytes());
    let (mut highest, mut writes) = (before, 0);
    // What a write adds is far more than what it may wait for.
    for number in 0.. {
        let used = cache.keyspace.used_bytes();
        assert!(
            used <= highest + LOWERED / 128 + (2 << 20),
            "{used} after {number}"
        );
        highest = highest.min(used).max(LOWERED);
        if used <= LOWERED + (2 << 20) {
            writes = number;
            break;
        }
        let below = ceiling.over(LOWERED, used);
        let random = draw(&mut cache.random);
        let keyspace = &cache.keyspace;
        let room = (&mut &*keyspace).make_room_below(below, LOWERED, Some(cache.policy), random);
        assert_eq!(room, Room::Enough);
        ceiling.over(LOWERED, cache.keyspace.used_bytes());
        cache.write(&format!("large {number}"), 1 << 20, ExpiryChange::Clear);
    }
    assert!((3..60).contains(&writes), "{writes} writes");
    cache.check();
}

#[test]
fn where_nothing_may_go_there_is_no_room() {
    let mut cache = Cache::new(POLICIES[3], 4);
    for number in 0..20_000 {
        let expiry = match number % 10 {
            0 => ExpiryChange::At(Millis(NOW.0 + 1000)),
            _ => ExpiryChange::Clear,
        };
        cache.write(&format!("{number}"), 100, expiry);
    }
    let used = cache.keyspace.used_bytes();
    assert_eq!(cache.keyspace.make_room(used / 2, None, 1), Room::Lacking);
    assert_eq!(
        cache.keyspace.len(),
        20_000,
        "without a policy nothing goes"
    );
    assert_eq!(cache.make_room(used / 2), Room::Lacking);
    assert_eq!(cache.keyspace.len(), 18_000, "only what expires goes");
    assert_eq!(cache.keyspace.expiring(), 0);
    assert_eq!(cache.make_room(used * 2), Room::Enough);
    cache.policy = POLICIES[0];
    // All of them; then there is no room left, since no bound is that low.
    let lacking = (0..2).any(|_| cache.make_room(0) == Room::Lacking);
    assert!(lacking);
    assert!(cache.keyspace.is_empty());
}

#[test]
fn free_slots_are_no_reason_to_refuse_a_write() {
    let cache = Cache::new(POLICIES[0], 2);
    for number in 0..20_000 {
        cache.write(&format!("{number}"), 100 + number % 16, ExpiryChange::Clear);
    }
    for number in (0..20_000).filter(|number| number / 16 % 8 < 3) {
        let name = format!("{number}");
        let key = cache.keyspace.key(name.as_bytes());
        assert!(cache.keyspace.lock(key).remove(key, NOW));
    }
    let (used, keys) = (cache.keyspace.used_bytes(), cache.keyspace.len());
    let bound = used / 100 * 90;
    assert_eq!(cache.keyspace.make_room(bound, None, 1), Room::Enough);
    assert!(cache.keyspace.used_bytes() <= bound);
    assert_eq!(cache.keyspace.make_room(used / 2, None, 1), Room::Lacking);
    assert_eq!(cache.keyspace.len(), keys, "without a policy nothing goes");
    cache.check();
}

/// Which of the first `count` keys are left after as many others came as fill the bound twice.
fn left_of(cache: &mut Cache, count: u32, use_them: impl Fn(&Cache, u32)) -> BTreeSet<u32> {
    for number in 0..count {
        assert_eq!(cache.make_room(BOUND), Room::Enough);
        cache.write(&format!("old:{number}"), 200, ExpiryChange::Clear);
    }
    for number in 0..2 * u32::try_from(BOUND).unwrap() / 200 {
        assert_eq!(cache.make_room(BOUND), Room::Enough);
        cache.write(&format!("new:{number}"), 200, ExpiryChange::Clear);
        use_them(cache, number);
    }
    (0..count)
        .filter(|n| cache.read(&format!("old:{n}")))
        .collect()
}

#[test]
fn what_is_used_recently_stays() {
    let mut cache = Cache::new(POLICIES[0], 2);
    let left = left_of(&mut cache, 4000, |cache, number| {
        cache.read(&format!("old:{}", number % 2000));
    });
    let used = left.range(..2000).count();
    assert!(used > 1990, "{used} of 2000 that are used");
    assert!(left.range(2000..).count() < 200, "what is not used goes");
}

#[test]
fn what_was_used_often_outlives_what_is_used_once() {
    let mut cache = Cache::new(POLICIES[1], 2);
    let left = left_of(&mut cache, 4000, |cache, number| {
        if number < 3 * 2000 {
            cache.read(&format!("old:{}", number % 2000));
        }
    });
    let used = left.range(..2000).count();
    assert!(used > 1900, "{used} of 2000 that were used");
    assert!(left.range(2000..).count() < 400, "what was not used goes");
}

#[test]
fn what_expires_first_goes_first() {
    let mut cache = Cache::new(POLICIES[6], 1);
    let count: u64 = 20_000;
    for number in 0..count {
        let expiry = ExpiryChange::At(Millis(NOW.0 + 1 + number));
        cache.write(&format!("{}", number * 7 % count), 100, expiry);
    }
    while cache.keyspace.len() > 15_000 {
        let used = cache.keyspace.used_bytes();
        assert_eq!(cache.make_room(used - used / 50), Room::Enough);
    }
    let expiry = |name: u64| {
        (0..7)
            .map(|k| k * count + name)
            .find(|n| n % 7 == 0)
            .unwrap()
            / 7
    };
    let soon = (0..count).filter(|name| expiry(*name) < count / 4);
    let left = soon.filter(|name| cache.read(&format!("{name}"))).count();
    assert!(left < 1000, "{left} of the first 5000 to expire");
}

#[test]
fn chance_is_fair() {
    let mut cache = Cache::new(POLICIES[2], 4);
    for number in 0..20_000 {
        cache.write(&format!("{number}"), 100, ExpiryChange::Clear);
    }
    while cache.keyspace.len() > 10_000 {
        let used = cache.keyspace.used_bytes();
        assert_eq!(cache.make_room(used - used / 50), Room::Enough);
    }
    for part in 0..10 {
        let part = part * 2000..(part + 1) * 2000;
        let left = part
            .filter(|number| cache.read(&format!("{number}")))
            .count();
        assert!((850..1150).contains(&left), "{left} of 2000");
    }
}
