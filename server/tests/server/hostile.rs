//! Clients that mean harm, or know no better: nothing crashes, nothing leaks, and others are answered.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use crate::support::{Process, Raw, request};

/// Bytes that the server's process has in memory at its most so far.
fn peak_resident(server: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib << 10
}

/// The longest that another client waited for an answer while `act` ran.
fn slowest_ping_while<T: Send>(
    address: std::net::SocketAddr,
    act: impl FnOnce() -> T + Send,
) -> (T, Duration) {
    std::thread::scope(|scope| {
        let acting = scope.spawn(act);
        let mut other = Raw::connect(address);
        let mut slowest = Duration::ZERO;
        while !acting.is_finished() {
            let asked = Instant::now();
            assert_eq!(other.ask_line("PING"), "+PONG\r\n");
            slowest = slowest.max(asked.elapsed());
            std::thread::sleep(Duration::from_millis(1));
        }
        (acting.join().unwrap(), slowest)
    })
}

/// Writes `block` again and again until `total` bytes are sent or the server closes.
fn pour(client: &mut Raw, block: &[u8], total: usize) -> usize {
    let mut sent = 0;
    while sent < total {
        match client.stream.write(block) {
            Ok(written) => sent += written,
            Err(error) => {
                let closed = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
                assert!(closed.contains(&error.kind()), "{error}");
                break;
            }
        }
    }
    sent
}

/// A pipeline of 1 GiB whose replies nobody reads until it is over: the server stops reading it, so it
/// is sent by a thread of its own and read by another.
#[test]
fn a_gibibyte_of_pipelined_garbage_takes_no_memory_and_stalls_nobody() {
    const TOTAL: usize = 1 << 30;
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    let before = peak_resident(&server);
    // Requests that are whole and mean nothing, 64 KiB each, so that the time goes into reading.
    let block = request(&[b"NOSUCH", &vec![b'x'; (64 << 10) - 40]]);
    let mut reader = client.stream.try_clone().unwrap();
    let drain = std::thread::spawn(move || {
        let mut piece = vec![0; 1 << 16];
        let mut read = 0;
        while let Ok(some @ 1..) = reader.read(&mut piece) {
            read += some;
        }
        read
    });
    let (sent, slowest) = slowest_ping_while(address, || {
        let sent = pour(&mut client, &block, TOTAL);
        client.stream.shutdown(Shutdown::Write).unwrap();
        sent
    });
    assert!(sent >= TOTAL, "{sent} bytes were taken");
    assert!(drain.join().unwrap() > 0);
    assert!(slowest < Duration::from_secs(1), "a ping took {slowest:?}");
    let grown = peak_resident(&server).saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more in memory");
}

#[test]
fn bytes_that_are_no_requests_end_the_connection_at_once() {
    let mut server = Process::start(&["--port", "0"]);
    let address = server.address();
    for garbage in [
        &b"*3\r\n$3\r\nSET\r\n$-5\r\n"[..],
        b"*2147483648\r\n",
        b"*9223372036854775808\r\n",
        b"*-9223372036854775808\r\n*1\r\n$99999999999999999999\r\n",
        b"*1\r\n$18446744073709551615\r\n",
        b"*1\r\n$4294967296\r\n",
        b"*99999999999999999999999999\r\n",
    ] {
        let mut client = Raw::connect(address);
        client.send(garbage);
        let said = String::from_utf8(client.rest()).unwrap();
        assert!(said.starts_with("-ERR Protocol error: invalid "), "{said}");
        assert_eq!(said.matches("\r\n").count(), 1, "{said}");
    }
    assert_eq!(Raw::connect(address).ask_line("PING"), "+PONG\r\n");
}

/// A hundred clients each declare 512 MiB and send a few bytes of it, then nothing.
#[test]
fn what_is_declared_takes_no_memory_before_it_comes() {
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    let before = client.used_memory();
    let slow: Vec<Raw> = (0..100)
        .map(|_| {
            let mut slow = Raw::connect(address);
            slow.send(b"*1048576\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nbegin");
            slow
        })
        .collect();
    std::thread::sleep(Duration::from_millis(200));
    let held = client.used_memory().saturating_sub(before);
    assert!(held < 100 * (8 << 10), "{held} bytes for 100 declarations");
    drop(slow);
}

