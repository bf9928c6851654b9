//! Sets, as the table has them.

use crate::commands::{Command, set, set_algebra, walk};

use super::commands;
use super::{all, at, counted};

pub(super) const SETS: &[Command] = commands! { Set:
    "sadd" -3 [WRITE DENYOOM FAST] [at(1, "RW insert")] set::sadd, "1.0.0" "Puts members into a set";
    "scard" 2 [READONLY FAST] [at(1, "RO")] set::scard, "1.0.0" "Counts the members of a set";
    "sdiff" -2 [READONLY] [all(1, "RO access")] set_algebra::sdiff, "1.0.0" "Tells what a set has and others have not";
    "sdiffstore" -3 [WRITE DENYOOM] [at(1, "OW update"), all(2, "RO access")] set_algebra::sdiffstore, "1.0.0" "Stores what a set has and others have not";
    "sinter" -2 [READONLY] [all(1, "RO access")] set_algebra::sinter, "1.0.0" "Tells what several sets have in common";
    "sintercard" -3 [READONLY] [counted(1, "RO access")] set_algebra::sintercard, "7.0.0" "Counts what several sets have in common";
    "sinterstore" -3 [WRITE DENYOOM] [at(1, "RW update"), all(2, "RO access")] set_algebra::sinterstore, "1.0.0" "Stores what several sets have in common";
    "sismember" 3 [READONLY FAST] [at(1, "RO")] set::sismember, "1.0.0" "Tells whether a set has a member";
    "smembers" 2 [READONLY] [at(1, "RO access")] set::smembers, "1.0.0" "Lists the members of a set";
    "smismember" -3 [READONLY FAST] [at(1, "RO access")] set::smismember, "6.2.0" "Tells which members a set has";
    "smove" 4 [WRITE FAST] [at(1, "RW access delete"), at(2, "RW insert")] set::smove, "1.0.0" "Moves a member from a set to another";
    "spop" -2 [WRITE FAST] [at(1, "RW access delete")] set::spop, "1.0.0" "Takes members out of a set at random";
    "srandmember" -2 [READONLY] [at(1, "RO access")] set::srandmember, "1.0.0" "Draws members of a set at random";
    "srem" -3 [WRITE FAST] [at(1, "RW delete")] set::srem, "1.0.0" "Removes members of a set";
    "sscan" -3 [READONLY] [at(1, "RO access")] walk::sscan, "2.8.0" "Walks over the members of a set, a few at a time";
    "sunion" -2 [READONLY] [all(1, "RO access")] set_algebra::sunion, "1.0.0" "Tells what several sets have together";
    "sunionstore" -3 [WRITE DENYOOM] [at(1, "OW update"), all(2, "RO access")] set_algebra::sunionstore, "1.0.0" "Stores what several sets have together";
};
