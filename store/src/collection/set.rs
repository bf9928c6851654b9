//! Sets: members without an order.
//!
//! ```text
//! integers   │ width 1..=8 │ integers of that width, ascending │      see `integers`
//! packed     │ 0           │ member │ member │ …               │      elements
//! table      see `table`
//! ```

use std::sync::Arc;

use super::element::{self, Elements};
use super::integers::{self, Integers};
use super::limits::Context;
use super::table::Table;
use super::{Editable, Write};
use crate::entry::Form;
use crate::integer;
use crate::value::{Encoding, StringRef};

/// The first byte of members that are not all integers.
const MIXED: u8 = 0;

/// A set, to read.
#[derive(Debug, Clone, Copy)]
pub struct SetRef<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Integers(Integers<'a>),
    Packed(&'a [u8]),
    Table(&'a Table),
}

impl<'a> SetRef<'a> {
    pub(crate) fn packed(bytes: &'a [u8]) -> Self {
        Self(match bytes.split_first() {
            Some((&MIXED, elements)) => Source::Packed(elements),
            _ => Source::Integers(Integers(bytes)),
        })
    }

    /// Whether `member` is in it.
    #[must_use]
    pub fn contains(self, member: &[u8]) -> bool {
        match self.0 {
            Source::Integers(integers) => {
                integer::parse(member).is_some_and(|number| integers.find(number).is_ok())
            }
            Source::Packed(bytes) => Elements(bytes).any(|there| element::is_text(there, member)),
            Source::Table(table) => table.get(member).is_some(),
        }
    }

    /// Number of members.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            Source::Integers(integers) => integers.len(),
            Source::Packed(bytes) => Elements(bytes).count(),
            Source::Table(table) => table.len(),
        }
    }

    /// Whether there is no member; a key never holds such a set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Members, in no order to rely on.
    pub fn iter(self) -> impl Iterator<Item = StringRef<'a>> {
        let (mut integers, mut packed, mut table) = (None, None, None);
        match self.0 {
            Source::Integers(source) => integers = Some(source),
            Source::Packed(source) => packed = Some(Elements(source)),
            Source::Table(source) => table = Some(source),
        }
        let integers = integers.into_iter().flat_map(Integers::iter);
        let table = table.into_iter().flat_map(Table::iter);
        integers
            .map(StringRef::Int)
            .chain(packed.into_iter().flatten())
            .chain(table.filter_map(|blob| Elements(blob).next()))
    }

    /// Member number `at` of [`iter`](Self::iter).
    #[must_use]
    pub fn nth(self, at: usize) -> Option<StringRef<'a>> {
        match self.0 {
            Source::Integers(integers) => integers.nth(at).map(StringRef::Int),
            Source::Packed(bytes) => Elements(bytes).nth(at),
            Source::Table(table) => Elements(table.nth(at)?).next(),
        }
    }

    /// Visits about `count` members from `cursor` on, all of them where the set is packed; the cursor
    /// to go on from, 0 at the end.
    pub fn scan(self, cursor: u64, count: usize, mut visit: impl FnMut(StringRef<'_>)) -> u64 {
        if let Source::Table(table) = self.0 {
            let visit = |blob: &[u8]| Elements(blob).take(1).for_each(&mut visit);
            return table.scan(cursor, count, visit).unwrap_or(0);
        }
        self.iter().for_each(visit);
        0
    }

    pub(crate) const fn encoding(self) -> Encoding {
        match self.0 {
            Source::Integers(_) => Encoding::Intset,
            Source::Packed(_) => Encoding::Listpack,
            Source::Table(_) => Encoding::Hashtable,
        }
    }
}

/// A set, to change.
#[derive(Debug, Clone)]
pub struct Set {
    context: Arc<Context>,
    body: Body,
    write: Write,
}

#[derive(Debug, Clone)]
enum Body {
    /// Both packed forms.
    Packed(Vec<u8>),
    Table(Table),
}

impl Set {
    /// The set, to read.
    #[must_use]
    pub fn as_ref(&self) -> SetRef<'_> {
        match &self.body {
            Body::Packed(bytes) => SetRef::packed(bytes),
            Body::Table(table) => SetRef(Source::Table(table)),
        }
    }

    /// Adds a member; whether it was not there.
    pub fn insert(&mut self, member: &[u8]) -> bool {
        if let Body::Table(table) = &mut self.body {
            if table.get(member).is_some() {
                return false;
            }
            put(table, member);
            self.write = Write::Done;
            return true;
        }
        if self.as_ref().contains(member) {
            return false;
        }
        self.write = Write::Done;
        let (set, limits) = (self.as_ref(), &self.context.limits);
        let (len, is_integers) = (set.len(), matches!(set.0, Source::Integers(_)));
        let number = integer::parse(member).filter(|_| is_integers && len < limits.set_integers);
        let longest = || set.iter().map(StringRef::len).max().unwrap_or_default();
        let stays_packed = len < limits.set_entries
            && member.len() <= limits.set_value
            && (!is_integers || longest() <= limits.set_value);
        match &mut self.body {
            Body::Packed(bytes) if number.is_some() => {
                number.map(|number| integers::insert(bytes, number));
            }
            Body::Packed(bytes) if stays_packed => {
                if is_integers {
                    let mut mixed = vec![MIXED];
                    for number in Integers(bytes).iter() {
                        StringRef::Int(number).with_bytes(|text| element::push(&mut mixed, text));
                    }
                    *bytes = mixed;
                }
                element::push(bytes, member);
            }
            _ => {
                let mut table = Table::new(&self.context);
                for member in self.as_ref().iter() {
                    member.with_bytes(|member| put(&mut table, member));
                }
                put(&mut table, member);
                self.body = Body::Table(table);
            }
        }
        true
    }

    /// Removes a member; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let removed = match &mut self.body {
            Body::Table(table) => table.remove(member),
            Body::Packed(bytes) if bytes.first() == Some(&MIXED) => {
                find(bytes, member).map(|place| drop(bytes.drain(place)))
            }
            Body::Packed(bytes) => {
                integer::parse(member).and_then(|number| integers::remove(bytes, number))
            }
        };
        if removed.is_some() {
            self.write = Write::Done;
        }
        removed.is_some()
    }
}

fn put(table: &mut Table, member: &[u8]) {
    let mut blob = Vec::with_capacity(member.len() + 2);
    element::push(&mut blob, member);
    table.put(member, blob.into());
}

/// Where a member is.
fn find(bytes: &[u8], member: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut elements = Elements(bytes.get(1..)?);
    loop {
        let start = bytes.len() - elements.rest_len();
        if element::is_text(elements.next()?, member) {
            return Some(start..bytes.len() - elements.rest_len());
        }
    }
}

impl Editable for Set {
    const FORM: Form = Form::Set;

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
