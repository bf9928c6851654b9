//! Sections of INFO about the process, and about what Redis has and this server has not.

use super::{Call, line};

pub(super) fn persistence(text: &mut String) {
    fields! { text,
        loading: 0,
        async_loading: 0,
        rdb_bgsave_in_progress: 0,
        aof_enabled: 0,
        aof_rewrite_in_progress: 0,
    }
}

pub(super) fn replication(call: &Call<'_, '_>, text: &mut String) {
    fields! { text,
        role: "master",
        connected_slaves: 0,
        master_failover_state: "no-failover",
        master_replid: call.state.run_id,
        master_repl_offset: 0,
        repl_backlog_active: 0,
    }
}

pub(super) fn cluster(text: &mut String) {
    fields! { text, cluster_enabled: 0 }
}

/// Ticks of the kernel's accounting in a second, on every architecture of Linux that Rust knows.
const TICKS_PER_SECOND: f64 = 100.0;

/// What `/proc/self/stat` says of the processor: `(comm)` may hold blanks, so fields are counted behind it.
fn cpu_seconds(stat: &str) -> Option<[f64; 4]> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let mut next = || Some(fields.next()?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    Some([next()?, next()?, next()?, next()?])
}

pub(super) fn cpu(text: &mut String) {
    // Nothing is said where the kernel does not say it.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let Some([user, sys, user_children, sys_children]) = cpu_seconds(&stat) else {
        return;
    };
    for (name, seconds) in [
        ("used_cpu_sys", sys),
        ("used_cpu_user", user),
        ("used_cpu_sys_children", sys_children),
        ("used_cpu_user_children", user_children),
    ] {
        line(text, &format_args!("{name}:{seconds:.6}"));
    }
}

pub(super) fn errors(call: &Call<'_, '_>, text: &mut String) {
    for (code, count) in call.state.errors.counts() {
        line(text, &format_args!("errorstat_{code}:count={count}"));
    }
}

#[cfg(test)]
mod tests {
    use super::cpu_seconds;

    #[test]
    fn the_processor_is_read_behind_the_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 150 25 3 4 20 0 1 0 99";
        assert_eq!(cpu_seconds(stat), Some([1.5, 0.25, 0.03, 0.04]));
        assert_eq!(cpu_seconds(""), None);
    }
}
