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

use store::Keyspace;

use super::{Case, LiveBytes, ProbeError, empty, per_key, put};

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
pub(super) fn counts(case: Case) -> Result<Vec<(&'static str, f64)>, ProbeError> {
    counts_at(case, &COUNTS, WORST_OF)
}

fn counts_at(
    case: Case,
    counts: &[(u32, &'static str)],
    worst_of: RangeInclusive<u32>,
) -> Result<Vec<(&'static str, f64)>, ProbeError> {
    let live = LiveBytes::new()?;
    let before = live.read();
    let keyspace: Keyspace = empty();
    let (mut found, mut worst) = (Vec::new(), 0.0_f64);
    for number in 0..*worst_of.end() {
        put(&keyspace, case, number)?;
        let keys = number + 1;
        let named = counts.iter().find(|(count, _)| *count == keys);
        if named.is_none() && !worst_of.contains(&keys) {
            continue;
        }
        let keys = NonZeroU32::MIN.saturating_add(number);
        let bytes = per_key(live.read().wrapping_sub(before), keys)?;
        if let Some((_, name)) = named {
            found.push((*name, bytes));
        }
        if worst_of.contains(&keys.get()) && bytes > worst {
            worst = bytes;
        }
    }
    found.push(("_worst", worst));
    Ok(found)
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
        let (two_thousand, worst) = (found[1].1, found[2].1);
        assert!(two_thousand <= worst && worst < 60.0, "{found:?}");
    }
}
