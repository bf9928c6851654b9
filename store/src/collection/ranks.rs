//! Numbers in an order, found by rank: the order of a large sorted set.
//!
//! ```text
//! runs   │ 4 bytes × up to 512 │ 4 × … │ …      each run in ascending order, before the next
//! lens   │ 4 │ 4 │ …                           how many each has
//! ```
//!
//! The order is the caller's: whatever it compares must not change while the number is here. A place
//! is found by halving, over the runs and then in one run. A rank is a sum over `lens`, four bytes for
//! about 400 members, which reads a million members' worth in 10 KB. A run that is full is halved.
//!
//! Invariant: no run is empty, and `lens` are the lengths of the runs.

use crate::size_class::allocated;

const RUN_MAX: usize = 512;

/// Numbers in an order.
#[derive(Debug, Default)]
pub(crate) struct Ranks {
    runs: Vec<Vec<u32>>,
    lens: Vec<u32>,
    len: usize,
    /// Bytes of the runs, as the allocator rounds them.
    run_bytes: usize,
}

fn bytes_of(run: &Vec<u32>) -> usize {
    allocated(run.capacity() * size_of::<u32>())
}

/// A copy has no room to grow, so that it takes less than what it is a copy of.
impl Clone for Ranks {
    fn clone(&self) -> Self {
        let runs = self.runs.clone();
        Self {
            run_bytes: runs.iter().map(bytes_of).sum(),
            runs,
            lens: self.lens.clone(),
            len: self.len,
        }
    }
}

impl Ranks {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn heap_bytes(&self) -> usize {
        self.run_bytes
            + allocated(self.runs.capacity() * size_of::<Vec<u32>>())
            + allocated(self.lens.capacity() * size_of::<u32>())
    }

    /// The rank of the first number that is not `before`.
    pub(crate) fn partition_point(&self, before: impl FnMut(u32) -> bool) -> usize {
        let (run, at) = self.place(before);
        self.rank(run, at)
    }

    /// The run and the place in it of the first number that is not `before`; in the last run for none.
    fn place(&self, mut before: impl FnMut(u32) -> bool) -> (usize, usize) {
        let last_before = |run: &Vec<u32>, before: &mut dyn FnMut(u32) -> bool| {
            run.last().is_some_and(|number| before(*number))
        };
        let run = self
            .runs
            .partition_point(|run| last_before(run, &mut before))
            .min(self.runs.len().saturating_sub(1));
        let at = self
            .runs
            .get(run)
            .map_or(0, |run| run.partition_point(|number| before(*number)));
        (run, at)
    }

    fn rank(&self, run: usize, at: usize) -> usize {
        let before = self.lens.iter().take(run);
        before.map(|len| *len as usize).sum::<usize>() + at
    }

    /// The run and the place in it of a rank.
    fn at_rank(&self, rank: usize) -> (usize, usize) {
        let mut left = rank;
        for (run, len) in self.lens.iter().enumerate() {
            if left < *len as usize {
                return (run, left);
            }
            left -= *len as usize;
        }
        (self.runs.len(), 0)
    }

    /// Numbers from a rank on.
    pub(crate) fn iter_from(&self, rank: usize) -> impl Iterator<Item = u32> {
        let (run, at) = self.at_rank(rank);
        let runs = self.runs.get(run..).unwrap_or_default();
        runs.iter().flatten().copied().skip(at)
    }

    /// Adds a number behind all that are `before` it.
    pub(crate) fn insert(&mut self, number: u32, before: impl FnMut(u32) -> bool) {
        if self.runs.is_empty() {
            self.runs.push(Vec::new());
            self.lens.push(0);
        }
        let (mut number_of_run, mut at) = self.place(before);
        if self
            .runs
            .get(number_of_run)
            .is_some_and(|run| run.len() >= RUN_MAX)
        {
            let half = self.split(number_of_run);
            if at > half {
                number_of_run += 1;
                at -= half;
            }
        }
        self.with_run(number_of_run, |run| run.insert(at, number));
    }

    /// Removes the first number that is not `before`.
    pub(crate) fn remove(&mut self, before: impl FnMut(u32) -> bool) {
        let (run, at) = self.place(before);
        self.with_run(run, |run| {
            if at < run.len() {
                run.remove(at);
            }
        });
    }

    /// Puts a number in the place of the first that is not `before`.
    pub(crate) fn replace(&mut self, number: u32, before: impl FnMut(u32) -> bool) {
        let (run, at) = self.place(before);
        if let Some(place) = self.runs.get_mut(run).and_then(|run| run.get_mut(at)) {
            *place = number;
        }
    }

