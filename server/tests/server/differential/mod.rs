//! The same requests to this server and to `redis-server` 7, in RESP2 and in RESP3: the replies are
//! the same bytes, but for what `comparison` lists.
//!
//! Requests whose replies name the server itself (INFO, HELLO, CLIENT ID, COMMAND, CONFIG GET,
//! MEMORY USAGE) are held to their form by other tests. SELECT of a database beyond the first, more
//! than 1,048,576 arguments, and commands that are not offered are errors here and are not sent.
//!
//! Where there is no `redis-server` these tests say so and pass, unless `CI` is `true`.

mod collection_request;
mod comparison;
mod offered;
mod random_request;
mod sessions;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use comparison::{Comparison, agree};

use crate::random::Random;
use crate::support::{Raw, TestServer, request};

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

/// Bytes of a reply that are shown where it is not what was expected, in their middle the first that
/// differs.
const SHOWN: usize = 300;

/// A request that was drawn, and how its replies are compared.
type Drawn = (Vec<Vec<u8>>, Comparison);

/// One client, connected to both servers.
struct Pair {
    ours: Raw,
    theirs: Raw,
    /// Of the requests that a transaction has queued.
    queued: Vec<Comparison>,
}

impl Pair {
    fn connect(server: &TestServer, redis: &Redis, protocol: &str) -> Self {
        let mut pair = Self {
            ours: server.raw(),
            theirs: Raw::connect(redis.address),
            queued: Vec::new(),
        };
        let Self { ours, theirs, .. } = &mut pair;
        for side in [ours, theirs] {
            let hello = side.ask(&[b"HELLO", protocol.as_bytes()]);
            assert_ne!(hello[0], b'-');
        }
        pair
    }

    /// Compares the replies to one request.
    fn compare(&mut self, name: &[u8], comparison: Comparison) -> Result<String, String> {
        let (ours, theirs) = (self.ours.reply(), self.theirs.reply());
        let comparison = match name {
            b"EXEC" => Comparison::Each(std::mem::take(&mut self.queued)),
            _ if theirs == b"+QUEUED\r\n" => {
                self.queued.push(comparison);
                Comparison::Bytes
            }
            _ => comparison,
        };
        if theirs == b"+OK\r\n" && [&b"DISCARD"[..], b"RESET"].contains(&name) {
            self.queued.clear();
        }
        if agree(&comparison, &ours, &theirs) {
            return Ok(theirs.escape_ascii().to_string());
        }
        let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
        let [ours, theirs] = [ours, theirs].map(|reply| {
            let from = same.saturating_sub(SHOWN / 2);
            let shown = &reply[from..reply.len().min(from + SHOWN)];
            shown.escape_ascii().to_string()
        });
        Err(format!("ours:   {ours}\ntheirs: {theirs}"))
    }
}

/// Sends batches of requests to both servers, as clients with a pipeline do, until there were `count`.
fn compare(seed: u64, count: usize, protocol: &str, draw: impl Fn(&mut Random) -> Drawn) {
    const BATCH: usize = 50;
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let mut pairs: Vec<Pair> = (0..2)
        .map(|_| Pair::connect(&server, &redis, protocol))
        .collect();
    let Pair { ours, theirs, .. } = &mut pairs[0];
    for side in [ours, theirs] {
        assert_eq!(side.ask(&[b"SET", b"string", b"text"]), b"+OK\r\n");
    }
    let mut random = Random(seed);
    let mut log: Vec<String> = Vec::new();
    while log.len() < count {
        let client = random.below(pairs.len());
        let drawn: Vec<Drawn> = (0..BATCH).map(|_| draw(&mut random)).collect();
        let requests: Vec<u8> = drawn
            .iter()
            .flat_map(|(arguments, _)| {
                let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
                request(&arguments)
            })
            .collect();
        let pair = &mut pairs[client];
        pair.ours.send(&requests);
        pair.theirs.send(&requests);
        for (arguments, comparison) in drawn {
            let shown: Vec<_> = arguments
                .iter()
                .map(|argument| {
                    argument[..argument.len().min(100)]
                        .escape_ascii()
                        .to_string()
                })
                .collect();
            let shown = format!("{client}: {}", shown.join(" "));
            match pair.compare(&arguments[0], comparison) {
                Ok(reply) => log.push(format!("{shown}  →  {reply}")),
                Err(difference) => panic!(
                    "request {} in RESP{protocol}: {shown}\n{difference}\nbefore:\n{}",
                    log.len(),
                    log[log.len().saturating_sub(20)..].join("\n"),
                ),
            }
        }
    }
}

#[test]
fn requests_for_keys_get_the_same_replies_in_resp2() {
    compare(2, 60_000, "2", random_request::draw);
}

#[test]
fn requests_for_keys_get_the_same_replies_in_resp3() {
    compare(4, 60_000, "3", random_request::draw);
}

#[test]
fn requests_for_collections_get_the_same_replies_in_resp2() {
    compare(3, 100_000, "2", collection_request::draw);
}

#[test]
fn requests_for_collections_get_the_same_replies_in_resp3() {
    compare(5, 100_000, "3", collection_request::draw);
}

#[test]
fn sessions_by_hand_get_the_same_bytes() {
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let answer = |address, protocol: &[u8], session: &[u8]| {
        let mut client = Raw::connect(address);
        client.ask(&[b"HELLO", protocol]);
        client.send(session);
        client.finish()
    };
    let sessions = sessions::all();
    let sessions = [b"2", b"3"]
        .into_iter()
        .flat_map(|protocol| sessions.iter().map(move |session| (protocol, session)));
    for (protocol, session) in sessions {
        let [ours, theirs] = [server.address, redis.address].map(|address| {
            let keys = [
                request(&[b"MSET", b"s", b"text", b"n", b"42"]),
                request(&[b"DEL", b"h"]),
            ];
            answer(
                address,
                b"2",
                &[keys.concat(), request(&[b"HSET", b"h", b"f", b"v"])].concat(),
            );
            answer(address, protocol, session)
        });
        assert_eq!(
            ours.escape_ascii().to_string(),
            theirs.escape_ascii().to_string(),
            "in RESP{} to {}",
            protocol.escape_ascii(),
            session[..session.len().min(200)].escape_ascii()
        );
    }
}
