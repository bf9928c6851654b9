//! Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH.
//!
//! `EXEC` holds every shard from before it compares the watched versions to after the last queued
//! command, so no other connection sees a part of it.

use super::{Call, Failure, Flags, Hashed, Outcome, Transaction};

/// `MULTI`
pub fn multi(call: &mut Call<'_, '_>) -> Outcome {
    if call.session.transaction.is_some() {
        return Err(Failure::Text("ERR MULTI calls can not be nested"));
    }
    call.session.transaction = Some(Box::new(Transaction::default()));
    call.replies.ok();
    Ok(())
}

/// `DISCARD`
pub fn discard(call: &mut Call<'_, '_>) -> Outcome {
    if call.session.transaction.take().is_none() {
        return Err(Failure::Text("ERR DISCARD without MULTI"));
    }
    call.session.unwatch(call.shards);
    call.replies.ok();
    Ok(())
}

/// `WATCH key [key …]`
pub fn watch(call: &mut Call<'_, '_>) -> Outcome {
    if call.session.transaction.is_some() {
        return Err(Failure::Text("ERR WATCH inside MULTI is not allowed"));
    }
    for key in call.args.from(1) {
        call.session.watch(key, call.shards, call.now);
    }
    call.replies.ok();
    Ok(())
}

/// `UNWATCH`
pub fn unwatch(call: &mut Call<'_, '_>) -> Outcome {
    call.session.unwatch(call.shards);
    call.replies.ok();
    Ok(())
}

/// `EXEC`
pub fn exec(call: &mut Call<'_, '_>) -> Outcome {
    let Some(transaction) = call.session.transaction.take() else {
        return Err(Failure::Text("ERR EXEC without MULTI"));
    };
    if transaction.doomed {
        call.session.unwatch(call.shards);
        return Err(Failure::Text(
            "EXECABORT Transaction discarded because of previous errors.",
        ));
    }
    call.shards.hold_all();
    let unchanged = watched_unchanged(call);
    if unchanged {
        run_all(call, &transaction);
    } else {
        call.replies.null_array();
    }
    call.shards.release();
    Ok(())
}

/// Whether every watched key is as it was; watches none from then on. All shards are held.
fn watched_unchanged(call: &mut Call<'_, '_>) -> bool {
    let now = call.now;
    let mut unchanged = true;
    for watched in call.session.take_watched() {
        let key = call.state.keyspace.key(watched.key());
        call.shards.with(key, |shard| {
            unchanged &= shard.version(key, now) == Some(watched.version());
            shard.unwatch(key);
        });
    }
    unchanged
}

fn run_all(call: &mut Call<'_, '_>, transaction: &Transaction) {
    call.session.exec_at = Some(call.replies.len());
    call.replies.array(transaction.queue.len());
    for queued in &transaction.queue {
        // A transaction that has begun is not refused any more; but each of its commands may evict keys.
        if queued.command.flags.has(Flags::DENYOOM) {
            let _ = call.state.make_room(call.shards);
        }
        let mut inner = Call {
            state: call.state,
            shards: call.shards,
            session: call.session,
            args: queued.args(),
            hashed: Hashed::default(),
            now: call.now,
            tally: call.tally,
            replies: call.replies,
            command: queued.command,
        };
        inner.tally.commands += 1;
        if let Err(failure) = inner.run() {
            call.state.errors.count_code(failure.code());
            failure.reply(call.replies);
        }
    }
    call.session.exec_at = None;
}
