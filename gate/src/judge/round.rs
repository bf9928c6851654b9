//! From slices to one number a round.
//!
//! ```text
//! base   9.1  9.0  9.2        k-th slice of base with k-th slice of head
//! head   9.3  9.2  9.3
//! ln     .022 .022 .011       s · ln(head / base), s = −1 where a rise is better
//! d      .022                 median over the pairs
//! ```
//!
//! The pairs of one round share their processes, so they are one observation of the change, not
//! three. The ratio of base's copy to base is taken in the same way.
//!
//! A log ratio becomes an adverse change in percent *of base*: for a rise that is better, the
//! ratio turned back, `−(exp(−d) − 1)`, so that a fall to 97 % is 3 % and not 3.09 %.
//!
//! Invariant: every number that leaves this file is finite; a slice of 0 or NaN is an error.

use super::error::{JudgeError, RoundFault};
use crate::model::{Arm, Direction, MetricId, NoisyRound, Percent, RoundSet};
use crate::statistics::median;

/// What one round says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RoundRatio {
    /// The set that it belongs to.
    pub set: RoundSet,
    /// Which of base and head was started first.
    pub first: Arm,
    /// Adverse log ratio of head to base.
    pub head: f64,
    /// Adverse log ratio of base's copy to base, where there was one.
    pub control: Option<f64>,
    /// Median slice of base and of head, in the metric's unit.
    pub medians: (f64, f64),
}

/// Reads every round of a metric.
pub(super) fn ratios(
    metric: &MetricId,
    direction: Direction,
    rounds: &[NoisyRound],
) -> Result<Vec<RoundRatio>, JudgeError> {
    let read = |round: &NoisyRound| {
        ratio(direction, round).map_err(|fault| JudgeError::Round {
            metric: metric.clone(),
            round: round.round,
            fault,
        })
    };
    rounds.iter().map(read).collect()
}

/// The adverse change in percent of base that an adverse log ratio stands for.
pub(super) fn adverse_percent(
    metric: &MetricId,
    direction: Direction,
    ratio: f64,
) -> Result<Percent, JudgeError> {
    let sign = direction.adverse_sign();
    Percent::from_log_ratio(sign * ratio)
        .and_then(|change| Percent::new(sign * change.get()))
        .map_err(|_| JudgeError::Overflow(metric.clone()))
}

/// The adverse log ratio that an adverse change in percent of base stands for.
///
/// Infinite where nothing is that bad: requests per second cannot fall by more than 100 %.
pub(super) fn adverse_ratio(direction: Direction, percent: Percent) -> f64 {
    match direction {
        Direction::LowerIsBetter => percent.to_log_ratio(),
        Direction::HigherIsBetter if percent.get() >= 100.0 => f64::INFINITY,
        Direction::HigherIsBetter => -(-percent.get() / 100.0).ln_1p(),
    }
}

fn ratio(direction: Direction, round: &NoisyRound) -> Result<RoundRatio, RoundFault> {
    for letter in round.order.chars().chain(round.start_order.chars()) {
        Arm::from_letter(letter).ok_or(RoundFault::Letter(letter))?;
    }
    let open_loop = round.open_loop.iter().map(|open| open.generator_behind_pct);
    if !round.health.figures().chain(open_loop).all(f64::is_finite) {
        return Err(RoundFault::Health);
    }
    for (arm, values) in arms(round) {
        check_values(arm, values, round)?;
    }
    let unpaired = |arm, values: &[f64]| RoundFault::Unpaired {
        arm,
        values: values.len(),
        base: round.base.len(),
    };
    if round.base.is_empty() || round.head.len() != round.base.len() {
        return Err(unpaired(Arm::Head, &round.head));
    }
    if !round.control.is_empty() && round.control.len() != round.base.len() {
        return Err(unpaired(Arm::Control, &round.control));
    }
    let middle = |arm, values: &[f64]| {
        median(values).map_err(|_| RoundFault::Value {
            arm,
            slice: 0,
            value: f64::NAN,
        })
    };
    Ok(RoundRatio {
        set: round.set,
        first: first_started(&round.start_order)?,
        head: pair_median(direction, Arm::Head, &round.base, &round.head)?,
        control: if round.control.is_empty() {
            None
        } else {
            Some(pair_median(
                direction,
                Arm::Control,
                &round.base,
                &round.control,
            )?)
        },
        medians: (
            middle(Arm::Base, &round.base)?,
            middle(Arm::Head, &round.head)?,
        ),
    })
}

fn arms(round: &NoisyRound) -> [(Arm, &[f64]); 3] {
    [
        (Arm::Base, &round.base),
        (Arm::Head, &round.head),
        (Arm::Control, &round.control),
    ]
}

