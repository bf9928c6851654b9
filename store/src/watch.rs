//! Versions of the keys that somebody watches.
//!
//! A side table, asked only when it is not empty: a key that nobody watches pays nothing. Versions
//! are drawn from one counter a shard, so a key that is watched again never meets an old version.

use std::collections::HashMap;

/// The state of a watched key: equal versions mean that nothing wrote to the key between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchVersion(u64);

#[derive(Debug)]
struct Watched {
    watchers: usize,
    version: WatchVersion,
}

/// The watched keys of one shard.
#[derive(Debug, Default)]
pub(crate) struct WatchTable {
    keys: HashMap<Box<[u8]>, Watched>,
    versions_drawn: u64,
}

impl WatchTable {
    /// Counts one more watcher of `key`.
    pub(crate) fn watch(&mut self, key: &[u8]) -> WatchVersion {
        if let Some(watched) = self.keys.get_mut(key) {
            watched.watchers += 1;
            return watched.version;
        }
        let version = self.draw();
        self.keys.insert(
            key.into(),
            Watched {
                watchers: 1,
                version,
            },
        );
        version
    }

    /// Counts one watcher of `key` less; the last one takes the key out of the table.
    pub(crate) fn unwatch(&mut self, key: &[u8]) {
        if let Some(watched) = self.keys.get_mut(key) {
            watched.watchers -= 1;
            if watched.watchers == 0 {
                self.keys.remove(key);
            }
        }
    }

    /// The version of a watched key.
    pub(crate) fn version(&self, key: &[u8]) -> Option<WatchVersion> {
        self.keys.get(key).map(|watched| watched.version)
    }

    /// Notes a write to `key`.
    pub(crate) fn touch(&mut self, key: &[u8]) {
        if self.keys.is_empty() {
            return;
        }
        let version = self.draw();
        if let Some(watched) = self.keys.get_mut(key) {
            watched.version = version;
        }
    }

    /// Notes a write to every watched key that `exists` names.
    pub(crate) fn touch_where(&mut self, exists: impl Fn(&[u8]) -> bool) {
        let version = self.draw();
        for (key, watched) in &mut self.keys {
            if exists(key) {
                watched.version = version;
            }
        }
    }

    fn draw(&mut self) -> WatchVersion {
        self.versions_drawn += 1;
        WatchVersion(self.versions_drawn)
    }
}
