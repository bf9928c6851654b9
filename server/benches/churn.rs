//! Memory of a running server after overwrites, deletes and a flush, by its own count and by the kernel's.
//!
//! `churn [KEYS]`, a million unless told otherwise, 16 bytes each:
//!
//! | step | values |
//! |---|---|
//! | `churned` | 16 to 512 bytes, every key; then three times as many overwrites at random with other lengths |
//! | `shifted` | 600 to 1000 bytes, every key once, in random order |
//! | `halved` | every second key deleted, at random |
//! | `flushed` | none |
//!
//! Live bytes are keys and values. The allocator gives pages back over ten seconds, by a thread that wakes
//! seldom while nothing is asked for, so each step ends with a rest of twenty.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::expect_used,
    missing_docs,
    reason = "a program that measures stops where something is wrong"
)]

mod support;

use std::io::{self, Write};
use std::time::Duration;

use support::{Client, Server, draw};

const KEYS: u32 = 1_000_000;
const PIPELINE: usize = 500;
const REST: Duration = Duration::from_secs(20);

struct Run {
    server: Server,
    client: Client,
    /// Lengths of values by key; 0 for no key.
    lens: Vec<usize>,
    requests: Vec<u8>,
    waiting: usize,
    random: u64,
    before: [u64; 2],
}

impl Run {
    fn start(keys: u32) -> Self {
        let server = Server::ours(&[]);
        let mut client = Client::connect(server.address);
        client.used_memory();
        let before = [client.used_memory(), server.resident()];
        Self {
            server,
            client,
            lens: vec![0; keys as usize],
            requests: Vec::new(),
            waiting: 0,
            random: 42,
            before,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        (((draw(&mut self.random) >> 32) * end as u64) >> 32) as usize
    }

    fn set(&mut self, key: usize, len: usize) {
        const LETTERS: [u8; 1024] = [b'v'; 1024];
        self.lens[key] = len;
        let head = format!("*3\r\n$3\r\nSET\r\n$16\r\nkey:{key:012}\r\n${len}\r\n");
        self.requests.extend_from_slice(head.as_bytes());
        self.requests.extend_from_slice(&LETTERS[..len]);
        self.requests.extend_from_slice(b"\r\n");
        self.asked();
    }

    fn delete(&mut self, key: usize) {
        self.lens[key] = 0;
        let request = format!("*2\r\n$3\r\nDEL\r\n$16\r\nkey:{key:012}\r\n");
        self.requests.extend_from_slice(request.as_bytes());
        self.asked();
    }

    fn asked(&mut self) {
        self.waiting += 1;
        if self.waiting == PIPELINE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.client.send(&self.requests);
        self.requests.clear();
        for _ in 0..std::mem::take(&mut self.waiting) {
            self.client.line();
        }
    }

    fn report(&mut self, step: &str, out: &mut impl Write) -> io::Result<()> {
        self.flush();
        std::thread::sleep(REST);
        let live: usize = self
            .lens
            .iter()
            .filter(|len| **len > 0)
            .map(|len| len + 16)
            .sum();
        let [used, resident] = [self.client.used_memory(), self.server.resident()];
        let (used, resident) = (
            used - self.before[0].min(used),
            resident - self.before[1].min(resident),
        );
        let part = |bytes: u64| {
            if live == 0 {
                f64::NAN
            } else {
                bytes as f64 / live as f64
            }
        };
        writeln!(
            out,
            "| {step} | {live} | {used} | {:.3} | {resident} | {:.3} |",
            part(used),
            part(resident)
        )
    }
}

fn main() -> io::Result<()> {
    let words = std::env::args().skip(1).find(|word| word != "--bench");
    let keys = words.map_or(KEYS, |word| word.parse().expect("a number of keys"));
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| step | live bytes | used_memory | of live | resident | of live |\n|---|---|---|---|---|---|"
    )?;
    let mut run = Run::start(keys);
    let count = keys as usize;
    for key in 0..count {
        let len = 16 + run.below(497);
        run.set(key, len);
    }
    run.report("filled", &mut out)?;
    for _ in 0..3 * count {
        let (key, len) = (run.below(count), 16 + run.below(497));
        run.set(key, len);
    }
    run.report("churned", &mut out)?;
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        order.swap(at, run.below(at + 1));
    }
    for key in &order {
        let len = 600 + run.below(401);
        run.set(*key, len);
    }
    run.report("shifted", &mut out)?;
    for key in &order[count / 2..] {
        run.delete(*key);
    }
    run.report("halved", &mut out)?;
    run.client.send(b"*1\r\n$8\r\nFLUSHALL\r\n");
    run.client.line();
    run.lens.fill(0);
    run.report("flushed", &mut out)
}
