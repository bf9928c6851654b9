//! What one connection remembers between its requests.
//!
//! ```text
//! MULTI ──▶ Transaction { queue: [], doomed: no } ──▶ a command: queued, answered +QUEUED
//!                                                 ──▶ a command that cannot run: doomed
//! EXEC: doomed → EXECABORT │ a watched key changed → no array │ else every queued command, at once
//! ```

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use store::{Millis, WatchVersion};

use super::Command;
use crate::protocol::{Args, Protocol, Replies, Span};
use crate::state::{Access, Client, State, Topic};

/// Whether the connection goes on after the replies so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// It reads on.
    #[default]
    Open,
    /// It closes once its replies are written.
    Closing,
}

/// Whether replies are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    /// They are.
    #[default]
    On,
    /// None is.
    Off,
    /// The next one is not: `CLIENT REPLY SKIP` itself runs.
    SkipNext,
    /// This one is not.
    Skip,
}

/// The channels and patterns that a connection listens to.
#[derive(Debug, Default)]
pub struct Subscriptions {
    channels: BTreeSet<Box<[u8]>>,
    patterns: BTreeSet<Box<[u8]>>,
}

impl Subscriptions {
    /// Those of one kind.
    pub fn of(&mut self, topic: Topic) -> &mut BTreeSet<Box<[u8]>> {
        match topic {
            Topic::Channel => &mut self.channels,
            Topic::Pattern => &mut self.patterns,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.channels.len() + self.patterns.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One connection's memory.
#[derive(Debug)]
pub struct Session {
    /// The connection as others see it.
    pub client: Arc<Client>,
    /// The transaction that is open, if one is.
    pub transaction: Option<Box<Transaction>>,
    /// Whether to read on.
    pub life: Life,
    /// What its replies are written in.
    pub protocol: Protocol,
    /// Whether it need not tell a password: there was none when it came, or it has told it.
    pub authenticated: bool,
    /// Whether it wants replies.
    pub reply_mode: ReplyMode,
    /// What is no reply of those that were appended last, where replies are not wanted.
    pub pushed: Vec<Range<usize>>,
    /// Where the reply to the `EXEC` that runs begins, if one runs.
    pub exec_at: Option<usize>,
    /// What it listens to.
    pub subscriptions: Subscriptions,
    watched: Vec<Watched>,
}

/// Commands between `MULTI` and `EXEC`.
#[derive(Debug, Default)]
pub struct Transaction {
    /// The commands so far.
    pub queue: Vec<Queued>,
    /// A command was refused, so `EXEC` refuses all.
    pub doomed: bool,
    /// Bytes of the commands so far.
    pub bytes: usize,
}

/// A command that waits for `EXEC`, with arguments of its own.
#[derive(Debug)]
pub struct Queued {
    /// Where the dispatcher's table has the command.
    pub command: &'static Command,
    bytes: Box<[u8]>,
    spans: Box<[Span]>,
}

impl Queued {
    /// A copy of a request for `command`.
    #[must_use]
    pub fn new(command: &'static Command, args: Args<'_>) -> Self {
        let mut bytes = Vec::with_capacity(args.from(0).map(<[u8]>::len).sum());
        let mut spans = Vec::with_capacity(args.len());
        for argument in args.from(0) {
            let start = bytes.len();
            bytes.extend_from_slice(argument);
            spans.extend(Span::new(start, bytes.len()));
        }
        Self {
            command,
            bytes: bytes.into(),
            spans: spans.into(),
        }
    }

    /// The arguments, the command's name first.
    #[must_use]
    pub fn args(&self) -> Args<'_> {
        Args::new(&self.bytes, &self.spans)
    }

    /// Bytes that the copy takes.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.bytes.len() + size_of_val(&*self.spans)
    }
}

/// A key as it was when it was watched.
#[derive(Debug)]
pub struct Watched {
    key: Box<[u8]>,
    version: WatchVersion,
}

impl Session {
    /// The session of a connection.
    #[must_use]
    pub fn new(client: Arc<Client>, authenticated: bool) -> Self {
        Self {
            client,
            transaction: None,
            life: Life::Open,
            protocol: Protocol::Resp2,
            authenticated,
            reply_mode: ReplyMode::On,
            pushed: Vec::new(),
            exec_at: None,
            subscriptions: Subscriptions::default(),
            watched: Vec::new(),
        }
    }

