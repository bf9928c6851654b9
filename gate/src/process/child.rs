//! A child process that takes its descendants with it.
//!
//! ```text
//! gate ── leader (its own process group, group id = process id)
//!           ├─ grandchild            ended by SIGTERM, then SIGKILL, to the group
//!           └─ grandchild
//! ```
//!
//! The leader is reaped last: while it is a zombie its number cannot be given to another process,
//! so a signal to the group cannot hit a stranger. A process that leaves the group (`setsid`)
//! escapes it, and is ended as an orphan where [`Launch::with_orphans`] asks for that.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};

use super::orphans::{self, Running};
use super::{Interrupt, POLL, Pinned, ProcessError};

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_millis(800);

/// A program about to be started, without standard input.
#[derive(Debug)]
pub struct Launch {
    command: Command,
    program: String,
    cores: Vec<usize>,
    orphans: Orphans,
}

/// What becomes of processes that leave the group and outlive the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Orphans {
    LiveOn,
    End,
}

/// A running child and its process group; ended when dropped.
#[derive(Debug)]
pub struct Child {
    inner: std::process::Child,
    group: Pid,
    program: String,
    started: Instant,
    status: Option<ExitStatus>,
    /// Becomes readable when the leader ends; `None` on kernels before 5.3.
    handle: Option<OwnedFd>,
    /// Dropped last, when the group has ended.
    _running: Running,
}

impl Launch {
    /// A program and its arguments.
    pub fn new<S: AsRef<OsStr>>(argv: &[S]) -> Result<Self, ProcessError> {
        let (program, arguments) = argv.split_first().ok_or(ProcessError::EmptyCommand)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .process_group(0);
        Ok(Self {
            command,
            program: program.as_ref().to_string_lossy().into_owned(),
            cores: Vec::new(),
            orphans: Orphans::LiveOn,
        })
    }

    /// Runs it in this folder.
    #[must_use]
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes a variable out of its environment.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Gives it these variables and no others.
    #[must_use]
    pub fn only_env(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.command.env_clear().envs(variables);
        self
    }

    /// Lets it, and all it starts, run on these cores only; none means that any will do.
    #[must_use]
    pub fn on_cores(mut self, cores: &[usize]) -> Self {
        self.cores = cores.to_vec();
        self
    }

    /// Ends the processes, too, that leave its group and outlive it: daemons. That happens when no
    /// program runs any more.
    #[must_use]
    pub fn with_orphans(mut self) -> Self {
        self.orphans = Orphans::End;
        self
    }

    /// Starts it with everything it prints in one file.
    pub fn start_logged(mut self, log: &Path) -> Result<Child, ProcessError> {
        let out = create(log)?;
        let err = out.try_clone().map_err(|source| ProcessError::File {
            path: log.to_owned(),
            source,
        })?;
        self.command.stdout(out).stderr(err);
        self.start()
    }

    /// Starts it with standard output and standard error in a file each.
    pub fn start_captured(mut self, stdout: &Path, stderr: &Path) -> Result<Child, ProcessError> {
        self.command.stdout(create(stdout)?).stderr(create(stderr)?);
        self.start()
    }

    fn start(mut self) -> Result<Child, ProcessError> {
        if self.orphans == Orphans::End {
            orphans::adopt();
        }
        let running = Running::new();
        // A child inherits the cores of the thread that starts it.
        let pinned = match self.cores.as_slice() {
            [] => None,
            cores => Some(Pinned::to(cores)?),
        };
        let spawned = self.command.spawn();
        drop(pinned);
        let failed = |source| ProcessError::Start {
            program: self.program.clone(),
            source,
        };
        let inner = spawned.map_err(failed)?;
        let group = i32::try_from(inner.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(|| failed(io::Error::other("its process number is out of range")))?;
        Ok(Child {
            inner,
            group,
            program: self.program,
            started: Instant::now(),
            status: None,
            handle: pidfd_open(group, PidfdFlags::empty()).ok(),
            _running: running,
        })
    }
}

impl Child {
    /// The leader's process number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.inner.id()
    }

