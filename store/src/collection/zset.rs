//! Sorted sets: members with scores, in the order of scores, and of members where scores are equal.
//!
//! ```text
//! packed   │ member │ score │ member │ score │ …     elements, in that order
//! ranked   see `ranked`
//! ```
//!
//! Five members of eight bytes with scores below 2048 take 55 bytes packed.

use std::ops::Range;
use std::sync::Arc;

use super::element::{self, Elements};
use super::limits::Context;
use super::ranked::Ranked;
use super::{Editable, Write};
use crate::entry::Form;
use crate::value::{Encoding, StringRef};

/// A sorted set, to read.
#[derive(Debug, Clone, Copy)]
pub struct ZsetRef<'a>(Source<'a>);

#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Packed(&'a [u8]),
    Ranked(&'a Ranked),
}

fn scored(bytes: &[u8]) -> impl Iterator<Item = (StringRef<'_>, f64)> {
    let mut elements = Elements(bytes);
    std::iter::from_fn(move || elements.scored())
}

impl<'a> ZsetRef<'a> {
    pub(crate) const fn packed(bytes: &'a [u8]) -> Self {
        Self(Source::Packed(bytes))
    }

    /// The score of `member`.
    #[must_use]
    pub fn score(self, member: &[u8]) -> Option<f64> {
        match self.0 {
            Source::Packed(bytes) => scored(bytes)
                .find(|(there, _)| element::is_text(*there, member))
                .map(|(_, score)| score),
            Source::Ranked(ranked) => ranked.score(member),
        }
    }

    /// How many members come before `member`.
    #[must_use]
    pub fn rank(self, member: &[u8]) -> Option<usize> {
        match self.0 {
            Source::Packed(bytes) => {
                scored(bytes).position(|(there, _)| element::is_text(there, member))
            }
            Source::Ranked(ranked) => ranked.rank(member),
        }
    }

    /// Number of members.
    #[must_use]
    pub fn len(self) -> usize {
        match self.0 {
            Source::Packed(bytes) => scored(bytes).count(),
            Source::Ranked(ranked) => ranked.len(),
        }
    }

    /// Whether there is no member; a key never holds such a set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// How many members come before the first that is not `before`, which must be true of the first
    /// ones and of no later ones.
    pub fn partition_point(self, mut before: impl FnMut(StringRef<'_>, f64) -> bool) -> usize {
        match self.0 {
            Source::Packed(bytes) => scored(bytes)
                .take_while(|(member, score)| before(*member, *score))
                .count(),
            Source::Ranked(ranked) => ranked.partition_point(before),
        }
    }

    /// Members with scores in their order.
    pub fn iter(self) -> impl Iterator<Item = (StringRef<'a>, f64)> {
        self.range(0..usize::MAX)
    }

    /// The members of a range of ranks, as far as there are any.
    pub fn range(self, range: Range<usize>) -> impl Iterator<Item = (StringRef<'a>, f64)> {
        let (packed, ranked) = match self.0 {
            Source::Packed(bytes) => (Some(bytes), None),
            Source::Ranked(ranked) => (None, Some(ranked)),
        };
        let start = range.start;
        let packed = packed.into_iter().flat_map(scored).skip(start);
        let ranked = ranked
            .into_iter()
            .flat_map(move |ranked| ranked.iter_from(start));
        packed.chain(ranked).take(range.len())
    }

    /// Visits about `count` members from `cursor` on, all of them where the set is packed; the cursor
    /// to go on from, 0 at the end.
    pub fn scan(self, cursor: u64, count: usize, mut visit: impl FnMut(StringRef<'_>, f64)) -> u64 {
        match self.0 {
            Source::Packed(bytes) => {
                scored(bytes).for_each(|(member, score)| visit(member, score));
                0
            }
            Source::Ranked(ranked) => ranked.scan(cursor, count, visit),
        }
    }

    pub(crate) const fn encoding(self) -> Encoding {
        match self.0 {
            Source::Packed(_) => Encoding::Listpack,
            Source::Ranked(_) => Encoding::Skiplist,
        }
    }
}

/// A sorted set, to change.
#[derive(Debug, Clone)]
pub struct Zset {
    context: Arc<Context>,
    body: Body,
    write: Write,
}

#[derive(Debug, Clone)]
enum Body {
    Packed(Vec<u8>),
    Ranked(Ranked),
}

impl Zset {
    /// The set, to read.
    #[must_use]
    pub const fn as_ref(&self) -> ZsetRef<'_> {
        ZsetRef(match &self.body {
            Body::Packed(bytes) => Source::Packed(bytes.as_slice()),
            Body::Ranked(ranked) => Source::Ranked(ranked),
        })
    }

    /// Gives `member` a score, which is not NaN; the score that it had.
    pub fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let old = self.as_ref().score(member);
        // −0 and 0 are one score, and the one that was there stays.
        #[expect(clippy::float_cmp, reason = "the same score is the same number")]
        if old.is_some_and(|old| old == score) {
            return old;
        }
        self.write = Write::Done;
        let limits = &self.context.limits;
        match &mut self.body {
            Body::Ranked(ranked) => {
                if ranked.insert(member, score).is_err() {
                    self.write = Write::Refused;
                }
            }
            Body::Packed(bytes) => {
                if old.is_some() {
                    take(bytes, member);
                }
                let room = scored(bytes).count() < limits.zset_entries;
                if room && member.len() <= limits.zset_value {
                    put(bytes, member, score);
                } else {
                    let mut ranked = Ranked::new(&self.context);
                    let all = scored(bytes)
                        .try_for_each(|(member, score)| {
                            member.with_bytes(|member| ranked.insert(member, score))
                        })
                        .and_then(|()| ranked.insert(member, score));
                    if all.is_err() {
                        self.write = Write::Refused;
                    }
                    self.body = Body::Ranked(ranked);
                }
            }
        }
        old
    }

