//! One thread's share of a slice of an open loop: requests go out at their time, answered or not.
//!
//! ```text
//! intended   │    │    │    │    │    │        every 1/rate, dealt to the connections in turn
//! sent       │    │      ││ │    │    │        the generator was held up, and catches up
//! answered     │    │      │ │     │    │
//! latency    └─┘  └─┘  └───┘                   from the intended time, so that a wait is counted for
//!            ├ lead-in ┤ recorded …            every request that it held up, not once
//! ```
//!
//! Timed from the moment of sending, the requests that a stalled server keeps from being sent would
//! go missing: coordinated omission (G. Tene, "How NOT to measure latency", 2013; HdrHistogram). What
//! is intended in the first 10 ms of a slice is sent and not recorded: the caches are another arm's.
//!
//! A thread with a core of its own spins, as a thread that sleeps is woken late by tens of
//! microseconds, which would be taken for the server's. One that shares the server's core sleeps.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::event::epoll;
use rustix::time::Timespec;

use super::super::{LoadError, RequestPool};
use super::{Lane, Share, nanos};
use crate::process::Interrupt;

/// What is sent and not recorded at the start of a slice.
pub(super) const LEAD_IN: Duration = Duration::from_millis(10);
/// The longest that a server may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The longest latency that is told apart, in nanoseconds.
const LATENCY_NS_MAX: u64 = 60_000_000_000;
/// Significant digits of a latency.
const DIGITS: u8 = 3;
/// The share of a slice by which an arm, or the generator, may be late at its end.
const LATE_SHARE: u32 = 20;
/// The longest that replies may be waited for after the last request was due.
const BEHIND_MAX: Duration = Duration::from_secs(5);
/// Turns between two looks whether to go on.
const TURNS: u32 = 1024;

/// What a thread does between two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// It looks again at once.
    Spin,
    /// It sleeps until the next request is due or a reply is there.
    Sleep,
}

/// How a slice of an open loop is driven.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Between two requests of this thread.
    pub interval: Duration,
    /// Until its first one.
    pub offset: Duration,
    /// In between.
    pub waiting: Waiting,
}

/// The latencies of a slice, and whether both sides kept up.
#[derive(Debug, Clone)]
pub struct Latencies {
    /// In nanoseconds.
    pub histogram: Histogram<u64>,
    /// From the intended time of the last request to the time at which it was sent.
    pub sent_late: Duration,
    /// From the intended time of the last request to the last reply.
    pub answered_late: Duration,
    /// What a slice of this length is late by.
    late: Duration,
}

impl Latencies {
    /// Nothing yet, for a slice of this length.
    pub(super) fn new(slice: Duration) -> Result<Self, LoadError> {
        let histogram = Histogram::new_with_bounds(1, LATENCY_NS_MAX, DIGITS);
        Ok(Self {
            histogram: histogram.map_err(|e| LoadError::Plan(format!("a histogram: {e}")))?,
            sent_late: Duration::ZERO,
            answered_late: Duration::ZERO,
            late: slice / LATE_SHARE,
        })
    }

    /// Adds what another thread, or slice, saw.
    pub fn add(&mut self, other: &Self) -> Result<(), LoadError> {
        let added = self.histogram.add(&other.histogram);
        added.map_err(|e| LoadError::Plan(format!("a histogram: {e}")))?;
        self.sent_late = self.sent_late.max(other.sent_late);
        self.answered_late = self.answered_late.max(other.answered_late);
        Ok(())
    }

    /// Whether requests piled up before they were sent.
    #[must_use]
    pub fn generator_fell_behind(&self) -> bool {
        self.sent_late > self.late
    }

    /// Whether requests piled up in the server.
    #[must_use]
    pub fn server_fell_behind(&self) -> bool {
        self.answered_late.saturating_sub(self.sent_late) > self.late
    }
}

impl Lane {
    /// Sends at the pace for `duration`, and receives every reply.
    pub(super) fn run_open(
        &mut self,
        pool: &RequestPool,
        duration: Duration,
        pace: Pace,
        interrupt: &Interrupt,
    ) -> Result<Share, LoadError> {
        for connection in &mut self.connections {
            connection.set_nonblocking(true)?;
        }
        let share = OpenSlice::new(self, pool, duration, pace)?.run(interrupt)?;
        for connection in &mut self.connections {
            connection.set_nonblocking(false)?;
        }
        Ok(share)
    }
}

/// A slice as it goes on.
struct OpenSlice<'a> {
    lane: &'a mut Lane,
    pool: &'a RequestPool,
    pace: Pace,
    /// Intended times of what is not answered yet, by connection.
    outstanding: Vec<VecDeque<Instant>>,
    events: Vec<epoll::Event>,
    start: Instant,
    requests: u32,
    sent: u32,
    received: u32,
    worked: Duration,
    seen: Latencies,
}

