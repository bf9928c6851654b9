//! `probe`: counts what the store costs, for a performance gate to compare.
//!
//! `probe memory` prints bytes per key as one JSON object a line:
//!
//! | case | key | value |
//! |---|---|---|
//! | `int` | 16 bytes | an integer |
//! | `embstr` | 16 bytes | 16 bytes |
//! | `b32` | 16 bytes | 32 bytes |
//! | `b128` | 16 bytes | 128 bytes |
//! | `b128ttl` | 16 bytes | 128 bytes, and an expiry |
//! | `raw` | 16 bytes | 256 bytes |
//!
//! `int_1m` and so on are the same with other numbers of keys: see `growth`. Collections are in
//! `collections`, what overwrites do in `churn`. `probe ops` does operations for an instruction
//! counter to count: `ops`.
//!
//! A number is what the allocator handed out for a keyspace and its keys, tables included, divided
//! by the keys. It is a count: keys, hashes and allocations are the same in every run, and so is the
//! last digit. The counters are those of the thread, which know the size of every allocation as it is
//! rounded and nothing of what other threads or the allocator's caches hold. What a number is made of is
//! told beside it, as the store counts its parts; they are what the allocator counts, or there is no number.

#[path = "probe/churn.rs"]
mod churn;
#[path = "probe/collections.rs"]
mod collections;
#[path = "probe/growth.rs"]
mod growth;
#[path = "probe/ops.rs"]
mod ops;
#[path = "probe/taken.rs"]
mod taken;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::process::ExitCode;

use collections::Collection;
use ops::Class;
use taken::{LiveBytes, PerKey, Taken};

use clap::{Parser, Subcommand};
use serde::Serialize;
use store::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount};
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// The seed of the hash key: any will do, as long as it is the same in base and head.
const HASH_SEED: u64 = 0x5EED;
/// The time at which everything happens.
const NOW: Millis = Millis(1_700_000_000_000);
/// The time at which keys expire that do.
const EXPIRY: Millis = Millis(1_800_000_000_000);
/// Counts what the store costs, one JSON object a line
#[derive(Parser)]
#[command(version)]
struct Args {
    #[command(subcommand)]
    probe: Probe,
}

#[derive(Subcommand)]
enum Probe {
    /// Bytes per key, by class of value
    Memory {
        /// Number of keys, instead of all that are counted otherwise
        #[arg(long, value_name = "N")]
        keys: Option<NonZeroU32>,
    },
    /// Operations of one class, from request to reply, for an instruction counter to count
    Ops {
        /// What an operation is
        #[arg(long)]
        class: Class,
        /// Number of operations
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(ops::COUNT_MAX)))]
        count: u32,
    },
}

/// A class of values.
#[derive(Clone, Copy)]
enum Case {
    Int,
    Embstr,
    B32,
    B128,
    B128Ttl,
    Raw,
}

impl Case {
    const ALL: [Self; 6] = [
        Self::Int,
        Self::Embstr,
        Self::B32,
        Self::B128,
        Self::B128Ttl,
        Self::Raw,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Embstr => "embstr",
            Self::B32 => "b32",
            Self::B128 => "b128",
            Self::B128Ttl => "b128ttl",
            Self::Raw => "raw",
        }
    }

    fn value(self, number: u32) -> String {
        match self {
            Self::Int => format!("{number}"),
            Self::Embstr => format!("value:{number:010}"),
            Self::B32 => format!("value:{number:026}"),
            Self::B128 | Self::B128Ttl => format!("value:{number:0122}"),
            Self::Raw => format!("value:{number:0250}"),
        }
    }

    const fn expiry(self) -> ExpiryChange {
        match self {
            Self::B128Ttl => ExpiryChange::At(EXPIRY),
            _ => ExpiryChange::Clear,
        }
    }
}

/// One line of output.
#[derive(Serialize)]
struct Line {
    case: String,
    value: f64,
    unit: &'static str,
    parts: BTreeMap<&'static str, f64>,
}

