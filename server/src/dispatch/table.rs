//! The table of commands, and how a name finds its entry.
//!
//! A name of at most 16 bytes is packed into one 128-bit number, and that number is hashed to a slot of `INDEX`,
//! a table of entry numbers that the compiler fills. A look-up is two multiplications, one load and one comparison of
//! numbers for almost every command; no bytes are compared and nothing is allocated.
//!
//! ```text
//! "set" ─▶ 0x20…20_54_45_53 ─▶ × SPREAD, top 9 bits ─▶ INDEX[slot] = 11 ─▶ NAMES[11] equal? ─▶ COMMANDS[11]
//!                   T  E  S
//! ```
//!
//! Names are of letters, which differ from their capitals in one bit. With that bit taken from every byte the number is
//! that of a name only if the bytes are its letters; and where the name has ended, the bit alone stands, which is in no
//! byte of a name.
//!
//! No name of a command is longer than 16 bytes; the compiler checks that, and that they are letters.
//!
//! A file for each kind of value has the entries, a row each: name, arity, flags, keys, what runs it, the
//! version of Redis that had it first, what it does, and its subcommands. `COMMAND` answers from them.

mod connections;
mod hashes;
mod keys;
mod lists;
mod server;
mod sets;
mod sorted_sets;
mod strings;

use crate::commands::{Call, Command, Failure, Find, KeySpec, Outcome};
use crate::protocol::Args;

const NAME_MAX: usize = 16;
const SLOT_BITS: u32 = 9;
const SLOTS: usize = 1 << SLOT_BITS;
const EMPTY: u8 = u8::MAX;
/// An odd number whose bits are spread: the second multiplier of `SplitMix64`, with which no hot command has to step aside.
const SPREAD: u64 = 0x94d0_49bb_1331_11eb;
/// In each byte what tells a small letter from its capital.
const SMALL: u128 = u128::from_ne_bytes([0x20; NAME_MAX]);
/// All bits of the first so many bytes.
const FIRST: [u128; NAME_MAX + 1] = first_bytes();

/// Rows of the table, of one group.
macro_rules! commands {
    ($group:ident: $(
        $name:literal $arity:literal [$($flag:ident)*] [$($keys:expr),*] $run:path,
        $since:literal $summary:literal $({ $subcommands:path })?;
    )*) => {
        &[$($crate::commands::Command {
            name: $name,
            arity: $arity,
            flags: $crate::commands::Flags::NONE $(.and($crate::commands::Flags::$flag))*,
            keys: &[$($keys),*],
            run: $run,
            group: $crate::commands::Group::$group,
            since: $since,
            summary: $summary,
            subcommands: commands!(@subcommands $($subcommands)?),
        }),*]
    };
    (@subcommands) => { &[] };
    (@subcommands $subcommands:path) => { $subcommands };
}
use commands;

/// Argument `first` is a key.
const fn at(first: u8, access: &'static str) -> KeySpec {
    let find = Find::One;
    KeySpec {
        access,
        first,
        find,
    }
}

/// All arguments from `first` on are keys.
const fn all(first: u8, access: &'static str) -> KeySpec {
    let find = Find::All(1);
    KeySpec {
        access,
        first,
        find,
    }
}

/// Argument `first` is a key, and every second one behind it.
const fn pairs(first: u8, access: &'static str) -> KeySpec {
    let find = Find::All(2);
    KeySpec {
        access,
        first,
        find,
    }
}

/// Argument `first` says how many keys follow it.
const fn counted(first: u8, access: &'static str) -> KeySpec {
    let find = Find::Counted;
    KeySpec {
        access,
        first,
        find,
    }
}

/// A container runs by its subcommands only.
fn container(_call: &mut Call<'_, '_>) -> Outcome {
    Err(Failure::Syntax)
}

const GROUPS: [&[Command]; 11] = [
    strings::STRINGS,
    strings::BITMAPS,
    keys::KEYS,
    hashes::HASHES,
    lists::LISTS,
    sets::SETS,
    sorted_sets::SORTED_SETS,
    connections::CHANNELS,
    connections::TRANSACTIONS,
    connections::CONNECTIONS,
    server::SERVER,
];

const LEN: usize = len();

#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, which would refuse it"
)]
const fn len() -> usize {
    let (mut len, mut group) = (0, 0);
    while group < GROUPS.len() {
        len += GROUPS[group].len();
        group += 1;
    }
    len
}

/// Every command.
pub(super) static COMMANDS: [&Command; LEN] = entries();

#[expect(
    clippy::indexing_slicing,
    reason = "runs in the compiler, which would refuse it"
)]
const fn entries() -> [&'static Command; LEN] {
    let mut commands = [&GROUPS[0][0]; LEN];
    let (mut entry, mut group) = (0, 0);
    while group < GROUPS.len() {
        let mut row = 0;
        while row < GROUPS[group].len() {
            commands[entry] = &GROUPS[group][row];
            entry += 1;
            row += 1;
        }
        group += 1;
    }
    commands
}

