//! The store beside the [boxed reference](support::reference), in one process.
//!
//! `versus speed [ROUNDS]`: operations on a million keys in random order, 16-byte keys and 32-byte values.
//! The two take turns of 20,000 operations, in an order that changes from turn to turn, so that what
//! else the machine does meets both. Each round is a fresh process: a heap that was used before is another
//! matter. Printed is the CPU time of the thread for one operation: the median of
//! the rounds, and the median and the range of the ratio within a round.
//!
//! `versus tail`: CPU time of every single insert on the way to two million keys.
//!
//! Build with `cargo bench -p store --bench versus --no-run`, run on a quiet machine.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::expect_used,
    missing_docs,
    reason = "a program that measures stops where something is wrong"
)]

mod support;

use std::hint::black_box;
use std::io::{self, Write};
use std::process::Command;

use rustix::time::{ClockId, clock_gettime};
use store::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount, StringRef};
use support::reference::Reference;
use support::workload::{NOW, Random, key, letters};
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

const KEYS: u32 = 1_000_000;
const TAIL_KEYS: u32 = 2_000_000;
const VALUE: usize = 32;
/// Operations of one design until it is the other's turn.
const TURN: usize = 20_000;
const ROUNDS: usize = 7;

/// What both designs do.
trait Design {
    fn set(&self, key: &[u8], value: &[u8]);
    fn get(&self, key: &[u8]) -> bool;
    fn remove(&self, key: &[u8]) -> bool;
}

impl Design for Keyspace {
    fn set(&self, key: &[u8], value: &[u8]) {
        let key = self.key(key);
        let mut shard = self.lock(key);
        shard
            .set(key, value, ExpiryChange::Clear, Millis(NOW))
            .unwrap();
    }

    fn get(&self, key: &[u8]) -> bool {
        let key = self.key(key);
        let mut shard = self.lock(key);
        match shard.string(key, Millis(NOW)).unwrap() {
            Some(StringRef::Bytes(bytes)) => black_box(bytes[0]) != 0,
            Some(StringRef::Int(_)) | None => false,
        }
    }

    fn remove(&self, key: &[u8]) -> bool {
        let key = self.key(key);
        self.lock(key).remove(key, Millis(NOW))
    }
}

impl Design for Reference {
    fn set(&self, key: &[u8], value: &[u8]) {
        black_box(Self::set(self, key, value, None));
    }

    fn get(&self, key: &[u8]) -> bool {
        Self::get(self, key, NOW, |bytes| {
            black_box(bytes[0]);
        })
    }

    fn remove(&self, key: &[u8]) -> bool {
        Self::remove(self, key)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Insert,
    Get,
    Miss,
    Overwrite,
    Resize,
    Delete,
}

impl Operation {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Insert, "insert", "0.80"),
        (Self::Get, "get", "0.85"),
        (Self::Miss, "get that misses", "1.50"),
        (Self::Overwrite, "overwrite, same length", "0.85"),
        (Self::Resize, "overwrite, 16 to 48 bytes", "0.85"),
        (Self::Delete, "delete", "0.80"),
    ];

    /// Does it for the keys of one turn.
    fn run(self, design: &impl Design, numbers: &[u32], letters: &[u8]) {
        for number in numbers {
            let start = *number as usize % (1 << 15);
            let len = match self {
                Self::Resize => VALUE - 16 + number.wrapping_mul(2_654_435_761) as usize % 33,
                _ => VALUE,
            };
            match self {
                Self::Insert | Self::Overwrite | Self::Resize => {
                    design.set(&key(*number), &letters[start..start + len]);
                }
                Self::Get => assert!(design.get(&key(*number)), "a key is lost"),
                Self::Miss => assert!(!design.get(&key(KEYS + *number)), "a key from nowhere"),
                Self::Delete => assert!(design.remove(&key(*number)), "a key is lost"),
            }
        }
    }
}

/// CPU time of this thread, in nanoseconds.
fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap() * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap()
}

fn timed(act: impl FnOnce()) -> u64 {
    let before = cpu_ns();
    act();
    cpu_ns() - before
}

