//! What the server counts, for `INFO`.
//!
//! A connection counts in a [`Tally`] of its own and adds it here once a batch, so that a command
//! costs no atomic operation. All counters are independent; none orders other memory.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts of one batch of one connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Commands that ran, queued ones when `EXEC` runs them.
    pub commands: u64,
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
}

/// Counters since the start, and gauges.
#[derive(Debug, Default)]
pub struct Stats {
    commands: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    received_connections: AtomicU64,
    refused_connections: AtomicU64,
    open_connections: AtomicU64,
    input_bytes: AtomicU64,
    output_bytes: AtomicU64,
    commands_per_second: AtomicU64,
    commands_at_last_sample: AtomicU64,
    /// What the keyspace, whose counts only grow, had counted at the last reset.
    expired_before: AtomicU64,
    evicted_before: AtomicU64,
}

/// All counters, as they stood when read.
#[derive(Clone, Copy, Debug)]
#[expect(
    missing_docs,
    reason = "the fields are the counters by their names in INFO"
)]
pub struct Snapshot {
    pub total_commands_processed: u64,
    pub keyspace_hits: u64,
    pub keyspace_misses: u64,
    pub total_connections_received: u64,
    pub rejected_connections: u64,
    pub connected_clients: u64,
    pub total_net_input_bytes: u64,
    pub total_net_output_bytes: u64,
    pub instantaneous_ops_per_sec: u64,
}

impl Stats {
    /// Adds what a batch counted, and empties the tally.
    pub fn add(&self, tally: &mut Tally) {
        let Tally {
            commands,
            hits,
            misses,
        } = std::mem::take(tally);
        self.commands.fetch_add(commands, Relaxed);
        if hits > 0 {
            self.hits.fetch_add(hits, Relaxed);
        }
        if misses > 0 {
            self.misses.fetch_add(misses, Relaxed);
        }
    }

    /// Counts bytes that came from a client.
    pub fn add_input(&self, bytes: usize) {
        self.input_bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts bytes that went to a client.
    pub fn add_output(&self, bytes: usize) {
        self.output_bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// Counts a connection as open, unless `limit` are open already.
    pub fn open_connection(&self, limit: u64) -> Admission {
        self.received_connections.fetch_add(1, Relaxed);
        if self.open_connections.fetch_add(1, Relaxed) < limit {
            return Admission::Admitted;
        }
        self.open_connections.fetch_sub(1, Relaxed);
        self.refused_connections.fetch_add(1, Relaxed);
        Admission::Refused
    }

    /// Counts an open connection as closed.
    pub fn close_connection(&self) {
        self.open_connections.fetch_sub(1, Relaxed);
    }

    /// Takes the rate of commands since the call before, `elapsed_ms` ago.
    pub fn sample_rate(&self, elapsed_ms: u64) {
        let commands = self.commands.load(Relaxed);
        let before = self.commands_at_last_sample.swap(commands, Relaxed);
        let rate = commands.saturating_sub(before).saturating_mul(1000) / elapsed_ms.max(1);
        self.commands_per_second.store(rate, Relaxed);
    }

    /// Of so many keys that ever expired, and were ever evicted, those since the last reset.
    pub fn since_reset(&self, expired: u64, evicted: u64) -> (u64, u64) {
        let since = |all: u64, before: &AtomicU64| all.saturating_sub(before.load(Relaxed));
        (
            since(expired, &self.expired_before),
            since(evicted, &self.evicted_before),
        )
    }

    /// Sets the counters that `CONFIG RESETSTAT` resets to zero, after so many keys that expired and were evicted.
    pub fn reset(&self, expired: u64, evicted: u64) {
        self.expired_before.store(expired, Relaxed);
        self.evicted_before.store(evicted, Relaxed);
        let counters = [
            &self.commands,
            &self.hits,
            &self.misses,
            &self.received_connections,
            &self.refused_connections,
            &self.input_bytes,
            &self.output_bytes,
            &self.commands_per_second,
            &self.commands_at_last_sample,
        ];
        for counter in counters {
            counter.store(0, Relaxed);
        }
    }

    /// Reads every counter.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            total_commands_processed: self.commands.load(Relaxed),
            keyspace_hits: self.hits.load(Relaxed),
            keyspace_misses: self.misses.load(Relaxed),
            total_connections_received: self.received_connections.load(Relaxed),
            rejected_connections: self.refused_connections.load(Relaxed),
            connected_clients: self.open_connections.load(Relaxed),
            total_net_input_bytes: self.input_bytes.load(Relaxed),
            total_net_output_bytes: self.output_bytes.load(Relaxed),
            instantaneous_ops_per_sec: self.commands_per_second.load(Relaxed),
        }
    }
}

/// Whether a connection may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is counted as open.
    Admitted,
    /// There are too many.
    Refused,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_added_once() {
        let stats = Stats::default();
        let mut tally = Tally {
            commands: 3,
            hits: 2,
            misses: 1,
        };
        stats.add(&mut tally);
        stats.add(&mut tally);
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.total_commands_processed, 3);
        assert_eq!((snapshot.keyspace_hits, snapshot.keyspace_misses), (2, 1));
    }

    #[test]
    fn connections_beyond_the_limit_are_refused_and_not_counted_as_open() {
        let stats = Stats::default();
        assert_eq!(stats.open_connection(1), Admission::Admitted);
        assert_eq!(stats.open_connection(1), Admission::Refused);
        assert_eq!(stats.snapshot().connected_clients, 1);
        stats.close_connection();
        assert_eq!(stats.open_connection(1), Admission::Admitted);
        let snapshot = stats.snapshot();
        assert_eq!(
            (
                snapshot.total_connections_received,
                snapshot.rejected_connections
            ),
            (3, 1)
        );
    }

    #[test]
    fn the_rate_is_of_the_time_since_the_last_sample() {
        let stats = Stats::default();
        stats.add(&mut Tally {
            commands: 500,
            ..Tally::default()
        });
        stats.sample_rate(250);
        assert_eq!(stats.snapshot().instantaneous_ops_per_sec, 2000);
        stats.sample_rate(250);
        assert_eq!(stats.snapshot().instantaneous_ops_per_sec, 0);
    }
}