#[test]
fn a_client_that_sends_a_byte_now_and_then_stalls_nobody() {
    let mut server = Process::start(&["--port", "0"]);
    let mut slow = server.connect();
    let address = slow.stream.peer_addr().unwrap();
    let (reply, slowest) = slowest_ping_while(address, || {
        for byte in request(&[b"SET", b"key", b"value"]) {
            slow.send(&[byte]);
            std::thread::sleep(Duration::from_millis(3));
        }
        slow.reply()
    });
    assert_eq!(reply, b"+OK\r\n");
    assert!(
        slowest < Duration::from_millis(500),
        "a ping took {slowest:?}"
    );
}

/// Two clients on each thread ask for much and read nothing; connections are dealt out in turn.
#[test]
fn clients_that_do_not_read_stall_no_thread() {
    const BIG: usize = 1 << 20;
    let mut server = Process::start(&["--port", "0", "--threads", "2"]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    assert_eq!(client.ask(&[b"SET", b"big", &vec![b'v'; BIG]]), b"+OK\r\n");
    let mut stuck: Vec<Raw> = (0..4).map(|_| Raw::connect(address)).collect();
    for client in &mut stuck {
        client.send(&request(&[b"GET", b"big"]).repeat(64));
    }
    let mut others = [client, Raw::connect(address)];
    for other in &mut others {
        for _ in 0..100 {
            let asked = Instant::now();
            assert_eq!(other.ask(&[b"STRLEN", b"big"]), b":1048576\r\n");
            assert_eq!(other.ask(&[b"SET", b"k", b"v"]), b"+OK\r\n");
            let took = asked.elapsed();
            assert!(took < Duration::from_secs(1), "it took {took:?}");
        }
    }
    // Nor are they forgotten.
    for client in &mut stuck {
        for _ in 0..64 {
            assert_eq!(client.reply().len(), BIG + 12);
        }
    }
}

#[test]
fn a_client_that_dies_in_a_transaction_leaves_nothing_behind() {
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    let value = vec![b'v'; 100_000];
    // The first round takes what the allocator and the tables keep for the next ones.
    for round in 0..2 {
        let before = client.used_memory();
        let victims: Vec<Raw> = (0..50)
            .map(|_| {
                let mut victim = Raw::connect(address);
                victim.ask_line("WATCH a b c");
                victim.ask_line("MULTI");
                assert_eq!(victim.ask(&[b"SET", b"a", &value]), b"+QUEUED\r\n");
                victim.send(b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$100\r\nhalf");
                victim
            })
            .collect();
        drop(victims);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !client
            .ask_line("INFO clients")
            .contains("connected_clients:1\r\n")
        {
            assert!(Instant::now() < deadline, "connections are still counted");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(client.ask_line("EXISTS a b"), ":0\r\n");
        let left = client.used_memory().saturating_sub(before);
        assert!(
            round == 0 || left < 64 << 10,
            "{left} bytes are left of the dead"
        );
    }
}

#[test]
fn half_closed_sockets_get_their_replies_and_go() {
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    for _ in 0..50 {
        let mut half = Raw::connect(address);
        half.send(&request(&[b"INCR", b"n"]).repeat(20));
        assert_eq!(half.finish().split(|&byte| byte == b'\n').count(), 21);
    }
    assert_eq!(client.ask_line("GET n"), "$4\r\n1000\r\n");
    let silent = Raw::connect(address);
    silent.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(silent.rest(), b"");
}

#[test]
fn at_the_bound_of_memory_under_load_reads_go_on() {
    let mut server = Process::start(&["--port", "0", "--maxmemory", "40mb", "--threads", "2"]);
    let mut reader = server.connect();
    let address = reader.stream.peer_addr().unwrap();
    reader.ask_line("SET there 1");
    let writers: Vec<_> = (0..4_u32)
        .map(|writer| {
            std::thread::spawn(move || {
                let mut client = Raw::connect(address);
                let mut refused = 0;
                for n in 0..300_u32 {
                    let key = format!("{writer}:{n}");
                    let batch = request(&[b"SET", key.as_bytes(), &vec![b'v'; 60_000]]);
                    client.send(&batch);
                    refused += u32::from(client.reply().starts_with(b"-OOM"));
                }
                refused
            })
        })
        .collect();
    while !writers.iter().all(std::thread::JoinHandle::is_finished) {
        assert_eq!(reader.ask_line("GET there"), "$1\r\n1\r\n");
    }
    let refused: u32 = writers
        .into_iter()
        .map(|writer| writer.join().unwrap())
        .sum();
    assert!(refused > 100, "{refused} of 1200 writes were refused");
    assert_eq!(reader.ask_line("FLUSHALL"), "+OK\r\n");
    assert_eq!(reader.ask_line("SET k v"), "+OK\r\n");
}
