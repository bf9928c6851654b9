//! Strings: GET, SET and their kin.

use store::{ExpiryChange, Key, Millis};

use super::{Call, Failure, Outcome, expiry};
use crate::protocol::MAX_BULK;
use crate::state::Limit;

/// `GET key`
pub fn get(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let string = shard.string(key, now)?;
        tally.read(string.as_ref());
        replies.string(string);
        Ok(())
    })
}

/// `STRLEN key`
pub fn strlen(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let string_len = call.shards.with(key, |shard| {
        shard
            .string(key, now)
            .map(|string| string.map(store::StringRef::len))
    })?;
    call.tally.read(string_len.as_ref());
    call.replies.count(string_len.unwrap_or_default());
    Ok(())
}

/// When `SET` writes at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    Always,
    IfAbsent,
    IfPresent,
}

/// What `SET` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Ok,
    OldValue,
}

/// `SET` with its options read.
struct Set {
    condition: Condition,
    answer: Answer,
    expiry: ExpiryChange,
}

impl Set {
    const PLAIN: Self = Self {
        condition: Condition::Always,
        answer: Answer::Ok,
        expiry: ExpiryChange::Clear,
    };

    fn parse(call: &Call<'_, '_>) -> Result<Self, Failure> {
        let mut set = Self::PLAIN;
        let mut time: Option<(expiry::Clause, &[u8])> = None;
        let mut options = call.args.from(3);
        while let Some(option) = options.next() {
            let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            if is("NX") && set.condition != Condition::IfPresent {
                set.condition = Condition::IfAbsent;
            } else if is("XX") && set.condition != Condition::IfAbsent {
                set.condition = Condition::IfPresent;
            } else if is("GET") {
                set.answer = Answer::OldValue;
            } else if is("KEEPTTL") && time.is_none() {
                set.expiry = ExpiryChange::Keep;
            } else if let Some(clause) = expiry::Clause::parse(option)
                && set.expiry == ExpiryChange::Clear
                && time.is_none_or(|(earlier, _)| earlier == clause)
            {
                time = Some((clause, options.next().ok_or(Failure::Syntax)?));
            } else {
                return Err(Failure::Syntax);
            }
        }
        if let Some((clause, number)) = time {
            set.expiry = ExpiryChange::At(clause.resolve(number, call.now, "set")?);
        }
        Ok(set)
    }
}

/// `SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]`
pub fn set(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len() > 3 {
        return set_with_options(call);
    }
    let (key, now, value) = (call.key(1), call.now, call.args.at(2));
    call.shards
        .with(key, |shard| shard.set(key, value, ExpiryChange::Clear, now))?;
    call.replies.ok();
    Ok(())
}

fn set_with_options(call: &mut Call<'_, '_>) -> Outcome {
    let set = Set::parse(call)?;
    let (key, now, value) = (call.key(1), call.now, call.args.at(2));
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let written = match set.condition {
            Condition::Always => true,
            Condition::IfAbsent => !shard.contains(key, now),
            Condition::IfPresent => shard.contains(key, now),
        };
        if set.answer == Answer::OldValue {
            let old = shard
                .string(key, now)?
                .map(|old| old.to_bytes().into_owned());
            tally.read(old.as_ref());
            if written {
                shard.set(key, value, set.expiry, now)?;
            }
            match old {
                Some(old) => replies.bulk(&old),
                None => replies.null(),
            }
        } else if written {
            shard.set(key, value, set.expiry, now)?;
            replies.ok();
        } else {
            replies.null();
        }
        Ok(())
    })
}

/// `SETNX key value`
pub fn setnx(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now, value) = (call.key(1), call.now, call.args.at(2));
    let written = call.shards.with(key, |shard| {
        if shard.contains(key, now) {
            return Ok(0);
        }
        shard.set(key, value, ExpiryChange::Clear, now).map(|()| 1)
    })?;
    call.replies.integer(written);
    Ok(())
}

/// `SETEX key seconds value`
pub fn setex(call: &mut Call<'_, '_>) -> Outcome {
    let at = expiry::Clause::Seconds.resolve(call.args.at(2), call.now, "setex")?;
    set_expiring(call, at)
}

/// `PSETEX key milliseconds value`
pub fn psetex(call: &mut Call<'_, '_>) -> Outcome {
    let at = expiry::Clause::Millis.resolve(call.args.at(2), call.now, "psetex")?;
    set_expiring(call, at)
}

fn set_expiring(call: &mut Call<'_, '_>, at: Millis) -> Outcome {
    let (key, now, value) = (call.key(1), call.now, call.args.at(3));
    call.shards.with(key, |shard| {
        shard.set(key, value, ExpiryChange::At(at), now)
    })?;
    call.replies.ok();
    Ok(())
}

