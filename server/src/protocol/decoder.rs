//! Request frames, decoded where they lie.
//!
//! ```text
//! *3\r\n $3\r\nSET\r\n $3\r\nkey\r\n $5\r\nvalue\r\n
//!            └8..11       └17..20       └26..31       spans, counted from the frame's first byte
//! ```
//!
//! | bound                   | value   | beyond it                                        |
//! |-------------------------|---------|--------------------------------------------------|
//! | arguments of a frame    | 1 Mi    | `invalid multibulk length`                       |
//! | one argument            | 512 MiB | `invalid bulk length`                            |
//! | one frame               | 1 GiB   | `request exceeds the query buffer limit`         |
//! | a line without its end  | 64 KiB  | `too big inline request`, `… count string`       |
//! | arguments of a stranger | 10      | `unauthenticated multibulk length`               |
//! | an argument of one      | 16 KiB  | `unauthenticated bulk length`                    |
//!
//! A stranger is who has yet to tell the password: a frame of theirs is an `AUTH` or a `HELLO`, and may take no more
//! memory than those.
//!
//! The decoder keeps its place in a frame that is not complete, so a frame that comes in pieces is
//! never decoded from its start again; the caller hands the same bytes in, with more behind them.
//! What ends an argument is skipped and not compared, as Redis does it. A frame that declares a
//! million arguments takes memory only for those that came.
//!
//! Source: the protocol specification of Redis (RESP2, "Inline commands"), and `networking.c` of
//! Redis 7 for the words of its errors.

use std::ops::Range;

use super::{
    error::ProtocolError,
    inline,
    number::parse_integer,
    whole::{Openings, whole},
};

/// Most arguments that one frame may declare.
pub const MAX_ARGS: usize = 1 << 20;
/// Most bytes that one argument may have.
pub const MAX_BULK: usize = 512 << 20;
/// Most bytes of a line, be it an inline request or the count of a frame.
pub const MAX_INLINE: usize = 64 << 10;
/// Most bytes of one frame; fits the 32 bits of a [`Span`].
pub const MAX_FRAME: usize = 1 << 30;
const _: () = assert!(MAX_FRAME < u32::MAX as usize);
/// Most arguments of a frame that comes before the password.
const STRANGER_ARGS: usize = 10;
/// Most bytes of an argument of it.
const STRANGER_BULK: usize = 16 << 10;

/// Spans that a decoder at rest keeps room for.
const SPANS_AT_REST: usize = 16;

/// What one request may be at the most, within [`MAX_ARGS`], [`MAX_BULK`] and [`MAX_FRAME`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Arguments.
    pub args: usize,
    /// Bytes of an argument.
    pub bulk: usize,
    /// Bytes of all of it.
    pub frame: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            args: MAX_ARGS,
            bulk: MAX_BULK,
            frame: MAX_FRAME,
        }
    }
}

/// Where an argument lies, counted from the first byte of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// The span of `start..end`, if it fits 32 bits.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Option<Self> {
        Some(Self {
            start: u32::try_from(start).ok()?,
            end: u32::try_from(end).ok()?,
        })
    }

    /// The span as a range of bytes.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The arguments of one request, the command's name first, borrowed from the buffer they came in.
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    bytes: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Args<'a> {
    /// The arguments that lie at `spans` of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8], spans: &'a [Span]) -> Self {
        Self { bytes, spans }
    }

    /// How many there are, the name included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is not even a name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Argument `at`, if the request has so many.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&'a [u8]> {
        self.bytes.get(self.spans.get(at)?.range())
    }

    /// Argument `at`, which the command's arity says is there; empty if it is not.
    #[must_use]
    pub fn at(&self, at: usize) -> &'a [u8] {
        let argument = self.get(at);
        debug_assert!(argument.is_some(), "argument {at} of {}", self.len());
        argument.unwrap_or_default()
    }

    /// The arguments from `at` on.
    #[must_use]
    pub fn from(&self, at: usize) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let bytes = self.bytes;
        let spans = self.spans.get(at..).unwrap_or_default();
        spans
            .iter()
            .map(move |span| bytes.get(span.range()).unwrap_or_default())
    }

    /// The bytes and spans that these arguments borrow.
    #[must_use]
    pub fn parts(&self) -> (&'a [u8], &'a [Span]) {
        (self.bytes, self.spans)
    }
}

