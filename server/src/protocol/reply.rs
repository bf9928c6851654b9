//! Replies, appended to one buffer that is written when the input is drained.
//!
//! | reply        | RESP2               | RESP3                 |
//! |--------------|---------------------|-----------------------|
//! | status       | `+OK\r\n`           | the same              |
//! | error        | `-ERR text\r\n`     | the same              |
//! | integer      | `:42\r\n`           | the same              |
//! | bulk string  | `$5\r\nvalue\r\n`   | the same              |
//! | array of n   | `*n\r\n` …          | the same              |
//! | no value     | `$-1\r\n`           | `_\r\n`               |
//! | no array     | `*-1\r\n`           | `_\r\n`               |
//! | map of n     | `*2n\r\n` …         | `%n\r\n` …            |
//! | set of n     | `*n\r\n` …          | `~n\r\n` …            |
//! | push of n    | `*n\r\n` …          | `>n\r\n` …            |
//! | double       | `$3\r\n1.5\r\n`     | `,1.5\r\n`            |
//! | text         | `$2\r\nhi\r\n`      | `=6\r\ntxt:hi\r\n`    |

use std::ops::Range;

use super::print_double;

/// Which protocol a client has asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// What every client speaks that did not ask for another.
    #[default]
    Resp2,
    /// What `HELLO 3` asks for.
    Resp3,
}

impl Protocol {
    /// The number that `HELLO` knows it by.
    #[must_use]
    pub const fn version(self) -> i64 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 => 3,
        }
    }
}

/// Longest a decimal `i64` with its marker and line end can be, and then some.
const NUMBER_LINE: usize = 24;

/// Replies in the order of their requests.
#[derive(Debug, Default)]
pub struct Replies {
    bytes: Vec<u8>,
    protocol: Protocol,
}

