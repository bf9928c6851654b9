//! Many keys that expire at the same moment, on a running server: when their memory is back, and how long
//! other requests wait meanwhile.
//!
//! `expiry [KEYS]`: a million keys unless told otherwise, of 16 bytes with values of 64, of which every tenth
//! expires at one moment. One connection asks GET after GET for keys that stay, each when the one before was
//! answered. Every 20 ms it asks for the number of keys and for `used_memory` instead, which is not timed.
//!
//! | window | |
//! |---|---|
//! | `quiet` | two seconds before that moment: what the machine itself does to a request |
//! | `expiring` | two seconds from it on |
//!
//! Memory is back once it is within a half percent of what it is two seconds after that moment.

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
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use support::{Client, Server, draw};

const KEYS: u32 = 1_000_000;
/// Every so manyth key expires.
const EXPIRES_ONE_IN: u32 = 10;
const VALUE: &str = "sixty-four bytes of a value that nobody reads but for its length";
const PIPELINE: u32 = 1000;
const WINDOW: Duration = Duration::from_secs(2);
const SAMPLE: Duration = Duration::from_millis(20);
/// From now on until all keys are there.
const LOADING: Duration = Duration::from_secs(20);

/// What a window saw.
#[derive(Default)]
struct Window {
    /// Microseconds from a request to its answer.
    waits: Vec<f64>,
    /// Since the window began, with keys and bytes.
    samples: Vec<(Duration, u64, u64)>,
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn load(client: &mut Client, keys: u32, expiry: Duration) {
    let mut requests = Vec::new();
    for key in 0..keys {
        let head = format!("SET\r\n$16\r\nkey:{key:012}\r\n$64\r\n{VALUE}\r\n");
        if key % EXPIRES_ONE_IN == 0 {
            let at = expiry.as_millis();
            write!(requests, "*5\r\n$3\r\n{head}$4\r\nPXAT\r\n$13\r\n{at}\r\n").unwrap();
        } else {
            write!(requests, "*3\r\n$3\r\n{head}").unwrap();
        }
        if (key + 1) % PIPELINE == 0 || key + 1 == keys {
            client.send(&requests);
            requests.clear();
            (0..=key % PIPELINE).for_each(|_| assert_eq!(client.line(), "+OK\r\n"));
        }
    }
}

fn watch(client: &mut Client, keys: u32, random: &mut u64) -> Window {
    let (mut window, start) = (Window::default(), Instant::now());
    let mut sampled = Duration::ZERO;
    while start.elapsed() < WINDOW {
        let staying = ((draw(random) >> 32) * u64::from(keys / EXPIRES_ONE_IN)) >> 32;
        let key = staying * u64::from(EXPIRES_ONE_IN) + 1;
        let request = format!("*2\r\n$3\r\nGET\r\n$16\r\nkey:{key:012}\r\n");
        let asked = Instant::now();
        client.send(request.as_bytes());
        assert!(client.bulk().is_some(), "a key that stays is there");
        window.waits.push(asked.elapsed().as_secs_f64() * 1e6);
        if start.elapsed().saturating_sub(sampled) >= SAMPLE {
            let (keys, used) = (client.keys(), client.used_memory());
            sampled = start.elapsed();
            window.samples.push((sampled, keys, used));
        }
    }
    window.waits.sort_by(f64::total_cmp);
    window
}

fn main() -> io::Result<()> {
    let words = std::env::args().skip(1).find(|word| word != "--bench");
    let keys = words.map_or(KEYS, |word| word.parse().expect("a number of keys"));
    let mut out = io::stdout().lock();
    let server = Server::ours(&[]);
    let mut client = Client::connect(server.address);
    let mut random = 3;
    let at_start = client.used_memory();
    let expiry = now() + LOADING;
    load(&mut client, keys, expiry);
    let until_quiet = expiry.checked_sub(now() + WINDOW + WINDOW);
    std::thread::sleep(until_quiet.expect("loading took longer than planned"));
    let before = client.used_memory() - at_start;
    let quiet = watch(&mut client, keys, &mut random);
    std::thread::sleep(expiry.saturating_sub(now()));
    let expiring = watch(&mut client, keys, &mut random);

    writeln!(
        out,
        "| window | requests | p50 | p99.9 | longest |\n|---|---|---|---|---|"
    )?;
    for (name, window) in [("quiet", &quiet), ("expiring", &expiring)] {
        let waits = &window.waits;
        let [p50, p999] = [500, 999].map(|part| waits[waits.len() * part / 1000]);
        let longest = waits[waits.len() - 1];
        writeln!(
            out,
            "| {name} | {} | {p50:.0} µs | {p999:.0} µs | {longest:.0} µs |",
            waits.len()
        )?;
    }
    let staying = u64::from(keys - keys.div_ceil(EXPIRES_ONE_IN));
    let (_, _, last) = expiring.samples[expiring.samples.len() - 1];
    let first = |is: &dyn Fn(u64, u64) -> bool| {
        let mut samples = expiring.samples.iter();
        let found = samples.find(|(_, keys, used)| is(*keys, *used));
        found.map_or("never".to_owned(), |(at, ..)| {
            format!("after {} ms", at.as_millis())
        })
    };
    writeln!(
        out,
        "{} keys were removed {}",
        u64::from(keys) - staying,
        first(&|keys, _| keys == staying)
    )?;
    writeln!(
        out,
        "memory was back {}: {:.1} bytes a key before, {:.1} after",
        first(&|_, used| used as f64 <= last as f64 * 1.005),
        before as f64 / f64::from(keys),
        (last - at_start) as f64 / staying as f64
    )
}
