//! COMMAND: the table of commands, as clients ask for it.
//!
//! An entry is an array of ten: name, arity, flags, first key, last key, step of keys, and four
//! that are left empty: categories of access, tips, specifications of keys, subcommands.
#![expect(
    clippy::unnecessary_wraps,
    reason = "the table gives every command one signature"
)]

use super::table::{self, COMMANDS};
use crate::commands::{Call, Command, Outcome};
use crate::protocol::Replies;

/// `COMMAND`
pub(super) fn all(call: &mut Call<'_, '_>) -> Outcome {
    call.replies.array(COMMANDS.len());
    for command in &COMMANDS {
        entry(command, call.replies);
    }
    Ok(())
}

/// `COMMAND COUNT`
pub(super) fn count(call: &mut Call<'_, '_>) -> Outcome {
    call.replies.count(COMMANDS.len());
    Ok(())
}

/// `COMMAND DOCS [name …]`; there are none
pub(super) fn docs(call: &mut Call<'_, '_>) -> Outcome {
    call.replies.array(0);
    Ok(())
}

/// `COMMAND INFO [name …]`
pub(super) fn info(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len() == 2 {
        return all(call);
    }
    let names = call.args.from(2);
    call.replies.array(names.len());
    for name in names {
        match table::find(name) {
            Some(command) => entry(command, call.replies),
            None => call.replies.null(),
        }
    }
    Ok(())
}

fn entry(command: &Command, replies: &mut Replies) {
    replies.array(10);
    replies.bulk(command.name.as_bytes());
    replies.integer(command.arity.into());
    replies.array(command.flags.names().count());
    command.flags.names().for_each(|name| replies.status(name));
    for number in [command.keys.first, command.keys.last, command.keys.step] {
        replies.integer(number.into());
    }
    for _ in 0..4 {
        replies.array(0);
    }
}
