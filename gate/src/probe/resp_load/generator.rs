//! Threads that drive the connections of all arms, one arm and one slice at a time.
//!
//! Each thread owns a share of every arm's connections, in two halves:
//!
//! ```text
//! first half   read 7 (blocks), write 7, read 0, write 0 … read 6, write 6
//! second half                     outstanding, so the server is never idle
//! ```
//!
//! The thread waits for the *last* reply of a half; when that is there, those before it are there as
//! well and are read without waiting. So it sleeps once a half instead of once a request, the server
//! wakes it once a half, and there is no poll: two system calls a batch, one read and one write.
//!
//! A slice begins with every connection sending a batch and ends, after its time, with every reply
//! received: nothing is in flight between slices, and requests and wall time belong together. So that
//! is a closed loop; in a slice of an open loop requests go out at a rate (see `open_loop`).

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::event::epoll;

use self::open_loop::{Latencies, Pace, Waiting};
use super::connection::Connection;
use super::{LoadError, RequestPool};
use crate::budget::Load;
use crate::model::Arm;
use crate::process::{Interrupt, POLL, Pinned, this_thread_ns};

pub(super) mod open_loop;

/// A server that takes load.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Whose server it is.
    pub arm: Arm,
    /// Its port at 127.0.0.1.
    pub port: u16,
}

/// What a slice of load came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Requests answered.
    pub requests: u64,
    /// From the first byte sent to the last one received.
    pub wall_ns: u64,
    /// CPU time of the generator's threads in the slice, on average.
    pub generator_ns: u64,
}

/// Load threads and their open connections; the threads end when it is dropped.
///
/// After an error replies may be outstanding: drop it then.
#[derive(Debug)]
pub struct Generator {
    workers: Vec<Worker>,
    outcomes: Receiver<Result<Share, LoadError>>,
    interrupt: Interrupt,
}

#[derive(Debug)]
struct Worker {
    orders: Option<Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Clone, Copy)]
struct Order {
    arm: Arm,
    duration: Duration,
    /// Of an open loop.
    pace: Option<Pace>,
}

/// One thread's share of a slice.
#[derive(Debug)]
struct Share {
    requests: u64,
    start: Instant,
    end: Instant,
    /// Time in which the thread worked.
    cpu_ns: u64,
    latencies: Option<Latencies>,
}

/// One thread's connections to one arm, and where in the pool they are.
#[derive(Debug)]
struct Lane {
    connections: Vec<Connection>,
    next_batch: usize,
    /// Tells which connections have replies, by their place in `connections`.
    readiness: OwnedFd,
}

impl Generator {
    /// Opens the load's connections to every target, and starts a thread on each of `cores`.
    pub fn start(
        load: &Load,
        pool: &Arc<RequestPool>,
        value_bytes: usize,
        targets: &[Target],
        cores: &[usize],
        interrupt: &Interrupt,
    ) -> Result<Self, LoadError> {
        let connections = usize::try_from(load.connections)
            .ok()
            .filter(|connections| *connections > 0)
            .ok_or_else(|| LoadError::Plan(format!("{} connections", load.connections)))?;
        let threads = cores.len().clamp(1, connections);
        let (outcome, outcomes) = mpsc::channel();
        let mut workers = Vec::new();
        for thread in 0..threads {
            let mut lanes = BTreeMap::new();
            for target in targets {
                let open = |_| Connection::open(target.port, value_bytes, interrupt);
                let connections = (thread..connections).step_by(threads).map(open);
                let connections = connections.collect::<Result<Vec<_>, _>>()?;
                let lane = Lane {
                    readiness: readiness(&connections)?,
                    connections,
                    // Threads begin at different places, arms at the same.
                    next_batch: thread * pool.batches() / threads,
                };
                lanes.insert(target.arm, lane);
            }
            let core = cores.get(thread).copied();
            workers.push(Worker::spawn(
                core,
                lanes,
                Arc::clone(pool),
                outcome.clone(),
                interrupt.clone(),
            ));
        }
        Ok(Self {
            workers,
            outcomes,
            interrupt: interrupt.clone(),
        })
    }

