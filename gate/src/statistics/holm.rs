//! Holm's step-down: one error rate shared by several hypotheses.
//!
//! Start with all `m` hypotheses. Whichever has a p-value within the level of `alpha / m` falls; its
//! share passes on, and the rest are held against `alpha / (m − 1)`, and so on until none falls.
//! The chance that any true hypothesis falls stays at `alpha`, however the values depend on one
//! another (requests per second and CPU time per request are one run seen twice).
//!
//! Example, alpha 0.05: p = 0.01, 0.04, 0.02. 0.01 ≤ 0.05/3 falls; 0.02 ≤ 0.05/2 falls; 0.04 ≤ 0.05
//! falls. With 0.03 in place of 0.02 the second step stops it: 0.03 > 0.025.
//!
//! Under a group-sequential design `alpha / remaining` is no p-value yet: each hypothesis has the
//! nominal level of its own look at that error. Callers hand in a function for it. It must not fall
//! as `remaining` falls, and then the order in which hypotheses fall does not matter.
//!
//! Sources: Holm, Scand. J. Statist. 6 (1979); Maurer and Bretz, *Multiple testing in group
//! sequential trials using graphical approaches*, Statist. Biopharm. Res. 5 (2013).

/// What became of a hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The data speak against it.
    Rejected,
    /// They do not.
    Kept,
}

/// Decides each hypothesis; `level(index, remaining)` is what `alpha / remaining` comes to for it.
#[must_use]
pub fn holm(p_values: &[f64], level: impl Fn(usize, usize) -> f64) -> Vec<Decision> {
    let mut decisions = vec![Decision::Kept; p_values.len()];
    let mut remaining = p_values.len();
    loop {
        let falls = p_values
            .iter()
            .zip(&mut decisions)
            .enumerate()
            .find(|(i, (p, d))| **d == Decision::Kept && **p <= level(*i, remaining));
        match falls {
            Some((_, (_, decision))) => *decision = Decision::Rejected,
            None => return decisions,
        }
        remaining -= 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Decision::{Kept, Rejected};
    use super::*;

    #[expect(clippy::cast_precision_loss, reason = "a handful of hypotheses")]
    fn plain(alpha: f64) -> impl Fn(usize, usize) -> f64 {
        move |_, remaining| alpha / remaining as f64
    }

    #[test]
    fn the_worked_examples_hold() {
        assert_eq!(holm(&[0.01, 0.04, 0.02], plain(0.05)), [Rejected; 3]);
        assert_eq!(
            holm(&[0.01, 0.04, 0.03], plain(0.05)),
            [Rejected, Kept, Kept]
        );
        assert_eq!(holm(&[], plain(0.05)), []);
        assert_eq!(holm(&[f64::NAN], plain(0.05)), [Kept]);
    }

    /// Holm's first example: p = 0.01, 0.005, 0.03, 0.04 at 0.05 rejects the first two.
    #[test]
    fn the_textbook_example_holds() {
        let decisions = holm(&[0.01, 0.005, 0.03, 0.04], plain(0.05));
        assert_eq!(decisions, [Rejected, Rejected, Kept, Kept]);
    }

    proptest! {
        /// Holm is the closed test over Bonferroni: a hypothesis falls exactly when every set of
        /// hypotheses that contains it falls by its own smallest p-value.
        #[test]
        fn closed_testing_gives_the_same(p in proptest::collection::vec(0.0_f64..0.08, 1..7)) {
            let level = plain(0.05);
            let falls = |set: u32| {
                let members = (0..p.len()).filter(|i| set >> i & 1 == 1);
                members.clone().any(|i| p[i] <= level(i, members.clone().count()))
            };
            let expected: Vec<Decision> = (0..p.len())
                .map(|i| {
                    let mut sets = (1_u32..1 << p.len()).filter(|set| set >> i & 1 == 1);
                    if sets.all(falls) { Rejected } else { Kept }
                })
                .collect();
            prop_assert_eq!(holm(&p, &level), expected);
        }
    }
}