fn check_values(arm: Arm, values: &[f64], round: &NoisyRound) -> Result<(), RoundFault> {
    let slices = round.order.chars().filter(|c| *c == arm.letter()).count();
    // The slices of an open loop make up one value.
    let slices = match &round.open_loop {
        Some(_) => slices.min(1),
        None => slices,
    };
    if slices != values.len() {
        return Err(RoundFault::Count {
            arm,
            values: values.len(),
            slices,
        });
    }
    let wrong = |v: &f64| !(v.is_finite() && *v > 0.0);
    match values.iter().enumerate().find(|(_, v)| wrong(v)) {
        Some((slice, value)) => Err(RoundFault::Value {
            arm,
            slice,
            value: *value,
        }),
        None => Ok(()),
    }
}

fn first_started(starts: &str) -> Result<Arm, RoundFault> {
    let judged: Vec<Arm> = starts
        .chars()
        .filter_map(Arm::from_letter)
        .filter(|arm| *arm != Arm::Control)
        .collect();
    match judged.as_slice() {
        [first, second] if first != second => Ok(*first),
        _ => Err(RoundFault::Starts),
    }
}

/// The median adverse log ratio of the k-th slices of two arms.
fn pair_median(
    direction: Direction,
    arm: Arm,
    base: &[f64],
    other: &[f64],
) -> Result<f64, RoundFault> {
    // A difference of logarithms cannot overflow where a quotient of extreme values would.
    let log = |(b, o): (&f64, &f64)| direction.adverse_sign() * (o.ln() - b.ln());
    let logs: Vec<f64> = base.iter().zip(other).map(log).collect();
    median(&logs).map_err(|_| RoundFault::Value {
        arm,
        slice: 0,
        value: f64::NAN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoundHealth;

    fn round() -> NoisyRound {
        NoisyRound {
            round: 3,
            set: RoundSet::Main,
            start_order: "hcb".to_owned(),
            order: "bhchbcbch".to_owned(),
            base: vec![100.0, 100.0, 200.0],
            head: vec![90.0, 97.0, 200.0],
            control: vec![100.0, 101.0, 300.0],
            health: RoundHealth::default(),
            open_loop: None,
        }
    }

    fn metric() -> MetricId {
        MetricId::new("qps").unwrap()
    }

    #[test]
    fn slices_are_paired_by_their_rank() {
        let read = ratios(&metric(), Direction::HigherIsBetter, &[round()]).unwrap();
        assert_eq!(read[0].first, Arm::Head);
        assert_eq!(read[0].medians, (100.0, 97.0));
        assert!((read[0].head + 0.97_f64.ln()).abs() < 1e-12);
        assert!((read[0].control.unwrap() + 1.01_f64.ln()).abs() < 1e-12);
        let slower = adverse_percent(&metric(), Direction::HigherIsBetter, read[0].head).unwrap();
        assert!((slower.get() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn percent_and_ratio_are_inverse() {
        for direction in [Direction::HigherIsBetter, Direction::LowerIsBetter] {
            for percent in [0.0, 0.1, 3.0, 50.0, 99.0] {
                let ratio = adverse_ratio(direction, Percent::new(percent).unwrap());
                let back = adverse_percent(&metric(), direction, ratio).unwrap();
                assert!(
                    (back.get() - percent).abs() < 1e-9,
                    "{direction:?} {percent}"
                );
            }
        }
        let all = adverse_ratio(Direction::HigherIsBetter, Percent::new(100.0).unwrap());
        assert!(all.is_infinite() && all > 0.0);
    }

    #[test]
    fn a_round_that_cannot_be_read_says_why() {
        type Spoil = fn(&mut NoisyRound);
        let cases: [(Spoil, &str); 10] = [
            (
                |r| r.health.steal_pct = f64::NAN,
                "its health is no finite number",
            ),
            (
                |r| r.head[1] = 0.0,
                "slice 1 of head has the value 0; it must be",
            ),
            (
                |r| r.base[2] = f64::NAN,
                "slice 2 of base has the value NaN",
            ),
            (
                |r| r.base[0] = f64::INFINITY,
                "slice 0 of base has the value inf",
            ),
            (
                |r| r.control[0] = -1.0,
                "slice 0 of control has the value -1",
            ),
            (|r| r.head.truncate(2), "2 values of head, but 3 slices"),
            (|r| r.order.push('x'), "the letter 'x'"),
            (
                |r| r.start_order = "bb".to_owned(),
                "base and head once each",
            ),
            (
                |r| {
                    r.head.clear();
                    r.order = "bcbcbc".to_owned();
                },
                "head has 0 slices where base has 3",
            ),
            (
                |r| {
                    r.control.pop();
                    r.order = "bhbhbhcc".to_owned();
                },
                "control has 2 slices where base has 3",
            ),
        ];
        for (spoil, said) in cases {
            let mut spoilt = round();
            spoil(&mut spoilt);
            let error = ratios(&metric(), Direction::LowerIsBetter, &[spoilt]).unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("round 3 of `qps`: ") && text.contains(said),
                "{text}"
            );
        }
    }
}
