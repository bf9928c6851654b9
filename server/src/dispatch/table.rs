//! The table of commands, and how a name finds its entry.
//!
//! A name of at most 16 bytes is packed, in upper case, into one 128-bit number, and that number is
//! hashed to a slot of `INDEX`, a table of entry numbers that the compiler fills.
//! A look-up is one multiplication, one load and one comparison of numbers for almost every command;
//! no bytes are compared and nothing is allocated.
//!
//! ```text
//! "set" ─▶ 0x…54_4553 ─▶ × SPREAD >> 119 ─▶ INDEX[slot] = 11 ─▶ NAMES[11] equal? ─▶ COMMANDS[11]
//!            T E S
//! ```
//!
//! No name of a command is longer than 16 bytes; the compiler checks it. No name ends with a zero byte,
//! which is what the number has behind a shorter one.

use crate::commands::{
    Call, Command, Failure, Flags, Keys, Outcome, configuration, connection, copy, counter, expiry,
    info, key, scan, string, transaction,
};

use super::collections::COLLECTIONS;
use super::listing;

const NAME_MAX: usize = 16;
const SLOT_BITS: u32 = 9;
const SLOTS: usize = 1 << SLOT_BITS;
const EMPTY: u8 = u8::MAX;
/// An odd number whose bits are spread: the fraction of the golden ratio.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

pub(super) const NO_KEYS: Keys = Keys {
    first: 0,
    last: 0,
    step: 0,
};
pub(super) const FIRST: Keys = Keys {
    first: 1,
    last: 1,
    step: 1,
};
const SECOND: Keys = Keys {
    first: 2,
    last: 2,
    step: 1,
};
pub(super) const ALL: Keys = Keys {
    first: 1,
    last: -1,
    step: 1,
};
pub(super) const FIRST_TWO: Keys = Keys {
    first: 1,
    last: 2,
    step: 1,
};
const PAIRS: Keys = Keys {
    first: 1,
    last: -1,
    step: 2,
};

const NONE: Flags = Flags::NONE;
const FAST: Flags = Flags::FAST;
pub(super) const READ: Flags = Flags::READONLY;
pub(super) const READ_FAST: Flags = Flags::READONLY.and(FAST);
pub(super) const WRITE: Flags = Flags::WRITE;
pub(super) const WRITE_FAST: Flags = Flags::WRITE.and(FAST);
pub(super) const GROW: Flags = Flags::WRITE.and(Flags::DENYOOM);
pub(super) const GROW_FAST: Flags = GROW.and(FAST);
const AT_ONCE: Flags = FAST.and(Flags::UNQUEUED);

type Run = for<'c, 's> fn(&mut Call<'c, 's>) -> Outcome;

pub(super) const fn command(
    name: &'static str,
    arity: i8,
    flags: Flags,
    keys: Keys,
    run: Run,
) -> Command {
    Command {
        name,
        arity,
        flags,
        keys,
        run,
        subcommands: &[],
    }
}

const fn container(name: &'static str, subcommands: &'static [Command]) -> Command {
    Command {
        name,
        arity: -2,
        flags: NONE,
        keys: NO_KEYS,
        run: container_itself,
        subcommands,
    }
}

/// A container runs by its subcommands only.
fn container_itself(_call: &mut Call<'_, '_>) -> Outcome {
    Err(Failure::Syntax)
}

/// Every command.
pub(super) static COMMANDS: [&Command; KEYS_AND_SERVER.len() + COLLECTIONS.len()] = commands();

#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, which would refuse it"
)]
const fn commands() -> [&'static Command; KEYS_AND_SERVER.len() + COLLECTIONS.len()] {
    let mut commands = [&KEYS_AND_SERVER[0]; _];
    let mut entry = 0;
    while entry < commands.len() {
        commands[entry] = if entry < KEYS_AND_SERVER.len() {
            &KEYS_AND_SERVER[entry]
        } else {
            &COLLECTIONS[entry - KEYS_AND_SERVER.len()]
        };
        entry += 1;
    }
    commands
}

