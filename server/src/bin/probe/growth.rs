//! Bytes per key while a keyspace grows to 1,250,000 keys, which are counted at every key on the way.
//!
//! | added to the name of a case | counted at |
//! |---|---|
//! | `_1k`, `_10k` | a thousand keys, ten thousand |
//! | | 300,000 |
//! | `_1m` | a million |
//! | `_worst` | the number of keys from 250,000 on at which a key costs the most |

use std::num::NonZeroU32;
use std::ops::RangeInclusive;

use super::taken::per_key;
use super::{Case, LiveBytes, PerKey, ProbeError, Taken, empty, fill, put};

/// Numbers of keys at which bytes are printed, and what is added to the name.
const COUNTS: [(u32, &str); 4] = [
    (1_000, "_1k"),
    (10_000, "_10k"),
    (300_000, ""),
    (1_000_000, "_1m"),
];
/// Numbers of keys of which the worst is printed.
const WORST_OF: RangeInclusive<u32> = 250_000..=1_250_000;

/// Bytes per key by what is added to the name of the case.
pub(super) fn counts(case: Case) -> Result<Vec<(&'static str, PerKey)>, ProbeError> {
    counts_at(case, &COUNTS, WORST_OF)
}

/// A number of keys, and the bytes that they took.
struct Worst {
    keys: NonZeroU32,
    bytes: u64,
    per_key: f64,
}

fn counts_at(
    case: Case,
    counts: &[(u32, &'static str)],
    worst_of: RangeInclusive<u32>,
) -> Result<Vec<(&'static str, PerKey)>, ProbeError> {
    // Room for what is found, which must not be allocated while the keyspace's bytes are counted.
    let (mut found, mut worst) = (Vec::with_capacity(counts.len()), None::<Worst>);
    let live = LiveBytes::begin()?;
    let keyspace = empty();
    for number in 0..*worst_of.end() {
        put(&keyspace, case, number)?;
        let keys = NonZeroU32::MIN.saturating_add(number);
        let named = counts.iter().find(|(count, _)| *count == keys.get());
        if named.is_none() && !worst_of.contains(&keys.get()) {
            continue;
        }
        let bytes = live.since();
        let per_key = per_key(bytes, keys)?;
        if let Some((_, name)) = named {
            found.push((*name, keys, Taken::by(&keyspace, bytes)?));
        }
        let is_worst = worst.as_ref().is_none_or(|worst| per_key > worst.per_key);
        if worst_of.contains(&keys.get()) && is_worst {
            worst = Some(Worst {
                keys,
                bytes,
                per_key,
            });
        }
    }
    drop(keyspace);
    if let Some(worst) = worst {
        found.push(("_worst", worst.keys, again(case, &worst)?));
    }
    let divided = |(name, keys, taken): (_, _, Taken)| Ok((name, taken.per_key(keys)?));
    found.into_iter().map(divided).collect()
}

/// What so many keys take when they are put in again: to look at every slot whenever there is a worse number
/// would take far longer.
fn again(case: Case, worst: &Worst) -> Result<Taken, ProbeError> {
    let live = LiveBytes::begin()?;
    let keyspace = fill(case, worst.keys)?;
    let taken = Taken::by(&keyspace, live.since())?;
    if taken.bytes != worst.bytes {
        return Err(ProbeError::NotRepeated {
            keys: worst.keys.get(),
            first: worst.bytes,
            second: taken.bytes,
        });
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_the_worst() {
        let counts = [(1000, "_1k"), (2000, "_2k")];
        let found = counts_at(Case::Embstr, &counts, 1500..=3000).unwrap();
        let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["_1k", "_2k", "_worst"]);
        let (two_thousand, worst) = (found[1].1.value, found[2].1.value);
        assert!(two_thousand <= worst && worst < 60.0, "{found:?}");
    }
}
