//! One connection: a task that reads, runs a batch, and writes.
//!
//! ```text
//!        ┌───────────────────── one turn ─────────────────────┐
//! socket ─▶ desk.input ─▶ decode ─▶ run ─▶ … ─▶ desk.outbox ─▶ flusher: one write ─▶ socket
//!             │ a frame's first part                              │ what the socket would not take
//!             ▼                                                   ▼
//!           carry                              link.backlog: nothing is read until it is gone
//! ```
//!
//! | buffer         | owned by       | size                                                       |
//! |----------------|----------------|------------------------------------------------------------|
//! | `desk.input`   | the thread     | 64 KiB                                                     |
//! | `desk.outbox`  | the thread     | a turn ends past `pipeline-limit`; kept at 256 KiB at the most |
//! | `carry`        | the connection | of an open frame, at most twice the bytes that came; else none |
//! | `link.backlog` | the connection | a few turns' replies; else none                            |
//!
//! So an idle connection holds no buffer, and all connections of a thread use the same warm memory.
//! A turn is one poll of the task, at most one read long, so that a connection with endless input
//! waits in line behind the others. It is synchronous from read to write: what is borrowed from the
//! desk, and every lock of a shard, is given back before the task can be suspended.
//!
//! What others publish waits in the connection's mailbox, see [`Client`], and is written before the next
//! read.
//!
//! A reader that does not take its replies is not read from: the backlog is at most the replies to
//! one read, and the last of those replies may pass the limit by its own length.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Instant, SystemTime};

use bytes::{Buf, BytesMut};
use store::Millis;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use crate::commands::Life;
use crate::dispatch;
use crate::drain::{Debt, Drain};
use crate::exchange::{Ahead, Exchange, Stop};
use crate::idle::Idle;
use crate::outbox::{Link, Outbox};
use crate::protocol::Replies;
use crate::state::{Client, Limit, State};

/// Bytes of one read.
const INPUT: usize = 64 << 10;
/// Bytes of published messages that are written before anything else is done.
const MAIL_PER_TURN: usize = 256 << 10;

/// The buffers that the connections of one thread use in their turns.
#[derive(Debug)]
pub(crate) struct Desk {
    input: Box<[u8]>,
    ahead: Ahead,
    pub(crate) outbox: Outbox,
}

