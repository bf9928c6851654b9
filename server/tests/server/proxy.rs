//! Scaling out is somebody else's proven engine: two servers behind nutcracker (twemproxy).
//!
//! Where it is not installed this says so and passes, unless `CI` is `true`.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Process, Raw, request};

/// A nutcracker process; killed when dropped.
struct Proxy {
    process: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Proxy {
    /// Starts one in front of `servers`, if it is installed.
    fn start(servers: &[SocketAddr]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        // Free until these are dropped, and most likely free for a moment more.
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let [address, stats] = free.map(|listener| listener.local_addr().unwrap());
        let servers: Vec<String> = servers
            .iter()
            .map(|server| format!("    - {server}:1\n"))
            .collect();
        let servers = servers.concat();
        let conf = folder.path().join("nutcracker.yml");
        let text = format!(
            "pool:\n  listen: {address}\n  hash: fnv1a_64\n  distribution: modula\n  redis: true\n  servers:\n{servers}"
        );
        std::fs::write(&conf, text).unwrap();
        // Debian installs it where only administrators look.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let process = Command::new("nutcracker")
            .env("PATH", path)
            .arg("--conf-file")
            .arg(&conf)
            .args([
                "--stats-port",
                &stats.port().to_string(),
                "--stats-addr",
                "127.0.0.1",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match process {
            Ok(process) => process,
            Err(error) => {
                let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
                assert!(!required, "nutcracker cannot be started: {error}");
                eprintln!("skipped: nutcracker cannot be started: {error}");
                return None;
            }
        };
        let proxy = Self {
            process,
            address,
            _folder: folder,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "nutcracker does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(proxy)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn two_servers_behind_a_proxy_are_one() {
    let mut servers = [(); 2].map(|()| Process::start(&["--port", "0"]));
    let addresses = servers.each_mut().map(Process::address);
    let Some(proxy) = Proxy::start(&addresses) else {
        return;
    };
    let mut client = Raw::connect(proxy.address);
    for n in 0..200 {
        assert_eq!(client.ask_line(&format!("SET key:{n} {n}")), "+OK\r\n");
    }
    for n in 0..200 {
        let text = n.to_string();
        let reply = client.ask_line(&format!("GET key:{n}"));
        assert_eq!(reply, format!("${}\r\n{text}\r\n", text.len()));
    }
    // Each has a part of the keys, and both together have all.
    let mut direct = addresses.map(Raw::connect);
    let sizes = direct.each_mut().map(|server| {
        let reply = server.ask_line("DBSIZE");
        reply
            .trim_matches([':', '\r', '\n'])
            .parse::<u32>()
            .unwrap()
    });
    assert_eq!(sizes.iter().sum::<u32>(), 200);
    assert!(sizes.iter().all(|size| *size > 20), "{sizes:?}");
    // What the proxy takes apart and puts together again.
    assert_eq!(
        client.ask_line("MGET key:1 key:2 key:3"),
        "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n"
    );
    assert_eq!(client.ask_line("MSET key:1 a key:2 b key:3 c"), "+OK\r\n");
    assert_eq!(client.ask_line("DEL key:1 key:2 key:3 nothing"), ":3\r\n");
    // One command of each type.
    for (line, reply) in [
        ("INCR n", ":1\r\n"),
        ("EXPIRE n 100", ":1\r\n"),
        ("HSET h f v", ":1\r\n"),
        ("RPUSH l a b", ":2\r\n"),
        ("SADD s a b", ":2\r\n"),
        ("ZADD z 1 a", ":1\r\n"),
        ("ZRANGE z 0 -1 WITHSCORES", "*2\r\n$1\r\na\r\n$1\r\n1\r\n"),
        ("PING", "+PONG\r\n"),
    ] {
        assert_eq!(client.ask_line(line), reply, "{line}");
    }
    // A pipeline through the proxy comes back in order.
    let pipeline: Vec<u8> = (10..110)
        .flat_map(|n| request(&[b"GET", format!("key:{n}").as_bytes()]))
        .collect();
    client.send(&pipeline);
    for n in 10..110 {
        let text = n.to_string();
        assert_eq!(
            client.reply(),
            format!("${}\r\n{text}\r\n", text.len()).into_bytes()
        );
    }
}
