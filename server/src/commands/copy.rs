//! Values that go to another key: COPY, RENAME, RENAMENX.

use store::Key;

use super::argument::database;
use super::{Call, Failure, Outcome};

/// What to do where the target is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    Replace,
    Keep,
}

/// What becomes of the source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Stays,
    Goes,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    NoSource,
    TargetKept,
    Written,
}

/// All at one instant. A large collection that is renamed is moved, not copied. Where there is no memory
/// for the target, the source stays.
fn transfer(call: &mut Call<'_, '_>, source: Source, target: Target) -> Result<Done, Failure> {
    let (from, to, now): (Key<'_>, Key<'_>, _) = (call.key(1), call.key(2), call.now);
    Ok(call.shards.with_keys(&[from, to], |shards| {
        if !shards.shard(from).contains(from, now) {
            return Ok::<_, store::StoreError>(Done::NoSource);
        }
        if target == Target::Keep && shards.shard(to).contains(to, now) {
            return Ok(Done::TargetKept);
        }
        if from.bytes() == to.bytes() {
            return Ok(Done::Written);
        }
        let value = match source {
            Source::Stays => shards.shard(from).copy(from, now),
            Source::Goes => shards.shard(from).detach(from, now),
        };
        let Some(value) = value else {
            return Ok(Done::NoSource);
        };
        let Err((error, value)) = shards.shard(to).attach(to, value, now) else {
            return Ok(Done::Written);
        };
        if source == Source::Goes {
            // Into the room that it has just left.
            shards
                .shard(from)
                .attach(from, value, now)
                .map_err(|(error, _)| error)?;
        }
        Err(error)
    })?)
}

/// `COPY source destination [DB index] [REPLACE]`; there is one database
pub fn copy(call: &mut Call<'_, '_>) -> Outcome {
    let mut target = Target::Keep;
    let mut options = call.args.from(3);
    while let Some(option) = options.next() {
        if option.eq_ignore_ascii_case(b"REPLACE") {
            target = Target::Replace;
        } else if option.eq_ignore_ascii_case(b"DB") {
            let index = options.next().ok_or(Failure::Syntax)?;
            match database(index)? {
                0 => {}
                _ => return Err(Failure::Text("ERR DB index is out of range")),
            }
        } else {
            return Err(Failure::Syntax);
        }
    }
    if call.args.at(1) == call.args.at(2) {
        return Err(Failure::Text(
            "ERR source and destination objects are the same",
        ));
    }
    let done = transfer(call, Source::Stays, target)?;
    call.replies.integer((done == Done::Written).into());
    Ok(())
}

/// `RENAME key newkey`
pub fn rename(call: &mut Call<'_, '_>) -> Outcome {
    match transfer(call, Source::Goes, Target::Replace)? {
        Done::NoSource => return Err(Failure::Text("ERR no such key")),
        Done::TargetKept | Done::Written => call.replies.ok(),
    }
    Ok(())
}

/// `RENAMENX key newkey`
pub fn renamenx(call: &mut Call<'_, '_>) -> Outcome {
    match transfer(call, Source::Goes, Target::Keep)? {
        Done::NoSource => return Err(Failure::Text("ERR no such key")),
        Done::TargetKept => call.replies.integer(0),
        Done::Written => call.replies.integer(1),
    }
    Ok(())
}
