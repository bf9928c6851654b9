//! What one thread has read of its connections and not yet answered.
//!
//! ```text
//!            ┌────────────── turns ──────────────┐
//! input      │ of a │ of b │ of c │              │ room for another read
//! ahead      │ a's  │ b's  │ c's requests        │         decoded, their keys hashed
//!            └───────────────────────────────────┘
//! run:       run a │ run b │ run c ─▶ outbox               what c needs is loaded while a runs
//! ```
//!
//! A connection that was ready reads, decodes, and leaves its turn here. When every connection that was ready
//! has done so, the turns run one after the other. A request waits for memory twice, for a bucket and for an
//! entry: of many turns all of it is asked for before it is needed, and between is the work of other turns.
//!
//! Turns run in the order in which they were read, and one connection has one turn here at the most. A turn that
//! panics ends its own connection and no other.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Buf, BytesMut};
use store::Millis;

use crate::ahead::{Decode, Touched};
use crate::commands::Life;
use crate::dispatch::Batch;
use crate::exchange::{Ahead, Exchange, Stop};
use crate::outbox::{Link, Outbox};
use crate::state::{Access, Limit, State};

/// Bytes of one read.
pub(crate) const READ: usize = 64 << 10;
/// Bytes of all reads that wait to run.
const INPUT: usize = 4 * READ;
/// Turns that wait to run.
const TURNS_MAX: usize = 64;
/// Requests with which turns no longer wait: so many keep memory busy, and more would drive one another out of the
/// processor's nearest cache before they run.
const REQUESTS_MAX: usize = 64;

/// The time, as the store counts it; a clock set before 1970 reads as 1970.
pub(crate) fn read_clock() -> Millis {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Millis(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// A connection, as far as it takes part in a turn.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) link: Rc<Link>,
    pub(crate) exchange: RefCell<Exchange>,
    /// Input that is not decoded yet.
    carry: RefCell<BytesMut>,
    /// Bytes that the frame at the start of `carry` has at the least; `None` if it may be complete.
    frame_need: Cell<Option<usize>>,
    /// Whether a turn of it has yet to run.
    waits: Cell<bool>,
}

impl Seat {
    pub(crate) fn new(link: Rc<Link>, exchange: Exchange) -> Rc<Self> {
        Rc::new(Self {
            link,
            exchange: RefCell::new(exchange),
            carry: RefCell::default(),
            frame_need: Cell::new(None),
            waits: Cell::new(false),
        })
    }

    /// Whether a turn of it has yet to run.
    pub(crate) fn waits(&self) -> bool {
        self.waits.get()
    }

    /// Lets no turn of it run any more.
    pub(crate) fn leave(&self) {
        self.waits.set(false);
    }

    /// Whether it closes once its replies are written.
    pub(crate) fn is_closing(&self) -> bool {
        self.exchange.borrow().session.life == Life::Closing
    }

    /// Lets it close once its replies are written.
    pub(crate) fn close(&self) {
        self.exchange.borrow_mut().session.life = Life::Closing;
    }

    /// Input that has yet to run, or of which more must come.
    pub(crate) fn carry_len(&self) -> usize {
        self.carry.borrow().len()
    }

    /// Bytes that the open frame has at the least.
    pub(crate) fn frame_need(&self) -> Option<usize> {
        self.frame_need.get()
    }

    /// What comes behind the input that has yet to run.
    pub(crate) fn carry(&self) -> std::cell::RefMut<'_, BytesMut> {
        self.carry.borrow_mut()
    }

    /// Whether requests were read that had no room for their replies.
    pub(crate) fn has_requests(&self) -> bool {
        self.frame_need.get().is_none() && self.carry_len() > 0
    }

    /// Notes how a run ended.
    fn note(
        &self,
        exchange: &mut Exchange,
        (now, used): (Millis, usize),
        stop: Stop,
        state: &State,
    ) {
        if used > 0 {
            self.link.note_active(now);
        }
        let most = state.settings.limits.bytes(Limit::QueryBuffer);
        if exchange.session.queued_bytes() > most {
            exchange.session.life = Life::Closing;
        }
        self.frame_need.set(match stop {
            Stop::Partial(need) => Some(need),
            Stop::Cut => None,
        });
    }
}

/// A read that has yet to run.
#[derive(Debug)]
struct Turn {
    of: Rc<Seat>,
    input: Range<usize>,
    first: Decode,
}

/// What the connections of one thread use in their turns.
#[derive(Debug)]
pub(crate) struct Desk {
    state: Arc<State>,
    input: Box<[u8]>,
    /// Bytes of `input` that the turns have.
    filled: usize,
    turns: Vec<Turn>,
    /// The first requests of each turn.
    ahead: Ahead,
    /// Those of the turn that runs, behind its first.
    rest: Ahead,
    pub(crate) outbox: Outbox,
}

