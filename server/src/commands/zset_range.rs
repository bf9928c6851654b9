//! Sorted sets by rank, by score or by member: ZRANGE and its kin, ZCOUNT, ZREMRANGEBYRANK.
//!
//! ```text
//! arguments ─► Bounds: ranks, scores or members ─► a range of ranks ─► LIMIT ─► reply, store, remove
//! ```

use std::ops::Range;

use store::ZsetRef;

use super::argument::indices;
use super::zset::{edit, read};
use super::{Call, Failure, Outcome};
use crate::protocol::Replies;

/// An end of a range of scores or of members.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound<T> {
    Lowest,
    Highest,
    Included(T),
    Excluded(T),
}

/// What a range is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Member,
}

/// A range as it was asked for.
#[derive(Clone, Copy, Debug)]
enum Bounds<'c> {
    Ranks(i64, i64),
    Scores(Bound<f64>, Bound<f64>),
    Members(Bound<&'c [u8]>, Bound<&'c [u8]>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Ascending,
    Descending,
}

/// Less strict than a score: `strtod` reads 0 where there is nothing, and infinity beyond its range.
fn score_bound(argument: &[u8]) -> Option<Bound<f64>> {
    let number = |text: &[u8]| match text {
        [] => Some(0.0),
        text => {
            // `strtod`, unlike what reads a score, begins behind blanks.
            let text = std::str::from_utf8(text).ok()?;
            let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
            let number: f64 = text.parse().ok()?;
            (!number.is_nan()).then_some(number)
        }
    };
    match argument {
        [b'(', rest @ ..] => number(rest).map(Bound::Excluded),
        _ => number(argument).map(Bound::Included),
    }
}

fn member_bound(argument: &[u8]) -> Option<Bound<&[u8]>> {
    match argument {
        b"-" => Some(Bound::Lowest),
        b"+" => Some(Bound::Highest),
        [b'[', rest @ ..] => Some(Bound::Included(rest)),
        [b'(', rest @ ..] => Some(Bound::Excluded(rest)),
        _ => None,
    }
}

/// Whether a range may begin before `there`: then the first member of it comes behind `there`.
fn is_below<T: PartialOrd>(there: &T, low: &Bound<T>) -> bool {
    match low {
        Bound::Lowest => false,
        Bound::Highest => true,
        Bound::Included(low) => there < low,
        Bound::Excluded(low) => there <= low,
    }
}

/// Whether `there` is not beyond the end of a range.
fn is_up_to<T: PartialOrd>(there: &T, high: &Bound<T>) -> bool {
    match high {
        Bound::Lowest => false,
        Bound::Highest => true,
        Bound::Included(high) => there <= high,
        Bound::Excluded(high) => there < high,
    }
}

impl<'c> Bounds<'c> {
    fn parse(by: By, low: &'c [u8], high: &'c [u8]) -> Result<Self, Failure> {
        match by {
            By::Rank => {
                let index = |text| crate::protocol::parse_integer(text);
                let bounds = index(low).zip(index(high));
                let (start, stop) = bounds.ok_or(Failure::NotAnInteger)?;
                Ok(Self::Ranks(start, stop))
            }
            By::Score => {
                let bounds = score_bound(low).zip(score_bound(high));
                let text = "ERR min or max is not a float";
                let (low, high) = bounds.ok_or(Failure::Text(text))?;
                Ok(Self::Scores(low, high))
            }
            By::Member => {
                let bounds = member_bound(low).zip(member_bound(high));
                let text = "ERR min or max not valid string range item";
                let (low, high) = bounds.ok_or(Failure::Text(text))?;
                Ok(Self::Members(low, high))
            }
        }
    }

