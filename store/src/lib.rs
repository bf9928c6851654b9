//! The keyspace of an in-memory cache.
//!
//! A [`Keyspace`] is a power of two of [`Shard`]s, each behind its own lock. A caller hashes a key
//! once, locks its shard, and reads or writes:
//!
//! ```
//! use store::{ExpiryChange, HashKey, Keyspace, Millis, ShardCount};
//!
//! let keyspace = Keyspace::new(HashKey::random(), ShardCount::at_least(16));
//! let now = Millis(1_000);
//!
//! let key = keyspace.key(b"greeting");
//! let mut shard = keyspace.lock(key);
//! shard.set(key, b"hello", ExpiryChange::At(Millis(2_000)), now)?;
//! let value = shard.string(key, now)?.map(|string| string.to_bytes().into_owned());
//! assert_eq!(value.as_deref(), Some(&b"hello"[..]));
//! assert!(!shard.contains(key, Millis(2_001)));
//! # Ok::<(), store::StoreError>(())
//! ```
//!
//! The store knows no clock, no task and no network: time is a value that callers hand in. What a
//! read returns is borrowed from its shard until the next write.
//!
//! | module | owns |
//! |---|---|
//! | `keyspace`, `guard`, `shards` | locks, one at a time or many; what concerns all shards |
//! | `room`, `eviction` | a bound of memory, and which keys go |
//! | `shard` | the operations |
//! | `entries` | the entries of a shard, and what is counted about them |
//! | `entry`, `varint` | an entry in its bytes |
//! | `arena` | blobs of bytes by handle |
//! | `index` | handles by the hash of their keys |
//! | `collection` | hashes, lists, sets and sorted sets, packed or outgrown |
//! | `hash` | hashing under a secret |
//! | `touch` | loading what several keys need, all at once |
//! | `watch` | versions of watched keys |
//! | `memory_parts` | what the bytes are there for |
//! | `size_class` | what an allocation costs |

#![forbid(unsafe_code)]

mod arena;
mod collection;
mod entries;
mod entry;
mod error;
mod eviction;
mod guard;
mod hash;
mod index;
mod integer;
mod keyspace;
mod memory_parts;
mod room;
mod shard;
mod shards;
mod size_class;
mod time;
mod touch;
mod value;
mod varint;
mod watch;

pub use arena::Hint;
pub use collection::{
    End, FieldWrite, Hash, HashRef, List, ListRef, PackLimits, Set, SetRef, Zset, ZsetRef,
};
pub use entries::Detached;
pub use error::{IncrementError, LEN_MAX, StoreError, WrongType};
pub use eviction::{EvictionOrder, EvictionPolicy, EvictionScope};
pub use guard::{ShardGuard, ShardInTurn};
pub use hash::{HashKey, Key, KeyHash};
pub use keyspace::{Keyspace, LockedShards, ShardCount};
pub use memory_parts::MemoryParts;
pub use room::{Ceiling, Room};
pub use shard::Shard;
pub use shards::{Shards, Sweep};
pub use time::{ExpiryChange, ExpirySet, Millis};
pub use touch::{Homes, TOUCHED_AT_ONCE};
pub use value::{Encoding, Kind, StringRef, ValueRef};
pub use watch::WatchVersion;
