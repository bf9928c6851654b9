//! Any bytes, sent to a server that runs: it answers in whole replies and closes, and another
//! connection is answered after it.
//!
//! The first byte says where the rest is cut in two. The keys that earlier inputs wrote stay, within
//! `maxmemory`, so that commands meet every type.

#![no_main]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use server::config::Rename;
use server::Config;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(10);

fn address() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let without = |command: &str| Rename {
            command: command.to_owned(),
            name: String::new(),
        };
        let config = Config {
            port: 0,
            max_memory: 64 << 20,
            // With it an input could make all later ones meaningless.
            renames: vec![without("config")],
            ..Config::default()
        };
        let listener = server::bind(config.address()).expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        std::thread::spawn(move || {
            server::run(listener, &config, std::future::pending()).expect("the server runs");
        });
        address
    })
}

fn connect() -> TcpStream {
    loop {
        match TcpStream::connect(address()) {
            Ok(stream) => {
                stream
                    .set_read_timeout(Some(PATIENCE))
                    .expect("a socket has timeouts");
                return stream;
            }
            // So many sockets are on their way out that no port is left for a moment.
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => panic!("cannot connect: {error}"),
        }
    }
}

/// The length of the reply at the start of `bytes`.
fn reply_len(bytes: &[u8]) -> usize {
    let line = bytes
        .windows(2)
        .position(|pair| pair == b"\r\n")
        .expect("a line ends")
        + 2;
    let number = || {
        let digits = std::str::from_utf8(&bytes[1..line - 2]).expect("a number is text");
        digits.parse::<i64>().expect("a number is a number")
    };
    match bytes[0] {
        b'+' | b'-' | b':' | b'_' | b',' | b'#' | b'(' => line,
        b'$' | b'=' | b'!' => line + usize::try_from(number()).map_or(0, |len| len + 2),
        marker @ (b'*' | b'~' | b'>' | b'%') => {
            let elements = if marker == b'%' {
                number() * 2
            } else {
                number()
            };
            (0..elements).fold(line, |len, _| len + reply_len(&bytes[len..]))
        }
        other => panic!("no reply begins with {:?}", char::from(other)),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [cut, input @ ..] = bytes else { return };
    let (first, rest) = input.split_at(usize::from(*cut).min(input.len()));
    let mut client = connect();
    // The server closes while it is written to where the input is malformed.
    let _ = client
        .write_all(first)
        .and_then(|()| client.write_all(rest));
    let _ = client.shutdown(Shutdown::Write);
    let mut replies = Vec::new();
    match client.read_to_end(&mut replies) {
        Ok(_) => {
            let mut start = 0;
            while start < replies.len() {
                start += reply_len(&replies[start..]);
            }
            assert_eq!(start, replies.len(), "a reply was cut");
        }
        // Closed with input left: what came may be cut.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("no end came: {error}"),
    }
    let mut other = connect();
    other
        .write_all(b"PING\r\n")
        .expect("another connection is open");
    let mut pong = [0; 7];
    other
        .read_exact(&mut pong)
        .expect("another connection is answered");
    assert_eq!(&pong, b"+PONG\r\n");
});