    /// Removes a member; the score that it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let score = match &mut self.body {
            Body::Packed(bytes) => take(bytes, member),
            Body::Ranked(ranked) => ranked.remove(member),
        };
        if score.is_some() {
            self.write = Write::Done;
        }
        score
    }

    /// Counts the bytes again, and compares; also of what has shed members.
    pub(crate) fn assert_bytes(&self) {
        if let Body::Ranked(ranked) = &self.body {
            ranked.assert_bytes();
        }
    }
}

/// Puts a member that is not there in its place.
fn put(bytes: &mut Vec<u8>, member: &[u8], score: f64) {
    let mut elements = Elements(bytes);
    let mut start = 0;
    while let Some((there, of_there)) = elements.scored() {
        let before =
            of_there < score || of_there <= score && there.with_bytes(|there| there < member);
        if !before {
            break;
        }
        start = bytes.len() - elements.rest_len();
    }
    let mut pair = Vec::with_capacity(member.len() + 14);
    element::push(&mut pair, member);
    element::push_score(&mut pair, score);
    bytes.splice(start..start, pair);
}

/// Takes a member out; its score.
fn take(bytes: &mut Vec<u8>, member: &[u8]) -> Option<f64> {
    let mut elements = Elements(bytes);
    loop {
        let start = bytes.len() - elements.rest_len();
        let (there, score) = elements.scored()?;
        if element::is_text(there, member) {
            let end = bytes.len() - elements.rest_len();
            bytes.drain(start..end);
            return Some(score);
        }
    }
}

impl Editable for Zset {
    const FORM: Form = Form::Zset;

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
            Body::Ranked(_) => None,
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
            Body::Ranked(ranked) => ranked.heap_bytes(),
        }
    }

    fn places(&self) -> usize {
        match &self.body {
            Body::Packed(_) => 0,
            Body::Ranked(ranked) => ranked.places(),
        }
    }

    fn shed(&mut self, count: usize) {
        if let Body::Ranked(ranked) = &mut self.body {
            ranked.shed(count);
        }
    }

    fn assert_counters(&self) {
        if let Body::Ranked(ranked) = &self.body {
            ranked.assert_counters();
        }
    }
}