impl Desk {
    /// A desk for one thread.
    pub(crate) fn new(state: &Arc<State>) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            state: Arc::clone(state),
            input: vec![0; INPUT].into_boxed_slice(),
            filled: 0,
            turns: Vec::new(),
            ahead: Ahead::default(),
            rest: Ahead::default(),
            outbox: Outbox::new(Arc::clone(state)),
        }))
    }

    /// Room for one read; turns that take it up run first.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.input.len() - self.filled < READ || self.turns.len() >= TURNS_MAX {
            self.run();
        }
        let room = self.input.get_mut(self.filled..self.filled + READ);
        room.unwrap_or_default()
    }

    /// Takes a turn of `seat`, which has no other: the `len` bytes that were read into the room.
    pub(crate) fn take(&mut self, seat: &Rc<Seat>, len: usize) {
        let start = self.filled;
        self.filled += len;
        self.note_input(len);
        let input = self.input.get(..self.filled).unwrap_or_default();
        let mut exchange = seat.exchange.borrow_mut();
        let first = exchange.decode(&self.state, input, start, &mut self.ahead);
        seat.waits.set(true);
        if self.turns.is_empty() {
            self.outbox.wake();
        }
        self.turns.push(Turn {
            of: Rc::clone(seat),
            input: start..self.filled,
            first,
        });
        drop(exchange);
        if self.ahead.len() >= REQUESTS_MAX {
            self.run();
        }
    }

    /// Counts bytes that were read.
    pub(crate) fn note_input(&self, bytes: usize) {
        self.state.stats.add_input(bytes);
        self.state.memory.note_input(bytes);
    }

    /// Runs every turn that was taken, and writes all replies.
    pub(crate) fn flush(&mut self) {
        self.run();
        self.outbox.flush();
    }

    /// Runs every turn that was taken.
    pub(crate) fn run(&mut self) {
        if self.turns.is_empty() {
            return;
        }
        let state = Arc::clone(&self.state);
        let mut shards = Access::each(&state.keyspace);
        let mut turns = std::mem::take(&mut self.turns);
        let mut touched = Touched::default();
        for turn in turns.drain(..) {
            if !turn.of.waits.replace(false) {
                continue;
            }
            let of = Rc::clone(&turn.of);
            let run = || self.run_turn(turn, &mut shards, &mut touched, &state);
            if catch_unwind(AssertUnwindSafe(run)).is_err() {
                shards.release();
                self.give_up(&of);
            }
        }
        self.turns = turns;
        self.ahead.clear();
        self.filled = 0;
    }

    /// Closes a connection whose request met a defect: whatever was interrupted, the others go on. Its
    /// replies that are not sealed are no one's.
    #[cold]
    fn give_up(&mut self, seat: &Seat) {
        let client = seat.link.client().id;
        tracing::error!(client, "closed: its request met a defect of the server");
        self.outbox.discard();
        seat.link.fail(ErrorKind::Other);
    }

    fn run_turn<'s>(
        &mut self,
        turn: Turn,
        shards: &mut Access<'s>,
        touched: &mut Touched,
        state: &'s State,
    ) {
        let Turn { of, input, first } = turn;
        if of.link.client().is_killed() {
            return;
        }
        let exchange = &mut *of.exchange.borrow_mut();
        let now = read_clock();
        let all = self.input.get(..input.end).unwrap_or_default();
        let (end, stop) = exchange.answer(
            Batch::new(state, now, shards),
            all,
            (&self.ahead, first, touched),
            &mut self.rest,
            &mut self.outbox.replies,
        );
        of.note(exchange, (now, end - input.start), stop, state);
        let left = all.get(end..).unwrap_or_default();
        if left.is_empty() {
            exchange.rest();
        } else {
            of.carry.borrow_mut().extend_from_slice(left);
        }
        self.outbox.seal(&of.link);
        let is_closing = exchange.session.life == Life::Closing;
        if is_closing || of.has_requests() {
            of.link.wake();
        }
    }

    /// Runs what `seat` carries.
    pub(crate) fn run_carry(&mut self, seat: &Rc<Seat>) {
        self.run();
        if catch_unwind(AssertUnwindSafe(|| self.run_carried(seat))).is_err() {
            self.give_up(seat);
        }
    }

    fn run_carried(&mut self, seat: &Rc<Seat>) {
        let exchange = &mut *seat.exchange.borrow_mut();
        let mut carry = seat.carry.take();
        let now = read_clock();
        let replies = &mut self.outbox.replies;
        let (used, stop) = exchange.run(&self.state, now, &carry, &mut self.rest, replies);
        seat.note(exchange, (now, used), stop, &self.state);
        if used < carry.len() {
            carry.advance(used);
            seat.carry.replace(carry);
        } else {
            exchange.rest();
        }
        self.outbox.seal(&seat.link);
    }
}
