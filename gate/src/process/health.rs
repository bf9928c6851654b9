//! CPU time that the hypervisor took from this machine, and time that was lost waiting for memory.
//!
//! The first line of `/proc/stat` (proc(5)), in ticks summed over all cores:
//!
//! ```text
//! cpu  user nice system idle iowait irq softirq steal guest guest_nice
//!      └──────────────── all but guest: it is in user ──┘
//! ```
//!
//! `/proc/pressure/memory` (Linux, `Documentation/accounting/psi.rst`), where the kernel has it:
//!
//! ```text
//! some avg10=0.00 avg60=0.00 avg300=0.00 total=157622151     µs in which some task waited for memory
//! full avg10=…
//! ```

use std::fs;
use std::time::Instant;

use super::ProcessError;

const PATH: &str = "/proc/stat";
/// Columns up to and including steal.
const COLUMNS: usize = 8;

/// The machine's account at one moment, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticks {
    all: u64,
    steal: u64,
}

impl Ticks {
    /// Reads the account.
    pub fn read() -> Result<Self, ProcessError> {
        let bad = |reason| ProcessError::Counters { path: PATH, reason };
        let text = fs::read_to_string(PATH).map_err(|e| bad(e.to_string()))?;
        Self::parse(&text).ok_or_else(|| bad("its first line is no CPU account".to_owned()))
    }

    fn parse(text: &str) -> Option<Self> {
        let columns = text.lines().next()?.strip_prefix("cpu ")?;
        let columns: Vec<u64> = columns
            .split_ascii_whitespace()
            .take(COLUMNS)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .ok()?;
        (columns.len() == COLUMNS).then(|| Self {
            all: columns.iter().sum(),
            steal: columns.last().copied().unwrap_or_default(),
        })
    }

    /// Steal since `earlier`, in percent of all time; 0 where no tick has passed.
    #[must_use]
    pub fn steal_pct_since(self, earlier: Self) -> f64 {
        // A counter of a core that went offline may run backwards: nothing was seen then.
        let all = self.all.saturating_sub(earlier.all);
        let steal = self.steal.saturating_sub(earlier.steal);
        percent_of(steal, all)
    }
}

/// What was lost waiting for memory until one moment.
#[derive(Debug, Clone, Copy)]
pub struct MemoryStall {
    total_us: u64,
    at: Instant,
}

impl MemoryStall {
    /// Reads the account; `None` where the kernel keeps none.
    #[must_use]
    pub fn read() -> Option<Self> {
        let text = fs::read_to_string("/proc/pressure/memory").ok()?;
        Some(Self {
            total_us: Self::total(&text)?,
            at: Instant::now(),
        })
    }

    fn total(text: &str) -> Option<u64> {
        let some = text.lines().find_map(|line| line.strip_prefix("some "))?;
        let total = some
            .split(' ')
            .find_map(|word| word.strip_prefix("total="))?;
        total.parse().ok()
    }

    /// The share of the time since `earlier` in which some task waited, in percent.
    #[must_use]
    pub fn pct_since(self, earlier: Self) -> f64 {
        let stalled_us = self.total_us.saturating_sub(earlier.total_us);
        let wall_us = (self.at - earlier.at).as_micros();
        percent_of(stalled_us, u64::try_from(wall_us).unwrap_or(u64::MAX))
    }
}

/// `part` in percent of `whole`; 0 of nothing is nothing.
#[must_use]
pub fn percent_of(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact below 2^53, which as nanoseconds are 104 days"
    )]
    let ratio = part as f64 / whole as f64;
    ratio * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stall_is_what_some_task_lost() {
        let text = "some avg10=0.00 avg60=1.20 avg300=0.03 total=157622151\nfull avg10=0 total=5\n";
        assert_eq!(MemoryStall::total(text), Some(157_622_151));
        for text in [
            "",
            "full avg10=0.00 total=1",
            "some avg10=0.00",
            "some total=x",
        ] {
            assert_eq!(MemoryStall::total(text), None, "{text:?}");
        }
        let at = Instant::now();
        let stall = |total_us, at| MemoryStall { total_us, at };
        let after = stall(3_000, at + std::time::Duration::from_millis(100));
        assert!((after.pct_since(stall(1_000, at)) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn steal_is_a_share_of_all_time() {
        let before = Ticks::parse("cpu  10 0 10 70 5 0 0 5 3 0\ncpu0 …").unwrap();
        let after = Ticks::parse("cpu  20 0 20 130 5 0 0 25 9 0\ncpu0 …").unwrap();
        assert_eq!((before.all, after.all), (100, 200));
        assert!((after.steal_pct_since(before) - 20.0).abs() < 1e-12);
        assert!(before.steal_pct_since(before).abs() < 1e-12);
        for text in [
            "",
            "cpu  1 2 3",
            "cpu0 1 2 3 4 5 6 7 8",
            "cpu  a b c d e f g h",
        ] {
            assert_eq!(Ticks::parse(text), None, "{text:?}");
        }
        Ticks::read().unwrap();
    }
}
