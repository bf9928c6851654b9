//! The expiry of an entry.
//!
//! ```text
//! │ 40 bits: milliseconds since 2020-01-01                     │     to November 2054
//! │ 40 bits: 2⁴⁰ − 2                                           │     never
//! │ 40 bits: 2⁴⁰ − 1 │ 64 bits: milliseconds since 1970-01-01  │     any time; 2⁶⁴ − 1 is never
//! ```
//!
//! An entry that must not move when it gets or loses its expiry has the long form from the start.

use crate::time::Millis;

/// 2020-01-01T00:00:00Z.
const EPOCH: Millis = Millis(1_577_836_800_000);
const FAR: u64 = (1 << 40) - 1;
const NEVER: u64 = FAR - 1;
/// The last expiry that has the short form.
pub(crate) const NEAR_MAX: Millis = Millis(EPOCH.0 + NEVER - 1);
const NEAR_LEN: usize = 5;
const FAR_LEN: usize = NEAR_LEN + 8;

const _: () = assert!(FAR == (1 << (NEAR_LEN * 8)) - 1 && FAR_LEN == 13);

/// An expiry as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// In 5 bytes: since the epoch, or never.
    Near(u64),
    /// In 13 bytes: since 1970, or never.
    Far(u64),
}

impl Field {
    /// The longest form, in bytes.
    pub(super) const LEN_MAX: usize = FAR_LEN;

    /// The shortest form.
    pub(super) fn of(expiry: Millis) -> Self {
        match expiry.0.checked_sub(EPOCH.0) {
            Some(near) if near < NEVER => Self::Near(near),
            _ => Self::roomy(Some(expiry)),
        }
    }

    /// The short form, for an expiry that fits it.
    pub(super) fn near(expiry: Option<Millis>) -> Self {
        expiry.map_or(Self::Near(NEVER), Self::of)
    }

    /// The long form.
    pub(super) fn roomy(expiry: Option<Millis>) -> Self {
        Self::Far(expiry.map_or(u64::MAX, |at| at.0.min(u64::MAX - 1)))
    }

    pub(super) const fn expiry(self) -> Option<Millis> {
        match self {
            Self::Near(NEVER) | Self::Far(u64::MAX) => None,
            Self::Near(near) => Some(Millis(EPOCH.0 + near)),
            Self::Far(far) => Some(Millis(far)),
        }
    }

    pub(super) fn to_bytes(self) -> ([u8; FAR_LEN], usize) {
        let (near, far, len) = match self {
            Self::Near(near) => (near, 0, NEAR_LEN),
            Self::Far(far) => (FAR, far, FAR_LEN),
        };
        let mut bytes = [0; FAR_LEN];
        let (head, tail) = bytes.split_at_mut(NEAR_LEN);
        for (place, byte) in head.iter_mut().zip(near.to_le_bytes()) {
            *place = byte;
        }
        tail.copy_from_slice(&far.to_le_bytes());
        (bytes, len)
    }

    #[inline]
    pub(super) fn read(blob: &[u8], start: usize) -> Option<Self> {
        let near = read_near(blob, start)?;
        if near != FAR {
            return Some(Self::Near(near));
        }
        let far = blob.get(start + NEAR_LEN..)?.first_chunk()?;
        Some(Self::Far(u64::from_le_bytes(*far)))
    }

    #[inline]
    pub(super) fn len_at(blob: &[u8], start: usize) -> Option<usize> {
        let near = read_near(blob, start)?;
        Some(if near == FAR { FAR_LEN } else { NEAR_LEN })
    }
}

#[inline]
fn read_near(blob: &[u8], start: usize) -> Option<u64> {
    let field = blob.get(start..)?.first_chunk::<NEAR_LEN>()?;
    let mut bytes = [0; 8];
    for (place, byte) in bytes.iter_mut().zip(field) {
        *place = *byte;
    }
    Some(u64::from_le_bytes(bytes))
}
