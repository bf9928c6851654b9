//! Keys of any type, as the table has them.

use crate::commands::{Command, copy, expiry, key, object, scan, server};

use super::commands;
use super::{all, at, container};
use crate::dispatch::help;

pub(super) const KEYS: &[Command] = commands! { Generic:
    "copy" -3 [WRITE DENYOOM] [at(1, "RO access"), at(2, "OW update")] copy::copy, "6.2.0" "Copies the value of a key to another key";
    "del" -2 [WRITE] [all(1, "RM delete")] key::del, "1.0.0" "Removes keys";
    "exists" -2 [READONLY FAST] [all(1, "RO")] key::exists, "1.0.0" "Counts how many of the keys are there";
    "expire" -3 [WRITE FAST] [at(1, "RW update")] expiry::expire, "1.0.0" "Lets a key expire after seconds";
    "expireat" -3 [WRITE FAST] [at(1, "RW update")] expiry::expireat, "1.2.0" "Lets a key expire at a second since 1970";
    "expiretime" 2 [READONLY FAST] [at(1, "RO access")] expiry::expiretime, "7.0.0" "Tells the second since 1970 at which a key expires";
    "keys" 2 [READONLY DANGEROUS] [] key::keys, "1.0.0" "Lists the keys that match a pattern";
    "object" -2 [] [] container, "2.2.3" "A group of commands about how values are kept" { OBJECT };
    "persist" 2 [WRITE FAST] [at(1, "RW update")] expiry::persist, "2.2.0" "Lets a key stay that would expire";
    "pexpire" -3 [WRITE FAST] [at(1, "RW update")] expiry::pexpire, "2.6.0" "Lets a key expire after milliseconds";
    "pexpireat" -3 [WRITE FAST] [at(1, "RW update")] expiry::pexpireat, "2.6.0" "Lets a key expire at a millisecond since 1970";
    "pexpiretime" 2 [READONLY FAST] [at(1, "RO access")] expiry::pexpiretime, "7.0.0" "Tells the millisecond since 1970 at which a key expires";
    "pttl" 2 [READONLY FAST] [at(1, "RO access")] expiry::pttl, "2.6.0" "Tells in how many milliseconds a key expires";
    "randomkey" 1 [READONLY] [] key::randomkey, "1.0.0" "Draws a key at random";
    "rename" 3 [WRITE] [at(1, "RW access delete"), at(2, "OW update")] copy::rename, "1.0.0" "Gives a key another name";
    "renamenx" 3 [WRITE FAST] [at(1, "RW access delete"), at(2, "OW insert")] copy::renamenx, "1.0.0" "Gives a key a name that no other key has";
    "scan" -2 [READONLY] [] scan::scan, "2.8.0" "Walks over the keys, a few at a time";
    "touch" -2 [READONLY FAST] [all(1, "RO")] key::touch, "3.2.1" "Counts how many of the keys are there, and counts them as used";
    "ttl" 2 [READONLY FAST] [at(1, "RO access")] expiry::ttl, "1.0.0" "Tells in how many seconds a key expires";
    "type" 2 [READONLY FAST] [at(1, "RO")] key::kind, "1.0.0" "Tells the type of a key's value";
    "unlink" -2 [WRITE FAST] [all(1, "RM delete")] key::del, "4.0.0" "Removes keys";
    "wait" 3 [NOSCRIPT OF_CONNECTIONS] [] server::wait, "3.0.0" "Waits for replicas, of which there are none";
};

const OBJECT: &[Command] = commands! { Generic:
    "object|encoding" 3 [READONLY] [at(2, "RO")] object::encoding, "2.2.3" "Tells how the value of a key is kept";
    "object|freq" 3 [READONLY] [at(2, "RO")] object::freq, "4.0.0" "Tells how often a key is used";
    "object|idletime" 3 [READONLY] [at(2, "RO")] object::idletime, "2.2.3" "Tells for how long a key was not used";
    "object|refcount" 3 [READONLY] [at(2, "RO")] object::refcount, "2.2.3" "Tells how many share the value of a key";
    "object|help" 2 [LOADING STALE] [] help::help, "6.2.0" "Prints this help";
};
