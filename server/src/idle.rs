//! Connections that have asked nothing for longer than `timeout` are closed, but for those that listen
//! to channels: to wait is all that they do. Nor is idle who still takes a reply that its socket did not take at once.
//!
//! Each thread looks at its own once a second. A request that comes in pieces does not count until it
//! is whole, so that a client which sends a byte now and then is idle, too.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::desk::read_clock;
use crate::outbox::Link;
use crate::state::{Limit, State};

const TICK: Duration = Duration::from_secs(1);

/// The connections of one thread.
#[derive(Debug, Default)]
pub(crate) struct Idle(RefCell<Vec<Weak<Link>>>);

impl Idle {
    pub(crate) fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Looks after a connection until that is gone.
    pub(crate) fn add(&self, link: &Rc<Link>) {
        self.0.borrow_mut().push(Rc::downgrade(link));
    }

    /// Closes idle connections for as long as the thread runs.
    pub(crate) async fn run(self: Rc<Self>, state: Arc<State>) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.sweep(state.settings.limits.get(Limit::IdleSeconds));
        }
    }

    fn sweep(&self, idle_max_s: u64) {
        let now = read_clock();
        let mut links = self.0.borrow_mut();
        links.retain(|link| {
            let Some(link) = link.upgrade() else {
                return false;
            };
            let idle_ms = now.0.saturating_sub(link.last_active().0);
            if idle_max_s > 0 && idle_ms / 1000 >= idle_max_s && !link.client().listens() {
                link.fail(ErrorKind::TimedOut);
            }
            true
        });
        if links.len() < links.capacity() / 4 {
            links.shrink_to_fit();
        }
    }
}
