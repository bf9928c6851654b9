//! Samples of several runners, and the report that becomes of them.

use super::*;
use crate::model::RoundSet;
use crate::report::{Measured, PoolError, Shard};

/// What runner `number` of `of` read of `qps` and counted of `bytes_per_key`.
pub(super) fn measured(number: u32, of: u32, change: f64, bytes: f64) -> (String, Measured) {
    let read = |set: RoundSet, n: u32, control: &[f64]| {
        let base = 60_000.0 + 9_000.0 * f64::from(number);
        rounds(HigherIsBetter, set, base, &around(change, 0.8, n), control)
    };
    let mut qps = read(Main, 20, &[]);
    qps.extend(read(Confirmation, 10, &around(0.0, 0.4, 10)));
    for (number, round) in (0..).zip(&mut qps) {
        round.round = number;
    }
    let mut facts = facts();
    facts.seed = u64::from(40 + number);
    facts.runner.cpu = Some(format!("Xeon {}", if number == 3 { "B" } else { "A" }));
    facts
        .timings
        .iter_mut()
        .for_each(|timing| timing.seconds *= f64::from(number));
    let input = JudgeInput {
        base_budgets: Some(budgets(&[QPS, BYTES])),
        head_budgets: budgets(&[QPS, BYTES]),
        plan: Plan {
            looks: vec![20],
            confirmation: 10,
        },
        metrics: vec![
            noisy("qps", "req/s", qps),
            counted("bytes_per_key/int", "B", Some(58.0), Some(bytes)),
        ],
        baseline: None,
    };
    let file = format!("gate-samples-{number}/samples.json");
    (file, Measured::new(Shard { number, of }, facts, input))
}

/// Three runners, one of another kind, where the change costs more.
pub(super) fn three() -> Report {
    let runners = vec![
        measured(3, 3, 4.6, 59.0),
        measured(1, 3, 1.8, 58.0),
        measured(2, 3, 1.9, 58.0),
    ];
    Report::pooled(runners).unwrap()
}

/// Too few to say how runners differ.
pub(super) fn two() -> Report {
    let runners = vec![measured(1, 2, 6.0, 58.0), measured(2, 2, 6.4, 58.0)];
    Report::pooled(runners).unwrap()
}

#[test]
fn the_order_of_the_files_changes_nothing() {
    let mut files = vec![
        measured(1, 3, 1.8, 58.0),
        measured(2, 3, 1.9, 58.0),
        measured(3, 3, 4.6, 59.0),
    ];
    for _ in 0..3 {
        files.rotate_left(1);
        assert!(Report::pooled(files.clone()).unwrap() == three());
    }
}

#[test]
fn samples_read_back_to_the_last_bit_and_hold_no_verdict() {
    let (_, of) = measured(1, 3, 1.8, 58.0);
    let text = of.to_json().unwrap();
    assert!(Measured::from_json(&text).unwrap() == of);
    assert!(
        !text.contains("verdict") && !text.contains("PASS"),
        "{text}"
    );
    let other = text.replace("gate-samples/1", "gate-samples/2");
    assert!(Measured::from_json(&other).is_err());
    let extra = text.replacen('{', "{\"verdict\": \"PASS\",", 1);
    assert!(Measured::from_json(&extra).is_err());
}

#[test]
fn what_runners_do_not_have_in_common_is_refused() {
    type Change = fn(&mut Measured);
    let cases: [(Change, &str); 12] = [
        (
            |m| m.facts.head.commit = Some("f00d".to_owned()),
            "head is f00d in gate-samples-2/samples.json, but ",
        ),
        (|m| m.facts.head.tree = "f00d".to_owned(), "head is "),
        (
            |m| m.facts.base.commit = Some("f00d".to_owned()),
            "base is f00d in ",
        ),
        (
            |m| m.facts.tool.version = "9.9".to_owned(),
            "the program is gate 9.9 in ",
        ),
        (
            |m| m.plan.confirmation = 11,
            "the plan is 20 + 11 rounds in ",
        ),
        (
            |m| m.budgets.head = budgets(&[QPS, BYTES, CPU]),
            "other budgets than gate-samples-1",
        ),
        (
            |m| m.budgets.base = None,
            "other budgets than gate-samples-1",
        ),
        (|m| m.facts.seed = 41, "drawn from the same seed"),
        (
            |m| drop(m.metrics.pop()),
            "`bytes_per_key/int` is in gate-samples-1/samples.json, but not in gate-samples-2",
        ),
        (
            |m| m.metrics[1].taken = Taken::Skipped("--only".to_owned()),
            "was not measured in gate-samples-2",
        ),
        (
            |m| m.metrics[1].unit = Unit::new("kB").unwrap(),
            "the unit is \"kB\" of",
        ),
        (
            |m| m.metrics[0].taken = m.metrics[1].taken.clone(),
            "was not measured in gate-samples-2",
        ),
    ];
    for (change, why) in cases {
        let mut runners: Vec<_> = (1..=3).map(|n| measured(n, 3, 0.0, 58.0)).collect();
        change(&mut runners[1].1);
        let told = Report::pooled(runners).unwrap_err().to_string();
        assert!(told.contains(why), "{why}: {told}");
    }
}

