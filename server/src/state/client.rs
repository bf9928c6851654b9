//! A connection as others see it: who it is, and what waits to be written to it.
//!
//! ```text
//! PUBLISH ─▶ deliver ─▶ mailbox: messages, at most so many bytes ─▶ the connection's next turn
//!               │          └─ too many: killed                        ▲
//!               └── the first message since the last turn: wake ──────┘
//! ```
//!
//! Nobody waits for a slow reader: a message is put into its mailbox under a lock that is held for the
//! moment that takes, and a mailbox that grows past its bound ends the connection.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use store::Millis;

use crate::protocol::{Protocol, Replies};

const MAIL: u8 = 1;
const KILLED: u8 = 1 << 1;

/// One connection.
#[derive(Debug)]
pub struct Client {
    /// The number that `CLIENT ID` shows.
    pub id: u64,
    /// Where it comes from.
    pub address: SocketAddr,
    /// Where it came to.
    pub local_address: SocketAddr,
    /// When it came.
    pub since: Millis,
    signals: AtomicU8,
    last_active: AtomicU64,
    last_command: AtomicUsize,
    mode: Mutex<Mode>,
    mailbox: Mutex<Mailbox>,
}

/// What a connection said about itself, and what it does.
#[derive(Clone, Debug, Default)]
pub struct Mode {
    /// The name that it gave itself; empty if none.
    pub name: Box<[u8]>,
    /// The library that it uses.
    pub library: Box<[u8]>,
    /// The version of that.
    pub library_version: Box<[u8]>,
    /// What its replies are written in.
    pub protocol: Protocol,
    /// Channels that it listens to.
    pub channels: usize,
    /// Patterns that it listens to.
    pub patterns: usize,
    /// Whether it may stay when clients take too much memory.
    pub is_kept: bool,
}

#[derive(Debug, Default)]
struct Mailbox {
    messages: VecDeque<Arc<[u8]>>,
    bytes: usize,
    waker: Option<Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Client {
    /// A connection that came at `since`.
    #[must_use]
    pub fn new(id: u64, address: SocketAddr, local_address: SocketAddr, since: Millis) -> Self {
        Self {
            id,
            address,
            local_address,
            since,
            signals: AtomicU8::new(0),
            last_active: AtomicU64::new(since.0),
            last_command: AtomicUsize::new(0),
            mode: Mutex::default(),
            mailbox: Mutex::default(),
        }
    }

    /// What it said about itself.
    pub fn mode(&self) -> Mode {
        lock(&self.mode).clone()
    }

    /// What its replies are written in.
    pub fn protocol(&self) -> Protocol {
        lock(&self.mode).protocol
    }

    /// The name that it gave itself; empty if none.
    pub fn name(&self) -> Box<[u8]> {
        lock(&self.mode).name.clone()
    }

    /// Whether it listens to channels.
    pub fn listens(&self) -> bool {
        let mode = lock(&self.mode);
        mode.channels + mode.patterns > 0
    }

    /// Changes what it says about itself.
    pub fn change(&self, act: impl FnOnce(&mut Mode)) {
        act(&mut lock(&self.mode));
    }

    /// Notes that requests ran, the last of them for the command at this address.
    #[inline]
    pub fn note_batch(&self, now: Millis, command: usize) {
        self.last_active.store(now.0, Relaxed);
        self.last_command.store(command, Relaxed);
    }

    /// When requests last ran.
    pub fn last_active(&self) -> Millis {
        Millis(self.last_active.load(Relaxed))
    }

    /// The address of the command that ran last; 0 for none.
    pub fn last_command(&self) -> usize {
        self.last_command.load(Relaxed)
    }

    /// Lets the connection be woken for what comes into its mailbox.
    pub fn register(&self, waker: &Waker) {
        lock(&self.mailbox).waker = Some(waker.clone());
    }

    /// Whether messages wait.
    #[inline]
    pub fn has_mail(&self) -> bool {
        self.signals.load(Acquire) & MAIL != 0
    }

    /// Whether the connection is to end.
    #[inline]
    pub fn is_killed(&self) -> bool {
        self.signals.load(Acquire) & KILLED != 0
    }

    /// Bytes that wait in the mailbox.
    pub fn mail_bytes(&self) -> usize {
        lock(&self.mailbox).bytes
    }

    /// Puts a message into the mailbox; where that has more than `bytes_max` then, the connection ends.
    pub fn deliver(&self, message: &Arc<[u8]>, bytes_max: usize) {
        let mut mailbox = lock(&self.mailbox);
        if self.is_killed() {
            return;
        }
        mailbox.bytes += message.len();
        if mailbox.bytes > bytes_max {
            drop(mailbox);
            tracing::warn!(client = self.id, "closed: it does not read its messages");
            return self.kill();
        }
        mailbox.messages.push_back(Arc::clone(message));
        let before = self.signals.fetch_or(MAIL, AcqRel);
        let waker = mailbox.waker.clone().filter(|_| before & MAIL == 0);
        drop(mailbox);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Appends messages that wait to the replies, until those have `bytes_max` bytes.
    pub fn take_mail(&self, replies: &mut Replies, bytes_max: usize) {
        let mut mailbox = lock(&self.mailbox);
        while replies.len() < bytes_max
            && let Some(message) = mailbox.messages.pop_front()
        {
            mailbox.bytes -= message.len();
            replies.append_bytes(&message);
        }
        if mailbox.messages.is_empty() {
            mailbox.messages = VecDeque::new();
            self.signals.fetch_and(!MAIL, AcqRel);
        }
    }

    /// Ends the connection.
    pub fn kill(&self) {
        self.signals.fetch_or(KILLED, Release);
        let mut mailbox = lock(&self.mailbox);
        mailbox.messages = VecDeque::new();
        mailbox.bytes = 0;
        let waker = mailbox.waker.clone();
        drop(mailbox);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// All connections.
#[derive(Debug, Default)]
pub struct Clients(Mutex<BTreeMap<u64, Arc<Client>>>);

impl Clients {
    /// Adds one.
    pub fn add(&self, client: &Arc<Client>) {
        lock(&self.0).insert(client.id, Arc::clone(client));
    }

    /// Removes one.
    pub fn remove(&self, id: u64) {
        lock(&self.0).remove(&id);
    }

    /// Those that are there, the oldest first.
    pub fn all(&self) -> Vec<Arc<Client>> {
        lock(&self.0).values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        let address = "127.0.0.1:1".parse().unwrap();
        Client::new(1, address, address, Millis(0))
    }

    #[test]
    fn mail_is_taken_in_order_and_in_pieces() {
        let client = client();
        for text in ["a", "bb", "ccc"] {
            client.deliver(&Arc::from(text.as_bytes()), 100);
        }
        assert!(client.has_mail());
        assert_eq!(client.mail_bytes(), 6);
        let mut replies = Replies::default();
        client.take_mail(&mut replies, 2);
        assert_eq!(replies.as_bytes(), b"abb");
        assert!(client.has_mail());
        client.take_mail(&mut replies, 100);
        assert_eq!(replies.as_bytes(), b"abbccc");
        assert!(!client.has_mail());
        assert_eq!(client.mail_bytes(), 0);
    }

    #[test]
    fn a_mailbox_that_overflows_ends_the_connection_and_keeps_nothing() {
        let client = client();
        let message = Arc::from(&[0; 60][..]);
        client.deliver(&message, 100);
        assert!(!client.is_killed());
        client.deliver(&message, 100);
        assert!(client.is_killed());
        client.deliver(&message, 100);
        assert_eq!(client.mail_bytes(), 0);
    }
}
