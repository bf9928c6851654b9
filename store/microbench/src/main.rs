//! Single operations of the store and of the [boxed reference](support::reference), by Criterion.
//!
//! A million keys of 16 bytes with values of 32 bytes, drawn at random. For a comparison of the two take
//! `versus`, which alternates them.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark stops where something is wrong"
)]

mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use store::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount};
use support::reference::Reference;
use support::workload::{NOW, Random, key, letters};
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

const KEYS: u32 = 1_000_000;
const VALUE: usize = 32;
const NOW_MILLIS: Millis = Millis(NOW);

fn store(criterion: &mut Criterion) {
    let letters = letters();
    let keyspace = Keyspace::new(HashKey::from_seed(1), ShardCount::ONE);
    let set = |number: u32, at: usize| {
        let name = key(number);
        let key = keyspace.key(&name);
        let value = letters.get(at..at + VALUE).unwrap();
        let mut shard = keyspace.lock(key);
        shard
            .set(key, value, ExpiryChange::Clear, NOW_MILLIS)
            .unwrap();
    };
    for number in 0..KEYS {
        set(number, 0);
    }
    let mut random = Random(1);
    let mut group = criterion.benchmark_group("store");
    group.bench_function("get", |bench| {
        bench.iter(|| {
            let name = key(random.below(KEYS));
            let key = keyspace.key(&name);
            black_box(
                keyspace
                    .lock(key)
                    .string(key, NOW_MILLIS)
                    .unwrap()
                    .is_some(),
            )
        });
    });
    group.bench_function("miss", |bench| {
        bench.iter(|| {
            let name = key(KEYS + random.below(KEYS));
            let key = keyspace.key(&name);
            black_box(
                keyspace
                    .lock(key)
                    .string(key, NOW_MILLIS)
                    .unwrap()
                    .is_some(),
            )
        });
    });
    group.bench_function("overwrite", |bench| {
        bench.iter(|| set(random.below(KEYS), 1));
    });
    group.bench_function("delete and insert", |bench| {
        bench.iter(|| {
            let number = random.below(KEYS);
            let name = key(number);
            let key = keyspace.key(&name);
            black_box(keyspace.lock(key).remove(key, NOW_MILLIS));
            set(number, 2);
        });
    });
    group.finish();
}

fn boxed(criterion: &mut Criterion) {
    let letters = letters();
    let reference = Reference::new(1);
    let set = |number: u32, at: usize| {
        reference.set(&key(number), letters.get(at..at + VALUE).unwrap(), None)
    };
    for number in 0..KEYS {
        set(number, 0);
    }
    let mut random = Random(1);
    let mut group = criterion.benchmark_group("boxed");
    group.bench_function("get", |bench| {
        bench.iter(|| {
            reference.get(&key(random.below(KEYS)), NOW, |bytes| {
                black_box(bytes.len());
            })
        });
    });
    group.bench_function("miss", |bench| {
        bench.iter(|| reference.get(&key(KEYS + random.below(KEYS)), NOW, |_| ()));
    });
    group.bench_function("overwrite", |bench| {
        bench.iter(|| set(random.below(KEYS), 1));
    });
    group.bench_function("delete and insert", |bench| {
        bench.iter(|| {
            let number = random.below(KEYS);
            black_box(reference.remove(&key(number)));
            set(number, 2)
        });
    });
    group.finish();
}

criterion_group!(benches, store, boxed);
criterion_main!(benches);