impl<'a> OpenSlice<'a> {
    fn new(
        lane: &'a mut Lane,
        pool: &'a RequestPool,
        duration: Duration,
        pace: Pace,
    ) -> Result<Self, LoadError> {
        let connections = lane.connections.len();
        let requests =
            duration.saturating_sub(pace.offset).as_nanos() / pace.interval.as_nanos().max(1);
        Ok(Self {
            lane,
            pool,
            pace,
            outstanding: vec![VecDeque::new(); connections],
            events: Vec::with_capacity(connections),
            start: Instant::now(),
            // One at least, so that a slow pace has a last request, too.
            requests: u32::try_from(requests).unwrap_or(u32::MAX).max(1),
            sent: 0,
            received: 0,
            worked: Duration::ZERO,
            seen: Latencies::new(duration)?,
        })
    }

    fn run(mut self, interrupt: &Interrupt) -> Result<Share, LoadError> {
        let mut turn = Instant::now();
        let last = self.intended(self.requests - 1);
        let (mut progress, mut turns) = (turn, 0_u32);
        while self.received < self.requests {
            let done = self.send_due(turn)? + self.receive(turn)?;
            let now = Instant::now();
            if done > 0 {
                self.worked += now - turn;
                progress = now;
            }
            turns = turns.wrapping_add(1);
            // Each sleep is a wait of its own; spinning, looking at the flag every turn would cost.
            if self.pace.waiting == Waiting::Sleep || turns.is_multiple_of(TURNS) {
                interrupt.check()?;
                self.check_alive(now, progress, last)?;
            }
            turn = now;
        }
        self.seen.answered_late = turn.saturating_duration_since(last);
        Ok(Share {
            requests: u64::from(self.requests),
            start: self.start,
            end: turn,
            cpu_ns: nanos(self.worked),
            latencies: Some(self.seen),
        })
    }

    /// Gives a server up that stopped answering, or is so far behind that the rate makes no sense.
    fn check_alive(&self, now: Instant, progress: Instant, last: Instant) -> Result<(), LoadError> {
        if self.sent > self.received && now - progress > ANSWER_MAX {
            return Err(LoadError::Stopped(ANSWER_MAX));
        }
        if now.saturating_duration_since(last) > BEHIND_MAX {
            return Err(LoadError::Behind {
                missing: self.requests - self.received,
                after: BEHIND_MAX,
            });
        }
        Ok(())
    }

    fn intended(&self, request: u32) -> Instant {
        self.start + self.pace.offset + self.pace.interval * request
    }

    /// Sends one request if it is time; how many were sent.
    fn send_due(&mut self, now: Instant) -> Result<u32, LoadError> {
        let intended = self.intended(self.sent);
        if self.sent == self.requests || intended > now {
            return Ok(0);
        }
        let connections = self.outstanding.len().max(1);
        let index = self.sent as usize % connections;
        let connection = self.lane.connections.get_mut(index);
        let queue = self.outstanding.get_mut(index);
        let (Some(connection), Some(queue)) = (connection, queue) else {
            return Err(LoadError::ThreadLost);
        };
        connection.send(self.pool.batch(self.lane.next_batch))?;
        self.lane.next_batch += 1;
        queue.push_back(intended);
        self.sent += 1;
        self.seen.sent_late = now - intended;
        Ok(1)
    }

    /// Takes the replies that are there; how many there were.
    fn receive(&mut self, now: Instant) -> Result<u32, LoadError> {
        let wait = match self.pace.waiting {
            Waiting::Spin => Duration::ZERO,
            Waiting::Sleep if self.sent == self.requests => crate::process::POLL,
            Waiting::Sleep => self.intended(self.sent).saturating_duration_since(now),
        };
        self.events.clear();
        let ready = rustix::buffer::spare_capacity(&mut self.events);
        match epoll::wait(&self.lane.readiness, ready, Some(&timespec(wait))) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(0),
            Err(error) => return Err(LoadError::Broken(error.into())),
        }
        let mut received = 0;
        for event in &self.events {
            // The number that the connection was registered with.
            let index = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            let connection = self.lane.connections.get_mut(index);
            let queue = self.outstanding.get_mut(index);
            let (Some(connection), Some(queue)) = (connection, queue) else {
                return Err(LoadError::ThreadLost);
            };
            let replies = connection.receive_ready()?;
            let now = Instant::now();
            for _ in 0..replies {
                let intended = queue.pop_front().ok_or_else(|| {
                    LoadError::Unexpected("a reply that it was not asked for".to_owned())
                })?;
                if intended >= self.start + LEAD_IN {
                    let latency = nanos(now.saturating_duration_since(intended));
                    self.seen.histogram.saturating_record(latency.max(1));
                }
            }
            received += replies;
        }
        self.received += received;
        Ok(received)
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(duration.subsec_nanos()),
    }
}
