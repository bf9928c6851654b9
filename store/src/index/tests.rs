//! The index against a map of positions, with a recount after every step.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{Index, Position};
use crate::arena::Handle;
use crate::time::Millis;

/// The positions of all keys, and which of them are in the index.
struct Run {
    index: Index,
    /// Positions by handle.
    positions: Vec<Position>,
    /// Handles that are in the index, with their expiry, in no order.
    model: Vec<(usize, Option<Millis>)>,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Insert(Option<u64>),
    /// As many as this.
    Fill(usize),
    Remove(usize),
    /// All but so many.
    Drain(usize),
    SetExpiry(usize, Option<u64>),
    Move(usize),
}

/// How positions are chosen.
#[derive(Debug, Clone, Copy)]
enum Spread {
    Even,
    /// All in one small part of the line.
    Near,
    /// A few positions only.
    Equal,
}

fn step() -> impl Strategy<Value = Step> {
    let at = || any::<prop::sample::Index>().prop_map(|at| at.index(1 << 20));
    let expiry = || prop::option::of(0_u64..100);
    prop_oneof![
        8 => expiry().prop_map(Step::Insert),
        2 => (1_usize..600).prop_map(Step::Fill),
        6 => at().prop_map(Step::Remove),
        1 => (0_usize..500).prop_map(Step::Drain),
        3 => (at(), expiry()).prop_map(|(at, expiry)| Step::SetExpiry(at, expiry)),
        3 => at().prop_map(Step::Move),
    ]
}

impl Run {
    fn new() -> Self {
        Self {
            index: Index::new(),
            positions: Vec::new(),
            model: Vec::new(),
        }
    }

    fn draw(&self, spread: Spread) -> Position {
        let number = super::walk::mix(self.positions.len() as u64);
        Position(match spread {
            Spread::Even => number,
            Spread::Near => 0x1234_5678_0000_0000 | number >> 40,
            Spread::Equal => (number % 3) << 62 | 0x1234_5678,
        })
    }

    fn add(&mut self, position: Position) -> Handle {
        self.positions.push(position);
        handle(self.positions.len() - 1)
    }

    fn insert(&mut self, spread: Spread, expiry: Option<u64>) {
        let position = self.draw(spread);
        let handle = self.add(position);
        let expiry = expiry.map(Millis);
        let positions = &self.positions;
        let hasher = |handle: Handle| positions[number(handle)];
        self.index
            .insert(position, handle, expiry, &hasher)
            .unwrap();
        self.model.push((number(handle), expiry));
    }

    fn remove(&mut self, at: usize) {
        if self.model.is_empty() {
            return;
        }
        let (number, _) = self.model.swap_remove(at % self.model.len());
        let position = self.positions[number];
        let (place, _) = self.index.find(position, handle(number)).unwrap();
        let positions = &self.positions;
        let hasher = |handle: Handle| positions[self::number(handle)];
        self.index.remove(place, position, &hasher);
    }

    fn take(&mut self, step: Step, spread: Spread) {
        match step {
            Step::Insert(expiry) => self.insert(spread, expiry),
            Step::Fill(count) => (0..count).for_each(|_| self.insert(spread, None)),
            Step::Remove(at) => self.remove(at),
            Step::Drain(left) => {
                while self.model.len() > left {
                    self.remove(self.positions.len() * 31);
                }
            }
            Step::SetExpiry(at, expiry) => {
                let len = self.model.len().max(1);
                let Some((number, entry)) = self.model.get_mut(at % len) else {
                    return;
                };
                *entry = expiry.map(Millis);
                let position = self.positions[*number];
                let (place, _) = self.index.find(position, handle(*number)).unwrap();
                self.index.set_expiry(place, *entry);
            }
            Step::Move(at) => {
                let len = self.model.len().max(1);
                let Some(&(number, expiry)) = self.model.get(at % len) else {
                    return;
                };
                let position = self.positions[number];
                let moved = self.add(position);
                let (place, _) = self.index.find(position, handle(number)).unwrap();
                self.index.set_handle(place, moved);
                self.model[at % len] = (self::number(moved), expiry);
            }
        }
    }

    fn check(&self) {
        let hasher = |handle: Handle| self.positions[number(handle)];
        self.index.assert_counters(&hasher);
        assert_eq!(self.index.len(), self.model.len());
        let expiring = self.model.iter().filter(|(_, e)| e.is_some()).count();
        assert_eq!(self.index.expiring(), expiring);
        for (number, _) in &self.model {
            let found = self.index.find(self.positions[*number], handle(*number));
            assert!(found.is_some());
        }
        self.check_walks(&hasher);
    }

