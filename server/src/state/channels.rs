//! Who listens to which channel.
//!
//! Publishing takes the lock for reading, so that publishers do not wait for one another; where nobody
//! listens at all it takes none. Locks are taken in this order, and never the other way round: shards,
//! channels, mailboxes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::Client;
use crate::protocol::glob_matches;

type Listeners = BTreeMap<u64, Arc<Client>>;

/// What is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// A channel by its name.
    Channel,
    /// All channels that a pattern matches.
    Pattern,
}

/// Every channel and pattern that somebody listens to.
#[derive(Debug, Default)]
pub struct Channels {
    listened: RwLock<Listened>,
    subscriptions: AtomicUsize,
}

#[derive(Debug, Default)]
struct Listened {
    channels: BTreeMap<Box<[u8]>, Listeners>,
    patterns: BTreeMap<Box<[u8]>, Listeners>,
}

impl Listened {
    fn of(&mut self, topic: Topic) -> &mut BTreeMap<Box<[u8]>, Listeners> {
        match topic {
            Topic::Channel => &mut self.channels,
            Topic::Pattern => &mut self.patterns,
        }
    }
}

impl Channels {
    fn read(&self) -> RwLockReadGuard<'_, Listened> {
        self.listened.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Listened> {
        self.listened
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a client listen.
    pub fn subscribe(&self, topic: Topic, name: &[u8], client: &Arc<Client>) {
        let mut listened = self.write();
        let listeners = listened.of(topic).entry(name.into()).or_default();
        if listeners.insert(client.id, Arc::clone(client)).is_none() {
            self.subscriptions.fetch_add(1, Relaxed);
        }
    }

    /// Lets a client listen no longer.
    pub fn unsubscribe(&self, topic: Topic, name: &[u8], client: &Client) {
        let mut listened = self.write();
        let topics = listened.of(topic);
        let Some(listeners) = topics.get_mut(name) else {
            return;
        };
        if listeners.remove(&client.id).is_some() {
            self.subscriptions.fetch_sub(1, Relaxed);
        }
        if listeners.is_empty() {
            topics.remove(name);
        }
    }

    /// Does something while nobody publishes.
    pub fn hold(&self, act: impl FnOnce()) {
        let held = (self.subscriptions.load(Relaxed) > 0).then(|| self.write());
        act();
        drop(held);
    }

    /// Hands everyone who listens to `channel` to `act`, with the pattern by which they do, if it is one;
    /// how often that was.
    pub fn reach(&self, channel: &[u8], mut act: impl FnMut(Option<&[u8]>, &Client)) -> usize {
        if self.subscriptions.load(Relaxed) == 0 {
            return 0;
        }
        let listened = self.read();
        let mut reached = 0;
        for client in listened.channels.get(channel).into_iter().flatten() {
            act(None, client.1);
            reached += 1;
        }
        for (pattern, listeners) in &listened.patterns {
            if glob_matches(pattern, channel) {
                for client in listeners.values() {
                    act(Some(pattern), client);
                }
                reached += listeners.len();
            }
        }
        reached
    }

    /// The channels that somebody listens to and `pattern` matches.
    pub fn names(&self, pattern: Option<&[u8]>) -> Vec<Box<[u8]>> {
        let listened = self.read();
        let names = listened.channels.keys();
        let is_wanted = |name: &[u8]| pattern.is_none_or(|pattern| glob_matches(pattern, name));
        names.filter(|name| is_wanted(name)).cloned().collect()
    }

    /// How many listen to a channel by its name.
    pub fn listeners(&self, channel: &[u8]) -> usize {
        self.read().channels.get(channel).map_or(0, BTreeMap::len)
    }

    /// How many channels somebody listens to by their names.
    pub fn channels(&self) -> usize {
        self.read().channels.len()
    }

    /// How many patterns somebody listens to.
    pub fn patterns(&self) -> usize {
        self.read().patterns.len()
    }
}
