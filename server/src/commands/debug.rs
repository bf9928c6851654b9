//! DEBUG: for those who develop the server; only where `enable-debug-command` allows it.

use std::time::Duration;

use super::argument::float;
use super::{Call, Failure, Outcome};

/// Longest that the server may be told to sleep, in seconds.
const SLEEP_MAX_S: f64 = 3600.0;

/// `DEBUG SLEEP seconds`: the thread of this connection does nothing for so long
pub fn sleep(call: &mut Call<'_, '_>) -> Outcome {
    let seconds = float(call.args.at(2))
        .filter(|seconds| (0.0..=SLEEP_MAX_S).contains(seconds))
        .ok_or(Failure::Text("ERR value is not a valid float"))?;
    call.shards.give_back();
    std::thread::sleep(Duration::from_secs_f64(seconds));
    call.replies.ok();
    Ok(())
}

/// `DEBUG PANIC`: meets a defect, which ends the connection and nothing else
///
/// # Panics
///
/// Always.
#[expect(clippy::panic, reason = "what is asked for")]
pub fn panic(call: &mut Call<'_, '_>) -> Outcome {
    call.replies.ok();
    panic!("a client asked for it");
}

/// `DEBUG OBJECT key`
pub fn object(call: &mut Call<'_, '_>) -> Outcome {
    let (key, now) = (call.key(2), call.now);
    let found = call.shards.with(key, |shard| {
        let encoding = shard.encoding(key, now)?;
        Some((encoding, shard.memory_usage(key, now)?))
    });
    let (encoding, bytes) = found.ok_or(Failure::Text("ERR no such key"))?;
    let text = format!("encoding:{} memory:{bytes}", encoding.name());
    call.replies.line(&text);
    Ok(())
}
