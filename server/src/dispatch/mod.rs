//! From a request to its reply: find the command, check what can be checked without it, run it.
//!
//! ```text
//! name ─▶ table ─▶ arity ─▶ memory ─▶ in a transaction? ─▶ run
//!           │        │        │             └─▶ queue, +QUEUED
//!           └────────┴────────┴─▶ error; an open transaction is doomed
//! ```
//!
//! A [`Batch`] is everything decoded from one read of one connection: one clock reading, one tally.

mod help;
mod listing;
mod table;

pub(crate) use table::name_at;

use store::{Hint, KeyHash, Millis, Room};

use crate::commands::{
    Call, Command, Failure, Find, Flags, Hashed, Life, Outcome, Queued, ReplyMode, Session, printed,
};
use crate::protocol::{Args, Replies};
use crate::state::{Access, State, Tally};

/// Bytes of an unknown command's name, and of its arguments, that the error quotes.
const QUOTED_MAX: usize = 128;

/// What was found of a request before it runs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    command: Option<&'static Command>,
    hashed: Hashed,
}

impl Found {
    /// Whether its command was found, by its first argument alone.
    #[inline]
    pub(crate) const fn has_command(self) -> bool {
        self.command.is_some()
    }

    /// The hash of its first key.
    #[inline]
    pub(crate) fn hash(self) -> Option<KeyHash> {
        self.hashed.hash()
    }

    /// The same, where the entry of that key was seen.
    #[inline]
    pub(crate) fn hinted(self, hint: Hint) -> Self {
        let hashed = self.hashed.hinted(hint);
        Self { hashed, ..self }
    }
}

/// The requests of one read of one connection.
#[derive(Debug)]
pub struct Batch<'b, 's> {
    state: &'s State,
    shards: &'b mut Access<'s>,
    now: Millis,
    tally: Tally,
    /// The command that ran last.
    last: Option<&'static Command>,
}

impl<'b, 's> Batch<'b, 's> {
    /// A batch that runs at `now`.
    #[must_use]
    pub fn new(state: &'s State, now: Millis, shards: &'b mut Access<'s>) -> Self {
        Self {
            state,
            shards,
            now,
            tally: Tally::default(),
            last: None,
        }
    }

    /// Runs one request, and appends its one reply.
    #[inline]
    pub fn run(&mut self, session: &mut Session, args: Args<'_>, replies: &mut Replies) {
        self.run_found(session, Found::default(), args, replies);
    }

    /// Runs one request whose command was found before, and appends its one reply.
    #[inline]
    pub(crate) fn run_found(
        &mut self,
        session: &mut Session,
        found: Found,
        args: Args<'_>,
        replies: &mut Replies,
    ) {
        #[cfg(feature = "handicap")]
        self.state.settings.handicap.spin();
        if session.reply_mode != ReplyMode::On {
            return self.run_unanswered(session, found, args, replies);
        }
        if let Err(failure) = self.try_run(session, found, args, replies) {
            self.state.errors.count_code(failure.code());
            failure.reply(replies);
        }
    }

    /// Runs a request of a client that wants no replies; what is no reply is written all the same.
    #[cold]
    fn run_unanswered(
        &mut self,
        session: &mut Session,
        found: Found,
        args: Args<'_>,
        replies: &mut Replies,
    ) {
        if session.reply_mode == ReplyMode::SkipNext {
            session.reply_mode = ReplyMode::Skip;
        }
        let len = replies.len();
        session.pushed.clear();
        if let Err(failure) = self.try_run(session, found, args, replies) {
            self.state.errors.count_code(failure.code());
        }
        if session.reply_mode != ReplyMode::On {
            replies.retain(len, session.pushed.drain(..));
        }
        if session.reply_mode == ReplyMode::Skip {
            session.reply_mode = ReplyMode::On;
        }
    }

    /// What all connections share.
    #[must_use]
    pub const fn state(&self) -> &'s State {
        self.state
    }

    /// The shards that it reaches.
    pub(crate) const fn shards(&mut self) -> &mut Access<'s> {
        self.shards
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the way of every request")]
    fn try_run(
        &mut self,
        session: &mut Session,
        found: Found,
        args: Args<'_>,
        replies: &mut Replies,
    ) -> Outcome {
        let command = match found.command {
            Some(command) => command,
            None => match resolve(self.state, args) {
                Ok(command) => command,
                Err(_) if is_of_http(args) => {
                    tracing::warn!(
                        client = session.client.id,
                        "closed: it speaks HTTP, perhaps for a page that means harm"
                    );
                    session.life = Life::Closing;
                    return Ok(());
                }
                Err(failure) => return Err(refuse(session, failure)),
            },
        };
        if !command.takes(args.len()) {
            let failure = Failure::Arity(command.name);
            return Err(refuse_command(self.shards, session, command, failure));
        }
        if command.flags.has(Flags::PROTECTED) && !self.state.settings.debugging {
            let failure = Failure::Protected;
            return Err(refuse_command(self.shards, session, command, failure));
        }
        if !session.authenticated
            && self.state.settings.password.is_set()
            && !command.flags.has(Flags::NO_AUTH)
        {
            let failure = Failure::NotAuthenticated;
            return Err(refuse_command(self.shards, session, command, failure));
        }
        if self.state.settings.max_memory() > 0 {
            self.check_room(session, command)?;
        }
        if session.only_listens() && !command.flags.has(Flags::WHILE_SUBSCRIBED) {
            let failure = Failure::OnlyListens(command.name);
            return Err(refuse_command(self.shards, session, command, failure));
        }
        if let Some(transaction) = &mut session.transaction
            && !command.flags.has(Flags::UNQUEUED)
        {
            let queued = Queued::new(command, args);
            transaction.bytes += queued.size();
            transaction.queue.push(queued);
            replies.status("QUEUED");
            return Ok(());
        }
        self.tally.commands += 1;
        self.last = Some(command);
        let mut call = Call {
            state: self.state,
            shards: self.shards,
            session,
            args,
            hashed: found.hashed,
            now: self.now,
            tally: &mut self.tally,
            replies,
            command,
        };
        call.run()
    }

    /// Evicts keys for what could need memory, and refuses it where that makes no room.
    #[cold]
    fn check_room(&mut self, session: &mut Session, command: &'static Command) -> Outcome {
        let needs_room = command.flags.has(Flags::DENYOOM)
            || match &session.transaction {
                None => false,
                Some(transaction) if command.flags.has(Flags::EXEC) => transaction
                    .queue
                    .iter()
                    .any(|queued| queued.command.flags.has(Flags::DENYOOM)),
                // The queue takes memory whatever is queued.
                Some(_) => !command.flags.has(Flags::UNQUEUED),
            };
        if !needs_room || self.state.make_room(self.shards)? == Room::Enough {
            return Ok(());
        }
        Err(refuse_command(
            self.shards,
            session,
            command,
            Failure::OutOfMemory,
        ))
    }

    /// Adds what the batch counted to the server's counters.
    pub fn finish(mut self, session: &Session) {
        if let Some(command) = self.last {
            let address = std::ptr::from_ref(command).addr();
            session.client.note_batch(self.now, address);
        }
        self.state.stats.add(&mut self.tally);
    }
}

