//! Parts of strings: GETRANGE, SUBSTR, SETRANGE.

use std::ops::Range;

use super::{Call, Failure, Outcome};
use crate::state::Limit;

/// The units from `start` to `end`, both counted from the end if negative, of `len`: as GETRANGE,
/// BITCOUNT and BITPOS read them. An end that lies before the first one is the first one.
pub(super) fn part(start: i64, end: i64, len: u64) -> Range<u64> {
    let from_end = |index: i64| match u64::try_from(index) {
        Ok(index) => index,
        Err(_) => len.saturating_sub(index.unsigned_abs()),
    };
    let (start, end) = (from_end(start), from_end(end));
    match len.checked_sub(1) {
        Some(last) if start <= end.min(last) => start..end.min(last) + 1,
        _ => 0..0,
    }
}

/// `GETRANGE key start end`, `SUBSTR key start end`
pub fn getrange(call: &mut Call<'_, '_>) -> Outcome {
    let (start, end) = call.bounds(2)?;
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let string = shard.string(key, now)?;
        tally.read(string.as_ref());
        let Some(string) = string.filter(|_| !(start < 0 && end < 0 && start > end)) else {
            replies.bulk(b"");
            return Ok(());
        };
        string.with_bytes(|bytes| {
            let part = part(start, end, bytes.len() as u64);
            let in_memory = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            let part = bytes.get(in_memory(part.start)..in_memory(part.end));
            replies.bulk(part.unwrap_or_default());
        });
        Ok(())
    })
}

/// `SETRANGE key offset value`
pub fn setrange(call: &mut Call<'_, '_>) -> Outcome {
    let offset = usize::try_from(call.integer(2)?)
        .map_err(|_| Failure::Text("ERR offset is out of range"))?;
    let (key, now, value) = (call.key(1), call.now, call.args.at(3));
    let len_max = call.state.settings.limits.bytes(Limit::BulkLen);
    let len = call.shards.with(key, |shard| {
        let beyond = offset.saturating_add(value.len()) > len_max;
        if value.is_empty() || beyond {
            let string = shard.string(key, now)?;
            if !value.is_empty() {
                return Err(Failure::TooLong);
            }
            return Ok::<_, Failure>(string.map_or(0, store::StringRef::len));
        }
        Ok(shard.write_at(key, offset, value, now)?)
    })?;
    call.replies.count(len);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::part;

    proptest! {
        #[test]
        fn a_part_is_that_of_a_naive_walk(start in -9_i64..9, end in -9_i64..9, len in 0_u64..6) {
            let signed_len = i64::try_from(len).unwrap();
            let place = |index: i64| if index < 0 { (index + signed_len).max(0) } else { index };
            let naive: Vec<u64> = (0..len)
                .filter(|at| {
                    let at = i64::try_from(*at).unwrap();
                    place(start) <= at && at <= place(end)
                })
                .collect();
            prop_assert_eq!(part(start, end, len).collect::<Vec<_>>(), naive);
        }
    }
}
