//! Requests for hashes, lists, sets and sorted sets, drawn from a seed.
//!
//! Each kind has keys of its own, and one request in twelve takes a key of any kind. Ranges by member
//! have keys whose members all have one score: else their result is not specified. Decimals are small
//! sums of powers of two, which come out the same in any precision, in fields of their own.

use super::Comparison;
use crate::random::Random;

const HASHES: [&[u8]; 3] = [b"h1", b"h2", b"h3"];
const LISTS: [&[u8]; 3] = [b"l1", b"l2", b"l3"];
const SETS: [&[u8]; 3] = [b"s1", b"s2", b"s3"];
const ZSETS: [&[u8]; 3] = [b"z1", b"z2", b"z3"];
const LEX: [&[u8]; 2] = [b"x1", b"x2"];
const STRING: &[u8] = b"string";
const TEXTS: [&[u8]; 14] = [
    b"a",
    b"b",
    b"c",
    b"dd",
    b"",
    b"1",
    b"2",
    b"-3",
    b"4000000000",
    b"9223372036854775807",
    b"007",
    b"\r\n\0\xff",
    b"a text that is longer than the sixty-four bytes of a packed element's bound",
    b"sixty-four bytes are what a packed element may have and no more..",
];
const NUMBERS: [&[u8]; 14] = [
    b"0",
    b"1",
    b"2",
    b"3",
    b"-1",
    b"-2",
    b"100",
    b"-100",
    b"x",
    b"",
    b"1.5",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"5",
];
const SCORES: [&[u8]; 14] = [
    b"0", b"1", b"2", b"-1", b"2.5", b"-0.25", b"1e3", b"inf", b"-inf", b"+7", b"nan", b"", b"x",
    b"1e400",
];
const BOUNDS: [&[u8]; 14] = [
    b"0", b"1", b"2", b"-1", b"(1", b"(2", b"-inf", b"+inf", b"inf", b"(-inf", b"x", b"(", b"100",
    b"2.5",
];
const LEX_BOUNDS: [&[u8]; 10] = [
    b"-", b"+", b"[a", b"(a", b"[c", b"(dd", b"[", b"(", b"a", b"",
];
/// Fields that hold decimals.
const DECIMALS: [&[u8]; 2] = [b"decimal", b"amount"];
const FRACTIONS: [&[u8]; 9] = [
    b"1", b"-1", b"0.5", b"10.25", b"-3.75", b"x", b"", b"inf", b"3.0",
];

/// Those that fill collections are there several times.
const COMMANDS: &str = "\
    HSET HSET HSET HSETNX HGET HMGET HGETALL HDEL HDEL HEXISTS HLEN HKEYS HVALS HINCRBY \
    HINCRBYFLOAT HSTRLEN HSCAN HRANDFIELD LPUSH LPUSH RPUSH RPUSH LPUSHX RPUSHX LPOP RPOP \
    LRANGE LRANGE LLEN LINDEX LSET LINSERT LREM LTRIM LPOS LMOVE RPOPLPUSH LMPOP SADD SADD \
    SADD SREM SMEMBERS SISMEMBER SMISMEMBER SCARD SPOP SRANDMEMBER SMOVE SINTER SUNION \
    SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE SINTERCARD SSCAN ZADD ZADD ZADD ZADD ZREM \
    ZSCORE ZMSCORE ZINCRBY ZCARD ZCOUNT ZLEXCOUNT ZRANK ZREVRANK ZRANGE ZRANGE ZREVRANGE \
    ZRANGESTORE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZREMRANGEBYRANK \
    ZREMRANGEBYSCORE ZREMRANGEBYLEX ZPOPMIN ZPOPMAX ZMPOP ZUNION ZINTER ZDIFF ZUNIONSTORE \
    ZINTERSTORE ZDIFFSTORE ZINTERCARD ZSCAN ZRANDMEMBER KEY KEY";

/// A request that grows.
struct Draw<'r> {
    random: &'r mut Random,
    arguments: Vec<Vec<u8>>,
}

impl Draw<'_> {
    fn add(&mut self, text: &[u8]) {
        self.arguments.push(text.to_vec());
    }

    fn pick(&mut self, choices: &[&[u8]]) {
        let picked = self.random.pick(choices).to_vec();
        self.arguments.push(picked);
    }

    fn key(&mut self, keys: &[&[u8]]) {
        if self.random.below(12) > 0 {
            return self.pick(keys);
        }
        let any = [&HASHES[..], &LISTS, &SETS, &ZSETS, &[STRING, b"absent"]].concat();
        self.pick(&any);
    }

    /// A few of `choices`, each with what `rest` adds.
    fn several(&mut self, mut one: impl FnMut(&mut Self)) {
        for _ in 0..=self.random.below(3) {
            one(self);
        }
    }

    /// One of `options`, or nothing.
    fn maybe(&mut self, options: &[&[u8]]) {
        if self.random.below(3) == 0 {
            self.pick(options);
        }
    }

    fn numkeys(&mut self, keys: &[&[u8]]) {
        let count = 1 + self.random.below(3);
        match self.random.below(12) {
            0 => self.pick(&NUMBERS),
            _ => self.add(count.to_string().as_bytes()),
        }
        (0..count).for_each(|_| self.key(keys));
    }
}