/// Finds the command of a request, and hashes its first key. A command that is not found here is looked for again
/// when it runs. What was found of another request that has the same name is `known`.
#[inline]
pub(crate) fn find(state: &State, args: Args<'_>, known: Option<Found>) -> Found {
    let found = known.unwrap_or_else(|| find_command(state, args));
    let hashed = found.hashed.rehash(args, &state.keyspace);
    Found { hashed, ..found }
}

/// Finds the command, and which argument its first key is.
fn find_command(state: &State, args: Args<'_>) -> Found {
    let mut found = Found::default();
    if !state.settings.renames.is_empty() {
        return found;
    }
    let Some(command) = table::find(args) else {
        return found;
    };
    if command.subcommands.is_empty() {
        found.command = Some(command);
    }
    if let Some(spec) = command.keys.first()
        && spec.find != Find::Counted
    {
        found.hashed = Hashed::new(spec.first);
    }
    found
}

/// Finds the command, or the subcommand, that the request names.
#[inline(never)]
fn resolve(state: &State, args: Args<'_>) -> Result<&'static Command, Failure> {
    let renames = &state.settings.renames;
    let command = if renames.is_empty() {
        table::find(args)
    } else {
        renames.resolve(args.at(0)).and_then(table::find_name)
    };
    let command = command.ok_or_else(|| unknown_command(args))?;
    if command.subcommands.is_empty() || args.len() < 2 {
        return Ok(command);
    }
    let name = args.at(1);
    table::find_subcommand(command, name).ok_or_else(|| {
        let container = command.name.to_ascii_uppercase();
        Failure::quoting(&[
            b"ERR unknown subcommand '",
            shortened(name, QUOTED_MAX),
            b"'. Try ",
            container.as_bytes(),
            b" HELP.",
        ])
    })
}

/// Whether a request begins as lines of HTTP do: a web page could have sent it, with commands behind it.
#[cold]
fn is_of_http(args: Args<'_>) -> bool {
    let name = args.at(0);
    name.eq_ignore_ascii_case(b"POST") || name.eq_ignore_ascii_case(b"HOST:")
}

#[cold]
fn unknown_command(args: Args<'_>) -> Failure {
    let name = shortened(args.at(0), QUOTED_MAX);
    let mut text = [
        b"ERR unknown command '",
        name,
        b"', with args beginning with: ",
    ]
    .concat();
    let mut quoted = 0;
    for argument in args.from(1) {
        if quoted >= QUOTED_MAX {
            break;
        }
        let argument = shortened(argument, QUOTED_MAX - quoted);
        text.extend_from_slice(&[b"'", argument, b"' "].concat());
        quoted += argument.len() + 3;
    }
    Failure::Quoting(text.into())
}

/// The start of `text`, as C prints it: up to `max` bytes, and no further than a zero byte.
fn shortened(text: &[u8], max: usize) -> &[u8] {
    printed(text.get(..max).unwrap_or(text))
}

/// Dooms an open transaction, in which a request was refused.
#[cold]
fn refuse(session: &mut Session, failure: Failure) -> Failure {
    if let Some(transaction) = &mut session.transaction {
        transaction.doomed = true;
    }
    failure
}

/// Refuses a request for `command`; where that is `EXEC`, the whole transaction goes.
#[cold]
fn refuse_command(
    shards: &mut Access<'_>,
    session: &mut Session,
    command: &Command,
    failure: Failure,
) -> Failure {
    if !command.flags.has(Flags::EXEC) {
        return refuse(session, failure);
    }
    session.transaction = None;
    session.unwatch(shards);
    let text = failure.to_string();
    let text = text.strip_prefix("ERR ").unwrap_or(&text);
    Failure::quoting(&[
        b"EXECABORT Transaction discarded because of: ",
        text.as_bytes(),
    ])
}

/// Whether there is a command of this name, in any case.
#[must_use]
pub fn is_command(name: &[u8]) -> bool {
    table::find_name(name).is_some()
}

/// Ends a session: what it holds is given back.
pub fn close(state: &State, session: &mut Session) {
    session.release(state, &mut Access::each(&state.keyspace));
    state.clients.remove(session.client.id);
    session.life = Life::Closing;
}
