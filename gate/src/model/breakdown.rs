//! Where a counted value comes from, and what of that changed.
//!
//! ```text
//! instructions_per_op/get         own          inclusive
//!                              base   head     base   head
//! store::index::find            120    164      310    354     worse, so it comes first
//! server::protocol::decode      210    198      210    198     better
//! ```
//!
//! A share is in the metric's own unit. The parts of bytes have no inclusive share: none holds another.
//! What did not change is left out, and of what did the largest moves are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Direction;

/// How many parts are kept, so that a report stays small.
const PARTS_MAX: usize = 20;

/// A part's share of a value, in the unit of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share {
    /// Its own.
    pub own: f64,
    /// Its own and that of everything it called; `None` where parts do not call one another.
    pub inclusive: Option<f64>,
}

/// The shares of one arm, by the part's name.
pub type Shares = BTreeMap<String, Share>;

/// What changed of a value, by part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breakdown {
    /// The parts that moved most, worst first.
    pub parts: Vec<Part>,
    /// How many more moved.
    pub left_out: usize,
}

/// One part: a function, or a kind of bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// Its own share in base and head; 0 where an arm has none.
    pub own: [f64; 2],
    /// The share of it and all that it called.
    pub inclusive: Option<[f64; 2]>,
}

impl Breakdown {
    /// What changed between two arms; `None` where no part did.
    #[must_use]
    pub fn between(direction: Direction, base: &Shares, head: &Shares) -> Option<Self> {
        let names: BTreeSet<&String> = base.keys().chain(head.keys()).collect();
        let mut parts: Vec<Part> = names
            .into_iter()
            .filter_map(|name| Part::between(name, base.get(name), head.get(name)))
            .collect();
        if parts.is_empty() {
            return None;
        }
        parts.sort_by(|a, b| b.change().abs().total_cmp(&a.change().abs()));
        let left_out = parts.len().saturating_sub(PARTS_MAX);
        parts.truncate(PARTS_MAX);
        let sign = direction.adverse_sign();
        parts.sort_by(|a, b| (sign * b.change()).total_cmp(&(sign * a.change())));
        Some(Self { parts, left_out })
    }
}

impl Part {
    fn between(name: &str, base: Option<&Share>, head: Option<&Share>) -> Option<Self> {
        let shares = [base, head].map(|share| share.copied().unwrap_or_default());
        let own = shares.map(|share| share.own);
        let has_inclusive = shares.iter().any(|share| share.inclusive.is_some());
        let part = Self {
            name: name.to_owned(),
            own,
            inclusive: has_inclusive.then(|| shares.map(|s| s.inclusive.unwrap_or_default())),
        };
        (part.change().abs() > 0.0).then_some(part)
    }

    /// What its own share grew by.
    #[must_use]
    pub fn change(&self) -> f64 {
        let [base, head] = self.own;
        head - base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(parts: &[(&str, f64)]) -> Shares {
        let share = |own| Share {
            own,
            inclusive: Some(own * 2.0),
        };
        let named = |(name, own): &(&str, f64)| ((*name).to_owned(), share(*own));
        parts.iter().map(named).collect()
    }

    #[test]
    fn what_moved_is_listed_worst_first() {
        let base = shares(&[
            ("same", 5.0),
            ("worse", 10.0),
            ("better", 9.0),
            ("gone", 1.0),
        ]);
        let head = shares(&[
            ("same", 5.0),
            ("worse", 30.0),
            ("better", 2.0),
            ("fresh", 4.0),
        ]);
        let listed = |direction| {
            let found = Breakdown::between(direction, &base, &head).unwrap();
            assert_eq!(found.left_out, 0);
            let names = found.parts.into_iter().map(|part| part.name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(
            listed(Direction::LowerIsBetter),
            ["worse", "fresh", "gone", "better"]
        );
        assert_eq!(
            listed(Direction::HigherIsBetter),
            ["better", "gone", "fresh", "worse"]
        );
    }

    #[test]
    fn an_arm_without_the_part_has_none_of_it() {
        let found = Breakdown::between(
            Direction::LowerIsBetter,
            &Shares::new(),
            &shares(&[("fresh", 4.0)]),
        );
        let part = found.unwrap().parts.remove(0);
        assert_eq!((part.own, part.inclusive), ([0.0, 4.0], Some([0.0, 8.0])));
        let base = shares(&[("same", 5.0)]);
        assert_eq!(
            Breakdown::between(Direction::LowerIsBetter, &base, &base),
            None
        );
    }

    #[test]
    fn the_largest_moves_are_kept_and_the_rest_counted() {
        let many = |grown: f64| -> Shares {
            let named = |n: u32| {
                let share = Share {
                    own: f64::from(n) * grown,
                    inclusive: None,
                };
                (format!("part{n}"), share)
            };
            (1..=50).map(named).collect()
        };
        let found = Breakdown::between(Direction::LowerIsBetter, &many(1.0), &many(2.0)).unwrap();
        assert_eq!((found.parts.len(), found.left_out), (PARTS_MAX, 30));
        assert_eq!(found.parts[0].name, "part50");
    }
}
