//! Values that go from one key to another, perhaps of another shard.

use super::Shard;
use crate::StoreError;
use crate::entries::Detached;
use crate::error::check_key;
use crate::hash::Key;
use crate::time::Millis;

impl Shard {
    /// A copy of what `key` holds, with its expiry.
    pub fn copy(&mut self, key: Key<'_>, now: Millis) -> Option<Detached> {
        self.live(key, now)?;
        self.entries.copy(key)
    }

    /// Removes `key`, and gives what it held, with its expiry.
    pub fn detach(&mut self, key: Key<'_>, now: Millis) -> Option<Detached> {
        self.expire(key, now);
        let value = self.entries.detach(key)?;
        self.watched.touch(key.bytes());
        Some(value)
    }

    /// Lets `key` hold a value of another key, whatever it held before. The value must come from the
    /// same keyspace: large collections are hashed under its secret. It comes back where it is refused.
    pub fn attach(
        &mut self,
        key: Key<'_>,
        value: Detached,
        now: Millis,
    ) -> Result<(), (StoreError, Detached)> {
        if let Err(error) = check_key(key.bytes()) {
            return Err((error, value));
        }
        self.expire(key, now);
        self.entries.attach(key, value)?;
        self.watched.touch(key.bytes());
        Ok(())
    }
}
