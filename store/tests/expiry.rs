//! Sweeps of what expired, in steps between which the caller looks at the clock.

use store::{HashKey, Keyspace, Millis, ShardCount};

const NOW: Millis = Millis(1_700_000_000_000);
const OVER: Millis = Millis(NOW.0 + 1000);

#[test]
fn large_collections_that_expire_together_go_a_few_at_a_time() {
    const SETS: usize = 60;
    for shards in [1, 4] {
        let keyspace = Keyspace::new(HashKey::from_seed(5), ShardCount::at_least(shards));
        for number in 0..SETS {
            let name = format!("set:{number}");
            let key = keyspace.key(name.as_bytes());
            let mut shard = keyspace.lock(key);
            let filled = shard.edit_members(key, NOW, |set| {
                for member in 0..1000 {
                    set.insert(format!("{member}x").as_bytes());
                }
            });
            filled.unwrap();
            shard.set_expiry(key, OVER, NOW).unwrap();
        }
        let (mut cursor, mut calls, mut removed) = (0, 0, 0);
        loop {
            let sweep = keyspace.sweep_expired(cursor, 500, Millis(OVER.0 + 1));
            assert!(sweep.removed <= 5, "{} at once", sweep.removed);
            cursor = sweep.cursor;
            removed += sweep.removed;
            calls += 1;
            if cursor == 0 {
                break;
            }
        }
        assert_eq!((removed, keyspace.len()), (SETS, 0), "in {calls} calls");
        assert!((SETS / 5..SETS).contains(&calls), "{calls} calls");
        assert_eq!(keyspace.expired_total(), SETS as u64);
        assert_eq!(keyspace.used_bytes(), 0);
    }
}
