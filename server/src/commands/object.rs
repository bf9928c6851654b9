//! OBJECT: how the value of a key is kept.

use store::{EvictionOrder, Key, Millis, Shard};

use super::{Call, Failure, Outcome};

/// `OBJECT ENCODING key`
pub fn encoding(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(2), call.now);
    match call.shards.with(key, |shard| shard.encoding(key, now)) {
        Some(encoding) => call.replies.bulk(encoding.name().as_bytes()),
        None => call.replies.null(),
    }
    Ok(())
}

/// Answers `number` of a key, or that there is none.
fn of_key(
    call: &mut Call<'_, '_>,
    number: impl FnOnce(&mut Shard, Key<'_>, Millis) -> Result<i64, Failure>,
) -> Outcome {
    let (key, now) = (call.key(2), call.now);
    let found = call.shards.with(key, |shard| {
        let there = shard.kind(key, now).is_some();
        there.then(|| number(shard, key, now)).transpose()
    })?;
    match found {
        Some(number) => call.replies.integer(number),
        None => call.replies.null(),
    }
    Ok(())
}

/// `OBJECT FREQ key`: how often it was used of late, from 0 to 3
pub fn freq(call: &mut Call<'_, '_>) -> Outcome {
    let counts_uses = counts_uses(call);
    of_key(call, |shard, key, now| {
        if !counts_uses {
            return Err(Failure::Text(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note \
                 that when switching between policies at runtime LRU and LFU data will take some time to \
                 adjust.",
            ));
        }
        Ok(shard.frequency(key, now).unwrap_or_default().into())
    })
}

/// `OBJECT IDLETIME key`; an entry keeps how often it was used, and has no room for when
pub fn idletime(call: &mut Call<'_, '_>) -> Outcome {
    let counts_uses = counts_uses(call);
    of_key(call, |_, _, _| {
        Err(Failure::Text(if counts_uses {
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when \
             switching between policies at runtime LRU and LFU data will take some time to adjust."
        } else {
            "ERR idle time not tracked: a key has no room for the time of its last use"
        }))
    })
}

/// Whether the policy lets keys count how often they are used.
fn counts_uses(call: &Call<'_, '_>) -> bool {
    let policy = call.state.settings.policy().eviction();
    policy.is_some_and(|policy| policy.order == EvictionOrder::LeastFrequent)
}

/// `OBJECT REFCOUNT key`; no value is shared
pub fn refcount(call: &mut Call<'_, '_>) -> Outcome {
    of_key(call, |_, _, _| Ok(1))
}
