//! Bytes on a socket: pipelines, frames that are cut or malformed, clients that are greedy.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::support::{TestServer, request};

#[test]
fn ten_thousand_pipelined_requests_are_answered_in_order() {
    let server = TestServer::start();
    let mut client = server.raw();
    let requests: Vec<u8> = (0..10_000)
        .flat_map(|n: u32| request(&[b"ECHO", n.to_string().as_bytes()]))
        .collect();
    let mut writer = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || writer.write_all(&requests).unwrap());
    for n in 0..10_000 {
        let text = n.to_string();
        assert_eq!(
            client.reply(),
            format!("${}\r\n{text}\r\n", text.len()).into_bytes()
        );
    }
    sender.join().unwrap();
}

#[test]
fn requests_cut_at_every_byte_are_answered() {
    let server = TestServer::start();
    let mut client = server.raw();
    let both = [
        request(&[b"SET", b"key", b"value"]),
        request(&[b"GET", b"key"]),
    ]
    .concat();
    for cut in 1..both.len() {
        client.send(&both[..cut]);
        // Long enough for the first part to be read by itself most of the time.
        std::thread::sleep(Duration::from_millis(2));
        client.send(&both[cut..]);
        assert_eq!(client.reply(), b"+OK\r\n", "cut at {cut}");
        assert_eq!(client.reply(), b"$5\r\nvalue\r\n", "cut at {cut}");
    }
}

#[test]
fn a_value_of_many_reads_arrives_whole_and_requests_behind_it_too() {
    let server = TestServer::start();
    let mut client = server.raw();
    let value: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let requests = [
        request(&[b"SET", b"big", &value]),
        request(&[b"STRLEN", b"big"]),
        request(&[b"GET", b"big"]),
        request(&[b"PING"]),
    ]
    .concat();
    client.send(&requests);
    assert_eq!(client.reply(), b"+OK\r\n");
    assert_eq!(client.reply(), b":3000000\r\n");
    let reply = client.reply();
    assert_eq!(&reply[..10], b"$3000000\r\n");
    assert_eq!(&reply[10..reply.len() - 2], value);
    assert_eq!(client.reply(), b"+PONG\r\n");
}

#[test]
fn a_malformed_frame_gets_the_replies_before_it_one_error_and_the_end() {
    let server = TestServer::start();
    for (frame, error) in [
        (&b"*x\r\n"[..], "invalid multibulk length"),
        (b"*1048577\r\n", "invalid multibulk length"),
        (b"*1\r\nPING\r\n", "expected '$', got 'P'"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$999999999999\r\n", "invalid bulk length"),
        (b"ECHO 'a\r\n", "unbalanced quotes in request"),
    ] {
        let mut client = server.raw();
        client.send(&[b"PING\r\n", frame, b"PING\r\n"].concat());
        let expected = format!("+PONG\r\n-ERR Protocol error: {error}\r\n");
        assert_eq!(String::from_utf8(client.rest()).unwrap(), expected);
    }
}

#[test]
fn a_wrong_argument_gets_an_error_and_the_connection_lives() {
    let server = TestServer::start();
    let mut client = server.raw();
    for line in [
        "GET",
        "SET a b EX x",
        "INCRBY a x",
        "NOSUCH",
        "CONFIG SET port 1",
        "HELLO 4",
    ] {
        assert!(client.ask_line(line).starts_with('-'), "{line}");
        assert_eq!(client.ask_line("PING"), "+PONG\r\n");
    }
}

#[test]
fn quit_answers_and_closes_and_what_follows_is_not_run() {
    let server = TestServer::start();
    let mut client = server.raw();
    client.send(b"QUIT\r\nSET after quit\r\n");
    assert_eq!(client.rest(), b"+OK\r\n");
    assert_eq!(server.raw().ask_line("EXISTS after"), ":0\r\n");
}

#[test]
fn a_client_that_stops_sending_still_gets_its_replies() {
    let server = TestServer::start();
    let mut client = server.raw();
    client.send(b"PING\r\nPING\r\n*1\r\n$4\r\nPI");
    assert_eq!(client.finish(), b"+PONG\r\n+PONG\r\n");
}

#[test]
fn one_endless_pipeline_does_not_starve_the_others() {
    let server = TestServer::start();
    let mut busy = server.raw();
    let mut writer = busy.stream.try_clone().unwrap();
    let rounds = 200;
    let block = request(&[b"SET", b"k", b"v"]).repeat(1000);
    let sender = std::thread::spawn(move || {
        for _ in 0..rounds {
            writer.write_all(&block).unwrap();
        }
    });
    let mut reader = busy.stream.try_clone().unwrap();
    let drain = std::thread::spawn(move || {
        let mut left = rounds * 1000 * b"+OK\r\n".len();
        let mut piece = vec![0; 1 << 16];
        while left > 0 {
            left -= reader.read(&mut piece).unwrap();
        }
    });
    let mut other = server.raw();
    let mut slowest = Duration::ZERO;
    while !drain.is_finished() {
        let asked = Instant::now();
        assert_eq!(other.ask_line("PING"), "+PONG\r\n");
        slowest = slowest.max(asked.elapsed());
    }
    sender.join().unwrap();
    drain.join().unwrap();
    assert!(slowest < Duration::from_secs(1), "a ping took {slowest:?}");
    assert_eq!(busy.ask_line("PING"), "+PONG\r\n");
}

#[test]
fn every_thread_serves_the_same_keys() {
    let server = TestServer::with_threads(3);
    let mut clients: Vec<_> = (0..7).map(|_| server.raw()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(
            client.ask_line(&format!("SET key:{number} {number}")),
            "+OK\r\n"
        );
    }
    for client in &mut clients {
        assert_eq!(client.ask_line("DBSIZE"), ":7\r\n");
        assert_eq!(client.ask_line("GET key:6"), "$1\r\n6\r\n");
    }
}

#[test]
fn connections_beyond_maxclients_are_told_so() {
    let server = TestServer::start();
    let mut first = server.raw();
    assert_eq!(first.ask_line("CONFIG SET maxclients 1"), "+OK\r\n");
    assert_eq!(
        server.raw().rest(),
        b"-ERR max number of clients reached\r\n"
    );
    assert!(
        first
            .ask_line("INFO stats")
            .contains("rejected_connections:1\r\n")
    );
    assert!(
        first
            .ask_line("INFO clients")
            .contains("connected_clients:1\r\n")
    );
}