/// Why there is no number.
#[derive(Debug, thiserror::Error)]
enum ProbeError {
    #[error("failed to read the allocator's counters: {0}")]
    Allocator(tikv_jemalloc_ctl::Error),
    #[error("failed to set a key: {0}")]
    Store(#[from] store::StoreError),
    #[error("{set} keys were set and {there} are there")]
    KeysLost { set: NonZeroU32, there: usize },
    #[error("{0} live bytes after filling the store make no sense")]
    Implausible(u64),
    #[error("the allocator counts {allocated} bytes, and the parts of the store come to {counted}")]
    Parts { allocated: u64, counted: usize },
    #[error("{keys} keys took {first} bytes at first and {second} the second time")]
    NotRepeated { keys: u32, first: u64, second: u64 },
    #[error("failed to read the allocator's counters: {0}")]
    Memory(server::state::MemoryError),
    #[error("{reply:?} is not what {request:?} should be answered")]
    Reply { request: String, reply: String },
    #[error(
        "{step} operations of this class are done at once: --count must be a multiple of {step}, not {count}"
    )]
    Count { count: u32, step: u32 },
    #[error("a sweep removed {0} keys")]
    Swept(usize),
    #[error("failed to write: {0}")]
    Output(#[from] io::Error),
    #[error("failed to print a line: {0}")]
    Json(#[from] serde_json::Error),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().probe {
        Probe::Memory { keys } => memory(keys),
        Probe::Ops { class, count } => ops::run(class, count),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is closed, too.
            let _ = writeln!(io::stderr(), "probe: {error}");
            ExitCode::from(2)
        }
    }
}

fn memory(keys: Option<NonZeroU32>) -> Result<(), ProbeError> {
    let mut out = io::stdout().lock();
    for case in Case::ALL {
        let counts = match keys {
            Some(keys) => vec![("", bytes_per_key(keys, || fill(case, keys))?)],
            None => growth::counts(case)?,
        };
        for (suffix, bytes) in counts {
            print(&mut out, format!("{}{suffix}", case.name()), bytes)?;
        }
    }
    let count = keys.or(NonZeroU32::new(collections::COUNT));
    for (collection, count) in Collection::ALL.into_iter().zip(std::iter::repeat(count)) {
        if let Some(count) = count {
            let bytes = bytes_per_key(count, || fill_collections(collection, count))?;
            print(&mut out, collection.name().to_owned(), bytes)?;
        }
    }
    if let Some(count) = keys.or(NonZeroU32::new(churn::COUNT)) {
        for (case, bytes) in churn::counts(count)? {
            print(&mut out, case.to_owned(), bytes)?;
        }
    }
    Ok(out.flush()?)
}

fn print(out: &mut impl Write, case: String, per_key: PerKey) -> Result<(), ProbeError> {
    let PerKey { value, parts } = per_key;
    let line = Line {
        case,
        value,
        unit: "B",
        parts,
    };
    serde_json::to_writer(&mut *out, &line)?;
    Ok(writeln!(out)?)
}

/// What a keyspace and its keys allocate, divided by the keys.
fn bytes_per_key(
    keys: NonZeroU32,
    fill: impl FnOnce() -> Result<Keyspace, ProbeError>,
) -> Result<PerKey, ProbeError> {
    let live = LiveBytes::begin()?;
    let keyspace = fill()?;
    let taken = Taken::by(&keyspace, live.since())?;
    let there = keyspace.len();
    if u32::try_from(there) != Ok(keys.get()) {
        return Err(ProbeError::KeysLost { set: keys, there });
    }
    taken.per_key(keys)
}

/// A fresh keyspace, as a server with one thread has it.
fn empty() -> Keyspace {
    Keyspace::new(HashKey::from_seed(HASH_SEED), ShardCount::ONE)
}

/// Puts in one key.
fn put(keyspace: &Keyspace, case: Case, number: u32) -> Result<(), ProbeError> {
    let name = format!("key:{number:012}");
    let key = keyspace.key(name.as_bytes());
    let value = case.value(number);
    let mut shard = keyspace.lock(key);
    Ok(shard.set(key, value.as_bytes(), case.expiry(), NOW)?)
}

/// The same with `keys` keys.
fn fill(case: Case, keys: NonZeroU32) -> Result<Keyspace, ProbeError> {
    let keyspace = empty();
    for number in 0..keys.get() {
        put(&keyspace, case, number)?;
    }
    Ok(keyspace)
}

/// The same with `count` collections.
fn fill_collections(collection: Collection, count: NonZeroU32) -> Result<Keyspace, ProbeError> {
    let keyspace = empty();
    for number in 0..count.get() {
        let name = format!("key:{number:012}");
        let key = keyspace.key(name.as_bytes());
        collection.fill(&mut keyspace.lock(key), key, number)?;
    }
    Ok(keyspace)
}

