//! The least that a server of one thread can cost: its system calls, and nothing behind them.
//!
//! ```text
//! epoll_wait ─▶ for each socket that is ready: read ─▶ one canned reply a request ─▶ write
//! ```
//!
//! A request is whatever begins with `*`, which is true of `redis-benchmark`'s GET and SET; the reply is
//! that of a hit of 128 bytes, or `+OK`. What the server costs beyond this is its own; what this
//! costs is the kernel's, and no server of this shape can do better.
//!
//! `cargo run --release --example bare -- PORT [get|set]`

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{self, SendFlags, SocketFlags};

const EVENTS: usize = 1024;
const INPUT: usize = 64 << 10;
const LISTENER: u64 = u64::MAX;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments
        .next()
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| io::Error::other("usage: bare PORT [get|set]"))?;
    let reply: Vec<u8> = match arguments.next().as_deref() {
        Some("set") => b"+OK\r\n".to_vec(),
        _ => [b"$128\r\n", &[b'x'; 128][..], b"\r\n"].concat(),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    writeln!(io::stdout(), "listening on {}", listener.local_addr()?)?;
    let poll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(
        &poll,
        &listener,
        EventData::new_u64(LISTENER),
        EventFlags::IN,
    )?;
    let mut sockets: Vec<Option<OwnedFd>> = Vec::new();
    let mut events = Vec::with_capacity(EVENTS);
    let mut input = vec![0; INPUT];
    let mut output = Vec::new();
    loop {
        events.clear();
        epoll::wait(&poll, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let number = event.data.u64();
            if number == LISTENER {
                let socket = net::accept_with(&listener, SocketFlags::NONBLOCK)?;
                net::sockopt::set_tcp_nodelay(&socket, true)?;
                let data = EventData::new_u64(sockets.len() as u64);
                epoll::add(&poll, &socket, data, EventFlags::IN)?;
                sockets.push(Some(socket));
                continue;
            }
            let Some(place) = usize::try_from(number)
                .ok()
                .and_then(|at| sockets.get_mut(at))
            else {
                continue;
            };
            let Some(socket) = place else { continue };
            let read = match net::recv(&*socket, &mut *input, net::RecvFlags::empty()) {
                Ok((0, _)) => {
                    *place = None;
                    continue;
                }
                Ok((read, _)) => read,
                Err(Errno::AGAIN) => continue,
                Err(error) => return Err(error.into()),
            };
            let requests = input
                .get(..read)
                .unwrap_or_default()
                .iter()
                .map(|&byte| usize::from(byte == b'*'))
                .sum::<usize>();
            output.clear();
            (0..requests).for_each(|_| output.extend_from_slice(&reply));
            net::send(&*socket, &output, SendFlags::NOSIGNAL)?;
        }
    }
}
