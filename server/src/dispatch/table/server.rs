//! The server itself, as the table has them.

use crate::commands::{Command, configuration, debug, info, key, latency, memory, server, slowlog};

use super::commands;
use super::{at, container};
use crate::dispatch::{help, listing};

pub(super) const SERVER: &[Command] = commands! { Server:
    "command" -1 [LOADING STALE OF_CONNECTIONS] [] listing::all, "2.8.13" "Describes the commands" { COMMAND };
    "config" -2 [] [] container, "2.0.0" "A group of commands about settings" { CONFIG };
    "dbsize" 1 [READONLY FAST OF_KEYS] [] key::dbsize, "1.0.0" "Counts the keys";
    "debug" -2 [ADMIN NOSCRIPT LOADING STALE PROTECTED] [] container, "1.0.0" "A group of commands for those who develop the server" { DEBUG };
    "flushall" -1 [WRITE OF_KEYS DANGEROUS] [] key::flush, "1.0.0" "Removes all keys";
    "flushdb" -1 [WRITE OF_KEYS DANGEROUS] [] key::flush, "1.0.0" "Removes all keys of the database";
    "info" -1 [LOADING STALE DANGEROUS] [] info::info, "1.0.0" "Tells what the server is and what it has done";
    "latency" -2 [] [] container, "2.8.13" "A group of commands about what took long" { LATENCY };
    "memory" -2 [] [] container, "4.0.0" "A group of commands about memory" { MEMORY };
    "slowlog" -2 [] [] container, "2.2.12" "A group of commands about requests that took long" { SLOWLOG };
    "swapdb" 3 [WRITE FAST OF_KEYS DANGEROUS] [] server::swapdb, "4.0.0" "Swaps two databases, of which there is one";
    "time" 1 [LOADING STALE FAST] [] server::time, "2.6.0" "Tells what the server's clock shows";
};

const COMMAND: &[Command] = commands! { Server:
    "command|count" 2 [LOADING STALE OF_CONNECTIONS] [] listing::count, "2.8.13" "Counts the commands";
    "command|docs" -2 [LOADING STALE OF_CONNECTIONS] [] listing::docs, "7.0.0" "Says in words what commands do";
    "command|getkeys" -4 [LOADING STALE OF_CONNECTIONS] [] listing::getkeys, "2.8.13" "Tells which arguments of a request are keys";
    "command|getkeysandflags" -4 [LOADING STALE OF_CONNECTIONS] [] listing::getkeysandflags, "7.0.0" "Tells which arguments of a request are keys, and what is done to them";
    "command|info" -2 [LOADING STALE OF_CONNECTIONS] [] listing::info, "2.8.13" "Describes some commands";
    "command|list" -2 [LOADING STALE OF_CONNECTIONS] [] listing::list, "7.0.0" "Lists the names of the commands";
    "command|help" 2 [LOADING STALE OF_CONNECTIONS] [] help::help, "5.0.0" "Prints this help";
};

const CONFIG: &[Command] = commands! { Server:
    "config|get" -3 [ADMIN NOSCRIPT LOADING STALE] [] configuration::get, "2.0.0" "Shows settings";
    "config|resetstat" 2 [ADMIN NOSCRIPT LOADING STALE] [] configuration::resetstat, "2.0.0" "Sets the counters of INFO to zero";
    "config|rewrite" 2 [ADMIN NOSCRIPT LOADING STALE] [] configuration::rewrite, "2.8.0" "Answers that there is no configuration file to write to";
    "config|set" -4 [ADMIN NOSCRIPT LOADING STALE] [] configuration::set, "2.0.0" "Changes settings";
    "config|help" 2 [LOADING STALE] [] help::help, "5.0.0" "Prints this help";
};

const DEBUG: &[Command] = commands! { Server:
    "debug|object" -3 [ADMIN NOSCRIPT LOADING STALE PROTECTED] [] debug::object, "1.0.0" "Tells how the value of a key is kept";
    "debug|panic" 2 [ADMIN NOSCRIPT LOADING STALE PROTECTED] [] debug::panic, "1.0.0" "Meets a defect, which ends the connection";
    "debug|sleep" 3 [ADMIN NOSCRIPT LOADING STALE PROTECTED] [] debug::sleep, "1.0.0" "Lets the server do nothing for a while";
    "debug|help" 2 [ADMIN NOSCRIPT LOADING STALE PROTECTED] [] help::help, "1.0.0" "Prints this help";
};

const LATENCY: &[Command] = commands! { Server:
    "latency|history" 3 [ADMIN NOSCRIPT LOADING STALE] [] latency::history, "2.8.13" "Lists when an event took long, and how long";
    "latency|latest" 2 [ADMIN NOSCRIPT LOADING STALE] [] latency::latest, "2.8.13" "Tells for each event when it last took long";
    "latency|reset" -2 [ADMIN NOSCRIPT LOADING STALE] [] latency::reset, "2.8.13" "Forgets what took long";
    "latency|help" 2 [LOADING STALE] [] help::help, "2.8.13" "Prints this help";
};

const MEMORY: &[Command] = commands! { Server:
    "memory|stats" 2 [] [] memory::stats, "4.0.0" "Tells where the memory is";
    "memory|usage" -3 [READONLY] [at(2, "RO")] memory::usage, "4.0.0" "Tells how much memory a key takes";
    "memory|help" 2 [LOADING STALE] [] help::help, "4.0.0" "Prints this help";
};

const SLOWLOG: &[Command] = commands! { Server:
    "slowlog|get" -2 [ADMIN LOADING STALE] [] slowlog::get, "2.2.12" "Lists requests that took long";
    "slowlog|len" 2 [ADMIN LOADING STALE] [] slowlog::len, "2.2.12" "Counts the requests that took long";
    "slowlog|reset" 2 [ADMIN LOADING STALE] [] slowlog::reset, "2.2.12" "Forgets the requests that took long";
    "slowlog|help" 2 [LOADING STALE] [] help::help, "6.2.0" "Prints this help";
};
