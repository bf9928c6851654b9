//! Children, cores, ports, CPU time and interruption: what every effect of the gate stands on.
//!
//! Invariant: a [`Child`] owns its whole process group. Whatever ends the scope that holds it, an
//! error, a panic or a signal, ends every process of the group.

mod affinity;
mod child;
mod cpu_time;
mod error;
mod health;
mod interrupt;
mod listener;
mod log;
mod orphans;
mod port;

pub use affinity::{Pinned, Plan, thread_and_core_counts};
pub use child::{Child, Launch};
pub use cpu_time::{CpuSnapshot, CpuTime, ended_children_cpu, this_thread_ns};
pub use error::ProcessError;
pub use health::{MemoryStall, Ticks, percent_of};
pub use interrupt::{Interrupt, Interrupted, POLL};
pub use listener::{Stranger, stranger_at};
pub use log::last_lines;
pub use port::Port;
