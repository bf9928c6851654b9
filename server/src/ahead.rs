//! Requests that are decoded before the first of them runs, so that the memory they need can be
//! loaded for many of them at once.
//!
//! ```text
//! input   │ *2 $3 GET $1 a │ *2 $3 GET $1 b │ *3 $3 SET …│ *2 $3 GE
//! spans   │  GET  a        │  GET  b        │  SET  c  v │              of all requests, in a row
//! frames  │  0..16, 2      │  16..32, 2     │  32..59, 3 │              input, number of spans
//! ```
//!
//! They may be those of several connections, one behind the other in one input. They borrow from it: nothing is
//! copied but where their arguments lie. A line has no place in the input for its words, so it ends what is
//! decoded.

use std::ops::Range;

use store::{Hint, Homes, KeyHash, TOUCHED_AT_ONCE};

use crate::dispatch::Found;
use crate::protocol::{Args, Decoded, Decoder, Openings, ProtocolError, Span};
use crate::state::Access;

/// Most requests of one connection that are decoded before the first of them runs.
const AHEAD_MAX: usize = 64;
/// Keys behind that of the request that runs whose memory is asked for.
const LEAD: usize = TOUCHED_AT_ONCE;
/// Groups of keys that are touched at one time: that of the request that runs, and the next.
const GROUPS: usize = 1 + LEAD.div_ceil(TOUCHED_AT_ONCE);
/// Room for spans that is kept.
const SPANS_KEPT: usize = 16 << 10;

/// Requests in the order in which they came.
#[derive(Debug, Default)]
pub struct Ahead {
    frames: Vec<Frame>,
    spans: Vec<Span>,
    /// Of the first keys of those requests that have any.
    hashes: Vec<KeyHash>,
    /// Of the last requests, whatever became of them.
    openings: Openings<Found>,
}

/// One request: its bytes of the input, where its spans and its hash end, and what was found of it.
#[derive(Debug)]
struct Frame {
    bytes: Range<usize>,
    spans_end: usize,
    hashes_end: usize,
    found: Found,
}

/// A request, and where the next one begins in the input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// Keys of all requests up to this one.
    pub(crate) keys: usize,
    pub(crate) args: Args<'a>,
    pub(crate) found: Found,
    pub(crate) end: usize,
}

/// How many keys were touched, and where the entries of the last of them were seen.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    keys: usize,
    /// Of the next keys.
    homes: Homes,
    hints: [[Hint; TOUCHED_AT_ONCE]; GROUPS],
}

impl Touched {
    /// Where the entry of a key was seen, by the key's number.
    #[inline]
    fn hint(&self, key: usize) -> Hint {
        let group = self.hints.get(key / TOUCHED_AT_ONCE % GROUPS);
        let hint = group.and_then(|group| group.get(key % TOUCHED_AT_ONCE));
        hint.copied().unwrap_or_default()
    }
}

