//! Sorted sets: ZADD and its kin. Ranges are in `zset_range`, unions and the like in `zset_algebra`.

use store::{StringRef, Zset, ZsetRef};

use super::argument::{Draw, below, elements, pop_count, score};
use super::list_move::Mpop;
use super::{Call, Failure, Outcome};
use crate::protocol::Replies;

const NOT_A_NUMBER: Failure = Failure::Text("ERR resulting score is not a number (NaN)");

impl Replies {
    /// The head of `len` members, with their scores or without.
    pub(super) fn members(&mut self, len: usize, with_scores: bool) {
        if with_scores {
            self.pairs(len);
        } else {
            self.array(len);
        }
    }

    /// One of them.
    pub(super) fn member(&mut self, member: StringRef<'_>, score: Option<f64>) {
        if score.is_some() {
            self.pair();
        }
        self.string(Some(member));
        if let Some(score) = score {
            self.double(score);
        }
    }
}

/// Does something with the sorted set that argument 1 names.
pub(super) fn read<R>(
    call: &mut Call<'_, '_>,
    act: impl FnOnce(Option<ZsetRef<'_>>, &mut Replies) -> R,
) -> Result<R, Failure> {
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let zset = shard.zset(key, now)?;
        tally.read(zset.as_ref());
        Ok(act(zset, replies))
    })
}

/// Changes the sorted set that argument 1 names.
pub(super) fn edit<R>(
    call: &mut Call<'_, '_>,
    act: impl FnOnce(&mut Zset) -> R,
) -> Result<R, Failure> {
    let (key, now) = (call.key(1), call.now);
    Ok(call
        .shards
        .with(key, |shard| shard.edit_zset(key, now, act))?)
}

/// A set of conditions for writing a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Conditions(u8);

impl Conditions {
    const IF_ABSENT: Self = Self(1);
    const IF_PRESENT: Self = Self(2);
    const IF_GREATER: Self = Self(4);
    const IF_LESS: Self = Self(8);

    const fn has(self, condition: Self) -> bool {
        self.0 & condition.0 != 0
    }

    const fn add(&mut self, condition: Self) {
        self.0 |= condition.0;
    }

