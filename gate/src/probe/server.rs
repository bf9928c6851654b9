//! A server under test: started on a free port, ready, and ended with its log kept.
//!
//! ```text
//! draw a port → start → ready? ── yes → Server
//!      ▲                  ├ a program answers that ran before: another port, three times
//!      │                  ├ ended, log says the port was taken: another port, three times
//!      └──────────────────┘ ended otherwise, or not ready within 15 s: error with the log's end
//! ```

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rand::Rng;
use tempfile::TempDir;

use super::argv::{ArgvError, fill};
use crate::budget::{Ready, Serve};
use crate::process::{
    Child, Interrupt, Launch, Port, ProcessError, Stranger, last_lines, stranger_at,
};

/// The longest that a server may take to be ready.
const READY_MAX: Duration = Duration::from_secs(15);
/// Between two looks whether it is ready.
const READY_POLL: Duration = Duration::from_millis(4);
/// The longest that one look may take.
const ANSWER_MAX: Duration = Duration::from_millis(200);
/// Ports tried where servers find theirs taken.
const PORTS_MAX: u32 = 4;
/// The lines of the log that an error shows.
const LOG_LINES: usize = 12;

/// What is started, and where.
#[derive(Debug)]
pub struct ServerLaunch<'a> {
    /// The command and when it counts as started.
    pub serve: &'a Serve,
    /// Paths of the artifacts, by name.
    pub artifacts: &'a BTreeMap<String, PathBuf>,
    /// Cores to run on; none means any.
    pub cores: &'a [usize],
    /// The file that everything it prints goes to.
    pub log: &'a Path,
    /// The longest that it may take to be ready, 15 s by default.
    pub ready_max: Duration,
}

/// A server that is ready; ended, with all it started, when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Claimed until the child has ended.
    port: Port,
    log: PathBuf,
    /// Its working folder: what it writes there goes with it. Dropped after the child.
    _folder: TempDir,
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// It could not be run.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// Its command could not be filled in.
    #[error(transparent)]
    Argv(#[from] ArgvError),
    /// It has no folder to run in.
    #[error("cannot make a working folder for the server: {0}")]
    Folder(#[source] io::Error),
    /// It ended where it should have served.
    #[error("the server ended {when} with {status}{}; {log}", foreground(*status))]
    Ended {
        /// Before or after it was ready.
        when: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// Another program has the port.
    #[error(
        "process {pid} ({program}) took port {port} just before the server, on {tries} ports in a row; end it, \
         or keep it from ports {low} to {high}",
        low = Port::LOW, high = Port::HIGH
    )]
    Stranger {
        /// The other program's process.
        pid: u32,
        /// What the kernel calls it.
        program: String,
        /// The last port.
        port: u16,
        /// How many ports were tried.
        tries: u32,
    },
    /// It runs and does not answer.
    #[error("the server was not ready within {after:.0?} ({last}); {log}")]
    NeverReady {
        /// How long it was given.
        after: Duration,
        /// What the last look saw.
        last: String,
        /// The end of its log.
        log: String,
    },
}

impl<'a> ServerLaunch<'a> {
    /// A launch with the default deadline.
    #[must_use]
    pub fn new(
        serve: &'a Serve,
        artifacts: &'a BTreeMap<String, PathBuf>,
        cores: &'a [usize],
        log: &'a Path,
    ) -> Self {
        Self {
            serve,
            artifacts,
            cores,
            log,
            ready_max: READY_MAX,
        }
    }

    /// Starts the server on ports drawn from `ports` and waits until it is ready.
    pub fn start(
        &self,
        ports: &mut impl Rng,
        interrupt: &Interrupt,
    ) -> Result<Server, ServerError> {
        let mut tries = 1;
        loop {
            let is_last = tries == PORTS_MAX;
            match self.start_on(Port::draw(ports)?, interrupt) {
                Err(ServerError::Ended { log, .. }) if !is_last && says_port_taken(&log) => {}
                Err(ServerError::Stranger { .. }) if !is_last => {}
                outcome => return outcome,
            }
            tries += 1;
        }
    }