/// Prints the nanoseconds of the store and of the reference for all keys, an operation a line.
fn round(seed: u64, out: &mut impl Write) -> io::Result<()> {
    let (letters, mut random) = (letters(), Random(seed));
    let store = Keyspace::new(HashKey::from_seed(random.draw()), ShardCount::ONE);
    let reference = Reference::new(random.draw());
    for (operation, ..) in Operation::ALL {
        let order = random.order(KEYS);
        let [mut of_store, mut of_reference] = [0; 2];
        for turn in order.chunks(TURN) {
            let first = random.below(2);
            for arm in [first, 1 - first] {
                if arm == 0 {
                    of_store += timed(|| operation.run(&store, turn, &letters));
                } else {
                    of_reference += timed(|| operation.run(&reference, turn, &letters));
                }
            }
        }
        writeln!(out, "{of_store} {of_reference}")?;
    }
    Ok(())
}

/// The same in a process of its own.
fn round_apart(seed: u64) -> io::Result<Vec<[u64; 2]>> {
    let program = std::env::current_exe()?;
    let output = Command::new(program)
        .args(["round", &seed.to_string()])
        .output()?;
    assert!(output.status.success(), "a round failed: {output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let pair = |line: &str| {
        let (store, reference) = line.split_once(' ').unwrap();
        [store.parse().unwrap(), reference.parse().unwrap()]
    };
    Ok(lines.lines().map(pair).collect())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn speed(rounds: usize, out: &mut impl Write) -> io::Result<()> {
    let rounds = (0..rounds as u64)
        .map(round_apart)
        .collect::<io::Result<Vec<_>>>()?;
    writeln!(
        out,
        "| operation | store, ns | boxed, ns | ratio | range of {} rounds | wanted |",
        rounds.len()
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for (at, (_, name, wanted)) in Operation::ALL.iter().enumerate() {
        let of = |arm: usize| {
            let mut all: Vec<_> = rounds
                .iter()
                .map(|r| r[at][arm] as f64 / f64::from(KEYS))
                .collect();
            median(&mut all)
        };
        let mut ratios: Vec<_> = rounds
            .iter()
            .map(|r| r[at][0] as f64 / r[at][1] as f64)
            .collect();
        let middle = median(&mut ratios);
        writeln!(
            out,
            "| {name} | {:.0} | {:.0} | {middle:.3} | {:.3}–{:.3} | ≤ {wanted} |",
            of(0),
            of(1),
            ratios[0],
            ratios[ratios.len() - 1]
        )?;
    }
    Ok(())
}

fn tail(out: &mut impl Write) -> io::Result<()> {
    let (letters, mut random) = (letters(), Random(2));
    let order = random.order(TAIL_KEYS);
    let clock: u64 = (0..1000).map(|_| timed(|| ())).min().unwrap_or_default();
    writeln!(
        out,
        "CPU time of each of {TAIL_KEYS} inserts, reading the clock ({clock} ns) included"
    )?;
    writeln!(
        out,
        "| design | p50 | p99 | p99.9 | p99.99 | longest |\n|---|---|---|---|---|---|"
    )?;
    let store = Keyspace::new(HashKey::from_seed(3), ShardCount::ONE);
    insert_each("store", &store, &order, &letters, out)?;
    drop(store);
    insert_each("boxed", &Reference::new(3), &order, &letters, out)
}

fn insert_each(
    name: &str,
    design: &impl Design,
    order: &[u32],
    letters: &[u8],
    out: &mut impl Write,
) -> io::Result<()> {
    let mut times: Vec<u64> = order
        .iter()
        .map(|number| {
            timed(|| Operation::Insert.run(design, std::slice::from_ref(number), letters))
        })
        .collect();
    times.sort_unstable();
    let us = |part: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank below the length"
        )]
        let rank = (times.len() as f64 * part) as usize;
        times[rank.min(times.len() - 1)] as f64 / 1000.0
    };
    let [p50, p99, p999, p9999, longest] = [0.5, 0.99, 0.999, 0.9999, 1.0].map(us);
    writeln!(
        out,
        "| {name} | {p50:.2} µs | {p99:.2} µs | {p999:.1} µs | {p9999:.1} µs | {longest:.1} µs |"
    )
}

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| word != "--bench")
        .collect();
    let mut out = io::stdout().lock();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            speed(ROUNDS, &mut out)?;
            tail(&mut out)
        }
        ["speed"] => speed(ROUNDS, &mut out),
        ["speed", rounds] => speed(rounds.parse().expect("a number of rounds"), &mut out),
        ["round", seed] => round(seed.parse().expect("a seed"), &mut out),
        ["tail"] => tail(&mut out),
        _ => Err(io::Error::other("versus [speed [ROUNDS] | tail]")),
    }
}
