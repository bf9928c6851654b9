//! The commands, one file a group; and what a command is.
//!
//! A command borrows its arguments from the input, reaches keys through [`Access`], and appends one
//! reply. It fails before it appends anything, and then the dispatcher writes the error. The time is
//! a value: one reading of the clock serves a whole batch.
//!
//! | file          | commands                                                             |
//! |---------------|----------------------------------------------------------------------|
//! | `string`      | GET, SET and their kin                                               |
//! | `text`        | GETRANGE, SETRANGE                                                   |
//! | `counter`     | INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT                              |
//! | `bitmap`, `bit_operation` | SETBIT, GETBIT, BITCOUNT, BITPOS; BITOP                  |
//! | `key`         | DEL, UNLINK, EXISTS, TYPE, DBSIZE, FLUSHALL, KEYS, RANDOMKEY         |
//! | `object`      | OBJECT                                                               |
//! | `copy`        | COPY, RENAME, RENAMENX                                               |
//! | `expiry`      | EXPIRE and its kin, TTL, EXPIRETIME, PERSIST                         |
//! | `hash`        | HSET and its kin                                                     |
//! | `list`, `list_move` | LPUSH and its kin; LMOVE, RPOPLPUSH, LMPOP                      |
//! | `set`, `set_algebra` | SADD and its kin; SINTER, SUNION, SDIFF                        |
//! | `zset`, `zset_range`, `zset_algebra` | ZADD and its kin; ZRANGE; ZUNION, ZINTER, ZDIFF |
//! | `walk`        | HSCAN, SSCAN, ZSCAN                                                  |
//! | `argument`    | arguments that several of these read alike                           |
//! | `scan`        | SCAN                                                                 |
//! | `transaction` | MULTI, EXEC, DISCARD, WATCH, UNWATCH                                 |
//! | `connection`, `client` | PING, ECHO, AUTH, HELLO, SELECT, RESET, QUIT; CLIENT        |
//! | `pubsub`      | SUBSCRIBE, PSUBSCRIBE, PUBLISH, PUBSUB                               |
//! | `configuration` | CONFIG                                                             |
//! | `info`        | INFO                                                                 |
//! | `memory`, `slowlog`, `latency`, `debug` | MEMORY, SLOWLOG, LATENCY, DEBUG            |
//! | `server`      | WAIT, SWAPDB, TIME                                                   |

mod argument;
pub mod bit_operation;
pub mod bitmap;
pub mod client;
mod command;
pub mod configuration;
pub mod connection;
pub mod copy;
pub mod counter;
pub mod debug;
pub mod expiry;
mod failure;
pub mod hash;
pub mod info;
pub mod key;
pub mod latency;
pub mod list;
pub mod list_move;
pub mod memory;
pub mod object;
pub mod pubsub;
pub mod scan;
pub mod server;
mod session;
pub mod set;
pub mod set_algebra;
pub mod slowlog;
pub mod string;
pub mod text;
pub mod transaction;
pub mod walk;
pub mod zset;
pub mod zset_algebra;
pub mod zset_range;

use store::{Hint, Key, KeyHash, Keyspace, Millis, StringRef};

pub use command::{Command, Find, Flags, Group, KeySpec};
pub use failure::{Failure, printed};
pub use session::{Life, Queued, ReplyMode, Session, Subscriptions, Transaction};

use crate::protocol::{Args, Replies};
use crate::state::{Access, SlowRequest, State, Tally, shortened};

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
    /// Its first key, if that was hashed before.
    pub hashed: Hashed,
    /// The time of the batch.
    pub now: Millis,
    /// The counts of the batch.
    pub tally: &'c mut Tally,
    /// Where the reply goes.
    pub replies: &'c mut Replies,
    /// What runs.
    pub command: &'static Command,
}

/// The hash of one argument, where it was made before the request runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashed {
    /// Which argument; 0, the command's name, for none.
    at: u8,
    hint: Hint,
    hash: KeyHash,
}

impl Hashed {
    /// Of argument `at`, which is not the command's name and is hashed by [`rehash`](Self::rehash).
    #[must_use]
    pub fn new(at: u8) -> Self {
        Self {
            at,
            ..Self::default()
        }
    }

