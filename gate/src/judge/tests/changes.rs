//! Budgets that differ between base and head, trades, and metrics that come and go.

use super::*;
use crate::judge::fixture::trade;

fn changed(base: &[&str], head: &[&str], metrics: Vec<MetricInput>) -> Result<Judged, JudgeError> {
    judge(&JudgeInput {
        base_budgets: Some(budgets(base)),
        ..input(budgets(head), metrics)
    })
}

fn bytes(head: f64) -> Vec<MetricInput> {
    vec![counted("bytes_per_key", "B", Some(100.0), Some(head))]
}

#[test]
fn a_budget_loosened_without_a_reason_fails_the_run() {
    let looser = BYTES.replace("5%", "9%");
    let reasoned = format!("{looser}reason = \"one more word for the expiry\"\n");
    let run = changed(&[BYTES], &[&looser], bytes(100.0)).unwrap();
    assert_eq!(
        (run.verdict, run.rows[0].verdict),
        (Verdict::Fail, Verdict::Pass)
    );
    assert_eq!(run.budget_changes.len(), 1);
    let run = changed(&[BYTES], &[&reasoned], bytes(100.0)).unwrap();
    assert_eq!(run.verdict, Verdict::Pass);
    let run = changed(&[&looser], &[BYTES], bytes(100.0)).unwrap();
    assert_eq!((run.verdict, run.budget_changes.len()), (Verdict::Pass, 1));
}

#[test]
fn a_trade_counts_only_in_the_change_that_adds_it() {
    let entry = trade("bytes_per_key", "12%");
    let run = changed(&[BYTES], &[BYTES, &entry], bytes(110.0)).unwrap();
    assert_eq!(says(&run.rows[0]), (Verdict::Warn, Reason::Traded));
    assert_eq!(run.trades[0].usage, TradeUsage::Used);
    let spent = changed(&[BYTES, &entry], &[BYTES, &entry], bytes(110.0)).unwrap();
    assert_eq!(says(&spent.rows[0]), (Verdict::Fail, Reason::PastBudget));
    assert!(spent.trades.is_empty());
}

#[test]
fn a_trade_is_told_whether_it_was_needed_or_exceeded() {
    let entry = trade("bytes_per_key", "12%");
    for (head, usage, verdict) in [
        (104.0, TradeUsage::Unneeded, Verdict::Warn),
        (100.0, TradeUsage::Unneeded, Verdict::Pass),
        (113.0, TradeUsage::Exceeded, Verdict::Fail),
    ] {
        let run = changed(&[BYTES], &[BYTES, &entry], bytes(head)).unwrap();
        assert_eq!(
            (run.trades[0].usage, run.verdict),
            (usage, verdict),
            "{head}"
        );
    }
}

#[test]
fn a_noisy_trade_is_judged_against_what_it_allows() {
    let entry = trade("qps", "12%");
    let still = around(0.0, 0.5, 10);
    for (main, verdict, reason, usage) in [
        (
            around(9.0, 1.0, 10),
            Verdict::Warn,
            Reason::Traded,
            TradeUsage::Used,
        ),
        (
            around(0.0, 0.5, 10),
            Verdict::Pass,
            Reason::WithinNoise,
            TradeUsage::Unneeded,
        ),
        (
            around(2.0, 0.5, 10),
            Verdict::Warn,
            Reason::InsideBudget,
            TradeUsage::Unneeded,
        ),
        (
            around(15.0, 1.0, 10),
            Verdict::Fail,
            Reason::PastBudget,
            TradeUsage::Exceeded,
        ),
        (
            around(11.5, 4.0, 10),
            Verdict::Warn,
            Reason::Inconclusive,
            TradeUsage::Undecided,
        ),
    ] {
        let metric = qps(&main, &around(15.0, 1.0, 10), &still);
        let run = changed(&[QPS], &[QPS, &entry], vec![metric]).unwrap();
        assert_eq!(says(&run.rows[0]), (verdict, reason), "{main:?}");
        assert_eq!(run.trades[0].usage, usage, "{main:?}");
    }
}

