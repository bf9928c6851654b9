//! Hit ratios beside redis-server: the same requests, the same `maxmemory`, the same policy.
//!
//! `hits [REQUESTS]` starts the server of this package and the `redis-server` on the path, sends both the same
//! trace by the same pipelines, writes every key that a GET misses, and counts. Everything but the number of
//! keys that fit is equal. Two traces over [`KEYS`] keys of 16 bytes, values of 16 to 512 bytes:
//!
//! | trace | requests |
//! |---|---|
//! | zipf | drawn by Zipf's law with exponent 0.99 |
//! | zipf and scans | the same; after every 100,000 of them 20,000 keys that come once |
//!
//! A third of the requests warms up and is not counted. Hits are counts; the time is shown because
//! Redis's clock for `lru` ticks once a second.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::expect_used,
    missing_docs,
    reason = "a program that measures stops where something is wrong"
)]

mod support;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Instant;

use support::{Client, Server, draw};

const KEYS: u32 = 500_000;
const EXPONENT: f64 = 0.99;
const REQUESTS: usize = 3_000_000;
const SCAN_EVERY: usize = 100_000;
const SCAN_LEN: u32 = 20_000;
const MAX_MEMORY: &str = "48mb";
/// Requests on their way at once.
const PIPELINE: usize = 100;
const POLICIES: [&str; 3] = ["allkeys-lru", "allkeys-lfu", "allkeys-random"];

/// Keys by number, as they are asked for.
fn trace(requests: usize, scan_len: u32) -> Vec<u32> {
    let mut sums = Vec::with_capacity(KEYS as usize);
    let mut sum = 0.0;
    for rank in 1..=KEYS {
        sum += f64::from(rank).powf(-EXPONENT);
        sums.push(sum);
    }
    let (mut trace, mut random, mut once) = (Vec::with_capacity(requests), 5, KEYS);
    while trace.len() < requests {
        for _ in 0..SCAN_EVERY {
            let drawn = (draw(&mut random) >> 11) as f64 / (1_u64 << 53) as f64 * sum;
            let rank = sums.partition_point(|sum| *sum < drawn);
            trace.push(u32::try_from(rank).unwrap().min(KEYS - 1));
        }
        trace.extend(once..once + scan_len);
        once += scan_len;
    }
    trace.truncate(requests);
    trace
}

/// Asks for keys, and writes those that are not there; how many were.
fn run(client: &mut Client, keys: &[u32]) -> usize {
    const LETTERS: [u8; 512] = [b'v'; 512];
    let mut requests = String::new();
    for key in keys {
        let _ = write!(requests, "*2\r\n$3\r\nGET\r\n$16\r\nkey:{key:012}\r\n");
    }
    client.send(requests.as_bytes());
    let missed: Vec<u32> = keys
        .iter()
        .copied()
        .filter(|_| client.bulk().is_none())
        .collect();
    let mut requests = Vec::new();
    for key in &missed {
        let len = 16 + (draw(&mut u64::from(*key)) % 497) as usize;
        let head = format!("*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:012}\r\n${len}\r\n");
        requests.extend_from_slice(head.as_bytes());
        requests.extend_from_slice(&LETTERS[..len]);
        requests.extend_from_slice(b"\r\n");
    }
    client.send(&requests);
    for _ in &missed {
        assert_eq!(client.line(), "+OK\r\n");
    }
    keys.len() - missed.len()
}

struct Outcome {
    hit_ratio: f64,
    keys: u64,
    used: u64,
    seconds: f64,
}

fn measure(server: &Server, trace: &[u32]) -> Outcome {
    let mut client = Client::connect(server.address);
    let (warm_up, counted) = trace.split_at(trace.len() / 3);
    let start = Instant::now();
    for keys in warm_up.chunks(PIPELINE) {
        run(&mut client, keys);
    }
    let hits: usize = counted
        .chunks(PIPELINE)
        .map(|keys| run(&mut client, keys))
        .sum();
    Outcome {
        hit_ratio: hits as f64 / counted.len() as f64,
        keys: client.keys(),
        used: client.used_memory(),
        seconds: start.elapsed().as_secs_f64(),
    }
}

fn main() -> io::Result<()> {
    let words = std::env::args().skip(1).find(|word| word != "--bench");
    let requests = words.map_or(REQUESTS, |word| word.parse().expect("a number of requests"));
    let mut out = io::stdout().lock();
    writeln!(out, "maxmemory {MAX_MEMORY}, {requests} requests")?;
    writeln!(
        out,
        "| trace | policy | server | hits | keys held | used | seconds |\n|---|---|---|---|---|---|---|"
    )?;
    for (name, scan_len) in [("zipf", 0), ("zipf and scans", SCAN_LEN)] {
        let trace = trace(requests, scan_len);
        for policy in POLICIES {
            let flags = ["--maxmemory", MAX_MEMORY, "--maxmemory-policy", policy];
            for (kind, server) in [
                ("ours", Server::ours(&flags)),
                ("Redis", Server::redis(&flags)),
            ] {
                let Outcome {
                    hit_ratio,
                    keys,
                    used,
                    seconds,
                } = measure(&server, &trace);
                let (hits, used) = (hit_ratio * 100.0, used as f64 / f64::from(1 << 20));
                writeln!(
                    out,
                    "| {name} | {policy} | {kind} | {hits:.2} % | {keys} | {used:.2} MiB | {seconds:.0} |"
                )?;
            }
        }
    }
    Ok(())
}