    /// The same argument of other ones; of none where there is none.
    #[must_use]
    #[inline]
    pub fn rehash(self, args: Args<'_>, keyspace: &Keyspace) -> Self {
        if self.at == 0 {
            return self;
        }
        match args.get(self.at.into()) {
            Some(key) => Self {
                hash: keyspace.key(key).hash(),
                ..self
            },
            None => Self::default(),
        }
    }

    /// The same, where its entry was seen.
    #[must_use]
    #[inline]
    pub const fn hinted(self, hint: Hint) -> Self {
        Self { hint, ..self }
    }

    /// The hash, if there is one.
    #[must_use]
    pub fn hash(self) -> Option<KeyHash> {
        (self.at > 0).then_some(self.hash)
    }

    /// `key` with its hash, if it is argument `at` and that was hashed.
    #[must_use]
    #[inline]
    pub fn key(self, at: usize, key: &[u8]) -> Option<Key<'_>> {
        let is_it = at > 0 && usize::from(self.at) == at;
        is_it.then(|| Key::with_hash(key, self.hash, self.hint))
    }
}

/// What running a command comes to: its reply is appended, or it failed and appended nothing.
pub type Outcome = Result<(), Failure>;

impl<'c> Call<'c, '_> {
    /// Runs the command, and looks at how long that takes where it may be long or the settings ask for it.
    #[inline]
    pub fn run(&mut self) -> Outcome {
        let is_quick = self.command.flags.any(Flags::FAST.and(Flags::UNTIMED));
        if is_quick && !self.state.slowness.times_all() {
            return (self.command.run)(self);
        }
        self.run_timed()
    }

    fn run_timed(&mut self) -> Outcome {
        let command = self.command;
        let begun_us = (self.state.clock)();
        let outcome = (command.run)(self);
        let took_us = (self.state.clock)().saturating_sub(begun_us);
        let slowness = &self.state.slowness;
        if slowness.is_slow(took_us) && !command.flags.has(Flags::SKIP_SLOWLOG) {
            self.note_slow(took_us);
        }
        let event = if command.flags.has(Flags::FAST) {
            "fast-command"
        } else {
            "command"
        };
        slowness.note_event(event, self.now, took_us);
        outcome
    }

    #[cold]
    fn note_slow(&self, took_us: u64) {
        let client = &self.session.client;
        self.state.slowness.note(SlowRequest {
            number: 0,
            at: self.now,
            took_us,
            arguments: shortened(self.shown_arguments().into_iter()),
            address: client.address.to_string(),
            name: client.name(),
        });
    }

    /// The arguments but for passwords.
    fn shown_arguments(&self) -> Vec<&'c [u8]> {
        const REDACTED: &[u8] = b"(redacted)";
        let mut arguments: Vec<_> = self.args.from(0).collect();
        match self.command.name {
            "auth" => arguments.get_mut(1..).unwrap_or_default().fill(REDACTED),
            "hello" => {
                let mut options = arguments.get_mut(2..).unwrap_or_default().iter_mut();
                while let Some(option) = options.next() {
                    if option.eq_ignore_ascii_case(b"AUTH") {
                        for secret in options.by_ref().take(2) {
                            *secret = REDACTED;
                        }
                    }
                }
            }
            "config|set" => {
                for pair in arguments.get_mut(2..).unwrap_or_default().chunks_mut(2) {
                    if let [name, value] = pair
                        && name.eq_ignore_ascii_case(b"requirepass")
                    {
                        *value = REDACTED;
                    }
                }
            }
            _ => {}
        }
        arguments
    }

    /// Appends the messages that came before what is done next.
    pub(crate) fn write_mail(&mut self) {
        self.session.write_mail(self.replies);
    }

    /// Notes what runs for `CLIENT LIST`, which a batch does at its end only.
    pub(crate) fn note_command(&self) {
        let address = std::ptr::from_ref(self.command).addr();
        self.session.client.note_batch(self.now, address);
    }

    /// Argument `at`, hashed.
    #[must_use]
    #[inline]
    pub fn key(&self, at: usize) -> Key<'c> {
        let key = self.args.at(at);
        let hashed = self.hashed.key(at, key);
        hashed.unwrap_or_else(|| self.state.keyspace.key(key))
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
