//! Hashes: fields with values.
//!
//! ```text
//! packed   │ field │ value │ field │ value │ …    elements, in the order in which fields came
//! table    see `table`
//! ```
//!
//! A packed hash is searched from its start. Five fields and values of eight bytes take 90 bytes.

use std::sync::Arc;

use super::element::{self, Elements};
use super::limits::Context;
use super::table::Table;
use super::{Editable, Write};
use crate::entry::Form;
use crate::value::{Encoding, StringRef};

/// What a write did to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldWrite {
    /// The field is new.
    Added,
    /// The field had a value before.
    Replaced,
}

/// A hash, to read.
#[derive(Debug, Clone, Copy)]
pub struct HashRef<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Packed(&'a [u8]),
    Table(&'a Table),
}

impl<'a> HashRef<'a> {
    pub(crate) const fn packed(bytes: &'a [u8]) -> Self {
        Self(Source::Packed(bytes))
    }

    /// The value of `field`.
    #[must_use]
    pub fn get(self, field: &[u8]) -> Option<StringRef<'a>> {
        match self.0 {
            Source::Packed(bytes) => pairs(bytes)
                .find(|(name, _)| element::is_text(*name, field))
                .map(|(_, value)| value),
            Source::Table(table) => Some(Elements(table.get(field)?).pair()?.1),
        }
    }

    /// Number of fields.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            Source::Packed(bytes) => pairs(bytes).count(),
            Source::Table(table) => table.len(),
        }
    }

    /// Whether there is no field; a key never holds such a hash.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Fields and values, in no order to rely on.
    pub fn iter(self) -> impl Iterator<Item = (StringRef<'a>, StringRef<'a>)> {
        let (packed, table) = match self.0 {
            Source::Packed(bytes) => (Some(bytes), None),
            Source::Table(table) => (None, Some(table)),
        };
        let table = table.into_iter().flat_map(Table::iter);
        let of_table = table.filter_map(|blob| Elements(blob).pair());
        packed.into_iter().flat_map(pairs).chain(of_table)
    }

    /// Pair number `at` of [`iter`](Self::iter).
    #[must_use]
    pub fn nth(self, at: usize) -> Option<(StringRef<'a>, StringRef<'a>)> {
        match self.0 {
            Source::Packed(bytes) => pairs(bytes).nth(at),
            Source::Table(table) => Elements(table.nth(at)?).pair(),
        }
    }

    /// Visits about `count` pairs from `cursor` on, all of them where the hash is packed; the cursor
    /// to go on from, 0 at the end.
    pub fn scan(
        self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(StringRef<'_>, StringRef<'_>),
    ) -> u64 {
        match self.0 {
            Source::Packed(bytes) => {
                pairs(bytes).for_each(|(field, value)| visit(field, value));
                0
            }
            Source::Table(table) => table
                .scan(cursor, count, |blob| {
                    if let Some((field, value)) = Elements(blob).pair() {
                        visit(field, value);
                    }
                })
                .unwrap_or(0),
        }
    }

    pub(crate) const fn encoding(self) -> Encoding {
        match self.0 {
            Source::Packed(_) => Encoding::Listpack,
            Source::Table(_) => Encoding::Hashtable,
        }
    }
}

fn pairs(bytes: &[u8]) -> impl Iterator<Item = (StringRef<'_>, StringRef<'_>)> {
    let mut elements = Elements(bytes);
    std::iter::from_fn(move || elements.pair())
}

/// A hash, to change.
#[derive(Debug, Clone)]
pub struct Hash {
    context: Arc<Context>,
    body: Body,
    write: Write,
}

#[derive(Debug, Clone)]
enum Body {
    Packed(Vec<u8>),
    Table(Table),
}

impl Hash {
    /// The hash, to read.
    #[must_use]
    pub const fn as_ref(&self) -> HashRef<'_> {
        HashRef(match &self.body {
            Body::Packed(bytes) => Source::Packed(bytes.as_slice()),
            Body::Table(table) => Source::Table(table),
        })
    }

    /// Lets `field` hold `value`.
    pub fn set(&mut self, field: &[u8], value: &[u8]) -> FieldWrite {
        self.write = Write::Done;
        let limits = &self.context.limits;
        let bytes = match &mut self.body {
            Body::Table(table) => return put(table, field, value),
            Body::Packed(bytes) => bytes,
        };
        let short = field.len() <= limits.hash_value && value.len() <= limits.hash_value;
        let place = find(bytes, field);
        if short && (place.is_some() || pairs(bytes).count() < limits.hash_entries) {
            let Some(place) = place else {
                element::push(bytes, field);
                element::push(bytes, value);
                return FieldWrite::Added;
            };
            let mut pair = Vec::new();
            element::push(&mut pair, field);
            element::push(&mut pair, value);
            bytes.splice(place, pair);
            return FieldWrite::Replaced;
        }
        let mut table = Table::new(&self.context);
        for (field, value) in pairs(bytes) {
            field.with_bytes(|field| value.with_bytes(|value| put(&mut table, field, value)));
        }
        let write = put(&mut table, field, value);
        self.body = Body::Table(table);
        write
    }

    /// Removes `field`; whether it was there.
    pub fn remove(&mut self, field: &[u8]) -> bool {
        let removed = match &mut self.body {
            Body::Packed(bytes) => find(bytes, field).map(|place| drop(bytes.drain(place))),
            Body::Table(table) => table.remove(field),
        };
        if removed.is_some() {
            self.write = Write::Done;
        }
        removed.is_some()
    }
}

fn put(table: &mut Table, field: &[u8], value: &[u8]) -> FieldWrite {
    let mut blob = Vec::with_capacity(field.len() + value.len() + 4);
    element::push(&mut blob, field);
    element::push(&mut blob, value);
    match table.put(field, blob.into()) {
        None => FieldWrite::Added,
        Some(()) => FieldWrite::Replaced,
    }
}

/// Where a field and its value are.
fn find(bytes: &[u8], field: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut elements = Elements(bytes);
    loop {
        let start = bytes.len() - elements.rest_len();
        let (name, _) = elements.pair()?;
        if element::is_text(name, field) {
            return Some(start..bytes.len() - elements.rest_len());
        }
    }
}

impl Editable for Hash {
    const FORM: Form = Form::Hash;

    fn from_packed(context: &Arc<Context>, bytes: Vec<u8>) -> Self {
        Self {
            context: Arc::clone(context),
            body: Body::Packed(bytes),
            write: Write::None,
        }
    }

    fn to_packed(&self) -> Option<&[u8]> {
        match &self.body {
            Body::Packed(bytes) => Some(bytes),
            Body::Table(_) => None,
        }
    }

    fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    fn write(&mut self) -> &mut Write {
        &mut self.write
    }

    fn heap_bytes(&self) -> usize {
        match &self.body {
            Body::Packed(_) => 0,
            Body::Table(table) => table.heap_bytes(),
        }
    }

    fn places(&self) -> usize {
        match &self.body {
            Body::Packed(_) => 0,
            Body::Table(table) => table.len(),
        }
    }

    fn shed(&mut self, count: usize) {
        if let Body::Table(table) = &mut self.body {
            table.shed(count);
        }
    }

    fn assert_counters(&self) {
        if let Body::Table(table) = &self.body {
            table.assert_counters();
        }
    }
}
