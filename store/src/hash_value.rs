//! The value of a hash: fields with values, small ones in a row, larger ones with an index.
//!
//! ```text
//! row    │ field_len 1 │ value_len 1 │ field │ value │ field_len 1 │ …
//! ```
//!
//! A row is searched from its start. It holds at most 128 fields, and no field or value of more than
//! 64 bytes; the write that would break one of these bounds moves the hash to an index for good,
//! as Redis does with `hash-max-listpack-entries` and `hash-max-listpack-value`.

use std::hash::RandomState;

use hashbrown::{HashMap, hash_map};

use crate::size_class::allocated;
use crate::value::Encoding;

/// The most fields of a row.
const ROW_FIELDS_MAX: usize = 128;
/// The longest field or value of a row, in bytes.
const ROW_BYTES_MAX: usize = 64;

type Index = HashMap<Box<[u8]>, Box<[u8]>, RandomState>;

/// What a write did to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldWrite {
    /// The field is new.
    Added,
    /// The field had a value before.
    Replaced,
}

/// A hash.
#[derive(Debug, Clone)]
pub struct HashValue {
    fields: Fields,
    /// Bytes of what `fields` allocates, as the allocator rounds them.
    heap_bytes: usize,
}

#[derive(Debug, Clone)]
enum Fields {
    Row(Vec<u8>),
    Index(Index),
}

impl HashValue {
    pub(crate) const fn new() -> Self {
        Self {
            fields: Fields::Row(Vec::new()),
            heap_bytes: 0,
        }
    }

    /// The value of `field`.
    #[must_use]
    pub fn get(&self, field: &[u8]) -> Option<&[u8]> {
        match &self.fields {
            Fields::Row(row) => Row(row)
                .find(|(name, _)| *name == field)
                .map(|(_, value)| value),
            Fields::Index(index) => index.get(field).map(|value| &**value),
        }
    }

    /// Number of fields.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.fields {
            Fields::Row(row) => Row(row).count(),
            Fields::Index(index) => index.len(),
        }
    }

    /// Whether there is no field; a key never holds such a hash.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.fields {
            Fields::Row(row) => row.is_empty(),
            Fields::Index(index) => index.is_empty(),
        }
    }

    /// Fields and values, in no order to rely on.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        match &self.fields {
            Fields::Row(row) => Iter(Source::Row(Row(row))),
            Fields::Index(index) => Iter(Source::Index(index.iter())),
        }
    }

    pub(crate) const fn encoding(&self) -> Encoding {
        match self.fields {
            Fields::Row(_) => Encoding::Listpack,
            Fields::Index(_) => Encoding::Hashtable,
        }
    }

    /// Bytes that the fields allocate; the `HashValue` itself is counted by who boxes it.
    pub(crate) const fn heap_bytes(&self) -> usize {
        self.heap_bytes
    }

    /// The same by walking over every field: the oracle of the counter.
    pub(crate) fn recount_heap_bytes(&self) -> usize {
        match &self.fields {
            Fields::Row(row) => allocated(row.capacity()),
            Fields::Index(index) => {
                let texts: usize = index.iter().map(|(f, v)| pair_bytes(f, v)).sum();
                texts + index_bytes(index)
            }
        }
    }

    pub(crate) fn set(&mut self, field: &[u8], value: &[u8]) -> FieldWrite {
        if let Fields::Row(row) = &mut self.fields {
            let write = match remove_from_row(row, field) {
                Some(()) => FieldWrite::Replaced,
                None => FieldWrite::Added,
            };
            if push_to_row(row, field, value).is_some() {
                self.heap_bytes = allocated(row.capacity());
                return write;
            }
            // One of the bounds is hit: `field` is out of the row already, and goes to the index.
            let index: Index = Row(row).map(|(f, v)| (f.into(), v.into())).collect();
            self.heap_bytes = index.iter().map(|(f, v)| pair_bytes(f, v)).sum();
            self.heap_bytes += index_bytes(&index);
            self.fields = Fields::Index(index);
            self.set(field, value);
            return write;
        }
        let Fields::Index(index) = &mut self.fields else {
            return FieldWrite::Added;
        };
        self.heap_bytes -= index_bytes(index);
        self.heap_bytes += pair_bytes(field, value);
        let write = match index.insert(field.into(), value.into()) {
            Some(old) => {
                self.heap_bytes -= pair_bytes(field, &old);
                FieldWrite::Replaced
            }
            None => FieldWrite::Added,
        };
        self.heap_bytes += index_bytes(index);
        write
    }

    /// Removes `field`; `None` where there is none.
    pub(crate) fn remove(&mut self, field: &[u8]) -> Option<()> {
        match &mut self.fields {
            Fields::Row(row) => {
                remove_from_row(row, field)?;
                self.heap_bytes = allocated(row.capacity());
            }
            Fields::Index(index) => {
                let old = index.remove(field)?;
                self.heap_bytes -= pair_bytes(field, &old);
            }
        }
        Some(())
    }
}

impl<'a> IntoIterator for &'a HashValue {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Fields and values of a hash.
#[derive(Debug, Clone)]
pub struct Iter<'a>(Source<'a>);

#[derive(Debug, Clone)]
enum Source<'a> {
    Row(Row<'a>),
    Index(hash_map::Iter<'a, Box<[u8]>, Box<[u8]>>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Source::Row(row) => row.next(),
            Source::Index(index) => index.next().map(|(field, value)| (&**field, &**value)),
        }
    }
}

/// What is left to read of a row. Bytes that are no whole pair end it.
#[derive(Debug, Clone)]
struct Row<'a>(&'a [u8]);

impl<'a> Iterator for Row<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[field_len, value_len], rest) = self.0.split_first_chunk()?;
        let (field, rest) = rest.split_at_checked(usize::from(field_len))?;
        let (value, rest) = rest.split_at_checked(usize::from(value_len))?;
        self.0 = rest;
        Some((field, value))
    }
}

fn remove_from_row(row: &mut Vec<u8>, field: &[u8]) -> Option<()> {
    let mut pairs = Row(row);
    let mut start = 0;
    while let Some((name, value)) = pairs.next() {
        let end = row.len() - pairs.0.len();
        if name == field {
            debug_assert_eq!(end - start, 2 + field.len() + value.len());
            row.drain(start..end);
            return Some(());
        }
        start = end;
    }
    None
}

/// Appends a pair; `None`, and no change, where a row may not hold it.
fn push_to_row(row: &mut Vec<u8>, field: &[u8], value: &[u8]) -> Option<()> {
    if field.len() > ROW_BYTES_MAX || value.len() > ROW_BYTES_MAX {
        return None;
    }
    if Row(row).count() == ROW_FIELDS_MAX {
        return None;
    }
    let lengths = [
        u8::try_from(field.len()).ok()?,
        u8::try_from(value.len()).ok()?,
    ];
    row.reserve_exact(lengths.len() + field.len() + value.len());
    row.extend_from_slice(&lengths);
    row.extend_from_slice(field);
    row.extend_from_slice(value);
    Some(())
}

const fn pair_bytes(field: &[u8], value: &[u8]) -> usize {
    allocated(field.len()) + allocated(value.len())
}

/// The table of an index.
fn index_bytes(index: &Index) -> usize {
    allocated(index.allocation_size())
}
