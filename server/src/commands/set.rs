//! Sets: SADD and its kin. Intersections and the like are in `set_algebra`, SSCAN in `walk`.

use store::SetRef;

use super::argument::{Draw, below, elements, pop_count};
use super::{Call, Failure, Outcome};
use crate::protocol::Replies;

/// Does something with the set that argument 1 names.
fn read<R>(
    call: &mut Call<'_, '_>,
    act: impl FnOnce(Option<SetRef<'_>>, &mut Replies) -> R,
) -> Result<R, Failure> {
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let set = shard.members(key, now)?;
        tally.read(set.as_ref());
        Ok(act(set, replies))
    })
}

/// `SADD key member [member …]`
pub fn sadd(call: &mut Call<'_, '_>) -> Outcome {
    let (key, args, now) = (call.key(1), call.args, call.now);
    let added = call.shards.with(key, |shard| {
        shard.edit_members(key, now, |set| {
            let added = args.from(2).filter(|member| set.insert(member));
            added.count()
        })
    })?;
    call.replies.count(added);
    Ok(())
}

/// `SREM key member [member …]`
pub fn srem(call: &mut Call<'_, '_>) -> Outcome {
    let (key, args, now) = (call.key(1), call.args, call.now);
    let removed = call.shards.with(key, |shard| {
        shard.edit_members(key, now, |set| {
            let removed = args.from(2).filter(|member| set.remove(member));
            removed.count()
        })
    })?;
    call.replies.count(removed);
    Ok(())
}

/// `SMEMBERS key`
pub fn smembers(call: &mut Call<'_, '_>) -> Outcome {
    read(call, |set, replies| {
        let Some(set) = set else {
            return replies.set(0);
        };
        replies.set(set.len());
        for member in set.iter() {
            replies.string(Some(member));
        }
    })
}

/// `SCARD key`
pub fn scard(call: &mut Call<'_, '_>) -> Outcome {
    read(call, |set, replies| {
        replies.count(set.map_or(0, SetRef::len));
    })
}

/// `SISMEMBER key member`
pub fn sismember(call: &mut Call<'_, '_>) -> Outcome {
    let member = call.args.at(2);
    read(call, |set, replies| {
        let there = set.is_some_and(|set| set.contains(member));
        replies.integer(there.into());
    })
}

/// `SMISMEMBER key member [member …]`
pub fn smismember(call: &mut Call<'_, '_>) -> Outcome {
    let members = call.args.from(2);
    read(call, |set, replies| {
        replies.array(members.len());
        for member in members {
            let there = set.is_some_and(|set| set.contains(member));
            replies.integer(there.into());
        }
    })
}

/// `SPOP key [count]`
pub fn spop(call: &mut Call<'_, '_>) -> Outcome {
    let count = match call.args.len() {
        2 => None,
        3 => Some(pop_count(call.args.at(2))?),
        _ => return Err(Failure::Syntax),
    };
    let (key, now, state) = (call.key(1), call.now, call.state);
    let draw = Draw::Distinct(count.unwrap_or(1));
    let popped = call.shards.with(key, |shard| {
        let (drawn, is_all) = shard.edit_members(key, now, |set| {
            let is_all = draw.is_all(set.as_ref().len());
            let drawn = draw_members(set.as_ref(), &draw, || state.random())?;
            if !is_all {
                for member in &drawn {
                    set.remove(member);
                }
            }
            Ok::<_, Failure>((drawn, is_all))
        })??;
        if is_all {
            // So a large set is freed in steps, and not member by member here.
            shard.remove(key, now);
        }
        Ok::<_, Failure>(drawn)
    })?;
    if count.is_some() {
        call.replies.set(popped.len());
    } else if popped.is_empty() {
        call.replies.null();
    }
    for member in popped {
        call.replies.bulk(&member);
    }
    Ok(())
}

/// Members drawn at random.
fn draw_members(
    set: SetRef<'_>,
    draw: &Draw,
    random: impl FnMut() -> u64,
) -> Result<Vec<Vec<u8>>, Failure> {
    let len = set.len();
    let numbers = draw.numbers(len, random)?;
    let drawn = elements(&numbers, len, |number| set.nth(number), set.iter());
    Ok(drawn.map(|member| member.to_bytes().into_owned()).collect())
}

/// `SRANDMEMBER key [count]`
pub fn srandmember(call: &mut Call<'_, '_>) -> Outcome {
    let state = call.state;
    let draw = match call.args.len() {
        2 => {
            return read(call, |set, replies| {
                replies.string(set.and_then(|set| set.nth(below(state.random(), set.len()))));
            });
        }
        3 => Draw::parse(call.args.at(2), 1)?,
        _ => return Err(Failure::Syntax),
    };
    read(call, |set, replies| {
        let drawn = set.map(|set| draw_members(set, &draw, || state.random()));
        let drawn = drawn.transpose()?.unwrap_or_default();
        replies.array(drawn.len());
        for member in drawn {
            replies.bulk(&member);
        }
        Ok(())
    })?
}

/// `SMOVE source destination member`
pub fn smove(call: &mut Call<'_, '_>) -> Outcome {
    let (source, target, member, now) = (call.key(1), call.key(2), call.args.at(3), call.now);
    let moved = call.shards.with_keys(&[source, target], |shards| {
        let there = match shards.shard(source).members(source, now)? {
            None => return Ok(false),
            Some(set) => set.contains(member),
        };
        shards.shard(target).members(target, now)?;
        if !there || source.bytes() == target.bytes() {
            return Ok(there);
        }
        // First there, then away from here: where there is no memory, nothing has moved.
        shards
            .shard(target)
            .edit_members(target, now, |set| set.insert(member))?;
        shards
            .shard(source)
            .edit_members(source, now, |set| set.remove(member))
    })?;
    call.replies.integer(moved.into());
    Ok(())
}
