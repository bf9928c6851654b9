//! What operators see: the file, the log, the metrics, the end of a server with clients at work.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::support::{Process, Raw, request};

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Sends a request to the metrics' port; the whole answer.
fn http(port: u16, text: &str) -> String {
    let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_file_is_read_and_a_mistake_in_it_is_marked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    let file = path.to_str().unwrap();
    std::fs::write(&path, "port = 0\nmaxmemory = \"100mb\"\nmaxclients = 7\n").unwrap();
    let mut server = Process::start(&["--config", file]);
    let mut client = server.connect();
    assert_eq!(
        client.ask_line("CONFIG GET maxclients"),
        "*2\r\n$10\r\nmaxclients\r\n$1\r\n7\r\n"
    );

    std::fs::write(&path, "port = 0\nmaxmemory = \"much\"\n").unwrap();
    let (code, out, error) = Process::start(&["--config", file]).end();
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(error.contains("line 2, column 13"), "{error}");
    assert!(
        error.contains("2 | maxmemory = \"much\"\n  |             ^^^^^^"),
        "{error}"
    );
    assert!(error.contains("not a size of memory"), "{error}");
}

#[test]
fn beyond_this_machine_it_listens_only_when_told_so() {
    let (code, out, error) = Process::start(&["--bind", "0.0.0.0", "--port", "0"]).end();
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        error.starts_with("server: refusing to listen on 0.0.0.0: "),
        "{error}"
    );
    let mut server =
        Process::start(&["--bind", "0.0.0.0", "--port", "0", "--protected-mode", "no"]);
    assert_eq!(server.address().ip().to_string(), "0.0.0.0");
}

#[test]
fn with_a_password_it_listens_to_all_and_lets_in_who_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "hunter2\n").unwrap();
    let by_file: [&str; 2] = ["--requirepass-file", file.to_str().unwrap()];
    let by_variable = [("SERVER_REQUIREPASS", "hunter2")];
    let listening = ["--bind", "0.0.0.0", "--port", "0", "--log-level", "trace"];
    for mut server in [
        Process::start(&[&listening[..], &by_file].concat()),
        Process::start(&[&listening[..], &["--requirepass", "hunter2"]].concat()),
        Process::start_with(&listening, &by_variable),
    ] {
        let address = server.address();
        assert_eq!(address.ip().to_string(), "0.0.0.0");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()));
        let mut client = Raw::connect(address);
        let refused = "-NOAUTH Authentication required.\r\n";
        assert_eq!(client.ask_line("GET k"), refused);
        let wrong = client.ask_line("AUTH hunter3");
        assert!(wrong.starts_with("-WRONGPASS "), "{wrong}");
        assert_eq!(client.ask_line("GET k"), refused);
        assert_eq!(client.ask_line("AUTH hunter2"), "+OK\r\n");
        assert_eq!(client.ask_line("GET k"), "$-1\r\n");
        let shown = client.ask_line("CONFIG GET requirepass protected-mode");
        assert_eq!(
            shown,
            "*4\r\n$14\r\nprotected-mode\r\n$3\r\nyes\r\n$11\r\nrequirepass\r\n$7\r\nhunter2\r\n"
        );
        // Nor can the running server be opened to everybody.
        let emptied = client.ask(&[b"CONFIG", b"SET", b"requirepass", b""]);
        assert!(emptied.starts_with(b"-ERR CONFIG SET failed"));
        assert_eq!(Raw::connect(address).ask_line("GET k"), refused);
        // The log of slow requests has who changed it, and not to what.
        client.ask_line("CONFIG SET slowlog-log-slower-than 0");
        client.ask_line("CONFIG SET requirepass hunter4");
        let slow = client.ask_line("SLOWLOG GET");
        assert!(slow.contains("$10\r\n(redacted)\r\n"), "{slow}");
        assert!(!slow.contains("hunter"), "{slow}");
        assert!(
            Raw::connect(address)
                .ask_line("AUTH hunter4")
                .starts_with("+OK")
        );
        server.signal("TERM");
        drop(client);
        let (code, out, log) = server.end();
        assert_eq!(code, Some(0));
        assert!(!out.contains("hunter") && !log.contains("hunter"), "{log}");
    }
}

