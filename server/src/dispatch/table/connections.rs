//! Connections, transactions and channels, as the table has them.

use crate::commands::{Command, client, connection, pubsub, transaction};

use super::commands;
use super::{all, container};
use crate::dispatch::help;

pub(super) const CONNECTIONS: &[Command] = commands! { Connection:
    "auth" -2 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] connection::auth, "1.0.0" "Tells the server the password";
    "client" -2 [] [] container, "2.4.0" "A group of commands about connections" { CLIENT };
    "echo" 2 [LOADING STALE FAST] [] connection::echo, "1.0.0" "Answers what it is told";
    "hello" -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY] [] connection::hello, "6.0.0" "Greets the server, chooses the protocol, tells the password";
    "ping" -1 [FAST WHILE_SUBSCRIBED] [] connection::ping, "1.0.0" "Answers, to show that the connection works";
    "quit" -1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY UNQUEUED WHILE_SUBSCRIBED] [] connection::quit, "1.0.0" "Closes the connection";
    "reset" 1 [NOSCRIPT LOADING STALE FAST NO_AUTH ALLOW_BUSY UNQUEUED WHILE_SUBSCRIBED] [] connection::reset, "6.2.0" "Lets the connection be as if it had just come";
    "select" 2 [LOADING STALE FAST] [] connection::select, "1.0.0" "Chooses the database, of which there is one";
};

const CLIENT: &[Command] = commands! { Connection:
    "client|getname" 2 [NOSCRIPT LOADING STALE] [] client::getname, "2.6.9" "Tells the name of the connection";
    "client|id" 2 [NOSCRIPT LOADING STALE] [] client::id, "5.0.0" "Tells the number of the connection";
    "client|info" 2 [NOSCRIPT LOADING STALE] [] client::info, "6.2.0" "Describes the connection";
    "client|kill" -3 [ADMIN NOSCRIPT LOADING STALE] [] client::kill, "2.4.0" "Closes connections";
    "client|list" -2 [ADMIN NOSCRIPT LOADING STALE] [] client::list, "2.4.0" "Describes all connections";
    "client|no-evict" 3 [ADMIN NOSCRIPT LOADING STALE] [] client::no_evict, "7.0.0" "Lets the connection stay when clients take too much memory";
    "client|reply" 3 [NOSCRIPT LOADING STALE] [] client::reply, "3.2.0" "Says whether the connection wants replies";
    "client|setinfo" 4 [NOSCRIPT LOADING STALE] [] client::setinfo, "7.2.0" "Says which library the client uses";
    "client|setname" 3 [NOSCRIPT LOADING STALE] [] client::setname, "2.6.9" "Names the connection";
    "client|tracking" -3 [NOSCRIPT LOADING STALE] [] client::tracking, "6.0.0" "Answers that keys are not tracked";
    "client|help" 2 [LOADING STALE] [] help::help, "5.0.0" "Prints this help";
};

pub(super) const TRANSACTIONS: &[Command] = commands! { Transactions:
    "discard" 1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY UNQUEUED] [] transaction::discard, "2.0.0" "Forgets the transaction that is open";
    "exec" 1 [NOSCRIPT LOADING STALE SKIP_SLOWLOG UNQUEUED EXEC] [] transaction::exec, "1.2.0" "Runs the requests of the transaction that is open, all at one instant";
    "multi" 1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY UNQUEUED] [] transaction::multi, "1.2.0" "Opens a transaction";
    "unwatch" 1 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY] [] transaction::unwatch, "2.2.0" "Watches no key any more";
    "watch" -2 [NOSCRIPT LOADING STALE FAST ALLOW_BUSY UNQUEUED] [all(1, "RO")] transaction::watch, "2.2.0" "Watches keys, whose change lets the next EXEC do nothing";
};

pub(super) const CHANNELS: &[Command] = commands! { Pubsub:
    "psubscribe" -2 [PUBSUB NOSCRIPT LOADING STALE WHILE_SUBSCRIBED] [] pubsub::psubscribe, "2.0.0" "Listens to the channels that match patterns";
    "publish" 3 [PUBSUB LOADING STALE FAST] [] pubsub::publish, "2.0.0" "Sends a message to those who listen to a channel";
    "pubsub" -2 [] [] container, "2.8.0" "A group of commands about channels" { PUBSUB };
    "punsubscribe" -1 [PUBSUB NOSCRIPT LOADING STALE WHILE_SUBSCRIBED] [] pubsub::punsubscribe, "2.0.0" "Listens no longer to patterns";
    "subscribe" -2 [PUBSUB NOSCRIPT LOADING STALE WHILE_SUBSCRIBED] [] pubsub::subscribe, "2.0.0" "Listens to channels";
    "unsubscribe" -1 [PUBSUB NOSCRIPT LOADING STALE WHILE_SUBSCRIBED] [] pubsub::unsubscribe, "2.0.0" "Listens no longer to channels";
};

const PUBSUB: &[Command] = commands! { Pubsub:
    "pubsub|channels" -2 [PUBSUB LOADING STALE] [] pubsub::channels, "2.8.0" "Lists the channels that somebody listens to";
    "pubsub|numpat" 2 [PUBSUB LOADING STALE] [] pubsub::numpat, "2.8.0" "Counts the patterns that somebody listens to";
    "pubsub|numsub" -2 [PUBSUB LOADING STALE] [] pubsub::numsub, "2.8.0" "Counts those who listen to channels";
    "pubsub|help" 2 [LOADING STALE] [] help::help, "6.2.0" "Prints this help";
};
