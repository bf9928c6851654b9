//! How a batch reaches the shards.
//!
//! | variant | when                       | what is locked                                             |
//! |---------|----------------------------|------------------------------------------------------------|
//! | `Each`  | commands on their own      | the shard of the key, and where it is the only one, until the batch ends; for several keys all their shards at once |
//! | `Held`  | the commands of one `EXEC` | all shards, from before the first to after the last        |
//!
//! That is what makes a transaction, and a command of several keys, happen at one instant for every
//! other connection. Several shards are always locked in ascending order, and none while one is held, so no
//! two threads wait for each other. A batch is synchronous: whatever is locked is given back before its
//! connection can be suspended. While a batch lasts, shards are reached through its access only: a thread
//! would wait for itself for what it holds.

use store::{
    Hint, Homes, Key, KeyHash, Keyspace, LockedShards, Shard, ShardCount, ShardInTurn, Shards,
    TOUCHED_AT_ONCE,
};

/// The shards, as the command at hand may reach them.
#[derive(Debug)]
pub enum Access<'s> {
    /// Each command locks what it needs.
    Each(ShardInTurn<'s>),
    /// A transaction holds every shard.
    Held(&'s Keyspace, LockedShards<'s>),
}

impl<'s> Access<'s> {
    /// The access of commands on their own.
    #[must_use]
    pub const fn each(keyspace: &'s Keyspace) -> Self {
        Self::Each(ShardInTurn::new(keyspace))
    }

    /// The keyspace that the shards are of.
    #[must_use]
    pub const fn keyspace(&self) -> &'s Keyspace {
        match self {
            Self::Each(turn) => turn.keyspace(),
            Self::Held(keyspace, _) => keyspace,
        }
    }

    /// Locks every shard, until [`release`](Self::release).
    pub fn hold_all(&mut self) {
        if let Self::Each(turn) = self {
            turn.give_back();
            let keyspace = turn.keyspace();
            *self = Self::Held(keyspace, keyspace.lock_all());
        }
    }

    /// Gives every shard back.
    pub fn release(&mut self) {
        *self = Self::each(self.keyspace());
    }

    /// Gives back what no transaction holds: others may have it until it is asked for again.
    pub fn give_back(&mut self) {
        if let Self::Each(turn) = self {
            turn.give_back();
        }
    }

    /// See [`ShardInTurn::touch_buckets`]; a transaction touches nothing.
    #[inline]
    pub fn touch_buckets(&mut self, hashes: &[KeyHash]) -> Homes {
        match self {
            Self::Each(turn) => turn.touch_buckets(hashes),
            Self::Held(..) => Homes::default(),
        }
    }

    /// See [`ShardInTurn::touch`]; a transaction touches nothing.
    #[inline]
    pub fn touch(&mut self, homes: &mut Homes, next: &[KeyHash]) -> [Hint; TOUCHED_AT_ONCE] {
        match self {
            Self::Each(turn) => turn.touch(homes, next),
            Self::Held(..) => [Hint::NONE; _],
        }
    }

    /// Does something with the shard of `key`.
    #[inline]
    pub fn with<R>(&mut self, key: Key<'_>, act: impl FnOnce(&mut Shard) -> R) -> R {
        match self {
            Self::Each(turn) => turn.with(key, act),
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
            Self::Each(turn) => {
                turn.give_back();
                act(&mut turn.keyspace().lock_keys(keys.iter().copied()))
            }
            Self::Held(_, shards) => act(shards),
        }
    }

    /// Does something with every shard at one instant.
    pub fn with_all<R>(&mut self, act: impl FnOnce(&mut LockedShards<'s>) -> R) -> R {
        match self {
            Self::Each(turn) => {
                turn.give_back();
                act(&mut turn.keyspace().lock_all())
            }
            Self::Held(_, shards) => act(shards),
        }
    }
}

/// What concerns every shard but at no one instant, such as `SCAN`.
impl Shards for Access<'_> {
    fn count(&self) -> ShardCount {
        match self {
            Self::Each(turn) => turn.count(),
            Self::Held(_, shards) => shards.count(),
        }
    }

    fn with_shard<R>(&mut self, index: usize, act: impl FnOnce(&mut Shard) -> R) -> R {
        match self {
            Self::Each(turn) => turn.with_shard(index, act),
            Self::Held(_, shards) => shards.with_shard(index, act),
        }
    }

    fn used_bytes(&mut self) -> usize {
        match self {
            Self::Each(turn) => turn.used_bytes(),
            Self::Held(_, shards) => shards.used_bytes(),
        }
    }

    fn has_remains(&mut self) -> bool {
        match self {
            Self::Each(turn) => turn.has_remains(),
            Self::Held(_, shards) => shards.has_remains(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use store::{HashKey, Keyspace, Room, ShardCount, Shards};

    use super::Access;

    #[test]
    fn room_is_asked_for_while_another_thread_has_a_shard() {
        let keyspace = Keyspace::new(HashKey::from_seed(5), ShardCount::at_least(4));
        let held = keyspace.lock(keyspace.key(b"key"));
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let keyspace = &keyspace;
            scope.spawn(move || {
                let room = Access::each(keyspace).make_room(1 << 20, None, 1);
                sender.send(room)
            });
            let room = receiver.recv_timeout(Duration::from_secs(10));
            drop(held);
            assert_eq!(room, Ok(Room::Enough));
        });
    }
}
