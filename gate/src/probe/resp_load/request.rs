//! Requests encoded ahead, so that the loop that sends them only hands out slices.
//!
//! ```text
//! bytes  *2 GET k7 *2 GET k1 │ *3 SET k9 … *2 GET k7 │ …       one batch = `pipeline` requests
//! ends                       ▲                       ▲
//! ```
//!
//! A request is `GET` with the load's probability, else `SET`; its key has zipf rank r with
//! probability ∝ r^−s, and ranks are dealt to key ids at random, so that the popular keys are not
//! neighbours. The pool is walked in a circle; every arm of a round walks the same one.

use std::io::Write;

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Zipf};

use super::{DataSet, LoadError};
use crate::budget::Load;

/// Requests in a pool: more than a second's worth, so that it does not come round in a slice.
const REQUESTS: u32 = 1 << 17;
/// The size from which a pool is closed early, in bytes: long values would take all memory.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// Batches of encoded requests.
#[derive(Debug)]
pub struct RequestPool {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    pipeline: u32,
}

impl RequestPool {
    /// The requests of one round.
    pub fn new(load: &Load, data: &DataSet, rng: &mut impl Rng) -> Result<Self, LoadError> {
        let bad = |what: String| Err(LoadError::Plan(what));
        if load.pipeline == 0 || load.pipeline > REQUESTS {
            return bad(format!("a pipeline of {}", load.pipeline));
        }
        if !(0.0..=1.0).contains(&load.read_ratio) {
            return bad(format!("a read ratio of {}", load.read_ratio));
        }
        let zipf = Zipf::new(f64::from(data.keys()), load.zipf)
            .map_err(|e| LoadError::Plan(format!("a zipf exponent of {}: {e}", load.zipf)))?;
        let mut id_of_rank: Vec<u32> = (0..data.keys()).collect();
        id_of_rank.shuffle(rng);

        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for _ in 0..REQUESTS / load.pipeline {
            for _ in 0..load.pipeline {
                let id = id_at(&id_of_rank, zipf.sample(rng));
                let read = rng.random_bool(load.read_ratio);
                encode(&mut bytes, id, (!read).then(|| data.value(id)));
            }
            ends.push(bytes.len());
            if bytes.len() >= BYTES_MAX {
                break;
            }
        }
        Ok(Self {
            bytes,
            ends,
            pipeline: load.pipeline,
        })
    }

    /// Requests in a batch.
    #[must_use]
    pub const fn pipeline(&self) -> u32 {
        self.pipeline
    }

    /// How many batches there are before the first comes again.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a batch, counted in a circle.
    #[must_use]
    pub fn batch(&self, index: usize) -> &[u8] {
        let index = index % self.ends.len().max(1);
        let end = self.ends.get(index).copied().unwrap_or_default();
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before).copied())
            .unwrap_or_default();
        self.bytes.get(start..end).unwrap_or_default()
    }
}

/// The key id at a zipf rank, counted from 1 and whole by the distribution's contract.
fn id_at(id_of_rank: &[u32], rank: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is a whole number from 1 to the number of keys, a u32"
    )]
    let index = (rank as usize).saturating_sub(1);
    id_of_rank.get(index).copied().unwrap_or_default()
}

/// Appends a GET, or a SET of `value`, as the protocol's array of bulk strings.
fn encode(bytes: &mut Vec<u8>, id: u32, value: Option<&[u8]>) {
    let key = DataSet::key(id);
    let head: &[u8] = match value {
        None => b"*2\r\n$3\r\nGET\r\n",
        Some(_) => b"*3\r\n$3\r\nSET\r\n",
    };
    bytes.extend_from_slice(head);
    for part in std::iter::once(key.as_bytes()).chain(value) {
        // Writing to a vector cannot fail.
        let _infallible = write!(bytes, "${}\r\n", part.len());
        bytes.extend_from_slice(part);
        bytes.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn pool(load: &Load, seed: u64) -> RequestPool {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let data = DataSet::new(load, &mut rng).unwrap();
        RequestPool::new(load, &data, &mut rng).unwrap()
    }

    /// Words of a batch whose values hold no line ends, by brute force.
    fn words(batch: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(batch);
        text.split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_get_is_encoded_as_the_protocol_has_it() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 42, None);
        assert_eq!(bytes, b"*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n");
        bytes.clear();
        encode(&mut bytes, 7, Some(b"xyz"));
        assert_eq!(
            bytes,
            b"*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000007\r\n$3\r\nxyz\r\n"
        );
    }

    #[test]
    fn the_seed_decides_every_byte() {
        let load = Load {
            keys: 1000,
            ..Load::default()
        };
        assert_eq!(pool(&load, 1).bytes, pool(&load, 1).bytes);
        assert_ne!(pool(&load, 1).bytes, pool(&load, 2).bytes);
    }

    #[test]
    fn batches_hold_the_pipeline_and_come_round() {
        let load = Load {
            keys: 50,
            pipeline: 5,
            read_ratio: 1.0,
            ..Load::default()
        };
        let pool = pool(&load, 3);
        assert_eq!(pool.batches(), (REQUESTS / 5) as usize);
        for index in [0, 1, pool.batches() - 1] {
            let gets = words(pool.batch(index))
                .iter()
                .filter(|w| *w == "GET")
                .count();
            assert_eq!(gets, 5);
        }
        assert_eq!(pool.batch(1), pool.batch(pool.batches() + 1));
        assert_ne!(pool.batch(0), pool.batch(1));
    }

    #[test]
    fn reads_and_popularity_follow_the_load() {
        let load = Load {
            keys: 100,
            value_bytes: 1,
            zipf: 0.99,
            ..Load::default()
        };
        let pool = pool(&load, 4);
        let (mut reads, mut counts) = (0, BTreeMap::new());
        for index in 0..pool.batches() {
            let words = words(pool.batch(index));
            reads += usize::from(words[2] == "GET");
            *counts.entry(words[4].clone()).or_insert(0_usize) += 1;
        }
        let all = pool.batches();
        assert!(
            (890..910).contains(&(reads * 1000 / all)),
            "{reads} of {all}"
        );
        // Σ 1/r^0.99 over r ≤ 100 is 5.30, so the most popular of 100 keys gets 18.9 %.
        let top = counts.values().max().unwrap() * 1000 / all;
        assert!((180..198).contains(&top), "{top} ‰");
        assert_eq!(counts.len(), 100);
    }

    #[test]
    fn long_values_do_not_take_all_memory() {
        let load = Load {
            keys: 10,
            value_bytes: 1 << 20,
            read_ratio: 0.0,
            ..Load::default()
        };
        let pool = pool(&load, 5);
        assert!(pool.bytes.len() < BYTES_MAX + (2 << 20));
    }

    #[test]
    fn impossible_loads_are_refused() {
        let refused = |load: Load| {
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            DataSet::new(&load, &mut rng)
                .and_then(|data| RequestPool::new(&load, &data, &mut rng))
                .unwrap_err()
                .to_string()
        };
        let load = Load::default;
        assert!(
            refused(Load {
                pipeline: 0,
                ..load()
            })
            .contains("pipeline of 0")
        );
        assert!(refused(Load { keys: 0, ..load() }).contains("0 keys"));
        for read_ratio in [-0.1, 1.1, f64::NAN] {
            assert!(
                refused(Load {
                    read_ratio,
                    ..load()
                })
                .contains("read ratio")
            );
        }
        for zipf in [-1.0, f64::NAN] {
            assert!(refused(Load { zipf, ..load() }).contains("zipf"));
        }
    }
}
