//! Ctrl-C and its relatives, as a flag that every wait looks at.
//!
//! The signal only sets a flag. The code that waits sees it within [`POLL`] and returns an error,
//! and the values that own children, ports and folders clean up as they are dropped.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// The longest that a wait sleeps before it looks at the flag again.
pub const POLL: Duration = Duration::from_millis(10);

/// The value of the flag before any signal; no signal has the number 0.
const NONE: usize = 0;

/// Whether the gate was asked to end. Clones share one flag.
#[derive(Debug, Clone)]
pub struct Interrupt {
    signal: Arc<AtomicUsize>,
}

/// The gate was asked to end, by this signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted by {}", name(*.0))]
pub struct Interrupted(usize);

impl Interrupt {
    /// A flag that SIGINT, SIGTERM and SIGHUP raise from here on.
    pub fn install() -> io::Result<Self> {
        let interrupt = Self::unattached();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let number = usize::try_from(signal).map_err(io::Error::other)?;
            signal_hook::flag::register_usize(signal, Arc::clone(&interrupt.signal), number)?;
        }
        Ok(interrupt)
    }

    /// A flag that no signal raises; tests raise it with [`Interrupt::raise`].
    #[must_use]
    pub fn unattached() -> Self {
        Self {
            signal: Arc::new(AtomicUsize::new(NONE)),
        }
    }

    /// Raises the flag as SIGINT would.
    pub fn raise(&self) {
        let number = usize::try_from(SIGINT).unwrap_or(usize::MAX);
        self.signal.store(number, Ordering::SeqCst);
    }

    /// Fails once the gate was asked to end.
    pub fn check(&self) -> Result<(), Interrupted> {
        match self.signal.load(Ordering::Relaxed) {
            NONE => Ok(()),
            signal => Err(Interrupted(signal)),
        }
    }

    /// Sleeps, looking at the flag every [`POLL`].
    pub fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        let end = Instant::now() + duration;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(POLL));
        }
    }
}

impl Interrupted {
    /// The signal's number.
    #[must_use]
    pub const fn signal(self) -> usize {
        self.0
    }
}

fn name(signal: usize) -> String {
    match i32::try_from(signal) {
        Ok(SIGINT) => "SIGINT (Ctrl-C)".to_owned(),
        Ok(SIGTERM) => "SIGTERM".to_owned(),
        Ok(SIGHUP) => "SIGHUP".to_owned(),
        _ => format!("signal {signal}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raised_flag_reaches_every_clone_and_cuts_a_sleep_short() {
        let interrupt = Interrupt::unattached();
        let clone = interrupt.clone();
        assert_eq!(clone.check(), Ok(()));
        let sleeper = thread::spawn(move || {
            let start = Instant::now();
            (clone.sleep(Duration::from_mins(1)), start.elapsed())
        });
        thread::sleep(Duration::from_millis(30));
        interrupt.raise();
        let (slept, took) = sleeper.join().unwrap();
        assert_eq!(
            slept.unwrap_err().to_string(),
            "interrupted by SIGINT (Ctrl-C)"
        );
        assert!(took < Duration::from_secs(2), "took {took:?}");
    }

    #[test]
    fn an_uninterrupted_sleep_lasts_as_long_as_asked() {
        let start = Instant::now();
        Interrupt::unattached()
            .sleep(Duration::from_millis(35))
            .unwrap();
        assert!(start.elapsed() >= Duration::from_millis(35));
    }
}
