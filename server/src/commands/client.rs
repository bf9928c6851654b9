//! CLIENT: the connections, this one and the others.

use std::fmt::Write as _;
use std::sync::Arc;

use store::Millis;

use super::{Call, Failure, Life, Outcome, ReplyMode, Transaction};
use crate::protocol::parse_integer;
use crate::state::Client;

/// `CLIENT ID`
pub fn id(call: &mut Call<'_, '_>) -> Outcome {
    call.replies
        .integer(i64::try_from(call.session.client.id).unwrap_or(i64::MAX));
    Ok(())
}

/// `CLIENT GETNAME`
pub fn getname(call: &mut Call<'_, '_>) -> Outcome {
    match &*call.session.client.name() {
        [] => call.replies.null(),
        name => call.replies.bulk(name),
    }
    Ok(())
}

/// `CLIENT SETNAME name`
pub fn setname(call: &mut Call<'_, '_>) -> Outcome {
    let name = checked_name(call.args.at(2))?;
    call.session.client.change(|mode| mode.name = name.into());
    call.replies.ok();
    Ok(())
}

/// `CLIENT SETINFO LIB-NAME name`, `CLIENT SETINFO LIB-VER version`
pub fn setinfo(call: &mut Call<'_, '_>) -> Outcome {
    let (option, value) = (call.args.at(2), call.args.at(3));
    let name = [&b"lib-name"[..], b"lib-ver"]
        .into_iter()
        .find(|name| option.eq_ignore_ascii_case(name))
        .ok_or_else(|| Failure::quoting(&[b"ERR Unrecognized option '", option, b"'"]))?;
    if !value.iter().all(u8::is_ascii_graphic) {
        let why = b" cannot contain spaces, newlines or special characters.";
        return Err(Failure::quoting(&[b"ERR ", name, why]));
    }
    call.session.client.change(|mode| match name {
        b"lib-name" => mode.library = value.into(),
        _ => mode.library_version = value.into(),
    });
    call.replies.ok();
    Ok(())
}

/// A name that can stand in a line of `CLIENT LIST`.
pub(super) fn checked_name(name: &[u8]) -> Result<&[u8], Failure> {
    if name.iter().all(u8::is_ascii_graphic) {
        return Ok(name);
    }
    Err(Failure::Text(
        "ERR Client names cannot contain spaces, newlines or special characters.",
    ))
}

/// The types by which clients are asked for. All are normal ones or listen to channels: there are no
/// replicas, and there is no master.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Normal,
    Pubsub,
    Absent,
}

impl Type {
    fn parse(argument: &[u8]) -> Result<Self, Failure> {
        match argument.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(Self::Normal),
            b"pubsub" => Ok(Self::Pubsub),
            b"master" | b"replica" | b"slave" => Ok(Self::Absent),
            _ => Err(Failure::quoting(&[
                b"ERR Unknown client type '",
                argument,
                b"'",
            ])),
        }
    }

    fn is(self, client: &Client) -> bool {
        let mode = client.mode();
        let listens = mode.channels + mode.patterns > 0;
        match self {
            Self::Normal => !listens,
            Self::Pubsub => listens,
            Self::Absent => false,
        }
    }
}

/// The line that describes a client; `multi` is how many requests it has queued.
fn line(client: &Client, multi: Option<usize>, now: Millis, text: &mut String) {
    let mode = client.mode();
    let listens = mode.channels + mode.patterns > 0;
    let mut flags = String::new();
    for (holds, flag) in [
        (listens, 'P'),
        (multi.is_some(), 'x'),
        (mode.is_kept, 'e'),
        (client.is_killed(), 'c'),
    ] {
        if holds {
            flags.push(flag);
        }
    }
    if flags.is_empty() {
        flags.push('N');
    }
    let seconds_since = |then: Millis| now.0.saturating_sub(then.0) / 1000;
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // A string takes whatever is written to it.
    let _ = writeln!(
        text,
        "id={} addr={} laddr={} name={} age={} idle={} flags={flags} db=0 sub={} psub={} multi={} \
         omem={} cmd={} user=default redir=-1 resp={} lib-name={} lib-ver={}",
        client.id,
        client.address,
        client.local_address,
        shown(&mode.name),
        seconds_since(client.since),
        seconds_since(client.last_active()),
        mode.channels,
        mode.patterns,
        multi.map_or(-1, |queued| i64::try_from(queued).unwrap_or(i64::MAX)),
        client.mail_bytes(),
        crate::dispatch::name_at(client.last_command()).unwrap_or("NULL"),
        mode.protocol.version(),
        shown(&mode.library),
        shown(&mode.library_version),
    );
}

/// What this session has queued; of others it is not known.
fn queued(call: &Call<'_, '_>, client: &Client) -> Option<usize> {
    let transaction = call.session.transaction.as_deref();
    let queued = transaction.map(|Transaction { queue, .. }| queue.len());
    queued.filter(|_| client.id == call.session.client.id)
}

/// `CLIENT INFO`
pub fn info(call: &mut Call<'_, '_>) -> Outcome {
    let client = Arc::clone(&call.session.client);
    call.note_command();
    let mut text = String::new();
    line(&client, queued(call, &client), call.now, &mut text);
    call.replies.text(&text);
    Ok(())
}