/// Up to 600 elements at once, so that collections outgrow their entries.
fn bulk(draw: &mut Draw<'_>, name: &str) {
    for number in 0..draw.random.below(600) {
        let text = format!("filler{number}");
        match name {
            "HSET" | "ZADD" => {
                draw.add(if name == "HSET" {
                    text.as_bytes()
                } else {
                    b"3"
                });
                draw.add(text.as_bytes());
            }
            _ => draw.add(text.as_bytes()),
        }
    }
}

/// A request, and how its replies are compared.
pub(super) fn draw(random: &mut Random) -> (Vec<Vec<u8>>, Comparison) {
    let names: Vec<&str> = COMMANDS.split_whitespace().collect();
    let name = random.pick(&names);
    let mut draw = Draw {
        random,
        arguments: vec![name.as_bytes().to_vec()],
    };
    let comparison = match name.as_bytes()[0] {
        b'H' => hash(&mut draw, name),
        b'L' | b'R' => list(&mut draw, name),
        b'S' => set(&mut draw, name),
        b'Z' => match zset(&mut draw, name) {
            Comparison::Bytes => Comparison::Scores,
            other => other,
        },
        _ => key(&mut draw),
    };
    // One in forty lacks its last argument, but for SPOP, which would leave two different sets.
    if draw.random.below(40) == 0 && draw.arguments.len() > 1 && name != "SPOP" {
        draw.arguments.pop();
        if name.contains("RAND") {
            return (draw.arguments, Comparison::SameLength);
        }
    }
    (draw.arguments, comparison)
}

fn key(draw: &mut Draw<'_>) -> Comparison {
    draw.arguments.clear();
    let name = draw.random.pick(&[
        "DEL", "TYPE", "EXISTS", "PERSIST", "OBJECT", "OBJECT", "COPY", "RENAME", "RENAMENX",
    ]);
    draw.add(name.as_bytes());
    if name == "OBJECT" {
        draw.add(b"ENCODING");
    }
    let all = [&HASHES[..], &LISTS, &SETS, &ZSETS].concat();
    draw.key(&all);
    if ["COPY", "RENAME", "RENAMENX"].contains(&name) {
        draw.key(&all);
        if name == "COPY" {
            draw.maybe(&[b"REPLACE", b"DB", b"replace", b"?"]);
        }
    }
    match name {
        "OBJECT" => Comparison::Encoding,
        _ => Comparison::Bytes,
    }
}

fn hash(draw: &mut Draw<'_>, name: &str) -> Comparison {
    draw.key(&HASHES);
    match name {
        "HSET" if draw.random.below(10) == 0 => bulk(draw, name),
        "HSET" if draw.random.below(4) == 0 => {
            draw.pick(&DECIMALS);
            draw.pick(&FRACTIONS);
        }
        "HSET" => draw.several(|draw| {
            draw.pick(&TEXTS);
            draw.pick(&[&TEXTS[..], &FRACTIONS].concat());
        }),
        "HMGET" | "HDEL" => draw.several(|draw| draw.pick(&TEXTS)),
        "HGET" | "HEXISTS" | "HSTRLEN" => draw.pick(&TEXTS),
        "HSETNX" => {
            draw.pick(&TEXTS);
            draw.pick(&TEXTS);
        }
        "HINCRBY" => {
            draw.pick(&TEXTS);
            draw.pick(&NUMBERS);
        }
        "HINCRBYFLOAT" => {
            draw.pick(&DECIMALS);
            draw.pick(&FRACTIONS);
        }
        "HSCAN" => return scan(draw),
        "HRANDFIELD" => return random_elements(draw, b"WITHVALUES"),
        _ => return Comparison::AnyOrder,
    }
    Comparison::Bytes
}

fn scan(draw: &mut Draw<'_>) -> Comparison {
    draw.pick(&[b"0", b"0", b"0", b"0", b"x"]);
    draw.add(b"COUNT");
    draw.pick(&[b"100000", b"100000", b"100000", b"0", b"x"]);
    if draw.random.below(3) == 0 {
        draw.pick(&[b"MATCH", b"TYPE"]);
        draw.pick(&[b"*", b"a*", b"?", b"[a-c]"]);
    }
    Comparison::AnyOrder
}