static KEYS_AND_SERVER: [Command; 50] = [
    command("append", 3, GROW_FAST, FIRST, string::append),
    command("decr", 2, GROW_FAST, FIRST, counter::decr),
    command("decrby", 3, GROW_FAST, FIRST, counter::decrby),
    command("get", 2, READ_FAST, FIRST, string::get),
    command("getdel", 2, WRITE_FAST, FIRST, string::getdel),
    command("getset", 3, GROW_FAST, FIRST, string::getset),
    command("incr", 2, GROW_FAST, FIRST, counter::incr),
    command("incrby", 3, GROW_FAST, FIRST, counter::incrby),
    command("mget", -2, READ_FAST, ALL, string::mget),
    command("mset", -3, GROW, PAIRS, string::mset),
    command("psetex", 4, GROW, FIRST, string::psetex),
    command("set", -3, GROW, FIRST, string::set),
    command("setex", 4, GROW, FIRST, string::setex),
    command("setnx", 3, GROW_FAST, FIRST, string::setnx),
    command("strlen", 2, READ_FAST, FIRST, string::strlen),
    command("copy", -3, GROW, FIRST_TWO, copy::copy),
    command("rename", 3, WRITE, FIRST_TWO, copy::rename),
    command("renamenx", 3, WRITE_FAST, FIRST_TWO, copy::renamenx),
    command("dbsize", 1, READ_FAST, NO_KEYS, key::dbsize),
    command("del", -2, WRITE, ALL, key::del),
    command("exists", -2, READ_FAST, ALL, key::exists),
    command("flushall", -1, WRITE, NO_KEYS, key::flush),
    command("flushdb", -1, WRITE, NO_KEYS, key::flush),
    command("randomkey", 1, READ, NO_KEYS, key::randomkey),
    command("scan", -2, READ, NO_KEYS, scan::scan),
    command("type", 2, READ_FAST, FIRST, key::kind),
    command("unlink", -2, WRITE_FAST, ALL, key::del),
    command("expire", -3, WRITE_FAST, FIRST, expiry::expire),
    command("expireat", -3, WRITE_FAST, FIRST, expiry::expireat),
    command("persist", 2, WRITE_FAST, FIRST, expiry::persist),
    command("pexpire", -3, WRITE_FAST, FIRST, expiry::pexpire),
    command("pexpireat", -3, WRITE_FAST, FIRST, expiry::pexpireat),
    command("pttl", 2, READ_FAST, FIRST, expiry::pttl),
    command("ttl", 2, READ_FAST, FIRST, expiry::ttl),
    command("discard", 1, AT_ONCE, NO_KEYS, transaction::discard),
    command(
        "exec",
        1,
        Flags::UNQUEUED.and(Flags::EXEC),
        NO_KEYS,
        transaction::exec,
    ),
    command("multi", 1, AT_ONCE, NO_KEYS, transaction::multi),
    command("unwatch", 1, FAST, NO_KEYS, transaction::unwatch),
    command("watch", -2, AT_ONCE, ALL, transaction::watch),
    command("echo", 2, FAST, NO_KEYS, connection::echo),
    command("hello", -1, FAST, NO_KEYS, connection::hello),
    command("ping", -1, FAST, NO_KEYS, connection::ping),
    command("quit", -1, AT_ONCE, NO_KEYS, connection::quit),
    command("select", 2, FAST, NO_KEYS, connection::select),
    command("info", -1, NONE, NO_KEYS, info::info),
    container("client", &CLIENT),
    Command {
        run: listing::all,
        arity: -1,
        ..container("command", &COMMAND)
    },
    container("config", &CONFIG),
    container("memory", &MEMORY),
    container("object", &OBJECT),
];

static CLIENT: [Command; 4] = [
    command(
        "client|getname",
        2,
        NONE,
        NO_KEYS,
        connection::client_getname,
    ),
    command("client|id", 2, NONE, NO_KEYS, connection::client_id),
    command(
        "client|setinfo",
        4,
        NONE,
        NO_KEYS,
        connection::client_setinfo,
    ),
    command(
        "client|setname",
        3,
        NONE,
        NO_KEYS,
        connection::client_setname,
    ),
];

static COMMAND: [Command; 3] = [
    command("command|count", 2, NONE, NO_KEYS, listing::count),
    command("command|docs", -2, NONE, NO_KEYS, listing::docs),
    command("command|info", -2, NONE, NO_KEYS, listing::info),
];

static CONFIG: [Command; 4] = [
    command("config|get", -3, NONE, NO_KEYS, configuration::get),
    command(
        "config|resetstat",
        2,
        NONE,
        NO_KEYS,
        configuration::resetstat,
    ),
    command("config|rewrite", 2, NONE, NO_KEYS, configuration::rewrite),
    command("config|set", -4, NONE, NO_KEYS, configuration::set),
];

