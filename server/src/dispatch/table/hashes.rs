//! Hashes, as the table has them.

use crate::commands::{Command, hash, walk};

use super::at;
use super::commands;

pub(super) const HASHES: &[Command] = commands! { Hash:
    "hdel" -3 [WRITE FAST] [at(1, "RW delete")] hash::hdel, "2.0.0" "Removes fields of a hash";
    "hexists" 3 [READONLY FAST] [at(1, "RO")] hash::hexists, "2.0.0" "Tells whether a hash has a field";
    "hget" 3 [READONLY FAST] [at(1, "RO access")] hash::hget, "2.0.0" "Reads a field of a hash";
    "hgetall" 2 [READONLY] [at(1, "RO access")] hash::hgetall, "2.0.0" "Reads all fields of a hash, with their values";
    "hincrby" 4 [WRITE DENYOOM FAST] [at(1, "RW access update")] hash::hincrby, "2.0.0" "Adds an integer to a field of a hash";
    "hincrbyfloat" 4 [WRITE DENYOOM FAST] [at(1, "RW access update")] hash::hincrbyfloat, "2.6.0" "Adds a decimal to a field of a hash";
    "hkeys" 2 [READONLY] [at(1, "RO access")] hash::hkeys, "2.0.0" "Lists the fields of a hash";
    "hlen" 2 [READONLY FAST] [at(1, "RO")] hash::hlen, "2.0.0" "Counts the fields of a hash";
    "hmget" -3 [READONLY FAST] [at(1, "RO access")] hash::hmget, "2.0.0" "Reads several fields of a hash";
    "hmset" -4 [WRITE DENYOOM FAST] [at(1, "RW update")] hash::hmset, "2.0.0" "Sets several fields of a hash";
    "hrandfield" -2 [READONLY] [at(1, "RO access")] hash::hrandfield, "6.2.0" "Draws fields of a hash at random";
    "hscan" -3 [READONLY] [at(1, "RO access")] walk::hscan, "2.8.0" "Walks over the fields of a hash, a few at a time";
    "hset" -4 [WRITE DENYOOM FAST] [at(1, "RW update")] hash::hset, "2.0.0" "Sets fields of a hash";
    "hsetnx" 4 [WRITE DENYOOM FAST] [at(1, "RW insert")] hash::hsetnx, "2.0.0" "Sets a field of a hash that is not there";
    "hstrlen" 3 [READONLY FAST] [at(1, "RO")] hash::hstrlen, "3.2.0" "Tells how long the value of a field is";
    "hvals" 2 [READONLY] [at(1, "RO access")] hash::hvals, "2.0.0" "Lists the values of a hash";
};