    /// How many threads put load on the server.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.workers.len()
    }

    /// Puts load on one arm for about `duration`, and waits until nothing is in flight.
    pub fn slice(&self, arm: Arm, duration: Duration) -> Result<Slice, LoadError> {
        self.order(|_| Order {
            arm,
            duration,
            pace: None,
        })?;
        Self::summed(&self.shares(Duration::ZERO)?)
    }

    /// Sends `rate` requests a second to one arm for `duration`, and waits until all are answered.
    pub fn open_slice(
        &self,
        arm: Arm,
        duration: Duration,
        rate: u32,
        waiting: Waiting,
    ) -> Result<(Slice, Latencies), LoadError> {
        let threads = u32::try_from(self.workers.len()).unwrap_or(u32::MAX);
        let apart = Duration::from_secs(1) / rate.max(1);
        self.order(|thread| Order {
            arm,
            duration,
            pace: Some(Pace {
                interval: Duration::from_secs(1) * threads / rate.max(1),
                offset: apart * thread,
                waiting,
            }),
        })?;
        // This thread may share a core with one that spins, and must not wake up in between.
        let shares = self.shares(duration)?;
        let mut all = Latencies::new(duration)?;
        for latencies in shares.iter().filter_map(|share| share.latencies.as_ref()) {
            all.add(latencies)?;
        }
        Ok((Self::summed(&shares)?, all))
    }

    fn order(&self, order: impl Fn(u32) -> Order) -> Result<(), LoadError> {
        for (thread, worker) in (0..).zip(&self.workers) {
            let orders = worker.orders.as_ref().ok_or(LoadError::ThreadLost)?;
            orders
                .send(order(thread))
                .map_err(|_| LoadError::ThreadLost)?;
        }
        Ok(())
    }

    /// The share of every thread, none of which is there before `quiet` has passed.
    fn shares(&self, quiet: Duration) -> Result<Vec<Share>, LoadError> {
        self.workers
            .iter()
            .map(|_| self.await_share(quiet))
            .collect()
    }

    fn summed(shares: &[Share]) -> Result<Slice, LoadError> {
        let start = shares.iter().map(|share| share.start).min();
        let end = shares.iter().map(|share| share.end).max();
        let (Some(start), Some(end)) = (start, end) else {
            return Err(LoadError::ThreadLost);
        };
        let cpu_ns: u64 = shares.iter().map(|share| share.cpu_ns).sum();
        Ok(Slice {
            requests: shares.iter().map(|share| share.requests).sum(),
            wall_ns: nanos(end - start),
            generator_ns: cpu_ns / shares.len().max(1) as u64,
        })
    }

    fn await_share(&self, quiet: Duration) -> Result<Share, LoadError> {
        let mut wait = quiet.max(POLL);
        loop {
            match self
                .outcomes
                .recv_timeout(std::mem::replace(&mut wait, POLL))
            {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) => self.interrupt.check()?,
                Err(RecvTimeoutError::Disconnected) => return Err(LoadError::ThreadLost),
            }
        }
    }
}

impl Worker {
    fn spawn(
        core: Option<usize>,
        mut lanes: BTreeMap<Arm, Lane>,
        pool: Arc<RequestPool>,
        outcome: Sender<Result<Share, LoadError>>,
        interrupt: Interrupt,
    ) -> Self {
        let (orders, inbox) = mpsc::channel::<Order>();
        let thread = thread::spawn(move || {
            let (_pinned, mut unplaced) = match core.map(|core| Pinned::to(&[core])).transpose() {
                Ok(pinned) => (pinned, None),
                Err(error) => (None, Some(error)),
            };
            while let Ok(order) = inbox.recv() {
                let share = match (unplaced.take(), lanes.get_mut(&order.arm)) {
                    (Some(error), _) => Err(error.into()),
                    (None, Some(lane)) => match order.pace {
                        None => lane.run(&pool, order.duration),
                        Some(pace) => lane.run_open(&pool, order.duration, pace, &interrupt),
                    },
                    (None, None) => Err(LoadError::NoSuchArm(order.arm)),
                };
                if outcome.send(share).is_err() {
                    break;
                }
            }
        });
        Self {
            orders: Some(orders),
            thread: Some(thread),
        }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            worker.orders = None;
        }
        for worker in &mut self.workers {
            if let Some(thread) = worker.thread.take() {
                // A panic of the thread was told as a lost thread already.
                let _panicked = thread.join();
            }
        }
    }
}

impl Lane {
    fn run(&mut self, pool: &RequestPool, duration: Duration) -> Result<Share, LoadError> {
        let pipeline = pool.pipeline();
        let mut batches = self.connections.len() as u64;
        let cpu_before = this_thread_ns();
        let start = Instant::now();
        for connection in &mut self.connections {
            connection.send(pool.batch(self.next_batch))?;
            self.next_batch += 1;
        }
        let half = self.connections.len().div_ceil(2).max(1);
        while start.elapsed() < duration {
            for connections in self.connections.chunks_mut(half) {
                let (others, last) = connections.split_at_mut(connections.len() - 1);
                for connection in last.iter_mut().chain(others) {
                    connection.receive(pipeline)?;
                    connection.send(pool.batch(self.next_batch))?;
                    self.next_batch += 1;
                    batches += 1;
                }
            }
        }
        for connection in &mut self.connections {
            connection.receive(pipeline)?;
        }
        Ok(Share {
            requests: batches * u64::from(pipeline),
            start,
            end: Instant::now(),
            cpu_ns: this_thread_ns() - cpu_before,
            latencies: None,
        })
    }
}

/// A set of connections that tells which of them have something to read.
fn readiness(connections: &[Connection]) -> Result<OwnedFd, LoadError> {
    let failed = |source: rustix::io::Errno| LoadError::Broken(source.into());
    let set = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(failed)?;
    for (number, connection) in (0..).zip(connections) {
        let data = epoll::EventData::new_u64(number);
        epoll::add(&set, connection, data, epoll::EventFlags::IN).map_err(failed)?;
    }
    Ok(set)
}

fn nanos(duration: Duration) -> u64 {
    // 2⁶⁴ ns are 584 years.
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
