//! An exact metric: counted twice on each arm, compared to the last digit.
//!
//! | first that holds | verdict | reason |
//! |---|---|---|
//! | head lacks it | FAIL, or WARN where a trade removes it | missing, traded |
//! | base lacks it | PASS | new |
//! | an arm differs between its runs, every pair past the limit | FAIL | unstable |
//! | an arm differs between its runs | WARN | unstable |
//! | equal | PASS | within noise |
//! | better | PASS | improved |
//! | worse, base 0, no amount allowed | FAIL | past budget: no percentage of 0 covers it |
//! | worse by at most the budget | WARN | inside budget |
//! | worse by at most a trade's allowance | WARN | traded |
//! | otherwise | FAIL | past budget |
//!
//! Invariant: one count of an arm is an error, for it cannot be told from an unstable one.

use super::JudgeError;
use super::judged::Evidence;
use super::limit::Limit;
use crate::model::{Arm, Direction, ExactSamples, MetricId, Percent, Reason, Verdict};
use crate::statistics::median;

/// Fewer runs of an arm do not show whether it is exact.
const COUNTS_MIN: usize = 2;

/// What became of an exact metric.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ExactOutcome {
    pub base: Option<f64>,
    pub head: Option<f64>,
    pub delta: Option<Percent>,
    pub verdict: Verdict,
    pub reason: Reason,
    pub evidence: Evidence,
}

/// Whether a trade of this change lets the metric go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    Traded,
    NotTraded,
}

/// Judges the counts of one metric.
pub(super) fn exact(
    metric: &MetricId,
    direction: Direction,
    limit: &Limit,
    removal: Removal,
    samples: &ExactSamples,
) -> Result<ExactOutcome, JudgeError> {
    let base = middle(metric, Arm::Base, &samples.base)?;
    let head = middle(metric, Arm::Head, &samples.head)?;
    let (verdict, reason, evidence) = match (base, head) {
        (None, None) => return Err(JudgeError::NoArm(metric.clone())),
        (Some(_), None) => missing(removal),
        (None, Some(_)) => (Verdict::Pass, Reason::New, Evidence::Absent),
        (Some(b), Some(h)) => {
            if is_stable(&samples.base) && is_stable(&samples.head) {
                let (verdict, reason) = compare(direction, limit, b, h);
                let adverse = adverse(direction, b, h);
                (verdict, reason, Evidence::Counts(adverse))
            } else {
                unstable(direction, limit, samples)
            }
        }
    };
    let delta = base.zip(head).and_then(|(b, h)| Percent::change(b, h).ok());
    Ok(ExactOutcome {
        base,
        head,
        delta,
        verdict,
        reason,
        evidence,
    })
}

/// A metric that only base has.
pub(super) const fn missing(removal: Removal) -> (Verdict, Reason, Evidence) {
    match removal {
        Removal::Traded => (Verdict::Warn, Reason::Traded, Evidence::Absent),
        Removal::NotTraded => (Verdict::Fail, Reason::Missing, Evidence::Absent),
    }
}

/// The checked middle of an arm's counts; `None` where the arm lacks the metric.
pub(super) fn middle(
    metric: &MetricId,
    arm: Arm,
    counts: &[f64],
) -> Result<Option<f64>, JudgeError> {
    let metric = || metric.clone();
    if let Some(value) = counts.iter().find(|v| !(v.is_finite() && **v >= 0.0)) {
        return Err(JudgeError::CountedValue {
            metric: metric(),
            arm,
            value: *value,
        });
    }
    match counts.len() {
        0 => Ok(None),
        few if few < COUNTS_MIN => Err(JudgeError::CountedOnce {
            metric: metric(),
            arm,
        }),
        _ => median(counts)
            .map(Some)
            .map_err(|source| JudgeError::Statistics {
                metric: metric(),
                source,
            }),
    }
}

fn is_stable(counts: &[f64]) -> bool {
    counts.windows(2).all(|pair| pair.first() == pair.get(1))
}

/// The adverse change in percent of base; `None` where base is 0 and head is not.
fn adverse(direction: Direction, base: f64, head: f64) -> Option<Percent> {
    if is_stable(&[base, head]) {
        return Some(Percent::ZERO);
    }
    let change = Percent::change(base, head).ok()?;
    Percent::new(direction.adverse_sign() * change.get()).ok()
}

