//! COMMAND: the table of commands, as clients ask for it.
//!
//! An entry of `COMMAND INFO` is an array of ten: name, arity, flags, first key, last key, step of keys,
//! categories, tips (of which there are none), specifications of keys, subcommands.
#![expect(
    clippy::unnecessary_wraps,
    reason = "the table gives every command one signature"
)]

use std::ops::Range;

use super::table::{self, COMMANDS};
use crate::commands::{Call, Command, Failure, Find, Flags, Group, KeySpec, Outcome};
use crate::protocol::{Args, Replies, glob_matches, parse_integer};

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

/// The command, or the subcommand, called `name` or `container|name`.
fn named(name: &[u8]) -> Option<&'static Command> {
    match name.iter().position(|byte| *byte == b'|') {
        None => table::find_name(name),
        Some(at) => {
            let container = table::find_name(name.get(..at)?)?;
            table::find_subcommand(container, name.get(at + 1..)?)
        }
    }
}

/// `COMMAND INFO [name …]`
pub(super) fn info(call: &mut Call<'_, '_>) -> Outcome {
    if call.args.len() == 2 {
        return all(call);
    }
    let names = call.args.from(2);
    call.replies.array(names.len());
    for name in names {
        match named(name) {
            Some(command) => entry(command, call.replies),
            None => call.replies.null(),
        }
    }
    Ok(())
}

/// `COMMAND DOCS [name …]`
pub(super) fn docs(call: &mut Call<'_, '_>) -> Outcome {
    let documented: Vec<&Command> = if call.args.len() == 2 {
        COMMANDS.to_vec()
    } else {
        call.args.from(2).filter_map(named).collect()
    };
    document(documented.iter().copied(), call.replies);
    Ok(())
}

fn document<'t>(commands: impl ExactSizeIterator<Item = &'t Command>, replies: &mut Replies) {
    replies.map(commands.len());
    for command in commands {
        replies.bulk(command.name.as_bytes());
        let has_subcommands = !command.subcommands.is_empty();
        replies.map(if has_subcommands { 4 } else { 3 });
        for (field, text) in [
            ("summary", command.summary),
            ("since", command.since),
            ("group", command.group.name()),
        ] {
            replies.bulk(field.as_bytes());
            replies.bulk(text.as_bytes());
        }
        if has_subcommands {
            replies.bulk(b"subcommands");
            document(command.subcommands.iter(), replies);
        }
    }
}

/// Every command and subcommand.
fn with_subcommands() -> impl Iterator<Item = &'static Command> {
    COMMANDS
        .iter()
        .flat_map(|command| std::iter::once(*command).chain(command.subcommands))
}

/// `COMMAND LIST [FILTERBY MODULE name | ACLCAT category | PATTERN pattern]`
pub(super) fn list(call: &mut Call<'_, '_>) -> Outcome {
    let names: Vec<&str> = match call.args.len() {
        2 => with_subcommands().map(|command| command.name).collect(),
        5 if call.args.at(2).eq_ignore_ascii_case(b"FILTERBY") => {
            let wanted = call.args.at(4);
            match call.args.at(3).to_ascii_lowercase().as_slice() {
                b"module" => Vec::new(),
                b"aclcat" => with_subcommands()
                    .filter(|command| {
                        categories(command)
                            .filter_map(|category| category.strip_prefix('@'))
                            .any(|category| wanted.eq_ignore_ascii_case(category.as_bytes()))
                    })
                    .map(|command| command.name)
                    .collect(),
                b"pattern" => with_subcommands()
                    .map(|command| command.name)
                    .filter(|name| glob_matches(wanted, name.as_bytes()))
                    .collect(),
                _ => return Err(Failure::Syntax),
            }
        }
        _ => return Err(Failure::Syntax),
    };
    call.replies.array(names.len());
    for name in names {
        call.replies.bulk(name.as_bytes());
    }
    Ok(())
}

fn entry(command: &Command, replies: &mut Replies) {
    replies.array(10);
    replies.bulk(command.name.as_bytes());
    replies.integer(command.arity.into());
    let movable = command.keys.iter().any(|spec| spec.find == Find::Counted);
    let flags = command
        .flags
        .names()
        .chain(movable.then_some("movablekeys"));
    replies.set(flags.clone().count());
    flags.for_each(|name| replies.status(name));
    for number in span(command.keys) {
        replies.integer(number);
    }
    replies.set(categories(command).count());
    categories(command).for_each(|category| replies.status(category));
    replies.set(0);
    replies.set(command.keys.len());
    for spec in command.keys {
        specification(spec, replies);
    }
    match command.subcommands {
        [] => replies.set(0),
        some => replies.array(some.len()),
    }
    for subcommand in command.subcommands {
        entry(subcommand, replies);
    }
}

/// First key, last key and step, as far as three numbers can say it.
fn span(keys: &[KeySpec]) -> [i64; 3] {
    let fixed = keys.iter().filter(|spec| spec.find != Find::Counted);
    let first = fixed.clone().map(|spec| i64::from(spec.first)).min();
    let Some(first) = first else {
        return [0; 3];
    };
    let step = fixed.clone().find_map(|spec| match spec.find {
        Find::All(step) => Some(i64::from(step)),
        _ => None,
    });
    let last = fixed.map(|spec| i64::from(spec.first)).max();
    [
        first,
        step.map_or(last.unwrap_or(first), |_| -1),
        step.unwrap_or(1),
    ]
}