#[test]
fn every_shard_is_there_once() {
    let of = |shards: &[(u32, u32)]| {
        let runners = shards.iter().map(|(n, of)| measured(*n, *of, 0.0, 58.0));
        Report::pooled(runners.collect())
    };
    let told = |shards: &[(u32, u32)]| of(shards).unwrap_err().to_string();
    assert!(of(&[(1, 1)]).is_ok());
    assert!(matches!(of(&[]), Err(PoolError::Nothing)));
    assert_eq!(told(&[(1, 3), (3, 3)]), "shard 2/3 is missing");
    assert_eq!(told(&[(2, 4)]), "shards 1/4, 3/4, 4/4 are missing");
    assert!(told(&[(1, 2), (1, 2)]).ends_with("are both shard 1/2"));
    assert!(
        told(&[(1, 2), (2, 3)])
            .contains("is shard 2/3, but gate-samples-1/samples.json is one of 2")
    );
    assert!(told(&[(4, 3)]).ends_with("says that it is shard 4/3, and there is none"));
    assert!(told(&[(0, 1)]).contains("shard 0/1"));
}

#[test]
fn a_runner_with_identical_binaries_has_no_part() {
    let mut runners: Vec<_> = (1..=3).map(|n| measured(n, 3, 0.0, 58.0)).collect();
    runners[1].1.metrics[0].taken = Taken::IdenticalBinary;
    let report = Report::pooled(runners.clone()).unwrap();
    let note = "qps: base and head are the same binary on runner 2, which has no part in it";
    assert_eq!(report.measuring.notes, [note]);
    for (_, runner) in &mut runners {
        runner.metrics[0].taken = Taken::IdenticalBinary;
    }
    let report = Report::pooled(runners).unwrap();
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(
        !markdown(&report).contains("| metric | runner |"),
        "no table without a row"
    );
    assert!(
        report
            .metrics
            .iter()
            .any(|m| m.reason == Reason::IdenticalBinary)
    );
}

#[test]
fn a_runner_that_asked_for_no_cases_is_no_reason_to_refuse_the_others() {
    let mut runners: Vec<_> = (1..=3).map(|n| measured(n, 3, 0.0, 60.0)).collect();
    let whole = |metric: &mut MetricInput| {
        *metric = taken("bytes_per_key", "", Taken::IdenticalBinary);
    };
    whole(&mut runners[0].1.metrics[1]);
    let report = Report::pooled(runners.clone()).unwrap();
    let row = report
        .metrics
        .iter()
        .find(|m| m.id.name() == "bytes_per_key");
    let row = row.unwrap();
    assert_eq!(
        (row.id.as_str(), row.verdict, row.by_runner.len()),
        ("bytes_per_key/int", Verdict::Warn, 2)
    );
    let note =
        "bytes_per_key/int: base and head are the same binary on runner 1, which has no part in it";
    assert_eq!(report.measuring.notes, [note]);
    for (_, runner) in &mut runners {
        whole(&mut runner.metrics[1]);
    }
    let report = Report::pooled(runners).unwrap();
    let row = report
        .metrics
        .iter()
        .find(|m| m.id.as_str() == "bytes_per_key");
    assert_eq!(row.unwrap().reason, Reason::IdenticalBinary);
}

#[test]
fn values_of_a_runner_that_is_none_of_the_runs_are_refused() {
    let mut report = three();
    report.runners.pop();
    let told = report.judged_again().unwrap_err().to_string();
    assert!(
        told.contains("runner 3, which is none of this run's"),
        "{told}"
    );
}
