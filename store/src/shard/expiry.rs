//! Expiry: the time at which a key is gone.

use super::Shard;
use crate::StoreError;
use crate::entries::{Found, Step};
use crate::hash::{Key, KeyHash};
use crate::time::{ExpirySet, Millis};

impl Shard {
    /// When `key` expires: `None` if there is no key, `Some(None)` if it stays; to ask is no use of it.
    pub fn expiry(&mut self, key: Key<'_>, now: Millis) -> Option<Option<Millis>> {
        self.observe(key, now).map(Found::expiry)
    }

    /// Lets `key` expire at `at`; at once, if that time has come.
    pub fn set_expiry(
        &mut self,
        key: Key<'_>,
        at: Millis,
        now: Millis,
    ) -> Result<ExpirySet, StoreError> {
        if self.live(key, now).is_none() {
            return Ok(ExpirySet::NoKey);
        }
        if at <= now {
            self.take(key);
            return Ok(ExpirySet::Removed);
        }
        if self.entries.set_expiry(key, Some(at))?.is_none() {
            return Ok(ExpirySet::NoKey);
        }
        self.watched.touch(key.bytes());
        Ok(ExpirySet::Set)
    }

    /// Lets `key` stay; whether it would have expired.
    pub fn persist(&mut self, key: Key<'_>, now: Millis) -> bool {
        if self.live(key, now).and_then(Found::expiry).is_none() {
            return false;
        }
        // Never refused: where the shorter entry has no place, this one stays as it is.
        let persisted = self.entries.set_expiry(key, None);
        debug_assert_eq!(persisted, Ok(Some(())));
        self.watched.touch(key.bytes());
        true
    }

    /// Removes keys whose time is over, in the order of hashes from `from` on, until `budget` keys
    /// were looked at; the number that were removed, and how far it came.
    pub(crate) fn sweep(&mut self, from: KeyHash, budget: usize, now: Millis) -> (usize, Step) {
        let Self {
            entries,
            watched,
            expired_total,
            ..
        } = self;
        let before = entries.len();
        let (mut met, mut next) = (0, Some(from));
        while let Some(from) = next.filter(|_| entries.expiring() > 0 && met < budget) {
            let step = entries.remove_expired(from, now, |key| watched.touch(key));
            met += step.met + 1;
            next = step.next;
        }
        if entries.expiring() == 0 {
            next = None;
        }
        let removed = before - entries.len();
        *expired_total += removed as u64;
        (removed, Step { met, next })
    }
}
