//! The server as a thread or as a process, and a raw client, for all tests.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use server::{Config, ServerError};
use tokio::sync::oneshot;

/// How long a test waits for bytes before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server in this process, on a free port; it ends when dropped, and must end well.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServerError>>>,
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::with_threads(1)
    }

    pub(crate) fn with_threads(threads: usize) -> Self {
        let threads = NonZeroUsize::new(threads).unwrap();
        let config = Config {
            port: 0,
            threads,
            ..Config::default()
        };
        let listener: TcpListener = server::bind(config.address()).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            server::run(listener, &config, async {
                let _ = stopped.await;
            })
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// A connection that sends and receives bytes as they are.
    pub(crate) fn raw(&self) -> Raw {
        Raw::connect(self.address)
    }

    /// A connection of the client library.
    pub(crate) fn client(&self) -> redis::Connection {
        let url = format!("redis://{}", self.address);
        redis::Client::open(url).unwrap().get_connection().unwrap()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        let outcome = self.thread.take().unwrap().join().unwrap();
        if !std::thread::panicking() {
            outcome.unwrap();
        }
    }
}

/// A server process; killed when dropped, if it still runs.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// The same with some environment variables.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(arguments)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Where the first line says that the server listens.
    pub(crate) fn address(&mut self) -> SocketAddr {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        line.strip_prefix("listening on ")
            .unwrap()
            .trim_end()
            .parse()
            .unwrap()
    }

    /// A connection, once it listens; the line that says so is read by this.
    pub(crate) fn connect(&mut self) -> Raw {
        Raw::connect(self.address())
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit code, and everything on standard output and standard error that was not read.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let status = self.0.wait().unwrap();
        let (mut out, mut error) = (String::new(), String::new());
        self.0
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        self.0
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut error)
            .unwrap();
        (status.code(), out, error)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where the test passed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A socket, and what came from it and was not asked for.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            received: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The allocator's count in the server's process.
    pub(crate) fn used_memory(&mut self) -> u64 {
        let info = self.ask_line("INFO memory");
        let (_, rest) = info.split_once("used_memory:").unwrap();
        rest.lines().next().unwrap().parse().unwrap()
    }

    /// One reply, its bytes as they came.
    pub(crate) fn reply(&mut self) -> Vec<u8> {
        loop {
            if let Some(len) = reply_len(&self.received) {
                let rest = self.received.split_off(len);
                return std::mem::replace(&mut self.received, rest);
            }
            let mut piece = vec![0; 1 << 16];
            let read = self.stream.read(&mut piece).unwrap();
            let so_far = String::from_utf8_lossy(&self.received);
            assert!(read > 0, "closed in the middle of a reply: {so_far:?}");
            self.received.extend_from_slice(&piece[..read]);
        }
    }

    /// Sends a request and waits for its reply.
    pub(crate) fn ask(&mut self, arguments: &[&[u8]]) -> Vec<u8> {
        self.send(&request(arguments));
        self.reply()
    }

    /// The same for a request without blanks in its arguments.
    pub(crate) fn ask_bytes(&mut self, line: &str) -> Vec<u8> {
        let arguments: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        self.ask(&arguments)
    }

    /// The same for a request without blanks in its arguments, and a reply that is text.
    pub(crate) fn ask_line(&mut self, line: &str) -> String {
        let arguments: Vec<&[u8]> = line.split_whitespace().map(str::as_bytes).collect();
        String::from_utf8(self.ask(&arguments)).unwrap()
    }

    /// Sends no more; yields what still comes until the server closes.
    pub(crate) fn finish(self) -> Vec<u8> {
        // The server may have closed already, which is no failure.
        let _ = self.stream.shutdown(std::net::Shutdown::Write);
        self.rest()
    }

    /// What still comes until the server closes.
    pub(crate) fn rest(mut self) -> Vec<u8> {
        let mut piece = [0; 4096];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return self.received,
                Ok(read) => self.received.extend_from_slice(&piece[..read]),
                // A server that closes without having read everything resets the connection.
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return self.received,
                Err(error) => panic!(
                    "{error} after {:?}",
                    String::from_utf8_lossy(&self.received)
                ),
            }
        }
    }
}

/// A request as an array of bulk strings.
pub(crate) fn request(arguments: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", arguments.len()).into_bytes();
    for argument in arguments {
        bytes.extend_from_slice(format!("${}\r\n", argument.len()).as_bytes());
        bytes.extend_from_slice(argument);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// The length of the reply that `bytes` begins with, once it is complete.
pub(crate) fn reply_len(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let number = || {
        std::str::from_utf8(&bytes[1..line - 2])
            .unwrap()
            .parse::<i64>()
            .unwrap()
    };
    let len = match bytes[0] {
        b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => line,
        b'$' | b'=' => line + usize::try_from(number()).map_or(0, |len| len + 2),
        b'*' | b'~' | b'>' | b'%' => {
            let each = if bytes[0] == b'%' { 2 } else { 1 };
            let mut len = line;
            for _ in 0..number() * each {
                len += reply_len(bytes.get(len..)?)?;
            }
            len
        }
        other => panic!("no reply begins with {:?}", char::from(other)),
    };
    (len <= bytes.len()).then_some(len)
}
