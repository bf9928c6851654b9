//! The command line, and what the server makes of it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;

use clap::Parser;

use crate::protocol::parse_bytes;

/// Most threads that a server may be told to use.
const MAX_THREADS: usize = 256;

/// A Redis-compatible in-memory cache server.
#[derive(Clone, Debug, Parser)]
#[command(name = "server", version, about)]
pub struct Config {
    /// Address to listen on
    #[arg(long, value_name = "IP", default_value_t = Self::DEFAULT.bind)]
    pub bind: IpAddr,

    /// Port to listen on; 0 takes any that is free
    #[arg(long, default_value_t = Self::DEFAULT.port)]
    pub port: u16,

    /// Threads that serve connections
    #[arg(long, value_name = "COUNT", default_value_t = Self::DEFAULT.threads, value_parser = threads)]
    pub threads: NonZeroUsize,

    /// Refuse writes when more memory is in use, such as 100mb or 1gb; 0 is no bound
    #[arg(
        long = "maxmemory",
        value_name = "BYTES",
        default_value = "0",
        value_parser = bytes
    )]
    pub max_memory: u64,
}

impl Config {
    const DEFAULT: Self = Self {
        bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 6379,
        threads: NonZeroUsize::MIN,
        max_memory: 0,
    };

    /// Where to listen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    parse_bytes(text).ok_or_else(|| "not a size of memory such as 1048576, 100mb or 1gb".to_owned())
}

fn threads(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .ok()
        .filter(|threads: &NonZeroUsize| threads.get() <= MAX_THREADS)
        .ok_or_else(|| format!("not a number of threads from 1 to {MAX_THREADS}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Config, String> {
        let words = std::iter::once("server").chain(line.split_whitespace());
        Config::try_parse_from(words).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_given_is_the_default() {
        let config = parse("").unwrap();
        assert_eq!(config.address(), "127.0.0.1:6379".parse().unwrap());
        assert_eq!((config.threads.get(), config.max_memory), (1, 0));
    }

    #[test]
    fn every_flag_is_read() {
        let config = parse("--bind ::1 --port 0 --threads 4 --maxmemory 100mb").unwrap();
        assert_eq!(config.address(), "[::1]:0".parse().unwrap());
        assert_eq!((config.threads.get(), config.max_memory), (4, 100 << 20));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_reason() {
        for (line, reason) in [
            ("--maxmemory lots", "not a size of memory"),
            ("--threads 0", "not a number of threads"),
            ("--threads 1000", "not a number of threads"),
            ("--port 70000", "70000"),
            ("--bind nowhere", "invalid IP address"),
            ("--prot 1", "--port"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }
}
