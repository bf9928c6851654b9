//! Replies that wait until every connection that was ready has had its turn, and then go out together.
//!
//! ```text
//! ready: a, b, c      turn of a │ turn of b │ turn of c │ flusher: write a, write b, write c
//! replies             │ to a      │ to b │ to c         │
//! letters             │ a, ..120  │ b, ..125 │ c, ..300 │
//! ```
//!
//! A write wakes whoever waits for it. Written one by one, each reply wakes a client that has read
//! the one before and waits again; written together, the client is busy with the first while the
//! others come. That is also why Redis writes before it waits, and not after each request.
//!
//! The flusher is a task of the same thread. It is woken by the first letter, so that it runs behind the
//! tasks that were ready then. Past [`OUTBOX_MAX`] bytes or [`LETTERS_MAX`] letters nothing waits.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use store::Millis;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use crate::desk::{Desk, read_clock};
use crate::protocol::Replies;
use crate::state::{Client, Limit, State};

/// Bytes of replies that wait.
const OUTBOX_MAX: usize = 256 << 10;
/// Letters that wait.
const LETTERS_MAX: usize = 64;
/// Room for replies that a thread keeps.
const REPLIES_KEPT: usize = OUTBOX_MAX;

/// The way to one client: what its socket did not take waits here.
#[derive(Debug)]
pub(crate) struct Link {
    client: Arc<Client>,
    socket: OwnedWriteHalf,
    backlog: RefCell<Vec<u8>>,
    sent: Cell<usize>,
    failed: Cell<Option<ErrorKind>>,
    waker: RefCell<Option<Waker>>,
    last_active: Cell<Millis>,
}

impl Link {
    pub(crate) fn new(client: Arc<Client>, socket: OwnedWriteHalf, now: Millis) -> Rc<Self> {
        Rc::new(Self {
            client,
            last_active: Cell::new(now),
            socket,
            backlog: RefCell::default(),
            sent: Cell::new(0),
            failed: Cell::new(None),
            waker: RefCell::default(),
        })
    }

    fn stream(&self) -> &TcpStream {
        self.socket.as_ref()
    }

    /// Who is at its end.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// When a request last ran, or a reply that had to wait went on.
    pub(crate) fn last_active(&self) -> Millis {
        self.last_active.get()
    }

    /// Notes that a request ran, or a reply went on.
    pub(crate) fn note_active(&self, now: Millis) {
        self.last_active.set(now);
    }

    /// Bytes that the socket did not take.
    pub(crate) fn backlog_len(&self) -> usize {
        self.backlog.borrow().len() - self.sent.get()
    }

    /// Why nothing can be written any more, if so.
    pub(crate) fn failure(&self) -> Option<ErrorKind> {
        self.failed.get()
    }

    /// Lets the connection be woken when a letter was not taken whole.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut known = self.waker.borrow_mut();
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }

    /// Writes what the socket did not take, as far as it takes it by and by.
    pub(crate) fn poll_backlog(
        &self,
        state: &State,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ErrorKind>> {
        let mut backlog = self.backlog.borrow_mut();
        while let Some(left) = backlog.get(self.sent.get()..)
            && !left.is_empty()
        {
            ready!(self.stream().poll_write_ready(cx)).map_err(|error| error.kind())?;
            match self.stream().try_write(left) {
                Ok(0) => return Poll::Ready(Err(ErrorKind::WriteZero)),
                Ok(sent) => {
                    state.stats.add_output(sent);
                    self.sent.set(self.sent.get() + sent);
                    // Who takes a long reply bit by bit is not idle.
                    self.note_active(read_clock());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error.kind())),
            }
        }
        *backlog = Vec::new();
        self.sent.set(0);
        Poll::Ready(Ok(()))
    }

    /// Says that no more comes, once everything is written.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        ready!(self.stream().poll_write_ready(cx))?;
        rustix::net::shutdown(self.stream(), rustix::net::Shutdown::Write)?;
        Poll::Ready(Ok(()))
    }

    /// Writes a letter; what is not taken becomes the backlog. Yields the bytes taken.
    fn post(&self, letter: &[u8], backlog_max: usize) -> usize {
        if self.failed.get().is_some() {
            return 0;
        }
        let mut backlog = self.backlog.borrow_mut();
        let sent = if backlog.is_empty() {
            match self.stream().try_write(letter) {
                Ok(sent) => sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => {
                    self.fail(error.kind());
                    return 0;
                }
            }
        } else {
            0
        };
        let left = letter.get(sent..).unwrap_or_default();
        if left.is_empty() {
            return sent;
        }
        if backlog_max > 0 && backlog.len() - self.sent.get() + left.len() > backlog_max {
            tracing::warn!("closed a client that does not read its replies");
            self.fail(ErrorKind::StorageFull);
            return sent;
        }
        backlog.extend_from_slice(left);
        self.wake();
        sent
    }

    /// Ends the connection.
    pub(crate) fn fail(&self, kind: ErrorKind) {
        self.failed.set(Some(kind));
        self.wake();
    }

    /// Wakes the connection.
    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

/// Replies of several connections in a row.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Where a connection appends its replies, before it [seals](Self::seal) them.
    pub(crate) replies: Replies,
    letters: Vec<Letter>,
    sealed: usize,
    state: Arc<State>,
    flusher: Option<Waker>,
}

/// The replies to one connection: they end there, and begin where those before them end.
#[derive(Debug)]
struct Letter {
    to: Rc<Link>,
    end: usize,
}

impl Outbox {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self {
            replies: Replies::default(),
            letters: Vec::new(),
            sealed: 0,
            state,
            flusher: None,
        }
    }

    /// Addresses the replies that were appended since the last letter.
    pub(crate) fn seal(&mut self, to: &Rc<Link>) {
        let end = self.replies.len();
        if end == self.sealed {
            return;
        }
        self.sealed = end;
        if self.letters.is_empty() {
            self.wake();
        }
        self.letters.push(Letter {
            to: Rc::clone(to),
            end,
        });
        if end >= OUTBOX_MAX || self.letters.len() >= LETTERS_MAX {
            self.flush();
        }
    }

    /// Takes back the replies that were appended since the last letter.
    pub(crate) fn discard(&mut self) {
        self.replies.truncate(self.sealed);
    }

    /// Wakes the flusher.
    pub(crate) fn wake(&self) {
        if let Some(flusher) = &self.flusher {
            flusher.wake_by_ref();
        }
    }

    /// Writes every letter.
    pub(crate) fn flush(&mut self) {
        let backlog_max = self.state.settings.limits.bytes(Limit::OutputBuffer);
        let (mut start, mut sent) = (0, 0);
        for letter in self.letters.drain(..) {
            let bytes = self.replies.as_bytes().get(start..letter.end);
            sent += letter.to.post(bytes.unwrap_or_default(), backlog_max);
            start = letter.end;
        }
        if start > 0 {
            self.state.stats.add_output(sent);
            self.replies.clear(REPLIES_KEPT);
            self.sealed = 0;
        }
    }
}

/// The task that flushes the outbox of a thread; it never ends.
pub(crate) struct Flusher(pub(crate) Rc<RefCell<Desk>>);

impl Future for Flusher {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut desk = self.0.borrow_mut();
        if desk.outbox.flusher.is_none() {
            desk.outbox.flusher = Some(cx.waker().clone());
        }
        desk.flush();
        Poll::Pending
    }
}
