//! Room: keeping what is used within a bound, before each write.
//!
//! ```text
//! used   0 ───────────────────────────┬──────────────┬────────┬────────► bytes
//!                                     │ reserve      │ shrink │ shrink, however long it takes
//!                              line − page          line    bound
//! ```
//!
//! | used | a write is preceded by |
//! |---|---|
//! | below `line − page` | nothing: there is room for a page more |
//! | below `line` | evictions, until 1/256 of a shard's bytes are free slots, which the next writes take |
//! | above | moves of entries out of sparse pages where many slots are free, evictions where not |
//!
//! Without a policy nothing is evicted, but entries are moved, so that no write is refused for the sake of
//! free slots. Where large collections remain whose keys are gone, some of their elements are freed in each step, and
//! nothing else is done; no write is refused for what they will give back.
//!
//! A write adds a page at most, or a box for a value that is larger. A page has 256 KiB or 1/64 of the bytes
//! that there are, whichever is less; the line lies half a page below the bound. Up to the bound a write does
//! [`STEPS_MAX`] steps, each an eviction, a batch of moves or [`FREED_PER_STEP`] elements, so that a burst of writes waits
//! a little each and none of them long. Beyond it, where only a value that large or a bound that was lowered can bring
//! it, [`STEPS_BEYOND_MAX`]; and beyond 1/128 more than the [`Ceiling`], as many as it takes. So `used` passes the bound
//! by 1/128 of it and the largest value at most, however much smaller the values are that go for it.
//!
//! Example: a bound of 1 GiB that is full of keys of 60 bytes. For a value of 10 MiB some 4000 go before each write,
//! which is 240 KB, until 8 MiB beyond the bound are reached; from there on some 170,000.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::eviction::EvictionPolicy;
use crate::shard::Relief;
use crate::shards::Shards;

/// Steps before one write, as long as the bound is kept.
const STEPS_MAX: usize = 16;
/// Steps before one write beyond the bound: some milliseconds.
const STEPS_BEYOND_MAX: usize = 4000;
/// Elements of large collections without keys that are freed in a step.
const FREED_PER_STEP: usize = 8;
/// The part of the bound by which it may be passed, but for the largest value.
const BEYOND_PART: usize = 128;
/// The largest page, in bytes, and the part of all bytes that a page is at most.
const PAGE_MAX: usize = 256 << 10;
const PAGE_PART: usize = 64;

/// Whether a write that takes memory may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It may.
    Enough,
    /// What is used is beyond the bound, and nothing can be evicted.
    Lacking,
}

impl Room {
    /// Where nothing is evicted. A bound of 0 leaves room for nothing.
    const fn of(used: usize, line: usize) -> Self {
        if used > line || line == 0 {
            Self::Lacking
        } else {
            Self::Enough
        }
    }
}

/// What may be used while a bound that was lowered is not reached yet: what was used then, and never more than was
/// used since. Without it the first write would wait until all is gone that is beyond the bound.
#[derive(Debug)]
pub struct Ceiling(AtomicUsize);

impl Default for Ceiling {
    fn default() -> Self {
        Self(AtomicUsize::new(usize::MAX))
    }
}

impl Ceiling {
    /// The ceiling in bytes, where `used` are used and `bound` may be.
    pub fn over(&self, bound: usize, used: usize) -> usize {
        // Two threads may each lower it, and then the higher value holds until the next write.
        let ceiling = self.0.load(Relaxed).min(used).max(bound);
        self.0.store(ceiling, Relaxed);
        ceiling
    }

    /// Forgets what was used: there is no bound.
    pub fn lift(&self) {
        self.0.store(usize::MAX, Relaxed);
    }
}

/// How long is worked for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As long as the ceiling, which is not below the bound, is passed by too much: a write comes next.
    Needed {
        /// See [`Ceiling`].
        ceiling: usize,
    },
    /// Some milliseconds at the most: whatever is left to do, no write comes of it.
    Short,
}

/// Evicts keys until `shards` use no more than `bound` bytes, with some to spare; without a policy none, and
/// entries are moved closer together.
pub(crate) fn make<S: Shards + ?Sized>(
    shards: &mut S,
    bound: usize,
    policy: Option<EvictionPolicy>,
    random: u64,
    effort: Effort,
) -> Room {
    let page = PAGE_MAX.min(bound / PAGE_PART);
    let line = bound - page / 2;
    // Without a policy a write is refused above the line, so all that can be moved is moved first.
    let patience_ends = if policy.is_some() { bound } else { line };
    let limit_ends = match effort {
        Effort::Needed { ceiling } => ceiling.saturating_add(bound / BEYOND_PART),
        Effort::Short => usize::MAX,
    };
    let count = shards.count().get();
    let (mut random, mut first) = (random, 0);
    let (mut steps, mut fruitless, mut freeing) = (0, 0, 0);
    loop {
        let used = shards.used_bytes();
        let plenty = bound > 0 && used + page <= line;
        if plenty {
            return Room::Enough;
        }
        let has_remains = shards.has_remains();
        // Without a policy a write is refused unless they will give back enough.
        let suffices = has_remains && policy.is_none() && {
            let used = used.saturating_sub(shards.remains_bytes());
            Room::of(used, line) == Room::Enough
        };
        let can_shrink = policy.is_some() || suffices;
        let is_needed = can_shrink && used > limit_ends;
        let steps_max = if used <= patience_ends {
            STEPS_MAX
        } else if is_needed {
            usize::MAX
        } else {
            STEPS_BEYOND_MAX
        };
        if can_shrink && steps >= steps_max {
            return Room::Enough;
        }
        if steps < steps_max && has_remains && free_some(shards, &mut freeing) {
            steps += usize::from(!is_needed);
            continue;
        }
        if fruitless == count || steps >= steps_max {
            return Room::of(used, line);
        }
        random = random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        if fruitless == 0 {
            first = (random >> 32) as usize;
        }
        // From a shard chosen at random on, so that each is asked before there is nothing left.
        let index = (first + fruitless) & (count - 1);
        let relief = shards.with_shard(index, |shard| match policy {
            _ if used > line => shard.shrink(policy, random),
            Some(policy) => shard.reserve(policy, random),
            None => Relief::Enough,
        });
        match relief {
            // A ceiling would not come down if what a write must do were all that it does.
            Relief::Some => (steps, fruitless) = (steps + usize::from(!is_needed), 0),
            Relief::Enough => return Room::of(used, line),
            Relief::None => fruitless += 1,
        }
    }
}

/// Frees a few elements of what remains in the first shard from `index` on that has any; whether one has.
fn free_some<S: Shards + ?Sized>(shards: &mut S, index: &mut usize) -> bool {
    let count = shards.count().get();
    for _ in 0..count {
        let freed = shards.with_shard(*index, |shard| shard.free_remains(FREED_PER_STEP));
        if freed > 0 {
            return true;
        }
        *index = (*index + 1) & (count - 1);
    }
    false
}
