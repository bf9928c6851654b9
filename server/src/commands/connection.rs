//! The connection itself: PING, ECHO, HELLO, SELECT, CLIENT, QUIT.

use super::{Call, Failure, Life, Outcome};
use crate::protocol::parse_integer;

/// The version of Redis whose protocol, commands and errors this server follows.
pub const REDIS_VERSION: &str = "7.0.15";

/// `PING [message]`
pub fn ping(call: &mut Call<'_, '_>) -> Outcome {
    match call.args.len() {
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
    if call.integer(1)? != 0 {
        return Err(Failure::Text("ERR DB index is out of range"));
    }
    call.replies.ok();
    Ok(())
}

/// `HELLO [2 [AUTH user password] [SETNAME name]]`; there are no passwords, so that any will do
pub fn hello(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len() > 1 {
        let version = parse_integer(call.args.at(1)).ok_or(Failure::Text(
            "ERR Protocol version is not an integer or out of range",
        ))?;
        if version != 2 {
            return Err(Failure::Text("NOPROTO unsupported protocol version"));
        }
    }
    let mut name = None;
    let mut options = call.args.from(2);
    while let Some(option) = options.next() {
        let left = options.len();
        if option.eq_ignore_ascii_case(b"AUTH") && left >= 2 {
            options.by_ref().take(2).for_each(drop);
        } else if option.eq_ignore_ascii_case(b"SETNAME") && left >= 1 {
            name = options.next();
        } else {
            return Err(Failure::quoting(&[
                b"ERR Syntax error in HELLO option '",
                option,
                b"'",
            ]));
        }
    }
    if let Some(name) = name {
        call.session.name = checked_name(name)?.to_vec();
    }
    let replies = &mut *call.replies;
    replies.array(14);
    for (field, value) in [("server", "redis"), ("version", REDIS_VERSION)] {
        replies.bulk(field.as_bytes());
        replies.bulk(value.as_bytes());
    }
    replies.bulk(b"proto");
    replies.integer(2);
    replies.bulk(b"id");
    replies.integer(i64::try_from(call.session.id).unwrap_or(i64::MAX));
    for (field, value) in [("mode", "standalone"), ("role", "master")] {
        replies.bulk(field.as_bytes());
        replies.bulk(value.as_bytes());
    }
    replies.bulk(b"modules");
    replies.array(0);
    Ok(())
}

/// `CLIENT ID`
pub fn client_id(call: &mut Call<'_, '_>) -> Outcome {
    call.replies
        .integer(i64::try_from(call.session.id).unwrap_or(i64::MAX));
    Ok(())
}

/// `CLIENT GETNAME`
pub fn client_getname(call: &mut Call<'_, '_>) -> Outcome {
    match call.session.name.as_slice() {
        [] => call.replies.null(),
        name => call.replies.bulk(name),
    }
    Ok(())
}

/// `CLIENT SETNAME name`
pub fn client_setname(call: &mut Call<'_, '_>) -> Outcome {
    call.session.name = checked_name(call.args.at(2))?.to_vec();
    call.replies.ok();
    Ok(())
}

/// `CLIENT SETINFO LIB-NAME name`, `CLIENT SETINFO LIB-VER version`
///
/// Every client library sends them first; they are checked and then of no further use.
pub fn client_setinfo(call: &mut Call<'_, '_>) -> Outcome {
    let (option, value) = (call.args.at(2), call.args.at(3));
    let name = [&b"lib-name"[..], b"lib-ver"]
        .into_iter()
        .find(|name| option.eq_ignore_ascii_case(name))
        .ok_or_else(|| Failure::quoting(&[b"ERR Unrecognized option '", option, b"'"]))?;
    if !value.iter().all(u8::is_ascii_graphic) {
        let why = b" cannot contain spaces, newlines or special characters.";
        return Err(Failure::quoting(&[b"ERR ", name, why]));
    }
    call.replies.ok();
    Ok(())
}

fn checked_name(name: &[u8]) -> Result<&[u8], Failure> {
    if name.iter().all(u8::is_ascii_graphic) {
        return Ok(name);
    }
    Err(Failure::Text(
        "ERR Client names cannot contain spaces, newlines or special characters.",
    ))
}
