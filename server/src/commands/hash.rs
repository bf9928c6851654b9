//! Hashes: HSET and its kin. HSCAN is in `walk`.

use store::{FieldWrite, HashRef};

use super::argument::{Draw, below, elements};
use super::{Call, Failure, Outcome};
use crate::protocol::{Replies, add_decimals, parse_integer};

/// Does something with the hash that argument 1 names.
fn read<R>(
    call: &mut Call<'_, '_>,
    act: impl FnOnce(Option<HashRef<'_>>, &mut Replies) -> R,
) -> Result<R, Failure> {
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
        Ok(act(hash, replies))
    })
}

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

/// `HSETNX key field value`
pub fn hsetnx(call: &mut Call<'_, '_>) -> Outcome {
    let (key, args, now) = (call.key(1), call.args, call.now);
    let added = call.shards.with(key, |shard| {
        shard.edit_hash(key, now, |hash| {
            let absent = hash.as_ref().get(args.at(2)).is_none();
            if absent {
                hash.set(args.at(2), args.at(3));
            }
            absent
        })
    })?;
    call.replies.integer(added.into());
    Ok(())
}

/// `HGET key field`
pub fn hget(call: &mut Call<'_, '_>) -> Outcome {
    let field = call.args.at(2);
    read(call, |hash, replies| {
        replies.string(hash.and_then(|hash| hash.get(field)));
    })
}

/// `HMGET key field [field …]`
pub fn hmget(call: &mut Call<'_, '_>) -> Outcome {
    let fields = call.args.from(2);
    read(call, |hash, replies| {
        replies.array(fields.len());
        for field in fields {
            replies.string(hash.and_then(|hash| hash.get(field)));
        }
    })
}

/// `HEXISTS key field`
pub fn hexists(call: &mut Call<'_, '_>) -> Outcome {
    let field = call.args.at(2);
    read(call, |hash, replies| {
        let found = hash.and_then(|hash| hash.get(field)).is_some();
        replies.integer(found.into());
    })
}

/// `HSTRLEN key field`
pub fn hstrlen(call: &mut Call<'_, '_>) -> Outcome {
    let field = call.args.at(2);
    read(call, |hash, replies| {
        let value = hash.and_then(|hash| hash.get(field));
        replies.count(value.map_or(0, store::StringRef::len));
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
    read(call, |hash, replies| {
        replies.count(hash.map_or(0, HashRef::len));
    })
}

/// `HGETALL key`
pub fn hgetall(call: &mut Call<'_, '_>) -> Outcome {
    read(call, |hash, replies| {
        let Some(hash) = hash else {
            return replies.map(0);
        };
        replies.map(hash.len());
        for (field, value) in hash.iter() {
            replies.string(Some(field));
            replies.string(Some(value));
        }
    })
}

/// `HKEYS key`
pub fn hkeys(call: &mut Call<'_, '_>) -> Outcome {
    read(call, |hash, replies| {
        let Some(hash) = hash else {
            return replies.array(0);
        };
        replies.array(hash.len());
        hash.iter()
            .for_each(|(field, _)| replies.string(Some(field)));
    })
}

/// `HVALS key`
pub fn hvals(call: &mut Call<'_, '_>) -> Outcome {
    read(call, |hash, replies| {
        let Some(hash) = hash else {
            return replies.array(0);
        };
        replies.array(hash.len());
        hash.iter()
            .for_each(|(_, value)| replies.string(Some(value)));
    })
}

/// `HINCRBY key field increment`
pub fn hincrby(call: &mut Call<'_, '_>) -> Outcome {
    let (key, args, now, by) = (call.key(1), call.args, call.now, call.integer(3)?);
    let field = args.at(2);
    let sum = call.shards.with(key, |shard| {
        shard.edit_hash(key, now, |hash| {
            let number = match hash.as_ref().get(field) {
                None => 0,
                Some(value) => value
                    .with_bytes(parse_integer)
                    .ok_or(Failure::Text("ERR hash value is not an integer"))?,
            };
            let sum = number.checked_add(by).ok_or(Failure::Overflow)?;
            hash.set(field, itoa::Buffer::new().format(sum).as_bytes());
            Ok::<_, Failure>(sum)
        })
    })??;
    call.replies.integer(sum);
    Ok(())
}

/// `HINCRBYFLOAT key field increment`
pub fn hincrbyfloat(call: &mut Call<'_, '_>) -> Outcome {
    const NO_SUM: Failure = Failure::Text("ERR increment would produce NaN or Infinity");
    let by = super::argument::score(call.args.at(3))?;
    if !by.is_finite() {
        return Err(Failure::Text("ERR value is NaN or Infinity"));
    }
    let (key, args, now) = (call.key(1), call.args, call.now);
    let (field, by) = (args.at(2), args.at(3));
    let sum = call.shards.with(key, |shard| {
        shard.edit_hash(key, now, |hash| {
            let not_a_float = || Failure::Text("ERR hash value is not a float");
            let old = match hash.as_ref().get(field) {
                None => b"0".to_vec(),
                Some(value) => value.to_bytes().into_owned(),
            };
            super::argument::float(&old).ok_or_else(not_a_float)?;
            let [old, by] = [&old, by].map(|text| std::str::from_utf8(text).unwrap_or_default());
            let sum = add_decimals(old, by).ok_or(NO_SUM)?;
            hash.set(field, sum.as_bytes());
            Ok::<_, Failure>(sum)
        })
    })??;
    call.replies.bulk(sum.as_bytes());
    Ok(())
}

/// `HRANDFIELD key [count [WITHVALUES]]`
pub fn hrandfield(call: &mut Call<'_, '_>) -> Outcome {
    let state = call.state;
    if call.args.len() == 2 {
        return read(call, |hash, replies| {
            let drawn = hash.and_then(|hash| hash.nth(below(state.random(), hash.len())));
            replies.string(drawn.map(|(field, _)| field));
        });
    }
    let (draw, with_values) = Draw::parse_with(call, "WITHVALUES")?;
    read(call, |hash, replies| {
        let len = hash.map_or(0, HashRef::len);
        let numbers = draw.numbers(len, || state.random())?;
        if with_values {
            replies.pairs(numbers.len());
        } else {
            replies.array(numbers.len());
        }
        let nth = |number| hash.and_then(|hash| hash.nth(number));
        let all = hash.into_iter().flat_map(HashRef::iter);
        for (field, value) in elements(&numbers, len, nth, all) {
            if with_values {
                replies.pair();
            }
            replies.string(Some(field));
            if with_values {
                replies.string(Some(value));
            }
        }
        Ok(())
    })?
}
