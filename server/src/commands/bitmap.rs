//! Bits of strings: SETBIT, GETBIT, BITCOUNT, BITPOS. BITOP is in `bit_operation`.
//!
//! Bit 0 is the highest bit of the first byte. Behind its end a string has zeros only.

use std::ops::Range;

use super::text::part;
use super::{Call, Failure, Outcome};
use crate::protocol::parse_integer;
use crate::state::Limit;

/// The byte where a bit is, and the mask that it has there.
fn place(bit: u64) -> (usize, u8) {
    let byte = usize::try_from(bit / 8).unwrap_or(usize::MAX);
    (byte, 0x80 >> (bit % 8))
}

/// The number of a bit that a string may have, of argument 2.
fn offset(call: &Call<'_, '_>) -> Result<u64, Failure> {
    let len_max = call.state.settings.limits.get(Limit::BulkLen);
    parse_integer(call.args.at(2))
        .and_then(|offset| u64::try_from(offset).ok())
        .filter(|offset| *offset / 8 < len_max)
        .ok_or(Failure::Text(
            "ERR bit offset is not an integer or out of range",
        ))
}

/// `SETBIT key offset value`
pub fn setbit(call: &mut Call<'_, '_>) -> Outcome {
    let (byte, mask) = place(offset(call)?);
    let set = match parse_integer(call.args.at(3)) {
        Some(0) => false,
        Some(1) => true,
        _ => {
            return Err(Failure::Text("ERR bit is not an integer or out of range"));
        }
    };
    let (key, now) = (call.key(1), call.now);
    let was_set = call.shards.with(key, |shard| {
        let there = shard
            .string_to_write(key, now)?
            .and_then(|string| string.with_bytes(|bytes| bytes.get(byte).copied()));
        let old = there.unwrap_or_default();
        let bits = if set { old | mask } else { old & !mask };
        // A bit that is as it was is no write, unless the string grows.
        if there == Some(bits) {
            shard.make_raw(key, now)?;
        } else {
            shard.write_at(key, byte, &[bits], now)?;
        }
        Ok::<_, Failure>(old & mask != 0)
    })?;
    call.replies.integer(was_set.into());
    Ok(())
}

/// `GETBIT key offset`
pub fn getbit(call: &mut Call<'_, '_>) -> Outcome {
    let (byte, mask) = place(offset(call)?);
    let is_set = read(call, |bytes| {
        let bits = bytes.and_then(|bytes| bytes.get(byte));
        Ok(bits.is_some_and(|bits| bits & mask != 0))
    })?;
    call.replies.integer(is_set.into());
    Ok(())
}

/// Does something with the bytes of the string that argument 1 names.
fn read<R>(
    call: &mut Call<'_, '_>,
    act: impl FnOnce(Option<&[u8]>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let (key, now) = (call.key(1), call.now);
    let Call { shards, tally, .. } = call;
    shards.with(key, |shard| {
        let string = shard.string(key, now)?;
        tally.read(string.as_ref());
        match string {
            None => act(None),
            Some(string) => string.with_bytes(|bytes| act(Some(bytes))),
        }
    })
}

/// What a range counts.
#[derive(Clone, Copy)]
enum Unit {
    Byte,
    Bit,
}

impl Unit {
    fn parse(argument: &[u8]) -> Result<Self, Failure> {
        if argument.eq_ignore_ascii_case(b"BIT") {
            Ok(Self::Bit)
        } else if argument.eq_ignore_ascii_case(b"BYTE") {
            Ok(Self::Byte)
        } else {
            Err(Failure::Syntax)
        }
    }

    /// The bits from `start` to `end` of `bytes`.
    fn bits(self, start: i64, end: i64, bytes: &[u8]) -> Range<u64> {
        let len = bytes.len() as u64;
        match self {
            Self::Bit => part(start, end, len * 8),
            Self::Byte => {
                let part = part(start, end, len);
                part.start * 8..part.end * 8
            }
        }
    }
}

fn integer(argument: &[u8]) -> Result<i64, Failure> {
    parse_integer(argument).ok_or(Failure::NotAnInteger)
}

/// A byte of which only the bits in `range` are left.
fn masked(at: usize, byte: u8, range: &Range<u64>) -> u8 {
    let first = at as u64 * 8;
    let before = range.start.saturating_sub(first).min(8);
    let behind = (first + 8).saturating_sub(range.end).min(8);
    let mask = 0xFF_u16 >> before & 0xFF_u16 << behind;
    byte & u8::try_from(mask & 0xFF).unwrap_or_default()
}

/// The bytes in which the bits of `range` are, with their numbers.
fn bytes_of<'b>(
    bytes: &'b [u8],
    range: &Range<u64>,
) -> impl Iterator<Item = (usize, u8)> + use<'b> {
    let (first, _) = place(range.start);
    let (last, _) = place(range.end + 7);
    let part = bytes.get(first..last.min(bytes.len())).unwrap_or_default();
    part.iter()
        .enumerate()
        .map(move |(at, byte)| (first + at, *byte))
}

