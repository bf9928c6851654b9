//! The probes `resp-load`, a closed loop, and `resp-latency`, an open one: GET and SET against a server
//! that speaks the Redis protocol.
//!
//! | file | owns |
//! |---|---|
//! | `dataset` | keys and values, and loading them |
//! | `request` | requests encoded ahead, in batches |
//! | `reply` | where a reply ends, and whether it is a good one |
//! | `connection` | one connection: send a batch, receive its replies |
//! | `generator` | threads that drive the connections of all arms, a slice at a time |
//! | `generator/open_loop` | requests at a rate, and their latencies |

mod connection;
mod dataset;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod generator;
mod reply;
mod request;

pub use dataset::DataSet;
pub use error::LoadError;
pub use generator::open_loop::{Latencies, Waiting};
pub use generator::{Generator, Slice, Target};
pub use request::RequestPool;
