//! The commands, one file a group; and what a command is.
//!
//! A command borrows its arguments from the input, reaches keys through [`Access`], and appends one
//! reply. It fails before it appends anything, and then the dispatcher writes the error. The time is
//! a value: one reading of the clock serves a whole batch.
//!
//! | file          | commands                                                             |
//! |---------------|----------------------------------------------------------------------|
//! | `string`      | GET, SET and their kin                                               |
//! | `counter`     | INCR, DECR, INCRBY, DECRBY                                           |
//! | `key`         | DEL, UNLINK, EXISTS, TYPE, DBSIZE, FLUSHALL, RANDOMKEY, OBJECT, MEMORY |
//! | `copy`        | COPY, RENAME, RENAMENX                                               |
//! | `expiry`      | EXPIRE and its kin, TTL, PTTL, PERSIST                               |
//! | `hash`        | HSET and its kin                                                     |
//! | `list`, `list_move` | LPUSH and its kin; LMOVE, RPOPLPUSH, LMPOP                      |
//! | `set`, `set_algebra` | SADD and its kin; SINTER, SUNION, SDIFF                        |
//! | `zset`, `zset_range`, `zset_algebra` | ZADD and its kin; ZRANGE; ZUNION, ZINTER, ZDIFF |
//! | `walk`        | HSCAN, SSCAN, ZSCAN                                                  |
//! | `argument`    | arguments that several of these read alike                           |
//! | `scan`        | SCAN                                                                 |
//! | `transaction` | MULTI, EXEC, DISCARD, WATCH, UNWATCH                                 |
//! | `connection`  | PING, ECHO, HELLO, SELECT, CLIENT, QUIT                              |
//! | `configuration` | CONFIG                                                             |
//! | `info`        | INFO                                                                 |

mod argument;
pub mod configuration;
pub mod connection;
pub mod copy;
pub mod counter;
pub mod expiry;
mod failure;
pub mod hash;
pub mod info;
pub mod key;
pub mod list;
pub mod list_move;
pub mod scan;
mod session;
pub mod set;
pub mod set_algebra;
pub mod string;
pub mod transaction;
pub mod walk;
pub mod zset;
pub mod zset_algebra;
pub mod zset_range;

use store::{Key, Millis, StringRef};

pub use failure::{Failure, printed};
pub use session::{Life, Queued, Session, Transaction};

use crate::protocol::{Args, Replies};
use crate::state::{Access, State, Tally};

/// One request on its way.
#[derive(Debug)]
pub struct Call<'c, 's> {
    /// What all connections share.
    pub state: &'s State,
    /// The way to the keys.
    pub shards: &'c mut Access<'s>,
    /// What the connection remembers.
    pub session: &'c mut Session,
    /// The request, its name first.
    pub args: Args<'c>,
    /// The time of the batch.
    pub now: Millis,
    /// The counts of the batch.
    pub tally: &'c mut Tally,
    /// Where the reply goes.
    pub replies: &'c mut Replies,
}

/// What running a command comes to: its reply is appended, or it failed and appended nothing.
pub type Outcome = Result<(), Failure>;

impl<'c> Call<'c, '_> {
    /// Argument `at`, hashed.
    #[must_use]
    #[inline]
    pub fn key(&self, at: usize) -> Key<'c> {
        self.state.keyspace.key(self.args.at(at))
    }

    /// Argument `at` as an integer.
    pub fn integer(&self, at: usize) -> Result<i64, Failure> {
        crate::protocol::parse_integer(self.args.at(at)).ok_or(Failure::NotAnInteger)
    }
}

impl Replies {
    /// A string of the store, or that there is none.
    #[inline]
    pub fn string(&mut self, string: Option<StringRef<'_>>) {
        match string {
            Some(StringRef::Bytes(bytes)) => self.bulk(bytes),
            Some(StringRef::Int(number)) => self.bulk_integer(number),
            None => self.null(),
        }
    }
}

impl Tally {
    /// Counts a read of a key as a hit or a miss.
    #[inline]
    pub fn read<T>(&mut self, found: Option<&T>) {
        match found {
            Some(_) => self.hits += 1,
            None => self.misses += 1,
        }
    }
}

/// A set of properties of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// None.
    pub const NONE: Self = Self(0);
    /// Changes keys.
    pub const WRITE: Self = Self(1);
    /// Reads keys.
    pub const READONLY: Self = Self(1 << 1);
    /// Is refused when memory is short.
    pub const DENYOOM: Self = Self(1 << 2);
    /// Takes constant or logarithmic time.
    pub const FAST: Self = Self(1 << 3);
    /// Runs at once inside a transaction, where others are queued.
    pub const UNQUEUED: Self = Self(1 << 4);
    /// Is refused when memory is short, and a transaction with it in the queue too: `EXEC` itself.
    pub const EXEC: Self = Self(1 << 5);

    /// The properties of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all properties of `other` are among these.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names that `COMMAND` gives them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (Self::WRITE, "write"),
            (Self::READONLY, "readonly"),
            (Self::DENYOOM, "denyoom"),
            (Self::FAST, "fast"),
        ]
        .into_iter()
        .filter_map(move |(flag, name)| self.has(flag).then_some(name))
    }
}

/// Which arguments of a command are keys; all zero for none.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// The first argument that is a key.
    pub first: i8,
    /// The last one; counted from the end if negative.
    pub last: i8,
    /// The distance from key to key.
    pub step: i8,
}

/// A command or a subcommand, as the dispatcher's table has it.
#[derive(Debug)]
pub struct Command {
    /// Its name in lower case; `container|name` for a subcommand.
    pub name: &'static str,
    /// Arguments with the name; at least so many if negative.
    pub arity: i8,
    /// Its properties.
    pub flags: Flags,
    /// Its keys.
    pub keys: Keys,
    /// What runs it.
    pub run: for<'c, 's> fn(&mut Call<'c, 's>) -> Outcome,
    /// Its subcommands; where there are any, the second argument names one.
    pub subcommands: &'static [Command],
}

impl Command {
    /// Whether a request of `len` arguments, the name among them, is for this command.
    #[must_use]
    #[inline]
    pub fn takes(&self, len: usize) -> bool {
        let bound = usize::from(self.arity.unsigned_abs());
        if self.arity < 0 {
            len >= bound
        } else {
            len == bound
        }
    }
}
