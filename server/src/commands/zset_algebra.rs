//! Sorted sets, several at once: ZUNION, ZINTER, ZDIFF, what stores their results, ZINTERCARD.

use std::collections::BTreeMap;

use store::{Key, LockedShards, Millis, Shard, StringRef, ValueRef};

use super::argument::{count, float};
use super::{Call, Failure, Outcome};

/// What becomes of several sorted sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What becomes of the scores of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinity and its opposite come to nothing.
            Self::Sum if (a + b).is_nan() => 0.0,
            Self::Sum => a + b,
            Self::Min if b < a => b,
            Self::Max if b > a => b,
            Self::Min | Self::Max => a,
        }
    }
}

type Scores = BTreeMap<Vec<u8>, f64>;

/// The members of a sorted set, or of a set, whose scores are 1.
fn members(shard: &mut Shard, key: Key<'_>, now: Millis) -> Result<Scores, Failure> {
    let owned = |member: StringRef<'_>| member.to_bytes().into_owned();
    match shard.get(key, now) {
        None => Ok(Scores::new()),
        Some(ValueRef::Zset(zset)) => Ok(zset
            .iter()
            .map(|(member, score)| (owned(member), score))
            .collect()),
        Some(ValueRef::Set(set)) => Ok(set.iter().map(|member| (owned(member), 1.0)).collect()),
        Some(_) => Err(Failure::WrongType),
    }
}

/// Lets `key` hold these members, whatever it held; nothing if there are none.
pub(super) fn replace(
    shard: &mut Shard,
    key: Key<'_>,
    now: Millis,
    found: &[(Vec<u8>, f64)],
) -> Outcome {
    shard.remove(key, now);
    shard.edit_zset(key, now, |zset| {
        for (member, score) in found {
            zset.insert(member, *score);
        }
    })?;
    Ok(())
}

/// A command with its arguments read, the sources first.
struct Request<'c> {
    sources: Vec<Key<'c>>,
    /// Where the options begin.
    options: usize,
}

impl<'c> Request<'c> {
    /// Reads the number of sources at argument `at`, and the sources.
    fn parse(call: &Call<'c, '_>, at: usize, name: &str) -> Result<Self, Failure> {
        let number = call.integer(at)?;
        if number < 1 {
            let text = format!("ERR at least 1 input key is needed for '{name}' command");
            return Err(Failure::Quoting(text.into_bytes().into()));
        }
        let first = at + 1;
        let left = call.args.len() - first;
        let number = usize::try_from(number)
            .ok()
            .filter(|number| *number <= left);
        let options = first + number.ok_or(Failure::Syntax)?;
        Ok(Self {
            sources: (first..options).map(|at| call.key(at)).collect(),
            options,
        })
    }
}

/// The options of the commands that are not `ZINTERCARD`.
struct Options {
    weights: Vec<f64>,
    aggregate: Aggregate,
    with_scores: bool,
}

impl Options {
    fn parse(
        call: &Call<'_, '_>,
        request: &Request<'_>,
        operation: Operation,
        to: Target,
    ) -> Result<Self, Failure> {
        let sources = request.sources.len();
        let mut options = Self {
            weights: vec![1.0; sources],
            aggregate: Aggregate::Sum,
            with_scores: false,
        };
        let mut at = request.options;
        while at < call.args.len() {
            let left = call.args.len() - at - 1;
            let weighs = operation != Operation::Difference;
            if weighs && left >= sources && call.is(at, "WEIGHTS") {
                for (place, weight) in options.weights.iter_mut().zip(call.args.from(at + 1)) {
                    let text = "ERR weight value is not a float";
                    *place = float(weight).ok_or(Failure::Text(text))?;
                }
                at += sources;
            } else if weighs && left >= 1 && call.is(at, "AGGREGATE") {
                at += 1;
                options.aggregate = if call.is(at, "SUM") {
                    Aggregate::Sum
                } else if call.is(at, "MIN") {
                    Aggregate::Min
                } else if call.is(at, "MAX") {
                    Aggregate::Max
                } else {
                    return Err(Failure::Syntax);
                };
            } else if to == Target::Reply && call.is(at, "WITHSCORES") {
                options.with_scores = true;
            } else {
                return Err(Failure::Syntax);
            }
            at += 1;
        }
        Ok(options)
    }

    /// The scores of source number `at`, weighed.
    fn weigh(&self, operation: Operation, at: usize, scores: Scores) -> Scores {
        let weight = self.weights.get(at).copied().unwrap_or(1.0);
        let weigh = |(member, score): (Vec<u8>, f64)| {
            let weighed = score * weight;
            // A score that is no number counts for nothing, but in an intersection, whose sum it
            // ends with; there only the smallest set's does.
            let nothing = weighed.is_nan() && operation == Operation::Union;
            (member, if nothing { 0.0 } else { weighed })
        };
        scores.into_iter().map(weigh).collect()
    }