/// A draw of as many elements as there can be is the same everywhere; of fewer, only their number is.
fn random_elements(draw: &mut Draw<'_>, with: &[u8]) -> Comparison {
    match draw.random.below(3) {
        0 => return Comparison::SameKind,
        1 => {
            draw.add(b"100000");
            draw.maybe(&[with, b"?"]);
            return Comparison::AnyOrder;
        }
        _ => draw.pick(&[b"0", b"2", b"-3", b"x", b"-9223372036854775808", b"1.5"]),
    }
    draw.maybe(&[with, b"?"]);
    Comparison::SameLength
}

fn list(draw: &mut Draw<'_>, name: &str) -> Comparison {
    if name == "LMPOP" {
        draw.numkeys(&LISTS);
        draw.pick(&[b"LEFT", b"RIGHT", b"right", b"MIN"]);
        if draw.random.below(2) == 0 {
            draw.add(b"COUNT");
            draw.pick(&NUMBERS);
        }
        return Comparison::Bytes;
    }
    draw.key(&LISTS);
    match name {
        "LPUSH" | "RPUSH" if draw.random.below(8) == 0 => bulk(draw, name),
        "LPUSH" | "RPUSH" | "LPUSHX" | "RPUSHX" => draw.several(|draw| draw.pick(&TEXTS)),
        "LPOP" | "RPOP" => draw.maybe(&NUMBERS),
        "LRANGE" | "LTRIM" => {
            draw.pick(&NUMBERS);
            draw.pick(&NUMBERS);
        }
        "LINDEX" => draw.pick(&NUMBERS),
        "LSET" | "LREM" => {
            draw.pick(&NUMBERS);
            draw.pick(&TEXTS);
        }
        "LINSERT" => {
            draw.pick(&[b"BEFORE", b"AFTER", b"after", b"?"]);
            draw.pick(&TEXTS);
            draw.pick(&TEXTS);
        }
        "LPOS" => {
            draw.pick(&TEXTS);
            for _ in 0..draw.random.below(3) {
                draw.pick(&[b"RANK", b"COUNT", b"MAXLEN", b"count", b"?"]);
                // The smallest integer as a rank overflows there, and is refused since Redis 7.2.
                draw.pick(&NUMBERS[..12]);
            }
        }
        "RPOPLPUSH" => draw.key(&LISTS),
        "LMOVE" => {
            draw.key(&LISTS);
            draw.pick(&[b"LEFT", b"RIGHT", b"left", b"?"]);
            draw.pick(&[b"LEFT", b"RIGHT"]);
        }
        _ => {}
    }
    Comparison::Bytes
}

fn set(draw: &mut Draw<'_>, name: &str) -> Comparison {
    if name == "SINTERCARD" {
        draw.numkeys(&SETS);
        if draw.random.below(2) == 0 {
            draw.add(b"LIMIT");
            draw.pick(&NUMBERS);
        }
        return Comparison::Bytes;
    }
    draw.key(&SETS);
    match name {
        "SADD" if draw.random.below(10) == 0 => bulk(draw, name),
        "SADD" if draw.random.below(3) == 0 => draw.several(|draw| draw.pick(&NUMBERS)),
        "SADD" | "SREM" | "SMISMEMBER" => draw.several(|draw| draw.pick(&TEXTS)),
        "SISMEMBER" => draw.pick(&TEXTS),
        "SMOVE" => {
            draw.key(&SETS);
            draw.pick(&TEXTS);
        }
        // Fewer at random would leave two different sets.
        "SPOP" => {
            draw.pick(&[b"100000", b"0", b"-1", b"x"]);
            return Comparison::AnyOrder;
        }
        "SRANDMEMBER" => return random_elements(draw, b"?"),
        "SSCAN" => return scan(draw),
        "SINTER" | "SUNION" | "SDIFF" => {
            draw.several(|draw| draw.key(&SETS));
            return Comparison::AnyOrder;
        }
        "SINTERSTORE" | "SUNIONSTORE" | "SDIFFSTORE" => draw.several(|draw| draw.key(&SETS)),
        _ => return Comparison::AnyOrder,
    }
    Comparison::Bytes
}

