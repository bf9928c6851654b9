//! How a batch reaches the shards.
//!
//! | variant | when                     | a command locks                                         |
//! |---------|--------------------------|---------------------------------------------------------|
//! | `Each`  | commands on their own    | the shard of its key; of several keys all their shards at once |
//! | `Held`  | the commands of one `EXEC` | nothing: all shards are held from before the first to after the last |
//!
//! That is what makes a transaction, and a command of several keys, happen at one instant for every
//! other connection. Several shards are always locked in ascending order, so no two threads wait for
//! each other. Every lock is taken and given back inside one synchronous call.

use store::{Key, Keyspace, LockedShards, Shard, ShardCount, Shards};

/// The shards, as the command at hand may reach them.
#[derive(Debug)]
pub enum Access<'s> {
    /// Each command locks what it needs.
    Each(&'s Keyspace),
    /// A transaction holds every shard.
    Held(&'s Keyspace, LockedShards<'s>),
}

impl<'s> Access<'s> {
    /// The keyspace that the shards are of.
    #[must_use]
    pub fn keyspace(&self) -> &'s Keyspace {
        match self {
            Self::Each(keyspace) | Self::Held(keyspace, _) => keyspace,
        }
    }

    /// Locks every shard, until [`release`](Self::release).
    pub fn hold_all(&mut self) {
        if let Self::Each(keyspace) = *self {
            *self = Self::Held(keyspace, keyspace.lock_all());
        }
    }

    /// Gives every shard back.
    pub fn release(&mut self) {
        *self = Self::Each(self.keyspace());
    }

    /// Does something with the shard of `key`.
    #[inline]
    pub fn with<R>(&mut self, key: Key<'_>, act: impl FnOnce(&mut Shard) -> R) -> R {
        match self {
            Self::Each(keyspace) => act(&mut keyspace.lock(key)),
            Self::Held(_, shards) => act(shards.shard(key)),
        }
    }

    /// Does something with the shards of all `keys` at one instant.
    pub fn with_keys<R>(
        &mut self,
        keys: &[Key<'_>],
        act: impl FnOnce(&mut LockedShards<'s>) -> R,
    ) -> R {
        match self {
            Self::Each(keyspace) => act(&mut keyspace.lock_keys(keys.iter().copied())),
            Self::Held(_, shards) => act(shards),
        }
    }

    /// Does something with every shard at one instant.
    pub fn with_all<R>(&mut self, act: impl FnOnce(&mut LockedShards<'s>) -> R) -> R {
        match self {
            Self::Each(keyspace) => act(&mut keyspace.lock_all()),
            Self::Held(_, shards) => act(shards),
        }
    }
}

/// What concerns every shard but at no one instant, such as `SCAN`.
impl Shards for Access<'_> {
    fn count(&self) -> ShardCount {
        match self {
            Self::Each(keyspace) => keyspace.count(),
            Self::Held(_, shards) => shards.count(),
        }
    }

    fn with_shard<R>(&mut self, index: usize, act: impl FnOnce(&mut Shard) -> R) -> R {
        match self {
            Self::Each(keyspace) => keyspace.with_shard(index, act),
            Self::Held(_, shards) => shards.with_shard(index, act),
        }
    }
}