    /// The result, by score and then by member.
    fn combine(&self, operation: Operation, sources: Vec<Scores>) -> Vec<(Vec<u8>, f64)> {
        let sources = sources.into_iter().enumerate();
        let mut sources: Vec<_> = sources
            .map(|(at, scores)| self.weigh(operation, at, scores))
            .collect();
        // The order of a sum counts where there are infinities: smaller sets come first in Redis.
        if operation != Operation::Difference {
            sources.sort_by_key(BTreeMap::len);
        }
        let mut sources = sources.into_iter();
        let mut result = sources.next().unwrap_or_default();
        result
            .values_mut()
            .filter(|score| score.is_nan())
            .for_each(|score| *score = 0.0);
        for scores in sources {
            match operation {
                Operation::Union => {
                    for (member, score) in scores {
                        result
                            .entry(member)
                            .and_modify(|sum| *sum = self.aggregate.of(*sum, score))
                            .or_insert(score);
                    }
                }
                Operation::Intersection => {
                    result.retain(|member, sum| {
                        let other = scores.get(member);
                        *sum = other.map_or(*sum, |score| self.aggregate.of(*sum, *score));
                        other.is_some()
                    });
                }
                Operation::Difference => result.retain(|member, _| !scores.contains_key(member)),
            }
        }
        let mut result: Vec<_> = result.into_iter().collect();
        result.sort_by(|a, b| a.1.partial_cmp(&b.1).unwrap_or(a.1.total_cmp(&b.1)));
        result
    }
}

/// Where a result goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Reply,
    Key,
}

fn sources(
    shards: &mut LockedShards<'_>,
    keys: &[Key<'_>],
    now: Millis,
) -> Result<Vec<Scores>, Failure> {
    let scores = |key: &Key<'_>| members(shards.shard(*key), *key, now);
    keys.iter().map(scores).collect()
}

fn answer(call: &mut Call<'_, '_>, operation: Operation, name: &str) -> Outcome {
    let request = Request::parse(call, 1, name)?;
    let now = call.now;
    let keys = &request.sources;
    let sources = call
        .shards
        .with_keys(keys, |shards| sources(shards, keys, now))?;
    let options = Options::parse(call, &request, operation, Target::Reply)?;
    let found = options.combine(operation, sources);
    let replies = &mut *call.replies;
    replies.members(found.len(), options.with_scores);
    for (member, score) in found {
        let score = options.with_scores.then_some(score);
        replies.member(StringRef::Bytes(&member), score);
    }
    Ok(())
}

fn store(call: &mut Call<'_, '_>, operation: Operation, name: &str) -> Outcome {
    let request = Request::parse(call, 2, name)?;
    let (target, now) = (call.key(1), call.now);
    let mut keys = request.sources.clone();
    keys.push(target);
    let options = Options::parse(call, &request, operation, Target::Key);
    let len = call.shards.with_keys(&keys, |shards| {
        let sources = sources(shards, &request.sources, now)?;
        let found = options?.combine(operation, sources);
        replace(shards.shard(target), target, now, &found)?;
        Ok::<_, Failure>(found.len())
    })?;
    call.replies.count(len);
    Ok(())
}

/// `ZUNION numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
pub fn zunion(call: &mut Call<'_, '_>) -> Outcome {
    answer(call, Operation::Union, "zunion")
}

/// `ZINTER numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]`
pub fn zinter(call: &mut Call<'_, '_>) -> Outcome {
    answer(call, Operation::Intersection, "zinter")
}

/// `ZDIFF numkeys key [key …] [WITHSCORES]`
pub fn zdiff(call: &mut Call<'_, '_>) -> Outcome {
    answer(call, Operation::Difference, "zdiff")
}

/// `ZUNIONSTORE destination numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM | MIN | MAX]`
pub fn zunionstore(call: &mut Call<'_, '_>) -> Outcome {
    store(call, Operation::Union, "zunionstore")
}

/// `ZINTERSTORE destination numkeys key [key …] [WEIGHTS weight …] [AGGREGATE SUM | MIN | MAX]`
pub fn zinterstore(call: &mut Call<'_, '_>) -> Outcome {
    store(call, Operation::Intersection, "zinterstore")
}

/// `ZDIFFSTORE destination numkeys key [key …]`
pub fn zdiffstore(call: &mut Call<'_, '_>) -> Outcome {
    store(call, Operation::Difference, "zdiffstore")
}

/// `ZINTERCARD numkeys key [key …] [LIMIT limit]`
pub fn zintercard(call: &mut Call<'_, '_>) -> Outcome {
    let request = Request::parse(call, 1, "zintercard")?;
    let (now, keys) = (call.now, &request.sources);
    let sources = call
        .shards
        .with_keys(keys, |shards| sources(shards, keys, now))?;
    let (mut most, mut options) = (usize::MAX, call.args.from(request.options));
    while let Some(option) = options.next() {
        let value = options.next().ok_or(Failure::Syntax)?;
        if !option.eq_ignore_ascii_case(b"LIMIT") {
            return Err(Failure::Syntax);
        }
        most = match count(value, "ERR LIMIT can't be negative")? {
            0 => usize::MAX,
            limit => limit,
        };
    }
    let plain = Options {
        weights: Vec::new(),
        aggregate: Aggregate::Sum,
        with_scores: false,
    };
    let found = plain.combine(Operation::Intersection, sources);
    call.replies.count(found.len().min(most));
    Ok(())
}
