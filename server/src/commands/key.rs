//! Keys of any type: DEL, UNLINK, EXISTS, TOUCH, TYPE, DBSIZE, FLUSHALL, KEYS, RANDOMKEY.

use store::{Key, Millis, Shard, Shards};

use super::{Call, Failure, Outcome};
use crate::protocol::{Replies, glob_matches};

/// Keys that KEYS looks at before it gives the lock of their shard back.
const KEYS_AT_ONCE: usize = 10_000;

/// `DEL key [key …]`, `UNLINK key [key …]`
pub fn del(call: &mut Call<'_, '_>) -> Outcome {
    let removed = count_keys(call, Shard::remove);
    call.replies.count(removed);
    Ok(())
}

/// `EXISTS key [key …]`; a key that is named twice counts twice
pub fn exists(call: &mut Call<'_, '_>) -> Outcome {
    count_read(call, |shard, key, now| shard.kind(key, now).is_some());
    Ok(())
}

/// `TOUCH key [key …]`: the same, and a use of each
pub fn touch(call: &mut Call<'_, '_>) -> Outcome {
    count_read(call, Shard::contains);
    Ok(())
}

/// Answers how many of the keys are there, each of which counts as read.
fn count_read(call: &mut Call<'_, '_>, is_there: impl FnMut(&mut Shard, Key<'_>, Millis) -> bool) {
    let asked = call.args.len() - 1;
    let found = count_keys(call, is_there);
    call.tally.hits += found as u64;
    call.tally.misses += asked.saturating_sub(found) as u64;
    call.replies.count(found);
}

/// How many of the keys `act` is true of, all at one instant.
fn count_keys(
    call: &mut Call<'_, '_>,
    mut act: impl FnMut(&mut Shard, Key<'_>, Millis) -> bool,
) -> usize {
    let now = call.now;
    if call.args.len() == 2 {
        let key = call.key(1);
        return usize::from(call.shards.with(key, |shard| act(shard, key, now)));
    }
    let keys: Vec<Key<'_>> = call
        .args
        .from(1)
        .map(|key| call.state.keyspace.key(key))
        .collect();
    call.shards.with_keys(&keys, |shards| {
        keys.iter()
            .filter(|&&key| act(shards.shard(key), key, now))
            .count()
    })
}

/// `TYPE key`
pub fn kind(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let kind = call.shards.with(key, |shard| shard.kind(key, now));
    call.tally.read(kind.as_ref());
    call.replies.status(kind.map_or("none", store::Kind::name));
    Ok(())
}

/// `DBSIZE`
pub fn dbsize(call: &mut Call<'_, '_>) -> Outcome {
    let keys = Shards::len(call.shards);
    call.replies.count(keys);
    Ok(())
}

/// `FLUSHALL [ASYNC | SYNC]`, `FLUSHDB [ASYNC | SYNC]`
pub fn flush(call: &mut Call<'_, '_>) -> Outcome {
    let mode_is = |name: &[u8]| call.args.at(1).eq_ignore_ascii_case(name);
    match call.args.len() {
        1 => {}
        2 if mode_is(b"ASYNC") || mode_is(b"SYNC") => {}
        _ => return Err(Failure::Syntax),
    }
    call.shards.with_all(Shards::clear);
    call.replies.ok();
    Ok(())
}

/// `RANDOMKEY`
pub fn randomkey(call: &mut Call<'_, '_>) -> Outcome {
    match call.shards.random_key(call.state.random(), call.now) {
        Some(key) => call.replies.bulk(&key),
        None => call.replies.null(),
    }
    Ok(())
}

/// `KEYS pattern`
pub fn keys(call: &mut Call<'_, '_>) -> Outcome {
    let pattern = call.args.at(1);
    let (mut keys, mut found, mut cursor) = (Replies::new(call.replies.protocol()), 0, 0);
    loop {
        cursor = call.shards.scan(cursor, KEYS_AT_ONCE, call.now, |key, _| {
            if pattern == b"*" || glob_matches(pattern, key) {
                keys.bulk(key);
                found += 1;
            }
        });
        if cursor == 0 {
            break;
        }
    }
    call.replies.array(found);
    call.replies.append(&keys);
    Ok(())
}
