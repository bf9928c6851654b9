//! The arena against a map of blobs, with a recount after every step.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{Arena, Handle, Limits, OutOfMemory, RESERVED};

#[derive(Debug, Clone, Copy)]
enum Step {
    Insert(usize),
    Rewrite(usize, usize),
    Append(usize, usize),
    Remove(usize),
    Flip(usize),
    Defragment,
}

fn len() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 1..80_usize,
        3 => 1000..1200_usize,
        2 => 1..20_000_usize,
        1 => 16_370..16_400_usize,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let at = || any::<prop::sample::Index>().prop_map(|at| at.index(1 << 20));
    prop_oneof![
        6 => len().prop_map(Step::Insert),
        4 => (at(), len()).prop_map(|(at, len)| Step::Rewrite(at, len)),
        2 => (at(), 0..40_usize).prop_map(|(at, len)| Step::Append(at, len)),
        4 => at().prop_map(Step::Remove),
        1 => at().prop_map(Step::Flip),
        2 => Just(Step::Defragment),
    ]
}

struct Run {
    arena: Arena,
    /// Blobs by number, in the order of their numbers.
    model: Vec<(Handle, Vec<u8>)>,
    written: u8,
}

impl Run {
    fn new(limits: Limits) -> Self {
        Self {
            arena: Arena::new(limits),
            model: Vec::new(),
            written: 0,
        }
    }

    /// A blob whose bytes tell it from others.
    fn blob(&mut self, len: usize) -> Vec<u8> {
        self.written = self.written.wrapping_add(1);
        let mut blob = vec![self.written; len];
        blob[0] = self.written % RESERVED;
        blob
    }

    fn take(&mut self, step: Step) {
        let len = self.model.len();
        match step {
            Step::Insert(len) => {
                let blob = self.blob(len);
                let (head, tail) = blob.split_at(len / 3);
                if let Ok(handle) = self.arena.insert(&[head, tail]) {
                    self.model.push((handle, blob));
                }
            }
            Step::Rewrite(at, new_len) if len > 0 => {
                let blob = self.blob(new_len);
                let (handle, old) = &mut self.model[at % len];
                if let Ok(moved) = self.arena.rewrite(*handle, &[&blob]) {
                    (*handle, *old) = (moved, blob);
                }
            }
            Step::Append(at, more) if len > 0 => {
                let tail = vec![7; more];
                let (handle, blob) = &mut self.model[at % len];
                if let Ok(moved) = self.arena.append(*handle, &tail) {
                    *handle = moved;
                    blob.extend(tail);
                }
            }
            Step::Remove(at) if len > 0 => {
                let (handle, _) = self.model.swap_remove(at % len);
                self.arena.remove(handle);
            }
            Step::Flip(at) if len > 0 => {
                let (handle, blob) = &mut self.model[at % len];
                if blob.len() > 1 {
                    self.arena.get_mut(*handle)[1] ^= 1;
                    blob[1] ^= 1;
                }
            }
            Step::Defragment => {
                self.evacuate();
            }
            _ => {}
        }
    }

    /// Moves a batch; how many.
    fn evacuate(&mut self) -> usize {
        let batch = self.arena.evacuated();
        for (from, target) in batch.handles().iter().zip(batch.targets()) {
            let to = self.arena.relocate(*from, target);
            let moved = self.model.iter_mut().find(|(handle, _)| handle == from);
            let (handle, _) = moved.expect("a blob that was there");
            *handle = to.unwrap_or(*from);
        }
        batch.handles().len()
    }

    fn check(&self) {
        self.arena.assert_counters();
        let mut handles = HashSet::new();
        for (handle, blob) in &self.model {
            assert!(same(self.arena.get(*handle), blob));
            assert!(handles.insert(handle), "{handle:?} twice");
            assert!(self.arena.footprint(*handle) >= blob.len());
        }
    }
}

