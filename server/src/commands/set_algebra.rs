//! Sets, several at once: SINTER, SUNION, SDIFF, what stores their results, SINTERCARD.

use std::collections::BTreeSet;

use store::{Key, LockedShards, Millis, SetRef, WrongType};

use super::argument::{at_least_one, count};
use super::{Call, Failure, Outcome};

/// What becomes of several sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Intersection,
    Union,
    Difference,
}

type Members = BTreeSet<Vec<u8>>;

fn members(shards: &mut LockedShards<'_>, key: Key<'_>, now: Millis) -> Result<Members, WrongType> {
    let set = shards.shard(key).members(key, now)?;
    let members = set.into_iter().flat_map(SetRef::iter);
    Ok(members
        .map(|member| member.to_bytes().into_owned())
        .collect())
}

impl Operation {
    /// The result for the sets of `keys`.
    fn of(
        self,
        shards: &mut LockedShards<'_>,
        keys: &[Key<'_>],
        now: Millis,
    ) -> Result<Members, WrongType> {
        // Every key is looked at, because one of another type is an error whatever the result.
        let mut smallest = None;
        for (at, key) in keys.iter().enumerate() {
            let set = shards.shard(*key).members(*key, now)?;
            let len = set.map_or(0, SetRef::len);
            if smallest.is_none_or(|(least, _)| len < least) {
                smallest = Some((len, at));
            }
        }
        let first = match (self, smallest) {
            (Self::Intersection, Some((_, at))) => at,
            _ => 0,
        };
        let Some(first_key) = keys.get(first) else {
            return Ok(Members::new());
        };
        let mut result = members(shards, *first_key, now)?;
        for (_, key) in keys.iter().enumerate().filter(|(at, _)| *at != first) {
            if self == Self::Union {
                result.extend(members(shards, *key, now)?);
                continue;
            }
            let set = shards.shard(*key).members(*key, now)?;
            let wanted = self == Self::Intersection;
            result.retain(|member| set.is_some_and(|set| set.contains(member)) == wanted);
        }
        Ok(result)
    }
}

fn answer(call: &mut Call<'_, '_>, operation: Operation) -> Outcome {
    let keys: Vec<_> = (1..call.args.len()).map(|at| call.key(at)).collect();
    let now = call.now;
    let result = call
        .shards
        .with_keys(&keys, |shards| operation.of(shards, &keys, now))?;
    call.replies.set(result.len());
    for member in result {
        call.replies.bulk(&member);
    }
    Ok(())
}

fn store(call: &mut Call<'_, '_>, operation: Operation) -> Outcome {
    let keys: Vec<_> = (1..call.args.len()).map(|at| call.key(at)).collect();
    let now = call.now;
    let len = call.shards.with_keys(&keys, |shards| {
        let (target, sources) = keys.split_first().ok_or(Failure::Syntax)?;
        let result = operation.of(shards, sources, now)?;
        let shard = shards.shard(*target);
        shard.remove(*target, now);
        shard.edit_members(*target, now, |set| {
            for member in &result {
                set.insert(member);
            }
        })?;
        Ok::<_, Failure>(result.len())
    })?;
    call.replies.count(len);
    Ok(())
}

/// `SINTER key [key …]`
pub fn sinter(call: &mut Call<'_, '_>) -> Outcome {
    answer(call, Operation::Intersection)
}

/// `SUNION key [key …]`
pub fn sunion(call: &mut Call<'_, '_>) -> Outcome {
    answer(call, Operation::Union)
}

/// `SDIFF key [key …]`
pub fn sdiff(call: &mut Call<'_, '_>) -> Outcome {
    answer(call, Operation::Difference)
}

/// `SINTERSTORE destination key [key …]`
pub fn sinterstore(call: &mut Call<'_, '_>) -> Outcome {
    store(call, Operation::Intersection)
}

/// `SUNIONSTORE destination key [key …]`
pub fn sunionstore(call: &mut Call<'_, '_>) -> Outcome {
    store(call, Operation::Union)
}

/// `SDIFFSTORE destination key [key …]`
pub fn sdiffstore(call: &mut Call<'_, '_>) -> Outcome {
    store(call, Operation::Difference)
}

/// `SINTERCARD numkeys key [key …] [LIMIT limit]`
pub fn sintercard(call: &mut Call<'_, '_>) -> Outcome {
    let numkeys = at_least_one(call.args.at(1), "ERR numkeys should be greater than 0")?;
    if numkeys > call.args.len() - 2 {
        return Err(Failure::Text(
            "ERR Number of keys can't be greater than number of args",
        ));
    }
    let mut most = usize::MAX;
    let mut options = call.args.from(numkeys + 2);
    while let Some(option) = options.next() {
        if !option.eq_ignore_ascii_case(b"LIMIT") {
            return Err(Failure::Syntax);
        }
        let value = options.next().ok_or(Failure::Syntax)?;
        most = match count(value, "ERR LIMIT can't be negative")? {
            0 => usize::MAX,
            limit => limit,
        };
    }
    let keys: Vec<_> = (2..numkeys + 2).map(|at| call.key(at)).collect();
    let now = call.now;
    let result = call.shards.with_keys(&keys, |shards| {
        Operation::Intersection.of(shards, &keys, now)
    })?;
    call.replies.count(result.len().min(most));
    Ok(())
}
