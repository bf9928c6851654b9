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
/// Those that fill keys are there several times.
const NAMES: &str = "\
    PING ECHO SET SET SET SET SET GET GET GETSET GETDEL GETEX MGET MSET MSETNX SETNX SETEX PSETEX \
    APPEND STRLEN GETRANGE SUBSTR SETRANGE INCR DECR INCRBY DECRBY INCRBYFLOAT DEL UNLINK EXISTS TOUCH \
    TYPE EXPIRE PEXPIRE EXPIREAT PEXPIREAT TTL PTTL EXPIRETIME PEXPIRETIME PERSIST HSET HSET HGET HDEL \
    HLEN HGETALL SCAN KEYS DBSIZE FLUSHALL RANDOMKEY MULTI EXEC DISCARD WATCH UNWATCH OBJECT HMSET \
    SETBIT SETBIT SETBIT GETBIT BITCOUNT BITCOUNT BITPOS BITPOS BITOP WAIT SWAPDB";
/// Offsets, starts and ends of parts of strings.
const OFFSETS: [&[u8]; 16] = [
    b"0",
    b"1",
    b"2",
    b"3",
    b"7",
    b"8",
    b"100",
    b"-1",
    b"-2",
    b"-100",
    b"x",
    b"",
    b"4294967296",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"43",
];
/// Numbers of bits.
const BITS: [&[u8]; 10] = [
    b"0",
    b"1",
    b"7",
    b"8",
    b"100",
    b"-1",
    b"x",
    b"",
    b"4294967296",
    b"9223372036854775807",
];
/// Sums of powers of two come out the same in any precision.
const DECIMALS: [&[u8]; 14] = [
    b"1", b"-1", b"0.5", b"10.25", b"-3.75", b"3.0", b"x", b"", b"inf", b"-inf", b"nan", b"25e-2",
    b"-1.5E1", b"1e",
];

/// A request, sensible for the most part, and how its replies are compared.
pub(super) fn draw(random: &mut Random) -> (Vec<Vec<u8>>, Comparison) {
    let names: Vec<&str> = NAMES.split_whitespace().collect();
    let name = random.pick(&names);
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
        "KEYS" => {
            comparison = Comparison::AnyOrder;
            arguments.push(random.pick(&[b"*", b"a*", b"[a-c]", b"?", b"*45*", b""]));
        }
        "INCRBYFLOAT" => {
            arguments.extend([
                random.pick(&[&b"decimal"[..], b"amount"]),
                random.pick(&DECIMALS),
            ]);
        }
        // Zero replicas are there at once.
        "WAIT" => arguments.extend([&b"0"[..], random.pick(&OFFSETS[..12])]),
        "SWAPDB" => arguments.extend((0..2).map(|_| random.pick(&[&b"0"[..], b"x"]))),
        "BITOP" => {
            arguments.push(random.pick(&[b"AND", b"or", b"XOR", b"NOT", b"?"]));
            arguments.extend((0..2 + random.below(3)).map(|_| random.pick(&KEYS)));
        }
        "MGET" | "TOUCH" | "DEL" | "UNLINK" | "EXISTS" | "WATCH" => {
            arguments.extend((0..=random.below(3)).map(|_| random.pick(&KEYS)));
        }
        "MSET" | "MSETNX" => {
            for _ in 0..=random.below(3) {
                arguments.extend([random.pick(&KEYS), random.pick(&VALUES)]);
            }
        }
        _ => {
            arguments.push(random.pick(&KEYS));
            comparison = of_key(name, random, &mut arguments);
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

/// Adds what follows the key of a command that has one.
fn of_key(name: &str, random: &mut Random, arguments: &mut Vec<&[u8]>) -> Comparison {
    match name {
        "TTL" | "EXPIRETIME" => return Comparison::WithinSeconds(1),
        "PTTL" | "PEXPIRETIME" => return Comparison::WithinSeconds(1000),
        "HGETALL" => return Comparison::AnyOrder,
        "GETSET" | "SETNX" | "APPEND" | "INCRBY" | "DECRBY" => {
            arguments.push(random.pick(&VALUES));
        }
        "SET" => {
            arguments.push(random.pick(&VALUES));
            set_options(random, arguments);
        }
        "GETEX" => set_options(random, arguments),
        "GETRANGE" | "SUBSTR" => {
            arguments.extend([random.pick(&OFFSETS), random.pick(&OFFSETS)]);
        }
        "SETRANGE" => arguments.extend([random.pick(&OFFSETS), random.pick(&VALUES)]),
        "SETBIT" => {
            arguments.extend([
                random.pick(&BITS),
                random.pick(&[&b"0"[..], b"1", b"1", b"2"]),
            ]);
        }
        "GETBIT" => arguments.push(random.pick(&BITS)),
        "BITCOUNT" | "BITPOS" => {
            if name == "BITPOS" {
                arguments.push(random.pick(&[&b"0"[..], b"1", b"0", b"1", b"2", b"x"]));
            }
            arguments.extend((0..random.below(3)).map(|_| random.pick(&OFFSETS)));
            arguments
                .extend((0..random.below(2)).map(|_| random.pick(&[&b"BIT"[..], b"byte", b"?"])));
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
                (0..random.below(6).saturating_sub(3)).map(|_| random.pick(&EXPIRE_OPTIONS)),
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
    Comparison::Bytes
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