fn zset(draw: &mut Draw<'_>, name: &str) -> Comparison {
    match name {
        "ZMPOP" => {
            draw.numkeys(&ZSETS);
            draw.pick(&[b"MIN", b"MAX", b"max", b"LEFT"]);
            if draw.random.below(2) == 0 {
                draw.add(b"COUNT");
                draw.pick(&NUMBERS);
            }
            return Comparison::Bytes;
        }
        "ZUNION" | "ZINTER" | "ZDIFF" | "ZINTERCARD" => return zset_algebra(draw, name),
        "ZUNIONSTORE" | "ZINTERSTORE" | "ZDIFFSTORE" => {
            draw.key(&ZSETS);
            return zset_algebra(draw, name);
        }
        "ZLEXCOUNT" | "ZRANGEBYLEX" | "ZREVRANGEBYLEX" | "ZREMRANGEBYLEX" => {
            draw.pick(&LEX);
            draw.pick(&LEX_BOUNDS);
            draw.pick(&LEX_BOUNDS);
            if name.contains("RANGEBY") && name != "ZREMRANGEBYLEX" {
                limit(draw);
            }
            return Comparison::Bytes;
        }
        "ZADD" if draw.random.below(5) == 0 => {
            draw.pick(&LEX);
            draw.several(|draw| {
                draw.add(b"0");
                draw.pick(&TEXTS);
            });
            return Comparison::Bytes;
        }
        "ZRANGE" if draw.random.below(5) == 0 => {
            draw.pick(&LEX);
            draw.pick(&LEX_BOUNDS);
            draw.pick(&LEX_BOUNDS);
            draw.add(b"BYLEX");
            draw.maybe(&[b"REV", b"WITHSCORES"]);
            limit(draw);
            return Comparison::Bytes;
        }
        _ => draw.key(&ZSETS),
    }
    match name {
        "ZADD" if draw.random.below(8) == 0 => bulk(draw, name),
        "ZADD" => {
            for _ in 0..draw.random.below(4).saturating_sub(1) {
                draw.pick(&[b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR", b"ch"]);
            }
            draw.several(|draw| {
                draw.pick(&SCORES);
                draw.pick(&TEXTS);
            });
        }
        "ZREM" | "ZMSCORE" => draw.several(|draw| draw.pick(&TEXTS)),
        "ZSCORE" | "ZRANK" | "ZREVRANK" => draw.pick(&TEXTS),
        "ZINCRBY" => {
            draw.pick(&SCORES);
            draw.pick(&TEXTS);
        }
        "ZCOUNT" | "ZREMRANGEBYSCORE" => {
            draw.pick(&BOUNDS);
            draw.pick(&BOUNDS);
        }
        "ZRANGEBYSCORE" | "ZREVRANGEBYSCORE" => {
            draw.pick(&BOUNDS);
            draw.pick(&BOUNDS);
            draw.maybe(&[b"WITHSCORES", b"BYLEX", b"withscores"]);
            limit(draw);
        }
        "ZREMRANGEBYRANK" => {
            draw.pick(&NUMBERS);
            draw.pick(&NUMBERS);
        }
        "ZRANGE" | "ZREVRANGE" | "ZRANGESTORE" => ranges(draw, name),
        "ZPOPMIN" | "ZPOPMAX" => draw.maybe(&NUMBERS),
        "ZSCAN" => return scan(draw),
        "ZRANDMEMBER" => return random_elements(draw, b"WITHSCORES"),
        _ => {}
    }
    Comparison::Bytes
}

fn limit(draw: &mut Draw<'_>) {
    if draw.random.below(2) == 0 {
        draw.add(b"LIMIT");
        draw.pick(&NUMBERS);
        draw.pick(&NUMBERS);
    }
}

fn ranges(draw: &mut Draw<'_>, name: &str) {
    if name == "ZRANGESTORE" {
        draw.key(&ZSETS);
    }
    if draw.random.below(2) == 0 || name == "ZREVRANGE" {
        draw.pick(&NUMBERS);
        draw.pick(&NUMBERS);
    } else {
        draw.pick(&BOUNDS);
        draw.pick(&BOUNDS);
        draw.add(b"BYSCORE");
    }
    draw.maybe(&[b"REV", b"rev", b"?"]);
    draw.maybe(&[b"WITHSCORES"]);
    if draw.random.below(3) == 0 {
        limit(draw);
    }
}

fn zset_algebra(draw: &mut Draw<'_>, name: &str) -> Comparison {
    let before = draw.arguments.len();
    draw.numkeys(&[&ZSETS[..], &SETS].concat());
    let sources = draw.arguments.len() - before - 1;
    if name == "ZINTERCARD" {
        if draw.random.below(2) == 0 {
            draw.add(b"LIMIT");
            draw.pick(&NUMBERS);
        }
        return Comparison::Bytes;
    }
    if draw.random.below(3) == 0 {
        draw.add(b"WEIGHTS");
        (0..sources).for_each(|_| draw.pick(&SCORES));
    }
    if draw.random.below(3) == 0 {
        draw.add(b"AGGREGATE");
        draw.pick(&[b"SUM", b"MIN", b"max", b"?"]);
    }
    draw.maybe(&[b"WITHSCORES"]);
    Comparison::Bytes
}
