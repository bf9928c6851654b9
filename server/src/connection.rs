//! One connection: a task that reads, runs a batch, and writes.
//!
//! ```text
//!        ┌──────────────────────────────── one turn ────────────────────────────────┐
//! socket ─▶ desk.input ─▶ decode ─▶ run ─▶ … ─▶ desk.replies ─▶ one write ─▶ socket
//!             │ a frame's first part              │ what the socket would not take
//!             ▼                                   ▼
//!           carry                              backlog: nothing is read until it is gone
//! ```
//!
//! | buffer         | owned by       | size                                                       |
//! |----------------|----------------|------------------------------------------------------------|
//! | `desk.input`   | the thread     | 64 KiB                                                     |
//! | `desk.replies` | the thread     | a turn ends past `pipeline-limit`; kept at 256 KiB at the most |
//! | `carry`        | the connection | of an open frame, at most twice the bytes that came; else none |
//! | `backlog`      | the connection | one turn's replies; else none                              |
//!
//! So an idle connection holds no buffer, and all connections of a thread use the same warm memory.
//! A turn is one poll of the task, at most one read long, so that a connection with endless input
//! waits in line behind the others. It is synchronous from read to write: what is borrowed from the
//! desk, and every lock of a shard, is given back before the task can be suspended.
//!
//! A reader that does not take its replies is not read from: the backlog is at most the replies to
//! one read, and the last of those replies may pass the limit by its own length.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::{Buf, BytesMut};
use store::Millis;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::ahead::{Ahead, Next};
use crate::commands::{Life, Session};
use crate::dispatch::{self, Batch};
use crate::drain::{Debt, Drain};
use crate::protocol::{Decoder, Replies};
use crate::state::{Limit, State};

/// Bytes of one read.
const INPUT: usize = 64 << 10;
/// Room for replies that a thread keeps between turns.
const REPLIES_KEPT: usize = 256 << 10;

/// The buffers that the connections of one thread use in their turns.
#[derive(Debug)]
pub(crate) struct Desk {
    input: Box<[u8]>,
    ahead: Ahead,
    replies: Replies,
}

impl Desk {
    /// A desk for one thread.
    pub(crate) fn new() -> Rc<RefCell<Self>> {
        let input = vec![0; INPUT].into_boxed_slice();
        Rc::new(RefCell::new(Self {
            input,
            ahead: Ahead::default(),
            replies: Replies::default(),
        }))
    }
}

/// The time, as the store counts it; a clock set before 1970 reads as 1970.
pub(crate) fn read_clock() -> Millis {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// Why a batch ended.
enum Stop {
    /// The last frame needs at least so many bytes from its first.
    Partial(usize),
    /// The replies have reached their bound, or the connection closes.
    Cut,
}

/// One connection; a future that ends when the connection does.
pub(crate) struct Connection {
    stream: TcpStream,
    state: Arc<State>,
    desk: Rc<RefCell<Desk>>,
    session: Session,
    decoder: Decoder,
    /// Input that is not decoded yet.
    carry: BytesMut,
    /// Bytes that the frame at the start of `carry` has at the least; `None` if it may be complete.
    frame_need: Option<usize>,
    backlog: Vec<u8>,
    backlog_sent: usize,
    drain: Rc<Drain>,
    debt: Debt,
    end: End,
}

/// How far the end of a connection is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    NotBegun,
    /// The client was told that no more comes, and is to close.
    Told,
}

impl Connection {
    /// A connection that was counted as open.
    pub(crate) fn new(
        stream: TcpStream,
        state: Arc<State>,
        desk: Rc<RefCell<Desk>>,
        drain: Rc<Drain>,
    ) -> Self {
        let session = Session::new(state.next_client());
        Self {
            stream,
            state,
            desk,
            session,
            decoder: Decoder::default(),
            carry: BytesMut::new(),
            frame_need: None,
            backlog: Vec::new(),
            backlog_sent: 0,
            drain,
            debt: Debt::None,
            end: End::NotBegun,
        }
    }