#[test]
fn commands_are_renamed_and_taken_away() {
    let rename = [
        "--rename-command",
        "FLUSHALL=",
        "--rename-command",
        "ECHO=say",
    ];
    let mut server = Process::start(&[&["--port", "0"], &rename[..]].concat());
    let mut client = server.connect();
    client.ask_line("SET k v");
    for line in ["FLUSHALL", "flushall", "ECHO x"] {
        let reply = client.ask_line(line);
        assert!(reply.starts_with("-ERR unknown command"), "{line}: {reply}");
    }
    assert_eq!(client.ask_line("DBSIZE"), ":1\r\n");
    assert_eq!(client.ask_line("SAY x"), "$1\r\nx\r\n");
    let (code, _, error) = Process::start(&["--port", "0", "--rename-command", "NOSUCH=x"]).end();
    assert_eq!(code, Some(1));
    assert_eq!(
        error,
        "server: rename-command: there is no command NOSUCH\n"
    );
}

#[test]
fn prometheus_scrapes_a_port_of_its_own() {
    let port = free_port();
    let mut server = Process::start(&["--port", "0", "--metrics-port", &port.to_string()]);
    let mut client = server.connect();
    client.ask_line("SET k v");
    client.ask_line("GET k");
    client.ask_line("GET nothing");
    let answer = http(
        port,
        "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    for line in [
        "# TYPE redis_commands_processed_total counter",
        "redis_commands_processed_total 3",
        "redis_keyspace_hits_total 1",
        "redis_keyspace_misses_total 1",
        "redis_connected_clients 1",
        "redis_db_keys{db=\"db0\"} 1",
    ] {
        assert!(body.lines().any(|known| known == line), "{line} in {body}");
    }
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<u64>().is_ok(), "{line}");
    }
    for (request, status) in [
        (
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "404",
        ),
        (
            "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "405",
        ),
        ("nonsense\r\n\r\n", "400"),
    ] {
        let answer = http(port, request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
}

#[test]
fn the_log_is_text_or_json() {
    for (format, mark) in [("text", "INFO"), ("json", "\"level\":\"INFO\"")] {
        let mut server = Process::start(&["--port", "0", "--log-format", format]);
        server.address();
        server.signal("TERM");
        let (code, _, log) = server.end();
        assert_eq!(code, Some(0));
        assert!(log.lines().count() >= 2, "{log}");
        for line in log.lines() {
            assert!(line.contains(mark), "{line}");
            assert!(format == "text" || serde_json::from_str::<serde_json::Value>(line).is_ok());
        }
    }
    let mut quiet = Process::start(&["--port", "0", "--log-level", "error"]);
    quiet.address();
    quiet.signal("TERM");
    assert_eq!(quiet.end(), (Some(0), String::new(), String::new()));
}

/// A client has asked for more than the sockets hold, and begins to read when the server was told to
/// end: it gets every reply to what was read, whole, and then the end.
#[test]
fn what_was_read_is_answered_before_the_end() {
    const VALUE: usize = 1 << 20;
    let mut server = Process::start(&["--port", "0", "--threads", "2"]);
    let address = server.address();
    let mut clients = [(); 2].map(|()| Raw::connect(address));
    for client in &mut clients {
        client.ask(&[b"SET", b"big", &vec![b'v'; VALUE]]);
        client.send(&request(&[b"GET", b"big"]).repeat(64));
    }
    let idle = Raw::connect(address);
    std::thread::sleep(Duration::from_millis(300));
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(100));
    let ends = clients.map(|client| std::thread::spawn(move || client.rest()));
    for end in ends {
        let received = end.join().unwrap();
        let reply = VALUE + b"$1048576\r\n\r\n".len();
        assert_eq!(received.len(), 64 * reply);
    }
    assert_eq!(idle.rest(), b"");
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn a_client_that_does_not_read_holds_the_end_up_for_the_timeout_only() {
    let mut server = Process::start(&["--port", "0", "--shutdown-timeout", "1"]);
    let mut client = server.connect();
    client.ask(&[b"SET", b"big", &vec![b'v'; 1 << 20]]);
    client.send(&request(&[b"GET", b"big"]).repeat(64));
    std::thread::sleep(Duration::from_millis(300));
    let told = std::time::Instant::now();
    server.signal("TERM");
    let (code, _, log) = server.end();
    assert_eq!(code, Some(0));
    assert!(
        told.elapsed() < Duration::from_secs(8),
        "{:?}",
        told.elapsed()
    );
    assert!(
        log.contains("closed before they had read their replies"),
        "{log}"
    );
}
