//! An exact metric that several runners counted.
//!
//! ```text
//! runner 1  machine A   base 100 100   head 104 104 ─┐ one kind: all counts together must agree,
//! runner 2  machine A   base 100 100   head 104 104 ─┘ or the metric is unstable
//! runner 3  machine B   base 112 112   head 119 119 ─── another kind: may count differently
//! ```
//!
//! A processor's features, the C library and the kernel may choose other code, so counts need to agree
//! only on machines of one kind. Each kind is judged by itself; the worst one is the metric's row, and
//! what other kinds counted is said.
//!
//! Invariant: an arm that has the metric on one runner and lacks it on another is an error.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::JudgeError;
use super::exact::{ExactOutcome, Removal, exact, middle};
use super::judged::ByRunner;
use super::limit::Limit;
use crate::model::{Arm, Direction, ExactSamples, MetricId, Percent, RunnerCounts};

/// Judges the counts of one metric, and tells what each runner counted.
pub(super) fn judge(
    metric: &MetricId,
    direction: Direction,
    limit: &Limit,
    removal: Removal,
    runners: &[RunnerCounts],
) -> Result<(ExactOutcome, Vec<ByRunner>), JudgeError> {
    check_arms(metric, runners)?;
    let mut kinds: BTreeMap<&str, ExactSamples> = BTreeMap::new();
    for RunnerCounts {
        machine, counts, ..
    } in runners
    {
        // One count of a runner is an error, however many others there are.
        middle(metric, Arm::Base, &counts.base)?;
        middle(metric, Arm::Head, &counts.head)?;
        let kind = kinds.entry(machine).or_default();
        kind.base.extend(&counts.base);
        kind.head.extend(&counts.head);
    }
    let mut worst: Option<ExactOutcome> = None;
    for counts in kinds.values() {
        let outcome = exact(metric, direction, limit, removal, counts)?;
        let is_worst = worst
            .as_ref()
            .is_none_or(|worst| order(direction, &outcome, worst).is_gt());
        if is_worst {
            worst = Some(outcome);
        }
    }
    let worst = worst.ok_or_else(|| JudgeError::NoArm(metric.clone()))?;
    let by_runner = by_runner(metric, runners, worst.base, worst.head)?;
    Ok((worst, by_runner))
}

/// All counts in one, and what each runner counted: for a metric that is only shown.
pub(super) fn together(
    metric: &MetricId,
    runners: &[RunnerCounts],
) -> Result<(ExactSamples, Vec<ByRunner>), JudgeError> {
    check_arms(metric, runners)?;
    let mut all = ExactSamples::default();
    for RunnerCounts { counts, .. } in runners {
        all.base.extend(&counts.base);
        all.head.extend(&counts.head);
    }
    let base = middle(metric, Arm::Base, &all.base)?;
    let head = middle(metric, Arm::Head, &all.head)?;
    let by_runner = by_runner(metric, runners, base, head)?;
    Ok((all, by_runner))
}

/// The worse verdict is the greater, then the larger change for the worse; no number is the worst.
fn order(direction: Direction, a: &ExactOutcome, b: &ExactOutcome) -> Ordering {
    let adverse = |outcome: &ExactOutcome| {
        let delta = outcome.delta.map(Percent::get);
        delta.map_or(f64::INFINITY, |delta| direction.adverse_sign() * delta)
    };
    let by_verdict = a.verdict.cmp(&b.verdict);
    by_verdict.then_with(|| adverse(a).total_cmp(&adverse(b)))
}

fn check_arms(metric: &MetricId, runners: &[RunnerCounts]) -> Result<(), JudgeError> {
    for (arm, of) in [
        (Arm::Base, (|c| &c.base) as fn(&ExactSamples) -> &Vec<f64>),
        (Arm::Head, |c| &c.head),
    ] {
        let number = |has: bool| {
            let mut some = runners
                .iter()
                .filter(|runner| of(&runner.counts).is_empty() != has);
            some.next().map(|runner| runner.runner)
        };
        if let (Some(with), Some(without)) = (number(true), number(false)) {
            return Err(JudgeError::OnSomeRunners {
                metric: metric.clone(),
                arm,
                with,
                without,
            });
        }
    }
    Ok(())
}

