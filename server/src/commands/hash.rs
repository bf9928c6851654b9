//! Hashes: HSET, HMSET, HGET, HDEL, HLEN, HGETALL.

use store::FieldWrite;

use super::{Call, Failure, Outcome};

/// `HSET key field value [field value …]`
pub fn hset(call: &mut Call<'_, '_>) -> Outcome {
    let added = set_fields(call, "hset")?;
    call.replies.integer(added);
    Ok(())
}

/// `HMSET key field value [field value …]`: what `HSET` was before it took several fields
pub fn hmset(call: &mut Call<'_, '_>) -> Outcome {
    set_fields(call, "hmset")?;
    call.replies.ok();
    Ok(())
}

/// Sets all fields, and yields how many were not there.
fn set_fields(call: &mut Call<'_, '_>, name: &'static str) -> Result<i64, Failure> {
    if !call.args.len().is_multiple_of(2) {
        return Err(Failure::Arity(name));
    }
    let (key, args, now) = (call.key(1), call.args, call.now);
    Ok(call.shards.with(key, |shard| {
        shard.edit_hash(key, now, |hash| {
            let pairs = args.from(2).step_by(2).zip(args.from(3).step_by(2));
            let added =
                |(field, value): (&[u8], &[u8])| hash.set(field, value) == FieldWrite::Added;
            pairs.map(added).map(i64::from).sum()
        })
    })?)
}

/// `HGET key field`
pub fn hget(call: &mut Call<'_, '_>) -> Outcome {
    let (key, field, now) = (call.key(1), call.args.at(2), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let hash = shard.hash(key, now)?;
        tally.read(hash.as_ref());
        replies.string(hash.and_then(|hash| hash.get(field)));
        Ok(())
    })
}

/// `HDEL key field [field …]`
pub fn hdel(call: &mut Call<'_, '_>) -> Outcome {
    let (key, args, now) = (call.key(1), call.args, call.now);
    let removed = call.shards.with(key, |shard| {
        shard.edit_hash(key, now, |hash| {
            let removed = args.from(2).filter(|field| hash.remove(field));
            removed.count()
        })
    })?;
    call.replies.count(removed);
    Ok(())
}

/// `HLEN key`
pub fn hlen(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let len = call.shards.with(key, |shard| shard.hash_len(key, now))?;
    call.replies.count(len);
    Ok(())
}

/// `HGETALL key`
pub fn hgetall(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let hash = shard.hash(key, now)?;
        tally.read(hash.as_ref());
        let Some(hash) = hash else {
            replies.array(0);
            return Ok(());
        };
        replies.array(hash.len() * 2);
        for (field, value) in hash.iter() {
            replies.string(Some(field));
            replies.string(Some(value));
        }
        Ok(())
    })
}
