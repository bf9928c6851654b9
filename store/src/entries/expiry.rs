//! Entries whose time is over, and what sets it.

use super::{Entries, Step, parse};
use crate::arena::{Handle, OutOfMemory};
use crate::entry::{self, Draft, Fit};
use crate::hash::{Key, KeyHash};
use crate::time::Millis;

/// Elements of outgrown collections after which a step removes nothing more; those of larger ones are not
/// freed with their keys.
const ELEMENTS_MAX: usize = 4096;

impl Entries {
    /// Removes `key` if its time is over; whether that was so. To ask is no use of it.
    pub(crate) fn expire(&mut self, key: Key<'_>, now: Millis) -> bool {
        if let Some(handle) = self.hinted(key)
            && !entry::has_expiry(self.arena.get(handle))
        {
            return false;
        }
        let Some((place, handle)) = self.find(key) else {
            return false;
        };
        let is_over =
            entry::has_expiry(self.arena.get(handle)) && self.entry(handle).is_expired(now);
        if is_over {
            self.remove_at(place, handle, key.hash());
        }
        is_over
    }

    /// Lets `key` expire at another time, or not at all; `None` where there is no key.
    pub(crate) fn set_expiry(
        &mut self,
        key: Key<'_>,
        expiry: Option<Millis>,
    ) -> Result<Option<()>, OutOfMemory> {
        let Some((place, handle)) = self.find(key) else {
            return Ok(None);
        };
        let blob = self.arena.get(handle);
        let fit = entry::expiry_fit(blob, expiry);
        if fit == Fit::Exact {
            entry::write_expiry(self.arena.get_mut(handle), expiry);
        } else {
            let copy = blob.to_vec();
            let draft = Draft {
                expiry,
                ..Draft::from(parse(&copy))
            };
            match draft.with_parts(|parts| self.arena.rewrite(handle, parts)) {
                Ok(moved) => self.note_moved(place, handle, moved),
                // A key that stays must not be lost because the shorter entry has no place.
                Err(OutOfMemory) if fit == Fit::Loose => {
                    entry::write_expiry(self.arena.get_mut(handle), expiry);
                }
                Err(error) => return Err(error),
            }
        }
        self.index.set_expiry(place, expiry);
        self.defragment();
        Ok(Some(()))
    }

    /// Removes what expired in the table of `from`; `expired` is told each key before it goes. Elements that
    /// are freed count as entries that were looked at, and where they are many, the table is gone on with.
    pub(crate) fn remove_expired(
        &mut self,
        from: KeyHash,
        now: Millis,
        mut expired: impl FnMut(&[u8]),
    ) -> Step {
        let from_position = self.position(from);
        let mut handles = Vec::new();
        let end = self
            .index
            .expiring_entries(from_position, now, &mut handles);
        let met = handles.len();
        let (mut elements, mut is_cut) = (0, false);
        if met > 0 {
            let mut earliest = Millis(u64::MAX);
            let mut going = 0;
            for at in 0..met {
                let Some(&handle) = handles.get(at) else {
                    break;
                };
                let blob = self.arena.get(handle);
                let entry = parse(blob);
                let is_expired = entry.is_expired(now);
                if is_expired && elements < ELEMENTS_MAX {
                    if let Some(number) = entry::collection(blob) {
                        elements += self.collections.freed_with(number);
                    }
                    if let Some(place) = handles.get_mut(going) {
                        *place = handle;
                    }
                    going += 1;
                } else {
                    is_cut |= is_expired;
                    earliest = entry.expiry.map_or(earliest, |expiry| expiry.min(earliest));
                }
            }
            handles.truncate(going);
            // Before any goes: then the table may become one with another.
            self.index.set_earliest(from_position, earliest);
        }
        self.remove_all(&handles, &mut expired);
        let next = if is_cut {
            // The same table again. As a cursor 0 would be the end; 1 is of the same table.
            Some(KeyHash(from.0.max(1)))
        } else {
            end.map(|end| self.hash_from(from, end))
        };
        Step {
            met: met + elements,
            next,
        }
    }

    /// Removes entries that are there. Defragmentation waits until all are gone: it moves others.
    fn remove_all(&mut self, handles: &[Handle], removed: &mut impl FnMut(&[u8])) {
        for handle in handles {
            let key = self.entry(*handle).key;
            removed(key);
            let hash = self.hash_key.hash(key);
            let position = self.position(hash);
            if let Some((place, _)) = self.index.find(position, *handle) {
                self.remove_quietly(place, *handle, hash);
            }
        }
        for _ in handles {
            self.defragment();
        }
    }
}
