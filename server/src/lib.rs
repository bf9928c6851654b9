//! A cache server that speaks the protocol of Redis, in front of the keyspace of `store`.
//!
//! ```no_run
//! use server::{Config, run};
//!
//! # fn main() -> Result<(), server::ServerError> {
//! let config = Config { max_memory: 100 << 20, ..Config::default() };
//! let listener = server::bind(config.address())?;
//! run(listener, &config, async { /* until this ends */ })?;
//! # Ok(())
//! # }
//! ```
//!
//! Floors, imports run downward only:
//!
//! | floor        | knows                                                                |
//! |--------------|----------------------------------------------------------------------|
//! | `listener`   | sockets, threads, tasks; `metrics` is another listener               |
//! | `connection` | one socket: reads; `desk` runs what was read, `outbox` writes        |
//! | `exchange`   | one client's requests and replies, without its socket                |
//! | `dispatch`   | the table of commands, transactions' queues, the bound of memory     |
//! | `commands`   | what each command does, its errors                                   |
//! | `state`      | what connections share: keys, settings, counters                     |
//! | `protocol`   | bytes                                                                |
//!
//! Nothing below those knows a socket, a task or a clock.

mod ahead;
pub mod commands;
pub mod config;
mod connection;
mod desk;
pub mod dispatch;
mod drain;
pub mod exchange;
#[cfg(any(test, feature = "handicap"))]
pub mod handicap;
mod idle;
mod listener;
mod metrics;
mod outbox;
pub mod protocol;
pub mod state;
mod upkeep;

pub use config::{Config, ConfigError};
pub use listener::{ServerError, bind, run};
pub use upkeep::FREE_PERCENT;
