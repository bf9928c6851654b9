//! One seed, many independent streams.
//!
//! Whatever is drawn at random comes from the `ChaCha8` generator of the run's seed, on a stream of
//! its own: 8 bits of purpose, 24 of metric group, 32 of round.
//!
//! ```text
//! stream   pppppppp gggggggggggggggggggggggg rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr
//! ```
//!
//! So a run with the same seed draws the same orders, keys and ports, and a stream that is drawn
//! from more often disturbs no other.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The run's seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds(u64);

/// What a stream is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Which arm starts first.
    StartOrder = 1,
    /// Ports of servers.
    Ports = 2,
    /// Values of the data set.
    Data = 3,
    /// Keys and kinds of requests.
    Requests = 4,
    /// Which arm's slice comes first.
    SliceOrder = 5,
    /// The same in the warm-up, whose length is not known ahead.
    WarmUpOrder = 6,
}

/// Where a stream belongs: a group of metrics that share their rounds, and a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) group: u32,
    pub(super) round: u32,
}

impl Seeds {
    /// The streams of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn stream(self, purpose: Purpose, place: Place) -> ChaCha8Rng {
        let group = u64::from(place.group & 0x00ff_ffff);
        let mut rng = ChaCha8Rng::seed_from_u64(self.0);
        rng.set_stream((purpose as u64) << 56 | group << 32 | u64::from(place.round));
        rng
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn streams_repeat_and_differ_by_purpose_group_round_and_seed() {
        let draw = |seed, purpose, group, round| {
            Seeds::new(seed)
                .stream(purpose, Place { group, round })
                .next_u64()
        };
        let first = draw(1, Purpose::Data, 0, 0);
        assert_eq!(first, draw(1, Purpose::Data, 0, 0));
        for other in [
            draw(2, Purpose::Data, 0, 0),
            draw(1, Purpose::Ports, 0, 0),
            draw(1, Purpose::Data, 1, 0),
            draw(1, Purpose::Data, 0, 1),
        ] {
            assert_ne!(first, other);
        }
    }
}
