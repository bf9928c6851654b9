//! How evenly this machine computes: the same work again and again, on the cores that are measured on.
//!
//! ```text
//! server core   ▂▂▂▂▂▂▂▂▆▂▂▂▂   units of about 1 ms, each the same work
//! load core     ▂▂▂▂▂▃▂▂▂▂▂▂▂   at the same time, as in a measurement
//!               └ 50 ms ┘       windows of as many units as fit a slice
//! ```
//!
//! The spread is half the distance from the 5th to the 95th percentile of the windows, in percent of
//! their median: what one slice may be off by for reasons that are none of the server's. Slices are
//! compared in pairs, and a round takes the median of many, so a budget may be far smaller.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Interrupt, Interrupted, Pinned, Plan, ProcessError};

/// What a unit of work should take.
const UNIT: Duration = Duration::from_millis(1);
/// Units of a window.
const WINDOW: usize = 50;
/// Windows below which no spread is told.
const WINDOWS_MIN: usize = 10;
/// Turns of the loop by which its speed is found out.
const TRIAL: u64 = 200_000;

/// What a core did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnIn {
    /// Half the distance from the 5th to the 95th percentile of 50 ms of work, in percent.
    pub spread_pct: f64,
    /// What the slowest unit took longer than the median one.
    pub longest_pause: Duration,
}

/// Works for `time` on a core of the server and on one of the load generator; the worse of both.
///
/// `None` where the time was too short for a spread.
pub fn burn_in(
    plan: &Plan,
    time: Duration,
    interrupt: &Interrupt,
) -> Result<Option<BurnIn>, ProcessError> {
    let cores = [plan.server.first(), plan.load.first()];
    let mut cores: Vec<usize> = cores.into_iter().flatten().copied().collect();
    // The only core is worked on once: two threads of it would disturb each other.
    cores.dedup();
    let workers: Vec<_> = cores
        .into_iter()
        .map(|core| {
            let interrupt = interrupt.clone();
            thread::spawn(move || {
                let _pinned = Pinned::to(&[core])?;
                Ok::<_, ProcessError>(spread(&work(time, &interrupt)?))
            })
        })
        .collect();
    let mut worst: Option<BurnIn> = None;
    for worker in workers {
        let outcome = worker.join().map_err(|_| ProcessError::BurnIn)?;
        let Some(core) = outcome? else {
            return Ok(None);
        };
        worst = Some(worst.map_or(core, |worst| BurnIn {
            spread_pct: if core.spread_pct > worst.spread_pct {
                core.spread_pct
            } else {
                worst.spread_pct
            },
            longest_pause: worst.longest_pause.max(core.longest_pause),
        }));
    }
    Ok(worst)
}

/// How long each unit of the same work took.
fn work(time: Duration, interrupt: &Interrupt) -> Result<Vec<Duration>, Interrupted> {
    let start = Instant::now();
    spin(TRIAL);
    let trial = start.elapsed().max(Duration::from_nanos(1));
    let turns = UNIT.as_nanos() * u128::from(TRIAL) / trial.as_nanos();
    let turns = u64::try_from(turns).unwrap_or(TRIAL).max(1);
    let mut units = Vec::new();
    while start.elapsed() < time {
        interrupt.check()?;
        let unit = Instant::now();
        spin(turns);
        units.push(unit.elapsed());
    }
    Ok(units)
}

/// Marsaglia's xorshift: every turn needs the one before, so nothing but the clock rate matters.
fn spin(turns: u64) {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    for _ in 0..turns {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

/// What the units say; `None` where they are too few.
fn spread(units: &[Duration]) -> Option<BurnIn> {
    let windows = units.chunks_exact(WINDOW);
    let mut windows: Vec<Duration> = windows.map(|window| window.iter().sum()).collect();
    if windows.len() < WINDOWS_MIN {
        return None;
    }
    windows.sort_unstable();
    let at = |sorted: &[Duration], percent: usize| {
        let place = (sorted.len() - 1) * percent / 100;
        sorted.get(place).copied()
    };
    let (low, middle, high) = (at(&windows, 5)?, at(&windows, 50)?, at(&windows, 95)?);
    let mut units = units.to_vec();
    units.sort_unstable();
    let longest = units.last()?.saturating_sub(at(&units, 50)?);
    Some(BurnIn {
        spread_pct: high.saturating_sub(low).as_secs_f64() / 2.0 / middle.as_secs_f64() * 100.0,
        longest_pause: longest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_the_windows() {
        let ms = Duration::from_millis(1);
        let even = vec![ms; WINDOW * 20];
        let calm = spread(&even).unwrap();
        assert!(calm.spread_pct.abs() < 1e-9);
        assert_eq!(calm.longest_pause, Duration::ZERO);
        // Of 20 windows every second takes 60 instead of 50 ms: the median is a short one.
        let mut uneven = even;
        for window in uneven.chunks_mut(WINDOW).step_by(2) {
            window[7] = 11 * ms;
        }
        let worse = spread(&uneven).unwrap();
        assert!((worse.spread_pct - 10.0).abs() < 1e-9, "{worse:?}");
        assert_eq!(worse.longest_pause, 10 * ms);
        assert_eq!(spread(&[ms; WINDOW * 9]), None);
    }

    #[test]
    fn this_machine_is_worked_on_and_an_interrupt_ends_it() {
        let plan = Plan::for_this_machine().unwrap();
        let interrupt = Interrupt::unattached();
        let start = Instant::now();
        let found = burn_in(&plan, Duration::from_millis(900), &interrupt).unwrap();
        assert!(start.elapsed() < Duration::from_secs(5));
        // On a machine that is full of tests, units may take much longer than they should.
        if let Some(found) = found {
            assert!(found.spread_pct >= 0.0 && found.spread_pct.is_finite());
        }
        interrupt.raise();
        let error = burn_in(&plan, Duration::from_mins(1), &interrupt).unwrap_err();
        assert!(error.to_string().contains("SIGINT"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
