//! A free port on the loopback interface.
//!
//! The range lies below the ports that Linux hands out by itself (32768 and up), so that no
//! outgoing connection can sit on a port between the check and the server's own bind.

use std::net::{Ipv4Addr, TcpListener};

use rand::{Rng, RngExt};

use super::ProcessError;

/// Lowest port drawn.
const LOW: u16 = 18_000;
/// Highest port drawn.
const HIGH: u16 = 31_999;
/// Draws before giving up.
const DRAWS_MAX: u32 = 64;

/// Draws ports until one can be bound.
///
/// The port is free when this returns and nobody reserves it: whoever starts a server on it retries
/// with another one where the server finds it taken.
pub fn free_port(rng: &mut impl Rng) -> Result<u16, ProcessError> {
    for _ in 0..DRAWS_MAX {
        let port = rng.random_range(LOW..=HIGH);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(ProcessError::NoFreePort {
        draws: DRAWS_MAX,
        low: LOW,
        high: HIGH,
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn skips_a_port_that_is_taken() {
        let draw = || free_port(&mut ChaCha8Rng::seed_from_u64(7)).unwrap();
        let first = draw();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        let second = draw();
        assert_ne!(first, second);
        assert!((LOW..=HIGH).contains(&second));
        drop(taken);
    }
}
