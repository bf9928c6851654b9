//! Ending well: what was read is answered, and what was answered arrives.
//!
//! ```text
//! shutdown ─▶ draining: nothing more is read; connections that owe nothing are closed
//!                │
//!                ├─ a connection that owes replies: sends them, says that it is done, and
//!                │  waits for the client to close, which then has everything
//!                └─ no connection is left that owes, or the time is out ─▶ the end
//! ```
//!
//! A socket that is closed with input in it is reset, and what waits to be sent is lost; that is why a
//! connection that owed something reads, and forgets, until the client closes.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::timeout;

/// The connections of one thread that owe replies.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    is_draining: Cell<bool>,
    owing: Cell<usize>,
    settled: Notify,
}

/// Whether a connection owes replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Debt {
    #[default]
    None,
    Replies,
}

impl Drain {
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Whether the server ends.
    #[inline]
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.get()
    }

    /// Notes that what a connection owes is not what it was.
    pub(crate) fn change(&self, debt: Debt) {
        let owing = self.owing.get();
        match debt {
            Debt::Replies => self.owing.set(owing + 1),
            Debt::None => {
                self.owing.set(owing - 1);
                if owing == 1 {
                    self.settled.notify_one();
                }
            }
        }
    }

    /// Lets connections end, and waits until none owes anything, `at_most` so long.
    pub(crate) async fn finish(&self, at_most: Duration) {
        self.is_draining.set(true);
        // Connections whose replies were not taken have been woken, and note what they owe.
        yield_now().await;
        yield_now().await;
        let settle = async {
            while self.owing.get() > 0 {
                self.settled.notified().await;
            }
        };
        if timeout(at_most, settle).await.is_err() {
            let clients = self.owing.get();
            tracing::warn!(clients, "closed before they had read their replies");
        }
    }
}