    /// The ranks that lie in the range, from the front whatever the order.
    fn ranks(&self, zset: ZsetRef<'_>, order: Order) -> Range<usize> {
        let (start, end) = match self {
            Self::Ranks(start, stop) => {
                let len = zset.len();
                let range = indices(*start, *stop, len);
                return match order {
                    Order::Ascending => range,
                    Order::Descending => len - range.end..len - range.start,
                };
            }
            Self::Scores(low, high) => (
                zset.partition_point(|_, score| is_below(&score, low)),
                zset.partition_point(|_, score| is_up_to(&score, high)),
            ),
            // Scores are taken to be equal, as in Redis: else what is found is not specified.
            Self::Members(low, high) => (
                zset.partition_point(|member, _| {
                    member.with_bytes(|member| is_below(&member, low))
                }),
                zset.partition_point(|member, _| {
                    member.with_bytes(|member| is_up_to(&member, high))
                }),
            ),
        };
        start..end.max(start)
    }
}

/// Part of what lies in a range.
#[derive(Clone, Copy, Debug)]
struct Limit {
    offset: i64,
    /// All if negative.
    count: i64,
}

impl Limit {
    fn of(self, range: Range<usize>, order: Order) -> Range<usize> {
        // A negative offset skips everything.
        let skipped = usize::try_from(self.offset)
            .unwrap_or(usize::MAX)
            .min(range.len());
        let left = range.len() - skipped;
        let taken = usize::try_from(self.count).map_or(left, |count| count.min(left));
        match order {
            Order::Ascending => range.start + skipped..range.start + skipped + taken,
            Order::Descending => range.end - skipped - taken..range.end - skipped,
        }
    }
}

/// A command of ranges with its arguments read.
struct Request<'c> {
    bounds: Bounds<'c>,
    order: Order,
    limit: Option<Limit>,
    with_scores: bool,
}

/// What the name of a command leaves open to its options.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Everything: `ZRANGE`.
    Open,
    /// Everything but scores: `ZRANGESTORE`.
    Stored,
    /// Neither what the range is measured in nor the order.
    Fixed(By, Order),
}

