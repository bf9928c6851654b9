//! An entry: everything about one key in one blob, without a pointer.
//!
//! ```text
//! │ flags 1 │ key_len 1 │ key_len 0, 2 or 4 │ expiry 0, 5 or 13 │ key … │ value … │     bytes
//!           0..=253 ────┘ absent            │ only if EXPIRES   │
//!           254 ───────── 2 bytes           │ see `expiry`      │
//!           255 ───────── 4 bytes           │                   │
//!
//! flags   7 6     │ 5 4       │    3    │ 2 1 0
//!         arena's │ frequency │ EXPIRES │ form: 0 int, 1 text, 2 appended, 3 hash, 4 list,
//!                                         5 set, 6 sorted set, 7 boxed
//! ```
//!
//! Numbers of several bytes are little-endian. The value's length is what remains: the blob knows its
//! own. What a value is:
//!
//! | form | value |
//! |---|---|
//! | int | a zigzag varint, which stands for its canonical decimal text |
//! | text | bytes |
//! | appended | bytes that were appended to, which Redis calls `raw` whatever their length |
//! | hash, list, set, sorted set | the elements of a packed collection: see `collection` |
//! | boxed | four bytes: the number of a collection that is kept apart |
//!
//! Example: key `k`, number 3, no expiry: `00 01 6B 06`.
//!
//! The arena asks that the six lower bits of the flags are never all set. They would be for a boxed
//! entry that expires with the highest frequency: the frequency of such entries ends at 2.

mod expiry;
#[cfg(test)]
mod tests;

use expiry::Field;
pub(crate) use expiry::NEAR_MAX;

use crate::arena::RESERVED;
use crate::time::Millis;

const FORM: u8 = 0b111;
const EXPIRES: u8 = 1 << 3;
const FREQUENCY_SHIFT: u32 = 4;
const FREQUENCY_MAX: u8 = 3;
/// The key's length is in the two bytes that follow.
const KEY_LEN_2: u8 = 254;
/// The key's length is in the four bytes that follow.
const KEY_LEN_4: u8 = 255;
/// Entries from this length on have room for any expiry, so that EXPIRE never moves them.
const ROOMY_LEN: usize = 16 << 10;

/// What the value's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Form {
    Int = 0,
    Text = 1,
    Appended = 2,
    Hash = 3,
    List = 4,
    Set = 5,
    Zset = 6,
    Boxed = 7,
}

/// An entry taken apart. The value is not decoded yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntryRef<'a> {
    pub(crate) form: Form,
    pub(crate) expiry: Option<Millis>,
    pub(crate) frequency: u8,
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
}

impl<'a> From<EntryRef<'a>> for Draft<'a> {
    fn from(entry: EntryRef<'a>) -> Self {
        Self {
            form: entry.form,
            expiry: entry.expiry,
            frequency: entry.frequency,
            key: entry.key,
            value: entry.value,
        }
    }
}

/// What is written to an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    pub(crate) form: Form,
    pub(crate) expiry: Option<Millis>,
    pub(crate) frequency: u8,
    pub(crate) key: &'a [u8],
    pub(crate) value: &'a [u8],
}

/// What comes before the key.
struct Head {
    bytes: [u8; 2 + 4 + Field::LEN_MAX],
    len: usize,
}

impl Head {
    fn push(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }

    /// Written where it stays: a copy of what was just written byte by byte waits for the bytes.
    fn write(&mut self, draft: &Draft<'_>) {
        let room = if draft.key.len() + draft.value.len() >= ROOMY_LEN {
            Some(Field::roomy(draft.expiry))
        } else {
            draft.expiry.map(Field::of)
        };
        let expires = if room.is_some() { EXPIRES } else { 0 };
        let frequency = draft.frequency.min(frequency_max(draft.form, expires));
        let flags = draft.form as u8 | expires | frequency << FREQUENCY_SHIFT;
        let long = draft.key.len().to_le_bytes();
        let [short, ..] = long;
        match draft.key.len() {
            0..=253 => self.push(&[flags, short]),
            254..=0xFFFF => {
                self.push(&[flags, KEY_LEN_2]);
                self.push(long.first_chunk::<2>().map_or(&[], |bytes| bytes));
            }
            // Keys end at 512 MiB, so that four bytes are the whole number.
            _ => {
                self.push(&[flags, KEY_LEN_4]);
                self.push(long.first_chunk::<4>().map_or(&[], |bytes| bytes));
            }
        }
        if let Some(field) = room {
            let (bytes, len) = field.to_bytes();
            self.push(bytes.get(..len).unwrap_or(&bytes));
        }
    }
}

