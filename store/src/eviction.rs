//! Which keys go when memory is short.
//!
//! | order | what the two bits of an entry say | the hand takes one off | a new key has |
//! |---|---|---|---|
//! | `LeastRecent` | 3 when it is used | always | 1 |
//! | `LeastFrequent` | one more when it is used, to 3 | one time in [`AGED_ONE_IN`] | 0 |
//! | `Random` | nothing | | |
//! | `SoonestExpiry` | nothing | | |
//!
//! A shard has one hand, which goes round in the order of hashes, takes one off what is above 0, and stops
//! at the first 0: that key goes. There is no list and no time stamp; two bits of the flags byte are all
//! that a key pays. So the order is coarse. By `LeastRecent` a key that is not used goes in the third or
//! fourth round of the hand, a new one in the second, and which of two such keys goes first is up to their
//! hashes. By `LeastFrequent` all keys that were used three times look alike, and forget slowly: one that is
//! not used any more stays for some two hundred rounds, while keys that are used once come and go at 0.
//! `SoonestExpiry` takes the first to expire of [`EXPIRY_SAMPLE`] neighbours.
//!
//! Source for the clock: Corbató, "A Paging Experiment with the Multics System", 1968; with counters:
//! Smith, "Sequentiality and Prefetching in Database Systems", 1978.

/// Neighbours among which the one that expires first is chosen.
pub(crate) const EXPIRY_SAMPLE: usize = 16;

/// How rarely the hand lets a key forget one use of it, where the number of uses counts. More often
/// would make room for keys that are used once; more rarely would take longer to find a key.
pub(crate) const AGED_ONE_IN: u16 = 64;

/// In what order keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvictionOrder {
    /// Those that were not used for the longest time.
    LeastRecent,
    /// Those that are used the least often.
    LeastFrequent,
    /// Any.
    Random,
    /// Those that expire first.
    SoonestExpiry,
}

/// Which keys may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvictionScope {
    /// All of them.
    Every,
    /// Those that expire.
    Expiring,
}

/// Which keys go when memory is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvictionPolicy {
    /// In what order.
    pub order: EvictionOrder,
    /// And of which.
    pub scope: EvictionScope,
}

/// What the two bits of an entry count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Usage {
    /// Nothing: then a read writes nothing.
    #[default]
    Unnoted,
    Recency,
    Frequency,
}

/// The largest value of the two bits.
const USE_MAX: u8 = 3;

impl Usage {
    /// What the entries of a shard count while keys go in this order, if any go.
    pub(crate) const fn of(policy: Option<EvictionPolicy>) -> Self {
        match policy {
            None => Self::Unnoted,
            Some(policy) => match policy.order {
                EvictionOrder::LeastRecent => Self::Recency,
                EvictionOrder::LeastFrequent => Self::Frequency,
                EvictionOrder::Random | EvictionOrder::SoonestExpiry => Self::Unnoted,
            },
        }
    }

    /// The bits of an entry that is new.
    pub(crate) const fn first(self) -> u8 {
        match self {
            Self::Unnoted | Self::Frequency => 0,
            Self::Recency => 1,
        }
    }

    /// The bits of an entry that had `bits` and is used.
    #[inline]
    pub(crate) fn next(self, bits: u8) -> u8 {
        match self {
            Self::Unnoted => bits,
            Self::Recency => USE_MAX,
            Self::Frequency => USE_MAX.min(bits + 1),
        }
    }
}
