//! The large form of sorted sets: members by number, by hash and by rank.
//!
//! ```text
//! members   number ─► │ score 8 │ member 16 │ ─► the member's bytes      see `members`
//! parts     hash   ─► number, 4 bytes a place
//! ranks     rank   ─► number, 4 bytes
//! ```
//!
//! Invariant: each member has one number, which is in both indexes, and no other number is.

use std::sync::Arc;

use super::element;
use super::limits::Context;
use super::members::{Member, Members};
use super::parts::Parts;
use super::ranks::Ranks;
use crate::arena::OutOfMemory;
use crate::hash::KeyHash;
use crate::size_class::allocated;
use crate::value::StringRef;

impl Member {
    fn is_before(&self, score: f64, text: &[u8]) -> bool {
        self.score < score || self.score <= score && *self.text < *text
    }
}

/// Members with scores.
#[derive(Debug, Clone)]
pub(crate) struct Ranked {
    context: Arc<Context>,
    members: Members,
    parts: Parts<u32>,
    ranks: Ranks,
    /// Bytes of the members' texts, as the allocator rounds them.
    text_bytes: usize,
}

fn hash_of(context: &Context, members: &Members, number: u32) -> KeyHash {
    let text: &[u8] = members.get(number).map_or(&[], |member| &member.text);
    context.hash_key.hash(text)
}

fn is_before(members: &Members, number: u32, score: f64, text: &[u8]) -> bool {
    members
        .get(number)
        .is_some_and(|member| member.is_before(score, text))
}

impl Ranked {
    pub(crate) fn new(context: &Arc<Context>) -> Self {
        Self {
            context: Arc::clone(context),
            members: Members::new(),
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
        for _ in 0..2 {
            self.give_back();
        }
        Some(score)
    }

    /// Takes the last place of the members away, if too many are vacant.
    fn give_back(&mut self) {
        let Self {
            context,
            members,
            parts,
            ranks,
            ..
        } = self;
        if !members.is_sparse() {
            return;
        }
        if let Some((from, to)) = members.move_last()
            && let Some(Member { score, text }) = members.get(to)
        {
            let hash = context.hash_key.hash(text);
            if let Some(number) = parts.find_mut(hash, |number| *number == from) {
                *number = to;
            }
            // In the order nothing has changed, so under its old number it is the first that is not before it.
            ranks.replace(to, |other| {
                other != from && is_before(members, other, *score, text)
            });
        }
    }

    /// Numbers that members have or had.
    pub(crate) fn places(&self) -> usize {
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
        self.members.assert_counters();
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
        self.members.assert_bytes();
        self.ranks.assert_counters(|_, _| true);
        let bytes = self
            .members
            .iter()
            .map(|member| allocated(member.text.len()));
        assert_eq!(self.text_bytes, bytes.sum::<usize>(), "bytes of members");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::collection::PackLimits;
    use crate::hash::HashKey;

    fn context() -> Arc<Context> {
        Arc::new(Context {
            limits: PackLimits::DEFAULT,
            hash_key: HashKey::from_seed(7),
        })
    }

    fn check(ranked: &Ranked, model: &BTreeMap<u32, i32>) {
        ranked.assert_counters();
        let mut order: Vec<(i32, Vec<u8>)> = model
            .iter()
            .map(|(member, score)| (*score, member.to_string().into_bytes()))
            .collect();
        order.sort();
        let members = ranked.iter_from(0);
        let found = members.map(|(text, score)| (score, text.to_bytes().into_owned()));
        let order = order
            .into_iter()
            .map(|(score, text)| (f64::from(score), text));
        assert!(found.eq(order));
        assert!(ranked.places() <= (2 * ranked.len()).max(ranked.len() + 17));
    }

    /// Members, each with a score, that come, or go where there is none.
    fn waves() -> impl Strategy<Value = Vec<(u32, u32, Option<i32>)>> {
        let wave = (0_u32..4_000, 1_u32..2_500, prop::option::of(0..40));
        prop::collection::vec(wave, 1..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn members_are_those_of_a_map_however_many_go(waves in waves()) {
            let (mut ranked, mut model) = (Ranked::new(&context()), BTreeMap::new());
            for (first, count, score) in waves {
                for member in first..first + count {
                    let text = member.to_string();
                    let Some(score) = score else {
                        let removed = ranked.remove(text.as_bytes());
                        prop_assert_eq!(removed, model.remove(&member).map(f64::from));
                        continue;
                    };
                    // In no order that the numbers have, too.
                    let score = score * i32::try_from(member % 7).unwrap();
                    prop_assert_eq!(ranked.insert(text.as_bytes(), score.into()), Ok(()));
                    model.insert(member, score);
                }
                check(&ranked, &model);
                check(&ranked.clone(), &model);
            }
        }
    }

    #[test]
    fn places_come_down_with_the_members_and_none_moves_while_as_many_come() {
        const COUNT: u32 = 6_000;
        let mut ranked = Ranked::new(&context());
        let name = |number: u32| format!("{number:08}").into_bytes();
        for number in 0..COUNT {
            ranked.insert(&name(number), number.into()).unwrap();
        }
        let numbers = |ranked: &Ranked| -> Vec<u32> { ranked.ranks.iter_from(0).collect() };
        for number in 0..1_000 {
            let (last, first) = (COUNT + number, name(number));
            assert!(ranked.remove(&first).is_some());
            let before = numbers(&ranked);
            ranked.insert(&name(last), last.into()).unwrap();
            assert_eq!(numbers(&ranked)[..before.len()], before);
        }
        let full = ranked.heap_bytes();
        let mut before = numbers(&ranked);
        for number in 1_000..COUNT + 990 {
            assert!(ranked.remove(&name(number)).is_some());
            let after = numbers(&ranked);
            let moved = before[1..].iter().zip(&after).filter(|(a, b)| a != b);
            assert!(moved.count() <= 2, "members that have another number");
            before = after;
            if number % 1_000 == 0 {
                ranked.assert_counters();
            }
        }
        let left = ranked.heap_bytes();
        assert_eq!(ranked.len(), 10);
        assert!(left < 4096, "{left} bytes for ten of {full} for {COUNT}");
    }
}
