//! Whose fault it is that a measurement broke off.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::MeasureError;
use crate::model::Arm;
use crate::probe::resp_load::LoadError;
use crate::probe::{MemoryError, Server};

/// How long a server whose connection broke is given to be seen as ended.
const DEATH_MAX: Duration = Duration::from_millis(200);

/// The error of an arm's load: that its server ended, where it did, as that is the cause then.
pub(super) fn blame(arm: Arm, server: &mut Server, error: LoadError) -> MeasureError {
    // Whoever ended the run knows why; the server's log has nothing to add.
    if let LoadError::Interrupted(interrupted) = error {
        return interrupted.into();
    }
    died(arm, server).unwrap_or_else(|| MeasureError::Load {
        arm,
        source: error,
        log: server.log_end(),
    })
}

/// The error of connecting to all servers of a round, which tells by its port whose it is.
pub(super) fn blame_by_port(servers: &mut BTreeMap<Arm, Server>, error: LoadError) -> MeasureError {
    let LoadError::Connect { port, .. } = error else {
        return match error {
            LoadError::Interrupted(interrupted) => interrupted.into(),
            other => MeasureError::Plan(other),
        };
    };
    let refused = servers.iter_mut().find(|(_, server)| server.port() == port);
    match refused {
        Some((&arm, server)) => blame(arm, server, error),
        None => MeasureError::Plan(error),
    }
}

/// The error of a memory that cannot be read: that the server ended, where it did.
pub(super) fn blame_memory(arm: Arm, server: &mut Server, error: MemoryError) -> MeasureError {
    if let MemoryError::Interrupted(interrupted) = error {
        return interrupted.into();
    }
    died(arm, server).unwrap_or(MeasureError::Memory { arm, source: error })
}

/// That a server has ended, or does within the next moment.
fn died(arm: Arm, server: &mut Server) -> Option<MeasureError> {
    // The connection of a process that is killed closes a moment before the process has ended.
    let deadline = Instant::now() + DEATH_MAX;
    while Instant::now() < deadline {
        if let Err(source) = server.check_alive() {
            return Some(MeasureError::Server { arm, source });
        }
        thread::sleep(Duration::from_millis(5));
    }
    None
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rustix::process::{Pid, Signal, kill_process};
    use tempfile::TempDir;

    use super::*;
    use crate::probe::resp_load::fixture::{self, Manner};
    use crate::probe::{ServerLaunch, memory_of};
    use crate::process::Interrupt;

    #[test]
    fn a_server_that_ended_is_told_and_not_that_it_has_no_memory() {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("log");
        let (serve, artifacts) = fixture::as_process(Manner::Good);
        let interrupt = Interrupt::unattached();
        let mut server = ServerLaunch::new(&serve, &artifacts, &[], &log)
            .start(&mut ChaCha8Rng::seed_from_u64(14), &interrupt)
            .unwrap();
        let pid = i32::try_from(server.pid()).ok().and_then(Pid::from_raw);
        kill_process(pid.unwrap(), Signal::KILL).unwrap();
        let error = memory_of(server.pid(), server.port(), &interrupt).unwrap_err();
        let told = blame_memory(Arm::Base, &mut server, error).to_string();
        assert!(
            told.starts_with("base: the server ended in the middle of the measurement"),
            "{told}"
        );
    }

    #[test]
    fn an_interrupt_is_nobodys_fault_and_shows_no_log() {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("log");
        let (serve, artifacts) = fixture::as_process(Manner::Good);
        let mut server = ServerLaunch::new(&serve, &artifacts, &[], &log)
            .start(&mut ChaCha8Rng::seed_from_u64(16), &Interrupt::unattached())
            .unwrap();
        let interrupt = Interrupt::unattached();
        interrupt.raise();
        let interrupted = interrupt.check().unwrap_err();
        let load = LoadError::Interrupted(interrupted);
        let memory = MemoryError::Interrupted(interrupted);
        for error in [
            blame(Arm::Base, &mut server, load),
            blame_memory(Arm::Base, &mut server, memory),
        ] {
            assert!(error.is_interrupt(), "{error}");
            assert_eq!(error.to_string(), "interrupted by SIGINT (Ctrl-C)");
        }
    }
}
