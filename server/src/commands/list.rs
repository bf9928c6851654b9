//! Lists: LPUSH and its kin. What moves or takes from several lists is in `list_move`.

use store::{End, ListRef};

use super::argument::{count, indices, pop_count};
use super::{Call, Failure, Outcome};
use crate::protocol::{Replies, parse_integer};

/// Does something with the list that argument 1 names.
fn read<R>(
    call: &mut Call<'_, '_>,
    act: impl FnOnce(Option<ListRef<'_>>, &mut Replies) -> R,
) -> Result<R, Failure> {
    let (key, now) = (call.key(1), call.now);
    let Call {
        shards,
        replies,
        tally,
        ..
    } = call;
    shards.with(key, |shard| {
        let list = shard.list(key, now)?;
        tally.read(list.as_ref());
        Ok(act(list, replies))
    })
}

/// `LPUSH key element [element …]`
pub fn lpush(call: &mut Call<'_, '_>) -> Outcome {
    push(call, End::Front)
}

/// `RPUSH key element [element …]`
pub fn rpush(call: &mut Call<'_, '_>) -> Outcome {
    push(call, End::Back)
}

fn push(call: &mut Call<'_, '_>, end: End) -> Outcome {
    let (key, args, now) = (call.key(1), call.args, call.now);
    let len = call.shards.with(key, |shard| {
        shard.edit_list(key, now, |list| {
            args.from(2).for_each(|element| list.push(end, element));
            list.as_ref().len()
        })
    })?;
    call.replies.count(len);
    Ok(())
}

/// `LPUSHX key element [element …]`
pub fn lpushx(call: &mut Call<'_, '_>) -> Outcome {
    push_to_known(call, End::Front)
}

/// `RPUSHX key element [element …]`
pub fn rpushx(call: &mut Call<'_, '_>) -> Outcome {
    push_to_known(call, End::Back)
}

fn push_to_known(call: &mut Call<'_, '_>, end: End) -> Outcome {
    let (key, args, now) = (call.key(1), call.args, call.now);
    let len = call.shards.with(key, |shard| {
        shard.edit_list(key, now, |list| {
            if !list.as_ref().is_empty() {
                args.from(2).for_each(|element| list.push(end, element));
            }
            list.as_ref().len()
        })
    })?;
    call.replies.count(len);
    Ok(())
}

/// `LPOP key [count]`
pub fn lpop(call: &mut Call<'_, '_>) -> Outcome {
    pop(call, End::Front, "lpop")
}

/// `RPOP key [count]`
pub fn rpop(call: &mut Call<'_, '_>) -> Outcome {
    pop(call, End::Back, "rpop")
}

fn pop(call: &mut Call<'_, '_>, end: End, name: &'static str) -> Outcome {
    let count = match call.args.len() {
        2 => None,
        3 => Some(pop_count(call.args.at(2))?),
        _ => return Err(Failure::Arity(name)),
    };
    let (key, now) = (call.key(1), call.now);
    let popped = call.shards.with(key, |shard| {
        shard.edit_list(key, now, |list| match count {
            None => list.pop(end).map(|element| vec![element]),
            Some(_) if list.as_ref().is_empty() => None,
            Some(count) => Some(list.pop_several(end, count)),
        })
    })?;
    match (popped, count) {
        (None, None) => call.replies.null(),
        (None, Some(_)) => call.replies.null_array(),
        (Some(elements), None) => elements
            .iter()
            .for_each(|element| call.replies.bulk(element)),
        (Some(elements), Some(_)) => {
            call.replies.array(elements.len());
            for element in elements {
                call.replies.bulk(&element);
            }
        }
    }
    Ok(())
}

/// `LLEN key`
pub fn llen(call: &mut Call<'_, '_>) -> Outcome {
    read(call, |list, replies| {
        replies.count(list.map_or(0, ListRef::len));
    })
}

/// `LRANGE key start stop`
pub fn lrange(call: &mut Call<'_, '_>) -> Outcome {
    let (start, stop) = call.bounds(2)?;
    read(call, |list, replies| {
        let Some(list) = list else {
            return replies.array(0);
        };
        let range = indices(start, stop, list.len());
        replies.array(range.len());
        list.range(range)
            .for_each(|element| replies.string(Some(element)));
    })
}

/// The place of an index that counts from the end if it is negative.
fn place(index: i64, len: usize) -> Option<usize> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 {
        len.checked_sub(distance)
    } else {
        Some(distance).filter(|at| *at < len)
    }
}

/// `LINDEX key index`
pub fn lindex(call: &mut Call<'_, '_>) -> Outcome {
    let index = call.args.at(2);
    read(call, |list, replies| {
        let Some(list) = list else {
            replies.null();
            return Ok(());
        };
        let index = parse_integer(index).ok_or(Failure::NotAnInteger)?;
        replies.string(place(index, list.len()).and_then(|at| list.get(at)));
        Ok(())
    })?
}

