//! How the replies of two servers are compared: what is meant to differ, and why.
//!
//! | reply                     | compared as       | because                                          |
//! |---------------------------|-------------------|--------------------------------------------------|
//! | HGETALL, SMEMBERS, SCAN … | [`AnyOrder`]      | no order is promised                             |
//! | TTL, PTTL …               | [`WithinSeconds`] | two clocks are read                              |
//! | RANDOMKEY, HRANDFIELD …   | [`SameKind`], [`SameLength`] | two draws at random                   |
//! | OBJECT ENCODING           | [`Encoding`]      | sets and lists are packed, as since Redis 7.2    |
//! | scores                    | [`Scores`]        | `-0` may be `0`: a packed sorted set keeps no sign of a zero, and when one is packed differs |
//!
//! Not drawn, because they are meant to differ:
//!
//! | request                           | here                         | there                            |
//! |-----------------------------------|------------------------------|----------------------------------|
//! | INCRBYFLOAT, HINCRBYFLOAT beyond 19 digits | exact, or refused past 1e308 | rounded to 64 bits, up to 1e4932 |
//! | ZRANK … WITHSCORE, CLIENT SETINFO | as since Redis 7.2           | an error                         |
//! | LPOS … RANK -9223372036854775808  | refused, as since Redis 7.2  | overflows                        |
//! | SRANDMEMBER of more than 10,000,000 with repeats | refused       | answered                         |
//! | WAIT for replicas                 | 0 at once, there can be none | waits for them                   |
//! | OBJECT FREQ by an LFU policy      | from 0 to 3                  | from 0 to 255                    |
//! | HELP                              | names what is offered        | names more, in other words   |
//! | OBJECT REFCOUNT of a small number | 1: no value is shared        | 2147483647: all share one    |
//! | a zero byte in a line or a frame's head | as another byte        | nothing more is ever read    |
//! | CLIENT REPLY SKIP and an empty line, or `*0` | the next request is skipped | the empty one is   |
//! | a protocol error where no replies are wanted | told              | not told                     |
//! | a protocol error that quotes a byte beyond ASCII | as UTF-8      | the byte                     |
//! | QUIT where no replies are wanted  | closed                       | open, and never answered again |
//! | CLIENT KILL of oneself in a transaction | all replies of EXEC    | none behind that             |
//! | CONFIG SET out of bounds, or of what cannot be set here | tells bounds of this server | tells its own |
//! | CONFIG SET of an empty number of bytes, or of more than 64 bits | refused | taken as 0, or as the most |
//! | OBJECT IDLETIME by another        | refused: not kept            | seconds                          |
//! | CLIENT TRACKING                   | refused                      | tracks keys                      |
//! | SELECT, SWAPDB, COPY … DB         | one database                 | 16                               |
//! | SLOWLOG of AUTH, HELLO            | never shows a password       | shows one that it did not look at |
//! | INCRBYFLOAT, ZADD … of 0x10       | refused                      | read as hexadecimal digits       |
//! | UNSUBSCRIBE of all                | in the order of names        | in any order                     |
//! | CLIENT REPLY OFF, ON in a transaction | EXEC is answered if replies are wanted before it or behind it | counts from the next element on |
//! | RESET and a long frame in one pipeline, with a password | NOAUTH | closed: bounds of strangers      |
//! | COMMAND GETKEYSANDFLAGS set       | what SET may do at most      | what these options do            |
//!
//! [`AnyOrder`]: Comparison::AnyOrder
//! [`WithinSeconds`]: Comparison::WithinSeconds
//! [`SameKind`]: Comparison::SameKind
//! [`SameLength`]: Comparison::SameLength
//! [`Encoding`]: Comparison::Encoding
//! [`Scores`]: Comparison::Scores

use crate::support::reply_len;

/// How two replies are compared.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Comparison {
    /// As bytes.
    Bytes,
    /// By their elements, whose order is left to the server.
    AnyOrder,
    /// As times that are no further apart than two of these units.
    WithinSeconds(i64),
    /// Both are something, or neither is.
    SameKind,
    /// By the number of elements, and the heads of arrays.
    SameLength,
    /// As bytes, but for the sign of a zero.
    Scores,
    /// As the name of an encoding.
    Encoding,
    /// An array, whose elements are compared each in its own way.
    Each(Vec<Comparison>),
}