impl Desk {
    /// A desk for one thread.
    pub(crate) fn new(state: &Arc<State>) -> Rc<RefCell<Self>> {
        let input = vec![0; INPUT].into_boxed_slice();
        Rc::new(RefCell::new(Self {
            input,
            ahead: Ahead::default(),
            outbox: Outbox::new(Arc::clone(state)),
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

/// Microseconds since some moment, by a clock that only goes forward.
pub(crate) fn read_stopwatch() -> u64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGAN.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// One connection; a future that ends when the connection does.
pub(crate) struct Connection {
    socket: OwnedReadHalf,
    link: Rc<Link>,
    state: Arc<State>,
    desk: Rc<RefCell<Desk>>,
    exchange: Exchange,
    /// Input that is not decoded yet.
    carry: BytesMut,
    /// Bytes that the frame at the start of `carry` has at the least; `None` if it may be complete.
    frame_need: Option<usize>,
    drain: Rc<Drain>,
    debt: Debt,
    end: End,
    /// What other threads wake the connection with.
    waker: Option<Waker>,
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
        idle: &Idle,
    ) -> Self {
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let client = Arc::new(Client::new(
            state.next_client(),
            stream.peer_addr().unwrap_or(unknown),
            stream.local_addr().unwrap_or(unknown),
            read_clock(),
        ));
        state.clients.add(&client);
        let authenticated = !state.settings.password.is_set();
        let (socket, write_half) = stream.into_split();
        let link = Link::new(Arc::clone(&client), write_half, read_clock());
        let exchange = Exchange::of(client, authenticated);
        idle.add(&link);
        Self {
            socket,
            link,
            state,
            desk,
            exchange,
            carry: BytesMut::new(),
            frame_need: None,
            drain,
            debt: Debt::None,
            end: End::NotBegun,
            waker: None,
        }
    }

    /// Lets other threads wake the connection.
    fn register(&mut self, cx: &Context<'_>) {
        let known = self.waker.as_ref();
        if !known.is_some_and(|known| known.will_wake(cx.waker())) {
            self.waker = Some(cx.waker().clone());
            self.exchange.session.client.register(cx.waker());
        }
    }

    /// Hands messages that others have published over to be written.
    fn write_mail(&self) {
        let mut desk = self.desk.borrow_mut();
        let outbox = &mut desk.outbox;
        let bytes_max = outbox.replies.len() + MAIL_PER_TURN;
        let client = &self.exchange.session.client;
        client.take_mail(&mut outbox.replies, bytes_max);
        outbox.seal(&self.link);
    }

    /// Reads once, runs what is complete, and hands the replies over to be written.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        let desk = Rc::clone(&self.desk);
        let mut desk = desk.borrow_mut();
        let Desk {
            input,
            ahead,
            outbox,
        } = &mut *desk;
        let mut turn = Turn::Drained;
        if self.carry.is_empty() {
            let mut buffer = ReadBuf::new(input);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer))?;
            let filled = buffer.filled();
            if filled.is_empty() {
                outbox.flush();
                self.exchange.session.life = Life::Closing;
                return Poll::Ready(Ok(Turn::Drained));
            }
            if filled.len() == INPUT {
                turn = Turn::MoreToRead;
            }
            self.note_input(filled.len());
            let used = self.run_batch(filled, ahead, &mut outbox.replies);
            let left = filled.get(used..).unwrap_or_default();
            if !left.is_empty() {
                self.carry.extend_from_slice(left);
            }
        } else {
            if let Some(need) = self.frame_need {
                let (read, room) = ready!(self.poll_carry(cx, need, input))?;
                if read == 0 {
                    outbox.flush();
                    self.exchange.session.life = Life::Closing;
                    return Poll::Ready(Ok(Turn::Drained));
                }
                if read == room {
                    turn = Turn::MoreToRead;
                }
                self.note_input(read);
            }
            let mut carry = std::mem::take(&mut self.carry);
            let used = self.run_batch(&carry, ahead, &mut outbox.replies);
            if used < carry.len() {
                carry.advance(used);
                self.carry = carry;
            }
        }
        if self.carry.is_empty() {
            self.exchange.rest();
        } else if self.frame_need.is_none() {
            turn = Turn::MoreToRead;
        }
        outbox.seal(&self.link);
        if self.exchange.session.life == Life::Closing {
            outbox.flush();
        }
        Poll::Ready(Ok(turn))
    }

    /// Reads more of the frame that `carry` begins with and that has at least `need` bytes; yields how
    /// many came, and for how many there was room.
    ///
    /// Room is made for what is declared only once there is much of it: a client that declares and
    /// does not send takes no memory.
    fn poll_carry(
        &mut self,
        cx: &mut Context<'_>,
        need: usize,
        input: &mut [u8],
    ) -> Poll<io::Result<(usize, usize)>> {
        if self.carry.len() < INPUT {
            let mut buffer = ReadBuf::new(input);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer))?;
            self.carry.extend_from_slice(buffer.filled());
            return Poll::Ready(Ok((buffer.filled().len(), INPUT)));
        }
        let missing = need.saturating_sub(self.carry.len()).max(1);
        self.carry.reserve(missing.min(self.carry.len()));
        let room = self.carry.capacity() - self.carry.len();
        let read = ready!(pin!(self.socket.read_buf(&mut self.carry)).poll(cx))?;
        Poll::Ready(Ok((read, room)))
    }

    fn note_input(&self, bytes: usize) {
        self.state.stats.add_input(bytes);
        self.state.memory.note_input(bytes);
    }

    /// Runs every complete request of `input` that there is room to answer; yields the bytes used.
    fn run_batch(&mut self, input: &[u8], ahead: &mut Ahead, replies: &mut Replies) -> usize {
        let now = read_clock();
        let (used, stop) = self.exchange.run(&self.state, now, input, ahead, replies);
        if used > 0 {
            self.link.note_active(now);
        }
        let most = self.state.settings.limits.bytes(Limit::QueryBuffer);
        if self.exchange.session.queued_bytes() > most {
            self.exchange.session.life = Life::Closing;
        }
        self.frame_need = match stop {
            Stop::Partial(need) => Some(need),
            Stop::Cut => None,
        };
        used
    }

    /// Whether requests were read and have not run.
    fn has_requests(&self) -> bool {
        !self.carry.is_empty() && self.frame_need.is_none()
    }

    /// Says that no more comes, and waits until the client has closed.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.end == End::NotBegun {
            ready!(self.link.poll_shutdown(cx))?;
            self.end = End::Told;
        }
        let desk = Rc::clone(&self.desk);
        let mut desk = desk.borrow_mut();
        loop {
            let mut forgotten = ReadBuf::new(&mut desk.input);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut forgotten))?;
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
        self.link.register(cx.waker());
        self.register(cx);
        loop {
            if self.exchange.session.client.is_killed() {
                return Poll::Ready(Ok(()));
            }
            if let Some(kind) = self.link.failure() {
                return Poll::Ready(Err(kind.into()));
            }
            if self.link.backlog_len() > 0 {
                ready!(self.link.poll_backlog(&self.state, cx))?;
            }
            if self.exchange.session.life == Life::Closing {
                return Poll::Ready(Ok(()));
            }
            if self.exchange.session.client.has_mail() {
                self.write_mail();
                continue;
            }
            if self.drain.is_draining() && !self.has_requests() {
                self.desk.borrow_mut().outbox.flush();
                if self.link.backlog_len() > 0 {
                    continue;
                }
                return self.poll_end(cx);
            }
            match ready!(self.poll_turn(cx))? {
                Turn::Drained => {}
                Turn::MoreToRead => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
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
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Poll::Ready(ended) = self.poll_connection(cx) else {
            let owes = self.link.backlog_len() > 0 || self.has_requests() || self.end == End::Told;
            self.note_debt(if owes { Debt::Replies } else { Debt::None });
            return Poll::Pending;
        };
        if let Err(error) = ended {
            tracing::debug!(client = self.exchange.session.client.id, %error, "connection lost");
        }
        Poll::Ready(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.note_debt(Debt::None);
        dispatch::close(&self.state, &mut self.exchange.session);
        self.state.stats.close_connection();
    }
}