/// `LSET key index element`
pub fn lset(call: &mut Call<'_, '_>) -> Outcome {
    let (key, args, now) = (call.key(1), call.args, call.now);
    call.shards.with(key, |shard| {
        shard.edit_list(key, now, |list| {
            let len = list.as_ref().len();
            if len == 0 {
                return Err(Failure::Text("ERR no such key"));
            }
            let index = parse_integer(args.at(2)).ok_or(Failure::NotAnInteger)?;
            let at = place(index, len).ok_or(Failure::Text("ERR index out of range"))?;
            list.set(at, args.at(3));
            Ok(())
        })
    })??;
    call.replies.ok();
    Ok(())
}

/// `LINSERT key BEFORE | AFTER pivot element`
pub fn linsert(call: &mut Call<'_, '_>) -> Outcome {
    let after = usize::from(call.is(2, "AFTER"));
    if after == 0 && !call.is(2, "BEFORE") {
        return Err(Failure::Syntax);
    }
    let (key, args, now) = (call.key(1), call.args, call.now);
    let len = call.shards.with(key, |shard| {
        shard.edit_list(key, now, |list| {
            if list.as_ref().is_empty() {
                return Some(0);
            }
            let is_pivot = |element: store::StringRef<'_>| is(element, args.at(3));
            let at = list.as_ref().iter().position(is_pivot)?;
            list.insert(at + after, args.at(4));
            Some(list.as_ref().len())
        })
    })?;
    match len {
        Some(len) => call.replies.count(len),
        None => call.replies.integer(-1),
    }
    Ok(())
}

fn is(element: store::StringRef<'_>, text: &[u8]) -> bool {
    element.with_bytes(|bytes| bytes == text)
}

/// `LREM key count element`
pub fn lrem(call: &mut Call<'_, '_>) -> Outcome {
    let (key, args, now, count) = (call.key(1), call.args, call.now, call.integer(2)?);
    let most = match count {
        0 => usize::MAX,
        _ => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
    };
    let end = if count < 0 { End::Back } else { End::Front };
    let removed = call.shards.with(key, |shard| {
        shard.edit_list(key, now, |list| list.remove_equal(args.at(3), end, most))
    })?;
    call.replies.count(removed);
    Ok(())
}

/// `LTRIM key start stop`
pub fn ltrim(call: &mut Call<'_, '_>) -> Outcome {
    let (start, stop) = call.bounds(2)?;
    let (key, now) = (call.key(1), call.now);
    call.shards.with(key, |shard| {
        shard.edit_list(key, now, |list| {
            let len = list.as_ref().len();
            if len > 0 {
                list.trim(&indices(start, stop, len));
            }
        })
    })?;
    call.replies.ok();
    Ok(())
}

/// `LPOS` with its options read.
struct Lpos {
    rank: i64,
    count: Option<usize>,
    most: usize,
}

impl Lpos {
    fn parse(call: &Call<'_, '_>) -> Result<Self, Failure> {
        let mut lpos = Self {
            rank: 1,
            count: None,
            most: 0,
        };
        let mut options = call.args.from(3);
        while let Some(option) = options.next() {
            let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            let value = options.next().ok_or(Failure::Syntax)?;
            if is("RANK") {
                lpos.rank = parse_integer(value).ok_or(Failure::NotAnInteger)?;
                if lpos.rank == i64::MIN {
                    return Err(Failure::Text(
                        "ERR value is out of range, value must between \
                         -9223372036854775807 and 9223372036854775807",
                    ));
                }
                if lpos.rank == 0 {
                    return Err(Failure::Text(
                        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the \
                         second ... or use negative to start from the end of the list",
                    ));
                }
            } else if is("COUNT") {
                lpos.count = Some(count(value, "ERR COUNT can't be negative")?);
            } else if is("MAXLEN") {
                lpos.most = count(value, "ERR MAXLEN can't be negative")?;
            } else {
                return Err(Failure::Syntax);
            }
        }
        Ok(lpos)
    }

    fn find(&self, list: ListRef<'_>, text: &[u8]) -> Vec<usize> {
        let len = list.len();
        let most = if self.most == 0 {
            len
        } else {
            self.most.min(len)
        };
        let looked_at = if self.rank < 0 {
            len - most..len
        } else {
            0..most
        };
        let elements = looked_at.clone().zip(list.range(looked_at));
        let equal = elements.filter(|(_, element)| is(*element, text));
        let mut numbers: Vec<usize> = equal.map(|(at, _)| at).collect();
        if self.rank < 0 {
            numbers.reverse();
        }
        let wanted = match self.count {
            None => 1,
            Some(0) => usize::MAX,
            Some(count) => count,
        };
        let skipped = usize::try_from(self.rank.unsigned_abs() - 1).unwrap_or(usize::MAX);
        numbers.into_iter().skip(skipped).take(wanted).collect()
    }
}

/// `LPOS key element [RANK rank] [COUNT count] [MAXLEN len]`
pub fn lpos(call: &mut Call<'_, '_>) -> Outcome {
    let (lpos, text) = (Lpos::parse(call)?, call.args.at(2));
    read(call, |list, replies| {
        let found = list.map(|list| lpos.find(list, text)).unwrap_or_default();
        if lpos.count.is_some() {
            replies.array(found.len());
            for at in found {
                replies.count(at);
            }
        } else {
            match found.first() {
                Some(at) => replies.count(*at),
                None => replies.null(),
            }
        }
    })
}
