//! CPU time of a whole process, from the scheduler's own account.
//!
//! `/proc/PID/task/TID/schedstat` holds three numbers for each thread (Linux,
//! `Documentation/scheduler/sched-stats.rst`):
//!
//! ```text
//! 81230041 4410022 512
//! │        │       └ times scheduled
//! │        └ ns runnable but waiting for a core
//! └ ns on a core, user and kernel
//! ```
//!
//! The kernel brings the first number up to date when the thread leaves its core, and at each tick
//! while it runs. So a reading is exact once the threads sleep, and up to a tick (4 ms) late before.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use rustix::time::{ClockId, clock_gettime};

use super::ProcessError;

/// The account of every thread of a process at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuSnapshot {
    pid: u32,
    threads: BTreeMap<u32, CpuTime>,
}

/// What the threads of a process did between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTime {
    /// Time on a core.
    pub run_ns: u64,
    /// Time runnable, waiting for a core.
    pub wait_ns: u64,
}

impl CpuSnapshot {
    /// Reads the account of process `pid`.
    pub fn take(pid: u32) -> Result<Self, ProcessError> {
        let folder = PathBuf::from(format!("/proc/{pid}/task"));
        let failed = |path: PathBuf, reason: String| ProcessError::CpuTime { pid, path, reason };
        let entries = fs::read_dir(&folder).map_err(|e| failed(folder.clone(), format!("{e}")))?;
        let mut threads = BTreeMap::new();
        for entry in entries {
            let entry = entry.map_err(|e| failed(folder.clone(), format!("{e}")))?;
            let path = entry.path().join("schedstat");
            let name = entry.file_name();
            let tid = name.to_str().and_then(|n| n.parse().ok()).ok_or_else(|| {
                failed(folder.clone(), format!("{} is no thread", name.display()))
            })?;
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                // The thread ended between the listing and the reading.
                Err(e) if gone(&e) => continue,
                Err(e) => return Err(failed(path, format!("{e}"))),
            };
            let time = parse(&text)
                .ok_or_else(|| failed(path, format!("{text:?} is no scheduler account")))?;
            threads.insert(tid, time);
        }
        if threads.values().all(|time| time.run_ns == 0) {
            // A process that lives has run; an account of zeros means that the kernel keeps none.
            return Err(failed(folder, "the kernel keeps no account".to_owned()));
        }
        Ok(Self { pid, threads })
    }

    /// What happened since `earlier`, a snapshot of the same process.
    ///
    /// A thread that ended in between takes its last share with it; one that began counts whole.
    pub fn since(&self, earlier: &Self) -> Result<CpuTime, ProcessError> {
        let mut sum = CpuTime::default();
        for (tid, after) in &self.threads {
            let before = earlier.threads.get(tid).copied().unwrap_or_default();
            let run_ns = after.run_ns.checked_sub(before.run_ns);
            let wait_ns = after.wait_ns.checked_sub(before.wait_ns);
            let (Some(run_ns), Some(wait_ns)) = (run_ns, wait_ns) else {
                return Err(ProcessError::CpuTime {
                    pid: self.pid,
                    path: PathBuf::from(format!("/proc/{}/task/{tid}/schedstat", self.pid)),
                    reason: "the account ran backwards".to_owned(),
                });
            };
            sum.run_ns += run_ns;
            sum.wait_ns += wait_ns;
        }
        Ok(sum)
    }
}

/// CPU time that the calling thread has used, exact to the call.
#[must_use]
pub fn this_thread_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Both parts are never negative on this clock.
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// CPU time, user and kernel, of all children of this process that have ended and were waited for,
/// and of theirs (getrusage(2), `RUSAGE_CHILDREN`; in microseconds).
pub fn ended_children_cpu() -> Result<Duration, ProcessError> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|errno| ProcessError::CpuTime {
        pid: std::process::id(),
        path: PathBuf::from("getrusage"),
        reason: errno.to_string(),
    })?;
    let micros =
        [usage.user_time(), usage.system_time()].map(|time| time.num_microseconds().unsigned_abs());
    Ok(Duration::from_micros(micros.iter().sum()))
}

fn gone(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::NotFound
        || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}

fn parse(text: &str) -> Option<CpuTime> {
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<u64>);
    let run_ns = numbers.next()?.ok()?;
    let wait_ns = numbers.next()?.ok()?;
    Some(CpuTime { run_ns, wait_ns })
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::thread;
    use std::time::Instant;

    use super::*;

    fn spin(duration: Duration) {
        let start = Instant::now();
        while start.elapsed() < duration {
            black_box(());
        }
    }

    #[test]
    fn counts_what_a_second_thread_burns() {
        let pid = std::process::id();
        let (ready, wait_ready) = std::sync::mpsc::channel();
        let (go, wait_go) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            ready.send(()).unwrap();
            wait_go.recv().unwrap();
            let before = this_thread_ns();
            spin(Duration::from_millis(60));
            let used = this_thread_ns() - before;
            ready.send(()).unwrap();
            wait_go.recv().unwrap();
            used
        });
        wait_ready.recv().unwrap();
        let before = CpuSnapshot::take(pid).unwrap();
        go.send(()).unwrap();
        wait_ready.recv().unwrap();
        thread::sleep(Duration::from_millis(5));
        let time = CpuSnapshot::take(pid).unwrap().since(&before).unwrap();
        go.send(()).unwrap();
        let used = thread.join().unwrap();
        // Other tests of this process run beside it, so there is no upper bound to assert.
        assert!(
            time.run_ns + 1_000_000 >= used,
            "{time:?}, the thread used {used}"
        );
        assert!(used > 1_000_000, "{used}");
    }

    #[test]
    fn a_process_that_is_gone_is_an_error_and_not_zero() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        let error = CpuSnapshot::take(pid).unwrap_err().to_string();
        assert!(
            error.contains(&format!("CPU time of process {pid}")),
            "{error}"
        );
    }

    #[test]
    fn garbage_is_no_account() {
        for text in ["", "1", "1 x 3", "-1 0 0"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        let time = parse("81230041 4410022 512\n").unwrap();
        assert_eq!((time.run_ns, time.wait_ns), (81_230_041, 4_410_022));
    }
}