impl Draft<'_> {
    /// Hands the entry's bytes to `write`, in parts.
    pub(crate) fn with_parts<R>(&self, write: impl FnOnce(&[&[u8]]) -> R) -> R {
        let mut head = Head {
            bytes: [0; _],
            len: 0,
        };
        head.write(self);
        let bytes = head.bytes.get(..head.len).unwrap_or(&head.bytes);
        write(&[bytes, self.key, self.value])
    }
}

/// Where the key is, and where the expiry.
struct Layout {
    flags: u8,
    field_start: usize,
    key_start: usize,
    key_len: usize,
}

impl Layout {
    #[inline]
    fn of(blob: &[u8]) -> Option<Self> {
        let &[flags, short_len, ..] = blob else {
            return None;
        };
        let (key_len, field_start) = if short_len < KEY_LEN_2 {
            (usize::from(short_len), 2)
        } else {
            long_key_len(blob, short_len)?
        };
        let key_start = if flags & EXPIRES == 0 {
            field_start
        } else {
            field_start + Field::len_at(blob, field_start)?
        };
        Some(Self {
            flags,
            field_start,
            key_start,
            key_len,
        })
    }
}

#[cold]
fn long_key_len(blob: &[u8], short_len: u8) -> Option<(usize, usize)> {
    let rest = blob.get(2..)?;
    if short_len == KEY_LEN_2 {
        let len = u16::from_le_bytes(*rest.first_chunk()?);
        return Some((usize::from(len), 4));
    }
    let len = u32::from_le_bytes(*rest.first_chunk()?);
    Some((usize::try_from(len).ok()?, 6))
}

/// The key of an entry; nothing where the bytes are none.
#[inline]
pub(crate) fn key_of(blob: &[u8]) -> &[u8] {
    let key = Layout::of(blob)
        .and_then(|layout| blob.get(layout.key_start..layout.key_start + layout.key_len));
    debug_assert!(key.is_some(), "an entry has a key");
    key.unwrap_or_default()
}

/// Whether an entry has this key.
///
/// Most keys are of 8 to 32 bytes. For those a call of `memcmp` takes longer than to compare their first and last bytes,
/// which overlap.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the way to every key")]
pub(crate) fn has_key(blob: &[u8], key: &[u8]) -> bool {
    let own = key_of(blob);
    if own.len() != key.len() {
        return false;
    }
    match key.len() {
        8..=16 => same_ends::<8>(own, key),
        17..=32 => same_ends::<16>(own, key),
        _ => own == key,
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "the way to every key")]
fn same_ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    a.first_chunk::<N>() == b.first_chunk() && a.last_chunk::<N>() == b.last_chunk()
}

impl<'a> EntryRef<'a> {
    /// Takes an entry apart; `None` for bytes that are none.
    #[inline]
    pub(crate) fn parse(blob: &'a [u8]) -> Option<Self> {
        let layout = Layout::of(blob)?;
        let (key, value) = blob
            .get(layout.key_start..)?
            .split_at_checked(layout.key_len)?;
        let form = match layout.flags & FORM {
            0 => Form::Int,
            1 => Form::Text,
            2 => Form::Appended,
            3 => Form::Hash,
            4 => Form::List,
            5 => Form::Set,
            6 => Form::Zset,
            _ => Form::Boxed,
        };
        let expiry = if layout.flags & EXPIRES == 0 {
            None
        } else {
            Field::read(blob, layout.field_start)?.expiry()
        };
        Some(Self {
            form,
            expiry,
            frequency: layout.flags >> FREQUENCY_SHIFT & FREQUENCY_MAX,
            key,
            value,
        })
    }

    /// The number of the collection, if the entry names one.
    #[inline]
    pub(crate) fn collection(&self) -> Option<u32> {
        match self.form {
            Form::Boxed => self.value.first_chunk().copied().map(u32::from_le_bytes),
            _ => None,
        }
    }

    /// Whether the entry's time is over.
    #[inline]
    pub(crate) fn is_expired(&self, now: Millis) -> bool {
        self.expiry.is_some_and(|expiry| expiry.is_past(now))
    }
}

