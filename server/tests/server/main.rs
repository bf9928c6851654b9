//! The server from outside: real sockets, real processes, real bytes.
//!
//! | module         | what it holds the server to                                      |
//! |----------------|------------------------------------------------------------------|
//! | `frames`       | the decoder agrees with a naive one, however the bytes are cut   |
//! | `wire`         | pipelines, cut frames, malformed frames, greedy clients          |
//! | `commands`     | what each command does, through a client library                 |
//! | `clients`      | programs that were written for Redis                             |
//! | `channels`     | who gets which message                                           |
//! | `sessions`     | AUTH, CLIENT, RESET                                              |
//! | `transactions` | `EXEC` happens at one instant, `WATCH` notices                   |
//! | `memory`       | `maxmemory`, and what idle and slow connections hold             |
//! | `eviction`     | the policies of `maxmemory`, and keys that expire at once        |
//! | `probe`        | what a number is made of, and that it is the same every time     |
//! | `scanning`     | SCAN while other clients write, evict and expire                 |
//! | `process`      | flags, the line it prints, signals, exit codes                   |
//! | `operation`    | the file, the log, metrics, names of commands, the end           |
//! | `limits`       | every bound of what a client may take                            |
//! | `hostile`      | clients that mean harm: others are answered meanwhile            |
//! | `proxy`        | two servers behind nutcracker                                    |
//! | `differential` | the same bytes as `redis-server`, for the same requests          |

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests fail by panicking, and say on standard error what they skip"
)]

mod channels;
mod clients;
mod commands;
mod differential;
mod eviction;
mod frames;
mod hostile;
mod limits;
mod memory;
mod operation;
mod probe;
mod process;
mod proxy;
mod random;
mod scanning;
mod sessions;
mod support;
mod transactions;
mod wire;
