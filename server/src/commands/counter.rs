//! Numbers in strings: INCR, DECR, INCRBY, DECRBY.

use super::{Call, Failure, Outcome};

/// `INCR key`
pub fn incr(call: &mut Call<'_, '_>) -> Outcome {
    add(call, 1)
}

/// `DECR key`
pub fn decr(call: &mut Call<'_, '_>) -> Outcome {
    add(call, -1)
}

/// `INCRBY key increment`
pub fn incrby(call: &mut Call<'_, '_>) -> Outcome {
    let by = call.integer(2)?;
    add(call, by)
}

/// `DECRBY key decrement`
pub fn decrby(call: &mut Call<'_, '_>) -> Outcome {
    let by = call
        .integer(2)?
        .checked_neg()
        .ok_or(Failure::DecrementOverflow)?;
    add(call, by)
}

fn add(call: &mut Call<'_, '_>, by: i64) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let sum = call
        .shards
        .with(key, |shard| shard.increment(key, by, now))?;
    call.replies.integer(sum);
    Ok(())
}
