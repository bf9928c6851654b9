//! What a rule said of one run, and of many.

use std::time::Duration;

/// What a rule says of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It may not land.
    Fail,
    /// It may land, and got worse: only rules that have such a word.
    Warn,
    /// It could not be told.
    Inconclusive,
    /// It may land.
    Pass,
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// What was said.
    pub(crate) said: Said,
    /// Whether it was called worse: of one metric at least, and of all.
    pub(crate) told: (bool, bool),
    /// How long measuring took.
    pub(crate) time: Duration,
}

impl Outcome {
    /// Of a rule that only knows to fail.
    pub(crate) fn alarm(alarm: bool, time: Duration) -> Self {
        Self {
            said: if alarm { Said::Fail } else { Said::Pass },
            told: (alarm, alarm),
            time,
        }
    }
}

/// Many runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    runs: u32,
    fail: u32,
    warn: u32,
    inconclusive: u32,
    told: u32,
    told_of_all: u32,
    times: Vec<Duration>,
}

impl Tally {
    /// Takes one more run.
    pub(crate) fn push(&mut self, outcome: Outcome) {
        self.runs += 1;
        match outcome.said {
            Said::Fail => self.fail += 1,
            Said::Warn => self.warn += 1,
            Said::Inconclusive => self.inconclusive += 1,
            Said::Pass => {}
        }
        self.told += u32::from(outcome.told.0);
        self.told_of_all += u32::from(outcome.told.1);
        self.times.push(outcome.time);
    }

    /// Percent of runs that failed.
    pub(crate) fn fail_pct(&self) -> f64 {
        self.percent(self.fail)
    }

    /// Percent of runs that warned of a change inside the budget.
    pub(crate) fn warn_pct(&self) -> f64 {
        self.percent(self.warn)
    }

    /// Percent of runs that could not tell.
    pub(crate) fn inconclusive_pct(&self) -> f64 {
        self.percent(self.inconclusive)
    }

    /// Percent of runs that called one metric really worse.
    pub(crate) fn told_pct(&self) -> f64 {
        self.percent(self.told)
    }

    /// Percent of runs that called every metric really worse.
    pub(crate) fn told_of_all_pct(&self) -> f64 {
        self.percent(self.told_of_all)
    }

    /// The median measuring time.
    pub(crate) fn median_time(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get(times.len() / 2).copied().unwrap_or_default()
    }

    fn percent(&self, count: u32) -> f64 {
        f64::from(count) / f64::from(self.runs.max(1)) * 100.0
    }
}
