//! What measures one arm once.
//!
//! | probe | file | yields |
//! |---|---|---|
//! | `command` | `command` | what the program prints, a JSON object a line |
//! | `callgrind` | `callgrind` | instructions of a program, by function |
//! | `time` | `command` | wall and CPU time of the program |
//! | `import` | `import` | what another benchmark tool writes |
//! | `size` | `size` | bytes of an artifact |
//! | `resp-memory` | `resp_memory` | memory of a live server |
//! | `resp-load` | `resp_load` | requests and time of one slice, against a live server |
//!
//! `server` starts what the load runs against; `argv` fills in artifacts and ports.

mod argv;
mod callgrind;
mod command;
mod import;
pub mod resp_load;
mod resp_memory;
mod server;
mod size;

pub use argv::{ArgvError, fill};
pub use callgrind::{
    CallgrindError, CallgrindProbe, Cost, HOW_TO_GET, Profile, ProfileError, valgrind,
};
pub use command::{CommandError, CommandProbe, Reading, Spent};
pub use import::{ImportError, import};
pub use resp_memory::{MemoryError, MemoryReading, memory_of};
pub use server::{Server, ServerError, ServerLaunch};
pub use size::{SizeError, sizes};
