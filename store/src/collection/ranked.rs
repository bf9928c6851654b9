//! The large form of sorted sets: members by number, by hash and by rank.
//!
//! ```text
//! members   number ─► │ score 8 │ member 16 │ ─► the member's bytes
//! parts     hash   ─► number, 4 bytes a place
//! ranks     rank   ─► number, 4 bytes
//! ```
//!
//! Invariant: each member has one number, which is in both indexes, and no other number is.

use std::sync::Arc;

use super::element;
use super::limits::Context;
use super::parts::Parts;
use super::ranks::Ranks;
use crate::arena::{OutOfMemory, Slab};
use crate::hash::KeyHash;
use crate::size_class::allocated;
use crate::value::StringRef;

#[derive(Debug, Clone)]
struct Member {
    score: f64,
    text: Box<[u8]>,
}

const _: () = assert!(size_of::<Member>() == 24);

impl Member {
    fn is_before(&self, score: f64, text: &[u8]) -> bool {
        self.score < score || self.score <= score && *self.text < *text
    }
}

/// Members with scores.
#[derive(Debug, Clone)]
pub(crate) struct Ranked {
    context: Arc<Context>,
    members: Slab<Member>,
    parts: Parts<u32>,
    ranks: Ranks,
    /// Bytes of the members' texts, as the allocator rounds them.
    text_bytes: usize,
}

fn hash_of(context: &Context, members: &Slab<Member>, number: u32) -> KeyHash {
    let text: &[u8] = members.get(number).map_or(&[], |member| &member.text);
    context.hash_key.hash(text)
}

fn is_before(members: &Slab<Member>, number: u32, score: f64, text: &[u8]) -> bool {
    members
        .get(number)
        .is_some_and(|member| member.is_before(score, text))
}

impl Ranked {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
            members: Slab::new(u32::MAX),
            parts: Parts::new(),
            ranks: Ranks::default(),
            text_bytes: 0,
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.ranks.len()
    }

    pub(crate) const fn heap_bytes(&self) -> usize {
        self.members.heap_bytes()
            + self.parts.heap_bytes()
            + self.ranks.heap_bytes()
            + self.text_bytes
    }

    fn number(&self, text: &[u8]) -> Option<u32> {
        let is = |number: &u32| {
            let member = self.members.get(*number);
            member.is_some_and(|member| *member.text == *text)
        };
        let hash = self.context.hash_key.hash(text);
        self.parts.find(hash, is).copied()
    }

    pub(crate) fn score(&self, text: &[u8]) -> Option<f64> {
        let member = self.members.get(self.number(text)?)?;
        Some(member.score)
    }

    pub(crate) fn rank(&self, text: &[u8]) -> Option<usize> {
        let score = self.score(text)?;
        let before = |number| is_before(&self.members, number, score, text);
        Some(self.ranks.partition_point(before))
    }

    pub(crate) fn partition_point(
        &self,
        mut before: impl FnMut(StringRef<'_>, f64) -> bool,
    ) -> usize {
        self.ranks.partition_point(|number| {
            let member = self.members.get(number);
            member.is_some_and(|member| before(StringRef::Bytes(&member.text), member.score))
        })
    }

    pub(crate) fn iter_from(&self, rank: usize) -> impl Iterator<Item = (StringRef<'_>, f64)> {
        self.ranks
            .iter_from(rank)
            .filter_map(|number| self.members.get(number))
            .map(|member| (StringRef::Bytes(&member.text), member.score))
    }

    /// Gives a member a score.
    pub(crate) fn insert(&mut self, text: &[u8], score: f64) -> Result<(), OutOfMemory> {
        let known = self.number(text);
        let Self {
            context,
            members,
            parts,
            ranks,
            text_bytes,
        } = self;
        if let Some(number) = known {
            let old = members.get(number).map_or(score, |member| member.score);
            ranks.remove(|other| is_before(members, other, old, text));
            if let Some(member) = members.get_mut(number) {
                member.score = score;
            }
            ranks.insert(number, |other| is_before(members, other, score, text));
            return Ok(());
        }
        let member = Member {
            score,
            text: text.into(),
        };
        let number = members.insert(member)?;
        *text_bytes += allocated(text.len());
        let hash = context.hash_key.hash(text);
        parts.insert(hash, number, |number| hash_of(context, members, *number));
        ranks.insert(number, |other| is_before(members, other, score, text));
        Ok(())
    }

    pub(crate) fn remove(&mut self, text: &[u8]) -> Option<f64> {
        let number = self.number(text)?;
        let Self {
            context,
            members,
            parts,
            ranks,
            text_bytes,
        } = self;
        let score = members.get(number)?.score;
        ranks.remove(|other| is_before(members, other, score, text));
        let hash = context.hash_key.hash(text);
        parts.remove(
            hash,
            |there| *there == number,
            |number| hash_of(context, members, *number),
        );
        members.remove(number);
        *text_bytes -= allocated(text.len());
        Some(score)
    }

    /// Numbers that members have or had.
    pub(crate) const fn places(&self) -> usize {
        self.members.places()
    }

    /// Frees `count` places, whichever they are, and takes as many members out of both indexes, which need
    /// not be the same ones: so it is for a set that is not read any more.
    pub(crate) fn shed(&mut self, count: usize) {
        let Self {
            members,
            parts,
            ranks,
            text_bytes,
            ..
        } = self;
        members.shed(count, |member| *text_bytes -= allocated(member.text.len()));
        parts.shed(count, |_| ());
        ranks.shed(count);
    }

    /// See [`Parts::scan`]; the cursor is 0 at the end.
    pub(crate) fn scan(
        &self,
        cursor: u64,
        count: usize,
        mut visit: impl FnMut(StringRef<'_>, f64),
    ) -> u64 {
        let hash_of = |number: &u32| hash_of(&self.context, &self.members, *number);
        let visit = |number: &u32| {
            if let Some(member) = self.members.get(*number) {
                visit(StringRef::Bytes(&member.text), member.score);
            }
        };
        let next = self.parts.scan(cursor, count, hash_of, visit);
        next.unwrap_or(0)
    }

    /// Counts again, and compares.
    pub(crate) fn assert_counters(&self) {
        self.assert_bytes();
        let hash_of = |number: &u32| hash_of(&self.context, &self.members, *number);
        self.parts.assert_counters(hash_of);
        self.ranks
            .assert_counters(|a, b| match (self.members.get(a), self.members.get(b)) {
                (Some(a), Some(b)) => a.is_before(b.score, &b.text),
                _ => false,
            });
        let count = self.members.iter().count();
        assert_eq!((self.parts.len(), self.ranks.len()), (count, count));
        for member in self.members.iter() {
            let text = StringRef::Bytes(&member.text);
            assert!(element::is_text(text, &member.text) && self.score(&member.text).is_some());
        }
    }

    /// Counts the bytes again, and compares; also of what has shed members.
    pub(crate) fn assert_bytes(&self) {
        self.parts.assert_bytes();
        self.ranks.assert_counters(|_, _| true);
        let bytes = self
            .members
            .iter()
            .map(|member| allocated(member.text.len()));
        assert_eq!(self.text_bytes, bytes.sum::<usize>(), "bytes of members");
    }
}
