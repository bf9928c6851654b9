//! What measures one arm once.
//!
//! | probe | file | yields |
//! |---|---|---|
//! | `command` | `command` | what the program prints, a JSON object a line |
//! | `resp-load` | `resp_load` | requests and time of one slice, against a live server |
//!
//! `server` starts what the load runs against; `argv` fills in artifacts and ports.

mod argv;
mod command;
pub mod resp_load;
mod server;

pub use argv::{ArgvError, fill};
pub use command::{CommandError, CommandProbe, Reading};
pub use server::{Server, ServerError, ServerLaunch};