pub(super) fn agree(comparison: &Comparison, ours: &[u8], theirs: &[u8]) -> bool {
    if ours == theirs {
        return true;
    }
    let number = |reply: &[u8]| -> Option<i64> {
        std::str::from_utf8(reply.strip_prefix(b":")?)
            .ok()?
            .trim_end()
            .parse()
            .ok()
    };
    match comparison {
        Comparison::Bytes => false,
        Comparison::AnyOrder => sorted_leaves(ours) == sorted_leaves(theirs),
        Comparison::WithinSeconds(unit) => match (number(ours), number(theirs)) {
            (Some(ours), Some(theirs)) => {
                ours > 0 && theirs > 0 && ours.abs_diff(theirs) <= 2 * unit.unsigned_abs()
            }
            _ => false,
        },
        Comparison::SameLength => heads(ours) == heads(theirs),
        Comparison::Encoding => {
            ours == b"$8\r\nlistpack\r\n"
                && [&b"$9\r\nhashtable\r\n"[..], b"$9\r\nquicklist\r\n"].contains(&theirs)
        }
        Comparison::SameKind => {
            is_error(ours) == is_error(theirs) && is_null(ours) == is_null(theirs)
        }
        Comparison::Scores => unsigned(ours) == unsigned(theirs),
        Comparison::Each(each) => {
            let (ours, theirs) = (elements(ours), elements(theirs));
            ours.len() == each.len()
                && theirs.len() == each.len()
                && each
                    .iter()
                    .zip(ours.into_iter().zip(theirs))
                    .all(|(comparison, (ours, theirs))| agree(comparison, ours, theirs))
        }
    }
}

/// The leaves of a reply, a zero without its sign.
fn unsigned(reply: &[u8]) -> Vec<&[u8]> {
    let mut leaves = leaves(reply);
    for leaf in &mut leaves {
        match *leaf {
            b"$2\r\n-0\r\n" => *leaf = b"$1\r\n0\r\n",
            b",-0\r\n" => *leaf = b",0\r\n",
            _ => {}
        }
    }
    leaves
}

fn is_null(reply: &[u8]) -> bool {
    [&b"$-1\r\n"[..], b"*-1\r\n", b"_\r\n"].contains(&reply)
}

fn is_error(reply: &[u8]) -> bool {
    reply.starts_with(b"-")
}

/// The first line of a reply: an array's own head.
fn head_len(reply: &[u8]) -> usize {
    reply.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2
}

/// The elements of an array; none of what is no array.
pub(super) fn elements(reply: &[u8]) -> Vec<&[u8]> {
    if !matches!(reply[0], b'*' | b'~' | b'%' | b'>') {
        return Vec::new();
    }
    let mut elements = Vec::new();
    let mut rest = &reply[head_len(reply)..];
    while !rest.is_empty() {
        let (element, after) = rest.split_at(reply_len(rest).unwrap());
        elements.push(element);
        rest = after;
    }
    elements
}

/// The heads and elements of a reply, in order.
fn leaves(reply: &[u8]) -> Vec<&[u8]> {
    let mut leaves = Vec::new();
    let mut rest = reply;
    while !rest.is_empty() {
        let len = match rest[0] {
            b'*' | b'~' | b'%' | b'>' => head_len(rest),
            _ => reply_len(rest).unwrap(),
        };
        let (leaf, after) = rest.split_at(len);
        leaves.push(leaf);
        rest = after;
    }
    leaves
}

pub(super) fn sorted_leaves(reply: &[u8]) -> Vec<&[u8]> {
    let mut leaves = leaves(reply);
    leaves.sort_unstable();
    leaves
}

/// The heads of arrays with their lengths, and only the types of elements.
fn heads(reply: &[u8]) -> Vec<&[u8]> {
    leaves(reply)
        .into_iter()
        .map(|leaf| match leaf[0] {
            b'*' | b'~' | b'%' | b'>' | b'-' => leaf,
            _ => &leaf[..1],
        })
        .collect()
}
