//! A cache of a hundred lines, built by `rustc` alone in about a second: what the tests guard.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

type Store = Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>;

/// Iterations spun for every command: what a slower head is made of.
const SPIN: u32 = 0;

fn main() {
    let port = std::env::args().nth(1).expect("usage: server PORT");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap_or_else(|error| {
        eprintln!("cannot listen on port {port}: {error}");
        std::process::exit(1)
    });
    let store = Store::default();
    for stream in listener.incoming().flatten() {
        let store = Arc::clone(&store);
        std::thread::spawn(move || serve(stream, &store));
    }
}

fn serve(stream: TcpStream, store: &Store) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = BufWriter::new(stream);
    loop {
        let words = request(&mut reader)?;
        for turn in 0..SPIN {
            std::hint::black_box(turn);
        }
        let verb = words.first()?.to_ascii_uppercase();
        match (verb.as_slice(), words.as_slice()) {
            (b"PING", _) => writer.write_all(b"+PONG\r\n"),
            (b"SET", [_, key, value, ..]) => {
                store.lock().ok()?.insert(key.clone(), value.clone());
                writer.write_all(b"+OK\r\n")
            }
            (b"GET", [_, key]) => match store.lock().ok()?.get(key) {
                Some(value) => {
                    write!(writer, "${}\r\n", value.len()).ok()?;
                    writer.write_all(value).ok()?;
                    writer.write_all(b"\r\n")
                }
                None => writer.write_all(b"$-1\r\n"),
            },
            (b"CLIENT" | b"FLUSHALL", _) => writer.write_all(b"+OK\r\n"),
            _ => writer.write_all(b"-ERR unknown command\r\n"),
        }
        .ok()?;
        if reader.buffer().is_empty() {
            writer.flush().ok()?;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<Vec<Vec<u8>>> {
    let count = number(reader, '*')?;
    (0..count)
        .map(|_| {
            let mut word = vec![0; number(reader, '$')? + 2];
            reader.read_exact(&mut word).ok()?;
            word.truncate(word.len() - 2);
            Some(word)
        })
        .collect()
}

fn number(reader: &mut BufReader<TcpStream>, mark: char) -> Option<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    line.strip_prefix(mark)?.trim_end().parse().ok()
}