fn by_runner(
    metric: &MetricId,
    runners: &[RunnerCounts],
    base: Option<f64>,
    head: Option<f64>,
) -> Result<Vec<ByRunner>, JudgeError> {
    let one = |runner: &RunnerCounts| {
        let own_base = middle(metric, Arm::Base, &runner.counts.base)?;
        let own_head = middle(metric, Arm::Head, &runner.counts.head)?;
        let both = own_base.zip(own_head);
        Ok(ByRunner {
            runner: runner.runner,
            base: own_base,
            head: own_head,
            delta: both.and_then(|(b, h)| Percent::change(b, h).ok()),
            low: None,
            high: None,
            strays: own_base != base || own_head != head,
        })
    };
    runners.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reason, Verdict};

    fn counts(runner: u32, machine: &str, base: &[f64], head: &[f64]) -> RunnerCounts {
        RunnerCounts {
            runner,
            machine: machine.to_owned(),
            counts: ExactSamples {
                base: base.to_vec(),
                head: head.to_vec(),
            },
        }
    }

    fn judged(runners: &[RunnerCounts]) -> Result<(ExactOutcome, Vec<ByRunner>), JudgeError> {
        let metric = MetricId::new("bytes").unwrap();
        let limit = Limit::relative(Percent::new(2.0).unwrap());
        let direction = Direction::LowerIsBetter;
        judge(&metric, direction, &limit, Removal::NotTraded, runners)
    }

    fn says(runners: &[RunnerCounts]) -> (Verdict, Reason, Vec<u32>) {
        let (outcome, by_runner) = judged(runners).unwrap();
        let stray = by_runner.iter().filter(|r| r.strays).map(|r| r.runner);
        (outcome.verdict, outcome.reason, stray.collect())
    }

    #[test]
    fn runners_of_one_kind_must_agree() {
        let same = counts(1, "A", &[100.0; 2], &[101.0; 2]);
        let agree = [same.clone(), counts(2, "A", &[100.0; 2], &[101.0; 2])];
        assert_eq!(says(&agree), (Verdict::Warn, Reason::InsideBudget, vec![]));
        let differ = [same, counts(2, "A", &[100.0; 2], &[103.0; 2])];
        assert_eq!(says(&differ).0, Verdict::Warn);
        assert_eq!(says(&differ).1, Reason::Unstable);
    }

    #[test]
    fn the_worst_kind_speaks_and_others_are_told() {
        let runners = [
            counts(1, "A", &[100.0; 2], &[100.0; 2]),
            counts(2, "B", &[110.0; 2], &[120.0; 2]),
            counts(3, "A", &[100.0; 2], &[100.0; 2]),
        ];
        let (outcome, _) = judged(&runners).unwrap();
        assert_eq!((outcome.base, outcome.head), (Some(110.0), Some(120.0)));
        assert_eq!(
            says(&runners),
            (Verdict::Fail, Reason::PastBudget, vec![1, 3])
        );
        // From nothing to something has no percentage, and is the worst of all.
        let from_nothing = [
            counts(1, "A", &[100.0; 2], &[200.0; 2]),
            counts(2, "B", &[0.0; 2], &[1.0; 2]),
        ];
        assert_eq!(judged(&from_nothing).unwrap().0.delta, None);
    }

    #[test]
    fn an_arm_that_some_runners_lack_is_an_error() {
        let runners = [
            counts(1, "A", &[1.0; 2], &[1.0; 2]),
            counts(2, "A", &[1.0; 2], &[]),
        ];
        assert!(matches!(
            judged(&runners),
            Err(JudgeError::OnSomeRunners {
                arm: Arm::Head,
                with: 1,
                without: 2,
                ..
            })
        ));
        let once = [
            counts(1, "A", &[1.0], &[1.0; 2]),
            counts(2, "A", &[1.0; 2], &[1.0; 2]),
        ];
        assert!(matches!(judged(&once), Err(JudgeError::CountedOnce { .. })));
    }
}
