//! Numbers in strings: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.

use super::argument::{float, score};
use super::{Call, Failure, Outcome};
use crate::protocol::add_decimals;

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

/// `INCRBYFLOAT key increment`
pub fn incrbyfloat(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now, by) = (call.key(1), call.now, call.args.at(2));
    let sum = call.shards.with(key, |shard| {
        let old = match shard.string_to_write(key, now)? {
            None => b"0".to_vec(),
            Some(old) => old.to_bytes().into_owned(),
        };
        float(&old).ok_or(Failure::Text("ERR value is not a valid float"))?;
        score(by)?;
        let [old, by] = [&old, by].map(|text| std::str::from_utf8(text).unwrap_or_default());
        let sum = add_decimals(old, by)
            .ok_or(Failure::Text("ERR increment would produce NaN or Infinity"))?;
        shard.set_text(key, sum.as_bytes(), now)?;
        Ok::<_, Failure>(sum)
    })?;
    call.replies.bulk(sum.as_bytes());
    Ok(())
}
