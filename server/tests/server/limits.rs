//! Every bound of what a client may take, and what one beyond it is told.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::{Process, Raw, request};

#[test]
fn bounds_of_requests_are_those_that_were_set() {
    let mut server = Process::start(&[
        "--port",
        "0",
        "--proto-max-bulk-len",
        "2kb",
        "--proto-max-args",
        "10",
        "--client-query-buffer-limit",
        "64kb",
    ]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    assert_eq!(client.ask(&[b"SET", b"k", &[b'v'; 2048]]), b"+OK\r\n");
    assert_eq!(client.ask(&[&b"MGET"[..]; 10]).first(), Some(&b'*'));
    for (frame, error) in [
        (&b"*2\r\n$3\r\nGET\r\n$2049\r\n"[..], "invalid bulk length"),
        (b"*11\r\n", "invalid multibulk length"),
    ] {
        let mut client = Raw::connect(address);
        client.send(frame);
        let expected = format!("-ERR Protocol error: {error}\r\n");
        assert_eq!(String::from_utf8(client.rest()).unwrap(), expected);
    }
    // What is set while the server runs counts for the connections that are there.
    assert_eq!(
        client.ask_line("CONFIG SET proto-max-bulk-len 1mb"),
        "+OK\r\n"
    );
    assert_eq!(client.ask(&[b"SET", b"k", &vec![b'v'; 60_000]]), b"+OK\r\n");
    client.send(b"*2\r\n$3\r\nGET\r\n$70000\r\n");
    let said = String::from_utf8(client.rest()).unwrap();
    assert_eq!(
        said,
        "-ERR Protocol error: request exceeds the query buffer limit\r\n"
    );
}

#[test]
fn who_has_not_told_the_password_may_send_little() {
    let mut server = Process::start(&["--port", "0"]);
    let mut admin = server.connect();
    let address = admin.stream.peer_addr().unwrap();
    assert_eq!(admin.ask_line("CONFIG SET requirepass secret"), "+OK\r\n");
    for (frame, error) in [
        (&b"*11\r\n"[..], "unauthenticated multibulk length"),
        (b"*2000000\r\n", "invalid multibulk length"),
        (b"*2\r\n$16385\r\n", "unauthenticated bulk length"),
        (b"*2\r\n$600000000\r\n", "invalid bulk length"),
        (
            b"*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1073741824\r\n",
            "invalid bulk length",
        ),
    ] {
        let mut client = Raw::connect(address);
        client.send(frame);
        let said = String::from_utf8(client.rest()).unwrap();
        let said = said.trim_start_matches("-NOAUTH Authentication required.\r\n");
        assert_eq!(said, format!("-ERR Protocol error: {error}\r\n"));
    }
    let longest = request(&[&b"SET"[..], b"k", &[b'v'; 16384]]);
    let longer = request(&[&b"SET"[..], b"k", &vec![b'v'; 20_000]]);
    let many = request(&[
        &b"MSET"[..],
        b"a",
        b"1",
        b"b",
        b"2",
        b"c",
        b"3",
        b"d",
        b"4",
        b"e",
        b"5",
    ]);
    let auth = request(&[b"AUTH", b"secret"]);
    // What comes behind the password is of someone who has told it, however it is cut.
    for pieces in [1, 3] {
        let mut client = Raw::connect(address);
        let input = [&longest[..], b"PING\r\n*0\r\n", &auth, &longer, &many].concat();
        for piece in input.chunks(input.len().div_ceil(pieces)) {
            client.send(piece);
            std::thread::sleep(Duration::from_millis(20));
        }
        for _ in 0..2 {
            assert_eq!(client.reply(), b"-NOAUTH Authentication required.\r\n");
        }
        for _ in 0..3 {
            assert_eq!(client.reply(), b"+OK\r\n");
        }
        // Who is a stranger again is bound again.
        assert_eq!(client.ask_line("RESET"), "+RESET\r\n");
        client.send(&many);
        let said = String::from_utf8(client.rest()).unwrap();
        assert_eq!(
            said,
            "-ERR Protocol error: unauthenticated multibulk length\r\n"
        );
    }
}

#[test]
fn no_string_grows_beyond_what_an_argument_may_be() {
    let mut server = Process::start(&["--port", "0", "--proto-max-bulk-len", "2kb"]);
    let mut client = server.connect();
    client.ask(&[b"SET", b"full", &[b'v'; 2048]]);
    client.ask(&[b"LPUSH", b"list", b"v"]);
    let too_long = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n";
    let no_bit = "-ERR bit offset is not an integer or out of range\r\n";
    let wrong = "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n";
    for (line, reply) in [
        ("APPEND full x", too_long),
        ("SETRANGE full 2048 x", too_long),
        ("SETRANGE full 9223372036854775807 x", too_long),
        ("SETRANGE full 2047 x", ":2048\r\n"),
        ("SETRANGE none 2048 x", too_long),
        ("SETRANGE list 2048 x", wrong),
        ("APPEND list x", wrong),
        ("SETBIT full 16384 1", no_bit),
        ("SETBIT list 16384 1", no_bit),
        ("GETBIT none 16384", no_bit),
        ("SETBIT full 16383 1", ":0\r\n"),
        ("GETBIT full 16383", ":1\r\n"),
        ("STRLEN full", ":2048\r\n"),
        ("EXISTS none", ":0\r\n"),
        ("APPEND none x", ":1\r\n"),
    ] {
        assert_eq!(client.ask_line(line), reply, "{line}");
    }
    // What is longer already stays, and grows no more.
    client.ask_line("CONFIG SET proto-max-bulk-len 1kb");
    assert_eq!(client.ask(&[b"APPEND", b"full", b""]), too_long.as_bytes());
    assert_eq!(
        client.ask(&[b"SETRANGE", b"full", b"2048", b""]),
        b":2048\r\n"
    );
    assert_eq!(client.ask_line("SETRANGE full 0 x"), ":2048\r\n");
    assert_eq!(client.ask_line("SETRANGE full 1024 x"), too_long);
}

#[test]
fn a_transaction_queues_no_more_than_a_query_buffer() {
    let mut server = Process::start(&["--port", "0", "--client-query-buffer-limit", "64kb"]);
    let mut client = server.connect();
    client.ask_line("MULTI");
    let set = request(&[b"SET", b"k", &[b'v'; 10_000]]);
    client.send(&set.repeat(10));
    let said = client.rest();
    let queued = said
        .windows(9)
        .filter(|text| text == b"+QUEUED\r\n")
        .count();
    assert!((5..=10).contains(&queued), "{queued} queued");
}

#[test]
fn a_client_that_does_not_read_its_replies_is_closed_where_there_is_a_bound() {
    // Far below a reply: what the socket leaves of the last one that it takes a part of is hardly ever less.
    let mut server = Process::start(&["--port", "0", "--output-buffer-limit", "1kb"]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    client.ask(&[b"SET", b"big", &vec![b'v'; 1 << 20]]);
    // One reply is taken as fast as it comes: nobody is closed for asking for much.
    assert_eq!(Raw::connect(address).ask(&[b"PING"]), b"+PONG\r\n");
    let mut greedy = Raw::connect(address);
    let _ = greedy
        .stream
        .write_all(&request(&[b"GET", b"big"]).repeat(100));
    let deadline = Instant::now() + Duration::from_secs(10);
    while !client
        .ask_line("INFO clients")
        .contains("connected_clients:1\r\n")
    {
        assert!(Instant::now() < deadline, "it is still connected");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(greedy);
}

#[test]
fn a_pipeline_waits_once_its_replies_are_many() {
    let mut server = Process::start(&["--port", "0", "--pipeline-limit", "16kb"]);
    let mut client = server.connect();
    let address = client.stream.peer_addr().unwrap();
    client.ask(&[b"SET", b"k", &[b'v'; 1000]]);
    let mut watcher = Raw::connect(address);
    let before = watcher.used_memory();
    client.send(&request(&[b"GET", b"k"]).repeat(50_000));
    std::thread::sleep(Duration::from_millis(200));
    let held = watcher.used_memory().saturating_sub(before);
    assert!(held < 256 << 10, "{held} bytes wait");
    for _ in 0..50_000 {
        assert_eq!(client.reply().len(), 1000 + 9);
    }
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    for (line, reply) in [
        ("CONFIG SET pipeline-limit 64kb", "+OK\r\n"),
        (
            "CONFIG SET pipeline-limit 1",
            "-ERR CONFIG SET failed (possibly related to argument 'pipeline-limit') - argument must be between 1024 and 1073741824 inclusive\r\n",
        ),
        (
            "CONFIG SET maxclients 0",
            "-ERR CONFIG SET failed (possibly related to argument 'maxclients') - argument must be between 1 and 4294967295 inclusive\r\n",
        ),
        (
            "CONFIG GET pipeline-limit",
            "*2\r\n$14\r\npipeline-limit\r\n$5\r\n65536\r\n",
        ),
    ] {
        assert_eq!(client.ask_line(line), reply, "{line}");
    }
    let (code, _, error) = Process::start(&["--maxclients", "0"]).end();
    assert_eq!(code, Some(2));
    assert!(error.contains("--maxclients"), "{error}");
}

#[test]
fn who_still_reads_a_long_reply_is_not_idle() {
    const LEN: usize = 64 << 20;
    let mut server = Process::start(&["--port", "0", "--timeout", "2"]);
    let mut client = server.connect();
    client.ask(&[b"SET", b"big", &vec![b'v'; LEN]]);
    // Far more than the sockets hold.
    client.send(&request(&[b"GET", b"big"]));
    let (mut read, began) = (0, Instant::now());
    let mut piece = vec![0; 256 << 10];
    while began.elapsed() < Duration::from_secs(5) {
        std::io::Read::read_exact(&mut client.stream, &mut piece).unwrap();
        read += piece.len();
        std::thread::sleep(Duration::from_millis(50));
    }
    let all = LEN + format!("${LEN}\r\n\r\n").len();
    assert!(read < all / 2, "{read} bytes were read already");
    let mut rest = vec![0; all - read];
    std::io::Read::read_exact(&mut client.stream, &mut rest).unwrap();
    assert!(rest.ends_with(b"v\r\n"));
}

#[test]
fn who_asks_nothing_for_long_is_closed() {
    let mut server = Process::start(&["--port", "0", "--timeout", "2", "--threads", "2"]);
    let mut busy = server.connect();
    let address = busy.stream.peer_addr().unwrap();
    let mut drop_by_drop = Raw::connect(address);
    let silent = Raw::connect(address);
    let mut listener = Raw::connect(address);
    listener.ask_line("SUBSCRIBE c");
    let began = Instant::now();
    let ended = std::thread::spawn(move || {
        assert_eq!(silent.rest(), b"");
        began.elapsed()
    });
    // A byte now and then is no request.
    while !ended.is_finished() {
        assert_eq!(busy.ask_line("PING"), "+PONG\r\n");
        let _ = drop_by_drop.stream.write_all(b"x");
        std::thread::sleep(Duration::from_millis(50));
    }
    let idle = ended.join().unwrap();
    assert!((1..5).contains(&idle.as_secs()), "closed after {idle:?}");
    assert_eq!(drop_by_drop.rest(), b"");
    // To wait is all that a subscriber does.
    assert_eq!(busy.ask_line("PUBLISH c hi"), ":1\r\n");
    assert_eq!(
        listener.reply(),
        b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n"
    );
}
