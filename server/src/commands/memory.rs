//! MEMORY: where the memory is.

use store::Shards;

use super::{Call, Failure, Outcome};

/// `MEMORY USAGE key [SAMPLES count]`; the count is exact, so there is nothing to sample
pub fn usage(call: &mut Call<'_, '_>) -> Outcome {
    let mut options = call.args.from(3);
    while let Some(option) = options.next() {
        if !option.eq_ignore_ascii_case(b"SAMPLES") {
            return Err(Failure::Syntax);
        }
        let samples = options.next().ok_or(Failure::Syntax)?;
        let samples = crate::protocol::parse_integer(samples).ok_or(Failure::NotAnInteger)?;
        if samples < 0 {
            return Err(Failure::Syntax);
        }
    }
    let (key, now) = (call.key(2), call.now);
    match call.shards.with(key, |shard| shard.memory_usage(key, now)) {
        Some(bytes) => call.replies.count(bytes),
        None => call.replies.null(),
    }
    Ok(())
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share is shown to people, of which 53 bits are enough"
)]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// `MEMORY STATS`
pub fn stats(call: &mut Call<'_, '_>) -> Outcome {
    let keyspace = Shards::used_bytes(call.shards);
    let usage = call.state.memory.measure(keyspace)?;
    let keys = Shards::len(call.shards) as u64;
    let dataset = keyspace as u64;
    let net = usage.used.saturating_sub(usage.startup);
    let counts = [
        ("peak.allocated", usage.peak),
        ("total.allocated", usage.used),
        ("startup.allocated", usage.startup),
        ("keys.count", keys),
        ("keys.bytes-per-key", net.checked_div(keys).unwrap_or(0)),
        ("dataset.bytes", dataset),
        ("overhead.total", usage.used.saturating_sub(dataset)),
        ("allocator.allocated", usage.used),
        ("allocator.resident", usage.resident),
        (
            "fragmentation.bytes",
            usage.resident.saturating_sub(usage.used),
        ),
    ];
    let shares = [
        ("dataset.percentage", 100.0 * share(dataset, net)),
        ("peak.percentage", 100.0 * share(usage.used, usage.peak)),
        ("fragmentation", share(usage.resident, usage.used)),
    ];
    call.replies.map(counts.len() + shares.len());
    for (name, count) in counts {
        call.replies.bulk(name.as_bytes());
        call.replies
            .integer(i64::try_from(count).unwrap_or(i64::MAX));
    }
    for (name, share) in shares {
        call.replies.bulk(name.as_bytes());
        call.replies.double(share);
    }
    Ok(())
}
