//! The `resp-memory` probe: what a live server takes for each key.
//!
//! ```text
//! start ─ read memory ─ load N keys ─ wait until it stands still ─ read memory ─ end
//! per key = (after − before) / N
//! ```
//!
//! | quantity | what is read | where |
//! |---|---|---|
//! | `used_per_key` | `used_memory`, the server's own account | `INFO memory` |
//! | `rss_per_key` | resident memory of the process | `/proc/PID/smaps_rollup`, else `status` (proc(5)) |
//!
//! Neither is exact. `used_memory` moves with the buffers of whoever asks, with tables that are
//! being resized and with what the server frees later; resident memory moves with the pages that the
//! allocator keeps. So both are measured in rounds of fresh servers and judged by an interval, which
//! for `used_per_key` is narrow. A server without an account of its own still has `rss_per_key`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::process::{Interrupt, Interrupted};

/// The longest that a server may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Between two looks whether memory stands still.
const STILL_POLL: Duration = Duration::from_millis(50);
/// Looks after which it is taken as it is.
const LOOKS_MAX: u32 = 20;
/// Two readings this close, as a share of the first, are still.
const STILL_SHARE: f64 = 1e-4;

/// Why a server's memory is not known.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// It does not answer INFO.
    #[error("the server did not answer INFO: {0}")]
    Info(#[source] redis::RedisError),
    /// The kernel's account of the process cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Account {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The account has another form.
    #[error("{} has no line `{line}` in kB", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        line: &'static str,
    },
    /// The gate was asked to end.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A server's memory at one moment, in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryReading {
    /// Its own account; `None` where it keeps none.
    pub used: Option<f64>,
    /// Resident memory.
    pub resident: f64,
}

/// Reads the memory of the server with process `pid` at `port`, once it stands still.
pub fn memory_of(pid: u32, port: u16, interrupt: &Interrupt) -> Result<MemoryReading, MemoryError> {
    let mut before = read(pid, port)?;
    for _ in 0..LOOKS_MAX {
        interrupt.sleep(STILL_POLL)?;
        let after = read(pid, port)?;
        let close = |one: f64, other: f64| (one - other).abs() <= STILL_SHARE * one.abs();
        let used = before.used.zip(after.used);
        let still = close(before.resident, after.resident)
            && used.is_none_or(|(one, other)| close(one, other));
        before = after;
        if still {
            break;
        }
    }
    Ok(before)
}

fn read(pid: u32, port: u16) -> Result<MemoryReading, MemoryError> {
    Ok(MemoryReading {
        used: used(port).map_err(MemoryError::Info)?,
        resident: resident(pid)?,
    })
}

/// `used_memory` of `INFO memory`; `None` where the server does not have it.
fn used(port: u16) -> redis::RedisResult<Option<f64>> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/"))?;
    let mut connection = client.get_connection_with_timeout(ANSWER_MAX)?;
    connection.set_read_timeout(Some(ANSWER_MAX))?;
    connection.set_write_timeout(Some(ANSWER_MAX))?;
    match redis::cmd("INFO")
        .arg("memory")
        .query::<String>(&mut connection)
    {
        Ok(info) => Ok(used_of(&info)),
        // Who refuses the command has no account; who does not answer is ill.
        Err(error) if error.is_io_error() || error.is_timeout() => Err(error),
        Err(_) => Ok(None),
    }
}

fn used_of(info: &str) -> Option<f64> {
    info.lines()
        .find_map(|line| line.trim_end().strip_prefix("used_memory:"))
        .and_then(|bytes| bytes.parse::<u64>().ok())
        .map(exactly)
}

fn resident(pid: u32) -> Result<f64, MemoryError> {
    // `status` is kept per core and lags behind; not every kernel has the other file.
    let rollup = PathBuf::from(format!("/proc/{pid}/smaps_rollup"));
    let status = PathBuf::from(format!("/proc/{pid}/status"));
    let (path, line, text) = match fs::read_to_string(&rollup) {
        Ok(text) => (rollup, "Rss:", text),
        Err(_) => match fs::read_to_string(&status) {
            Ok(text) => (status, "VmRSS:", text),
            Err(source) => {
                return Err(MemoryError::Account {
                    path: status,
                    source,
                });
            }
        },
    };
    kilobytes(&text, line).ok_or(MemoryError::Form { path, line })
}

/// The bytes of a line such as `Rss:     1234 kB`.
fn kilobytes(text: &str, line: &str) -> Option<f64> {
    let rest = text.lines().find_map(|found| found.strip_prefix(line))?;
    let number: u64 = rest.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(exactly(number.checked_mul(1024)?))
}

#[expect(clippy::cast_precision_loss, reason = "exact below 2^53 bytes")]
fn exactly(bytes: u64) -> f64 {
    bytes as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_found_and_nothing_else_is_taken_for_them() {
        let bits = |value: Option<f64>| value.map(f64::to_bits);
        let info = "# Memory\r\nused_memory:1093240\r\nused_memory_human:1.04M\r\n";
        assert_eq!(bits(used_of(info)), Some(1_093_240.0_f64.to_bits()));
        for info in [
            "",
            "used_memory_human:1.04M",
            "used_memory:",
            "used_memory:-1",
        ] {
            assert_eq!(used_of(info), None, "{info:?}");
        }
        let rollup = "5581-7ffe ---p 00000000 00:00 0 [rollup]\nRss:      24 kB\nPss:  9 kB\n";
        assert_eq!(
            bits(kilobytes(rollup, "Rss:")),
            Some(24_576.0_f64.to_bits())
        );
        assert_eq!(kilobytes("Rss: 24 MB", "Rss:"), None);
        assert_eq!(kilobytes("Pss: 24 kB", "Rss:"), None);
    }

    #[test]
    fn what_a_process_allocates_is_seen() {
        let pid = std::process::id();
        let before = resident(pid).unwrap();
        let block = std::hint::black_box(vec![1_u8; 64 << 20]);
        let grown = resident(pid).unwrap() - before;
        assert!(grown > 32e6, "{grown} of {}", block.len());
    }
}
