//! Whether the same code counted the same, where a report cannot know it.

use super::pool::measured;
use super::recorded;
use crate::budget::Baseline;
use crate::judge::fixture::{BYTES, QPS, budgets};
use crate::judge::{Agreement, BaselineInput, BothBaselines, Code, Creep};
use crate::model::Verdict;
use crate::report::{Report, markdown};

fn agreement(report: &Report) -> &Agreement {
    match &report.baseline.as_ref().unwrap().creep {
        Creep::Judged { agreement, .. } => agreement,
        Creep::NotJudged(why) | Creep::Outdated(why) => panic!("not judged: {why}"),
    }
}

fn of_another_commit(baseline: &Baseline) -> Baseline {
    let mut other = baseline.clone();
    other.commit = "d".repeat(40);
    other
}

#[test]
fn what_the_code_was_compared_with_is_what_it_is_held_against() {
    let report = recorded(Code::Same);
    assert_eq!(agreement(&report), &Agreement::Demanded);
    let own = report.baseline.clone().unwrap().input;
    let baseline = own.recorded.unwrap();
    let held = |baseline: Baseline| {
        let before = Some(baseline.clone());
        let held = BothBaselines {
            path: own.path.clone(),
            recorded: Some(baseline),
            before,
        };
        let held = report.clone().with_baseline(held, Vec::new());
        held.judged_again().unwrap()
    };
    assert_eq!(agreement(&held(baseline.clone())), &Agreement::Demanded);
    let other = held(of_another_commit(&baseline));
    let Agreement::NotDemanded(why) = agreement(&other) else {
        panic!("{other:?}")
    };
    assert!(why.contains("a baseline of another commit"), "{why}");
}

#[test]
fn runners_of_several_kinds_are_not_held_to_the_last_digit() {
    let own = recorded(Code::Same).baseline.unwrap().input;
    let pooled = |change: fn(&mut BaselineInput)| {
        let runners = [1, 2].map(|number| {
            let (file, mut of) = measured(number, 2, 0.0, 54.0);
            let with_creep = "[baseline]\nbudget = \"50%\"\n";
            of.budgets.head = budgets(&[QPS, BYTES, with_creep]);
            of.budgets.base = Some(of.budgets.head.clone());
            let mut own = own.clone();
            if number == 2 {
                change(&mut own);
            }
            of.baseline = Some(own);
            (file, of)
        });
        Report::pooled(runners.into())
    };
    assert_eq!(
        agreement(&pooled(|_| {}).unwrap()),
        &Agreement::Demanded,
        "of one kind"
    );
    for change in [
        (|own| own.counted_on.processor = Some("another".to_owned())) as fn(&mut BaselineInput),
        |own| own.code = Code::Unknown("shallow".to_owned()),
    ] {
        let report = pooled(change).unwrap();
        let Agreement::NotDemanded(why) = agreement(&report) else {
            panic!("{report:?}")
        };
        assert!(why.contains("several kinds"), "{why}");
    }
    let other = pooled(|own| own.toolchain = Some("rustc 2".to_owned())).unwrap_err();
    assert!(other.to_string().contains("toolchain"), "{other}");
}

#[test]
fn a_baseline_that_nobody_holds_speaks_for_a_run_in_which_nothing_got_worse() {
    let mut report = recorded(Code::Other);
    report
        .metrics
        .retain(|metric| metric.id.case() != Some("int"));
    let own = report.baseline.as_mut().unwrap();
    own.input.toolchain = Some("rustc <2> | x".to_owned());
    let report = report.judged_again().unwrap();
    assert_eq!(report.verdict, Verdict::Warn);
    let comment = markdown(&report);
    let said = "(rustc 1.95.0; this is rustc &lt;2&gt; &#124; x): record it again. It may land; until `gate baseline";
    assert!(comment.contains(said), "{comment}");
    assert!(comment.contains("</b>: not judged any more"), "{comment}");

    // What got worse speaks first.
    let mut report = recorded(Code::Other);
    let own = report.baseline.as_mut().unwrap();
    own.input.toolchain = Some("rustc 2".to_owned());
    let comment = markdown(&report.judged_again().unwrap());
    let said = "**WARN**: `bytes_per_key/int`: ";
    assert!(comment.contains(said), "{comment}");
}
