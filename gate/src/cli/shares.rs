//! How the time for measuring is shared between groups of metrics that have rounds of their own.
//!
//! | group | share |
//! |---|---|
//! | judged | what is left, in equal parts |
//! | only shown | eight rounds in 30 s, all such groups together a quarter of the time at most |
//!
//! Where nothing is judged, the shown groups share the time, and looks are planned for all of it. Eight rounds give an interval at a
//! confidence of 99 %; what they cannot tell, a budget, or more time for that metric alone
//! (`--only`), would.

use std::time::Duration;

/// What a group that is only shown takes where there is time.
const SHOWN: Duration = Duration::from_secs(30);
/// The part of the time that all shown groups may take beside judged ones.
const SHOWN_PART: u32 = 4;
/// Rounds of a group that is only shown.
pub(super) const SHOWN_ROUNDS: u32 = 8;
/// Starting servers, loading the data set and warming up.
const SET_UP: Duration = Duration::from_millis(1200);
/// The fewest and the most slices of an arm in such a round.
const SLICES: (u128, u128) = (2, 20);

/// The time of one group of either sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shares {
    pub(super) judged: Duration,
    pub(super) shown: Duration,
}

impl Shares {
    /// Shares `time` between so many groups.
    pub(super) fn new(time: Duration, judged: u32, shown: u32) -> Self {
        if shown == 0 {
            return Self {
                judged: time / judged.max(1),
                shown: Duration::ZERO,
            };
        }
        let part = if judged == 0 {
            time / shown
        } else {
            SHOWN.min(time / SHOWN_PART / shown)
        };
        let left = if judged == 0 {
            time
        } else {
            time.saturating_sub(part * shown) / judged
        };
        Self {
            judged: left,
            shown: part,
        }
    }

    /// Slices of every arm in a round of a shown group, each so long.
    pub(super) fn shown_slices(&self, slice: Duration) -> u32 {
        let round = (self.shown / SHOWN_ROUNDS).saturating_sub(SET_UP);
        let slices = round.as_micros() / (2 * slice).as_micros().max(1);
        u32::try_from(slices.clamp(SLICES.0, SLICES.1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn shown_groups_take_little_from_judged_ones() {
        let shares = |time, judged, shown| {
            let shares = Shares::new(seconds(time), judged, shown);
            (shares.judged, shares.shown)
        };
        assert_eq!(shares(360, 1, 0), (seconds(360), Duration::ZERO));
        assert_eq!(shares(360, 1, 1), (seconds(330), seconds(30)));
        assert_eq!(shares(360, 2, 2), (seconds(150), seconds(30)));
        // A short look stays one.
        assert_eq!(shares(40, 1, 1), (seconds(30), seconds(10)));
        assert_eq!(shares(60, 0, 2), (seconds(60), seconds(30)));
        assert_eq!(shares(60, 0, 0), (seconds(60), Duration::ZERO));
    }

    #[test]
    fn slices_fill_the_rounds() {
        let slices =
            |time| Shares::new(seconds(time), 0, 1).shown_slices(Duration::from_millis(100));
        assert_eq!(slices(30), 12);
        assert_eq!((slices(1), slices(3600)), (2, 20));
    }
}