/// `CLIENT LIST [TYPE type | ID id [id …]]`
pub fn list(call: &mut Call<'_, '_>) -> Outcome {
    let mut clients = call.state.clients.all();
    if call.args.len() == 4 && call.is(2, "TYPE") {
        let wanted = Type::parse(call.args.at(3))?;
        clients.retain(|client| wanted.is(client));
    } else if call.args.len() > 3 && call.is(2, "ID") {
        // In the order in which they are asked for, as often as they are.
        let asked = call.args.from(3).map(|id| {
            let id = parse_integer(id).ok_or(Failure::Text("ERR Invalid client ID"))?;
            let place = clients.binary_search_by_key(&id, |client| client.id.cast_signed());
            Ok(place.ok().and_then(|place| clients.get(place).cloned()))
        });
        let asked: Vec<Option<_>> = asked.collect::<Result<_, Failure>>()?;
        clients = asked.into_iter().flatten().collect();
    } else if call.args.len() != 2 {
        return Err(Failure::Syntax);
    }
    call.note_command();
    let mut text = String::new();
    for client in clients {
        line(&client, queued(call, &client), call.now, &mut text);
    }
    call.replies.text(&text);
    Ok(())
}

/// Which clients `CLIENT KILL` ends.
#[derive(Default)]
struct Kill<'c> {
    id: Option<u64>,
    kind: Option<Type>,
    address: Option<&'c [u8]>,
    local_address: Option<&'c [u8]>,
    may_be_me: bool,
}

impl<'c> Kill<'c> {
    fn parse(call: &Call<'c, '_>) -> Result<Self, Failure> {
        let mut kill = Self::default();
        let mut options = call.args.from(2);
        while let Some(option) = options.next() {
            let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            let value = options.next().ok_or(Failure::Syntax)?;
            if is("ID") {
                let id = parse_integer(value).and_then(|id| u64::try_from(id).ok());
                kill.id = Some(
                    id.filter(|id| *id > 0)
                        .ok_or(Failure::Text("ERR client-id should be greater than 0"))?,
                );
            } else if is("TYPE") {
                kill.kind = Some(Type::parse(value)?);
            } else if is("ADDR") {
                kill.address = Some(value);
            } else if is("LADDR") {
                kill.local_address = Some(value);
            } else if is("USER") {
                if value != super::connection::USER {
                    return Err(Failure::quoting(&[b"ERR No such user '", value, b"'"]));
                }
            } else if is("SKIPME") {
                kill.may_be_me = match value.to_ascii_lowercase().as_slice() {
                    b"yes" => false,
                    b"no" => true,
                    _ => return Err(Failure::Syntax),
                };
            } else {
                return Err(Failure::Syntax);
            }
        }
        Ok(kill)
    }

    fn wants(&self, client: &Client, me: u64) -> bool {
        let is = |address: std::net::SocketAddr, asked: Option<&[u8]>| {
            asked.is_none_or(|asked| address.to_string().as_bytes() == asked)
        };
        self.id.is_none_or(|id| id == client.id)
            && self.kind.is_none_or(|kind| kind.is(client))
            && is(client.address, self.address)
            && is(client.local_address, self.local_address)
            && (self.may_be_me || client.id != me)
    }

    /// Ends them; how many that were.
    fn run(&self, call: &mut Call<'_, '_>) -> usize {
        let me = call.session.client.id;
        let clients = call.state.clients.all();
        let wanted = clients.iter().filter(|client| self.wants(client, me));
        wanted
            .map(|client| {
                if client.id == me {
                    // Once the reply to this is written.
                    call.session.life = Life::Closing;
                } else {
                    client.kill();
                }
            })
            .count()
    }
}

/// `CLIENT KILL address`, `CLIENT KILL [ID id] [TYPE type] [ADDR address] [LADDR address] [USER user]
/// [SKIPME yes | no]`
pub fn kill(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len() == 3 {
        let kill = Kill {
            address: Some(call.args.at(2)),
            may_be_me: true,
            ..Kill::default()
        };
        if kill.run(call) == 0 {
            return Err(Failure::Text("ERR No such client"));
        }
        call.replies.ok();
        return Ok(());
    }
    let killed = Kill::parse(call)?.run(call);
    call.replies.count(killed);
    Ok(())
}

/// `CLIENT NO-EVICT ON | OFF`
pub fn no_evict(call: &mut Call<'_, '_>) -> Outcome {
    let is_kept = call.is(2, "ON");
    if !is_kept && !call.is(2, "OFF") {
        return Err(Failure::Syntax);
    }
    call.session.client.change(|mode| mode.is_kept = is_kept);
    call.replies.ok();
    Ok(())
}

/// `CLIENT REPLY ON | OFF | SKIP`
pub fn reply(call: &mut Call<'_, '_>) -> Outcome {
    if call.is(2, "ON") {
        call.session.reply_mode = ReplyMode::On;
        call.replies.ok();
    } else if call.is(2, "OFF") {
        call.session.reply_mode = ReplyMode::Off;
    } else if call.is(2, "SKIP") {
        if call.session.reply_mode != ReplyMode::Off {
            call.session.reply_mode = ReplyMode::SkipNext;
        }
    } else {
        return Err(Failure::Syntax);
    }
    Ok(())
}

/// `CLIENT TRACKING …`
pub fn tracking(_call: &mut Call<'_, '_>) -> Outcome {
    Err(Failure::Text(
        "ERR Client tracking is not offered: this server sends no invalidations",
    ))
}