/// `GETSET key value`
pub fn getset(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now, value) = (call.key(1), call.now, call.args.at(2));
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let old = shard
            .string(key, now)?
            .map(|old| old.to_bytes().into_owned());
        tally.read(old.as_ref());
        shard.set(key, value, ExpiryChange::Clear, now)?;
        match old {
            Some(old) => replies.bulk(&old),
            None => replies.null(),
        }
        Ok(())
    })
}

/// `GETDEL key`
pub fn getdel(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let string = shard.string(key, now)?;
        tally.read(string.as_ref());
        replies.string(string);
        if string.is_some() {
            shard.remove(key, now);
        }
        Ok(())
    })
}

/// What `GETEX` does to the expiry.
enum Getex<'c> {
    Nothing,
    Persist,
    At(expiry::Clause, &'c [u8]),
}

impl<'c> Getex<'c> {
    fn parse(call: &Call<'c, '_>) -> Result<Self, Failure> {
        let mut getex = Self::Nothing;
        let mut options = call.args.from(2);
        while let Some(option) = options.next() {
            getex = match (expiry::Clause::parse(option), &getex) {
                (Some(clause), Self::Nothing) => {
                    Self::At(clause, options.next().ok_or(Failure::Syntax)?)
                }
                (Some(clause), Self::At(earlier, _)) if *earlier == clause => {
                    Self::At(clause, options.next().ok_or(Failure::Syntax)?)
                }
                (None, Self::Nothing | Self::Persist)
                    if option.eq_ignore_ascii_case(b"PERSIST") =>
                {
                    Self::Persist
                }
                _ => return Err(Failure::Syntax),
            };
        }
        Ok(getex)
    }
}

/// `GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]`
pub fn getex(call: &mut Call<'_, '_>) -> Outcome {
    let getex = Getex::parse(call)?;
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let string = shard.string(key, now)?;
        tally.read(string.as_ref());
        if string.is_none() {
            replies.null();
            return Ok(());
        }
        let at = match getex {
            Getex::At(clause, number) => Some(clause.resolve(number, now, "getex")?),
            Getex::Nothing | Getex::Persist => None,
        };
        replies.string(string);
        if let Some(at) = at {
            shard.set_expiry(key, at, now)?;
        } else if let Getex::Persist = getex {
            shard.persist(key, now);
        }
        Ok(())
    })
}

/// `MGET key [key …]`
pub fn mget(call: &mut Call<'_, '_>) -> Outcome {
    let now = call.now;
    let keys: Vec<Key<'_>> = call
        .args
        .from(1)
        .map(|key| call.state.keyspace.key(key))
        .collect();
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with_keys(&keys, |shards| {
        replies.array(keys.len());
        for &key in &keys {
            // A key of another type is answered as if it were absent.
            let string = shards.shard(key).string(key, now).ok().flatten();
            tally.read(string.as_ref());
            replies.string(string);
        }
    });
    Ok(())
}

/// `MSET key value [key value …]`
pub fn mset(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len().is_multiple_of(2) {
        return Err(Failure::Arity("mset"));
    }
    let (args, now) = (call.args, call.now);
    let keys: Vec<Key<'_>> = args
        .from(1)
        .step_by(2)
        .map(|key| call.state.keyspace.key(key))
        .collect();
    call.shards.with_keys(&keys, |shards| {
        let values = args.from(2).step_by(2);
        keys.iter().zip(values).try_for_each(|(&key, value)| {
            shards.shard(key).set(key, value, ExpiryChange::Clear, now)
        })
    })?;
    call.replies.ok();
    Ok(())
}

/// `MSETNX key value [key value …]`: all or none
pub fn msetnx(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len().is_multiple_of(2) {
        return Err(Failure::Arity("msetnx"));
    }
    let (args, now) = (call.args, call.now);
    let keys: Vec<Key<'_>> = args
        .from(1)
        .step_by(2)
        .map(|key| call.state.keyspace.key(key))
        .collect();
    let set = call.shards.with_keys(&keys, |shards| {
        if keys.iter().any(|&key| shards.shard(key).contains(key, now)) {
            return Ok(0);
        }
        let values = args.from(2).step_by(2);
        keys.iter().zip(values).try_for_each(|(&key, value)| {
            shards.shard(key).set(key, value, ExpiryChange::Clear, now)
        })?;
        Ok::<_, store::StoreError>(1)
    })?;
    call.replies.integer(set);
    Ok(())
}

/// `APPEND key value`
pub fn append(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now, tail) = (call.key(1), call.now, call.args.at(2));
    let len_max = call.state.settings.limits.bytes(Limit::BulkLen);
    let len = call.shards.with(key, |shard| {
        // What the store refuses is longer than any that may be set.
        if len_max < MAX_BULK {
            let old = shard.string_to_write(key, now)?.map(store::StringRef::len);
            if old.is_some_and(|old| old + tail.len() > len_max) {
                return Err(Failure::TooLong);
            }
        }
        Ok(shard.append(key, tail, now)?)
    })?;
    call.replies.count(len);
    Ok(())
}
