//! A small GitHub on this machine: comments, pull requests, artifacts and files with state, and
//! every fault that a network has.
//!
//! One thread a connection, one request a connection. Faults are given beforehand: each is used up by
//! the first request that it fits.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};

use crate::routes;

/// The account that the fake's token writes as.
pub(crate) const BOT: &str = "github-actions[bot]";
/// The only token that the fake takes.
pub(crate) const TOKEN: &str = "ghs_ThisMustNeverBeSeen0123456789";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This answer, and nothing is done.
    Answer(Answer),
    /// The connection breaks before anything is done.
    Reset,
    /// It is done, and the connection breaks before the answer.
    DoneThenReset,
    /// It is done, and half of the answer arrives.
    DoneThenCut,
    /// No answer for this long.
    Slow(Duration),
    /// It is done, and the answer arrives a byte at a time.
    Trickle,
}

/// What there is on this GitHub.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// `owner/name`.
    pub(crate) repository: String,
    pub(crate) comments: Vec<Value>,
    pub(crate) pulls: Vec<Value>,
    pub(crate) artifacts: Vec<Value>,
    /// Archives by artifact id.
    pub(crate) archives: HashMap<u64, Vec<u8>>,
    /// Files by commit and path.
    pub(crate) files: HashMap<(String, String), String>,
    pub(crate) merge_base: String,
    pub(crate) checks: Vec<Value>,
    /// The account that writes.
    pub(crate) writer: Value,
    pub(crate) seen: Vec<Seen>,
    faults: Vec<(String, Fault)>,
    next_id: u64,
    /// Where archives are served from; another host than the API's.
    pub(crate) store: String,
}

/// The running server.
pub(crate) struct Fake {
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
}

impl Fake {
    pub(crate) fn start(repository: &str) -> Self {
        let world = Arc::new(Mutex::new(World {
            repository: repository.to_owned(),
            writer: json!({"login": BOT, "type": "Bot"}),
            next_id: 1000,
            ..World::default()
        }));
        let url = serve(&world, routes::answer);
        let store = serve(&world, routes::serve_archive);
        world.lock().unwrap().store = store;
        Self { url, world }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The next request whose method and path begin with `what` meets `fault`.
    pub(crate) fn fault(&self, what: &str, fault: Fault) {
        self.world().faults.push((what.to_owned(), fault));
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.world().seen.clone()
    }

    /// Requests of a method, by path.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.seen()
            .iter()
            .filter(|seen| seen.method == method)
            .count()
    }
}

impl World {
    pub(crate) fn comment(&mut self, user: &Value, body: &str) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        self.comments.push(json!({
            "id": id,
            "html_url": format!("https://github.com/{}/pull/7#issuecomment-{id}", self.repository),
            "body": body,
            "user": user,
        }));
        id
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let text = |comment: &Value| comment["body"].as_str().unwrap_or_default().to_owned();
        self.comments.iter().map(text).collect()
    }
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

type Serve = fn(&mut World, &Seen) -> Answer;

fn serve(world: &Arc<Mutex<World>>, answer: Serve) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let world = Arc::clone(world);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let world = Arc::clone(&world);
            // A client that goes away in the middle is what some tests are about.
            std::thread::spawn(move || drop(converse(stream, &world, answer)));
        }
    });
    url
}

fn converse(stream: TcpStream, world: &Mutex<World>, answer: Serve) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let Some(request) = read_request(&mut reader)? else {
        return Ok(());
    };
    let (fault, reply) = {
        let mut world = world.lock().unwrap();
        world.seen.push(request.clone());
        let line = format!("{} {}", request.method, request.path);
        let found = world
            .faults
            .iter()
            .position(|(what, _)| line.starts_with(what));
        let fault = found.map(|index| world.faults.remove(index).1);
        let done = !matches!(fault, Some(Fault::Answer(_) | Fault::Reset));
        (fault, done.then(|| answer(&mut world, &request)))
    };
    let mut stream = stream;
    let bytes = reply.map(|reply| encoded(&reply)).unwrap_or_default();
    match fault {
        None => stream.write_all(&bytes)?,
        Some(Fault::Answer(other)) => stream.write_all(&encoded(&other))?,
        Some(Fault::Reset | Fault::DoneThenReset) => {}
        Some(Fault::DoneThenCut) => stream.write_all(&bytes[..bytes.len() - 20])?,
        Some(Fault::Slow(time)) => {
            std::thread::sleep(time);
            stream.write_all(&bytes)?;
        }
        Some(Fault::Trickle) => {
            for byte in bytes {
                stream.write_all(&[byte])?;
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
    stream.shutdown(Shutdown::Both)
}

fn read_request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Seen>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.insert(name.to_lowercase(), value.trim().to_owned());
            }
            None => break,
        }
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Seen {
        method,
        path,
        headers,
        body: String::from_utf8(body).unwrap(),
    }))
}

fn encoded(answer: &Answer) -> Vec<u8> {
    let (status, length) = (answer.status, answer.body.len());
    let mut head =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n");
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    [head.into_bytes(), answer.body.clone()].concat()
}