#[cfg(test)]
mod tests {
    use store::{End, MemoryParts};

    use super::*;

    /// What a keyspace with its keys takes, by its own account, which is the allocator's.
    fn counted(fill: impl FnOnce() -> Keyspace) -> MemoryParts {
        let live = LiveBytes::begin().unwrap();
        let keyspace = fill();
        let allocated = live.since();
        let used = keyspace.used_bytes() + keyspace.own_bytes();
        assert_eq!(u64::try_from(used), Ok(allocated));
        Taken::by(&keyspace, allocated).unwrap();
        let refused = matches!(
            Taken::by(&keyspace, allocated + 8),
            Err(ProbeError::Parts { counted, .. }) if counted == used
        );
        assert!(refused, "parts that are not the whole");
        let parts = keyspace.memory_parts();
        drop(keyspace);
        assert_eq!(live.since(), 0, "everything is given back");
        parts
    }

    #[test]
    fn the_store_counts_as_the_allocator_does() {
        for case in Case::ALL {
            for keys in [1, 100, 20_000, 30_000] {
                let parts = counted(|| fill(case, NonZeroU32::new(keys).unwrap()).unwrap());
                assert_eq!(parts.collections, 0, "strings are no collections");
                let text = 16 + case.value(7).len();
                let least = match case {
                    // Digits are packed.
                    Case::Int => 16,
                    _ => text,
                };
                let keys = usize::try_from(keys).unwrap();
                let range = least * keys..=(text + 10) * keys;
                assert!(range.contains(&parts.entries), "{parts:?} {range:?}");
            }
        }
    }

    /// Small ones, one of each kind that has outgrown its entry, and what remains of it without its key.
    #[test]
    fn collections_are_counted_as_the_allocator_does() {
        for collection in Collection::ALL {
            let small = NonZeroU32::new(3_000).unwrap();
            let parts = counted(|| fill_collections(collection, small).unwrap());
            assert_eq!(parts.collections, 0, "packed in their entries");
            let parts = counted(|| {
                let keyspace = fill_collections(collection, small).unwrap();
                outgrow(&keyspace, collection);
                keyspace
            });
            assert!(parts.collections > 20_000 * 20, "{parts:?}");
            for freed in [0, 1, 7777, 19_999] {
                let parts = counted(|| {
                    let keyspace = fill_collections(collection, small).unwrap();
                    outgrow(&keyspace, collection);
                    let key = keyspace.key(b"large");
                    assert!(keyspace.lock(key).remove(key, NOW));
                    keyspace.free_remains(freed);
                    keyspace
                });
                assert!(parts.collections > 0, "{freed} of what remains are freed");
            }
        }
    }

    /// Fills one more collection with 20,000 elements of 20 bytes.
    fn outgrow(keyspace: &Keyspace, collection: Collection) {
        let (key, now) = (keyspace.key(b"large"), NOW);
        for number in 0..20_000 {
            let mut shard = keyspace.lock(key);
            let text = format!("{number:x>20}");
            let text = text.as_bytes();
            match collection {
                Collection::Hash => shard.hash_set(key, text, text, now).map(|_| ()),
                Collection::List => shard.edit_list(key, now, |l| l.push(End::Front, text)),
                Collection::Set => shard.edit_members(key, now, |set| {
                    set.insert(text);
                }),
                Collection::Zset => shard.edit_zset(key, now, |zset| {
                    zset.insert(text, number.into());
                }),
            }
            .unwrap();
        }
    }

    #[test]
    fn values_have_the_size_of_their_class() {
        assert_eq!(Case::Int.value(7), "7");
        let cases = [
            Case::Embstr,
            Case::B32,
            Case::B128,
            Case::B128Ttl,
            Case::Raw,
        ];
        let lengths = cases.map(|case| case.value(u32::MAX).len());
        assert_eq!(lengths, [16, 32, 128, 128, 256]);
    }

    #[test]
    fn two_counts_agree_to_the_last_bit() {
        let keys = NonZeroU32::new(1000).unwrap();
        for case in Case::ALL {
            let [first, second] = [0, 1].map(|_| bytes_per_key(keys, || fill(case, keys)).unwrap());
            assert_eq!(first, second);
        }
        for collection in Collection::ALL {
            let [first, second] =
                [0, 1].map(|_| bytes_per_key(keys, || fill_collections(collection, keys)).unwrap());
            assert_eq!(first, second);
        }
    }
}
