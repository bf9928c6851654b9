//! What a request costs from its first byte to its reply's last: work to be counted, not timed.
//!
//! `probe ops --class CLASS --count N` answers N requests in process, as a connection does between two
//! calls of its socket: decode, execute, encode. Run it under an instruction counter at two counts; the
//! difference by the difference of the counts is what one more operation costs, and all that comes
//! before the first one drops out.
//!
//! | class | an operation is |
//! |---|---|
//! | `get` | GET of a key that is there |
//! | `get_miss` | GET of a key that is not |
//! | `set_new` | SET of a key that is not there |
//! | `set_over` | SET of a key that is there, to a value of the same length |
//! | `set_ttl` | SET of a key that is not there, with EX |
//! | `incr` | INCR of a key that is there |
//! | `del` | DEL of a key that is there |
//! | `mget10` | MGET of ten keys that are there |
//! | `hset` | HSET of a field that is there, in a packed hash of eight |
//! | `hget` | HGET of a field that is there, in a packed hash of eight |
//! | `sweep` | removing one expired key, when 256 of them are swept at once |
//! | `pipeline16` | one of 16 requests in one read, of which every fourth is a SET and the others GET |
//!
//! Keys have 16 bytes, values 32. Nothing here reads a clock, opens a socket, starts a thread or draws a
//! random number. Whatever N is, the same is prepared: every key, and the bytes of every request, so
//! that not even making them is counted. Requests that can be repeated are: under valgrind preparing
//! takes most of the time.
//!
//! Invariant: each reply is checked, by its length and its first byte, so that an error is never what
//! was counted.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;

use clap::ValueEnum;
use server::exchange::{Ahead, Exchange};
use server::protocol::Replies;
use server::state::{Settings, State};
use store::{HashKey, Keyspace, Millis, ShardCount};

use super::{EXPIRY, HASH_SEED, NOW, ProbeError};

/// The most operations of a run.
pub(super) const COUNT_MAX: u32 = 4096;
/// Keys that are there before the first operation, unless every operation takes one away.
const KEYS: u32 = 1024;
/// Reads that are prepared of requests that can be repeated.
const REPEATED: u32 = 256;
/// Fields of a hash.
const FIELDS: u32 = 8;
/// Keys of one keyspace that is swept.
const SWEPT: u32 = 256;
/// Requests of one read of a pipeline.
const PIPELINED: u32 = 16;
/// Keys of one MGET.
const MANY: u32 = 10;
/// Room for most requests.
const FRAME_LEN: usize = 128;
/// Room for replies that is kept, as a connection does.
const REPLIES_KEPT: usize = 256 << 10;
/// The answer to a GET of a value of 32 bytes.
const VALUE: Answer = Answer {
    first: b'$',
    len: 39,
};

/// A class of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Class {
    /// GET of a key that is there
    Get,
    /// GET of a key that is not
    GetMiss,
    /// SET of a key that is not there
    SetNew,
    /// SET of a key that is there
    SetOver,
    /// SET of a key that is not there, with EX
    SetTtl,
    /// INCR of a key that is there
    Incr,
    /// DEL of a key that is there
    Del,
    /// MGET of ten keys that are there
    #[value(name = "mget10")]
    Mget10,
    /// HSET of a field that is there, in a packed hash
    Hset,
    /// HGET of a field that is there, in a packed hash
    Hget,
    /// Removing one expired key, 256 at once
    Sweep,
    /// 16 requests in one read
    #[value(name = "pipeline16")]
    Pipeline16,
}

/// What every reply of a class has in common.
#[derive(Clone, Copy)]
struct Answer {
    first: u8,
    len: usize,
}

/// Does `count` operations of a class.
pub(super) fn run(class: Class, count: u32) -> Result<(), ProbeError> {
    let step = class.step();
    if !count.is_multiple_of(step) {
        return Err(ProbeError::Count { count, step });
    }
    if class == Class::Sweep {
        return sweep(count / step);
    }
    let state = state()?;
    let mut exchange = Exchange::new(1);
    let mut replies = Replies::default();
    fill(class, &state, &mut exchange, &mut replies)?;
    let distinct = if class.repeats() { REPEATED } else { COUNT_MAX };
    let reads: Vec<Vec<u8>> = (0..distinct).map(|number| class.read(number)).collect();
    let answer = class.answer();
    let mut ahead = Ahead::default();
    for read in reads.iter().cycle().take((count / step) as usize) {
        let (used, _) = exchange.run(&state, NOW, read, &mut ahead, &mut replies);
        let bytes = replies.as_bytes();
        let right = bytes.len() == answer.len && bytes.first() == Some(&answer.first);
        if !right || used != read.len() {
            return Err(wrong(read, bytes));
        }
        exchange.rest();
        replies.clear(REPLIES_KEPT);
    }
    // Taking down what the operations left is no part of them.
    std::mem::forget(state);
    Ok(())
}