/// Where the value of an entry begins, if `draft` for the same key has the same bytes before it, but for the flags.
#[inline]
pub(crate) fn shared_head(blob: &[u8], draft: &Draft<'_>) -> Option<usize> {
    let layout = Layout::of(blob)?;
    let lasting = layout.flags & EXPIRES == 0 && draft.expiry.is_none();
    let plain = lasting && layout.flags & FORM != Form::Boxed as u8;
    let start = layout.key_start + layout.key_len;
    (plain && start + draft.value.len() < ROOMY_LEN).then_some(start)
}

/// Notes what the value is. An entry that expires is never let hold a collection apart by this.
#[inline]
pub(crate) fn set_form(blob: &mut [u8], form: Form) {
    if let Some(flags) = blob.first_mut() {
        *flags = *flags & !FORM | form as u8;
    }
}

/// What must be written to let an entry expire at another time, or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Nothing but the expiry.
    Exact,
    /// The expiry, though the entry would be shorter without a place for one.
    Loose,
    /// The whole entry, for there is no place for this expiry.
    None,
}

/// Whether an expiry fits the place that the entry has for one.
pub(crate) fn expiry_fit(blob: &[u8], expiry: Option<Millis>) -> Fit {
    let Some(layout) = Layout::of(blob) else {
        return Fit::None;
    };
    if layout.flags & EXPIRES == 0 {
        return if expiry.is_none() {
            Fit::Exact
        } else {
            Fit::None
        };
    }
    match Field::read(blob, layout.field_start) {
        None => Fit::None,
        Some(Field::Far(_)) if expiry.is_none() && blob.len() < ROOMY_LEN => Fit::Loose,
        Some(Field::Far(_)) => Fit::Exact,
        Some(Field::Near(_)) => match expiry.map(Field::of) {
            None => Fit::Loose,
            Some(Field::Near(_)) => Fit::Exact,
            Some(Field::Far(_)) => Fit::None,
        },
    }
}

/// Writes an expiry that fits.
pub(crate) fn write_expiry(blob: &mut [u8], expiry: Option<Millis>) {
    let Some(layout) = Layout::of(blob) else {
        return;
    };
    if layout.flags & EXPIRES == 0 {
        return;
    }
    let field = match Field::read(blob, layout.field_start) {
        Some(Field::Near(_)) => Field::near(expiry),
        _ => Field::roomy(expiry),
    };
    let (bytes, len) = field.to_bytes();
    let place = blob.get_mut(layout.field_start..layout.field_start + len);
    if let (Some(place), Some(bytes)) = (place, bytes.get(..len)) {
        place.copy_from_slice(bytes);
    }
}

/// Whether there is a place for an expiry.
#[inline]
pub(crate) fn has_expiry(blob: &[u8]) -> bool {
    blob.first().is_some_and(|flags| flags & EXPIRES != 0)
}

/// The number of the collection, if the entry names one.
#[inline]
pub(crate) fn collection(blob: &[u8]) -> Option<u32> {
    let flags = *blob.first()?;
    if flags & FORM != Form::Boxed as u8 {
        return None;
    }
    EntryRef::parse(blob)?.collection()
}

/// How often an entry was used of late: 0 to 3.
pub(crate) fn frequency(blob: &[u8]) -> u8 {
    let flags = blob.first().copied().unwrap_or_default();
    flags >> FREQUENCY_SHIFT & FREQUENCY_MAX
}

/// Sets the frequency, as far as it goes.
pub(crate) fn set_frequency(blob: &mut [u8], frequency: u8) {
    if let Some(flags) = blob.first_mut() {
        let form = if *flags & FORM == Form::Boxed as u8 {
            Form::Boxed
        } else {
            Form::Text
        };
        let frequency = frequency.min(frequency_max(form, *flags & EXPIRES));
        *flags = *flags & !(FREQUENCY_MAX << FREQUENCY_SHIFT) | frequency << FREQUENCY_SHIFT;
    }
}

const fn frequency_max(form: Form, expires: u8) -> u8 {
    match form {
        Form::Boxed if expires != 0 => FREQUENCY_MAX - 1,
        _ => FREQUENCY_MAX,
    }
}

const _: () = assert!(
    Form::Boxed as u8 | EXPIRES | FREQUENCY_MAX << FREQUENCY_SHIFT == RESERVED
        && FREQUENCY_MAX << FREQUENCY_SHIFT | EXPIRES | FORM == RESERVED
);