/// The packed names, in the order of [`COMMANDS`].
static NAMES: [u128; COMMANDS.len()] = packed_names();
static INDEX: [u8; SLOTS] = index();

/// The command that a request names, in any case.
#[inline]
pub(super) fn find(args: Args<'_>) -> Option<&'static Command> {
    let (bytes, spans) = args.parts();
    let name = spans.first()?.range();
    // Behind the name of a frame lies the rest of it, so that its bytes can be loaded as one number.
    match bytes.get(name.start..).and_then(<[u8]>::first_chunk) {
        Some(chunk) => look_up(pack(*chunk, name.len())?),
        None => find_name(args.at(0)),
    }
}

/// The command called `name`, in any case.
#[inline]
pub(super) fn find_name(name: &[u8]) -> Option<&'static Command> {
    let mut chunk = [0; NAME_MAX];
    chunk.get_mut(..name.len())?.copy_from_slice(name);
    look_up(pack(chunk, name.len())?)
}

#[inline]
fn look_up(packed: u128) -> Option<&'static Command> {
    let mut slot = slot(packed);
    loop {
        let entry = usize::from(*INDEX.get(slot)?);
        if *NAMES.get(entry)? == packed {
            return COMMANDS.get(entry).copied();
        }
        slot = (slot + 1) % SLOTS;
    }
}

/// The name that the first `len` of these bytes are as a number, whatever the case of its letters; `None` for what is
/// too long to be one.
#[inline]
const fn pack(bytes: [u8; NAME_MAX], len: usize) -> Option<u128> {
    if len > NAME_MAX {
        return None;
    }
    #[expect(
        clippy::indexing_slicing,
        reason = "just looked at; `get` is not const"
    )]
    let own = FIRST[len];
    Some(u128::from_le_bytes(bytes) & own & !SMALL | SMALL & !own)
}

const fn first_bytes() -> [u128; NAME_MAX + 1] {
    let mut first = [0; NAME_MAX + 1];
    let mut len = 1;
    while len <= NAME_MAX {
        #[expect(
            clippy::indexing_slicing,
            reason = "runs in the compiler, which would refuse it"
        )]
        {
            first[len] = first[len - 1] << 8 | 0xff;
        }
        len += 1;
    }
    first
}

/// The slot at which the search for a packed name begins.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
const fn slot(packed: u128) -> usize {
    let (low, high) = (packed as u64, (packed >> 64) as u64);
    let spread = (low ^ high.wrapping_mul(SPREAD)).wrapping_mul(SPREAD);
    (spread >> (u64::BITS - SLOT_BITS)) as usize
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
        let mut bytes = [0; NAME_MAX];
        let mut at = 0;
        while at < name.len() {
            assert!(name[at].is_ascii_alphabetic());
            bytes[at] = name[at];
            at += 1;
        }
        names[entry] = match pack(bytes, at) {
            Some(packed) => packed,
            None => panic!("a name is too long"),
        };
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

/// The name of the command at an address, if there is one.
pub(crate) fn name_at(address: usize) -> Option<&'static str> {
    COMMANDS
        .iter()
        .flat_map(|command| std::iter::once(*command).chain(command.subcommands))
        .find(|command| std::ptr::from_ref(*command).addr() == address)
        .map(|command| command.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_by_its_name_in_any_case() {
        for command in &COMMANDS {
            for name in [command.name.to_owned(), command.name.to_ascii_uppercase()] {
                let found = find_name(name.as_bytes()).map(|found| found.name);
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
            " ",
            "GEU",
            "GE\u{5}",
            "\u{c7}\u{c5}\u{d4}",
        ] {
            assert!(find_name(name.as_bytes()).is_none(), "{name:?}");
        }
    }

    #[test]
    fn one_other_byte_is_another_name() {
        for command in &COMMANDS {
            let mut name = command.name.as_bytes().to_vec();
            for at in 0..name.len() {
                let own = name[at];
                for byte in 0..=u8::MAX {
                    name[at] = byte;
                    let found = find_name(&name).map(|found| found.name);
                    if byte.eq_ignore_ascii_case(&own) {
                        assert_eq!(found, Some(command.name));
                    } else if let Some(found) = found {
                        assert!(found.as_bytes().eq_ignore_ascii_case(&name), "{found}");
                    }
                }
                name[at] = own;
            }
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
            let least = usize::from(command.arity.unsigned_abs());
            for spec in command.keys {
                assert!((1..least).contains(&spec.first.into()), "{}", command.name);
            }
            for subcommand in command.subcommands {
                let prefix = format!("{}|", command.name);
                assert!(subcommand.name.starts_with(&prefix), "{}", subcommand.name);
            }
        }
    }
}
