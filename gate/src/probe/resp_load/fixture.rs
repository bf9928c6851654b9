//! A small server for tests: GET, SET, PING over the Redis protocol, and ways to misbehave.
//!
//! It runs in a thread of the test, or as a process of its own: the test program starts itself
//! again with nothing but [`be_a_server`] selected, which serves instead of testing. Command line:
//!
//! ```text
//! {server} --exact …::be_a_server --nocapture --skip port=18123 --skip manner=loses-keys
//! ```

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::budget::{Ready, Serve};

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should.
    Good,
    /// Works 200 µs on every GET.
    Slow,
    /// Answers every GET with an error.
    Errors,
    /// Forgets every key.
    LosesKeys,
    /// Takes GETs and never answers.
    Silent,
    /// Closes the connection at a GET.
    Closes,
    /// Ends the whole process at a GET.
    Dies,
    /// Ends the whole process when a connection is closed once something is stored.
    Retires,
    /// Answers every GET twice.
    Stutters,
    /// Dribbles every answer out in two writes.
    Dribbles,
}

const MANNERS: [(&str, Manner); 10] = [
    ("good", Manner::Good),
    ("slow", Manner::Slow),
    ("errors", Manner::Errors),
    ("loses-keys", Manner::LosesKeys),
    ("silent", Manner::Silent),
    ("closes", Manner::Closes),
    ("dies", Manner::Dies),
    ("retires", Manner::Retires),
    ("stutters", Manner::Stutters),
    ("dribbles", Manner::Dribbles),
];

/// Serves in a thread of this process; the port.
pub(crate) fn serve(manner: Manner) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || accept(&listener, manner));
    port
}

/// How a process that serves is started: the command and its artifacts.
pub(crate) fn as_process(manner: Manner) -> (Serve, BTreeMap<String, PathBuf>) {
    let (name, _) = MANNERS.iter().find(|(_, m)| *m == manner).unwrap();
    let manner = format!("manner={name}");
    let test = "probe::resp_load::fixture::be_a_server";
    let command = [
        "{server}",
        "--exact",
        test,
        "--nocapture",
        "--skip",
        "port={port}",
        "--skip",
    ];
    let command = command
        .into_iter()
        .chain([manner.as_str()])
        .map(str::to_owned);
    let serve = Serve {
        command: command.collect(),
        ready: Ready::Resp,
    };
    let server = std::env::current_exe().unwrap();
    (serve, BTreeMap::from([("server".to_owned(), server)]))
}

#[test]
fn be_a_server() {
    let argument =
        |name: &str| std::env::args().find_map(|a| Some(a.strip_prefix(name)?.to_owned()));
    let (Some(port), Some(manner)) = (argument("port="), argument("manner=")) else {
        // Selected as a test among others: a server that answers PING is all there is to assert.
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, serve(Manner::Good))).unwrap();
        stream.write_all(b"*1\r\n$4\r\nPING\r\n").unwrap();
        let mut reply = [0; 7];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"+PONG\r\n");
        return;
    };
    let (_, manner) = MANNERS.iter().find(|(name, _)| *name == manner).unwrap();
    let port: u16 = port.parse().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    accept(&listener, *manner);
}

type Keys = Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>;

fn accept(listener: &TcpListener, manner: Manner) {
    let keys = Keys::default();
    for stream in listener.incoming() {
        let keys = Arc::clone(&keys);
        thread::spawn(move || answer_all(stream.unwrap(), &keys, manner));
    }
}

/// Answers until the client leaves.
fn answer_all(mut stream: TcpStream, keys: &Keys, manner: Manner) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut input = BufReader::new(stream.try_clone().ok()?);
    loop {
        let Some(words) = read_command(&mut input) else {
            if manner == Manner::Retires && !keys.lock().unwrap().is_empty() {
                end_process();
            }
            return None;
        };
        let name = words.first()?.to_ascii_uppercase();
        let reply = match (name.as_slice(), words.get(1), words.get(2)) {
            (b"PING", None, None) => b"+PONG\r\n".to_vec(),
            (b"SET", Some(key), Some(value)) => {
                keys.lock().unwrap().insert(key.clone(), value.clone());
                b"+OK\r\n".to_vec()
            }
            (b"GET", Some(key), None) => {
                let value = keys.lock().unwrap().get(key).cloned();
                let reply = match value.filter(|_| manner != Manner::LosesKeys) {
                    Some(value) => {
                        [format!("${}\r\n", value.len()).as_bytes(), &value, b"\r\n"].concat()
                    }
                    None => b"$-1\r\n".to_vec(),
                };
                match manner {
                    Manner::Errors => b"-ERR out of sorts\r\n".to_vec(),
                    Manner::Closes => return None,
                    Manner::Dies => end_process(),
                    Manner::Silent => continue,
                    Manner::Stutters => reply.repeat(2),
                    Manner::Slow => {
                        let start = Instant::now();
                        while start.elapsed() < Duration::from_micros(200) {}
                        reply
                    }
                    _ => reply,
                }
            }
            _ => b"-ERR unknown command\r\n".to_vec(),
        };
        let (first, rest) = reply.split_at(if manner == Manner::Dribbles {
            2
        } else {
            reply.len()
        });
        stream.write_all(first).ok()?;
        if !rest.is_empty() {
            thread::sleep(Duration::from_micros(50));
            stream.write_all(rest).ok()?;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a server that dies is what is asked for"
)]
fn end_process() -> ! {
    std::process::exit(3)
}

fn read_command(input: &mut impl BufRead) -> Option<Vec<Vec<u8>>> {
    let words = read_number(input, '*')?;
    (0..words)
        .map(|_| {
            let mut word = vec![0; read_number(input, '$')? + 2];
            input.read_exact(&mut word).ok()?;
            word.truncate(word.len() - 2);
            Some(word)
        })
        .collect()
}

fn read_number(input: &mut impl BufRead, mark: char) -> Option<usize> {
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    line.strip_prefix(mark)?.trim_end().parse().ok()
}