    /// The first condition that an argument names.
    fn named(argument: &[u8]) -> Option<Self> {
        let names = [
            ("NX", Self::IF_ABSENT),
            ("XX", Self::IF_PRESENT),
            ("GT", Self::IF_GREATER),
            ("LT", Self::IF_LESS),
        ];
        let found = names
            .into_iter()
            .find(|(name, _)| argument.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, condition)| condition)
    }

    fn check(self) -> Outcome {
        if self.has(Self::IF_ABSENT) && self.has(Self::IF_PRESENT) {
            return Err(Failure::Text(
                "ERR XX and NX options at the same time are not compatible",
            ));
        }
        let exclusive = [Self::IF_ABSENT, Self::IF_GREATER, Self::IF_LESS];
        if exclusive.iter().filter(|one| self.has(**one)).count() > 1 {
            return Err(Failure::Text(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        Ok(())
    }

    fn allow(self, old: Option<f64>, score: f64) -> bool {
        match old {
            None => !self.has(Self::IF_PRESENT),
            Some(_) if self.has(Self::IF_ABSENT) => false,
            Some(old) if self.has(Self::IF_GREATER) => score > old,
            Some(old) if self.has(Self::IF_LESS) => score < old,
            Some(_) => true,
        }
    }
}

/// What `ZADD` answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Added,
    Changed,
    Score,
}

/// Adds `by` to the score of a member; the score then, `None` if the conditions do not allow it.
fn increment(
    zset: &mut Zset,
    member: &[u8],
    by: f64,
    conditions: Conditions,
) -> Result<Option<f64>, Failure> {
    let old = zset.as_ref().score(member);
    if old.is_some() && conditions.has(Conditions::IF_ABSENT) {
        return Ok(None);
    }
    let score = old.map_or(by, |old| old + by);
    if score.is_nan() {
        return Err(NOT_A_NUMBER);
    }
    let allowed = conditions.allow(old, score);
    if allowed {
        zset.insert(member, score);
    }
    Ok(allowed.then_some(score))
}

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member …]`
pub fn zadd(call: &mut Call<'_, '_>) -> Outcome {
    let (mut conditions, mut answer, mut first) = (Conditions::default(), Answer::Added, 2);
    while first < call.args.len() {
        if let Some(condition) = Conditions::named(call.args.at(first)) {
            conditions.add(condition);
        } else if call.is(first, "INCR") {
            answer = Answer::Score;
        } else if call.is(first, "CH") {
            if answer == Answer::Added {
                answer = Answer::Changed;
            }
        } else {
            break;
        }
        first += 1;
    }
    let elements = call.args.len() - first;
    if elements == 0 || !elements.is_multiple_of(2) {
        return Err(Failure::Syntax);
    }
    conditions.check()?;
    if answer == Answer::Score && elements > 2 {
        return Err(Failure::Text(
            "ERR INCR option supports a single increment-element pair",
        ));
    }
    let args = call.args;
    let scores: Vec<f64> = args
        .from(first)
        .step_by(2)
        .map(score)
        .collect::<Result<_, _>>()?;
    let members = args.from(first + 1).step_by(2);
    if answer == Answer::Score {
        let by = scores.first().copied().unwrap_or_default();
        let member = args.at(first + 1);
        match edit(call, |zset| increment(zset, member, by, conditions))?? {
            Some(score) => call.replies.double(score),
            None => call.replies.null(),
        }
        return Ok(());
    }
    let count = edit(call, |zset| {
        let mut count = 0;
        for (score, member) in scores.iter().zip(members) {
            let old = zset.as_ref().score(member);
            if !conditions.allow(old, *score) {
                continue;
            }
            zset.insert(member, *score);
            let changed = old.is_some_and(|old| old.total_cmp(score).is_ne() && old - score != 0.0);
            if old.is_none() || answer == Answer::Changed && changed {
                count += 1;
            }
        }
        count
    })?;
    call.replies.count(count);
    Ok(())
}

/// `ZINCRBY key increment member`
pub fn zincrby(call: &mut Call<'_, '_>) -> Outcome {
    let (by, member) = (score(call.args.at(2))?, call.args.at(3));
    let conditions = Conditions::default();
    match edit(call, |zset| increment(zset, member, by, conditions))?? {
        Some(score) => call.replies.double(score),
        None => call.replies.null(),
    }
    Ok(())
}

/// `ZREM key member [member …]`
pub fn zrem(call: &mut Call<'_, '_>) -> Outcome {
    let members = call.args.from(2);
    let removed = edit(call, |zset| {
        let removed = members.filter(|member| zset.remove(member).is_some());
        removed.count()
    })?;
    call.replies.count(removed);
    Ok(())
}

/// `ZCARD key`
pub fn zcard(call: &mut Call<'_, '_>) -> Outcome {
    read(call, |zset, replies| {
        replies.count(zset.map_or(0, ZsetRef::len));
    })
}

fn score_or_null(zset: Option<ZsetRef<'_>>, member: &[u8], replies: &mut Replies) {
    match zset.and_then(|zset| zset.score(member)) {
        Some(score) => replies.double(score),
        None => replies.null(),
    }
}

/// `ZSCORE key member`
pub fn zscore(call: &mut Call<'_, '_>) -> Outcome {
    let member = call.args.at(2);
    read(call, |zset, replies| score_or_null(zset, member, replies))
}

/// `ZMSCORE key member [member …]`
pub fn zmscore(call: &mut Call<'_, '_>) -> Outcome {
    let members = call.args.from(2);
    read(call, |zset, replies| {
        replies.array(members.len());
        for member in members {
            score_or_null(zset, member, replies);
        }
    })
}

/// From which end ranks are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lowest {
    First,
    Last,
}

/// `ZRANK key member [WITHSCORE]`
pub fn zrank(call: &mut Call<'_, '_>) -> Outcome {
    rank(call, Lowest::First)
}

/// `ZREVRANK key member [WITHSCORE]`
pub fn zrevrank(call: &mut Call<'_, '_>) -> Outcome {
    rank(call, Lowest::Last)
}

fn rank(call: &mut Call<'_, '_>, lowest: Lowest) -> Outcome {
    let with_score = match call.args.len() {
        3 => false,
        4 if call.is(3, "WITHSCORE") => true,
        _ => return Err(Failure::Syntax),
    };
    let member = call.args.at(2);
    read(call, |zset, replies| {
        let ranked = zset.and_then(|zset| {
            let rank = zset.rank(member)?;
            let rank = match lowest {
                Lowest::First => rank,
                Lowest::Last => zset.len() - 1 - rank,
            };
            Some((rank, zset.score(member)?))
        });
        match (ranked, with_score) {
            (None, false) => replies.null(),
            (None, true) => replies.null_array(),
            (Some((rank, _)), false) => replies.count(rank),
            (Some((rank, score)), true) => {
                replies.array(2);
                replies.count(rank);
                replies.double(score);
            }
        }
    })
}

/// Takes up to `count` members from the front, or from the back.
fn take(zset: &mut Zset, lowest: Lowest, count: usize) -> Vec<(Vec<u8>, f64)> {
    let len = zset.as_ref().len();
    let range = match lowest {
        Lowest::First => 0..count.min(len),
        Lowest::Last => len.saturating_sub(count)..len,
    };
    let members = zset.as_ref().range(range);
    let mut taken: Vec<_> = members
        .map(|(member, score)| (member.to_bytes().into_owned(), score))
        .collect();
    if lowest == Lowest::Last {
        taken.reverse();
    }
    for (member, _) in &taken {
        zset.remove(member);
    }
    taken
}

/// `ZPOPMIN key [count]`
pub fn zpopmin(call: &mut Call<'_, '_>) -> Outcome {
    pop(call, Lowest::First)
}

/// `ZPOPMAX key [count]`
pub fn zpopmax(call: &mut Call<'_, '_>) -> Outcome {
    pop(call, Lowest::Last)
}

fn pop(call: &mut Call<'_, '_>, lowest: Lowest) -> Outcome {
    let count = match call.args.len() {
        2 => 1,
        3 => pop_count(call.args.at(2))?,
        _ => return Err(Failure::Syntax),
    };
    let taken = edit(call, |zset| take(zset, lowest, count))?;
    if call.args.len() == 2 {
        call.replies.array(taken.len() * 2);
        for (member, score) in taken {
            call.replies.bulk(&member);
            call.replies.double(score);
        }
    } else {
        call.replies.members(taken.len(), true);
        for (member, score) in taken {
            call.replies.member(StringRef::Bytes(&member), Some(score));
        }
    }
    Ok(())
}

/// `ZMPOP numkeys key [key …] MIN | MAX [COUNT count]`
pub fn zmpop(call: &mut Call<'_, '_>) -> Outcome {
    let mpop = Mpop::parse(call, ["MIN", "MAX"])?;
    let lowest = if mpop.side.eq_ignore_ascii_case(b"MIN") {
        Lowest::First
    } else {
        Lowest::Last
    };
    let now = call.now;
    let taken = call.shards.with_keys(&mpop.keys, |shards| {
        for key in &mpop.keys {
            if shards.shard(*key).zset(*key, now)?.is_some() {
                let taken = shards
                    .shard(*key)
                    .edit_zset(*key, now, |zset| take(zset, lowest, mpop.count))?;
                return Ok(Some((*key, taken)));
            }
        }
        Ok::<_, store::StoreError>(None)
    })?;
    let Some((key, taken)) = taken else {
        call.replies.null_array();
        return Ok(());
    };
    call.replies.array(2);
    call.replies.bulk(key.bytes());
    call.replies.array(taken.len());
    for (member, score) in taken {
        call.replies.array(2);
        call.replies.bulk(&member);
        call.replies.double(score);
    }
    Ok(())
}

/// `ZRANDMEMBER key [count [WITHSCORES]]`
pub fn zrandmember(call: &mut Call<'_, '_>) -> Outcome {
    let state = call.state;
    if call.args.len() == 2 {
        return read(call, |zset, replies| {
            let drawn = zset.and_then(|zset| {
                let rank = below(state.random(), zset.len());
                zset.range(rank..rank + 1).next()
            });
            replies.string(drawn.map(|(member, _)| member));
        });
    }
    let (draw, with_scores) = Draw::parse_with(call, "WITHSCORES")?;
    read(call, |zset, replies| {
        let len = zset.map_or(0, ZsetRef::len);
        let numbers = draw.numbers(len, || state.random())?;
        replies.members(numbers.len(), with_scores);
        let nth = |rank| zset.and_then(|zset| zset.range(rank..rank + 1).next());
        let all = zset.into_iter().flat_map(ZsetRef::iter);
        for (member, score) in elements(&numbers, len, nth, all) {
            replies.member(member, with_scores.then_some(score));
        }
        Ok(())
    })?
}
