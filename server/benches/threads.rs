//! Two threads: a runtime for each, as the server has it, beside one runtime that both share.
//!
//! `threads [ROUNDS]` answers `redis-benchmark` by the server's own exchange with no more than a socket
//! around it, so that nothing differs but who runs a connection:
//!
//! | model | connections | a task |
//! |---|---|---|
//! | per thread | dealt out in turn | stays on its thread |
//! | shared | spawned on one runtime of two workers | goes to whichever worker is free |
//!
//! Processes are fresh for each line and models take turns. The server's threads are on core 0 and the load
//! is on core 1: 50 connections, values of 128 bytes, 100,000 keys. CPU time is what the kernel counted for
//! all threads of the server, by request.

#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::expect_used,
    missing_docs,
    reason = "a program that measures stops where something is wrong"
)]

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZeroUsize;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use server::exchange::{Ahead, Exchange};
use server::protocol::Replies;
use server::state::{Settings, State};
use store::Millis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::mpsc;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const THREADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
const MODELS: [&str; 2] = ["per-thread", "shared"];
const LOADS: [(&str, u32); 2] = [("1", 200_000), ("16", 2_000_000)];
const REPLIES_KEPT: usize = 256 << 10;
const INPUT: usize = 64 << 10;
const NOW: Millis = Millis(1_000_000);

/// Answers one client until it goes.
async fn answer(mut stream: TcpStream, state: Arc<State>, id: u64) {
    stream.set_nodelay(true).unwrap();
    let mut exchange = Exchange::new(id);
    let (mut ahead, mut replies) = (Ahead::default(), Replies::default());
    let mut input = Vec::with_capacity(INPUT);
    while let Ok(1..) = stream.read_buf(&mut input).await {
        let (used, _) = exchange.run(&state, NOW, &input, &mut ahead, &mut replies);
        input.drain(..used);
        exchange.rest();
        if stream.write_all(replies.as_bytes()).await.is_err() {
            return;
        }
        replies.clear(REPLIES_KEPT);
    }
}

/// What takes the connections in turn: as many runtimes of one thread, or one of many.
fn serve(model: &str) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let state = Arc::new(State::new(Settings::new(address, THREADS, 0), NOW).unwrap());
    let builders = match model {
        "shared" => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(THREADS.get());
            vec![builder]
        }
        _ => vec![Builder::new_current_thread(), Builder::new_current_thread()],
    };
    let senders: Vec<_> = builders
        .into_iter()
        .map(|mut builder| {
            let (sender, mut incoming) = mpsc::unbounded_channel::<(std::net::TcpStream, u64)>();
            let state = Arc::clone(&state);
            let runtime = builder.enable_all().build().unwrap();
            std::thread::spawn(move || {
                runtime.block_on(async move {
                    while let Some((stream, id)) = incoming.recv().await {
                        stream.set_nonblocking(true).unwrap();
                        let stream = TcpStream::from_std(stream).unwrap();
                        tokio::spawn(answer(stream, Arc::clone(&state), id));
                    }
                });
            });
            sender
        })
        .collect();
    let mut out = io::stdout();
    writeln!(out, "{}", address.port()).unwrap();
    for (id, sender) in senders.iter().cycle().enumerate() {
        let (stream, _) = listener.accept().unwrap();
        sender.send((stream, id as u64)).unwrap();
    }
}

/// A server process; killed when dropped.
struct Server(Child, SocketAddr);

impl Server {
    fn start(model: &str) -> Self {
        let mut process = Command::new("taskset")
            .args(["-c", "0"])
            .arg(std::env::current_exe().unwrap())
            .args(["serve", model])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim_end().parse().unwrap();
        Self(process, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// Nanoseconds that all its threads ran.
    fn cpu_ns(&self) -> u64 {
        let tasks = format!("/proc/{}/task", self.0.id());
        std::fs::read_dir(tasks)
            .unwrap()
            .map(|task| {
                let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
                let ran = text.split_whitespace().next().unwrap();
                ran.parse::<u64>().unwrap()
            })
            .sum()
    }

    fn load(&self, command: &str, depth: &str, requests: u32) {
        let output = Command::new("taskset")
            .args([
                "-c",
                "1",
                "redis-benchmark",
                "-p",
                &self.1.port().to_string(),
            ])
            .args(["-t", command, "-P", depth, "-n", &requests.to_string()])
            .args(["-c", "50", "-d", "128", "-r", "100000", "--csv"])
            .output()
            .expect("redis-benchmark is on the path");
        assert!(output.status.success(), "{output:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, model] = words.as_slice()
        && verb == "serve"
    {
        return serve(model);
    }
    let rounds = words.iter().find_map(|word| word.parse().ok()).unwrap_or(3);
    let mut out = io::stdout();
    for round in 0..rounds {
        for model in MODELS {
            let server = Server::start(model);
            server.load("set", "16", 500_000);
            for (depth, requests) in LOADS {
                for command in ["set", "get"] {
                    let before = server.cpu_ns();
                    server.load(command, depth, requests);
                    let cpu = (server.cpu_ns() - before) as f64 / 1000.0 / f64::from(requests);
                    writeln!(
                        out,
                        "round {round} {model:10} P={depth:<2} {command} {cpu:6.3} µs of CPU a request"
                    )
                    .unwrap();
                }
            }
        }
    }
}
