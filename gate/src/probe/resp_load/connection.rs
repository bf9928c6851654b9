//! One connection of the load: a batch out, its replies in, with as few system calls as that takes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::{LoadError, reply};
use crate::process::{Interrupt, POLL};

/// The longest that a server may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Room for replies, beyond that for one value.
const BUFFER_BYTES: usize = 64 * 1024;

/// A connection that stays open for a whole round.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    /// Replies, or the beginning of one, up to `filled`.
    buffer: Vec<u8>,
    filled: usize,
    value_bytes: usize,
    interrupt: Interrupt,
    answer_max: Duration,
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Connection {
    /// Connects to the server on `port`, whose values all have `value_bytes` bytes.
    pub(super) fn open(
        port: u16,
        value_bytes: usize,
        interrupt: &Interrupt,
    ) -> Result<Self, LoadError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let open = || {
            let stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
            stream.set_nodelay(true)?;
            // A blocked call comes back this often, to look whether to go on.
            stream.set_read_timeout(Some(POLL))?;
            stream.set_write_timeout(Some(POLL))?;
            Ok(stream)
        };
        let stream = open().map_err(|source| LoadError::Connect { port, source })?;
        Ok(Self {
            stream,
            buffer: vec![0; value_bytes + BUFFER_BYTES],
            filled: 0,
            value_bytes,
            interrupt: interrupt.clone(),
            answer_max: ANSWER_MAX,
        })
    }

    /// Lets reads and writes come back at once where they would block, or wait again.
    pub(super) fn set_nonblocking(&self, nonblocking: bool) -> Result<(), LoadError> {
        let set = self.stream.set_nonblocking(nonblocking);
        set.map_err(LoadError::Broken)
    }

    #[cfg(test)]
    pub(super) fn give_up_after(&mut self, answer_max: Duration) {
        self.answer_max = answer_max;
    }

    /// Sends a batch of requests.
    pub(super) fn send(&mut self, batch: &[u8]) -> Result<(), LoadError> {
        let mut rest = batch;
        let mut blocked_since = None;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(LoadError::Closed),
                Ok(written) => {
                    rest = rest.get(written..).unwrap_or_default();
                    blocked_since = None;
                }
                Err(e) => self.check_blocked(e, &mut blocked_since)?,
            }
        }
        Ok(())
    }

    /// Receives exactly `replies` good replies; more than these would be nobody's.
    pub(super) fn receive(&mut self, replies: u32) -> Result<(), LoadError> {
        let mut missing = replies;
        let mut blocked_since = None;
        while missing > 0 {
            let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match self.stream.read(free) {
                Ok(0) => return Err(LoadError::Closed),
                Ok(read) => {
                    self.filled += read;
                    missing = self.consume(missing)?;
                    blocked_since = None;
                }
                Err(e) => self.check_blocked(e, &mut blocked_since)?,
            }
        }
        if self.filled > 0 {
            let text = format!("{} bytes more than it was asked for", self.filled);
            return Err(LoadError::Unexpected(text));
        }
        Ok(())
    }

    /// Receives what is there of a connection that does not block; how many good replies it made up.
    pub(super) fn receive_ready(&mut self) -> Result<u32, LoadError> {
        let free = self.buffer.get_mut(self.filled..).unwrap_or_default();
        match self.stream.read(free) {
            Ok(0) => Err(LoadError::Closed),
            Ok(read) => {
                self.filled += read;
                Ok(u32::MAX - self.consume(u32::MAX)?)
            }
            Err(e) => self.check_blocked(e, &mut None).map(|()| 0),
        }
    }

    /// Takes complete replies off the front of the buffer; how many are missing then.
    fn consume(&mut self, mut missing: u32) -> Result<u32, LoadError> {
        let mut start = 0;
        while missing > 0 {
            let rest = self.buffer.get(start..self.filled).unwrap_or_default();
            match reply::first_len(rest, self.value_bytes)? {
                Some(len) => {
                    start += len;
                    missing -= 1;
                }
                None => break,
            }
        }
        self.buffer.copy_within(start..self.filled, 0);
        self.filled -= start;
        Ok(missing)
    }

    /// Lets a call that only timed out be tried again, unless interrupted or blocked for too long.
    fn check_blocked(
        &self,
        error: std::io::Error,
        blocked_since: &mut Option<Instant>,
    ) -> Result<(), LoadError> {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                self.interrupt.check()?;
                let since = blocked_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= self.answer_max {
                    return Err(LoadError::Stopped(self.answer_max));
                }
                Ok(())
            }
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Err(LoadError::Closed),
            _ => Err(LoadError::Broken(error)),
        }
    }
}
