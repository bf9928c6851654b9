//! `EXEC` happens at one instant, and `WATCH` notices what happens before it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::TestServer;

#[test]
fn queued_commands_run_at_exec_in_order() {
    let server = TestServer::start();
    let mut client = server.raw();
    assert_eq!(client.ask_line("MULTI"), "+OK\r\n");
    assert_eq!(client.ask_line("SET a 1"), "+QUEUED\r\n");
    assert_eq!(client.ask_line("INCR a"), "+QUEUED\r\n");
    assert_eq!(client.ask_line("HGET a f"), "+QUEUED\r\n");
    assert_eq!(client.ask_line("GET a"), "+QUEUED\r\n");
    assert_eq!(server.raw().ask_line("EXISTS a"), ":0\r\n");
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
    assert_eq!(
        client.ask_line("EXEC"),
        format!("*4\r\n+OK\r\n:2\r\n{wrong}$1\r\n2\r\n")
    );
}

#[test]
fn a_write_to_a_watched_key_by_any_way_stops_exec() {
    let server = TestServer::start();
    let mut client = server.raw();
    let mut other = server.raw();
    for (before, write) in [
        ("SET w 1", "SET w 1"),
        ("DEL w", "SET w 1"),
        ("SET w 1", "DEL w"),
        ("SET w 1", "APPEND w x"),
        ("SET w 1", "INCR w"),
        ("SET w 1", "EXPIRE w 100"),
        ("SET w 1 EX 100", "PERSIST w"),
        ("SET w 1", "FLUSHALL"),
        ("SET w 1", "MSET v 1 w 1"),
        ("HSET w f v", "HDEL w f"),
        ("HSET w f v", "HSET w g v"),
        ("SET w 1", "GETDEL w"),
        ("SET w 1", "SETBIT w 6 1"),
        ("SET w 1", "SETBIT w 8 0"),
        ("DEL w", "SETBIT w 0 0"),
        ("SET w 1", "SETRANGE w 0 1"),
    ] {
        client.ask_line("DEL w");
        client.ask_line(before);
        assert_eq!(client.ask_line("WATCH w"), "+OK\r\n");
        other.ask_line(write);
        client.ask_line("MULTI");
        client.ask_line("SET w exec");
        assert_eq!(client.ask_line("EXEC"), "*-1\r\n", "{before}, then {write}");
        assert_ne!(client.ask_line("GET w"), "$4\r\nexec\r\n");
        // A failed EXEC watches nothing any more.
        client.ask_line("MULTI");
        client.ask_line("PING");
        assert_eq!(client.ask_line("EXEC"), "*1\r\n+PONG\r\n");
    }
}

#[test]
fn what_is_no_write_to_a_watched_key_lets_exec_run() {
    let server = TestServer::start();
    let mut client = server.raw();
    let mut other = server.raw();
    client.ask_line("SET w 1");
    for meanwhile in [
        "GET w",
        "SET v 1",
        "DEL nothing",
        "SET w 2 NX",
        "EXPIRE w 5 XX",
        "INCR x",
        "SETBIT w 0 0",
        "SETBIT w 7 1",
    ] {
        client.ask_line("WATCH w w");
        other.ask_line(meanwhile);
        client.ask_line("MULTI");
        client.ask_line("STRLEN w");
        assert_eq!(client.ask_line("EXEC"), "*1\r\n:1\r\n", "{meanwhile}");
    }
    client.ask_line("WATCH w");
    other.ask_line("SET w 2");
    assert_eq!(client.ask_line("UNWATCH"), "+OK\r\n");
    client.ask_line("MULTI");
    assert_eq!(client.ask_line("EXEC"), "*0\r\n");
}

#[test]
fn a_watched_key_that_expires_stops_exec() {
    let server = TestServer::start();
    let mut client = server.raw();
    client.ask_line("SET w 1 PX 30");
    client.ask_line("WATCH w");
    std::thread::sleep(Duration::from_millis(60));
    client.ask_line("MULTI");
    client.ask_line("PING");
    assert_eq!(client.ask_line("EXEC"), "*-1\r\n");
}

#[test]
fn a_refused_command_dooms_the_transaction() {
    let server = TestServer::start();
    let mut client = server.raw();
    for refused in ["NOSUCH", "GET", "CONFIG NOSUCH"] {
        client.ask_line("MULTI");
        assert!(client.ask_line(refused).starts_with("-ERR"));
        assert_eq!(client.ask_line("SET doomed 1"), "+QUEUED\r\n");
        let doomed = "-EXECABORT Transaction discarded because of previous errors.\r\n";
        assert_eq!(client.ask_line("EXEC"), doomed);
    }
    assert_eq!(client.ask_line("EXISTS doomed"), ":0\r\n");
}

#[test]
fn a_connection_that_goes_leaves_nothing_watched() {
    let server = TestServer::start();
    let mut watcher = server.raw();
    watcher.ask_line("WATCH w");
    watcher.ask_line("MULTI");
    drop(watcher);
    let mut client = server.raw();
    assert_eq!(client.ask_line("SET w 1"), "+OK\r\n");
    assert_eq!(client.ask_line("EXEC"), "-ERR EXEC without MULTI\r\n");
}

/// Two keys are written by `MSET` and by transactions on some connections, always to the same
/// value, and read by `MGET` and by transactions on others, on every thread there is.
#[test]
fn nobody_sees_half_of_a_transaction() {
    let server = TestServer::with_threads(4);
    let until = Instant::now() + Duration::from_millis(400);
    let torn = AtomicBool::new(false);
    let mut first = server.raw();
    first.ask_line("MSET left 0 right 0");
    std::thread::scope(|scope| {
        for writer in 0..4_u32 {
            let mut client = server.raw();
            scope.spawn(move || {
                let mut value = writer;
                while Instant::now() < until {
                    value += 4;
                    if value % 8 < 4 {
                        client.ask_line(&format!("MSET left {value} right {value}"));
                    } else {
                        client.ask_line("MULTI");
                        client.ask_line(&format!("SET left {value}"));
                        client.ask_line(&format!("SET right {value}"));
                        client.ask_line("EXEC");
                    }
                }
            });
        }
        for reader in 0..4 {
            let mut client = server.raw();
            let torn = &torn;
            scope.spawn(move || {
                while Instant::now() < until {
                    let reply = if reader % 2 == 0 {
                        client.ask_line("MGET left right")
                    } else {
                        client.ask_line("MULTI");
                        client.ask_line("GET left");
                        client.ask_line("GET right");
                        client.ask_line("EXEC")
                    };
                    let values: Vec<_> = reply.split("\r\n").skip(2).step_by(2).take(2).collect();
                    torn.fetch_or(values[0] != values[1], Ordering::Relaxed);
                }
            });
        }
    });
    assert!(!torn.load(Ordering::Relaxed));
}
