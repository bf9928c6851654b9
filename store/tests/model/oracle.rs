//! The keyspace without cleverness: one ordered map, where keys expire the moment their time is over.

use std::collections::{BTreeMap, HashMap};

use store::{Encoding, ExpiryChange, ExpirySet, FieldWrite, Kind, Millis};

pub(crate) type Bytes = Vec<u8>;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// The text, and where it came from.
    String(Bytes, Tail),
    Hash(BTreeMap<Bytes, Bytes>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Tail {
    Original,
    /// Stays text, even where it reads as a number.
    Text,
    Appended,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Refused {
    WrongType,
    NotAnInteger,
    Overflow,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) value: Value,
    pub(crate) expiry: Option<Millis>,
    /// A hash that has been large stays indexed.
    indexed: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) entries: BTreeMap<Bytes, Entry>,
    /// Writes so far, by key: what a watch version stands for.
    pub(crate) writes: HashMap<Bytes, u64>,
}

impl Oracle {
    pub(crate) fn advance(&mut self, now: Millis) {
        let expired = |entry: &Entry| entry.expiry.is_some_and(|expiry| expiry < now);
        let gone: Vec<Bytes> = self
            .entries
            .iter()
            .filter(|(_, entry)| expired(entry))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.remove(&key);
        }
    }

    fn wrote(&mut self, key: &[u8]) {
        *self.writes.entry(key.to_vec()).or_default() += 1;
    }

    pub(crate) fn remove(&mut self, key: &[u8]) -> bool {
        let there = self.entries.remove(key).is_some();
        if there {
            self.wrote(key);
        }
        there
    }

    pub(crate) fn clear(&mut self) {
        let keys: Vec<Bytes> = self.entries.keys().cloned().collect();
        for key in keys {
            self.remove(&key);
        }
    }

    fn put_string(&mut self, key: &[u8], text: Bytes, tail: Tail, expiry: Option<Millis>) {
        let value = Value::String(text, tail);
        self.entries.insert(
            key.to_vec(),
            Entry {
                value,
                expiry,
                indexed: false,
            },
        );
        self.wrote(key);
    }

    pub(crate) fn string(&self, key: &[u8]) -> Result<Option<&Bytes>, Refused> {
        match self.entries.get(key).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Value::String(text, _)) => Ok(Some(text)),
            Some(Value::Hash(_)) => Err(Refused::WrongType),
        }
    }

    fn expiry_of(&self, key: &[u8]) -> Option<Millis> {
        self.entries.get(key).and_then(|entry| entry.expiry)
    }

    pub(crate) fn set(&mut self, key: &[u8], text: &[u8], change: ExpiryChange) {
        let expiry = match change {
            ExpiryChange::Clear => None,
            ExpiryChange::Keep => self.expiry_of(key),
            ExpiryChange::At(at) => Some(at),
        };
        self.put_string(key, text.to_vec(), Tail::Original, expiry);
    }

    pub(crate) fn append(&mut self, key: &[u8], tail: &[u8]) -> Result<usize, Refused> {
        let (text, state) = match self.string(key)? {
            None => (tail.to_vec(), Tail::Original),
            Some(head) => ([head, tail].concat(), Tail::Appended),
        };
        let len = text.len();
        self.put_string(key, text, state, self.expiry_of(key));
        Ok(len)
    }

    pub(crate) fn set_text(&mut self, key: &[u8], text: &[u8]) {
        let expiry = self.expiry_of(key);
        self.put_string(key, text.to_vec(), Tail::Text, expiry);
    }

    pub(crate) fn write_at(
        &mut self,
        key: &[u8],
        offset: usize,
        bytes: &[u8],
    ) -> Result<usize, Refused> {
        let mut text = self.string(key)?.cloned().unwrap_or_default();
        if bytes.is_empty() {
            return Ok(text.len());
        }
        let end = offset + bytes.len();
        text.resize(text.len().max(end), 0);
        text.splice(offset..end, bytes.iter().copied());
        let len = text.len();
        self.put_string(key, text, Tail::Appended, self.expiry_of(key));
        Ok(len)
    }

    pub(crate) fn make_raw(&mut self, key: &[u8]) -> Result<(), Refused> {
        self.string(key)?;
        if let Some(Value::String(_, tail)) =
            self.entries.get_mut(key).map(|entry| &mut entry.value)
        {
            *tail = Tail::Appended;
        }
        Ok(())
    }

    pub(crate) fn increment(&mut self, key: &[u8], by: i64) -> Result<i64, Refused> {
        let number = match self.string(key)? {
            None => 0,
            Some(text) => canonical(text).ok_or(Refused::NotAnInteger)?,
        };
        let sum = number.checked_add(by).ok_or(Refused::Overflow)?;
        let text = sum.to_string().into_bytes();
        self.put_string(key, text, Tail::Original, self.expiry_of(key));
        Ok(sum)
    }

    pub(crate) fn set_expiry(&mut self, key: &[u8], at: Millis, now: Millis) -> ExpirySet {
        match self.entries.get_mut(key) {
            None => ExpirySet::NoKey,
            Some(_) if at <= now => {
                self.remove(key);
                ExpirySet::Removed
            }
            Some(entry) => {
                entry.expiry = Some(at);
                self.wrote(key);
                ExpirySet::Set
            }
        }
    }

    pub(crate) fn persist(&mut self, key: &[u8]) -> bool {
        let there = self
            .entries
            .get_mut(key)
            .and_then(|entry| entry.expiry.take());
        if there.is_some() {
            self.wrote(key);
        }
        there.is_some()
    }

    pub(crate) fn hash(&self, key: &[u8]) -> Result<Option<&BTreeMap<Bytes, Bytes>>, Refused> {
        match self.entries.get(key).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Value::Hash(fields)) => Ok(Some(fields)),
            Some(Value::String(..)) => Err(Refused::WrongType),
        }
    }

    pub(crate) fn hash_set(
        &mut self,
        key: &[u8],
        f: &[u8],
        v: &[u8],
    ) -> Result<FieldWrite, Refused> {
        self.hash(key)?;
        let fresh = || Entry {
            value: Value::Hash(BTreeMap::new()),
            expiry: None,
            indexed: false,
        };
        let entry = self.entries.entry(key.to_vec()).or_insert_with(fresh);
        let Value::Hash(fields) = &mut entry.value else {
            return Err(Refused::WrongType);
        };
        let write = match fields.insert(f.to_vec(), v.to_vec()) {
            None => FieldWrite::Added,
            Some(_) => FieldWrite::Replaced,
        };
        entry.indexed |= f.len() > 64 || v.len() > 64 || fields.len() > 512;
        self.wrote(key);
        Ok(write)
    }

    pub(crate) fn hash_remove(&mut self, key: &[u8], field: &[u8]) -> Result<bool, Refused> {
        self.hash(key)?;
        let Some(Value::Hash(fields)) = self.entries.get_mut(key).map(|entry| &mut entry.value)
        else {
            return Ok(false);
        };
        if fields.remove(field).is_none() {
            return Ok(false);
        }
        if fields.is_empty() {
            self.remove(key);
        } else {
            self.wrote(key);
        }
        Ok(true)
    }

    pub(crate) fn kind(&self, key: &[u8]) -> Option<Kind> {
        self.entries.get(key).map(|entry| match entry.value {
            Value::String(..) => Kind::String,
            Value::Hash(_) => Kind::Hash,
        })
    }

    pub(crate) fn encoding(&self, key: &[u8]) -> Option<Encoding> {
        self.entries.get(key).map(|entry| match &entry.value {
            Value::String(_, Tail::Appended) => Encoding::Raw,
            Value::String(text, Tail::Original) if canonical(text).is_some() => Encoding::Int,
            Value::String(text, _) if text.len() <= 44 => Encoding::Embstr,
            Value::String(..) => Encoding::Raw,
            Value::Hash(_) if entry.indexed => Encoding::Hashtable,
            Value::Hash(_) => Encoding::Listpack,
        })
    }
}

/// The number that prints as exactly this text.
pub(crate) fn canonical(text: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (number.to_string().as_bytes() == text).then_some(number)
}