static MEMORY: [Command; 1] = [command("memory|usage", -3, READ, SECOND, key::memory_usage)];

static OBJECT: [Command; 1] = [command(
    "object|encoding",
    3,
    READ,
    SECOND,
    key::object_encoding,
)];

/// The packed names, in the order of [`COMMANDS`].
static NAMES: [u128; COMMANDS.len()] = packed_names();
static INDEX: [u8; SLOTS] = index();

/// The command called `name`, in any case.
#[inline]
pub(super) fn find(name: &[u8]) -> Option<&'static Command> {
    let packed = pack(name)?;
    let mut slot = slot(packed);
    loop {
        let entry = usize::from(*INDEX.get(slot)?);
        if *NAMES.get(entry)? == packed {
            return COMMANDS.get(entry).copied();
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// A name in upper case as a number, its first byte the lowest; `None` for what can be no name.
#[inline]
fn pack(name: &[u8]) -> Option<u128> {
    if name.len() > NAME_MAX || name.last() == Some(&0) {
        return None;
    }
    let mut bytes = [0; NAME_MAX];
    bytes.get_mut(..name.len())?.copy_from_slice(name);
    bytes.make_ascii_uppercase();
    Some(u128::from_le_bytes(bytes))
}

#[inline]
const fn slot(packed: u128) -> usize {
    (packed.wrapping_mul(SPREAD) >> (u128::BITS - SLOT_BITS)) as usize
}

#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, which would refuse it"
)]
const fn packed_names() -> [u128; COMMANDS.len()] {
    let mut names = [0; COMMANDS.len()];
    let mut entry = 0;
    while entry < COMMANDS.len() {
        let name = COMMANDS[entry].name.as_bytes();
        assert!(name.len() <= NAME_MAX);
        let mut at = name.len();
        while at > 0 {
            at -= 1;
            names[entry] = names[entry] << 8 | name[at].to_ascii_uppercase() as u128;
        }
        entry += 1;
    }
    names
}

#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, which would refuse it"
)]
const fn index() -> [u8; SLOTS] {
    assert!(COMMANDS.len() < EMPTY as usize);
    let mut index = [EMPTY; SLOTS];
    let names = packed_names();
    let mut entry = 0;
    while entry < names.len() {
        let mut slot = slot(names[entry]);
        while index[slot] != EMPTY {
            slot = (slot + 1) % SLOTS;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "there are fewer than 255 commands"
        )]
        let number = entry as u8;
        index[slot] = number;
        entry += 1;
    }
    index
}

/// The subcommand of `container` called `name`, in any case.
pub(super) fn find_subcommand(
    container: &'static Command,
    name: &[u8],
) -> Option<&'static Command> {
    container.subcommands.iter().find(|subcommand| {
        let (_, known) = subcommand.name.split_once('|').unwrap_or_default();
        name.eq_ignore_ascii_case(known.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_in_any_case() {
        for command in &COMMANDS {
            for name in [command.name.to_owned(), command.name.to_ascii_uppercase()] {
                let found = find(name.as_bytes()).map(|found| found.name);
                assert_eq!(found, Some(command.name));
            }
        }
    }

    #[test]
    fn nothing_else_is_found() {
        for name in [
            "",
            "g",
            "gett",
            "get ",
            "get\0",
            "a name of more than sixteen bytes",
            "\0",
            "GEU",
        ] {
            assert!(find(name.as_bytes()).is_none(), "{name:?}");
        }
    }

    #[test]
    fn hot_commands_are_found_at_once() {
        for (entry, command) in COMMANDS.iter().enumerate() {
            if ["get", "set", "incr", "del", "mget", "hget", "hset"].contains(&command.name) {
                assert_eq!(
                    usize::from(INDEX[slot(NAMES[entry])]),
                    entry,
                    "{}",
                    command.name
                );
            }
        }
    }

    #[test]
    fn keys_and_subcommands_are_consistent() {
        for command in &COMMANDS {
            assert_eq!(
                command.keys.first == 0,
                command.keys.step == 0,
                "{}",
                command.name
            );
            for subcommand in command.subcommands {
                let prefix = format!("{}|", command.name);
                assert!(subcommand.name.starts_with(&prefix), "{}", subcommand.name);
            }
        }
    }
}
