//! Free slots: pages that have many are emptied, wherever in them the entries lie.

#![expect(clippy::unwrap_used, reason = "a write that fails here fails the test")]

use store::{ExpiryChange, HashKey, Keyspace, Millis, Room, ShardCount};

const NOW: Millis = Millis(1);
/// Free slots that upkeep leaves alone, in percent.
const FREE_PERCENT: usize = 3;
/// Some pages of keys.
const KEYS: u32 = 200_000;

/// A keyspace whose pages have a row of free slots at their beginnings, one slot in six in all.
fn with_free_rows() -> Keyspace {
    let keyspace = Keyspace::new(HashKey::from_seed(5), ShardCount::ONE);
    let name = |number: u32| format!("key:{number:08}").into_bytes();
    for number in 0..KEYS {
        let bytes = name(number);
        let key = keyspace.key(&bytes);
        let set = |value: &[u8]| {
            let mut shard = keyspace.lock(key);
            shard.set(key, value, ExpiryChange::Clear, NOW)
        };
        set(b"0123456789abcdef").unwrap();
    }
    for number in (0..KEYS).filter(|number| number % 12_000 < 2000) {
        let bytes = name(number);
        let key = keyspace.key(&bytes);
        assert!(keyspace.lock(key).remove(key, NOW));
    }
    keyspace
}

#[test]
fn compaction_goes_on_past_a_row_of_free_slots_until_no_page_is_sparse() {
    let keyspace = with_free_rows();
    let before = keyspace.used_bytes();
    let mut calls = 0;
    while keyspace.compact(FREE_PERCENT) > 0 {
        calls += 1;
        assert!(calls < 100_000, "it comes to an end");
    }
    let used = keyspace.used_bytes();
    assert!(used < before / 100 * 94, "{used} bytes of {before}");
    for _ in 0..1000 {
        assert_eq!(keyspace.compact(FREE_PERCENT), 0, "nothing was left");
    }
    assert_eq!(keyspace.used_bytes(), used);
    keyspace.lock(keyspace.key(b"")).assert_counters();
}

#[test]
fn no_write_is_refused_and_no_key_goes_while_pages_can_be_emptied() {
    let keyspace = with_free_rows();
    let bound = keyspace.used_bytes() / 100 * 96;
    assert_eq!(keyspace.make_room(bound, None, 1), Room::Enough);
    assert!(keyspace.used_bytes() <= bound);
    keyspace.lock(keyspace.key(b"")).assert_counters();
}
