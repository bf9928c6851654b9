//! What a command is: an entry of the dispatcher's table, from which everything about it comes.

use super::{Call, Outcome};

/// A command or a subcommand.
#[derive(Debug)]
pub struct Command {
    /// Its name in lower case; `container|name` for a subcommand.
    pub name: &'static str,
    /// Arguments with the name; at least so many if negative.
    pub arity: i8,
    /// Its properties.
    pub flags: Flags,
    /// Where its keys are.
    pub keys: &'static [KeySpec],
    /// What runs it.
    pub run: for<'c, 's> fn(&mut Call<'c, 's>) -> Outcome,
    /// What it is about.
    pub group: Group,
    /// The version of Redis that had it first.
    pub since: &'static str,
    /// What it does.
    pub summary: &'static str,
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

    /// Whether it does nothing but to hold subcommands.
    #[must_use]
    pub fn is_container(&self) -> bool {
        !self.subcommands.is_empty() && self.arity < -1
    }
}

/// What commands are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the groups of Redis, by their names")]
pub enum Group {
    Bitmap,
    Connection,
    Generic,
    Hash,
    List,
    Pubsub,
    Server,
    Set,
    SortedSet,
    String,
    Transactions,
}

impl Group {
    /// As `COMMAND DOCS` names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bitmap => "bitmap",
            Self::Connection => "connection",
            Self::Generic => "generic",
            Self::Hash => "hash",
            Self::List => "list",
            Self::Pubsub => "pubsub",
            Self::Server => "server",
            Self::Set => "set",
            Self::SortedSet => "sorted-set",
            Self::String => "string",
            Self::Transactions => "transactions",
        }
    }
}

/// Arguments of a command that are keys, and what it does to them.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    /// What is done to them, in words that `COMMAND` knows.
    pub access: &'static str,
    /// The argument where it begins.
    pub first: u8,
    /// How it goes on from there.
    pub find: Find,
}

/// How keys are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// The first argument.
    One,
    /// From the first argument to the last one of all, every so many.
    All(u8),
    /// The first argument says how many follow it.
    Counted,
}

/// A set of properties of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// None.
    pub const NONE: Self = Self(0);
    /// Changes keys.
    pub const WRITE: Self = Self(1);
    /// Reads keys.
    pub const READONLY: Self = Self(1 << 1);
    /// Is refused when memory is short.
    pub const DENYOOM: Self = Self(1 << 2);
    /// Is for those who run the server.
    pub const ADMIN: Self = Self(1 << 3);
    /// Is about channels.
    pub const PUBSUB: Self = Self(1 << 4);
    /// Not from scripts, of which there are none.
    pub const NOSCRIPT: Self = Self(1 << 5);
    /// While data is loaded, which never is.
    pub const LOADING: Self = Self(1 << 6);
    /// With stale data, of which there is none.
    pub const STALE: Self = Self(1 << 7);
    /// Is not noted where requests that took long are.
    pub const SKIP_SLOWLOG: Self = Self(1 << 8);
    /// Takes constant or logarithmic time.
    pub const FAST: Self = Self(1 << 9);
    /// Runs before a password is told.
    pub const NO_AUTH: Self = Self(1 << 10);
    /// While a script is busy, which none is.
    pub const ALLOW_BUSY: Self = Self(1 << 11);
    /// Runs at once inside a transaction, where others are queued.
    pub const UNQUEUED: Self = Self(1 << 12);
    /// Is refused when memory is short, and a transaction with it in the queue too: `EXEC` itself.
    pub const EXEC: Self = Self(1 << 13);
    /// Runs while a client of RESP2 listens to channels.
    pub const WHILE_SUBSCRIBED: Self = Self(1 << 14);
    /// Takes no time worth a look at the clock, though it is not `FAST`.
    pub const UNTIMED: Self = Self(1 << 15);
    /// Runs only where `enable-debug-command` allows it.
    pub const PROTECTED: Self = Self(1 << 16);
    /// Is in the category of what is about keys, though its group is not.
    pub const OF_KEYS: Self = Self(1 << 17);
    /// Is in the category of what is about connections, whatever its group.
    pub const OF_CONNECTIONS: Self = Self(1 << 18);
    /// Is in the category of what can do harm.
    pub const DANGEROUS: Self = Self(1 << 19);

    /// The properties of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all properties of `other` are among these.
    #[must_use]
    #[inline]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any property of `other` is among these.
    #[must_use]
    #[inline]
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The names that `COMMAND` gives them, in its order.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        [
            (Self::WRITE, "write"),
            (Self::READONLY, "readonly"),
            (Self::DENYOOM, "denyoom"),
            (Self::ADMIN, "admin"),
            (Self::PUBSUB, "pubsub"),
            (Self::NOSCRIPT, "noscript"),
            (Self::LOADING, "loading"),
            (Self::STALE, "stale"),
            (Self::SKIP_SLOWLOG, "skip_slowlog"),
            (Self::FAST, "fast"),
            (Self::NO_AUTH, "no_auth"),
            (Self::ALLOW_BUSY, "allow_busy"),
        ]
        .into_iter()
        .filter_map(move |(flag, name)| self.has(flag).then_some(name))
    }
}
