//! A known slowdown, so that a gate can be shown one: every command first spins so many iterations.
//!
//! Only with the cargo feature `handicap`, which no released binary has; without it nothing of this
//! is compiled into the server.
//!
//! ```text
//! SERVER_HANDICAP=40 server        every command spins 40 iterations before it runs
//! ```
//!
//! An iteration is a dependent multiplication that the compiler must keep, a nanosecond or two: at
//! 8 µs a request some 50 of them are one percent. What they cost on a machine is to be measured.

use std::hint::black_box;
use std::str::FromStr;

/// The variable that the iterations are read from; it stands for the flag `--handicap` too.
pub const VARIABLE: &str = "SERVER_HANDICAP";

/// A second or more a command: more than this is a slip of the pen.
const ITERATIONS_MAX: u32 = 1_000_000_000;

/// How many iterations every command spins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handicap(u32);

impl Handicap {
    /// No slowdown.
    pub const NONE: Self = Self(0);

    /// Spins.
    #[inline]
    pub fn spin(self) {
        let mut mixed = 1_u64;
        for _ in 0..self.0 {
            mixed = black_box(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
    }
}

impl FromStr for Handicap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .ok()
            .filter(|iterations| *iterations <= ITERATIONS_MAX)
            .map(Self)
            .ok_or_else(|| {
                format!("{VARIABLE} must be a number of iterations from 0 to {ITERATIONS_MAX}")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_read_and_everything_else_is_refused() {
        assert_eq!("0".parse(), Ok(Handicap::NONE));
        assert_eq!("1000000000".parse(), Ok(Handicap(ITERATIONS_MAX)));
        for text in [
            "",
            " 5",
            "-1",
            "1.5",
            "1000000001",
            "99999999999999",
            "many",
        ] {
            let why = text.parse::<Handicap>().unwrap_err();
            assert!(why.starts_with(VARIABLE), "{text:?}: {why}");
        }
    }

    /// The compiler may not see through it: ten thousand times the iterations take far longer.
    #[test]
    fn spinning_takes_time() {
        let time = |iterations| {
            let start = std::time::Instant::now();
            Handicap(iterations).spin();
            start.elapsed()
        };
        let short = (0..20).map(|_| time(1_000)).min().unwrap();
        let long = time(10_000_000);
        assert!(long > 100 * short, "{short:?} and {long:?}");
    }
}
