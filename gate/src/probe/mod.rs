//! What measures one arm once.
//!
//! | probe | file | yields |
//! |---|---|---|
//! | `command` | `command` | what the program prints, a JSON object a line |
//! | `callgrind` | `callgrind` | instructions of a program, by function |
//! | `resp-load` | `resp_load` | requests and time of one slice, against a live server |
//!
//! `server` starts what the load runs against; `argv` fills in artifacts and ports.

mod argv;
mod callgrind;
mod command;
pub mod resp_load;
mod server;

pub use argv::{ArgvError, fill};
pub use callgrind::{
    CallgrindError, CallgrindProbe, Cost, HOW_TO_GET, Profile, ProfileError, valgrind,
};
pub use command::{CommandError, CommandProbe, Reading};
pub use server::{Server, ServerError, ServerLaunch};
