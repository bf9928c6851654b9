//! The same requests to this server and to `redis-server` 7: the replies are the same bytes.
//!
//! What is meant to differ:
//!
//! | reply                       | compared as                                             |
//! |-----------------------------|---------------------------------------------------------|
//! | HGETALL, SMEMBERS, SCAN …   | the same elements in any order (no order is promised)   |
//! | TTL, PTTL                   | the same within 2 s: two clocks are read                |
//! | RANDOMKEY, SRANDMEMBER …    | one or none, or as many elements                        |
//! | OBJECT ENCODING             | `listpack` here may be `hashtable` or `quicklist` there: sets and lists are packed since Redis 7.2 |
//!
//! Requests whose replies name the server itself (INFO, HELLO, CLIENT ID, COMMAND, CONFIG GET,
//! MEMORY USAGE) are held to their form by other tests. SELECT of a database beyond the first, more
//! than 1,048,576 arguments, and commands that are not offered are errors here and are not sent.
//!
//! Where there is no `redis-server` these tests say so and pass, unless `CI` is `true`.

mod collection_request;
mod random_request;
mod sessions;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::random::Random;
use crate::support::{Raw, TestServer, reply_len, request};

/// A `redis-server` process; killed when dropped.
struct Redis {
    process: Child,
    address: SocketAddr,
}

impl Redis {
    /// Starts one, if it is installed.
    fn start() -> Option<Self> {
        // Free until this listener is dropped, and most likely free for a moment more.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match process {
            Ok(process) => process,
            Err(error) => {
                let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
                assert!(!required, "redis-server cannot be started: {error}");
                eprintln!("skipped: redis-server cannot be started: {error}");
                return None;
            }
        };
        let redis = Self { process, address };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(redis)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after this.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How two replies are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Bytes,
    AnyOrder,
    WithinSeconds(i64),
    SameKind,
    SameLength,
    Encoding,
}

fn agree(comparison: Comparison, ours: &[u8], theirs: &[u8]) -> bool {
    if ours == theirs {
        return true;
    }
    let number = |reply: &[u8]| -> Option<i64> {
        std::str::from_utf8(reply.strip_prefix(b":")?)
            .ok()?
            .trim_end()
            .parse()
            .ok()
    };
    match comparison {
        Comparison::Bytes => false,
        Comparison::AnyOrder => sorted_leaves(ours) == sorted_leaves(theirs),
        Comparison::WithinSeconds(unit) => match (number(ours), number(theirs)) {
            (Some(ours), Some(theirs)) => {
                ours > 0 && theirs > 0 && ours.abs_diff(theirs) <= 2 * unit.unsigned_abs()
            }
            _ => false,
        },
        Comparison::SameLength => sorted_leaves(ours).len() == sorted_leaves(theirs).len(),
        Comparison::Encoding => {
            ours == b"$8\r\nlistpack\r\n"
                && [&b"$9\r\nhashtable\r\n"[..], b"$9\r\nquicklist\r\n"].contains(&theirs)
        }
        Comparison::SameKind => (ours == b"$-1\r\n") == (theirs == b"$-1\r\n"),
    }
}

/// The headers and elements of a reply, sorted.
fn sorted_leaves(reply: &[u8]) -> Vec<&[u8]> {
    let mut leaves = Vec::new();
    let mut rest = reply;
    while !rest.is_empty() {
        let len = match rest[0] {
            b'*' => rest.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2,
            _ => reply_len(rest).unwrap(),
        };
        let (leaf, after) = rest.split_at(len);
        leaves.push(leaf);
        rest = after;
    }
    leaves.sort_unstable();
    leaves
}

#[test]
fn random_requests_get_the_same_replies() {
    const REQUESTS: usize = 12_000;
    const SEED: u64 = 2;
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let mut pairs: Vec<(Raw, Raw)> = (0..2)
        .map(|_| (server.raw(), Raw::connect(redis.address)))
        .collect();
    let mut in_transaction = [false; 2];
    let mut random = Random(SEED);
    let mut log: Vec<String> = Vec::new();
    for number in 0..REQUESTS {
        let client = random.below(pairs.len());
        let (arguments, comparison) = random_request::draw(&mut random);
        // What a queued request answers is part of the reply to EXEC, which is compared as bytes.
        if in_transaction[client] && comparison != Comparison::Bytes {
            continue;
        }
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let (ours, theirs) = &mut pairs[client];
        let (ours, theirs) = (ours.ask(&arguments), theirs.ask(&arguments));
        let shown: Vec<_> = arguments
            .iter()
            .map(|argument| argument.escape_ascii().to_string())
            .collect();
        log.push(format!(
            "{client}: {}  →  {}",
            shown.join(" "),
            theirs.escape_ascii()
        ));
        assert!(
            agree(comparison, &ours, &theirs),
            "request {number}\nours:   {}\ntheirs: {}\nbefore:\n{}",
            ours.escape_ascii(),
            theirs.escape_ascii(),
            log[log.len().saturating_sub(20)..].join("\n"),
        );
        match arguments[0] {
            b"MULTI" if theirs == b"+OK\r\n" => in_transaction[client] = true,
            b"EXEC" | b"DISCARD" if theirs != b"+QUEUED\r\n" => in_transaction[client] = false,
            _ => {}
        }
    }
}

#[test]
fn sessions_by_hand_get_the_same_bytes() {
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let answer = |address, session: &[u8]| {
        let mut client = Raw::connect(address);
        client.send(session);
        client.finish()
    };
    for session in sessions::all() {
        let [ours, theirs] = [server.address, redis.address].map(|address| {
            let keys = [
                request(&[b"MSET", b"s", b"text", b"n", b"42"]),
                request(&[b"DEL", b"h"]),
            ];
            answer(
                address,
                &[keys.concat(), request(&[b"HSET", b"h", b"f", b"v"])].concat(),
            );
            answer(address, &session)
        });
        assert_eq!(
            ours.escape_ascii().to_string(),
            theirs.escape_ascii().to_string(),
            "to {}",
            session[..session.len().min(200)].escape_ascii()
        );
    }
}

/// In batches, as a client with a pipeline sends them.
#[test]
fn random_requests_for_collections_get_the_same_replies() {
    const BATCHES: usize = 4_000;
    const BATCH: usize = 50;
    const SEED: u64 = 3;
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let (mut ours, mut theirs) = (server.raw(), Raw::connect(redis.address));
    let mut random = Random(SEED);
    let mut log: Vec<String> = Vec::new();
    for side in [&mut ours, &mut theirs] {
        assert_eq!(side.ask(&[b"SET", b"string", b"text"]), b"+OK\r\n");
    }
    for _ in 0..BATCHES {
        let drawn: Vec<_> = (0..BATCH)
            .map(|_| collection_request::draw(&mut random))
            .collect();
        let requests = drawn.iter().map(|(arguments, _)| {
            let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
            request(&arguments)
        });
        let requests: Vec<u8> = requests.flatten().collect();
        ours.send(&requests);
        theirs.send(&requests);
        for (arguments, comparison) in drawn {
            let (ours, theirs) = (ours.reply(), theirs.reply());
            let shown: Vec<_> = arguments
                .iter()
                .map(|argument| argument.escape_ascii().to_string())
                .collect();
            log.push(format!("{}  →  {}", shown.join(" "), theirs.escape_ascii()));
            assert!(
                agree(comparison, &ours, &theirs),
                "request {}\nours:   {}\ntheirs: {}\nbefore:\n{}",
                log.len(),
                ours.escape_ascii(),
                theirs.escape_ascii(),
                log[log.len().saturating_sub(20)..].join("\n"),
            );
        }
    }
}
