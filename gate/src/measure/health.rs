//! CPU time that the hypervisor took from this machine.
//!
//! The first line of `/proc/stat` (proc(5)), in ticks summed over all cores:
//!
//! ```text
//! cpu  user nice system idle iowait irq softirq steal guest guest_nice
//!      └──────────────── all but guest: it is in user ──┘
//! ```

use std::fs;

use super::MeasureError;

const PATH: &str = "/proc/stat";
/// Columns up to and including steal.
const COLUMNS: usize = 8;

/// The machine's account at one moment, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticks {
    all: u64,
    steal: u64,
}

impl Ticks {
    /// Reads the account.
    pub(super) fn read() -> Result<Self, MeasureError> {
        let bad = |reason| MeasureError::Counters { path: PATH, reason };
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
    pub(super) fn steal_pct_since(self, earlier: Self) -> f64 {
        // A counter of a core that went offline may run backwards: nothing was seen then.
        let all = self.all.saturating_sub(earlier.all);
        let steal = self.steal.saturating_sub(earlier.steal);
        super::rounds::percent_of(steal, all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
