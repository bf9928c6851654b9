//! Where a count changed, as a comment and a terminal show it.

use super::*;
use crate::model::{Breakdown, Share, Shares};

fn shares(parts: &[(&str, f64, f64)]) -> Shares {
    let named = |(name, own, inclusive): &(&str, f64, f64)| {
        let share = Share {
            own: *own,
            inclusive: Some(*inclusive),
        };
        ((*name).to_owned(), share)
    };
    parts.iter().map(named).collect()
}

/// A count that rose in one function and fell a little in another.
pub(super) fn risen() -> Report {
    let metrics = vec![
        counted("bytes_per_key/int", "B", Some(1096.5), Some(1140.25)),
        counted("bytes_per_key/raw", "B", Some(300.0), Some(300.0)),
    ];
    let plan = Plan {
        looks: vec![10, 20, 30, 40],
        confirmation: 10,
    };
    let input = JudgeInput {
        base_budgets: Some(budgets(&[BYTES])),
        head_budgets: budgets(&[BYTES]),
        plan,
        metrics,
        baseline: None,
    };
    let base = shares(&[
        ("store::index::find", 120.0, 310.0),
        (
            "<alloc::vec::Vec<T> as core::ops::Index>::index",
            40.25,
            40.25,
        ),
        ("main", 9.0, 1096.5),
    ]);
    let head = shares(&[
        ("store::index::find", 164.0, 354.0),
        (
            "<alloc::vec::Vec<T> as core::ops::Index>::index",
            40.0,
            40.0,
        ),
        ("main", 9.0, 1140.25),
    ]);
    let id = MetricId::with_case("bytes_per_key", "int").unwrap();
    let breakdown = Breakdown::between(LowerIsBetter, &base, &head).unwrap();
    let facts = RunFacts {
        breakdowns: [(id, breakdown)].into(),
        ..facts()
    };
    Report::new(facts, &input).unwrap()
}

#[test]
fn a_comment_folds_the_parts_that_moved() {
    let comment = markdown(&risen());
    let fold = "<details><summary><b>Where it changed</b>: 1 metric by function or part, base → head</summary>";
    assert!(comment.contains(fold), "{comment}");
    let row = "| store&#58;&#58;index&#58;&#58;find | 120 | 164 | +44 | 310 | 354 |";
    assert!(comment.contains(row), "{comment}");
    assert!(
        !comment.contains("| main |"),
        "what did not move by itself is left out: {comment}"
    );
}

#[test]
fn a_terminal_shows_the_worst_first() {
    let report = risen();
    let told: Vec<String> = report.metrics.iter().map(explanation).collect();
    let expected = "bytes_per_key/int: 1 096.5 → 1 140.25 B (+3.99%)\n\
        \x20 self base  self head  change  inclusive base  inclusive head  part\n\
        \x20       120        164     +44             310             354  store::index::find\n\
        \x20     40.25         40   -0.25           40.25              40  \
        <alloc::vec::Vec<T> as core::ops::Index>::index\n";
    assert_eq!(told[0], expected);
    assert_eq!(
        told[1],
        "bytes_per_key/raw: 300 → 300 B (0%)\n  equal to the last digit\n"
    );
}

#[test]
fn parts_that_hold_no_others_have_no_columns_for_them() {
    let mut report = risen();
    let breakdown = report.metrics[0].breakdown.as_mut().unwrap();
    for part in &mut breakdown.parts {
        part.inclusive = None;
    }
    let comment = markdown(&report);
    let table = "| part | base | head | change |\n|:--|--:|--:|--:|\n\
                 | store&#58;&#58;index&#58;&#58;find | 120 | 164 | +44 |\n";
    assert!(comment.contains(table), "{comment}");
    let text = explanation(&report.metrics[0]);
    let first: Vec<&str> = text.lines().skip(1).take(2).map(str::trim_end).collect();
    let expected = [
        "   base  head  change  part",
        "    120   164     +44  store::index::find",
    ];
    assert_eq!(first, expected);
}

#[test]
fn a_report_judged_again_keeps_the_parts() {
    let report = risen();
    assert_eq!(report.judged_again().unwrap(), report);
    let read = Report::from_json(&report.to_json().unwrap()).unwrap();
    assert_eq!(read, report);
}