/// A server of one thread without its socket.
fn state() -> Result<State, ProbeError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let settings = Settings::new(address, NonZeroUsize::MIN, 0);
    State::from_seed(settings, NOW, HASH_SEED).map_err(ProbeError::Memory)
}

/// Every key that a class needs to be there.
fn fill(
    class: Class,
    state: &State,
    exchange: &mut Exchange,
    replies: &mut Replies,
) -> Result<(), ProbeError> {
    let keys = match class {
        Class::Del => COUNT_MAX,
        _ => KEYS,
    };
    let mut ahead = Ahead::default();
    for number in 0..keys {
        let write = class.write(number);
        exchange.run(state, NOW, &write, &mut ahead, replies);
        if !matches!(replies.as_bytes().first(), Some(b'+' | b':')) {
            return Err(wrong(&write, replies.as_bytes()));
        }
        replies.clear(REPLIES_KEPT);
    }
    Ok(())
}

/// Sweeps `count` keyspaces of expired keys, each of them whole.
fn sweep(count: u32) -> Result<(), ProbeError> {
    let keyspaces = (0..COUNT_MAX / SWEPT)
        .map(|_| expired())
        .collect::<Result<Vec<_>, _>>()?;
    for keyspace in keyspaces.iter().take(count as usize) {
        let after = Millis(EXPIRY.0 + 1);
        let swept = keyspace.sweep_expired(0, COUNT_MAX as usize, after);
        if swept.removed != SWEPT as usize {
            return Err(ProbeError::Swept(swept.removed));
        }
    }
    // As above.
    std::mem::forget(keyspaces);
    Ok(())
}

fn expired() -> Result<Keyspace, ProbeError> {
    let keyspace = Keyspace::new(HashKey::from_seed(HASH_SEED), ShardCount::ONE);
    for number in 0..SWEPT {
        let name = key(number);
        let key = keyspace.key(name.as_bytes());
        let expiry = store::ExpiryChange::At(EXPIRY);
        keyspace
            .lock(key)
            .set(key, value(number).as_bytes(), expiry, NOW)?;
    }
    Ok(keyspace)
}

impl Class {
    /// The request that puts a key there.
    fn write(self, number: u32) -> Vec<u8> {
        match self {
            Self::Incr => request(&["SET", &counter(number), &(100_000 + number).to_string()]),
            Self::Hset | Self::Hget => {
                let mut words = vec!["HSET".to_owned(), hash(number)];
                for at in 0..FIELDS {
                    words.extend([field(at), element(at)]);
                }
                request(&words)
            }
            _ => set(&key(number), &value(number)),
        }
    }

    /// Operations of one read, or of one sweep: they are not done singly.
    const fn step(self) -> u32 {
        match self {
            Self::Sweep => SWEPT,
            Self::Pipeline16 => PIPELINED,
            _ => 1,
        }
    }

    /// Whether the same request can be answered the same way again.
    const fn repeats(self) -> bool {
        !matches!(self, Self::SetNew | Self::SetTtl | Self::Del)
    }

    /// The bytes of one read: one request, or a pipeline of them.
    fn read(self, number: u32) -> Vec<u8> {
        let key = key(number);
        match self {
            Self::Get => request(&["GET", &key]),
            Self::GetMiss => request(&["GET", &absent(number)]),
            Self::SetNew => set(&absent(number), &value(number)),
            Self::SetOver => set(&key, &value(number + 1)),
            Self::SetTtl => request(&["SET", &absent(number), &value(number), "EX", "3600"]),
            Self::Incr => request(&["INCR", &counter(number)]),
            Self::Del => request(&["DEL", &key]),
            Self::Mget10 => {
                let keys = (0..MANY).map(|at| self::key((number + at * 7) % KEYS));
                let words: Vec<String> = ["MGET".to_owned()].into_iter().chain(keys).collect();
                request(&words)
            }
            Self::Hset => request(&[
                "HSET",
                &hash(number % KEYS),
                &field(number % FIELDS),
                &element(number % 10),
            ]),
            Self::Hget => request(&["HGET", &hash(number % KEYS), &field(number % FIELDS)]),
            Self::Pipeline16 => (0..PIPELINED)
                .flat_map(|at| {
                    let number = (number + at * 7) % KEYS;
                    let key = self::key(number);
                    if at % 4 == 3 {
                        set(&key, &value(number + 1))
                    } else {
                        request(&["GET", &key])
                    }
                })
                .collect(),
            Self::Sweep => Vec::new(),
        }
    }

