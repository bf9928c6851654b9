//! What took long: the log of slow requests, and the latencies of events.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use store::Millis;

/// Arguments of a request that are kept, the last of them a note where there were more.
const ARGUMENTS_MAX: usize = 32;
/// Bytes of an argument that are kept.
const ARGUMENT_LEN_MAX: usize = 128;
/// Latencies that are kept of one event.
const SAMPLES_MAX: usize = 160;

/// From how many microseconds on a request is noted, unless another bound is set.
const SLOWER_THAN_US: i64 = 10_000;

/// A request that took long.
#[derive(Clone, Debug)]
pub struct SlowRequest {
    /// Its number in the log.
    pub number: u64,
    /// When it ran.
    pub at: Millis,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// Its arguments, shortened.
    pub arguments: Vec<Box<[u8]>>,
    /// Where it came from.
    pub address: String,
    /// What the client calls itself.
    pub name: Box<[u8]>,
}

/// One latency.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// When it was, in seconds since the epoch.
    pub at_s: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// The latencies of one event.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// The samples that are kept, the oldest first; of one second the longest.
    pub samples: VecDeque<Sample>,
    /// The longest of all, in milliseconds.
    pub longest_ms: u64,
}

/// What took long since the start.
#[derive(Debug)]
pub struct Slowness {
    /// From how many microseconds on a request is noted; none is if negative.
    pub slower_than_us: AtomicI64,
    /// How many requests are kept.
    pub log_max: AtomicUsize,
    /// From how many milliseconds on an event is noted; none is if 0.
    pub latency_ms: AtomicU64,
    log: Mutex<Log>,
    events: Mutex<BTreeMap<&'static str, Latencies>>,
}

#[derive(Debug, Default)]
struct Log {
    next: u64,
    requests: VecDeque<SlowRequest>,
}

impl Default for Slowness {
    fn default() -> Self {
        Self {
            slower_than_us: AtomicI64::new(SLOWER_THAN_US),
            log_max: AtomicUsize::new(128),
            latency_ms: AtomicU64::new(0),
            log: Mutex::default(),
            events: Mutex::default(),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is kept of the arguments of a request.
pub fn shortened<'a>(arguments: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<Box<[u8]>> {
    let len = arguments.len();
    let kept = if len > ARGUMENTS_MAX {
        ARGUMENTS_MAX - 1
    } else {
        len
    };
    let mut all: Vec<Box<[u8]>> = arguments.take(kept).map(shortened_argument).collect();
    if kept < len {
        let note = format!("... ({} more arguments)", len - kept);
        all.push(note.into_bytes().into());
    }
    all
}

fn shortened_argument(argument: &[u8]) -> Box<[u8]> {
    match argument.split_at_checked(ARGUMENT_LEN_MAX) {
        Some((head, tail)) if !tail.is_empty() => {
            let note = format!("... ({} more bytes)", tail.len());
            [head, note.as_bytes()].concat().into()
        }
        _ => argument.into(),
    }
}

impl Slowness {
    /// Whether even commands that take next to no time are timed: a clock that is read twice costs them
    /// a tenth, so it is not unless somebody asks for more than the default.
    #[inline]
    pub fn times_all(&self) -> bool {
        (0..SLOWER_THAN_US).contains(&self.slower_than_us.load(Relaxed))
            || self.latency_ms.load(Relaxed) > 0
    }

    /// Whether a request that took so long is noted in the log.
    #[inline]
    pub fn is_slow(&self, took_us: u64) -> bool {
        u64::try_from(self.slower_than_us.load(Relaxed)).is_ok_and(|bound| took_us >= bound)
    }

    /// Notes a request in the log; its number is the log's.
    pub fn note(&self, mut request: SlowRequest) {
        let max = self.log_max.load(Relaxed);
        let mut log = lock(&self.log);
        request.number = log.next;
        log.next += 1;
        log.requests.push_front(request);
        log.requests.truncate(max);
    }

    /// The last `count` requests of the log, the last one first.
    pub fn last(&self, count: usize) -> Vec<SlowRequest> {
        lock(&self.log)
            .requests
            .iter()
            .take(count)
            .cloned()
            .collect()
    }

    /// How many requests the log has.
    pub fn len(&self) -> usize {
        lock(&self.log).requests.len()
    }

    /// Whether the log has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Empties the log; numbers go on.
    pub fn clear(&self) {
        lock(&self.log).requests.clear();
    }

    /// Notes how many microseconds an event took, if that is long.
    #[inline]
    pub fn note_event(&self, event: &'static str, at: Millis, micros: u64) {
        let bound_ms = self.latency_ms.load(Relaxed);
        let took_ms = micros / 1000;
        if bound_ms == 0 || took_ms < bound_ms {
            return;
        }
        let mut events = lock(&self.events);
        let latencies = events.entry(event).or_default();
        latencies.longest_ms = latencies.longest_ms.max(took_ms);
        let at_s = at.0 / 1000;
        match latencies.samples.back_mut() {
            Some(last) if last.at_s == at_s => last.took_ms = last.took_ms.max(took_ms),
            _ => {
                if latencies.samples.len() == SAMPLES_MAX {
                    latencies.samples.pop_front();
                }
                latencies.samples.push_back(Sample { at_s, took_ms });
            }
        }
    }

    /// The latencies by event.
    pub fn events(&self) -> BTreeMap<&'static str, Latencies> {
        lock(&self.events).clone()
    }

    /// Forgets the latencies of the events that `wanted` names; how many events that were.
    pub fn forget_events(&self, wanted: impl Fn(&str) -> bool) -> usize {
        let mut events = lock(&self.events);
        let before = events.len();
        events.retain(|name, _| !wanted(name));
        before - events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_a_request_is_bounded() {
        let long = vec![b'x'; 1000];
        let arguments = vec![long.as_slice(); 40];
        let kept = shortened(arguments.into_iter());
        assert_eq!(kept.len(), 32);
        let expected = [&long[..128], b"... (872 more bytes)"].concat();
        assert_eq!(*kept[0], *expected);
        assert_eq!(*kept[31], *b"... (9 more arguments)");
        assert_eq!(
            shortened([&b"get"[..]].into_iter()),
            [Box::from(&b"get"[..])]
        );
    }

    #[test]
    fn latencies_of_one_second_are_one_sample() {
        let slowness = Slowness::default();
        slowness.note_event("command", Millis(1_000), 900_000);
        assert!(slowness.events().is_empty());
        slowness.latency_ms.store(5, Relaxed);
        for (at_ms, micros) in [
            (1_000, 4_999),
            (1_000, 7_000),
            (1_900, 9_000),
            (2_000, 6_000),
        ] {
            slowness.note_event("command", Millis(at_ms), micros);
        }
        let latencies = &slowness.events()["command"];
        let samples: Vec<_> = latencies
            .samples
            .iter()
            .map(|one| (one.at_s, one.took_ms))
            .collect();
        assert_eq!(samples, [(1, 9), (2, 6)]);
        assert_eq!(latencies.longest_ms, 9);
        assert_eq!(slowness.forget_events(|name| name == "command"), 1);
    }
}