    /// The exit status once the leader has ended; whatever it left behind in its group is ended.
    pub fn poll(&mut self) -> Result<Option<ExitStatus>, ProcessError> {
        if self.status.is_none() && self.leader_ended()? {
            self.signal(Signal::KILL);
            self.status = Some(self.inner.wait().map_err(|e| self.lost(e))?);
        }
        Ok(self.status)
    }

    /// Waits for the leader to end. At `deadline`, or when interrupted, the group is ended.
    pub fn wait_with(
        &mut self,
        interrupt: &Interrupt,
        deadline: Option<Instant>,
    ) -> Result<ExitStatus, ProcessError> {
        self.wait_watching(interrupt, deadline, |_| Ok(()))
    }

    /// As [`Child::wait_with`], and looks with `watch` each time; its error ends the group, too.
    pub fn wait_watching<E: From<ProcessError>>(
        &mut self,
        interrupt: &Interrupt,
        deadline: Option<Instant>,
        mut watch: impl FnMut(&Self) -> Result<(), E>,
    ) -> Result<ExitStatus, E> {
        loop {
            if let Some(status) = self.poll()? {
                return Ok(status);
            }
            let go_on = interrupt
                .check()
                .map_err(|e| E::from(e.into()))
                .and_then(|()| watch(self))
                .and_then(|()| self.check_deadline(deadline).map_err(E::from));
            if let Err(error) = go_on {
                self.end();
                return Err(error);
            }
            self.nap();
        }
    }

