//! Lists, as the table has them.

use crate::commands::{Command, list, list_move};

use super::commands;
use super::{at, counted};

pub(super) const LISTS: &[Command] = commands! { List:
    "lindex" 3 [READONLY] [at(1, "RO access")] list::lindex, "1.0.0" "Reads one element of a list";
    "linsert" 5 [WRITE DENYOOM] [at(1, "RW insert")] list::linsert, "2.2.0" "Puts an element beside another one of a list";
    "llen" 2 [READONLY FAST] [at(1, "RO")] list::llen, "1.0.0" "Counts the elements of a list";
    "lmove" 5 [WRITE DENYOOM] [at(1, "RW access delete"), at(2, "RW insert")] list_move::lmove, "6.2.0" "Moves an element from an end of a list to an end of another";
    "lmpop" -4 [WRITE] [counted(1, "RW access delete")] list_move::lmpop, "7.0.0" "Takes elements from the first list that has some";
    "lpop" -2 [WRITE FAST] [at(1, "RW access delete")] list::lpop, "1.0.0" "Takes elements from the front of a list";
    "lpos" -3 [READONLY] [at(1, "RO access")] list::lpos, "6.0.6" "Finds an element of a list";
    "lpush" -3 [WRITE DENYOOM FAST] [at(1, "RW insert")] list::lpush, "1.0.0" "Puts elements in front of a list";
    "lpushx" -3 [WRITE DENYOOM FAST] [at(1, "RW insert")] list::lpushx, "2.2.0" "Puts elements in front of a list that is there";
    "lrange" 4 [READONLY] [at(1, "RO access")] list::lrange, "1.0.0" "Reads a range of a list";
    "lrem" 4 [WRITE] [at(1, "RW delete")] list::lrem, "1.0.0" "Removes equal elements of a list";
    "lset" 4 [WRITE DENYOOM] [at(1, "RW update")] list::lset, "1.0.0" "Replaces an element of a list";
    "ltrim" 4 [WRITE] [at(1, "RW delete")] list::ltrim, "1.0.0" "Removes all of a list but a range";
    "rpop" -2 [WRITE FAST] [at(1, "RW access delete")] list::rpop, "1.0.0" "Takes elements from the back of a list";
    "rpoplpush" 3 [WRITE DENYOOM] [at(1, "RW access delete"), at(2, "RW insert")] list_move::rpoplpush, "1.2.0" "Moves an element from the back of a list to the front of another";
    "rpush" -3 [WRITE DENYOOM FAST] [at(1, "RW insert")] list::rpush, "1.0.0" "Puts elements behind a list";
    "rpushx" -3 [WRITE DENYOOM FAST] [at(1, "RW insert")] list::rpushx, "2.2.0" "Puts elements behind a list that is there";
};
