//! LATENCY: events that took long. There are two: `fast-command`, one that Redis calls fast, and `command`.

use super::{Call, Outcome};
use crate::state::Sample;

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// `LATENCY LATEST`
pub fn latest(call: &mut Call<'_, '_>) -> Outcome {
    let events = call.state.slowness.events();
    call.replies.array(events.len());
    for (name, latencies) in events {
        let last = latencies.samples.back().copied();
        let Sample { at_s, took_ms } = last.unwrap_or(Sample {
            at_s: 0,
            took_ms: 0,
        });
        call.replies.array(4);
        call.replies.bulk(name.as_bytes());
        for number in [at_s, took_ms, latencies.longest_ms] {
            call.replies.integer(integer(number));
        }
    }
    Ok(())
}

/// `LATENCY HISTORY event`
pub fn history(call: &mut Call<'_, '_>) -> Outcome {
    let asked = call.args.at(2);
    let events = call.state.slowness.events();
    let event = events.iter().find(|(name, _)| name.as_bytes() == asked);
    let samples = event.map(|(_, latencies)| &latencies.samples);
    call.replies
        .array(samples.map_or(0, std::collections::VecDeque::len));
    for sample in samples.into_iter().flatten() {
        call.replies.array(2);
        call.replies.integer(integer(sample.at_s));
        call.replies.integer(integer(sample.took_ms));
    }
    Ok(())
}

/// `LATENCY RESET [event …]`
pub fn reset(call: &mut Call<'_, '_>) -> Outcome {
    let asked = call.args.from(2);
    let all = asked.len() == 0;
    let forgotten = call
        .state
        .slowness
        .forget_events(|name| all || asked.clone().any(|asked| asked == name.as_bytes()));
    call.replies.count(forgotten);
    Ok(())
}
