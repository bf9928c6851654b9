//! Sorted sets, as the table has them.

use crate::commands::{Command, walk, zset, zset_algebra, zset_range};

use super::commands;
use super::{at, counted};

pub(super) const SORTED_SETS: &[Command] = commands! { SortedSet:
    "zadd" -4 [WRITE DENYOOM FAST] [at(1, "RW update")] zset::zadd, "1.2.0" "Puts members with scores into a sorted set";
    "zcard" 2 [READONLY FAST] [at(1, "RO")] zset::zcard, "1.2.0" "Counts the members of a sorted set";
    "zcount" 4 [READONLY FAST] [at(1, "RO access")] zset_range::zcount, "2.0.0" "Counts the members within a range of scores";
    "zdiff" -3 [READONLY] [counted(1, "RO access")] zset_algebra::zdiff, "6.2.0" "Tells what a sorted set has and others have not";
    "zdiffstore" -4 [WRITE DENYOOM] [at(1, "OW update"), counted(2, "RO access")] zset_algebra::zdiffstore, "6.2.0" "Stores what a sorted set has and others have not";
    "zincrby" 4 [WRITE DENYOOM FAST] [at(1, "RW access update")] zset::zincrby, "1.2.0" "Adds to the score of a member";
    "zinter" -3 [READONLY] [counted(1, "RO access")] zset_algebra::zinter, "6.2.0" "Tells what several sorted sets have in common";
    "zintercard" -3 [READONLY] [counted(1, "RO access")] zset_algebra::zintercard, "7.0.0" "Counts what several sorted sets have in common";
    "zinterstore" -4 [WRITE DENYOOM] [at(1, "OW update"), counted(2, "RO access")] zset_algebra::zinterstore, "2.0.0" "Stores what several sorted sets have in common";
    "zlexcount" 4 [READONLY FAST] [at(1, "RO access")] zset_range::zlexcount, "2.8.9" "Counts the members within a range of members";
    "zmpop" -4 [WRITE] [counted(1, "RW access delete")] zset::zmpop, "7.0.0" "Takes members from the first sorted set that has some";
    "zmscore" -3 [READONLY FAST] [at(1, "RO access")] zset::zmscore, "6.2.0" "Reads the scores of several members";
    "zpopmax" -2 [WRITE FAST] [at(1, "RW access delete")] zset::zpopmax, "5.0.0" "Takes the members with the highest scores";
    "zpopmin" -2 [WRITE FAST] [at(1, "RW access delete")] zset::zpopmin, "5.0.0" "Takes the members with the lowest scores";
    "zrandmember" -2 [READONLY] [at(1, "RO access")] zset::zrandmember, "6.2.0" "Draws members of a sorted set at random";
    "zrange" -4 [READONLY] [at(1, "RO access")] zset_range::zrange, "1.2.0" "Reads a range of a sorted set";
    "zrangebylex" -4 [READONLY] [at(1, "RO access")] zset_range::zrangebylex, "2.8.9" "Reads a range of members";
    "zrangebyscore" -4 [READONLY] [at(1, "RO access")] zset_range::zrangebyscore, "1.0.5" "Reads a range of scores";
    "zrangestore" -5 [WRITE DENYOOM] [at(1, "OW update"), at(2, "RO access")] zset_range::zrangestore, "6.2.0" "Stores a range of a sorted set";
    "zrank" -3 [READONLY FAST] [at(1, "RO access")] zset::zrank, "2.0.0" "Tells the rank of a member from the lowest score";
    "zrem" -3 [WRITE FAST] [at(1, "RW delete")] zset::zrem, "1.2.0" "Removes members of a sorted set";
    "zremrangebylex" 4 [WRITE] [at(1, "RW delete")] zset_range::zremrangebylex, "2.8.9" "Removes a range of members";
    "zremrangebyrank" 4 [WRITE] [at(1, "RW delete")] zset_range::zremrangebyrank, "2.0.0" "Removes a range of ranks";
    "zremrangebyscore" 4 [WRITE] [at(1, "RW delete")] zset_range::zremrangebyscore, "1.2.0" "Removes a range of scores";
    "zrevrange" -4 [READONLY] [at(1, "RO access")] zset_range::zrevrange, "1.2.0" "Reads a range of a sorted set from the highest score";
    "zrevrangebylex" -4 [READONLY] [at(1, "RO access")] zset_range::zrevrangebylex, "2.8.9" "Reads a range of members from the last";
    "zrevrangebyscore" -4 [READONLY] [at(1, "RO access")] zset_range::zrevrangebyscore, "2.2.0" "Reads a range of scores from the highest";
    "zrevrank" -3 [READONLY FAST] [at(1, "RO access")] zset::zrevrank, "2.0.0" "Tells the rank of a member from the highest score";
    "zscan" -3 [READONLY] [at(1, "RO access")] walk::zscan, "2.8.0" "Walks over the members of a sorted set, a few at a time";
    "zscore" 3 [READONLY FAST] [at(1, "RO access")] zset::zscore, "1.2.0" "Reads the score of a member";
    "zunion" -3 [READONLY] [counted(1, "RO access")] zset_algebra::zunion, "6.2.0" "Tells what several sorted sets have together";
    "zunionstore" -4 [WRITE DENYOOM] [at(1, "OW update"), counted(2, "RO access")] zset_algebra::zunionstore, "2.0.0" "Stores what several sorted sets have together";
};
