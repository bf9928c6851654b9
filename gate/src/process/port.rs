//! A free port on the loopback interface, which no other gate on this machine takes meanwhile.
//!
//! The range lies below the ports that Linux hands out by itself (32768 and up), so that no
//! outgoing connection can sit on a port between the check and the server's own bind. Gates that run
//! at the same time draw from the same range, with the same seed even the same ports in the same
//! order: without a claim, one's server would be found by the other before the other's own has
//! learnt that it came too late.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use rand::{Rng, RngExt};

use super::ProcessError;

/// Draws before giving up.
const DRAWS_MAX: u32 = 64;

/// A port that was free, and that no other gate draws as long as this lives.
///
/// Nobody keeps a program that is no gate from it: whoever starts a server retries with another one
/// where the server finds it taken, or [`stranger_at`](super::stranger_at) finds who took it.
#[derive(Debug)]
pub struct Port {
    number: u16,
    /// A name in the abstract namespace of unix(7), which the kernel gives to one socket at a time
    /// in each network namespace, as ports, and takes back when the process ends.
    _claim: UnixListener,
}

impl Port {
    /// Lowest port drawn.
    pub const LOW: u16 = 18_000;
    /// Highest port drawn.
    pub const HIGH: u16 = 31_999;

    /// Draws ports until one can be claimed and bound.
    pub fn draw(rng: &mut impl Rng) -> Result<Self, ProcessError> {
        for _ in 0..DRAWS_MAX {
            let number = rng.random_range(Self::LOW..=Self::HIGH);
            if let Ok(claim) = claim(number)
                && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()
            {
                return Ok(Self {
                    number,
                    _claim: claim,
                });
            }
        }
        Err(ProcessError::NoFreePort {
            draws: DRAWS_MAX,
            low: Self::LOW,
            high: Self::HIGH,
        })
    }

    /// The port's number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }
}

fn claim(port: u16) -> io::Result<UnixListener> {
    let name = format!("gate-port-{port}");
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn draw(seed: u64) -> Port {
        Port::draw(&mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
    }

    #[test]
    fn skips_a_port_that_is_taken() {
        let first = draw(7).number();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        let second = draw(7).number();
        assert_ne!(first, second);
        assert!((Port::LOW..=Port::HIGH).contains(&second));
        drop(taken);
    }

    #[test]
    fn skips_a_port_that_another_gate_has_yet_to_use() {
        let first = draw(8);
        let second = draw(8);
        assert_ne!(first.number(), second.number());
        let number = first.number();
        drop(first);
        assert_eq!(draw(8).number(), number);
    }
}