/// How far a call of [`Decoder::decode`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// One request, which takes `len` bytes of the input; [`Decoder::args`] has its arguments.
    Request {
        /// Bytes of the input that the request takes.
        len: usize,
    },
    /// A frame without arguments, which asks nothing and gets no reply.
    Blank {
        /// Bytes of the input that it takes.
        len: usize,
    },
    /// The frame is not complete before it has at least `need` bytes.
    Partial {
        /// Bytes that the frame has at the least, counted from its first.
        need: usize,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Source {
    #[default]
    Frame,
    Line,
}

/// Decodes the frames of one connection.
#[derive(Debug, Default)]
pub struct Decoder {
    spans: Vec<Span>,
    /// Bytes of the frame that are decoded.
    at: usize,
    /// Arguments that the frame still lacks; 0 between frames.
    missing: usize,
    /// The words of an inline request, freed of quotes.
    line: Vec<u8>,
    source: Source,
    bounds: Bounds,
    /// While a frame of a stranger is decoded: what one of others may be.
    others: Option<Bounds>,
}

impl Decoder {
    /// Sets what the next frames may be.
    #[inline]
    pub fn set_bounds(&mut self, bounds: Bounds) {
        self.bounds = Bounds {
            args: bounds.args.min(MAX_ARGS),
            bulk: bounds.bulk.min(MAX_BULK),
            frame: bounds.frame.min(MAX_FRAME),
        };
    }

    /// Decodes the frame at the start of `input`.
    ///
    /// After [`Decoded::Partial`] the next call must hand in the same bytes, with more behind them.
    pub fn decode(&mut self, input: &[u8]) -> Result<Decoded, ProtocolError> {
        if self.missing == 0 {
            self.spans.clear();
            if let Some(len) = whole(input, self.bounds, &mut self.spans) {
                self.source = Source::Frame;
                return Ok(Decoded::Request { len });
            }
        }
        self.decode_any(input)
    }

    /// Decodes as [`decode`](Self::decode) does a frame of who has yet to tell the password.
    #[cold]
    pub(crate) fn decode_stranger(&mut self, input: &[u8]) -> Result<Decoded, ProtocolError> {
        // A frame may have begun before its sender became a stranger.
        if self.missing > 0 && self.spans.len() + self.missing > STRANGER_ARGS {
            return Err(ProtocolError::UnauthenticatedCount);
        }
        let others = self.bounds;
        self.bounds = Bounds {
            args: others.args.min(STRANGER_ARGS),
            bulk: others.bulk.min(STRANGER_BULK),
            ..others
        };
        self.others = Some(others);
        let decoded = self.decode_any(input);
        (self.bounds, self.others) = (others, None);
        decoded
    }

    #[cold]
    fn refuse_count(&self, count: usize) -> ProtocolError {
        match self.others {
            Some(others) if count <= others.args => ProtocolError::UnauthenticatedCount,
            _ => ProtocolError::InvalidCount,
        }
    }

    #[cold]
    fn refuse_length(&self, length: usize) -> ProtocolError {
        match self.others {
            Some(others) if length <= others.bulk => ProtocolError::UnauthenticatedLength,
            _ => ProtocolError::InvalidLength,
        }
    }

    /// Decodes as [`decode`](Self::decode) does, with no regard for the frames that [`decode_whole`](Self::decode_whole)
    /// knows.
    pub(crate) fn decode_any(&mut self, input: &[u8]) -> Result<Decoded, ProtocolError> {
        if self.missing == 0 {
            self.spans.clear();
            match input {
                [] => return Ok(Decoded::Partial { need: 1 }),
                [b'*', ..] => match counted(input, ProtocolError::CountTooBig)? {
                    Line::Open => {
                        return Ok(Decoded::Partial {
                            need: input.len() + 1,
                        });
                    }
                    Line::Number { number, len } => {
                        let count = number.ok_or(ProtocolError::InvalidCount)?;
                        let Ok(count) = usize::try_from(count) else {
                            return Ok(Decoded::Blank { len });
                        };
                        match count {
                            0 => return Ok(Decoded::Blank { len }),
                            _ if count > self.bounds.args => return Err(self.refuse_count(count)),
                            _ => (self.missing, self.at) = (count, len),
                        }
                    }
                },
                _ => return self.inline(input),
            }
            self.source = Source::Frame;
        }
        while self.missing > 0 {
            let rest = input.get(self.at..).unwrap_or_default();
            let (number, len) = match counted(rest, ProtocolError::LengthTooBig)? {
                Line::Open => {
                    return Ok(Decoded::Partial {
                        need: input.len() + 1,
                    });
                }
                Line::Number { number, len } => (number, len),
            };
            match rest.first() {
                Some(b'$') | None => {}
                Some(&other) => return Err(ProtocolError::ExpectedBulk(other)),
            }
            let length = number
                .and_then(|number| usize::try_from(number).ok())
                .ok_or(ProtocolError::InvalidLength)?;
            if length > self.bounds.bulk {
                return Err(self.refuse_length(length));
            }
            let start = self.at + len;
            let end = start + length;
            let after = end + 2;
            if after > self.bounds.frame {
                return Err(ProtocolError::FrameTooBig);
            }
            if after > input.len() {
                return Ok(Decoded::Partial { need: after });
            }
            self.spans
                .push(Span::new(start, end).ok_or(ProtocolError::FrameTooBig)?);
            self.at = after;
            self.missing -= 1;
        }
        Ok(Decoded::Request { len: self.at })
    }

    /// Decodes the next frame where all of it is there and it is as almost all are: its spans are put behind `spans`,
    /// and the bytes that it takes are yielded. `None` is for [`decode_any`](Self::decode_any) to tell.
    #[inline]
    pub(crate) fn decode_whole(&self, input: &[u8], spans: &mut Vec<Span>) -> Option<usize> {
        if self.missing > 0 {
            return None;
        }
        whole(input, self.bounds, spans)
    }

    /// Decodes as [`decode_whole`](Self::decode_whole) does, where the frame's opening is known; and what is known of it.
    #[inline]
    pub(crate) fn decode_known<T: Copy>(
        &self,
        input: &[u8],
        openings: &Openings<T>,
        spans: &mut Vec<Span>,
    ) -> Option<(usize, T)> {
        if self.missing > 0 {
            return None;
        }
        openings.whole(input, spans)
    }

    /// Lets `openings` decode under the bounds that the next frames have.
    #[inline]
    pub(crate) fn bound<T: Copy>(&self, openings: &mut Openings<T>) {
        openings.set_bounds(self.bounds);
    }

    /// The arguments of the request that [`decode`](Self::decode) last found in `input`.
    #[must_use]
    pub fn args<'a>(&'a self, input: &'a [u8]) -> Args<'a> {
        let bytes = match self.source {
            Source::Frame => input,
            Source::Line => &self.line,
        };
        Args::new(bytes, &self.spans)
    }

    /// The last request's arguments in its frame; `None` if it was a line, whose words are no part of
    /// the input.
    #[must_use]
    #[inline]
    pub fn spans(&self) -> Option<&[Span]> {
        match self.source {
            Source::Frame => Some(&self.spans),
            Source::Line => None,
        }
    }

    /// Forgets a frame that is not complete: the next call begins with another one.
    pub fn rewind(&mut self) {
        self.missing = 0;
    }

    /// Gives back the room that unusual frames took; to be called when the input is drained.
    pub fn rest(&mut self) {
        if self.missing == 0 && self.spans.capacity() > SPANS_AT_REST {
            self.spans = Vec::new();
        }
        if self.line.capacity() > 0 {
            self.line = Vec::new();
        }
    }

    fn inline(&mut self, input: &[u8]) -> Result<Decoded, ProtocolError> {
        let window = input.get(..MAX_INLINE).unwrap_or(input);
        let Some(end) = window.iter().position(|&byte| byte == b'\n') else {
            return match input.len() {
                0..MAX_INLINE => Ok(Decoded::Partial {
                    need: input.len() + 1,
                }),
                _ => Err(ProtocolError::InlineTooBig),
            };
        };
        let line = window.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.line.clear();
        self.source = Source::Line;
        inline::split_line(line, &mut self.line, &mut self.spans)
            .map_err(|inline::Unbalanced| ProtocolError::UnbalancedQuotes)?;
        let len = end + 1;
        Ok(if self.spans.is_empty() {
            Decoded::Blank { len }
        } else {
            Decoded::Request { len }
        })
    }
}

/// The line of a marker and a number that a piece of a frame begins with.
enum Line {
    /// Its end has not come.
    Open,
    /// It takes `len` bytes; its number is absent if it is not one.
    Number { number: Option<i64>, len: usize },
}

/// Reads a line such as `*3\r\n` or `$16\r\n`, whatever its marker is.
#[inline]
fn counted(rest: &[u8], too_big: ProtocolError) -> Result<Line, ProtocolError> {
    let digit = |byte: u8| i64::from(byte - b'0');
    Ok(match *rest {
        [_, ones @ b'0'..=b'9', b'\r', _, ..] => Line::Number {
            number: Some(digit(ones)),
            len: 4,
        },
        [_, tens @ b'1'..=b'9', ones @ b'0'..=b'9', b'\r', _, ..] => Line::Number {
            number: Some(digit(tens) * 10 + digit(ones)),
            len: 5,
        },
        [
            _,
            hundreds @ b'1'..=b'9',
            tens @ b'0'..=b'9',
            ones @ b'0'..=b'9',
            b'\r',
            _,
            ..,
        ] => {
            let number = digit(hundreds) * 100 + digit(tens) * 10 + digit(ones);
            Line::Number {
                number: Some(number),
                len: 6,
            }
        }
        _ => return counted_slowly(rest, too_big),
    })
}

#[cold]
fn counted_slowly(rest: &[u8], too_big: ProtocolError) -> Result<Line, ProtocolError> {
    let window = rest.get(..MAX_INLINE).unwrap_or(rest);
    match window.iter().position(|&byte| byte == b'\r') {
        Some(end) if end + 2 <= rest.len() => {
            let number = rest.get(1..end).and_then(parse_integer);
            Ok(Line::Number {
                number,
                len: end + 2,
            })
        }
        Some(_) => Ok(Line::Open),
        None if rest.len() < MAX_INLINE => Ok(Line::Open),
        None => Err(too_big),
    }
}
