//! The connection itself: PING, ECHO, AUTH, HELLO, SELECT, RESET, QUIT. CLIENT is in `client`.

use super::argument::database;
use super::{Call, Failure, Life, Outcome};
use crate::protocol::{Protocol, parse_integer};

/// The version of Redis whose protocol, commands and errors this server follows.
pub const REDIS_VERSION: &str = "7.0.15";

/// `PING [message]`
pub fn ping(call: &mut Call<'_, '_>) -> Outcome {
    let in_channels = !call.session.subscriptions.is_empty();
    match call.args.len() {
        1 | 2 if in_channels && call.session.protocol == Protocol::Resp2 => {
            call.replies.array(2);
            call.replies.bulk(b"pong");
            call.replies.bulk(call.args.get(1).unwrap_or_default());
        }
        1 => call.replies.status("PONG"),
        2 => call.replies.bulk(call.args.at(1)),
        _ => return Err(Failure::Arity("ping")),
    }
    Ok(())
}

/// `ECHO message`
pub fn echo(call: &mut Call<'_, '_>) -> Outcome {
    call.replies.bulk(call.args.at(1));
    Ok(())
}

/// `QUIT`
pub fn quit(call: &mut Call<'_, '_>) -> Outcome {
    call.session.life = Life::Closing;
    call.replies.ok();
    Ok(())
}

/// `SELECT index`; there is one database
pub fn select(call: &mut Call<'_, '_>) -> Outcome {
    if database(call.args.at(1))? != 0 {
        return Err(Failure::Text("ERR DB index is out of range"));
    }
    call.replies.ok();
    Ok(())
}

/// The only user there is.
pub(super) const USER: &[u8] = b"default";

/// Lets the connection in, if the password is right.
fn authenticate(call: &mut Call<'_, '_>, user: &[u8], password: &[u8]) -> Outcome {
    if user != USER || !call.state.settings.password.is(password) {
        return Err(Failure::WrongPassword);
    }
    call.session.authenticated = true;
    Ok(())
}

/// `AUTH [user] password`
pub fn auth(call: &mut Call<'_, '_>) -> Outcome {
    let (user, password) = match call.args.len() {
        2 if !call.state.settings.password.is_set() => {
            return Err(Failure::Text(
                "ERR AUTH <password> called without any password configured for the default user. \
                 Are you sure your configuration is correct?",
            ));
        }
        2 => (USER, call.args.at(1)),
        3 => (call.args.at(1), call.args.at(2)),
        _ => return Err(Failure::Syntax),
    };
    authenticate(call, user, password)?;
    call.replies.ok();
    Ok(())
}

/// `HELLO [version [AUTH user password] [SETNAME name]]`
pub fn hello(call: &mut Call<'_, '_>) -> Outcome {
    let mut protocol = call.session.protocol;
    if call.args.len() > 1 {
        let version = parse_integer(call.args.at(1)).ok_or(Failure::Text(
            "ERR Protocol version is not an integer or out of range",
        ))?;
        protocol = [Protocol::Resp2, Protocol::Resp3]
            .into_iter()
            .find(|known| known.version() == version)
            .ok_or(Failure::Text("NOPROTO unsupported protocol version"))?;
    }
    // As Redis does, each option as it is read, whatever comes behind it.
    let mut options = call.args.from(2);
    while let Some(option) = options.next() {
        let left = options.len();
        if option.eq_ignore_ascii_case(b"AUTH") && left >= 2 {
            let user = options.next().unwrap_or_default();
            let password = options.next().unwrap_or_default();
            authenticate(call, user, password)?;
        } else if option.eq_ignore_ascii_case(b"SETNAME") && left >= 1 {
            let name = super::client::checked_name(options.next().unwrap_or_default())?;
            call.session.client.change(|mode| mode.name = name.into());
        } else {
            return Err(Failure::quoting(&[
                b"ERR Syntax error in HELLO option '",
                option,
                b"'",
            ]));
        }
    }
    if !call.session.authenticated && call.state.settings.password.is_set() {
        return Err(Failure::Text(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO \
             <proto> AUTH <user> <pass> option can be used to authenticate the client and select the \
             RESP protocol version at the same time",
        ));
    }
    if protocol != call.session.protocol {
        change_protocol(call, protocol);
    }
    call.replies.set_protocol(protocol);
    let replies = &mut *call.replies;
    replies.map(7);
    for (field, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        replies.bulk(field.as_bytes());
        replies.bulk(value.as_bytes());
    }
    replies.bulk(b"proto");
    replies.integer(protocol.version());
    replies.bulk(b"id");
    replies.integer(i64::try_from(call.session.client.id).unwrap_or(i64::MAX));
    for (field, value) in [("mode", "standalone"), ("role", "master")] {
        replies.bulk(field.as_bytes());
        replies.bulk(value.as_bytes());
    }
    replies.bulk(b"modules");
    replies.array(0);
    Ok(())
}

/// Lets messages that come from then on be of another protocol, behind all that were of the one before.
fn change_protocol(call: &mut Call<'_, '_>, protocol: Protocol) {
    let state = call.state;
    state.channels.hold(|| {
        call.write_mail();
        call.session.client.change(|mode| mode.protocol = protocol);
    });
    call.session.protocol = protocol;
}

/// `RESET`
pub fn reset(call: &mut Call<'_, '_>) -> Outcome {
    call.session.release(call.state, call.shards);
    call.write_mail();
    call.session.reset(call.state);
    call.replies.set_protocol(call.session.protocol);
    call.replies.status("RESET");
    Ok(())
}
