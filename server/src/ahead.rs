//! Requests that are decoded before the first of them runs, so that the memory they need can be
//! loaded for all of them at once.
//!
//! ```text
//! input   │ *2 $3 GET $1 a │ *2 $3 GET $1 b │ *3 $3 SET …│ *2 $3 GE
//! spans   │  GET  a        │  GET  b        │  SET  c  v │              of all requests, in a row
//! frames  │  0..16, 2      │  16..32, 2     │  32..59, 3 │              input, number of spans
//! ```
//!
//! At most [`AHEAD_MAX`] requests wait, and they borrow from the input: nothing is copied but where
//! their arguments lie. A line has no place in the input for its words, so it ends what is decoded.

use std::ops::Range;

use store::{KeyHash, TOUCHED_AT_ONCE};

use crate::dispatch::Found;
use crate::protocol::{Args, Decoded, Decoder, ProtocolError, Span};

/// Most requests that are decoded before the first of them runs.
const AHEAD_MAX: usize = TOUCHED_AT_ONCE;
/// Room for spans that is kept.
const SPANS_KEPT: usize = 1024;

/// Requests in the order in which they came.
#[derive(Debug, Default)]
pub struct Ahead {
    frames: Vec<Frame>,
    spans: Vec<Span>,
    end: usize,
}

/// One request: its bytes of the input, where its spans end, and what was found of it.
#[derive(Debug)]
struct Frame {
    bytes: Range<usize>,
    spans_end: usize,
    found: Found,
}

/// A request, and where the next one begins in the input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) args: Args<'a>,
    pub(crate) found: Found,
    pub(crate) end: usize,
}

/// What follows the requests that were decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Perhaps more of them.
    More,
    /// A line of `len` bytes, which the decoder has.
    Line { len: usize },
    /// The start of a frame that has at least `need` bytes.
    Partial { need: usize },
}

impl Ahead {
    /// Decodes what `input` has from `start` on; what was decoded before is forgotten. Each request that
    /// others follow is shown to `find`.
    pub(crate) fn decode(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        start: usize,
        mut find: impl FnMut(Args<'_>) -> Found,
    ) -> Result<Next, ProtocolError> {
        self.frames.clear();
        self.spans.clear();
        self.spans.shrink_to(SPANS_KEPT);
        self.end = start;
        while self.frames.len() < AHEAD_MAX {
            let rest = input.get(self.end..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Next::Partial { need: 1 });
            }
            let spans_start = self.spans.len();
            let len = if let Some(len) = decoder.decode_whole(rest, &mut self.spans) {
                len
            } else {
                match decoder.decode_any(rest)? {
                    Decoded::Request { len } => {
                        let Some(spans) = decoder.spans() else {
                            return Ok(Next::Line { len });
                        };
                        self.spans.extend_from_slice(spans);
                        len
                    }
                    Decoded::Blank { len } => {
                        self.end += len;
                        continue;
                    }
                    Decoded::Partial { need } => return Ok(Next::Partial { need }),
                }
            };
            let end = self.end + len;
            let found = if self.frames.is_empty() && end == input.len() {
                Found::default()
            } else {
                let spans = self.spans.get(spans_start..).unwrap_or_default();
                find(Args::new(rest, spans))
            };
            self.frames.push(Frame {
                bytes: self.end..end,
                spans_end: self.spans.len(),
                found,
            });
            self.end = end;
        }
        Ok(Next::More)
    }

    /// Whether more than one request waits.
    pub(crate) fn are_several(&self) -> bool {
        self.frames.len() > 1
    }

    /// The hashes of the first keys that were found.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = KeyHash> + Clone {
        self.frames.iter().filter_map(|frame| frame.found.hash())
    }

    /// Where in the input the requests end.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// The requests, of the same input.
    pub(crate) fn requests<'a>(&'a self, input: &'a [u8]) -> impl Iterator<Item = Request<'a>> {
        let mut spans_start = 0;
        self.frames.iter().map(move |frame| {
            let spans = self.spans.get(spans_start..frame.spans_end);
            spans_start = frame.spans_end;
            let bytes = input.get(frame.bytes.clone()).unwrap_or_default();
            Request {
                args: Args::new(bytes, spans.unwrap_or_default()),
                found: frame.found,
                end: frame.bytes.end,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(ahead: &Ahead, input: &[u8]) -> Vec<String> {
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        ahead
            .requests(input)
            .map(|request| request.args.from(0).map(text).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn frames_up_to_a_line_a_part_or_the_bound() {
        let (mut ahead, mut decoder) = (Ahead::default(), Decoder::default());
        let input =
            b"*1\r\n$4\r\nPING\r\n*0\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nECHO x\r\n*1\r\n$4\r\nPI";
        let next = ahead.decode(&mut decoder, input, 0, |_| Found::default());
        assert_eq!(next, Ok(Next::Line { len: 8 }));
        assert_eq!(words(&ahead, input), ["PING", "GET a"]);
        let line = ahead.end();
        assert_eq!(input.get(line..line + 4), Some(&b"ECHO"[..]));
        let next = ahead.decode(&mut decoder, input, line + 8, |_| Found::default());
        assert_eq!(next, Ok(Next::Partial { need: 14 }));
        assert_eq!(ahead.frames.len(), 0);

        let many = b"*1\r\n$4\r\nPING\r\n".repeat(AHEAD_MAX + 3);
        decoder.rewind();
        assert_eq!(
            ahead.decode(&mut decoder, &many, 0, |_| Found::default()),
            Ok(Next::More)
        );
        assert_eq!(ahead.frames.len(), AHEAD_MAX);
        let rest = ahead.end();
        let next = ahead.decode(&mut decoder, &many, rest, |_| Found::default());
        assert_eq!(
            (next, ahead.frames.len()),
            (Ok(Next::Partial { need: 1 }), 3)
        );
    }

    #[test]
    fn an_error_comes_behind_what_was_decoded_before_it() {
        let (mut ahead, mut decoder) = (Ahead::default(), Decoder::default());
        let input = b"*1\r\n$4\r\nPING\r\n*1\r\n:";
        let next = ahead.decode(
            &mut decoder,
            &[input.as_slice(), b"1\r\n"].concat(),
            0,
            |_| Found::default(),
        );
        assert_eq!(next, Err(ProtocolError::ExpectedBulk(b':')));
        assert_eq!(words(&ahead, input), ["PING"]);
    }
}
