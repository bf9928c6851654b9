//! What the benchmarks share: servers as processes, a client that sends bytes, and numbers that look random.

#![allow(dead_code, reason = "each benchmark uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A number that looks random (`SplitMix64`), and the same in every run.
pub(crate) fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ mixed >> 31
}

/// A server process; killed when dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The server of this package.
    pub(crate) fn ours(flags: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(["--port", "0"])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap();
        let address = address.parse().unwrap();
        Self { process, address }
    }

    /// The `redis-server` on the path.
    pub(crate) fn redis(flags: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let port = address.port().to_string();
        let process = Command::new("redis-server")
            .args([
                "--bind",
                "127.0.0.1",
                "--port",
                &port,
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(flags)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is on the path");
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address }
    }
}

impl Server {
    /// Bytes of the process that are in memory.
    pub(crate) fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: u64 = line
            .unwrap()
            .trim()
            .trim_end_matches(" kB")
            .parse()
            .unwrap();
        kib * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection.
pub(crate) struct Client {
    reader: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            reader: BufReader::with_capacity(1 << 18, stream),
        }
    }

    pub(crate) fn send(&mut self, requests: &[u8]) {
        self.reader.get_mut().write_all(requests).unwrap();
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        assert!(!line.starts_with('-'), "refused: {line}");
        line
    }

    /// A bulk string and its end; `None` for no string.
    pub(crate) fn bulk(&mut self) -> Option<Vec<u8>> {
        let line = self.line();
        let len: i64 = line[1..].trim_end().parse().unwrap();
        let mut bytes = vec![0; usize::try_from(len).ok()? + 2];
        self.reader.read_exact(&mut bytes).unwrap();
        Some(bytes)
    }

    pub(crate) fn keys(&mut self) -> u64 {
        self.send(b"*1\r\n$6\r\nDBSIZE\r\n");
        self.line()[1..].trim_end().parse().unwrap()
    }

    pub(crate) fn used_memory(&mut self) -> u64 {
        self.send(b"*2\r\n$4\r\nINFO\r\n$6\r\nmemory\r\n");
        let info = String::from_utf8(self.bulk().unwrap()).unwrap();
        let used = info
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:"));
        used.unwrap().trim_end().parse().unwrap()
    }
}
