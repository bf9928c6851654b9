//! INFO: what the server is and does, under the names that Redis gives them.
//!
//! `used_memory` is the allocator's count of live bytes, the connections' buffers included;
//! `used_memory_rss` is the allocator's resident pages, without the program itself.

use std::fmt::Write as _;

use store::Shards;

use super::connection::REDIS_VERSION;
use super::memory::share;
use super::{Call, Failure, Outcome};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Server,
    Clients,
    Memory,
    Persistence,
    Stats,
    Replication,
    Cpu,
    Modules,
    Errorstats,
    Cluster,
    Keyspace,
}

impl Section {
    const ALL: [(&'static str, Self); 11] = [
        ("Server", Self::Server),
        ("Clients", Self::Clients),
        ("Memory", Self::Memory),
        ("Persistence", Self::Persistence),
        ("Stats", Self::Stats),
        ("Replication", Self::Replication),
        ("CPU", Self::Cpu),
        ("Modules", Self::Modules),
        ("Errorstats", Self::Errorstats),
        ("Cluster", Self::Cluster),
        ("Keyspace", Self::Keyspace),
    ];
}

/// `INFO [section …]`
pub fn info(call: &mut Call<'_, '_>) -> Outcome {
    call.state.stats.add(call.tally);
    let wanted = |name: &str| {
        call.args.len() == 1
            || call.args.from(1).any(|asked| {
                [name, "all", "default", "everything"]
                    .iter()
                    .any(|known| asked.eq_ignore_ascii_case(known.as_bytes()))
            })
    };
    let sections: Vec<_> = Section::ALL
        .into_iter()
        .filter(|(name, _)| wanted(name))
        .collect();
    let mut text = String::with_capacity(2048);
    for (name, section) in sections {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        line(&mut text, &format_args!("# {name}"));
        match section {
            Section::Server => server(call, &mut text),
            Section::Clients => clients(call, &mut text),
            Section::Memory => memory(call, &mut text)?,
            Section::Persistence => process::persistence(&mut text),
            Section::Replication => process::replication(call, &mut text),
            Section::Cpu => process::cpu(&mut text),
            Section::Modules => {}
            Section::Errorstats => process::errors(call, &mut text),
            Section::Cluster => process::cluster(&mut text),
            Section::Stats => stats(call, &mut text),
            Section::Keyspace => keyspace(call, &mut text),
        }
    }
    call.replies.text(&text);
    Ok(())
}

/// Appends `key:value` lines.
macro_rules! fields {
    ($text:expr, $($name:ident: $value:expr),+ $(,)?) => {
        $(line($text, &format_args!(concat!(stringify!($name), ":{}"), $value));)+
    };
}

mod process;

fn line(text: &mut String, content: &std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = write!(text, "{content}\r\n");
}

fn server(call: &Call<'_, '_>, text: &mut String) {
    let uptime_s = call.now.0.saturating_sub(call.state.started.0) / 1000;
    fields! { text,
        redis_version: REDIS_VERSION,
        redis_mode: "standalone",
        server_version: env!("CARGO_PKG_VERSION"),
        os: std::env::consts::OS,
        arch_bits: usize::BITS,
        process_id: std::process::id(),
        run_id: call.state.run_id,
        tcp_port: call.state.settings.address.port(),
        threads: call.state.settings.threads,
        server_time_usec: call.now.0.saturating_mul(1000),
        uptime_in_seconds: uptime_s,
        uptime_in_days: uptime_s / 86_400,
    }
}

fn clients(call: &Call<'_, '_>, text: &mut String) {
    fields! { text,
        connected_clients: call.state.stats.snapshot().connected_clients,
        maxclients: call.state.settings.max_clients(),
        blocked_clients: 0,
        tracking_clients: 0,
    }
}

fn memory(call: &mut Call<'_, '_>, text: &mut String) -> Result<(), Failure> {
    let remains = Shards::remains(call.shards);
    let keyspace = Shards::used_bytes(call.shards);
    let usage = call.state.memory.measure(keyspace)?;
    fields! { text,
        used_memory: usage.used,
        used_memory_human: human(usage.used),
        used_memory_rss: usage.resident,
        used_memory_rss_human: human(usage.resident),
        used_memory_peak: usage.peak,
        used_memory_peak_human: human(usage.peak),
        used_memory_startup: usage.startup,
        used_memory_dataset: keyspace,
        mem_fragmentation_ratio: format_args!("{:.2}", share(usage.resident, usage.used)),
        mem_fragmentation_bytes: usage.resident.saturating_sub(usage.used),
        lazyfree_pending_objects: remains,
        maxmemory: call.state.settings.max_memory(),
        maxmemory_human: human(call.state.settings.max_memory()),
        maxmemory_policy: call.state.settings.policy().name(),
        mem_allocator: "jemalloc",
    }
    Ok(())
}

fn stats(call: &mut Call<'_, '_>, text: &mut String) {
    let expired = Shards::expired_total(call.shards);
    let evicted = Shards::evicted_total(call.shards);
    let (expired, evicted) = call.state.stats.since_reset(expired, evicted);
    let counters = call.state.stats.snapshot();
    fields! { text,
        total_connections_received: counters.total_connections_received,
        total_commands_processed: counters.total_commands_processed,
        instantaneous_ops_per_sec: counters.instantaneous_ops_per_sec,
        total_net_input_bytes: counters.total_net_input_bytes,
        total_net_output_bytes: counters.total_net_output_bytes,
        rejected_connections: counters.rejected_connections,
        expired_keys: expired,
        evicted_keys: evicted,
        keyspace_hits: counters.keyspace_hits,
        keyspace_misses: counters.keyspace_misses,
        pubsub_channels: call.state.channels.channels(),
        pubsub_patterns: call.state.channels.patterns(),
        total_error_replies: call.state.errors.total(),
    }
}

fn keyspace(call: &mut Call<'_, '_>, text: &mut String) {
    let keys = Shards::len(call.shards);
    let expires = Shards::expiring(call.shards);
    if keys > 0 {
        line(
            text,
            &format_args!("db0:keys={keys},expires={expires},avg_ttl=0"),
        );
    }
}

/// `1.50M` for a million and a half; units of 1024.
fn human(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
    let bytes = bytes as f64;
    [
        (1_u64 << 40, "T"),
        (1 << 30, "G"),
        (1 << 20, "M"),
        (1 << 10, "K"),
    ]
    .into_iter()
    .find_map(|(unit, name)| {
        #[expect(clippy::cast_precision_loss, reason = "a power of two is exact")]
        let unit = unit as f64;
        (bytes >= unit).then(|| format!("{:.2}{name}", bytes / unit))
    })
    .unwrap_or_else(|| format!("{bytes}B"))
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_for_people() {
        assert_eq!(human(0), "0B");
        assert_eq!(human(1023), "1023B");
        assert_eq!(human(1536), "1.50K");
        assert_eq!(human(3 << 30), "3.00G");
    }
}