/// Some requests of one connection, and what comes behind them.
#[derive(Debug)]
pub(crate) struct Decode {
    /// Their numbers.
    pub(crate) frames: Range<usize>,
    /// Where in the input they end.
    pub(crate) end: usize,
    pub(crate) next: Result<Next, ProtocolError>,
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
    /// How many requests there are.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    /// Forgets every request.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.hashes.clear();
        self.spans.clear();
        self.spans.shrink_to(SPANS_KEPT);
    }

    /// Decodes what `input` has from `start` on, behind what was decoded before. Each request is shown to `find`,
    /// with what was found of one that began alike.
    #[inline]
    pub(crate) fn decode(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        start: usize,
        find: impl Fn(Args<'_>, Option<Found>) -> Found,
    ) -> Decode {
        let (first, mut end) = (self.frames.len(), start);
        let next = self.decode_on(decoder, input, &mut end, find);
        Decode {
            frames: first..self.frames.len(),
            end,
            next,
        }
    }

    #[inline]
    fn decode_on(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        end: &mut usize,
        find: impl Fn(Args<'_>, Option<Found>) -> Found,
    ) -> Result<Next, ProtocolError> {
        decoder.bound(&mut self.openings);
        for _ in 0..AHEAD_MAX {
            let rest = input.get(*end..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(Next::Partial { need: 1 });
            }
            let spans_start = self.spans.len();
            let spans = &mut self.spans;
            let (len, known) =
                if let Some((len, known)) = decoder.decode_known(rest, &self.openings, spans) {
                    (len, Some(known))
                } else if let Some(len) = decoder.decode_whole(rest, spans) {
                    (len, None)
                } else {
                    match decoder.decode_any(rest)? {
                        Decoded::Request { len } => {
                            let Some(spans) = decoder.spans() else {
                                return Ok(Next::Line { len });
                            };
                            self.spans.extend_from_slice(spans);
                            (len, None)
                        }
                        Decoded::Blank { len } => {
                            *end += len;
                            continue;
                        }
                        Decoded::Partial { need } => return Ok(Next::Partial { need }),
                    }
                };
            let spans = self.spans.get(spans_start..).unwrap_or_default();
            let found = find(Args::new(rest, spans), known);
            if known.is_none() && found.has_command() {
                self.openings.note(rest, spans, found);
            }
            self.hashes.extend(found.hash());
            self.frames.push(Frame {
                bytes: *end..*end + len,
                spans_end: self.spans.len(),
                hashes_end: self.hashes.len(),
                found,
            });
            *end += len;
        }
        Ok(Next::More)
    }

    /// Decodes one request of who has yet to tell the password: what comes behind it may be of someone who has. Such
    /// requests are no openings, so that they cost others none of theirs, and their commands are found when they run.
    #[cold]
    pub(crate) fn decode_stranger(
        &mut self,
        decoder: &mut Decoder,
        input: &[u8],
        start: usize,
    ) -> Decode {
        let (first, mut end) = (self.frames.len(), start);
        let next = loop {
            let rest = input.get(end..).unwrap_or_default();
            match decoder.decode_stranger(rest) {
                Ok(Decoded::Blank { len }) => end += len,
                Ok(Decoded::Partial { need }) => break Ok(Next::Partial { need }),
                Ok(Decoded::Request { len }) => {
                    let Some(spans) = decoder.spans() else {
                        break Ok(Next::Line { len });
                    };
                    self.spans.extend_from_slice(spans);
                    self.frames.push(Frame {
                        bytes: end..end + len,
                        spans_end: self.spans.len(),
                        hashes_end: self.hashes.len(),
                        found: Found::default(),
                    });
                    end += len;
                    break Ok(Next::More);
                }
                Err(error) => break Err(error),
            }
        };
        Decode {
            frames: first..self.frames.len(),
            end,
            next,
        }
    }

    /// Begins to load what the last of the first `keys` keys and some behind it need, but for those that were
    /// touched: what is loaded for those behind it arrives while others run. Where that last key's entry was seen.
    #[inline]
    pub(crate) fn touch(
        &self,
        keys: usize,
        touched: &mut Touched,
        shards: &mut Access<'_>,
    ) -> Hint {
        while touched.keys < self.hashes.len().min(keys + LEAD) {
            self.touch_next(touched, shards);
        }
        touched.hint(keys.wrapping_sub(1))
    }

    /// Begins to load the entries of some keys, and the buckets of as many behind them.
    #[inline(never)]
    fn touch_next(&self, touched: &mut Touched, shards: &mut Access<'_>) {
        let first = touched.keys;
        touched.keys += TOUCHED_AT_ONCE;
        // A key on its own is as fast without.
        if self.hashes.len() < 2 {
            return;
        }
        let from = |at| self.hashes.get(at..).unwrap_or_default();
        if first == 0 {
            touched.homes = shards.touch_buckets(from(0));
        }
        let hints = shards.touch(&mut touched.homes, from(first + TOUCHED_AT_ONCE));
        if let Some(place) = touched.hints.get_mut(first / TOUCHED_AT_ONCE % GROUPS) {
            *place = hints;
        }
    }

    /// Requests by their numbers, of the same input.
    #[inline]
    pub(crate) fn requests<'a>(
        &'a self,
        numbers: Range<usize>,
        input: &'a [u8],
    ) -> impl Iterator<Item = Request<'a>> {
        let before = numbers.start.checked_sub(1);
        let before = before.and_then(|before| self.frames.get(before));
        let mut spans_start = before.map_or(0, |frame| frame.spans_end);
        let frames = self.frames.get(numbers).unwrap_or_default();
        frames.iter().map(move |frame| {
            let spans = self.spans.get(spans_start..frame.spans_end);
            spans_start = frame.spans_end;
            let bytes = input.get(frame.bytes.clone()).unwrap_or_default();
            Request {
                keys: frame.hashes_end,
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

    fn words(ahead: &Ahead, decode: &Decode, input: &[u8]) -> Vec<String> {
        let text = |word: &[u8]| String::from_utf8_lossy(word).into_owned();
        ahead
            .requests(decode.frames.clone(), input)
            .map(|request| request.args.from(0).map(text).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn frames_up_to_a_line_a_part_or_the_bound() {
        let (mut ahead, mut decoder) = (Ahead::default(), Decoder::default());
        let find = |_: Args<'_>, _: Option<Found>| Found::default();
        let input =
            b"*1\r\n$4\r\nPING\r\n*0\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nECHO x\r\n*1\r\n$4\r\nPI";
        let decode = ahead.decode(&mut decoder, input, 0, find);
        assert_eq!(decode.next, Ok(Next::Line { len: 8 }));
        assert_eq!(words(&ahead, &decode, input), ["PING", "GET a"]);
        assert_eq!(input.get(decode.end..decode.end + 4), Some(&b"ECHO"[..]));
        let decode = ahead.decode(&mut decoder, input, decode.end + 8, find);
        assert_eq!(decode.next, Ok(Next::Partial { need: 14 }));
        assert_eq!((decode.frames, ahead.frames.len()), (2..2, 2));

        let many = b"*1\r\n$4\r\nPING\r\n".repeat(AHEAD_MAX + 3);
        decoder.rewind();
        let decode = ahead.decode(&mut decoder, &many, 0, find);
        assert_eq!(decode.next, Ok(Next::More));
        assert_eq!(decode.frames, 2..2 + AHEAD_MAX);
        let rest = ahead.decode(&mut decoder, &many, decode.end, find);
        assert_eq!(rest.next, Ok(Next::Partial { need: 1 }));
        assert_eq!(words(&ahead, &rest, &many), ["PING"; 3]);
        ahead.clear();
        assert_eq!((ahead.frames.len(), ahead.spans.len()), (0, 0));
    }

    #[test]
    fn an_error_comes_behind_what_was_decoded_before_it() {
        let (mut ahead, mut decoder) = (Ahead::default(), Decoder::default());
        let input = b"*1\r\n$4\r\nPING\r\n*1\r\n:1\r\n";
        let decode = ahead.decode(&mut decoder, input, 0, |_, _| Found::default());
        assert_eq!(decode.next, Err(ProtocolError::ExpectedBulk(b':')));
        assert_eq!(words(&ahead, &decode, input), ["PING"]);
    }
}