#[test]
fn a_trade_that_names_nothing_is_an_error() {
    // The reader knows the names of metrics, the judge their cases.
    let cased = trade("bytes_per_key/raw", "12%");
    let error = changed(&[BYTES], &[BYTES, &cased], bytes(100.0)).unwrap_err();
    let said = "a trade names `bytes_per_key/raw`, which this run does not have; it has \
        `bytes_per_key`";
    assert_eq!(error.to_string(), said);
    // Of what was not measured nobody knows the cases.
    let removed = cased.replace("12%", "removed");
    for (why, usage) in [
        (Taken::IdenticalBinary, TradeUsage::Unneeded),
        (Taken::Skipped("--only".to_owned()), TradeUsage::Undecided),
    ] {
        for entry in [&cased, &removed] {
            let metric = taken("bytes_per_key", "", why.clone());
            let run = changed(&[BYTES], &[BYTES, entry], vec![metric]).unwrap();
            assert_eq!(run.trades[0].usage, usage, "{why:?} {entry}");
        }
    }
    let twice = [BYTES, &cased.replace("worth", "well worth"), &cased].concat();
    let error = changed(&[BYTES], &[&twice], bytes(100.0)).unwrap_err();
    assert!(matches!(error, JudgeError::TradedTwice(_)));
}

#[test]
fn a_metric_that_head_lacks_fails_unless_a_trade_removes_it() {
    let both = || vec![qps(&around(0.0, 0.5, 10), &[], &[])];
    let run = changed(&[QPS, BYTES], &[QPS], both()).unwrap();
    assert_eq!(says(&run.rows[0]), (Verdict::Fail, Reason::Missing));
    assert_eq!(
        (run.rows[0].id.as_str(), run.verdict),
        ("bytes_per_key", Verdict::Fail)
    );

    let removed = trade("bytes_per_key", "removed");
    let run = changed(&[QPS, BYTES], &[QPS, &removed], both()).unwrap();
    assert_eq!(says(&run.rows[0]), (Verdict::Warn, Reason::Traded));
    assert_eq!(
        (run.trades[0].usage, run.verdict),
        (TradeUsage::Used, Verdict::Warn)
    );

    // Still measured on base: the same, with base's value.
    let gone = counted("bytes_per_key/int", "B", Some(50.0), None);
    let run = changed(&[QPS, BYTES], &[QPS], [both(), vec![gone]].concat()).unwrap();
    assert_eq!(
        (says(&run.rows[0]), run.rows[0].base),
        ((Verdict::Fail, Reason::Missing), Some(50.0))
    );
}

#[test]
fn a_case_that_head_lacks_fails_unless_a_trade_removes_it() {
    let cases = || {
        vec![
            counted("bytes_per_key/int", "B", Some(50.0), None),
            counted("bytes_per_key/raw", "B", Some(300.0), Some(300.0)),
            counted("bytes_per_key/list", "B", None, Some(80.0)),
        ]
    };
    let run = changed(&[BYTES], &[BYTES], cases()).unwrap();
    let said: Vec<_> = run
        .rows
        .iter()
        .map(|row| (row.id.as_str(), row.verdict, row.reason))
        .collect();
    let expected = [
        ("bytes_per_key/int", Verdict::Fail, Reason::Missing),
        ("bytes_per_key/list", Verdict::Pass, Reason::New),
        ("bytes_per_key/raw", Verdict::Pass, Reason::WithinNoise),
    ];
    assert_eq!(said, expected);
    let removed = trade("bytes_per_key/int", "removed");
    let run = changed(&[BYTES], &[BYTES, &removed], cases()).unwrap();
    assert_eq!(says(&run.rows[0]), (Verdict::Warn, Reason::Traded));
    let unneeded = trade("bytes_per_key/raw", "removed");
    let run = changed(&[BYTES], &[BYTES, &unneeded], cases()).unwrap();
    assert_eq!(
        (run.trades[0].usage, run.verdict),
        (TradeUsage::Unneeded, Verdict::Fail)
    );
}

#[test]
fn a_budget_of_a_case_comes_before_that_of_its_metric() {
    let int = "[metrics.bytes_per_key.case.int]\nbudget = \"2%\"\n";
    let run = judged(
        &[BYTES, int],
        vec![
            counted("bytes_per_key/int", "B", Some(100.0), Some(103.0)),
            counted("bytes_per_key/raw", "B", Some(100.0), Some(103.0)),
        ],
    );
    assert_eq!(says(&run.rows[0]), (Verdict::Fail, Reason::PastBudget));
    assert_eq!(says(&run.rows[1]), (Verdict::Warn, Reason::InsideBudget));
}