    fn check_walks(&self, hasher: &impl super::Hasher) {
        let model: BTreeSet<usize> = self.model.iter().map(|(number, _)| *number).collect();
        let mut walked = BTreeSet::new();
        let (mut next, mut found) = (Some(Position(0)), Vec::new());
        while let Some(from) = next {
            next = self.index.home_entries(from, hasher, &mut found);
            assert!(next.is_none_or(|next| next > from));
            let inside = |position: Position| position >= from && next.is_none_or(|n| position < n);
            assert!(found.iter().all(|(position, _)| inside(*position)));
            for (_, handle) in &found {
                assert!(walked.insert(number(*handle)), "walked twice");
            }
        }
        assert_eq!(walked, model);

        let (mut next, mut found, mut all) = (Some(Position(0)), Vec::new(), BTreeSet::new());
        while let Some(from) = next {
            next = self.index.bucket_entries(from, &mut found);
            for visited in &found {
                assert!(all.insert(number(visited.handle)), "visited twice");
            }
        }
        assert_eq!(all, model);

        let (mut next, mut found, mut all) = (Some(Position(0)), Vec::new(), BTreeSet::new());
        while let Some(from) = next {
            next = self.index.expiring_entries(from, Millis(50), &mut found);
            all.extend(found.iter().map(|handle| number(*handle)));
        }
        for (number, expiry) in &self.model {
            let must = expiry.is_some_and(|expiry| expiry.is_past(Millis(50)));
            assert!(!must || all.contains(number), "an expired key is missed");
            assert!(expiry.is_some() || !all.contains(number));
        }
        for random in 0..4 {
            match self.index.draw(random) {
                Some(drawn) => assert!(model.contains(&number(drawn))),
                None => assert!(model.is_empty()),
            }
        }
    }
}

fn handle(number: usize) -> Handle {
    Handle::from_bits(u32::try_from(number).unwrap())
}

fn number(handle: Handle) -> usize {
    handle.bits() as usize
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn handles_are_found_wherever_they_go(
        spread in prop_oneof![Just(Spread::Even), Just(Spread::Near), Just(Spread::Equal)],
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut run = Run::new();
        for step in steps {
            run.take(step, spread);
            run.check();
        }
    }
}

#[test]
fn a_large_index_splits_and_merges() {
    let mut run = Run::new();
    for _ in 0..40 {
        run.take(Step::Fill(1000), Spread::Even);
        run.check();
    }
    let bytes = run.index.heap_bytes();
    let len = run.index.len();
    assert!(bytes < len * 9, "{bytes} bytes for {len}");
    for left in [20_000, 5000, 1000, 100, 1] {
        run.take(Step::Drain(left), Spread::Even);
        run.check();
    }
    let bytes = run.index.heap_bytes();
    assert!(bytes < 600, "{bytes} bytes for one");
    run.take(Step::Drain(0), Spread::Even);
    assert_eq!(run.index.heap_bytes(), 0);
}

#[test]
fn most_splits_read_few_keys() {
    use std::cell::Cell;
    let mut index = Index::new();
    let read = Cell::new(0_u32);
    let position_of = |number: usize| Position(super::walk::mix(number as u64));
    let hasher = |handle: Handle| {
        read.set(read.get() + 1);
        position_of(number(handle))
    };
    let mut reads = Vec::new();
    for number in 0..1 << 18 {
        let position = position_of(number);
        let inserted = index.insert(position, handle(number), None, &hasher);
        inserted.unwrap();
        if number.is_power_of_two() {
            reads.push(read.replace(0));
        }
    }
    // From 2^14 to 2^17 keys no table takes its tags anew.
    for (doubling, reads) in reads.iter().enumerate().skip(15).take(3) {
        let keys = 1 << doubling;
        assert!(reads * 100 < keys, "{reads} reads to reach {keys} keys");
    }
}

#[test]
fn chosen_collisions_cost_no_memory() {
    for spread in [Spread::Near, Spread::Equal] {
        let mut run = Run::new();
        run.take(Step::Fill(5000), spread);
        run.check();
        assert!(run.index.heap_bytes() < 5000 * 14 + 20_000);
        // Others are where they belong all the same.
        run.take(Step::Fill(5000), Spread::Even);
        run.check();
        run.take(Step::Drain(0), spread);
    }
}

#[test]
fn every_entry_is_drawn_about_as_often() {
    let mut run = Run::new();
    run.take(Step::Fill(3000), Spread::Even);
    let mut drawn = vec![0_u32; 3000];
    for random in 0..300_000 {
        drawn[number(run.index.draw(random * 77).unwrap())] += 1;
    }
    let (least, most) = (drawn.iter().min().unwrap(), drawn.iter().max().unwrap());
    assert!(*least > 55 && *most < 160, "{least} to {most} of 100");
}