    fn start_on(&self, port: Port, interrupt: &Interrupt) -> Result<Server, ServerError> {
        let argv = fill(&self.serve.command, self.artifacts, Some(port.number()))?;
        let folder = tempfile::Builder::new()
            .prefix("gate-server-")
            .tempdir()
            .map_err(ServerError::Folder)?;
        let child = Launch::new(&argv)?
            .current_dir(folder.path())
            .on_cores(self.cores)
            .with_orphans()
            .start_logged(self.log)?;
        let mut server = Server {
            child,
            port,
            log: self.log.to_owned(),
            _folder: folder,
        };
        let deadline = Instant::now() + self.ready_max;
        loop {
            server.check_alive_as("before it was ready")?;
            let seen = look(&self.serve.ready, server.port());
            // Whoever answered was this server only if it still runs: no other gate's server has this
            // port, and this one ends when it finds that a stranger has it.
            server.check_alive_as("before it was ready")?;
            let Err(last) = seen else {
                // One that starts slowly is yet to find out.
                return match stranger_at(server.port(), server.pid()) {
                    None => Ok(server),
                    Some(Stranger { pid, program }) => Err(ServerError::Stranger {
                        pid,
                        program,
                        port: server.port(),
                        tries: PORTS_MAX,
                    }),
                };
            };
            if Instant::now() >= deadline {
                return Err(ServerError::NeverReady {
                    after: self.ready_max,
                    last,
                    log: server.log_end(),
                });
            }
            interrupt.sleep(READY_POLL).map_err(ProcessError::from)?;
        }
    }
}

impl Server {
    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// The port it listens on, at 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port.number()
    }

    /// Fails where the server has ended.
    pub fn check_alive(&mut self) -> Result<(), ServerError> {
        self.check_alive_as("in the middle of the measurement")
    }

    /// The end of the log as a sentence part for an error.
    #[must_use]
    pub fn log_end(&self) -> String {
        match last_lines(&self.log, LOG_LINES) {
            Ok(text) if text.is_empty() => "it printed nothing".to_owned(),
            Ok(text) => format!("the end of {}:\n{text}", self.log.display()),
            Err(e) => format!("its log {} cannot be read: {e}", self.log.display()),
        }
    }

    fn check_alive_as(&mut self, when: &'static str) -> Result<(), ServerError> {
        match self.child.poll()? {
            None => Ok(()),
            Some(status) => Err(ServerError::Ended {
                when,
                status,
                log: self.log_end(),
            }),
        }
    }
}

/// What a server that succeeded at nothing has most likely done.
fn foreground(status: ExitStatus) -> &'static str {
    if status.success() {
        " (it must stay in the foreground, and not start a daemon)"
    } else {
        ""
    }
}

fn says_port_taken(log: &str) -> bool {
    let log = log.to_lowercase();
    ["address already in use", "address in use", "eaddrinuse"]
        .iter()
        .any(|text| log.contains(text))
}

/// Looks once whether the server is ready; otherwise what was seen.
fn look(ready: &Ready, port: u16) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)
        .map_err(|e| format!("connecting to port {port}: {e}"))?;
    match ready {
        Ready::Tcp => Ok(()),
        Ready::Resp => match ask(&mut stream, b"*1\r\n$4\r\nPING\r\n") {
            Ok(line) if line == "+PONG" => Ok(()),
            Ok(line) => Err(format!("PING was answered by {line:?}")),
            Err(e) => Err(format!("PING was not answered: {e}")),
        },
        Ready::Http(path) => {
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            match ask(&mut stream, request.as_bytes()) {
                Ok(line) if is_good_status(&line) => Ok(()),
                Ok(line) => Err(format!("GET {path} was answered by {line:?}")),
                Err(e) => Err(format!("GET {path} was not answered: {e}")),
            }
        }
    }
}

/// Sends `request` and reads the first line of the answer, at most 256 bytes of it.
fn ask(stream: &mut TcpStream, request: &[u8]) -> io::Result<String> {
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    stream.write_all(request)?;
    let mut line = Vec::new();
    BufReader::new(stream)
        .take(256)
        .read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned())
}

/// `HTTP/1.1 204 No Content`: a status from 100 to 399.
fn is_good_status(line: &str) -> bool {
    let mut words = line.split(' ');
    words
        .next()
        .is_some_and(|version| version.starts_with("HTTP/"))
        && words
            .next()
            .and_then(|status| status.parse::<u16>().ok())
            .is_some_and(|status| (100..400).contains(&status))
}

#[cfg(test)]
mod tests;
