//! HELP: what the subcommands of a command are, for people at a prompt; from the table, so that it names no other.
//!
//! ```text
//! +SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
//! +GET [<count>]                          the name, and what follows it
//! +    Lists requests that took long.     the summary
//! …
//! +HELP
//! +    Prints this help.
//! ```
#![expect(
    clippy::unnecessary_wraps,
    reason = "the table gives every command one signature"
)]

use super::table;
use crate::commands::{Call, Outcome};

/// What follows the names of subcommands, where something does.
const ARGUMENTS: &[(&str, &str)] = &[
    (
        "client|kill",
        "<ip:port> | [ID <id>] [TYPE NORMAL|PUBSUB] [ADDR <ip:port>] [LADDR <ip:port>] [USER <name>] [SKIPME YES|NO]",
    ),
    ("client|list", "[TYPE NORMAL|PUBSUB | ID <id> [<id> ...]]"),
    ("client|no-evict", "(ON|OFF)"),
    ("client|reply", "(ON|OFF|SKIP)"),
    ("client|setinfo", "(LIB-NAME <name> | LIB-VER <version>)"),
    ("client|setname", "<name>"),
    ("client|tracking", "(ON|OFF)"),
    ("command|docs", "[<name> ...]"),
    ("command|getkeys", "<name> [<argument> ...]"),
    ("command|getkeysandflags", "<name> [<argument> ...]"),
    ("command|info", "[<name> ...]"),
    (
        "command|list",
        "[FILTERBY (MODULE <name> | ACLCAT <category> | PATTERN <pattern>)]",
    ),
    ("config|get", "<pattern> [<pattern> ...]"),
    ("config|set", "<name> <value> [<name> <value> ...]"),
    ("debug|object", "<key>"),
    ("debug|sleep", "<seconds>"),
    ("latency|history", "<event>"),
    ("latency|reset", "[<event> ...]"),
    ("memory|usage", "<key> [SAMPLES <count>]"),
    ("object|encoding", "<key>"),
    ("object|freq", "<key>"),
    ("object|idletime", "<key>"),
    ("object|refcount", "<key>"),
    ("pubsub|channels", "[<pattern>]"),
    ("pubsub|numsub", "[<channel> ...]"),
    ("slowlog|get", "[<count>]"),
];

/// `CLIENT HELP`, `CONFIG HELP` and so on
pub(super) fn help(call: &mut Call<'_, '_>) -> Outcome {
    let (container, _) = call.command.name.split_once('|').unwrap_or_default();
    let subcommands = table::find_name(container.as_bytes()).map_or(&[][..], |it| it.subcommands);
    let replies = &mut *call.replies;
    replies.array(1 + 2 * subcommands.len());
    let title = container.to_ascii_uppercase();
    replies.line(&format!(
        "{title} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
    ));
    for subcommand in subcommands {
        let (_, name) = subcommand.name.split_once('|').unwrap_or_default();
        let name = name.to_ascii_uppercase();
        match ARGUMENTS.iter().find(|(of, _)| *of == subcommand.name) {
            Some((_, arguments)) => replies.line(&format!("{name} {arguments}")),
            None => replies.line(&name),
        }
        replies.line(&format!("    {}.", subcommand.summary));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_arguments_says_which() {
        let subcommands = table::COMMANDS.iter().flat_map(|it| it.subcommands);
        for subcommand in subcommands.clone() {
            let is_told = ARGUMENTS.iter().any(|(of, _)| *of == subcommand.name);
            assert_eq!(is_told, subcommand.arity != 2, "{}", subcommand.name);
        }
        for (of, _) in ARGUMENTS {
            assert!(subcommands.clone().any(|it| it.name == *of), "{of}");
        }
    }
}
