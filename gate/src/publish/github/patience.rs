//! How long to wait for GitHub, and how often to ask again.
//!
//! | answer | wait before the next try |
//! |---|---|
//! | rate limit with `Retry-After` | as long as it says |
//! | `x-ratelimit-remaining: 0` | until `x-ratelimit-reset` |
//! | rate limit without either | one minute, as GitHub's documentation asks |
//! | 5xx, reset, timeout | 1 s, 2 s, 4 s … and up to a quarter more, by chance |
//!
//! Waits longer than `wait_max` are not begun: the error says what was asked for.

use std::time::Duration;

/// Limits of time and tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For one call, body included: a server that trickles is cut off.
    pub call: Duration,
    /// Calls for one request at most, the first included.
    pub tries: u32,
    /// The first wait of a back-off; each next one is twice as long.
    pub first_wait: Duration,
    /// For a rate limit that does not say how long.
    pub unsaid_wait: Duration,
    /// The longest single wait.
    pub wait_max: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(30),
            tries: 5,
            first_wait: Duration::from_secs(1),
            unsaid_wait: Duration::from_mins(1),
            wait_max: Duration::from_mins(2),
        }
    }
}

/// Why a call may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pause {
    /// The server or the network had a fault.
    Fault,
    /// Too many requests; the server may have said how long to wait.
    Limit(Option<Duration>),
}

impl Patience {
    /// The wait before try `tried + 1`; `None` where there shall be none.
    pub(super) fn wait(&self, pause: Pause, tried: u32) -> Option<Duration> {
        if tried >= self.tries {
            return None;
        }
        let wait = match pause {
            Pause::Limit(asked) => asked.unwrap_or(self.unsaid_wait),
            Pause::Fault => {
                let doubled = self.first_wait * 2u32.saturating_pow(tried.saturating_sub(1));
                doubled
                    .min(self.wait_max)
                    .mul_f64(1.0 + 0.25 * rand::random::<f64>())
            }
        };
        match pause {
            Pause::Limit(_) => (wait <= self.wait_max).then_some(wait),
            Pause::Fault => Some(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_back_off_and_limits_are_obeyed_up_to_a_cap() {
        let patience = Patience::default();
        let seconds = |pause, tried| patience.wait(pause, tried).map(|wait| wait.as_secs_f64());
        for (tried, least) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0)] {
            let wait = seconds(Pause::Fault, tried).unwrap();
            assert!(
                (least..=1.25 * least).contains(&wait),
                "{wait} s after {tried} tries"
            );
        }
        assert_eq!(seconds(Pause::Fault, 5), None);
        assert_eq!(
            seconds(Pause::Limit(Some(Duration::from_secs(7))), 1),
            Some(7.0)
        );
        assert_eq!(seconds(Pause::Limit(None), 1), Some(60.0));
        assert_eq!(
            seconds(Pause::Limit(Some(Duration::from_hours(1))), 1),
            None
        );
        assert_eq!(seconds(Pause::Limit(Some(Duration::from_secs(7))), 5), None);
    }
}