fn compare(direction: Direction, limit: &Limit, base: f64, head: f64) -> (Verdict, Reason) {
    let worse = direction.adverse_sign() * (head - base);
    if is_stable(&[base, head]) {
        return (Verdict::Pass, Reason::WithinNoise);
    }
    if worse < 0.0 {
        return (Verdict::Pass, Reason::Improved);
    }
    if limit.budget.covers(base, worse) {
        (Verdict::Warn, Reason::InsideBudget)
    } else if limit
        .allow
        .as_ref()
        .is_some_and(|allow| allow.covers(base, worse))
    {
        (Verdict::Warn, Reason::Traded)
    } else {
        (Verdict::Fail, Reason::PastBudget)
    }
}

fn unstable(
    direction: Direction,
    limit: &Limit,
    samples: &ExactSamples,
) -> (Verdict, Reason, Evidence) {
    let past = |(b, h): (&f64, &f64)| compare(direction, limit, *b, *h).0 == Verdict::Fail;
    let verdict = if samples.base.iter().zip(&samples.head).all(past) {
        Verdict::Fail
    } else {
        Verdict::Warn
    };
    let evidence = Evidence::Unstable {
        base: samples.base.clone(),
        head: samples.head.clone(),
    };
    (verdict, Reason::Unstable, evidence)
}

#[cfg(test)]
mod tests {
    use super::Direction::{HigherIsBetter, LowerIsBetter};
    use super::*;
    use crate::model::Bound;

    fn limit(budget: f64, allow: Option<f64>) -> Limit {
        Limit {
            budget: Bound::Relative(Percent::new(budget).unwrap()),
            allow: allow.map(|a| Bound::Relative(Percent::new(a).unwrap())),
        }
    }

    fn judge_counts(
        direction: Direction,
        limit: &Limit,
        base: &[f64],
        head: &[f64],
    ) -> Result<ExactOutcome, JudgeError> {
        let metric = MetricId::new("bytes").unwrap();
        let samples = ExactSamples {
            base: base.to_vec(),
            head: head.to_vec(),
        };
        exact(&metric, direction, limit, Removal::NotTraded, &samples)
    }

    fn of(direction: Direction, limit: &Limit, base: f64, head: f64) -> (Verdict, Reason) {
        let outcome = judge_counts(direction, limit, &[base; 2], &[head; 2]).unwrap();
        (outcome.verdict, outcome.reason)
    }

    #[test]
    fn counts_are_compared_to_the_last_digit() {
        let two = limit(2.0, None);
        let cases = [
            (
                LowerIsBetter,
                50.0,
                50.0,
                Verdict::Pass,
                Reason::WithinNoise,
            ),
            (LowerIsBetter, 50.0, 49.999, Verdict::Pass, Reason::Improved),
            (
                LowerIsBetter,
                50.0,
                50.001,
                Verdict::Warn,
                Reason::InsideBudget,
            ),
            (
                LowerIsBetter,
                50.0,
                51.0,
                Verdict::Warn,
                Reason::InsideBudget,
            ),
            (
                LowerIsBetter,
                50.0,
                51.001,
                Verdict::Fail,
                Reason::PastBudget,
            ),
            (HigherIsBetter, 50.0, 51.0, Verdict::Pass, Reason::Improved),
            (
                HigherIsBetter,
                50.0,
                48.9,
                Verdict::Fail,
                Reason::PastBudget,
            ),
        ];
        for (direction, base, head, verdict, reason) in cases {
            assert_eq!(
                of(direction, &two, base, head),
                (verdict, reason),
                "{base} {head}"
            );
        }
    }

    #[test]
    fn an_amount_covers_a_rise_from_nothing() {
        let amount = |text: &str| Limit {
            budget: Bound::parse(text).unwrap(),
            allow: None,
        };
        let lands = (Verdict::Warn, Reason::InsideBudget);
        let fails = (Verdict::Fail, Reason::PastBudget);
        assert_eq!(of(LowerIsBetter, &amount("16 B"), 0.0, 16.0), lands);
        assert_eq!(of(LowerIsBetter, &amount("16 B"), 4000.0, 4017.0), fails);
        assert_eq!(of(HigherIsBetter, &amount("16 B"), 40.0, 24.0), lands);
        assert_eq!(of(HigherIsBetter, &amount("16 B"), 40.0, 23.0), fails);
        let tighter = "tighter of 5% and 16 B";
        assert_eq!(of(LowerIsBetter, &amount(tighter), 40.0, 43.0), fails);
        let looser = "looser of 5% and 16 B";
        assert_eq!(of(LowerIsBetter, &amount(looser), 40.0, 43.0), lands);
        let better = (Verdict::Pass, Reason::Improved);
        assert_eq!(of(LowerIsBetter, &amount("0 B"), 40.0, 1.0), better);
    }