    const fn answer(self) -> Answer {
        let (first, len) = match self {
            Self::Get => return VALUE,
            Self::GetMiss => (b'$', 5),
            Self::SetNew | Self::SetOver | Self::SetTtl => (b'+', 5),
            Self::Incr => (b':', 9),
            Self::Del | Self::Hset => (b':', 4),
            Self::Mget10 => (b'*', 5 + MANY as usize * VALUE.len),
            Self::Hget => (b'$', 14),
            // Twelve values and four `+OK`.
            Self::Pipeline16 => (b'$', 12 * VALUE.len + 4 * 5),
            Self::Sweep => (0, 0),
        };
        Answer { first, len }
    }
}

fn key(number: u32) -> String {
    format!("key:{number:012}")
}

fn absent(number: u32) -> String {
    format!("new:{number:012}")
}

/// Counters have six digits before and after.
fn counter(number: u32) -> String {
    format!("num:{number:012}")
}

fn hash(number: u32) -> String {
    format!("map:{number:012}")
}

fn field(at: u32) -> String {
    format!("field_{at:02}")
}

fn element(at: u32) -> String {
    format!("value_{at:02}")
}

fn value(number: u32) -> String {
    format!("value:{number:026}")
}

fn set(key: &str, value: &str) -> Vec<u8> {
    request(&["SET", key, value])
}

/// A request as clients send it, with room for most from the start: this is done under valgrind.
fn request(words: &[impl AsRef<str>]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(FRAME_LEN);
    // Writing into memory does not fail.
    drop(write!(frame, "*{}\r\n", words.len()));
    for word in words {
        let word = word.as_ref();
        drop(write!(frame, "${}\r\n{word}\r\n", word.len()));
    }
    frame
}

fn wrong(read: &[u8], replies: &[u8]) -> ProbeError {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes.get(..80).unwrap_or(bytes)).into();
    ProbeError::Reply {
        request: shown(read),
        reply: shown(replies),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_runs_to_its_end_and_checks_its_replies() {
        for class in Class::value_variants() {
            run(*class, 512).unwrap();
        }
    }

    /// The replies to one read of each of these classes, on what the first of them needs.
    fn answers(classes: &[Class]) -> Vec<String> {
        let state = state().unwrap();
        let mut exchange = Exchange::new(1);
        let mut replies = Replies::default();
        fill(classes[0], &state, &mut exchange, &mut replies).unwrap();
        let mut answer = |class: &Class| {
            replies.clear(REPLIES_KEPT);
            exchange.run(
                &state,
                NOW,
                &class.read(3),
                &mut Ahead::default(),
                &mut replies,
            );
            String::from_utf8(replies.as_bytes().to_vec()).unwrap()
        };
        classes.iter().map(&mut answer).collect()
    }

    #[test]
    fn requests_answer_what_their_class_says() {
        use Class::{
            Del, Get, GetMiss, Hget, Hset, Incr, Mget10, Pipeline16, SetNew, SetOver, SetTtl,
        };
        let bulk = |number| format!("$32\r\n{}\r\n", value(number));
        let strings = answers(&[Get, Mget10, Pipeline16, SetOver, Get, Del, Get]);
        let (was, nothing) = (bulk(3), "$-1\r\n".to_owned());
        assert_eq!(strings[0], was);
        assert!(strings[1].starts_with(&format!("*10\r\n{was}")));
        assert!(strings[2].starts_with(&was));
        let rest = ["+OK\r\n", &bulk(4), ":1\r\n", &nothing];
        assert_eq!(strings[3..], rest, "overwritten, then deleted");
        let fresh = answers(&[GetMiss, SetNew, GetMiss, SetTtl, GetMiss]);
        assert_eq!(fresh, [&nothing, "+OK\r\n", &was, "+OK\r\n", &was]);
        assert_eq!(answers(&[Incr]), [":100004\r\n"]);
        assert_eq!(answers(&[Hget, Hset]), ["$8\r\nvalue_03\r\n", ":0\r\n"]);
    }

    #[test]
    fn a_sweep_counts_whole_keyspaces() {
        let error = run(Class::Sweep, 100).unwrap_err().to_string();
        assert!(error.contains("multiple of 256"), "{error}");
    }
}