fn specification(spec: &KeySpec, replies: &mut Replies) {
    let integers = |replies: &mut Replies, fields: &[(&str, i64)]| {
        replies.map(fields.len());
        for (name, number) in fields {
            replies.bulk(name.as_bytes());
            replies.integer(*number);
        }
    };
    replies.map(3);
    replies.bulk(b"flags");
    replies.set(spec.access.split(' ').count());
    spec.access
        .split(' ')
        .for_each(|access| replies.status(access));
    replies.bulk(b"begin_search");
    replies.map(2);
    replies.bulk(b"type");
    replies.bulk(b"index");
    replies.bulk(b"spec");
    integers(replies, &[("index", spec.first.into())]);
    replies.bulk(b"find_keys");
    replies.map(2);
    replies.bulk(b"type");
    let (lastkey, keystep) = match spec.find {
        Find::One => (0, 1),
        Find::All(step) => (-1, i64::from(step)),
        Find::Counted => {
            replies.bulk(b"keynum");
            replies.bulk(b"spec");
            let fields = [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)];
            return integers(replies, &fields);
        }
    };
    replies.bulk(b"range");
    replies.bulk(b"spec");
    integers(
        replies,
        &[("lastkey", lastkey), ("keystep", keystep), ("limit", 0)],
    );
}

/// The categories by which access is controlled, in the order of Redis.
fn categories(command: &Command) -> impl Iterator<Item = &'static str> + use<> {
    let (flags, group) = (command.flags, command.group);
    let subject = if command.is_container() {
        Group::Server
    } else {
        group
    };
    let is_of = |of: Group| subject == of;
    let of_connections = flags.has(Flags::OF_CONNECTIONS);
    [
        (
            is_of(Group::Generic) && !of_connections || flags.has(Flags::OF_KEYS),
            "@keyspace",
        ),
        (flags.has(Flags::READONLY), "@read"),
        (flags.has(Flags::WRITE), "@write"),
        (is_of(Group::Set), "@set"),
        (is_of(Group::SortedSet), "@sortedset"),
        (is_of(Group::List), "@list"),
        (is_of(Group::Hash), "@hash"),
        (is_of(Group::String), "@string"),
        (is_of(Group::Bitmap), "@bitmap"),
        (is_of(Group::Pubsub) && flags.has(Flags::PUBSUB), "@pubsub"),
        (flags.has(Flags::ADMIN), "@admin"),
        (flags.has(Flags::FAST), "@fast"),
        (!flags.has(Flags::FAST), "@slow"),
        (flags.any(Flags::ADMIN.and(Flags::DANGEROUS)), "@dangerous"),
        (is_of(Group::Connection) || of_connections, "@connection"),
        (is_of(Group::Transactions), "@transaction"),
    ]
    .into_iter()
    .filter_map(|(holds, category)| holds.then_some(category))
}

/// `COMMAND GETKEYS name [argument …]`
pub(super) fn getkeys(call: &mut Call<'_, '_>) -> Outcome {
    let keys = keys_of(call.args)?;
    call.replies.array(keys.len());
    for (_, key) in keys {
        call.replies.bulk(key);
    }
    Ok(())
}

/// `COMMAND GETKEYSANDFLAGS name [argument …]`
pub(super) fn getkeysandflags(call: &mut Call<'_, '_>) -> Outcome {
    let keys = keys_of(call.args)?;
    call.replies.array(keys.len());
    for (access, key) in keys {
        call.replies.array(2);
        call.replies.bulk(key);
        call.replies.set(access.split(' ').count());
        access
            .split(' ')
            .for_each(|access| call.replies.status(access));
    }
    Ok(())
}

/// The keys of the request that begins at argument 2, and what is done to them.
fn keys_of(args: Args<'_>) -> Result<Vec<(&'static str, &[u8])>, Failure> {
    const INVALID: Failure = Failure::Text("ERR Invalid arguments specified for command");
    let invalid_command = || Failure::Text("ERR Invalid command specified");
    let mut command = table::find_name(args.at(2)).ok_or_else(invalid_command)?;
    if !command.subcommands.is_empty() && args.len() > 3 {
        command = table::find_subcommand(command, args.at(3)).ok_or_else(invalid_command)?;
    }
    if command.keys.is_empty() {
        return Err(Failure::Text("ERR The command has no key arguments"));
    }
    let len = args.len() - 2;
    if !command.takes(len) {
        return Err(Failure::Text(
            "ERR Invalid number of arguments specified for command",
        ));
    }
    let mut keys = Vec::new();
    for spec in command.keys {
        let first = usize::from(spec.first);
        let (range, step): (Range<usize>, usize) = match spec.find {
            Find::One => (first..first + 1, 1),
            Find::All(step) => (first..len, step.into()),
            Find::Counted => {
                let count = args.get(2 + first).and_then(parse_integer);
                let count = count.and_then(|count| usize::try_from(count).ok());
                let left = len.saturating_sub(first + 1);
                let count = count.filter(|count| (1..=left).contains(count));
                (first + 1..first + 1 + count.ok_or(INVALID)?, 1)
            }
        };
        keys.extend(
            range
                .step_by(step)
                .filter_map(|at| Some((spec.access, args.get(2 + at)?))),
        );
    }
    Ok(keys)
}
