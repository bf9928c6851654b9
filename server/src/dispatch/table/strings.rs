//! Strings, and their bits, as the table has them.

use crate::commands::{Command, bit_operation, bitmap, counter, string, text};

use super::commands;
use super::{all, at, pairs};

pub(super) const STRINGS: &[Command] = commands! { String:
    "append" 3 [WRITE DENYOOM FAST] [at(1, "RW insert")] string::append, "2.0.0" "Adds bytes to the end of a string";
    "decr" 2 [WRITE DENYOOM FAST] [at(1, "RW access update")] counter::decr, "1.0.0" "Takes one from a number";
    "decrby" 3 [WRITE DENYOOM FAST] [at(1, "RW access update")] counter::decrby, "1.0.0" "Takes an integer from a number";
    "get" 2 [READONLY FAST] [at(1, "RO access")] string::get, "1.0.0" "Reads a string";
    "getdel" 2 [WRITE FAST] [at(1, "RW access delete")] string::getdel, "6.2.0" "Reads a string and removes its key";
    "getex" -2 [WRITE FAST] [at(1, "RW access update")] string::getex, "6.2.0" "Reads a string and sets when its key expires";
    "getrange" 4 [READONLY] [at(1, "RO access")] text::getrange, "2.4.0" "Reads a part of a string";
    "getset" 3 [WRITE DENYOOM FAST] [at(1, "RW access update")] string::getset, "1.0.0" "Sets a string and answers what it was before";
    "incr" 2 [WRITE DENYOOM FAST] [at(1, "RW access update")] counter::incr, "1.0.0" "Adds one to a number";
    "incrby" 3 [WRITE DENYOOM FAST] [at(1, "RW access update")] counter::incrby, "1.0.0" "Adds an integer to a number";
    "incrbyfloat" 3 [WRITE DENYOOM FAST] [at(1, "RW access update")] counter::incrbyfloat, "2.6.0" "Adds a decimal to a number";
    "mget" -2 [READONLY FAST] [all(1, "RO access")] string::mget, "1.0.0" "Reads several strings";
    "mset" -3 [WRITE DENYOOM] [pairs(1, "OW update")] string::mset, "1.0.1" "Sets several strings at one instant";
    "msetnx" -3 [WRITE DENYOOM] [pairs(1, "OW insert")] string::msetnx, "1.0.1" "Sets several strings, unless one of the keys is there";
    "psetex" 4 [WRITE DENYOOM] [at(1, "OW update")] string::psetex, "2.6.0" "Sets a string that expires after milliseconds";
    "set" -3 [WRITE DENYOOM UNTIMED] [at(1, "RW access update variable_flags")] string::set, "1.0.0" "Sets a string";
    "setex" 4 [WRITE DENYOOM] [at(1, "OW update")] string::setex, "2.0.0" "Sets a string that expires after seconds";
    "setnx" 3 [WRITE DENYOOM FAST] [at(1, "OW insert")] string::setnx, "1.0.0" "Sets a string, unless its key is there";
    "setrange" 4 [WRITE DENYOOM] [at(1, "RW update")] text::setrange, "2.2.0" "Overwrites a part of a string";
    "strlen" 2 [READONLY FAST] [at(1, "RO")] string::strlen, "2.2.0" "Tells how long a string is";
    "substr" 4 [READONLY] [at(1, "RO access")] text::getrange, "1.0.0" "Reads a part of a string";
};

pub(super) const BITMAPS: &[Command] = commands! { Bitmap:
    "bitcount" -2 [READONLY] [at(1, "RO access")] bitmap::bitcount, "2.6.0" "Counts the bits of a string that are set";
    "bitop" -4 [WRITE DENYOOM] [at(2, "OW update"), all(3, "RO access")] bit_operation::bitop, "2.6.0" "Combines strings bit by bit, and stores the result";
    "bitpos" -3 [READONLY] [at(1, "RO access")] bitmap::bitpos, "2.8.7" "Finds the first bit of a string that is set, or is not";
    "getbit" 3 [READONLY FAST] [at(1, "RO access")] bitmap::getbit, "2.2.0" "Reads one bit of a string";
    "setbit" 4 [WRITE DENYOOM] [at(1, "RW access update")] bitmap::setbit, "2.2.0" "Sets or clears one bit of a string";
};