impl Replies {
    /// No replies, to be written in `protocol`.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self {
            bytes: Vec::new(),
            protocol,
        }
    }

    /// What replies are written in.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Lets what follows be written in `protocol`.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.protocol = protocol;
    }

    /// Bytes that wait to be written.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes wait to be written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Empties the buffer, and gives its memory back beyond `keep` bytes.
    pub fn clear(&mut self, keep: usize) {
        self.bytes.clear();
        if self.bytes.capacity() > keep {
            self.bytes.shrink_to(keep);
        }
    }

    /// Takes the buffer with all it holds.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// `+OK`
    pub fn ok(&mut self) {
        self.bytes.extend_from_slice(b"+OK\r\n");
    }

    /// A status: a word of the protocol, without a line end.
    pub fn status(&mut self, word: &'static str) {
        self.bytes.push(b'+');
        self.bytes.extend_from_slice(word.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A status of text, without a line end.
    pub fn line(&mut self, text: &str) {
        self.bytes.push(b'+');
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// An error: its code and text, such as `ERR syntax error`. Line ends in it become blanks, and
    /// those at its end go.
    pub fn error(&mut self, text: &[u8]) {
        let is_line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let len = text
            .iter()
            .rposition(|byte| !is_line_end(byte))
            .map_or(0, |last| last + 1);
        let one_line = text
            .iter()
            .take(len)
            .map(|byte| if is_line_end(byte) { b' ' } else { *byte });
        self.bytes.push(b'-');
        self.bytes.extend(one_line);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// An integer.
    #[inline]
    pub fn integer(&mut self, number: i64) {
        self.number_line(b':', number);
    }

    /// A count or a size as an integer; what does not fit is the largest integer.
    pub fn count(&mut self, number: usize) {
        self.integer(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// A string of any bytes.
    #[inline]
    pub fn bulk(&mut self, value: &[u8]) {
        self.bytes.reserve(value.len() + 2 + NUMBER_LINE);
        self.length_line(b'$', value.len());
        self.bytes.extend_from_slice(value);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// An integer as a string.
    #[inline]
    pub fn bulk_integer(&mut self, number: i64) {
        self.bulk(itoa::Buffer::new().format(number).as_bytes());
    }

    /// No value.
    #[inline]
    pub fn null(&mut self) {
        self.bytes.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"$-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// No array: what `EXEC` answers when a watched key has changed.
    pub fn null_array(&mut self) {
        self.bytes.extend_from_slice(match self.protocol {
            Protocol::Resp2 => b"*-1\r\n",
            Protocol::Resp3 => b"_\r\n",
        });
    }

    /// The head of an array; its `len` elements follow.
    pub fn array(&mut self, len: usize) {
        self.length_line(b'*', len);
    }

    /// The head of a map; `len` keys follow, each with its value.
    pub fn map(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.length_line(b'*', len * 2),
            Protocol::Resp3 => self.length_line(b'%', len),
        }
    }

    /// The head of a set; its `len` elements follow.
    pub fn set(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.length_line(b'*', len),
            Protocol::Resp3 => self.length_line(b'~', len),
        }
    }

    /// The head of what no request asked for; its `len` elements follow.
    pub fn push(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.length_line(b'*', len),
            Protocol::Resp3 => self.length_line(b'>', len),
        }
    }

    /// The head of `len` pairs: each an array of two in RESP3, all in one array in RESP2.
    pub fn pairs(&mut self, len: usize) {
        match self.protocol {
            Protocol::Resp2 => self.length_line(b'*', len * 2),
            Protocol::Resp3 => self.length_line(b'*', len),
        }
    }

    /// The head of one pair of [`pairs`](Self::pairs).
    #[inline]
    pub fn pair(&mut self) {
        if self.protocol == Protocol::Resp3 {
            self.length_line(b'*', 2);
        }
    }

    /// A number with a fraction.
    pub fn double(&mut self, number: f64) {
        let text = print_double(number);
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => {
                self.bytes.push(b',');
                self.bytes.extend_from_slice(text.as_bytes());
                self.bytes.extend_from_slice(b"\r\n");
            }
        }
    }

    /// A text for people.
    pub fn text(&mut self, text: &str) {
        match self.protocol {
            Protocol::Resp2 => self.bulk(text.as_bytes()),
            Protocol::Resp3 => {
                self.length_line(b'=', text.len() + 4);
                self.bytes.extend_from_slice(b"txt:");
                self.bytes.extend_from_slice(text.as_bytes());
                self.bytes.extend_from_slice(b"\r\n");
            }
        }
    }

    /// Bytes of a reply that was written apart.
    pub fn append_bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes back what was appended since there were `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.bytes.truncate(len);
    }

    /// Moves what was appended since there were `from` bytes to where there were `to`.
    pub fn move_last(&mut self, from: usize, to: usize) {
        let len = self.bytes.len() - from;
        if let Some(moved) = self.bytes.get_mut(to..) {
            moved.rotate_right(len);
        }
    }

    /// The same but for what lies in these ranges, which ascend.
    pub fn retain(&mut self, mut len: usize, kept: impl IntoIterator<Item = Range<usize>>) {
        for range in kept {
            let end = len + range.len();
            self.bytes.copy_within(range, len);
            len = end;
        }
        self.bytes.truncate(len);
    }

    /// Replies that were written apart, because their number had to be known first.
    pub fn append(&mut self, others: &Self) {
        self.bytes.extend_from_slice(&others.bytes);
    }

    #[inline]
    fn length_line(&mut self, marker: u8, len: usize) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the arms bound len below 1000"
        )]
        let digit = |number: usize| b'0' + (number % 10) as u8;
        match len {
            0..10 => self
                .bytes
                .extend_from_slice(&[marker, digit(len), b'\r', b'\n']),
            10..100 => {
                self.bytes
                    .extend_from_slice(&[marker, digit(len / 10), digit(len), b'\r', b'\n']);
            }
            100..1000 => {
                let line = [
                    marker,
                    digit(len / 100),
                    digit(len / 10),
                    digit(len),
                    b'\r',
                    b'\n',
                ];
                self.bytes.extend_from_slice(&line);
            }
            _ => self.number_line(marker, i64::try_from(len).unwrap_or(i64::MAX)),
        }
    }

    fn number_line(&mut self, marker: u8, number: i64) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(number).as_bytes();
        self.bytes.reserve(NUMBER_LINE);
        self.bytes.push(marker);
        self.bytes.extend_from_slice(digits);
        self.bytes.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(write: impl FnOnce(&mut Replies)) -> Vec<u8> {
        let mut replies = Replies::default();
        write(&mut replies);
        replies.take()
    }

    #[test]
    fn lengths_of_every_width() {
        for len in [0, 1, 9, 10, 42, 99, 100, 101, 999, 1000, 12345] {
            let value = vec![b'x'; len];
            let expected = [format!("${len}\r\n").as_bytes(), &value, b"\r\n"].concat();
            assert_eq!(bytes(|replies| replies.bulk(&value)), expected);
            assert_eq!(
                bytes(|replies| replies.array(len)),
                format!("*{len}\r\n").into_bytes()
            );
        }
    }

    #[test]
    fn integers_to_the_last_digit() {
        assert_eq!(
            bytes(|replies| replies.integer(i64::MIN)),
            b":-9223372036854775808\r\n"
        );
        assert_eq!(
            bytes(|replies| replies.integer(i64::MAX)),
            b":9223372036854775807\r\n"
        );
        assert_eq!(bytes(|replies| replies.bulk_integer(-7)), b"$2\r\n-7\r\n");
    }

    #[test]
    fn an_error_is_one_line_whatever_is_quoted_in_it() {
        assert_eq!(
            bytes(|replies| replies.error(b"ERR a\r\nb\r\n")),
            b"-ERR a  b\r\n"
        );
    }

    #[test]
    fn what_has_a_type_in_one_protocol_has_a_form_in_the_other() {
        let all = |replies: &mut Replies| {
            replies.null();
            replies.null_array();
            replies.map(1);
            replies.set(2);
            replies.push(3);
            replies.pairs(4);
            replies.pair();
            replies.double(-1.5);
            replies.double(f64::INFINITY);
            replies.text("hi");
        };
        assert_eq!(
            bytes(all).escape_ascii().to_string(),
            "$-1\\r\\n*-1\\r\\n*2\\r\\n*2\\r\\n*3\\r\\n*8\\r\\n\
             $4\\r\\n-1.5\\r\\n$3\\r\\ninf\\r\\n$2\\r\\nhi\\r\\n"
        );
        let mut replies = Replies::new(Protocol::Resp3);
        all(&mut replies);
        assert_eq!(
            replies.take().escape_ascii().to_string(),
            "_\\r\\n_\\r\\n%1\\r\\n~2\\r\\n>3\\r\\n*4\\r\\n*2\\r\\n\
             ,-1.5\\r\\n,inf\\r\\n=6\\r\\ntxt:hi\\r\\n"
        );
    }

    #[test]
    fn clearing_gives_memory_back() {
        let mut replies = Replies::default();
        replies.bulk(&vec![0; 1 << 20]);
        replies.clear(1024);
        assert!(replies.is_empty());
        assert!(replies.bytes.capacity() <= 1024);
    }
}
