//! Finding the key that goes, and giving memory back: what a shard does when memory is short.
//!
//! ```text
//! hand ─► bucket ─► │ 2 │ 0 │ 3 │ 1 │      in the order of hashes, round and round
//!                     1   ×   └───┴── not looked at yet: the next search begins here
//! ```

use super::Entries;
use crate::arena::Handle;
use crate::entry;
use crate::eviction::{
    AGED_ONE_IN, EXPIRY_SAMPLE, EvictionOrder, EvictionPolicy, EvictionScope, Usage,
};
use crate::index::{Position, Visited};
use crate::time::Millis;

/// Entries that are looked at for a victim, at most.
const SEEN_MAX: usize = 128;

/// Where the search for the next victim begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand {
    bucket: Position,
    /// Entries of the bucket that it has passed.
    passed: usize,
    /// Decides which entries forget a use; any number.
    noise: u64,
}

impl Hand {
    pub(super) const START: Self = Self {
        bucket: Position(0),
        passed: 0,
        noise: 0,
    };

    /// The next of a row of numbers that look random: a linear congruence, of which the top bits are good.
    /// Source: Knuth, "The Art of Computer Programming", volume 2, for MMIX.
    const fn random(&mut self) -> u16 {
        let multiplied = self.noise.wrapping_mul(0x5851_F42D_4C95_7F2D);
        self.noise = multiplied.wrapping_add(0x1405_7B7E_F767_814F);
        (self.noise >> 48) as u16
    }
}

impl Entries {
    /// Removes the entry that should go first, and tells its key before; whether there was one.
    pub(crate) fn evict(
        &mut self,
        policy: EvictionPolicy,
        random: u64,
        evicted: impl FnOnce(&[u8]),
    ) -> bool {
        let there = match policy.scope {
            EvictionScope::Every => self.len(),
            EvictionScope::Expiring => self.expiring(),
        };
        if there == 0 {
            return false;
        }
        let victim = match policy.order {
            EvictionOrder::LeastRecent | EvictionOrder::LeastFrequent => {
                self.next_unused(policy.scope)
            }
            EvictionOrder::Random if policy.scope == EvictionScope::Every => {
                self.index.draw(random)
            }
            EvictionOrder::Random => {
                let near = self.expiring_near(Position(random), 1);
                near.first().copied()
            }
            EvictionOrder::SoonestExpiry => {
                let near = self.expiring_near(Position(random), EXPIRY_SAMPLE);
                let expiry = |handle: &Handle| self.entry(*handle).expiry.unwrap_or(Millis(0));
                near.into_iter().min_by_key(expiry)
            }
        };
        let Some(handle) = victim else {
            return false;
        };
        let key = self.entry(handle).key;
        evicted(key);
        let hash = self.hash_key.hash(key);
        let place = self.index.find(self.position(hash), handle);
        debug_assert!(place.is_some(), "a victim that the index does not know");
        let Some((place, _)) = place else {
            return false;
        };
        self.remove_at(place, handle, hash);
        true
    }

    /// Turns the hand to the next entry that has no use left, and takes one off those that have; after
    /// [`SEEN_MAX`] of them the least used one will do.
    fn next_unused(&mut self, scope: EvictionScope) -> Option<Handle> {
        let (mut found, mut seen, mut wraps) = (Vec::new(), 0, 0);
        let mut least: Option<(u8, Handle)> = None;
        while seen < SEEN_MAX && wraps < 2 {
            let Hand { bucket, passed, .. } = self.hand;
            let next = self.visit(bucket, scope, &mut found);
            for (at, visited) in found.iter().enumerate().skip(passed) {
                let blob = self.arena.get_mut(visited.handle);
                let used = entry::frequency(blob);
                let Some(less) = used.checked_sub(1) else {
                    self.hand.passed = at;
                    return Some(visited.handle);
                };
                if self.usage != Usage::Frequency || self.hand.random().is_multiple_of(AGED_ONE_IN)
                {
                    entry::set_frequency(blob, less);
                }
                if least.is_none_or(|(least, _)| used < least) {
                    least = Some((used, visited.handle));
                }
                seen += 1;
            }
            self.hand.bucket = next.unwrap_or(Position(0));
            self.hand.passed = 0;
            wraps += u8::from(next.is_none());
        }
        least.map(|(_, handle)| handle)
    }

    /// Entries that expire, from a position on: so many at least, if there are.
    fn expiring_near(&self, from: Position, count: usize) -> Vec<Handle> {
        let (mut near, mut found) = (Vec::new(), Vec::new());
        let (mut next, mut wraps) = (Some(from), 0);
        while near.len() < count && wraps < 2 {
            let Some(at) = next else {
                wraps += 1;
                next = Some(Position(0));
                continue;
            };
            next = self.visit(at, EvictionScope::Expiring, &mut found);
            near.extend(found.iter().map(|visited| visited.handle));
        }
        near
    }

    /// Collects what lies in a bucket and may go; where the next one begins.
    fn visit(
        &self,
        at: Position,
        scope: EvictionScope,
        found: &mut Vec<Visited>,
    ) -> Option<Position> {
        match scope {
            EvictionScope::Every => self.index.bucket_entries(at, found),
            EvictionScope::Expiring => self.index.expiring_bucket_entries(at, found),
        }
    }
}
