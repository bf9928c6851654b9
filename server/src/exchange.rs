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
use crate::ahead::Next;
use crate::commands::{Life, Session};
use crate::dispatch::Batch;
use crate::protocol::{Args, Decoder, Replies};
use crate::state::{Client, Limit, State};

/// How a run over some input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The last frame needs at least so many bytes from its first.
    Partial(usize),
    /// The replies have reached their bound, or the session closes.
    Cut,
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
        let limits = &state.settings.limits;
        let replies_max = replies.len() + limits.bytes(Limit::Pipeline);
        self.decoder.set_bounds(limits.bounds());
        replies.set_protocol(self.session.protocol);
        let mut batch = Batch::new(state, now);
        let mut used = 0;
        let stop = loop {
            let find = |args: Args<'_>| batch.find(args);
            let decoded = ahead.decode(&mut self.decoder, input, used, find);
            if ahead.are_several() {
                batch.touch(ahead.hashes());
            }
            let mut is_cut = false;
            for request in ahead.requests(input) {
                batch.run_found(&mut self.session, request.found, request.args, replies);
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
        batch.finish(&self.session);
        (used, stop)
    }

    /// Gives back the room that unusual frames took; to be called when the input is drained.
    pub fn rest(&mut self) {
        self.decoder.rest();
    }
}
