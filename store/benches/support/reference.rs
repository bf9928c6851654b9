//! The reference: a hash table whose entries are boxes, one allocation a key.
//!
//! ```text
//! hashbrown::HashTable ─► 8 + 8 bytes a place, 1 control byte ─► │ flags 1 │ key_len 4 │ expiry 8 if any │ key │ value │
//! ```
//!
//! It does for strings what the store does, and no more: a key is hashed once, one lock is taken, an
//! expired key is removed where it is met, an integer is kept as eight bytes, a value of the same length
//! is written over the old one. It has no frequencies, no versions and no counters, which are what it has ahead.

use std::hash::{BuildHasher, Hasher};
use std::sync::Mutex;

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

const EXPIRES: u8 = 1;
const INT: u8 = 2;

/// A keyspace of strings in one table.
#[derive(Debug)]
pub(crate) struct Reference {
    hasher: FixedState,
    table: Mutex<HashTable<Box<[u8]>>>,
}

/// Where the parts of an entry are.
struct Layout<'a> {
    flags: u8,
    expiry: Option<u64>,
    key: &'a [u8],
    value: &'a [u8],
}

fn parse(entry: &[u8]) -> Layout<'_> {
    let (head, rest) = entry.split_at(5);
    let key_len = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let (expiry, rest) = if head[0] & EXPIRES == 0 {
        (None, rest)
    } else {
        let (expiry, rest) = rest.split_at(8);
        (expiry.first_chunk().map(|e| u64::from_le_bytes(*e)), rest)
    };
    let (key, value) = rest.split_at(key_len);
    Layout {
        flags: head[0],
        expiry,
        key,
        value,
    }
}

fn integer(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok().filter(|t| t.len() <= 20)?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

impl Reference {
    /// An empty keyspace.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            hasher: FixedState::with_seed(seed),
            table: Mutex::new(HashTable::new()),
        }
    }

    fn hash(&self, key: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        hasher.finish()
    }

    /// Sets a key, and says whether it was there.
    pub(crate) fn set(&self, key: &[u8], value: &[u8], expiry: Option<u64>) -> bool {
        let hash = self.hash(key);
        let digits = value
            .first()
            .is_some_and(|b| b.is_ascii_digit() || *b == b'-');
        let number = if digits { integer(value) } else { None };
        let number = number.map(i64::to_le_bytes);
        let (flag, value) = match &number {
            Some(bytes) => (INT, &bytes[..]),
            None => (0, value),
        };
        let flags = flag | if expiry.is_some() { EXPIRES } else { 0 };
        let mut table = self.table.lock().unwrap();
        let hash_of = |entry: &Box<[u8]>| self.hash(parse(entry).key);
        let entry = table.entry(hash, |entry| parse(entry).key == key, hash_of);
        match entry {
            Entry::Occupied(mut entry) => {
                let place = entry.get_mut();
                let old = parse(place);
                if old.flags & EXPIRES == flags & EXPIRES && old.value.len() == value.len() {
                    let start = place.len() - value.len();
                    place[0] = flags;
                    if let Some(expiry) = expiry {
                        place[5..13].copy_from_slice(&expiry.to_le_bytes());
                    }
                    place[start..].copy_from_slice(value);
                } else {
                    *place = boxed(flags, expiry, key, value);
                }
                true
            }
            Entry::Vacant(entry) => {
                entry.insert(boxed(flags, expiry, key, value));
                false
            }
        }
    }

    /// Hands the bytes of a string to `read`; whether the key is there.
    pub(crate) fn get(&self, key: &[u8], now: u64, read: impl FnOnce(&[u8])) -> bool {
        let hash = self.hash(key);
        let mut table = self.table.lock().unwrap();
        let Ok(found) = table.find_entry(hash, |entry| parse(entry).key == key) else {
            return false;
        };
        let layout = parse(found.get());
        if layout.expiry.is_some_and(|expiry| expiry < now) {
            found.remove();
            return false;
        }
        read(layout.value);
        true
    }

    /// Removes a key; whether it was there.
    pub(crate) fn remove(&self, key: &[u8]) -> bool {
        let hash = self.hash(key);
        let mut table = self.table.lock().unwrap();
        let found = table.find_entry(hash, |entry| parse(entry).key == key);
        found
            .map(hashbrown::hash_table::OccupiedEntry::remove)
            .is_ok()
    }
}

fn boxed(flags: u8, expiry: Option<u64>, key: &[u8], value: &[u8]) -> Box<[u8]> {
    let expiry_len = if expiry.is_some() { 8 } else { 0 };
    let mut entry = Vec::with_capacity(5 + expiry_len + key.len() + value.len());
    entry.push(flags);
    entry.extend_from_slice(&u32::try_from(key.len()).unwrap().to_le_bytes());
    if let Some(expiry) = expiry {
        entry.extend_from_slice(&expiry.to_le_bytes());
    }
    entry.extend_from_slice(key);
    entry.extend_from_slice(value);
    entry.into_boxed_slice()
}