impl<'c> Request<'c> {
    /// Reads what begins with the bounds at argument `at`.
    fn parse(call: &Call<'c, '_>, at: usize, form: Form) -> Result<Self, Failure> {
        let (mut by, mut order) = match form {
            Form::Open | Form::Stored => (None, None),
            Form::Fixed(by, order) => (Some(by), Some(order)),
        };
        let (mut limit, mut with_scores, mut next) = (None, false, at + 2);
        while next < call.args.len() {
            let left = call.args.len() - next - 1;
            if form != Form::Stored && call.is(next, "WITHSCORES") {
                with_scores = true;
            } else if call.is(next, "LIMIT") && left >= 2 {
                let (offset, count) = call.bounds(next + 1)?;
                limit = Some(Limit { offset, count });
                next += 2;
            } else if order.is_none() && call.is(next, "REV") {
                order = Some(Order::Descending);
            } else if by.is_none() && call.is(next, "BYLEX") {
                by = Some(By::Member);
            } else if by.is_none() && call.is(next, "BYSCORE") {
                by = Some(By::Score);
            } else {
                return Err(Failure::Syntax);
            }
            next += 1;
        }
        let (by, order) = (by.unwrap_or(By::Rank), order.unwrap_or(Order::Ascending));
        let is_limited = limit.is_some_and(|limit: Limit| limit.count != -1);
        if is_limited && by == By::Rank {
            return Err(Failure::Text(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if with_scores && by == By::Member {
            return Err(Failure::Text(
                "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ));
        }
        let (mut low, mut high) = (call.args.at(at), call.args.at(at + 1));
        if order == Order::Descending && by != By::Rank {
            std::mem::swap(&mut low, &mut high);
        }
        let bounds = Bounds::parse(by, low, high)?;
        Ok(Self {
            bounds,
            order,
            limit: limit.filter(|_| by != By::Rank),
            with_scores,
        })
    }

    fn found<'z>(&self, zset: ZsetRef<'z>) -> Vec<(store::StringRef<'z>, f64)> {
        let mut range = self.bounds.ranks(zset, self.order);
        if let Some(limit) = self.limit {
            range = limit.of(range, self.order);
        }
        let mut found: Vec<_> = zset.range(range).collect();
        if self.order == Order::Descending {
            found.reverse();
        }
        found
    }

    fn reply(&self, found: &[(store::StringRef<'_>, f64)], replies: &mut Replies) {
        replies.members(found.len(), self.with_scores);
        for (member, score) in found {
            replies.member(*member, self.with_scores.then_some(*score));
        }
    }
}

fn range(call: &mut Call<'_, '_>, form: Form) -> Outcome {
    let request = Request::parse(call, 2, form)?;
    read(call, |zset, replies| {
        let found = zset.map(|zset| request.found(zset)).unwrap_or_default();
        request.reply(&found, replies);
    })
}

/// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub fn zrange(call: &mut Call<'_, '_>) -> Outcome {
    range(call, Form::Open)
}

/// `ZREVRANGE key start stop [WITHSCORES]`
pub fn zrevrange(call: &mut Call<'_, '_>) -> Outcome {
    range(call, Form::Fixed(By::Rank, Order::Descending))
}

/// `ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]`
pub fn zrangebyscore(call: &mut Call<'_, '_>) -> Outcome {
    range(call, Form::Fixed(By::Score, Order::Ascending))
}

/// `ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]`
pub fn zrevrangebyscore(call: &mut Call<'_, '_>) -> Outcome {
    range(call, Form::Fixed(By::Score, Order::Descending))
}

/// `ZRANGEBYLEX key min max [LIMIT offset count]`
pub fn zrangebylex(call: &mut Call<'_, '_>) -> Outcome {
    range(call, Form::Fixed(By::Member, Order::Ascending))
}

/// `ZREVRANGEBYLEX key max min [LIMIT offset count]`
pub fn zrevrangebylex(call: &mut Call<'_, '_>) -> Outcome {
    range(call, Form::Fixed(By::Member, Order::Descending))
}

/// `ZRANGESTORE destination source min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`
pub fn zrangestore(call: &mut Call<'_, '_>) -> Outcome {
    let request = Request::parse(call, 3, Form::Stored)?;
    let (target, source, now) = (call.key(1), call.key(2), call.now);
    let len = call.shards.with_keys(&[target, source], |shards| {
        let zset = shards.shard(source).zset(source, now)?;
        let found = zset.map(|zset| request.found(zset)).unwrap_or_default();
        let owned = |(member, score): &(store::StringRef<'_>, f64)| {
            (member.to_bytes().into_owned(), *score)
        };
        let found: Vec<_> = found.iter().map(owned).collect();
        super::zset_algebra::replace(shards.shard(target), target, now, &found)?;
        Ok::<_, Failure>(found.len())
    })?;
    call.replies.count(len);
    Ok(())
}

fn count(call: &mut Call<'_, '_>, by: By) -> Outcome {
    let bounds = Bounds::parse(by, call.args.at(2), call.args.at(3))?;
    read(call, |zset, replies| {
        let ranks = zset.map(|zset| bounds.ranks(zset, Order::Ascending));
        replies.count(ranks.map_or(0, |ranks| ranks.len()));
    })
}

/// `ZCOUNT key min max`
pub fn zcount(call: &mut Call<'_, '_>) -> Outcome {
    count(call, By::Score)
}

/// `ZLEXCOUNT key min max`
pub fn zlexcount(call: &mut Call<'_, '_>) -> Outcome {
    count(call, By::Member)
}

fn remove(call: &mut Call<'_, '_>, by: By) -> Outcome {
    let bounds = Bounds::parse(by, call.args.at(2), call.args.at(3))?;
    let removed = edit(call, |zset| {
        let ranks = bounds.ranks(zset.as_ref(), Order::Ascending);
        let members = zset.as_ref().range(ranks);
        let members: Vec<_> = members
            .map(|(member, _)| member.to_bytes().into_owned())
            .collect();
        for member in &members {
            zset.remove(member);
        }
        members.len()
    })?;
    call.replies.count(removed);
    Ok(())
}

/// `ZREMRANGEBYRANK key start stop`
pub fn zremrangebyrank(call: &mut Call<'_, '_>) -> Outcome {
    remove(call, By::Rank)
}

/// `ZREMRANGEBYSCORE key min max`
pub fn zremrangebyscore(call: &mut Call<'_, '_>) -> Outcome {
    remove(call, By::Score)
}

/// `ZREMRANGEBYLEX key min max`
pub fn zremrangebylex(call: &mut Call<'_, '_>) -> Outcome {
    remove(call, By::Member)
}