    /// Sleeps until the leader has ended, at most for a moment.
    fn nap(&self) {
        let Some(handle) = &self.handle else {
            thread::sleep(POLL);
            return;
        };
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: POLL.subsec_nanos().into(),
        };
        // A signal ends the sleep early, which is as well: it may be an interrupt.
        let _woken = poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&timeout));
    }

    /// Ends the group: SIGTERM, some grace for the leader, SIGKILL. Then reaps the leader.
    pub fn end(&mut self) {
        if self.status.is_some() {
            return;
        }
        self.signal(Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && matches!(self.leader_ended(), Ok(false)) {
            thread::sleep(Duration::from_millis(1));
        }
        self.signal(Signal::KILL);
        self.status = self.inner.wait().ok();
    }

    fn check_deadline(&self, deadline: Option<Instant>) -> Result<(), ProcessError> {
        match deadline {
            Some(deadline) if Instant::now() >= deadline => Err(ProcessError::TimedOut {
                program: self.program.clone(),
                after: self.started.elapsed(),
            }),
            _ => Ok(()),
        }
    }

    /// Whether the leader has ended, leaving it as it is: a zombie until it is reaped.
    fn leader_ended(&self) -> Result<bool, ProcessError> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(self.group), options).map_err(|e| self.lost(e.into()))?;
        Ok(status.is_some())
    }

    fn signal(&self, signal: Signal) {
        // It fails only where nobody is left in the group, which is what the signal is for.
        let _nobody_left = kill_process_group(self.group, signal);
    }

    fn lost(&self, source: io::Error) -> ProcessError {
        ProcessError::Wait {
            program: self.program.clone(),
            pid: self.inner.id(),
            source,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

fn create(path: &Path) -> Result<File, ProcessError> {
    File::create(path).map_err(|source| ProcessError::File {
        path: PathBuf::from(path),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn shell(script: &str, folder: &TempDir) -> Child {
        Launch::new(&["/bin/sh", "-c", script])
            .unwrap()
            .current_dir(folder.path())
            .start_logged(&folder.path().join("log"))
            .unwrap()
    }

    /// Waits until the script has written a process number to `name`.
    fn pid_in(folder: &TempDir, name: &str) -> u32 {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            if let Ok(text) = fs::read_to_string(folder.path().join(name))
                && let Ok(pid) = text.trim().parse()
            {
                return pid;
            }
            assert!(Instant::now() < deadline, "{name} never appeared");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// A process that has ended, or is a zombie that its new parent has yet to reap.
    fn is_gone(pid: u32) -> bool {
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            match fs::read_to_string(format!("/proc/{pid}/stat")) {
                Err(_) => return true,
                Ok(stat) if stat.contains(") Z ") => return true,
                Ok(_) => thread::sleep(Duration::from_millis(2)),
            }
        }
        false
    }

    const WITH_GRANDCHILD: &str = "sleep 300 & echo $! > grand.new; mv grand.new grand; wait";

    #[test]
    fn a_drop_ends_the_grandchildren_too() {
        let folder = TempDir::new().unwrap();
        let child = shell(WITH_GRANDCHILD, &folder);
        let (leader, grandchild) = (child.pid(), pid_in(&folder, "grand"));
        drop(child);
        assert!(is_gone(leader));
        assert!(is_gone(grandchild));
    }

    #[test]
    fn a_panic_ends_the_group() {
        let folder = TempDir::new().unwrap();
        let child = shell(WITH_GRANDCHILD, &folder);
        let grandchild = pid_in(&folder, "grand");
        thread::spawn(move || {
            let _held = child;
            std::panic::resume_unwind(Box::new("on purpose"));
        })
        .join()
        .unwrap_err();
        assert!(is_gone(grandchild));
    }

    #[test]
    fn who_ignores_sigterm_is_killed() {
        let folder = TempDir::new().unwrap();
        let script = "trap '' TERM; echo $$ > me.new; mv me.new me; while :; do sleep 0.01; done";
        let child = shell(script, &folder);
        let pid = pid_in(&folder, "me");
        drop(child);
        assert!(is_gone(pid));
    }

    #[test]
    fn what_a_leader_leaves_behind_is_ended() {
        let folder = TempDir::new().unwrap();
        let mut child = shell(
            "sleep 300 & echo $! > grand.new; mv grand.new grand",
            &folder,
        );
        let status = child.wait_with(&Interrupt::unattached(), None).unwrap();
        assert!(status.success());
        assert!(is_gone(pid_in(&folder, "grand")));
    }

    #[test]
    fn an_interrupt_ends_the_wait_and_the_group() {
        let folder = TempDir::new().unwrap();
        let mut child = shell(WITH_GRANDCHILD, &folder);
        let grandchild = pid_in(&folder, "grand");
        let interrupt = Interrupt::unattached();
        interrupt.raise();
        let error = child.wait_with(&interrupt, None).unwrap_err();
        assert!(matches!(error, ProcessError::Interrupted(_)), "{error}");
        assert!(is_gone(grandchild));
    }

    #[test]
    fn a_deadline_ends_the_group_and_says_so() {
        let folder = TempDir::new().unwrap();
        let mut child = shell(WITH_GRANDCHILD, &folder);
        let grandchild = pid_in(&folder, "grand");
        let deadline = Instant::now() + Duration::from_millis(30);
        let error = child
            .wait_with(&Interrupt::unattached(), Some(deadline))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`/bin/sh` was still running after"),
            "{error}"
        );
        assert!(is_gone(grandchild));
    }

    #[test]
    fn status_and_output_come_through() {
        let folder = TempDir::new().unwrap();
        let mut child = shell("echo out; echo err >&2; exit 7", &folder);
        let status = child.wait_with(&Interrupt::unattached(), None).unwrap();
        assert_eq!(status.code(), Some(7));
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        assert_eq!(log, "out\nerr\n");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let folder = TempDir::new().unwrap();
        let error = Launch::new(&["no-such-program"])
            .unwrap()
            .start_logged(&folder.path().join("log"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cannot start `no-such-program`: "),
            "{error}"
        );
        let none: [&str; 0] = [];
        assert!(matches!(
            Launch::new(&none),
            Err(ProcessError::EmptyCommand)
        ));
    }
}
