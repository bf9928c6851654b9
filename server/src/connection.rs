//! One connection: a task that reads, and leaves what it read to the desk.
//!
//! ```text
//!        ┌ one poll of the task ┐        ┌ when all that were ready have read ┐
//! socket ─▶ desk.input ─▶ decode          run ─▶ … ─▶ desk.outbox ─▶ one write ─▶ socket
//!                                         │ a frame's first part       │ what the socket would not take
//!                                         ▼                            ▼
//!                                       carry              link.backlog: nothing is read until it is gone
//! ```
//!
//! | buffer         | owned by       | size                                                       |
//! |----------------|----------------|------------------------------------------------------------|
//! | `desk.input`   | the thread     | 256 KiB, of which one read takes 64 at the most            |
//! | `desk.outbox`  | the thread     | a turn ends past `pipeline-limit`; kept at 256 KiB at the most |
//! | `carry`        | the connection | of an open frame, at most twice the bytes that came; else none |
//! | `link.backlog` | the connection | a few turns' replies; else none                            |
//!
//! So an idle connection holds no buffer, and all connections of a thread use the same warm memory.
//! A turn is at most one read long, so that a connection with endless input waits in line behind the others.
//! Turns run without a suspension: every lock of a shard is given back before any task goes on.
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
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use crate::desk::{Desk, READ, Seat, read_clock};
use crate::dispatch;
use crate::drain::{Debt, Drain};
use crate::exchange::Exchange;
use crate::idle::Idle;
use crate::outbox::Link;
use crate::state::{Client, State};

/// Bytes of published messages that are written before anything else is done.
const MAIL_PER_TURN: usize = 256 << 10;

/// Microseconds since some moment, by a clock that only goes forward.
pub(crate) fn read_stopwatch() -> u64 {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(BEGAN.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// One connection; a future that ends when the connection does.
pub(crate) struct Connection {
    socket: OwnedReadHalf,
    seat: Rc<Seat>,
    client: Arc<Client>,
    state: Arc<State>,
    desk: Rc<RefCell<Desk>>,
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
        idle.add(&link);
        let exchange = Exchange::of(Arc::clone(&client), authenticated);
        Self {
            socket,
            seat: Seat::new(link, exchange),
            client,
            state,
            desk,
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
            self.client.register(cx.waker());
        }
    }

    /// Hands messages that others have published over to be written.
    fn write_mail(&self) {
        let mut desk = self.desk.borrow_mut();
        let outbox = &mut desk.outbox;
        let bytes_max = outbox.replies.len() + MAIL_PER_TURN;
        self.client.take_mail(&mut outbox.replies, bytes_max);
        outbox.seal(&self.seat.link);
    }

    /// Reads once, and leaves it to the desk.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        if self.seat.carry_len() > 0 {
            return self.poll_carried_turn(cx);
        }
        let mut desk = self.desk.borrow_mut();
        let mut buffer = ReadBuf::new(desk.room());
        ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer))?;
        let len = buffer.filled().len();
        if len == 0 {
            self.seat.close();
            return Poll::Ready(Ok(Turn::Drained));
        }
        desk.take(&self.seat, len);
        Poll::Ready(Ok(if len == READ {
            Turn::MoreToRead
        } else {
            Turn::Drained
        }))
    }

    /// Reads more of the frame that was begun, if one was, and runs what is there.
    fn poll_carried_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        let mut turn = Turn::Drained;
        if let Some(need) = self.seat.frame_need() {
            let (read, room) = ready!(self.poll_carry(cx, need))?;
            if read == 0 {
                self.seat.close();
                return Poll::Ready(Ok(Turn::Drained));
            }
            if read == room {
                turn = Turn::MoreToRead;
            }
        }
        self.desk.borrow_mut().run_carry(&self.seat);
        if self.seat.has_requests() {
            turn = Turn::MoreToRead;
        }
        Poll::Ready(Ok(turn))
    }

    /// Reads more of the frame that the carry begins with and that has at least `need` bytes; yields how
    /// many came, and for how many there was room.
    ///
    /// Room is made for what is declared only once there is much of it: a client that declares and
    /// does not send takes no memory.
    fn poll_carry(
        &mut self,
        cx: &mut Context<'_>,
        need: usize,
    ) -> Poll<io::Result<(usize, usize)>> {
        let mut desk = self.desk.borrow_mut();
        let mut carry = self.seat.carry();
        let (read, room) = if carry.len() < READ {
            let mut buffer = ReadBuf::new(desk.room());
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buffer))?;
            carry.extend_from_slice(buffer.filled());
            (buffer.filled().len(), READ)
        } else {
            let missing = need.saturating_sub(carry.len()).max(1);
            let room = missing.min(carry.len());
            carry.reserve(room);
            let room = carry.capacity() - carry.len();
            let read = ready!(pin!(self.socket.read_buf(&mut *carry)).poll(cx))?;
            (read, room)
        };
        desk.note_input(read);
        Poll::Ready(Ok((read, room)))
    }

    /// Says that no more comes, and waits until the client has closed.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.end == End::NotBegun {
            ready!(self.seat.link.poll_shutdown(cx))?;
            self.end = End::Told;
        }
        let mut desk = self.desk.borrow_mut();
        loop {
            let mut forgotten = ReadBuf::new(desk.room());
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
        self.seat.link.register(cx.waker());
        self.register(cx);
        loop {
            if self.client.is_killed() {
                return Poll::Ready(Ok(()));
            }
            if let Some(kind) = self.seat.link.failure() {
                return Poll::Ready(Err(kind.into()));
            }
            if self.seat.link.backlog_len() > 0 {
                ready!(self.seat.link.poll_backlog(&self.state, cx))?;
            }
            if self.seat.waits() {
                if !self.client.has_mail() && !self.drain.is_draining() {
                    ready!(self.socket.as_ref().poll_read_ready(cx))?;
                }
                self.desk.borrow_mut().run();
                continue;
            }
            if self.seat.is_closing() {
                self.desk.borrow_mut().flush();
                if self.seat.link.backlog_len() > 0 {
                    continue;
                }
                return Poll::Ready(Ok(()));
            }
            if self.client.has_mail() {
                self.write_mail();
                continue;
            }
            if self.drain.is_draining() && !self.seat.has_requests() {
                self.desk.borrow_mut().flush();
                if self.seat.link.backlog_len() > 0 {
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
            let owes = self.seat.link.backlog_len() > 0
                || self.seat.has_requests()
                || self.end == End::Told;
            self.note_debt(if owes { Debt::Replies } else { Debt::None });
            return Poll::Pending;
        };
        if let Err(error) = ended {
            tracing::debug!(client = self.client.id, %error, "connection lost");
        }
        Poll::Ready(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.note_debt(Debt::None);
        self.seat.leave();
        let exchange = &mut *self.seat.exchange.borrow_mut();
        dispatch::close(&self.state, &mut exchange.session);
        self.state.stats.close_connection();
    }
}
