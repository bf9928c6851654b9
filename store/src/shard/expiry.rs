//! Expiry: the time at which a key is gone.

use super::Shard;
use crate::entry::Entry;
use crate::hash::{Key, KeyHash};
use crate::shard::scan::Step;
use crate::time::{ExpirySet, Millis};

impl Shard {
    /// When `key` expires: `None` if there is no key, `Some(None)` if it stays.
    pub fn expiry(&mut self, key: Key<'_>, now: Millis) -> Option<Option<Millis>> {
        self.live(key, now).map(Entry::expiry)
    }

    /// Lets `key` expire at `at`; at once, if that time has come.
    pub fn set_expiry(&mut self, key: Key<'_>, at: Millis, now: Millis) -> ExpirySet {
        self.expire(key, now);
        if at <= now {
            return if self.take(key) {
                ExpirySet::Removed
            } else {
                ExpirySet::NoKey
            };
        }
        let written = self
            .segments
            .update(key, |entry| entry.set_expiry(Some(at)));
        if written.is_none() {
            return ExpirySet::NoKey;
        }
        self.watched.touch(key.bytes());
        ExpirySet::Set
    }

    /// Lets `key` stay; whether it would have expired.
    pub fn persist(&mut self, key: Key<'_>, now: Millis) -> bool {
        if self.expiry(key, now).flatten().is_none() {
            return false;
        }
        self.segments.update(key, |entry| entry.set_expiry(None));
        self.watched.touch(key.bytes());
        true
    }

    /// Removes keys whose time is over, table by table from the one of `from` on, until `budget`
    /// keys were looked at; the number that were removed, and how far it came.
    pub(crate) fn sweep(&mut self, from: KeyHash, budget: usize, now: Millis) -> (usize, Step) {
        let (mut removed, mut met, mut next) = (0, 0, Some(from));
        while let Some(hash) = next.filter(|_| self.expiring() > 0) {
            if met >= budget {
                return (removed, Step { met, next });
            }
            let swept = self.segments.remove_expired(hash, now);
            for entry in &swept.expired {
                self.watched.touch(entry.key());
            }
            removed += swept.expired.len();
            self.expired_total += swept.expired.len() as u64;
            met += swept.met;
            next = self.segments.range_after(hash);
        }
        (removed, Step { met, next: None })
    }
}