    /// Removes `count` numbers from the end, or all where there are fewer.
    pub(crate) fn shed(&mut self, count: usize) {
        let mut left = count.min(self.len);
        self.len -= left;
        while left > 0
            && let (Some(run), Some(len)) = (self.runs.last_mut(), self.lens.last_mut())
        {
            let kept = run.len().saturating_sub(left);
            left -= run.len() - kept;
            run.truncate(kept);
            *len = u32::try_from(kept).unwrap_or(u32::MAX);
            if kept == 0 {
                self.run_bytes -= bytes_of(run);
                self.runs.pop();
                self.lens.pop();
            }
        }
    }

    fn with_run(&mut self, number: usize, act: impl FnOnce(&mut Vec<u32>)) {
        let (Some(run), Some(len)) = (self.runs.get_mut(number), self.lens.get_mut(number)) else {
            return;
        };
        self.run_bytes -= bytes_of(run);
        act(run);
        if run.capacity() >= 16 && run.len() <= run.capacity() / 4 {
            run.shrink_to(run.len() * 2);
        }
        self.run_bytes += bytes_of(run);
        self.len -= *len as usize;
        self.len += run.len();
        *len = u32::try_from(run.len()).unwrap_or(u32::MAX);
        if run.is_empty() {
            self.run_bytes -= bytes_of(run);
            self.runs.remove(number);
            self.lens.remove(number);
            let len = self.runs.len();
            if self.runs.capacity() / 4 >= len {
                self.runs.shrink_to(len * 2);
                self.lens.shrink_to(len * 2);
            }
        }
    }

    /// Halves a run; the length of the first half. Where the run is the last, it stays nearly full:
    /// members often come in ascending order.
    fn split(&mut self, number: usize) -> usize {
        let last = number + 1 == self.runs.len();
        let (Some(run), Some(len)) = (self.runs.get_mut(number), self.lens.get_mut(number)) else {
            return 0;
        };
        let half = if last { RUN_MAX - 8 } else { RUN_MAX / 2 };
        self.run_bytes -= bytes_of(run);
        let tail = run.split_off(half.min(run.len()));
        run.shrink_to_fit();
        self.run_bytes += bytes_of(run) + bytes_of(&tail);
        *len = u32::try_from(run.len()).unwrap_or(u32::MAX);
        let tail_len = u32::try_from(tail.len()).unwrap_or(u32::MAX);
        self.runs.insert(number + 1, tail);
        self.lens.insert(number + 1, tail_len);
        half
    }

    /// Counts again, and compares; `ascends` tells whether a number comes before another.
    pub(crate) fn assert_counters(&self, ascends: impl Fn(u32, u32) -> bool) {
        let lens: Vec<usize> = self.runs.iter().map(Vec::len).collect();
        assert!(lens.iter().all(|len| (1..=RUN_MAX).contains(len)), "runs");
        assert!(
            lens.iter()
                .copied()
                .eq(self.lens.iter().map(|len| *len as usize)),
            "lengths of runs"
        );
        assert_eq!(self.len, lens.iter().sum::<usize>(), "numbers");
        let bytes: usize = self.runs.iter().map(bytes_of).sum();
        assert_eq!(self.run_bytes, bytes, "bytes of runs");
        let mut last = None;
        for number in self.iter_from(0) {
            assert!(last.is_none_or(|last| ascends(last, number)), "the order");
            last = Some(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Ranks;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn ranks_are_those_of_a_sorted_vector(
            steps in prop::collection::vec((0_u8..8, 0_u32..4000), 1..2500),
        ) {
            let (mut ranks, mut model) = (Ranks::default(), Vec::new());
            for (number, (step, value)) in steps.iter().enumerate() {
                let at = model.partition_point(|there| there < value);
                let there = model.get(at) == Some(value);
                if *step > 1 && !there {
                    ranks.insert(*value, |other| other < *value);
                    model.insert(at, *value);
                } else if there {
                    ranks.remove(|other| other < *value);
                    model.remove(at);
                }
                let at = model.partition_point(|there| there < value);
                prop_assert_eq!(ranks.partition_point(|there| there < *value), at);
                prop_assert_eq!(ranks.iter_from(at).next(), model.get(at).copied());
                if number % 100 == 0 {
                    ranks.assert_counters(|a, b| a < b);
                }
            }
            prop_assert_eq!(ranks.len(), model.len());
            prop_assert!(ranks.iter_from(0).eq(model));
            ranks.assert_counters(|a, b| a < b);
        }
    }
}
