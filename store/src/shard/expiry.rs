//! Expiry: the time at which a key is gone.

use super::Shard;
use crate::hash::Key;
use crate::time::{ExpirySet, Millis};

impl Shard {
    /// When `key` expires: `None` if there is no key, `Some(None)` if it stays.
    pub fn expiry(&mut self, key: Key<'_>, now: Millis) -> Option<Option<Millis>> {
        self.live(key, now).map(|entry| entry.expiry)
    }

    /// Lets `key` expire at `at`; at once, if that time has come.
    pub fn set_expiry(&mut self, key: Key<'_>, at: Millis, now: Millis) -> ExpirySet {
        self.expire(key, now);
        if at <= now {
            return match self.take(key) {
                Some(_) => ExpirySet::Removed,
                None => ExpirySet::NoKey,
            };
        }
        let Some(entry) = self.map.get_mut(key.bytes()) else {
            return ExpirySet::NoKey;
        };
        let before = entry.expiry.replace(at);
        self.expiring += usize::from(before.is_none());
        self.watched.touch(key.bytes());
        ExpirySet::Set
    }

    /// Lets `key` stay; whether it would have expired.
    pub fn persist(&mut self, key: Key<'_>, now: Millis) -> bool {
        self.expire(key, now);
        let entry = self.map.get_mut(key.bytes());
        if entry.and_then(|entry| entry.expiry.take()).is_none() {
            return false;
        }
        self.expiring -= 1;
        self.watched.touch(key.bytes());
        true
    }

    /// Removes keys whose time is over; how many.
    pub(crate) fn sweep(&mut self, now: Millis) -> usize {
        if self.expiring == 0 {
            return 0;
        }
        let expired: Vec<_> = self
            .map
            .extract_if(|_, entry| entry.is_expired(now))
            .collect();
        for (key, entry) in &expired {
            self.forget(key, entry);
        }
        self.expired_total += expired.len() as u64;
        expired.len()
    }
}
