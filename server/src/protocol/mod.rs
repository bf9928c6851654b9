//! The wire, without a socket: bytes in, bytes out, and the small texts inside them.
//!
//! | module    | owns                                                        |
//! |-----------|-------------------------------------------------------------|
//! | `decoder` | request frames, decoded in place as ranges of the buffer    |
//! | `whole`   | the frame that almost every request is, decoded in one go   |
//! | `inline`  | requests typed as a line, with quotes and escapes           |
//! | `error`   | what a client is told whose input makes no request          |
//! | `reply`   | replies in RESP2 and RESP3, appended to one growing buffer  |
//! | `number`  | integers, cursors and memory sizes as Redis reads them      |
//! | `glob`    | the patterns of `SCAN MATCH` and `CONFIG GET`               |
//!
//! Nothing here knows a command, a key or the time.

mod decoder;
mod error;
mod float;
mod glob;
mod inline;
mod number;
mod reply;
mod whole;

pub use decoder::{
    Args, Bounds, Decoded, Decoder, MAX_ARGS, MAX_BULK, MAX_FRAME, MAX_INLINE, Span,
};
pub use error::ProtocolError;
pub use float::{add_decimals, print_double};
pub use glob::glob_matches;
pub use number::{parse_bytes, parse_cursor, parse_integer};
pub use reply::{Protocol, Replies};
pub(crate) use whole::Openings;