    /// Writes what earlier turns could not.
    fn poll_backlog(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left) = self.backlog.get(self.backlog_sent..)
            && !left.is_empty()
        {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, left))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.state.stats.add_output(sent);
            self.backlog_sent += sent;
        }
        self.backlog = Vec::new();
        self.backlog_sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Reads once, runs what is complete, and writes the replies.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        let desk = Rc::clone(&self.desk);
        let mut desk = desk.borrow_mut();
        let Desk {
            input,
            ahead,
            replies,
        } = &mut *desk;
        let mut turn = Turn::Drained;
        if self.carry.is_empty() {
            let mut buffer = ReadBuf::new(input);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let filled = buffer.filled();
            if filled.is_empty() {
                return Poll::Ready(Ok(Turn::Ended));
            }
            if filled.len() == INPUT {
                turn = Turn::MoreToRead;
            }
            self.note_input(filled.len());
            let used = self.run_batch(filled, ahead, replies);
            let left = filled.get(used..).unwrap_or_default();
            if !left.is_empty() {
                self.carry.extend_from_slice(left);
            }
        } else {
            if let Some(need) = self.frame_need {
                let missing = need.saturating_sub(self.carry.len()).max(1);
                self.carry.reserve(missing.min(self.carry.len().max(INPUT)));
                let room = self.carry.capacity() - self.carry.len();
                let read = ready!(pin!(self.stream.read_buf(&mut self.carry)).poll(cx))?;
                match read {
                    0 => return Poll::Ready(Ok(Turn::Ended)),
                    _ if read == room => turn = Turn::MoreToRead,
                    _ => {}
                }
                self.note_input(read);
            }
            let mut carry = std::mem::take(&mut self.carry);
            let used = self.run_batch(&carry, ahead, replies);
            if used < carry.len() {
                carry.advance(used);
                self.carry = carry;
            }
        }
        if self.carry.is_empty() {
            self.decoder.rest();
        } else if self.frame_need.is_none() {
            turn = Turn::MoreToRead;
        }
        self.poll_replies(cx, replies)?;
        Poll::Ready(Ok(turn))
    }

    fn note_input(&self, bytes: usize) {
        self.state.stats.add_input(bytes);
        self.state.memory.note_input(bytes);
    }

    /// Runs every complete request of `input` that there is room to answer; yields the bytes used.
    fn run_batch(&mut self, input: &[u8], ahead: &mut Ahead, replies: &mut Replies) -> usize {
        let limits = &self.state.settings.limits;
        let replies_max = limits.bytes(Limit::Pipeline);
        self.decoder.set_bounds(limits.bounds());
        let mut batch = Batch::new(&self.state, read_clock());
        let mut used = 0;
        let stop = loop {
            let decoded = ahead.decode(&mut self.decoder, input, used);
            if ahead.len() > 1 {
                batch.touch(ahead.requests(input).map(|request| request.args));
            }
            let mut is_cut = false;
            for request in ahead.requests(input) {
                batch.run(&mut self.session, request.args, replies);
                used = request.end;
                if self.session.life == Life::Closing || replies.len() >= replies_max {
                    is_cut = true;
                    break;
                }
            }
            if is_cut {
                self.decoder.rewind();
                break Stop::Cut;
            }
            used = ahead.end();
            match decoded {
                Ok(Next::More) => {}
                Ok(Next::Line { len }) => {
                    let rest = input.get(used..).unwrap_or_default();
                    batch.run(&mut self.session, self.decoder.args(rest), replies);
                    used += len;
                    if self.session.life == Life::Closing || replies.len() >= replies_max {
                        break Stop::Cut;
                    }
                }
                Ok(Next::Partial { need }) => break Stop::Partial(need),
                Err(error) => {
                    replies.error(format!("ERR {error}").as_bytes());
                    self.session.life = Life::Closing;
                    break Stop::Cut;
                }
            }
        };
        batch.finish();
        if self.session.queued_bytes() > limits.bytes(Limit::QueryBuffer) {
            self.session.life = Life::Closing;
        }
        self.frame_need = match stop {
            Stop::Partial(need) => Some(need),
            Stop::Cut => None,
        };
        used
    }

    /// Writes the replies; what the socket does not take becomes the backlog.
    fn poll_replies(&mut self, cx: &mut Context<'_>, replies: &mut Replies) -> io::Result<()> {
        if replies.is_empty() {
            return Ok(());
        }
        let sent = match Pin::new(&mut self.stream).poll_write(cx, replies.as_bytes()) {
            Poll::Ready(Ok(sent)) => sent,
            Poll::Ready(Err(error)) => {
                replies.clear(REPLIES_KEPT);
                return Err(error);
            }
            Poll::Pending => 0,
        };
        self.state.stats.add_output(sent);
        if sent == replies.len() {
            replies.clear(REPLIES_KEPT);
        } else {
            let bound = self.state.settings.limits.bytes(Limit::OutputBuffer);
            if bound > 0 && replies.len() - sent > bound {
                tracing::warn!(
                    client = self.session.id,
                    "closed: it does not read its replies"
                );
                replies.clear(REPLIES_KEPT);
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.backlog = replies.take();
            self.backlog_sent = sent;
        }
        Ok(())
    }

    /// Whether requests were read and have not run.
    fn has_requests(&self) -> bool {
        !self.carry.is_empty() && self.frame_need.is_none()
    }

    /// Says that no more comes, and waits until the client has closed.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.end == End::NotBegun {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.end = End::Told;
        }
        let desk = Rc::clone(&self.desk);
        let mut desk = desk.borrow_mut();
        loop {
            let mut forgotten = ReadBuf::new(&mut desk.input);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut forgotten))?;
            if forgotten.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn note_debt(&mut self, debt: Debt) {
        if debt != self.debt {
            self.debt = debt;
            self.drain.change(debt);
        }
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if !self.backlog.is_empty() {
                ready!(self.poll_backlog(cx))?;
            }
            if self.session.life == Life::Closing {
                return Poll::Ready(Ok(()));
            }
            if self.drain.is_draining() && !self.has_requests() {
                return self.poll_end(cx);
            }
            match ready!(self.poll_turn(cx))? {
                Turn::Drained => {}
                Turn::MoreToRead => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Turn::Ended => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// What a turn leaves.
enum Turn {
    /// Nothing: the next bytes have yet to come.
    Drained,
    /// Input that another turn is for.
    MoreToRead,
    /// The client is gone.
    Ended,
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Poll::Ready(ended) = self.poll_connection(cx) else {
            let owes = !self.backlog.is_empty() || self.has_requests() || self.end == End::Told;
            self.note_debt(if owes { Debt::Replies } else { Debt::None });
            return Poll::Pending;
        };
        if let Err(error) = ended {
            tracing::debug!(client = self.session.id, %error, "connection lost");
        }
        Poll::Ready(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.note_debt(Debt::None);
        dispatch::close(&self.state, &mut self.session);
        self.state.stats.close_connection();
    }
}
