//! Runs judged as a whole: one test for each row of the table of verdicts, and for what is an error.

mod changes;
mod runners;
mod simulation;
mod steps;

use super::fixture::{BYTES, CPU, QPS, around, budgets, counted, input, noisy, rounds, taken};
use super::plan::Levels;
use super::*;
use crate::model::Direction::{HigherIsBetter, LowerIsBetter};
use crate::model::RoundSet::{Confirmation, Main};
use crate::model::{Kind, MetricId, NoisyRound, Percent, Reason, Verdict};

/// What ten main rounds, and ten of the confirmation where there are any, make of `qps`.
fn qps(main: &[f64], confirmation: &[f64], control: &[f64]) -> MetricInput {
    let mut all = rounds(HigherIsBetter, Main, 70_000.0, main, &[]);
    all.extend(rounds(
        HigherIsBetter,
        Confirmation,
        70_000.0,
        confirmation,
        control,
    ));
    noisy("qps", "req/s", all)
}

fn judged(tables: &[&str], metrics: Vec<MetricInput>) -> Judged {
    judge(&input(budgets(tables), metrics)).unwrap()
}

fn only_row(tables: &[&str], metric: MetricInput) -> Row {
    let mut rows = judged(tables, vec![metric]).rows;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn doubt(row: &Row) -> Option<Doubt> {
    match row.evidence {
        Evidence::Rounds { doubt, .. } => doubt,
        _ => None,
    }
}

const fn says(row: &Row) -> (Verdict, Reason) {
    (row.verdict, row.reason)
}

#[test]
fn each_row_of_the_table_of_verdicts_holds() {
    let still = around(0.0, 0.5, 10);
    for (main, verdict, reason) in [
        (around(0.0, 0.5, 10), Verdict::Pass, Reason::WithinNoise),
        (around(0.6, 0.5, 10), Verdict::Pass, Reason::WithinNoise),
        (around(2.0, 0.5, 10), Verdict::Warn, Reason::InsideBudget),
        (around(-2.0, 0.5, 10), Verdict::Pass, Reason::Improved),
        (around(-20.0, 3.0, 10), Verdict::Pass, Reason::Improved),
        (around(2.0, 5.0, 10), Verdict::Warn, Reason::Inconclusive),
        (around(6.0, 0.5, 10), Verdict::Fail, Reason::PastBudget),
    ] {
        let row = only_row(&[QPS], qps(&main, &around(6.0, 0.5, 10), &still));
        assert_eq!(says(&row), (verdict, reason), "{main:?}");
    }
}

#[test]
fn a_fall_of_requests_per_second_is_adverse() {
    let still = around(0.0, 0.5, 10);
    let row = only_row(
        &[QPS],
        qps(&around(6.0, 0.5, 10), &around(6.0, 0.5, 10), &still),
    );
    let estimate = *row.estimate().unwrap();
    assert_eq!(estimate.rounds, 20);
    assert!((estimate.middle.get() - 6.0).abs() < 0.01);
    assert!((row.delta.unwrap().get() + 6.0).abs() < 0.01);
    assert!(estimate.low > Percent::new(5.5).unwrap() && estimate.high.get() < 6.5);
    // The spread is far smaller than the floor.
    assert!((estimate.band.get() - 1.0).abs() < 1e-12);
    assert!((row.base.unwrap() - 70_000.0).abs() < 1e-6);
    assert!((row.head.unwrap() - 65_800.0).abs() < 50.0);
}

/// The interval straddles the budget at the last look, the estimate is past it.
#[test]
fn a_move_whose_size_was_not_resolved_in_time_fails_when_confirmed() {
    let (wide, again) = (around(4.0, 5.0, 40), around(4.5, 2.0, 10));
    let still = around(0.0, 0.5, 10);
    let main = only_row(&[QPS], qps(&wide, &[], &[]));
    let main = main.estimate().unwrap();
    assert!(main.low.get() < 3.0 && main.is_worse(), "{main:?}");
    let row = only_row(&[QPS], qps(&wide, &again, &still));
    assert_eq!(says(&row), (Verdict::Fail, Reason::PastBudget));
    let not_again = only_row(&[QPS], qps(&wide, &around(2.5, 2.0, 10), &still));
    assert_eq!(says(&not_again), (Verdict::Warn, Reason::Inconclusive));
}

#[test]
fn a_fail_is_published_only_when_it_is_confirmed() {
    let past = around(6.0, 0.5, 10);
    let still = around(0.0, 0.5, 10);
    let inconclusive = (Verdict::Warn, Reason::Inconclusive);

    let unconfirmed = only_row(&[QPS], qps(&past, &[], &[]));
    assert_eq!(
        (says(&unconfirmed), doubt(&unconfirmed)),
        (inconclusive, Some(Doubt::Unconfirmed))
    );
    let cut_short = only_row(&[QPS], qps(&past, &past[..6], &still[..6]));
    assert_eq!(
        (says(&cut_short), doubt(&cut_short)),
        (inconclusive, Some(Doubt::Unconfirmed))
    );
    let contradicted = only_row(&[QPS], qps(&past, &still, &still));
    let doubted = (says(&contradicted), doubt(&contradicted));
    assert_eq!(doubted, (inconclusive, Some(Doubt::Contradicted)));
    for off in [3.0, -3.0] {
        let unfit = only_row(&[QPS], qps(&past, &past, &around(off, 0.5, 10)));
        assert_eq!(says(&unfit), inconclusive);
        assert!(matches!(doubt(&unfit), Some(Doubt::Unfit(by)) if (by.get() - off).abs() < 0.1));
    }
    // Off by less than the gate calls real is no ground for doubt.
    let fit = only_row(&[QPS], qps(&past, &past, &around(0.5, 0.3, 10)));
    assert_eq!(says(&fit), (Verdict::Fail, Reason::PastBudget));
}

#[test]
fn a_fail_without_the_control_arm_is_an_error() {
    let past = around(6.0, 0.5, 10);
    for control in [&[][..], &past[..9]] {
        let run = input(budgets(&[QPS]), vec![qps(&past, &past, control)]);
        assert!(matches!(judge(&run), Err(JudgeError::NoControl(_))));
    }
}

#[test]
fn the_policy_decides_what_inconclusive_does() {
    let strict = "[run]\ninconclusive = \"fail\"\n";
    let row = only_row(&[strict, QPS], qps(&around(2.0, 5.0, 10), &[], &[]));
    assert_eq!(says(&row), (Verdict::Fail, Reason::Inconclusive));
}

#[test]
fn several_metrics_share_the_error_for_fail() {
    // Two of ten rounds inside the budget: W = 3, p = 5/1024, enough for one metric at this look
    // only when the other one falls first.
    let borderline = [2.8, 2.9, 3.5, 3.6, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2];
    let alone = standings_of(&[&borderline]);
    let far = around(8.0, 0.5, 10);
    let beside_far = standings_of(&[&borderline, &far]);
    let beside_none = standings_of(&[&borderline, &around(0.0, 0.5, 10)]);
    assert_eq!(alone, ["Open"]);
    assert_eq!(beside_far, ["Open", "Past"]);
    assert_eq!(beside_none, ["Open", "Inside"]);
    let clear = [2.9, 3.3, 3.5, 3.6, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2];
    assert_eq!(standings_of(&[&clear]), ["Past"]);
    assert_eq!(standings_of(&[&clear, &far]), ["Past", "Past"]);
    assert_eq!(
        standings_of(&[&clear, &around(0.0, 0.5, 10)]),
        ["Open", "Inside"]
    );
}

/// Where metrics with these main rounds stand while more rounds may come.
fn standings_of(mains: &[&[f64]]) -> Vec<String> {
    use super::noisy::{Resolution, standings};
    use super::reading::Reading;
    let id = MetricId::new("cpu").unwrap();
    let three = Percent::new(3.0).unwrap();
    let all: Vec<Vec<NoisyRound>> = mains
        .iter()
        .map(|main| rounds(LowerIsBetter, Main, 14.0, main, &[]))
        .collect();
    let metrics: Vec<NoisyMetric<'_>> = all
        .iter()
        .map(|rounds| NoisyMetric {
            id: &id,
            direction: LowerIsBetter,
            floor: Percent::new(1.0).unwrap(),
            limit: Limit::relative(three),
            rounds: Rounds::One(rounds),
        })
        .collect();
    let readings: Vec<Reading<'_>> = metrics
        .iter()
        .map(|metric| Reading::new(metric).unwrap())
        .collect();
    let plan = Plan {
        looks: vec![10, 20, 30, 40],
        confirmation: 10,
    };
    let levels = Levels::new(&plan, 0.99, mains.len()).unwrap();
    let standings = standings(&readings, &levels, Resolution::Ahead).unwrap();
    standings
        .iter()
        .map(|standing| format!("{standing:?}"))
        .collect()
}

#[test]
fn what_needs_no_rounds_passes_with_its_reason() {
    let identical = only_row(&[QPS], taken("qps", "req/s", Taken::IdenticalBinary));
    assert_eq!(says(&identical), (Verdict::Pass, Reason::IdenticalBinary));
    assert_eq!(
        (identical.base, identical.head, identical.delta),
        (None, None, None)
    );
    let skipped = only_row(
        &[QPS],
        taken("qps", "req/s", Taken::Skipped("left out".to_owned())),
    );
    assert_eq!(says(&skipped), (Verdict::Pass, Reason::Skipped));
}

#[test]
fn a_metric_that_is_only_shown_never_fails() {
    let shown = "[metrics.qps]\nprobe = \"resp-load\"\ndirection = \"higher-is-better\"\n\
        report_only = true\n";
    let row = only_row(&[shown], qps(&around(30.0, 1.0, 10), &[], &[]));
    assert_eq!((row.verdict, row.kind), (Verdict::Pass, Kind::ReportOnly));
    assert!((row.estimate().unwrap().middle.get() - 30.0).abs() < 0.1);
    // Two rounds are no interval, and can be shown still.
    let two = only_row(&[shown], qps(&[30.0, 31.0], &[], &[]));
    assert_eq!((two.verdict, two.delta), (Verdict::Pass, None));
    let nan = input(budgets(&[shown]), vec![qps(&[f64::NAN], &[], &[])]);
    assert!(matches!(judge(&nan), Err(JudgeError::Round { .. })));
}

#[test]
fn what_cannot_be_judged_is_an_error() {
    let ten = || qps(&around(0.0, 0.5, 10), &[], &[]);
    let error = |tables: &[&str], metrics: Vec<MetricInput>| {
        judge(&input(budgets(tables), metrics))
            .unwrap_err()
            .to_string()
    };
    let six = qps(&around(0.0, 0.5, 6), &[], &[]);
    assert!(error(&[QPS], vec![six]).contains("`qps` has 6 rounds, too few"));
    assert!(error(&[QPS], vec![qps(&[], &[], &[])]).contains("no value of it"));
    assert!(error(&[QPS], vec![qps(&around(0.0, 0.5, 41), &[], &[])]).contains("40 were planned"));
    assert!(error(&[QPS, CPU], vec![ten()]).contains("`cpu_per_request` has a budget, but"));
    let cpu = noisy(
        "cpu_per_request",
        "us",
        rounds(LowerIsBetter, Main, 14.0, &[0.0; 10], &[]),
    );
    assert!(error(&[CPU], vec![cpu, ten()]).contains("no budgets file has it"));
    assert!(error(&[QPS], vec![ten(), ten()]).contains("measured twice"));
    assert!(error(&[QPS], vec![counted("qps", "", Some(1.0), Some(1.0))]).contains("kind"));
    let int = "[metrics.bytes_per_key.case.int]\nbudget = \"2%\"\n";
    let raw = counted("bytes_per_key/raw", "B", Some(1.0), Some(1.0));
    assert!(error(&[BYTES, int], vec![raw]).contains("the case `bytes_per_key/int`"));
    let zero = noisy(
        "qps",
        "",
        rounds(HigherIsBetter, Main, 0.0, &[0.0; 10], &[]),
    );
    assert!(error(&[QPS], vec![zero]).contains("above 0"));
}

#[test]
fn starting_second_is_reported() {
    // `rounds` starts base first in the even rounds.
    let drift: Vec<f64> = (0..10)
        .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 } + 0.01 * f64::from(i))
        .collect();
    let order = &judged(&[QPS], vec![qps(&drift, &[], &[])]).position_effects[0];
    assert!(
        order.is_certain() && (order.effect.get() - 1.0).abs() < 0.02,
        "{order:?}"
    );
    let calm = &judged(&[QPS], vec![qps(&around(0.0, 0.5, 10), &[], &[])]).position_effects[0];
    assert!(!calm.is_certain());
}