/// `BITCOUNT key [start end [BYTE | BIT]]`
pub fn bitcount(call: &mut Call<'_, '_>) -> Outcome {
    let args = call.args;
    let count = read(call, |bytes| {
        let Some(bytes) = bytes else {
            return Ok(0);
        };
        let range = match args.len() {
            2 => 0..bytes.len() as u64 * 8,
            4 | 5 => {
                let (start, end) = (integer(args.at(2))?, integer(args.at(3))?);
                // The unit is not even read then.
                if start < 0 && end < 0 && start > end {
                    return Ok(0);
                }
                let unit = args.get(4).map_or(Ok(Unit::Byte), Unit::parse)?;
                unit.bits(start, end, bytes)
            }
            _ => return Err(Failure::Syntax),
        };
        let counts = bytes_of(bytes, &range)
            .map(|(at, byte)| i64::from(masked(at, byte, &range).count_ones()));
        Ok(counts.sum())
    })?;
    call.replies.integer(count);
    Ok(())
}

/// `BITPOS key bit [start [end [BYTE | BIT]]]`
pub fn bitpos(call: &mut Call<'_, '_>) -> Outcome {
    let wanted = match call.integer(2)? {
        0 => false,
        1 => true,
        _ => return Err(Failure::Text("ERR The bit argument must be 1 or 0.")),
    };
    let args = call.args;
    let found = read(call, |bytes| {
        let Some(bytes) = bytes else {
            return Ok(if wanted { None } else { Some(0) });
        };
        let (range, ends) = match args.len() {
            3 => (0..bytes.len() as u64 * 8, false),
            4..=6 => {
                let start = integer(args.at(3))?;
                let unit = args.get(5).map_or(Ok(Unit::Byte), Unit::parse)?;
                let end = args.get(4).map_or(Ok(-1), integer)?;
                (unit.bits(start, end, bytes), args.len() > 4)
            }
            _ => return Err(Failure::Syntax),
        };
        if range.is_empty() {
            return Ok(None);
        }
        let bits = bytes_of(bytes, &range).find_map(|(at, byte)| {
            let byte = masked(at, if wanted { byte } else { !byte }, &range);
            (byte != 0).then(|| at as u64 * 8 + u64::from(byte.leading_zeros()))
        });
        // The zeros behind a string count where no end was given.
        Ok(bits.or_else(|| (!wanted && !ends).then_some(range.end)))
    })?;
    let found = found.map_or(-1, |bit| i64::try_from(bit).unwrap_or(i64::MAX));
    call.replies.integer(found);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{bytes_of, masked};

    proptest! {
        #[test]
        fn the_bits_of_a_range_are_those_of_a_naive_walk(
            bytes in proptest::collection::vec(any::<u8>(), 0..5),
            start in 0_u64..40,
            len in 0_u64..40,
        ) {
            let end = (start + len).min(bytes.len() as u64 * 8);
            let range = start.min(end)..end;
            let naive: u32 = range
                .clone()
                .map(|bit| u32::from(bytes[usize::try_from(bit / 8).unwrap()] >> (7 - bit % 8) & 1))
                .sum();
            let counted: u32 = bytes_of(&bytes, &range)
                .map(|(at, byte)| masked(at, byte, &range).count_ones())
                .sum();
            prop_assert_eq!(counted, naive);
        }
    }
}