    /// 7 % of 100 and 0.3 % of a third are exactly the budget, whatever binary fractions make of it.
    #[test]
    fn a_change_of_exactly_the_budget_may_land() {
        let lands = (Verdict::Warn, Reason::InsideBudget);
        assert_eq!(of(LowerIsBetter, &limit(7.0, None), 100.0, 107.0), lands);
        let third = 100.0 / 3.0;
        assert_eq!(
            of(LowerIsBetter, &limit(0.3, None), third, third * 1.003),
            lands
        );
    }

    #[test]
    fn a_base_of_nothing_has_no_percentage() {
        let two = limit(2.0, None);
        let equal = (Verdict::Pass, Reason::WithinNoise);
        assert_eq!(of(LowerIsBetter, &two, 0.0, 0.0), equal);
        assert_eq!(
            of(LowerIsBetter, &two, 0.0, 1.0),
            (Verdict::Fail, Reason::PastBudget)
        );
        assert_eq!(
            of(HigherIsBetter, &two, 0.0, 1.0),
            (Verdict::Pass, Reason::Improved)
        );
        let rose = judge_counts(LowerIsBetter, &two, &[0.0; 2], &[1.0; 2]).unwrap();
        assert_eq!((rose.delta, rose.evidence), (None, Evidence::Counts(None)));
        assert_eq!(
            of(LowerIsBetter, &limit(2.0, Some(900.0)), 0.0, 1.0).0,
            Verdict::Fail
        );
    }

    #[test]
    fn a_trade_lets_so_much_land_and_no_more() {
        let traded = limit(2.0, Some(12.0));
        assert_eq!(
            of(LowerIsBetter, &traded, 100.0, 112.0),
            (Verdict::Warn, Reason::Traded)
        );
        assert_eq!(
            of(LowerIsBetter, &traded, 100.0, 112.1),
            (Verdict::Fail, Reason::PastBudget)
        );
        assert_eq!(
            of(LowerIsBetter, &traded, 100.0, 101.0),
            (Verdict::Warn, Reason::InsideBudget)
        );
        // A trade below the budget takes nothing away.
        let low = limit(5.0, Some(1.0));
        assert_eq!(
            of(LowerIsBetter, &low, 100.0, 104.0),
            (Verdict::Warn, Reason::InsideBudget)
        );
    }

    #[test]
    fn counts_that_differ_between_runs_are_unstable() {
        let two = limit(2.0, None);
        let wobbling = judge_counts(LowerIsBetter, &two, &[100.0, 101.0], &[100.0; 2]).unwrap();
        assert_eq!(
            (wobbling.verdict, wobbling.reason),
            (Verdict::Warn, Reason::Unstable)
        );
        let once_past = judge_counts(LowerIsBetter, &two, &[100.0; 2], &[103.0, 101.0]).unwrap();
        assert_eq!(
            (once_past.verdict, once_past.reason),
            (Verdict::Warn, Reason::Unstable)
        );
        let always_past = judge_counts(LowerIsBetter, &two, &[100.0; 2], &[103.0, 104.0]).unwrap();
        assert_eq!(
            (always_past.verdict, always_past.reason),
            (Verdict::Fail, Reason::Unstable)
        );
        assert_eq!(always_past.head, Some(103.5));
    }

    #[test]
    fn an_arm_without_the_metric_is_said() {
        let two = limit(2.0, None);
        let gone = judge_counts(LowerIsBetter, &two, &[1.0; 2], &[]).unwrap();
        assert_eq!(
            (gone.verdict, gone.reason),
            (Verdict::Fail, Reason::Missing)
        );
        assert_eq!((gone.base, gone.head, gone.delta), (Some(1.0), None, None));
        let added = judge_counts(LowerIsBetter, &two, &[], &[1.0; 2]).unwrap();
        assert_eq!((added.verdict, added.reason), (Verdict::Pass, Reason::New));
        let neither = judge_counts(LowerIsBetter, &two, &[], &[]);
        assert!(matches!(neither, Err(JudgeError::NoArm(_))));
    }

    #[test]
    fn values_that_nobody_counted_are_errors() {
        let two = limit(2.0, None);
        let judge = |base: &[f64], head: &[f64]| judge_counts(LowerIsBetter, &two, base, head);
        let once = judge(&[1.0], &[1.0; 2]);
        assert!(matches!(
            once,
            Err(JudgeError::CountedOnce { arm: Arm::Base, .. })
        ));
        for wrong in [f64::NAN, f64::INFINITY, -1.0] {
            let error = judge(&[1.0; 2], &[1.0, wrong]);
            assert!(matches!(
                error,
                Err(JudgeError::CountedValue { arm: Arm::Head, .. })
            ));
        }
    }
}
