//! Lists, several at once: LMOVE, RPOPLPUSH, LMPOP.

use store::{End, Key};

use super::argument::at_least_one;
use super::{Call, Failure, Outcome};

/// The end that `LEFT` or `RIGHT` is.
fn end(argument: &[u8]) -> Result<End, Failure> {
    if argument.eq_ignore_ascii_case(b"LEFT") {
        Ok(End::Front)
    } else if argument.eq_ignore_ascii_case(b"RIGHT") {
        Ok(End::Back)
    } else {
        Err(Failure::Syntax)
    }
}

/// `LMOVE source destination LEFT | RIGHT LEFT | RIGHT`
pub fn lmove(call: &mut Call<'_, '_>) -> Outcome {
    let ends = (end(call.args.at(3))?, end(call.args.at(4))?);
    transfer(call, ends)
}

/// `RPOPLPUSH source destination`
pub fn rpoplpush(call: &mut Call<'_, '_>) -> Outcome {
    transfer(call, (End::Back, End::Front))
}

fn transfer(call: &mut Call<'_, '_>, (from, to): (End, End)) -> Outcome {
    let (source, target, now) = (call.key(1), call.key(2), call.now);
    let moved = call.shards.with_keys(&[source, target], |shards| {
        if shards.shard(source).list(source, now)?.is_none() {
            return Ok(None);
        }
        shards.shard(target).list(target, now)?;
        if source.bytes() == target.bytes() {
            return shards.shard(source).edit_list(source, now, |list| {
                let element = list.pop(from)?;
                list.push(to, &element);
                Some(element)
            });
        }
        let popped = shards
            .shard(source)
            .edit_list(source, now, |list| list.pop(from))?;
        if let Some(element) = &popped {
            let pushed = shards
                .shard(target)
                .edit_list(target, now, |list| list.push(to, element));
            if pushed.is_err() {
                // No memory for the target: the element goes back to where it was.
                shards
                    .shard(source)
                    .edit_list(source, now, |list| list.push(from, element))?;
            }
            pushed?;
        }
        Ok::<_, store::StoreError>(popped)
    })?;
    match moved {
        Some(element) => call.replies.bulk(&element),
        None => call.replies.null(),
    }
    Ok(())
}

/// `LMPOP numkeys key [key …] LEFT | RIGHT [COUNT count]`
pub fn lmpop(call: &mut Call<'_, '_>) -> Outcome {
    let mpop = Mpop::parse(call, ["LEFT", "RIGHT"])?;
    let (end, now) = (end(mpop.side)?, call.now);
    let popped = call.shards.with_keys(&mpop.keys, |shards| {
        for key in &mpop.keys {
            if shards.shard(*key).list(*key, now)?.is_some() {
                let elements = shards
                    .shard(*key)
                    .edit_list(*key, now, |list| list.pop_several(end, mpop.count))?;
                return Ok(Some((*key, elements)));
            }
        }
        Ok::<_, store::StoreError>(None)
    })?;
    let Some((key, elements)) = popped else {
        call.replies.null_array();
        return Ok(());
    };
    call.replies.array(2);
    call.replies.bulk(key.bytes());
    call.replies.array(elements.len());
    for element in elements {
        call.replies.bulk(&element);
    }
    Ok(())
}

/// `LMPOP` and `ZMPOP` with their arguments read, but for what the side means.
pub(super) struct Mpop<'c> {
    pub(super) keys: Vec<Key<'c>>,
    pub(super) side: &'c [u8],
    pub(super) count: usize,
}

impl<'c> Mpop<'c> {
    pub(super) fn parse(call: &Call<'c, '_>, sides: [&str; 2]) -> Result<Self, Failure> {
        let numkeys = at_least_one(call.args.at(1), "ERR numkeys should be greater than 0")?;
        let side = numkeys.saturating_add(2);
        if side >= call.args.len() {
            return Err(Failure::Syntax);
        }
        if !sides.into_iter().any(|name| call.is(side, name)) {
            return Err(Failure::Syntax);
        }
        let mut count = None;
        let mut options = call.args.from(side + 1);
        while let Some(option) = options.next() {
            if count.is_some() || !option.eq_ignore_ascii_case(b"COUNT") {
                return Err(Failure::Syntax);
            }
            let number = options.next().ok_or(Failure::Syntax)?;
            let least = at_least_one(number, "ERR count should be greater than 0")?;
            count = Some(least);
        }
        Ok(Self {
            keys: (2..side).map(|at| call.key(at)).collect(),
            side: call.args.at(side),
            count: count.unwrap_or(1),
        })
    }
}