    /// Whether a client of RESP2 listens to channels, and may do little else.
    #[must_use]
    #[inline]
    pub fn only_listens(&self) -> bool {
        self.protocol == Protocol::Resp2 && !self.subscriptions.is_empty()
    }

    /// Lets others see how much it listens to.
    pub fn note_subscriptions(&self) {
        let Subscriptions { channels, patterns } = &self.subscriptions;
        self.client.change(|mode| {
            mode.channels = channels.len();
            mode.patterns = patterns.len();
        });
    }

    /// Appends the messages that came before what is done next. What others publish while a transaction runs is
    /// written before its reply: inside, it would stand between the elements of an array.
    pub fn write_mail(&mut self, replies: &mut Replies) {
        let start = replies.len();
        self.client.take_mail(replies, usize::MAX);
        let len = replies.len() - start;
        let Some(before) = self.exec_at.filter(|_| len > 0) else {
            return self.note_pushed(start, replies);
        };
        replies.move_last(start, before);
        self.exec_at = Some(before + len);
        if self.reply_mode != ReplyMode::On {
            let place = self.pushed.partition_point(|range| range.start < before);
            for range in self.pushed.iter_mut().skip(place) {
                *range = range.start + len..range.end + len;
            }
            self.pushed.insert(place, before..before + len);
        }
    }

    /// Notes that what was appended behind `start` is no reply, and is written to who wants none, too.
    pub fn note_pushed(&mut self, start: usize, replies: &Replies) {
        if self.reply_mode != ReplyMode::On {
            self.pushed.push(start..replies.len());
        }
    }

    /// Gives back what it holds: its transaction, what it watches, what it listens to.
    pub fn release(&mut self, state: &State, shards: &mut Access<'_>) {
        self.transaction = None;
        self.unwatch(shards);
        for topic in [Topic::Channel, Topic::Pattern] {
            for name in std::mem::take(self.subscriptions.of(topic)) {
                state.channels.unsubscribe(topic, &name, &self.client);
            }
        }
    }

    /// Lets it, which has released what it held, be as it was when it came.
    pub fn reset(&mut self, state: &State) {
        self.protocol = Protocol::Resp2;
        self.authenticated = !state.settings.password.is_set();
        // What is skipped is the reply to this very reset.
        if self.reply_mode != ReplyMode::Skip {
            self.reply_mode = ReplyMode::On;
        }
        self.client.change(|mode| {
            mode.name = Box::default();
            mode.protocol = Protocol::Resp2;
            (mode.channels, mode.patterns) = (0, 0);
        });
    }

    /// Bytes that a transaction has queued.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.transaction
            .as_ref()
            .map_or(0, |transaction| transaction.bytes)
    }

    /// Watches a key; a key that is watched already keeps the version it had.
    pub fn watch(&mut self, key: &[u8], shards: &mut Access<'_>, now: Millis) {
        if self.watched.iter().any(|watched| *watched.key == *key) {
            return;
        }
        let hashed = shards.keyspace().key(key);
        let version = shards.with(hashed, |shard| shard.watch(hashed, now));
        self.watched.push(Watched {
            key: key.into(),
            version,
        });
    }

    /// The keys that are watched.
    #[must_use]
    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }

    /// Takes the list of watched keys, each of which is to be given back to the store.
    #[must_use]
    pub fn take_watched(&mut self) -> Vec<Watched> {
        std::mem::take(&mut self.watched)
    }

    /// Watches no key any more.
    pub fn unwatch(&mut self, shards: &mut Access<'_>) {
        for watched in self.take_watched() {
            let key = shards.keyspace().key(&watched.key);
            shards.with(key, |shard| shard.unwatch(key));
        }
    }
}

impl Watched {
    /// The key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The version that the key had.
    #[must_use]
    pub fn version(&self) -> WatchVersion {
        self.version
    }
}
