//! Processes that left the group of the program that started them, and outlived it.
//!
//! ```text
//! gate ── leader ── daemon (setsid, setpgid)     the group's end does not reach the daemon;
//!  └──────────────── daemon                      once the leader has ended it is a child of gate
//! ```
//!
//! A process whose parent has ended becomes a child of init, or of an ancestor that asked for it
//! (prctl(2), `PR_SET_CHILD_SUBREAPER`, Linux 3.4). Whose orphan it is the kernel does not tell, so
//! all of them are ended when none of the programs runs any more. What gate starts for itself stays
//! in gate's own process group, and is none of them; nor is who was a child of gate before the first
//! program that asked: the daemons of a build are the user's.

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpgrp, getpid, kill_process,
    set_child_subreaper, waitid, waitpid,
};

/// The longest that those that were killed are waited for.
const GONE_MAX: Duration = Duration::from_millis(500);
/// An orphan's own children become orphans by its end: how deep they are followed.
const DEPTH_MAX: u32 = 16;

static STATE: Mutex<State> = Mutex::new(State {
    running: 0,
    before: None,
});

#[derive(Debug)]
struct State {
    /// Programs that run.
    running: usize,
    /// The children that were there when the first program asked; `None` until then.
    before: Option<BTreeSet<i32>>,
}

/// A program that runs. When the last one has ended, all orphans are.
#[derive(Debug)]
pub(super) struct Running(());

impl Running {
    pub(super) fn new() -> Self {
        with(|state| state.running += 1);
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        with(|state| {
            state.running -= 1;
            if let (0, Some(before)) = (state.running, &state.before) {
                end(before);
            }
        });
    }
}

/// From here on, who is orphaned below this process becomes its child, and is ended with the last
/// program that runs. Where the kernel does not do that, orphans live on.
pub(super) fn adopt() {
    with(|state| {
        if state.before.is_none() && set_child_subreaper(Some(getpid())).is_ok() {
            state.before = Some(
                children()
                    .into_iter()
                    .map(|pid| pid.as_raw_nonzero().get())
                    .collect(),
            );
        }
    });
}

/// The lock is held meanwhile, so that no program is started that would be taken for an orphan.
fn with(change: impl FnOnce(&mut State)) {
    change(&mut STATE.lock().unwrap_or_else(PoisonError::into_inner));
}

fn end(before: &BTreeSet<i32>) {
    for _ in 0..DEPTH_MAX {
        let mut left = children();
        left.retain(|pid| !before.contains(&pid.as_raw_nonzero().get()));
        if left.is_empty() {
            return;
        }
        for &pid in &left {
            // It fails only where the process has ended.
            let _ended = kill_process(pid, Signal::KILL);
        }
        let deadline = Instant::now() + GONE_MAX;
        while !left.is_empty() && Instant::now() < deadline {
            left.retain(|&pid| matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None)));
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The children of this process that have left its group.
fn children() -> Vec<Pid> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if matches!(waitid(WaitId::All, options), Err(rustix::io::Errno::CHILD)) {
        return Vec::new();
    }
    let (own, group) = (getpid(), getpgrp());
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| {
        let (parent, its_group) = family(pid)?;
        let is_orphan =
            parent == own.as_raw_nonzero().get() && its_group != group.as_raw_nonzero().get();
        Pid::from_raw(pid).filter(|_| is_orphan)
    })
    .collect()
}

/// The parent and the process group of a process (proc(5), `/proc/PID/stat`, fields 4 and 5).
fn family(pid: i32) -> Option<(i32, i32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in brackets, which may hold any character.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(1);
    let mut next = || fields.next()?.parse().ok();
    Some((next()?, next()?))
}
