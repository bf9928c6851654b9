//! Single operations of the store, by Criterion: `cargo run --release -p microbench -- --bench`.
//!
//! Keys of 16 bytes with values of 32 bytes, 300,000 of them, drawn at random; hashes of eight fields. For a
//! comparison with a table of boxes take `cargo bench -p store --bench versus`, which alternates the two.
//!
//! A program and no benchmark of Cargo's: those have a hash in their names, and `budgets.toml` tells artifacts
//! by their paths. It has few dependencies, so that little is built for it, and the system's allocator: the store
//! asks that for pages, not for keys.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a benchmark stops where something is wrong"
)]

#[expect(dead_code, reason = "the other benchmarks draw more")]
#[path = "../../benches/support/workload.rs"]
mod workload;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use store::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount};
use workload::{NOW, Random, key, letters};

const KEYS: u32 = 300_000;
const VALUE: usize = 32;
/// Hashes beside the strings, and fields of each.
const HASHES: u32 = 1_000;
const FIELDS: u32 = 8;
const NOW_MILLIS: Millis = Millis(NOW);

/// A keyspace, and where its values and its order come from.
struct Bench {
    keyspace: Keyspace,
    letters: Vec<u8>,
    random: Random,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            keyspace: Keyspace::new(HashKey::from_seed(1), ShardCount::ONE),
            letters: letters(),
            random: Random(1),
        };
        for number in 0..KEYS {
            bench.set(number, 0);
        }
        for number in KEYS..KEYS + HASHES {
            for field in 0..FIELDS {
                bench.hash_set(number, field, 0);
            }
        }
        bench
    }

    fn set(&self, number: u32, at: usize) {
        let name = key(number);
        let key = self.keyspace.key(&name);
        let value = &self.letters[at..at + VALUE];
        let mut shard = self.keyspace.lock(key);
        shard
            .set(key, value, ExpiryChange::Clear, NOW_MILLIS)
            .unwrap();
    }

    fn has(&self, number: u32) -> bool {
        let name = key(number);
        let key = self.keyspace.key(&name);
        let mut shard = self.keyspace.lock(key);
        shard.string(key, NOW_MILLIS).unwrap().is_some()
    }

    fn remove(&self, number: u32) -> bool {
        let name = key(number);
        let key = self.keyspace.key(&name);
        self.keyspace.lock(key).remove(key, NOW_MILLIS)
    }

    fn hash_set(&self, number: u32, field: u32, at: usize) {
        let name = key(number);
        let key = self.keyspace.key(&name);
        let mut shard = self.keyspace.lock(key);
        let (field, value) = (workload::key(field), &self.letters[at..at + VALUE]);
        shard.hash_set(key, &field, value, NOW_MILLIS).unwrap();
    }

    fn any(&mut self) -> u32 {
        self.random.below(KEYS)
    }
}

fn main() {
    let mut bench = Bench::new();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("store");
    group.throughput(Throughput::Elements(1));
    group.bench_function("get", |timer| {
        timer.iter(|| {
            let number = bench.any();
            black_box(bench.has(number))
        });
    });
    group.bench_function("miss", |timer| {
        timer.iter(|| {
            let number = KEYS + HASHES + bench.any();
            black_box(bench.has(number))
        });
    });
    group.bench_function("overwrite", |timer| {
        timer.iter(|| {
            let number = bench.any();
            bench.set(number, 1);
        });
    });
    group.bench_function("delete_and_insert", |timer| {
        timer.iter(|| {
            let number = bench.any();
            black_box(bench.remove(number));
            bench.set(number, 2);
        });
    });
    group.bench_function("hash_set", |timer| {
        timer.iter(|| {
            let number = KEYS + bench.random.below(HASHES);
            bench.hash_set(number, number % FIELDS, 3);
        });
    });
    group.finish();
    criterion.final_summary();
}
