//! One client's requests and replies, without the socket between: bytes in, replies out.
//!
//! ```text
//! input ─▶ decode some ahead ─▶ find their keys ─▶ run ─▶ … ─▶ replies
//!    └──────────────── bytes used ───────────────────┘   until the input holds no complete request,
//!                                                        the replies are many, or the session closes
//! ```
//!
//! A connection feeds it what its socket brings. So does `probe ops`, which counts what a request costs
//! from its first byte to its reply's last, and counts no copy of this loop.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use store::Millis;

pub use crate::ahead::Ahead;
use crate::ahead::{Decode, Next, Touched};
use crate::commands::{Life, Session};
use crate::dispatch::{self, Batch};
use crate::protocol::{Args, Decoder, Replies};
use crate::state::{Access, Client, Limit, State};

/// How a run over some input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The last frame needs at least so many bytes from its first.
    Partial(usize),
    /// The replies have reached their bound, or the session closes.
    Cut,
}

/// What a run over some input goes by.
struct Run<'r> {
    input: &'r [u8],
    replies: &'r mut Replies,
    /// Bytes of replies at which it ends.
    replies_max: usize,
}

impl<'r> Run<'r> {
    #[inline]
    fn new(
        exchange: &Exchange,
        batch: &Batch<'_, '_>,
        input: &'r [u8],
        replies: &'r mut Replies,
    ) -> Self {
        replies.set_protocol(exchange.session.protocol);
        let replies_max = replies.len() + batch.state().settings.limits.bytes(Limit::Pipeline);
        Self {
            input,
            replies,
            replies_max,
        }
    }
}

/// One client's side of the protocol.
#[derive(Debug)]
pub struct Exchange {
    /// What is remembered between requests.
    pub session: Session,
    decoder: Decoder,
}

impl Exchange {
    /// The exchange of connection `id`, which came from nowhere and need tell no password.
    #[must_use]
    pub fn new(id: u64) -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let client = Client::new(id, nowhere, nowhere, Millis(0));
        Self::of(Arc::new(client), true)
    }

    /// The exchange of a connection, which must tell the password first if there is one and it is not
    /// authenticated.
    #[must_use]
    pub fn of(client: Arc<Client>, authenticated: bool) -> Self {
        Self {
            session: Session::new(client, authenticated),
            decoder: Decoder::default(),
        }
    }

    /// Runs every complete request of `input` that there is room to answer; yields the bytes used.
    pub fn run(
        &mut self,
        state: &State,
        now: Millis,
        input: &[u8],
        ahead: &mut Ahead,
        replies: &mut Replies,
    ) -> (usize, Stop) {
        let mut shards = Access::each(&state.keyspace);
        let mut batch = Batch::new(state, now, &mut shards);
        let mut run = Run::new(self, &batch, input, replies);
        let ended = self.run_on(&mut batch, &mut run, ahead, 0);
        batch.finish(&self.session);
        ended
    }

    /// Decodes some requests from `start` of `input` on, behind those that `ahead` has.
    #[inline]
    pub(crate) fn decode(
        &mut self,
        state: &State,
        input: &[u8],
        start: usize,
        ahead: &mut Ahead,
    ) -> Decode {
        self.decoder.set_bounds(state.settings.limits.bounds());
        if !self.session.authenticated && state.settings.password.is_set() {
            return ahead.decode_stranger(&mut self.decoder, input, start);
        }
        let find = |args: Args<'_>, known| dispatch::find(state, args, known);
        ahead.decode(&mut self.decoder, input, start, find)
    }

    /// Runs every complete request of `input` that there is room to answer, of which the `first` were decoded
    /// before; yields where the bytes end that were used. The others are decoded with `rest`.
    #[inline]
    pub(crate) fn answer(
        &mut self,
        mut batch: Batch<'_, '_>,
        input: &[u8],
        (ahead, first, touched): (&Ahead, Decode, &mut Touched),
        rest: &mut Ahead,
        replies: &mut Replies,
    ) -> (usize, Stop) {
        let mut run = Run::new(self, &batch, input, replies);
        let ended = self
            .run_decoded(&mut batch, &mut run, (ahead, first, touched))
            .unwrap_or_else(|used| self.run_on(&mut batch, &mut run, rest, used));
        batch.finish(&self.session);
        ended
    }

    /// Decodes and runs what comes from `used` on.
    #[inline(never)]
    fn run_on(
        &mut self,
        batch: &mut Batch<'_, '_>,
        run: &mut Run<'_>,
        ahead: &mut Ahead,
        mut used: usize,
    ) -> (usize, Stop) {
        loop {
            ahead.clear();
            let decode = self.decode(batch.state(), run.input, used, ahead);
            match self.run_decoded(batch, run, (ahead, decode, &mut Touched::default())) {
                Ok(ended) => return ended,
                Err(more) => used = more,
            }
        }
    }

    /// Runs what was decoded, and then the line behind it, if there is one: where the bytes used end, and why, or
    /// else in `Err` where more may be decoded.
    #[inline]
    fn run_decoded(
        &mut self,
        batch: &mut Batch<'_, '_>,
        run: &mut Run<'_>,
        (ahead, decode, touched): (&Ahead, Decode, &mut Touched),
    ) -> Result<(usize, Stop), usize> {
        let Run {
            input,
            replies,
            replies_max,
        } = run;
        for request in ahead.requests(decode.frames, input) {
            let hint = ahead.touch(request.keys, touched, batch.shards());
            let found = request.found.hinted(hint);
            batch.run_found(&mut self.session, found, request.args, replies);
            if self.session.life == Life::Closing || replies.len() >= *replies_max {
                self.decoder.rewind();
                return Ok((request.end, Stop::Cut));
            }
        }
        let used = decode.end;
        match decode.next {
            Ok(Next::More) => Err(used),
            Ok(Next::Line { len }) => {
                let rest = input.get(used..).unwrap_or_default();
                batch.run(&mut self.session, self.decoder.args(rest), replies);
                if self.session.life == Life::Closing || replies.len() >= *replies_max {
                    return Ok((used + len, Stop::Cut));
                }
                Err(used + len)
            }
            Ok(Next::Partial { need }) => Ok((used, Stop::Partial(need))),
            Err(error) => {
                replies.error(format!("ERR {error}").as_bytes());
                self.session.life = Life::Closing;
                Ok((used, Stop::Cut))
            }
        }
    }

    /// Gives back the room that unusual frames took; to be called when the input is drained.
    pub fn rest(&mut self) {
        self.decoder.rest();
    }
}
