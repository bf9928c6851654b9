//! The binary: flags, the line that it prints, signals, exit codes.

use std::net::TcpListener;

use crate::support::{Process, Raw};

#[test]
fn a_signal_ends_it_well_with_clients_connected() {
    for (signal, threads) in [("TERM", "1"), ("INT", "1"), ("TERM", "3"), ("INT", "3")] {
        let mut server = Process::start(&["--port", "0", "--threads", threads]);
        let mut client = server.connect();
        assert_eq!(client.ask_line("SET k v"), "+OK\r\n");
        server.signal(signal);
        assert_eq!(client.rest(), b"");
        let (code, out, log) = server.end();
        assert_eq!((code, out.as_str()), (Some(0), ""), "SIG{signal}");
        assert!(log.contains(&format!("SIG{signal}")), "{log}");
    }
}

#[test]
fn a_taken_port_is_one_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, out, error) = Process::start(&["--port", &port]).end();
    assert_eq!((code, out), (Some(1), String::new()));
    assert_eq!(error.lines().count(), 1, "{error}");
    let expected = format!("server: cannot listen on 127.0.0.1:{port}: Address already in use");
    assert!(error.starts_with(&expected), "{error}");
}

#[test]
fn help_and_version_are_for_people_and_end_well() {
    let (code, out, _) = Process::start(&["--help"]).end();
    assert_eq!(code, Some(0));
    for flag in ["--bind", "--port", "--threads", "--maxmemory"] {
        assert!(out.contains(flag), "{flag} in {out}");
    }
    let (code, out, _) = Process::start(&["--version"]).end();
    assert_eq!(
        (code, out),
        (Some(0), format!("server {}\n", env!("CARGO_PKG_VERSION")))
    );
}

/// Of three connections whose requests are read together, one meets a defect, alone, in a transaction, and behind a
/// frame that came in pieces: it is closed without a reply, and the others are answered as if it were not there.
#[test]
fn a_defect_ends_its_own_connection_only() {
    // Nobody reads standard error before the end, so no more may come than a pipe holds.
    let mut server = Process::start_with(
        &["--port", "0", "--enable-debug-command", "yes"],
        &[("RUST_BACKTRACE", "0")],
    );
    let address = server.address();
    let mut others = [Raw::connect(address), Raw::connect(address)];
    assert_eq!(others[0].ask_line("SET k v"), "+OK\r\n");
    for pieces in [
        &["SET k w\r\nDEBUG PANIC\r\nSET k x\r\n"][..],
        &["MULTI\r\nSET k w\r\nDEBUG PANIC\r\nEXEC\r\n"],
        &["*2\r\n$5\r\nDEBUG\r\n$5\r\nPA", "NIC\r\n"],
    ] {
        let mut bad = Raw::connect(address);
        for other in &mut others {
            other.send(b"GET k\r\n");
        }
        for piece in pieces {
            bad.send(piece.as_bytes());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        for other in &mut others {
            other.send(b"PING\r\n");
        }
        assert_eq!(String::from_utf8_lossy(&bad.rest()), "");
        for other in &mut others {
            assert!(other.reply().starts_with(b"$1\r\n"));
            assert_eq!(other.reply(), b"+PONG\r\n");
        }
    }
    assert_eq!(others[1].ask_line("GET k"), "$1\r\nw\r\n");
    server.signal("TERM");
    let (_, _, log) = server.end();
    let told = log.matches("met a defect of the server").count();
    assert_eq!(told, 3, "{log}");
}

#[test]
fn debug_runs_where_it_is_allowed() {
    let mut server = Process::start(&["--port", "0", "--enable-debug-command", "yes"]);
    let mut client = server.connect();
    for line in [
        "SET k v",
        "CONFIG SET latency-monitor-threshold 1",
        "DEBUG SLEEP 0.02",
    ] {
        assert_eq!(client.ask_line(line), "+OK\r\n");
    }
    let described = client.ask_line("DEBUG OBJECT k");
    assert!(
        described.starts_with("+encoding:embstr memory:"),
        "{described}"
    );
    assert_eq!(client.ask_line("DEBUG OBJECT none"), "-ERR no such key\r\n");
    let log = client.ask_line("SLOWLOG GET");
    assert!(log.contains("$5\r\nSLEEP\r\n"), "{log}");
    let latest = client.ask_line("LATENCY LATEST");
    assert!(
        latest.starts_with("*1\r\n*4\r\n$7\r\ncommand\r\n:"),
        "{latest}"
    );
    assert!(
        client
            .ask_line("LATENCY HISTORY command")
            .starts_with("*1\r\n*2\r\n:")
    );
    assert_eq!(client.ask_line("LATENCY RESET"), ":1\r\n");
}

#[test]
fn flags_reach_the_server() {
    let mut server = Process::start(&["--port", "0", "--maxmemory", "100mb", "--threads", "2"]);
    let mut client = server.connect();
    let config = client.ask_line("CONFIG GET maxmemory threads");
    assert_eq!(
        config,
        "*4\r\n$9\r\nmaxmemory\r\n$9\r\n104857600\r\n$7\r\nthreads\r\n$1\r\n2\r\n"
    );
    let (code, _, error) = Process::start(&["--maxmemory", "much"]).end();
    assert_eq!(code, Some(2));
    assert!(error.contains("not a size of memory"), "{error}");
}
