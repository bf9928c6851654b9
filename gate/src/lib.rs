//! `gate` compares two revisions of a server and says whether the change may land.
//!
//! Floors, imports run downward only:
//!
//! | floor | modules | sees |
//! |---|---|---|
//! | top | `cli` | everything |
//! | effects | [`revision`], [`build`], [`measure`] → [`probe`], [`runner`], [`publish`] | files, processes, clock, network |
//! | support | [`process`] | children, ports, cores, interruption |
//! | pure | [`judge`], [`report`], [`statistics`], [`budget`], [`model`] | values only |

pub mod budget;
pub mod build;
pub mod cli;
pub mod judge;
pub mod measure;
pub mod model;
pub mod probe;
pub mod process;
pub mod publish;
pub mod report;
pub mod revision;
pub mod runner;
pub mod statistics;
