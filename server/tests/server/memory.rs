//! `maxmemory`, and what idle connections hold.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::support::{Process, Raw, TestServer, request};

const REFUSED: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";

#[test]
fn over_the_bound_what_grows_is_refused_and_the_rest_goes_on() {
    let server = TestServer::start();
    let mut client = server.raw();
    client.ask_line("SET there 1");
    assert_eq!(client.ask_line("CONFIG SET maxmemory 1"), "+OK\r\n");
    for line in [
        "SET k v",
        "APPEND k v",
        "INCR k",
        "MSET k v",
        "HSET k f v",
        "GETSET k v",
    ] {
        assert_eq!(client.ask_line(line), REFUSED, "{line}");
    }
    for (line, reply) in [
        ("GET there", "$1\r\n1\r\n"),
        ("EXPIRE there 100", ":1\r\n"),
        ("DEL there", ":1\r\n"),
    ] {
        assert_eq!(client.ask_line(line), reply);
    }
    assert_eq!(client.ask_line("CONFIG SET maxmemory 1gb"), "+OK\r\n");
    assert_eq!(client.ask_line("SET k v"), "+OK\r\n");
}

#[test]
fn over_the_bound_a_transaction_that_grows_is_refused_whole() {
    let server = TestServer::start();
    let (mut client, mut other) = (server.raw(), server.raw());
    client.ask_line("MULTI");
    client.ask_line("SET k v");
    other.ask_line("CONFIG SET maxmemory 1");
    let aborted = "-EXECABORT Transaction discarded because of: ";
    assert_eq!(
        client.ask_line("EXEC"),
        format!("{aborted}{}", &REFUSED[1..])
    );
    client.ask_line("MULTI");
    assert_eq!(client.ask_line("GET k"), REFUSED);
    assert!(client.ask_line("EXEC").starts_with("-EXECABORT"));
}

#[test]
fn the_bound_holds_about_where_it_is_set() {
    const ROOM: u64 = 8 << 20;
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let bound = client.used_memory() + ROOM;
    assert_eq!(
        client.ask_line(&format!("CONFIG SET maxmemory {bound}")),
        "+OK\r\n"
    );
    let value = [b'v'; 1000];
    let writes: Vec<u8> = (0..20_000)
        .flat_map(|n: u32| request(&[b"SET", n.to_string().as_bytes(), &value]))
        .collect();
    let mut stream = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || stream.write_all(&writes).unwrap());
    let replies: Vec<_> = (0..20_000).map(|_| client.reply()).collect();
    sender.join().unwrap();
    let stored = replies.iter().filter(|reply| *reply == b"+OK\r\n").count();
    let refused = replies
        .iter()
        .filter(|reply| *reply == REFUSED.as_bytes())
        .count();
    assert_eq!(stored + refused, 20_000);
    assert!(
        (4000..9000).contains(&stored),
        "{stored} values of 1000 bytes in 8 MiB"
    );
    let used = client.used_memory();
    assert!(used < bound + (1 << 20), "{used} bytes used of {bound}");
    // What was refused is taken once there is room, in the same pipeline.
    client.send(&[request(&[b"FLUSHALL"]), request(&[b"SET", b"k", &value])].concat());
    assert_eq!(client.reply(), b"+OK\r\n");
    assert_eq!(client.reply(), b"+OK\r\n");
}

#[test]
fn an_idle_connection_holds_no_buffer() {
    const CONNECTIONS: u64 = 200;
    let mut server = Process::start(&["--port", "0"]);
    let address = server.address();
    let mut client = Raw::connect(address);
    let value = vec![b'v'; 1 << 20];
    client.ask(&[b"SET", b"big", &value]);
    client.ask(&[b"GET", b"big"]);
    let before = client.used_memory();
    // Each sends and receives something large, in pieces, and then rests.
    let rest: Vec<Raw> = (0..CONNECTIONS)
        .map(|_| {
            let mut idle = Raw::connect(address);
            assert_eq!(idle.ask(&[b"SET", b"big", &value]), b"+OK\r\n");
            assert_eq!(idle.ask(&[b"GET", b"big"]).len(), value.len() + 12);
            idle
        })
        .collect();
    let held = client.used_memory().saturating_sub(before);
    let each = held / CONNECTIONS;
    assert!(each < 2 << 10, "{each} bytes for an idle connection");
    drop(rest);
}

#[test]
fn a_reader_that_does_not_read_stops_being_read() {
    const VALUE: usize = 1 << 20;
    const ROUNDS: usize = 400;
    let mut server = Process::start(&["--port", "0"]);
    let address = server.address();
    let mut client = Raw::connect(address);
    let mut watcher = Raw::connect(address);
    client.send(&request(&[b"SET", b"big", &vec![b'v'; VALUE]]));
    assert_eq!(client.reply(), b"+OK\r\n");
    let before = watcher.used_memory();

    // Replies of 400 MiB are asked for, and none is read.
    let mut asker = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        asker
            .write_all(&request(&[b"GET", b"big"]).repeat(ROUNDS))
            .unwrap();
    });
    let deadline = Instant::now() + Duration::from_secs(1);
    let mut most: u64 = 0;
    while Instant::now() < deadline {
        most = most.max(watcher.used_memory().saturating_sub(before));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(
        most < 4 << 20,
        "{most} bytes wait for a reader that does not read"
    );

    // Once it reads, it gets everything.
    let mut left = ROUNDS * (VALUE + b"$1048576\r\n\r\n".len());
    let mut piece = vec![0; 1 << 20];
    while left > 0 {
        let read = client.stream.read(&mut piece).unwrap();
        assert!(read > 0);
        left -= read;
    }
    sender.join().unwrap();
    assert_eq!(client.ask_line("PING"), "+PONG\r\n");
}
