//! Eviction: keys that go because memory is short.

use super::Shard;
use crate::eviction::{EvictionPolicy, Usage};

/// Free slots that are kept for the next writes, as a part of the shard's bytes.
const RESERVE_PART: usize = 256;

/// Free slots, in percent, above which entries are moved rather than evicted.
const FREE_PERCENT: usize = 3;

/// What a step towards more room did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relief {
    /// Entries were moved closer together, or one was evicted.
    Some,
    /// There is room in the shard.
    Enough,
    /// There is nothing to evict.
    None,
}

impl Shard {
    /// Lets reads note what this policy asks for; `None` if no key is ever evicted.
    pub fn set_policy(&mut self, policy: Option<EvictionPolicy>) {
        self.entries.set_usage(Usage::of(policy));
    }

    /// Number of keys that were evicted since the shard was made.
    #[must_use]
    pub const fn evicted_total(&self) -> u64 {
        self.evicted_total
    }

    /// Evicts one key; whether there was one. A key that is watched counts as written.
    pub(crate) fn evict(&mut self, policy: EvictionPolicy, random: u64) -> bool {
        let Self {
            entries, watched, ..
        } = self;
        let evicted = entries.evict(policy, random, |key| watched.touch(key));
        self.evicted_total += u64::from(evicted);
        evicted
    }

    /// Moves a batch of entries closer together, if more than so many percent of the slots are free; how
    /// many were moved, and 1 at the least while a page is being emptied.
    pub(crate) fn compact(&mut self, free_percent: usize) -> usize {
        self.entries.compact(free_percent)
    }

    /// A step towards fewer bytes; without a policy no key goes.
    pub(crate) fn shrink(&mut self, policy: Option<EvictionPolicy>, random: u64) -> Relief {
        if policy.is_none() {
            // A write would be refused for slots that were freed since the last search.
            self.entries.look_again();
        }
        let moved = self.entries.compact(FREE_PERCENT) > 0;
        if moved || policy.is_some_and(|policy| self.evict(policy, random)) {
            Relief::Some
        } else {
            Relief::None
        }
    }

    /// A step towards free slots for the next writes.
    pub(crate) fn reserve(&mut self, policy: EvictionPolicy, random: u64) -> Relief {
        if self.entries.free_bytes() >= self.used_bytes() / RESERVE_PART {
            Relief::Enough
        } else if self.evict(policy, random) {
            Relief::Some
        } else {
            Relief::None
        }
    }
}