/// Equal, but for the arena's two bits.
fn same(stored: &[u8], blob: &[u8]) -> bool {
    stored.len() == blob.len() && stored[0] & RESERVED == blob[0] && stored[1..] == blob[1..]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn blobs_keep_their_bytes(steps in prop::collection::vec(step(), 1..300)) {
        let mut run = Run::new(Limits::HANDLE);
        for step in steps {
            run.take(step);
            run.check();
        }
    }

    #[test]
    fn limits_are_errors_and_change_nothing(
        (pages, boxes) in (1_u32..8, 1_u32..4),
        steps in prop::collection::vec(step(), 1..300),
    ) {
        let mut run = Run::new(Limits { pages, boxes });
        for step in steps {
            run.take(step);
            run.check();
        }
    }
}

#[test]
fn the_last_page_and_the_last_box_are_the_limit() {
    let mut arena = Arena::new(Limits { pages: 2, boxes: 1 });
    let large = vec![1; 10_000];
    arena.insert(&[&large]).unwrap();
    let second = arena.insert(&[&large]).unwrap();
    assert_eq!(arena.insert(&[&large]), Err(OutOfMemory));
    assert_eq!(arena.rewrite(second, &[b"small"]), Err(OutOfMemory));
    assert_eq!(arena.append(second, &large[..5000]), Err(OutOfMemory));
    let boxed = arena.append(second, &large).unwrap();
    assert_eq!(arena.get(boxed).len(), 20_000);
    arena.insert(&[b"small"]).unwrap();
    assert_eq!(arena.insert(&[&large, &large]), Err(OutOfMemory));
    arena.assert_counters();
}

#[test]
fn an_empty_arena_gives_everything_back() {
    let mut arena = Arena::new(Limits::HANDLE);
    let empty = arena.heap_bytes();
    let handles: Vec<_> = (1..20_000)
        .map(|len| arena.insert(&[&vec![1; len]]).unwrap())
        .collect();
    for handle in handles {
        arena.remove(handle);
    }
    arena.assert_counters();
    assert_eq!(arena.heap_bytes(), empty);
    assert_eq!(arena.free_bytes(), 0);
}

#[test]
fn sparse_pages_are_emptied() {
    let mut run = Run::new(Limits::HANDLE);
    for number in 0..20_000 {
        run.take(Step::Insert(20 + number % 2 * 30));
    }
    // Nine in ten go, all over the pages.
    let all = std::mem::take(&mut run.model);
    for (number, (handle, blob)) in all.into_iter().enumerate() {
        if number * 7 % 10 < 9 {
            run.arena.remove(handle);
        } else {
            run.model.push((handle, blob));
        }
    }
    assert!(run.arena.free_bytes() * 2 > run.arena.heap_bytes());
    let free_percent = |arena: &Arena| arena.free_bytes() * 100 / arena.heap_bytes();
    // As many writes as were made come to rest before the slots that they leave alone are fewer.
    for _ in 0..18_000 {
        if run.arena.is_due() {
            run.evacuate();
        }
    }
    run.check();
    let free = free_percent(&run.arena);
    assert!((20..26).contains(&free), "{free} % are free");
    while run.evacuate() > 0 {}
    run.check();
    let free = free_percent(&run.arena);
    assert!(free < 5, "{free} % are free");
}

#[test]
fn a_search_that_found_nothing_is_repeated_at_once_if_it_must_be() {
    let mut run = Run::new(Limits::HANDLE);
    (0..5000).for_each(|_| run.take(Step::Insert(20)));
    assert_eq!(run.evacuate(), 0, "no page can be emptied");
    (0..1500).for_each(|number| run.take(Step::Remove(number * 2)));
    assert_eq!(run.evacuate(), 0, "the search waits");
    run.arena.look_again();
    assert!(run.evacuate() > 0);
    run.check();
}

#[test]
fn many_appends_reallocate_rarely() {
    let mut arena = Arena::new(Limits::HANDLE);
    let mut handle = arena.insert(&[&vec![1; 20_000]]).unwrap();
    let mut footprints = HashSet::new();
    for _ in 0..20_000 {
        handle = arena.append(handle, b"x").unwrap();
        footprints.insert(arena.footprint(handle));
    }
    assert!(footprints.len() < 10);
    arena.assert_counters();
}
