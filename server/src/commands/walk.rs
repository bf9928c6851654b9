//! HSCAN, SSCAN, ZSCAN: the elements of one collection, a few at a time.
//!
//! A packed collection is answered at once. In a larger one the cursor is the smallest hash not
//! visited yet, as in SCAN.

use super::{Call, Failure, Outcome};
use crate::protocol::{
    Args, Protocol, Replies, glob_matches, parse_cursor, parse_integer, print_double,
};

/// Elements that a call visits if it does not say how many.
const COUNT_DEFAULT: usize = 10;

fn cursor(call: &Call<'_, '_>) -> Result<u64, Failure> {
    parse_cursor(call.args.at(2)).ok_or(Failure::InvalidCursor)
}

/// The options of a call, and what was found so far.
struct Walk<'c> {
    pattern: Option<&'c [u8]>,
    count: usize,
    found: Replies,
    len: usize,
}

impl<'c> Walk<'c> {
    fn parse(args: Args<'c>, protocol: Protocol) -> Result<Self, Failure> {
        let mut walk = Self {
            pattern: None,
            count: COUNT_DEFAULT,
            found: Replies::new(protocol),
            len: 0,
        };
        let mut options = args.from(3);
        while let Some(option) = options.next() {
            let value = options.next().ok_or(Failure::Syntax)?;
            if option.eq_ignore_ascii_case(b"MATCH") {
                walk.pattern = Some(value);
            } else if option.eq_ignore_ascii_case(b"COUNT") {
                let number = parse_integer(value).ok_or(Failure::NotAnInteger)?;
                let number = usize::try_from(number).ok().filter(|number| *number > 0);
                walk.count = number.ok_or(Failure::Syntax)?;
            } else {
                return Err(Failure::Syntax);
            }
        }
        Ok(walk)
    }

    /// Notes an element that matches: its name, and what else `rest` appends.
    fn meet(&mut self, name: store::StringRef<'_>, rest: impl FnOnce(&mut Replies) -> usize) {
        let matches = |pattern| name.with_bytes(|name| glob_matches(pattern, name));
        if self.pattern.is_none_or(matches) {
            self.found.string(Some(name));
            self.len += 1 + rest(&mut self.found);
        }
    }

    fn reply(&self, next: u64, replies: &mut Replies) {
        replies.array(2);
        replies.bulk(next.to_string().as_bytes());
        replies.array(self.len);
        replies.append(&self.found);
    }
}

fn empty(replies: &mut Replies) {
    replies.array(2);
    replies.bulk(b"0");
    replies.array(0);
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn hscan(call: &mut Call<'_, '_>) -> Outcome {
    let (cursor, key, args, now) = (cursor(call)?, call.key(1), call.args, call.now);
    let Call {
        shards, replies, ..
    } = call;
    shards.with(key, |shard| {
        let Some(hash) = shard.hash(key, now)? else {
            empty(replies);
            return Ok(());
        };
        let mut walk = Walk::parse(args, replies.protocol())?;
        let next = hash.scan(cursor, walk.count, |field, value| {
            walk.meet(field, |found| {
                found.string(Some(value));
                1
            });
        });
        walk.reply(next, replies);
        Ok(())
    })
}

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn sscan(call: &mut Call<'_, '_>) -> Outcome {
    let (cursor, key, args, now) = (cursor(call)?, call.key(1), call.args, call.now);
    let Call {
        shards, replies, ..
    } = call;
    shards.with(key, |shard| {
        let Some(set) = shard.members(key, now)? else {
            empty(replies);
            return Ok(());
        };
        let mut walk = Walk::parse(args, replies.protocol())?;
        let next = set.scan(cursor, walk.count, |member| walk.meet(member, |_| 0));
        walk.reply(next, replies);
        Ok(())
    })
}

/// `ZSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn zscan(call: &mut Call<'_, '_>) -> Outcome {
    let (cursor, key, args, now) = (cursor(call)?, call.key(1), call.args, call.now);
    let Call {
        shards, replies, ..
    } = call;
    shards.with(key, |shard| {
        let Some(zset) = shard.zset(key, now)? else {
            empty(replies);
            return Ok(());
        };
        let mut walk = Walk::parse(args, replies.protocol())?;
        let next = zset.scan(cursor, walk.count, |member, score| {
            walk.meet(member, |found| {
                found.bulk(print_double(score).as_bytes());
                1
            });
        });
        walk.reply(next, replies);
        Ok(())
    })
}
