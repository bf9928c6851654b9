//! What a request costs the server itself, without a socket: decode, find, run, reply, with a keyspace
//! far beyond the processor's caches.
//!
//! `requests [ROUNDS]` fills a million keys of 16 bytes with values of 128, and then runs reads of 1, 16
//! and 64 requests for keys drawn at random, as `redis-benchmark -r 1000000 -d 128 -P N` sends them. The
//! reads are made beforehand, 4,000,000 requests for each line. What a line has beside a socket's cost
//! is what this server can save; the time is that of one thread on its own core.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a program that measures stops where something is wrong"
)]

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Instant;

use server::exchange::{Ahead, Exchange};
use server::protocol::Replies;
use server::state::{Settings, State};
use store::Millis;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const KEYS: u64 = 1_000_000;
const REQUESTS: usize = 1 << 18;
const REPEATS: usize = 16;
const REPLIES_KEPT: usize = 256 << 10;
const NOW: Millis = Millis(1_000_000);

/// Appends a request for a key.
type Make = fn(&mut Vec<u8>, u64);

fn get(out: &mut Vec<u8>, key: u64) {
    write!(out, "*2\r\n$3\r\nGET\r\n$16\r\nkey:{key:012}\r\n").unwrap();
}

fn set(out: &mut Vec<u8>, key: u64) {
    let value = [b'v'; 128];
    write!(
        out,
        "*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:012}\r\n$128\r\n{}\r\n",
        value.escape_ascii()
    )
    .unwrap();
}

fn main() {
    let rounds = std::env::args()
        .skip(1)
        .find_map(|word| word.parse().ok())
        .unwrap_or(3);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let state = State::new(Settings::new(address, NonZeroUsize::MIN, 0), NOW).unwrap();
    let mut exchange = Exchange::new(1);
    let (mut ahead, mut replies) = (Ahead::default(), Replies::default());
    let mut run = |read: &[u8]| {
        let (used, _) = exchange.run(&state, NOW, read, &mut ahead, &mut replies);
        assert_eq!(used, read.len());
        assert!(matches!(replies.as_bytes().first(), Some(b'+' | b'$')));
        exchange.rest();
        let len = replies.len();
        replies.clear(REPLIES_KEPT);
        len
    };
    for key in 0..KEYS {
        let mut read = Vec::new();
        set(&mut read, key);
        run(&read);
    }
    let mut random = 7_u64;
    let mut draw = || {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (random >> 33) % KEYS
    };
    let mut out = io::stdout();
    for (name, make, reply) in [("get", get as Make, 136), ("set", set as Make, 5)] {
        for depth in [1, 16, 64] {
            let reads: Vec<Vec<u8>> = (0..REQUESTS / depth)
                .map(|_| {
                    let mut read = Vec::new();
                    (0..depth).for_each(|_| make(&mut read, draw()));
                    read
                })
                .collect();
            for _ in 0..rounds {
                let began = Instant::now();
                for _ in 0..REPEATS {
                    for read in &reads {
                        assert_eq!(run(read), depth * reply);
                    }
                }
                let took = began.elapsed().as_nanos() as f64;
                let each = took / (REQUESTS * REPEATS) as f64;
                writeln!(out, "{name} P={depth:<2} {each:6.1} ns a request").unwrap();
            }
        }
    }
}
