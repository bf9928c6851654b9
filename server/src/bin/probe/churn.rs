//! Bytes per key after overwrites with values of other lengths.
//!
//! | case | what was done |
//! |---|---|
//! | `churn` | values of 16 to 512 bytes, three times as many overwrites as keys |
//! | `churn_deleted` | then every second key deleted, in no order: bytes for each key that is left, at once |
//! | `churn_half` | the same once those that are left were moved together, as the server does between requests |
//!
//! Keys and values come to 280 bytes a key. What `churn_deleted` takes more than `churn_half` is what deletes
//! leave to the time between requests: they move entries themselves only where far more is free.

use std::num::NonZeroU32;

use store::{ExpiryChange, Keyspace};

use super::{LiveBytes, NOW, PerKey, ProbeError, Taken, empty};

/// Number of keys, unless the command line says otherwise.
pub(super) const COUNT: u32 = 200_000;
const OVERWRITES_PER_KEY: u64 = 3;

/// Bytes per key by case.
pub(super) fn counts(keys: NonZeroU32) -> Result<[(&'static str, PerKey); 3], ProbeError> {
    let live = LiveBytes::begin()?;
    let keyspace = empty();
    let mut random = 42;
    for number in 0..keys.get() {
        overwrite(&keyspace, number, draw(&mut random))?;
    }
    for _ in 0..OVERWRITES_PER_KEY * u64::from(keys.get()) {
        let number = ((draw(&mut random) >> 32) * u64::from(keys.get())) >> 32;
        let number = u32::try_from(number).unwrap_or_default();
        overwrite(&keyspace, number, draw(&mut random))?;
    }
    let churned = Taken::by(&keyspace, live.since())?;
    for number in 0..keys.get() {
        if draw(&mut random) >> 63 == 0 {
            let name = format!("key:{number:012}");
            let key = keyspace.key(name.as_bytes());
            keyspace.lock(key).remove(key, NOW);
        }
    }
    let deleted = Taken::by(&keyspace, live.since())?;
    while keyspace.compact(server::FREE_PERCENT) > 0 {}
    let left = u32::try_from(keyspace.len()).ok().and_then(NonZeroU32::new);
    let halved = Taken::by(&keyspace, live.since())?;
    let left = left.unwrap_or(keys);
    // Divided at last: what that allocates is none of the keyspace's.
    Ok([
        ("churn", churned.per_key(keys)?),
        ("churn_deleted", deleted.per_key(left)?),
        ("churn_half", halved.per_key(left)?),
    ])
}

fn overwrite(keyspace: &Keyspace, number: u32, random: u64) -> Result<(), ProbeError> {
    const LETTERS: [u8; 512] = [b'v'; 512];
    let name = format!("key:{number:012}");
    let key = keyspace.key(name.as_bytes());
    let len = usize::try_from(16 + (random >> 32) % 497).unwrap_or_default();
    let value = LETTERS.get(..len).unwrap_or(&LETTERS);
    Ok(keyspace
        .lock(key)
        .set(key, value, ExpiryChange::Clear, NOW)?)
}

/// A number that looks random (`SplitMix64`), and the same in every run.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}
