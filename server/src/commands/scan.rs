//! SCAN: all keys, a few at a time.
//!
//! The cursor is the store's: the smallest hash not visited yet. A key that is there from the first
//! call to the last is reported, whatever comes and goes meanwhile.

use store::{Kind, Shards};

use super::{Call, Failure, Outcome};
use crate::protocol::{Replies, glob_matches, parse_cursor, parse_integer};

/// Keys that a call visits if it does not say how many.
const COUNT_DEFAULT: usize = 10;

/// Which types of value to report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TypeFilter {
    Any,
    Only(Kind),
    /// A type that no key has, by a name that is not known here.
    Unknown,
}

/// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
pub fn scan(call: &mut Call<'_, '_>) -> Outcome {
    let cursor = parse_cursor(call.args.at(1)).ok_or(Failure::InvalidCursor)?;
    let (mut pattern, mut count, mut filter) = (None, COUNT_DEFAULT, TypeFilter::Any);
    let mut options = call.args.from(2);
    while let Some(option) = options.next() {
        let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
        let value = options.next().ok_or(Failure::Syntax)?;
        if is("MATCH") {
            pattern = Some(value).filter(|&pattern| pattern != b"*");
        } else if is("COUNT") {
            let number = parse_integer(value).ok_or(Failure::NotAnInteger)?;
            count = usize::try_from(number)
                .ok()
                .filter(|&n| n > 0)
                .ok_or(Failure::Syntax)?;
        } else if is("TYPE") {
            filter = match value.to_ascii_lowercase().as_slice() {
                b"string" => TypeFilter::Only(Kind::String),
                b"hash" => TypeFilter::Only(Kind::Hash),
                b"list" => TypeFilter::Only(Kind::List),
                b"set" => TypeFilter::Only(Kind::Set),
                b"zset" => TypeFilter::Only(Kind::Zset),
                _ => TypeFilter::Unknown,
            };
        } else {
            return Err(Failure::Syntax);
        }
    }
    let mut keys = Replies::new(call.replies.protocol());
    let mut found = 0;
    let next = call.shards.scan(cursor, count, call.now, |key, kind| {
        let wanted = match filter {
            TypeFilter::Any => true,
            TypeFilter::Only(only) => only == kind,
            TypeFilter::Unknown => false,
        };
        if wanted && pattern.is_none_or(|pattern| glob_matches(pattern, key)) {
            keys.bulk(key);
            found += 1;
        }
    });
    call.replies.array(2);
    call.replies.bulk(next.to_string().as_bytes());
    call.replies.array(found);
    call.replies.append(&keys);
    Ok(())
}
