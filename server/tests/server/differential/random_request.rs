//! Requests drawn from a seed: commands that are offered, a few keys and fields so that they meet,
//! values and options that are often not what the command wants.

use super::Comparison;
use crate::random::Random;

const KEYS: [&[u8]; 8] = [
    b"a",
    b"b",
    b"c",
    b"d",
    b"",
    b"bin\0\r\nary",
    b"{tag}key",
    b"a key of forty-five bytes, or thereabouts....",
];
const FIELDS: [&[u8]; 5] = [b"f", b"g", b"", b"\xff\0", b"field"];
const VALUES: [&[u8]; 22] = [
    b"0",
    b"1",
    b"-1",
    b"42",
    b"10000",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775808",
    b"-0",
    b"01",
    b"+1",
    b" 1",
    b"1 ",
    b"1.5",
    b"",
    b"text",
    b"\r\n\0\xff",
    b"a value of exactly forty-four bytes, no more",
    b"a value of exactly forty-five bytes, not more",
    b"NX",
    b"EX",
    b"nan",
];
const SECONDS: [&[u8]; 12] = [
    b"100000",
    b"200000",
    b"300000",
    b"0",
    b"-1",
    b"-100000",
    b"x",
    b"",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775",
    b"1.5",
];
/// Seconds since the epoch, none of them past: whether a key that a command lets expire in the past
/// still counts for DBSIZE is a matter of time.
const INSTANTS_S: [&[u8]; 6] = [
    b"4102444800",
    b"4202444800",
    b"0",
    b"-5",
    b"x",
    b"9223372036854775807",
];
/// The same in milliseconds.
const INSTANTS_MS: [&[u8]; 6] = [
    b"4102444800000",
    b"4202444800000",
    b"0",
    b"-5",
    b"x",
    b"9223372036854775807",
];
const SET_OPTIONS: [&[u8]; 12] = [
    b"NX",
    b"XX",
    b"GET",
    b"KEEPTTL",
    b"nx",
    b"get",
    b"EX",
    b"PX",
    b"EXAT",
    b"PXAT",
    b"4102444800000",
    b"?",
];
const EXPIRE_OPTIONS: [&[u8]; 5] = [b"NX", b"XX", b"GT", b"lt", b"?"];
const NAMES: [&str; 49] = [
    "PING",
    "ECHO",
    "SET",
    "SET",
    "SET",
    "SET",
    "GET",
    "GET",
    "GETSET",
    "GETDEL",
    "MGET",
    "MSET",
    "SETNX",
    "SETEX",
    "PSETEX",
    "APPEND",
    "STRLEN",
    "INCR",
    "DECR",
    "INCRBY",
    "DECRBY",
    "DEL",
    "UNLINK",
    "EXISTS",
    "TYPE",
    "EXPIRE",
    "PEXPIRE",
    "EXPIREAT",
    "PEXPIREAT",
    "TTL",
    "PTTL",
    "PERSIST",
    "HSET",
    "HSET",
    "HGET",
    "HDEL",
    "HLEN",
    "HGETALL",
    "SCAN",
    "DBSIZE",
    "FLUSHALL",
    "RANDOMKEY",
    "MULTI",
    "EXEC",
    "DISCARD",
    "WATCH",
    "UNWATCH",
    "OBJECT",
    "HMSET",
];

/// A request, sensible for the most part, and how its replies are compared.
pub(super) fn draw(random: &mut Random) -> (Vec<Vec<u8>>, Comparison) {
    let name = random.pick(&NAMES);
    let mut arguments: Vec<&[u8]> = vec![name.as_bytes()];
    let mut comparison = Comparison::Bytes;
    match name {
        "RANDOMKEY" => comparison = Comparison::SameKind,
        // Rare enough for keys to live for a while.
        "FLUSHALL" if random.below(8) > 0 => arguments = vec![b"DBSIZE"],
        "PING" | "DBSIZE" | "FLUSHALL" | "MULTI" | "EXEC" | "DISCARD" | "UNWATCH" => {}
        "ECHO" => arguments.push(random.pick(&VALUES)),
        "SCAN" => {
            comparison = Comparison::AnyOrder;
            arguments.extend([&b"0"[..], b"COUNT", b"10000"]);
            match random.below(4) {
                0 => arguments.extend([&b"MATCH"[..], random.pick(&[b"*", b"a*", b"[a-c]", b"?"])]),
                1 => arguments.extend([&b"TYPE"[..], random.pick(&[b"string", b"hash", b"list"])]),
                _ => {}
            }
        }
        "OBJECT" => arguments.extend([&b"ENCODING"[..], random.pick(&KEYS)]),
        "MGET" | "DEL" | "UNLINK" | "EXISTS" | "WATCH" => {
            arguments.extend((0..=random.below(3)).map(|_| random.pick(&KEYS)));
        }
        "MSET" => {
            for _ in 0..=random.below(3) {
                arguments.extend([random.pick(&KEYS), random.pick(&VALUES)]);
            }
        }
        _ => {
            arguments.push(random.pick(&KEYS));
            match name {
                "TTL" => comparison = Comparison::WithinSeconds(1),
                "PTTL" => comparison = Comparison::WithinSeconds(1000),
                "HGETALL" => comparison = Comparison::AnyOrder,
                "GETSET" | "SETNX" | "APPEND" | "INCRBY" | "DECRBY" => {
                    arguments.push(random.pick(&VALUES));
                }
                "SET" => {
                    arguments.push(random.pick(&VALUES));
                    set_options(random, &mut arguments);
                }
                "SETEX" | "PSETEX" => {
                    arguments.extend([random.pick(&SECONDS), random.pick(&VALUES)]);
                }
                "EXPIRE" | "PEXPIRE" | "EXPIREAT" | "PEXPIREAT" => {
                    arguments.push(match name {
                        "EXPIREAT" => random.pick(&INSTANTS_S),
                        "PEXPIREAT" => random.pick(&INSTANTS_MS),
                        _ => random.pick(&SECONDS),
                    });
                    arguments.extend(
                        (0..random.below(6).saturating_sub(3))
                            .map(|_| random.pick(&EXPIRE_OPTIONS)),
                    );
                }
                "HSET" | "HMSET" => {
                    for _ in 0..=random.below(3) {
                        arguments.extend([random.pick(&FIELDS), random.pick(&VALUES)]);
                    }
                }
                "HGET" | "HDEL" => arguments.push(random.pick(&FIELDS)),
                _ => {}
            }
        }
    }
    // One in sixteen lacks its last argument or has one too many.
    match random.below(32) {
        0 => drop(arguments.pop()),
        1 => arguments.push(random.pick(&VALUES)),
        _ => {}
    }
    if arguments.is_empty() {
        arguments.push(b"");
    }
    (
        arguments.into_iter().map(<[u8]>::to_vec).collect(),
        comparison,
    )
}

fn set_options(random: &mut Random, arguments: &mut Vec<&[u8]>) {
    match random.below(8) {
        0 => arguments.extend([&b"EX"[..], random.pick(&SECONDS)]),
        1 => arguments.extend([&b"PX"[..], random.pick(&SECONDS)]),
        2 => arguments.extend([&b"exat"[..], random.pick(&INSTANTS_S)]),
        3 => arguments.extend([&b"PXAT"[..], random.pick(&INSTANTS_MS)]),
        _ => {}
    }
    // Anything behind it, in half of the cases.
    arguments.extend((0..random.below(6).saturating_sub(2)).map(|_| random.pick(&SET_OPTIONS)));
}
