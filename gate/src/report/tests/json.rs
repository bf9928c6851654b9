//! `report.json`: strict, exact, and judged again to the same verdict.

use serde_json::{Value, json};

use super::*;

fn value(report: &Report) -> Value {
    serde_json::from_str(&report.to_json().unwrap()).unwrap()
}

#[test]
fn a_report_reads_back_to_the_last_bit() {
    for (name, report) in all() {
        let text = report.to_json().unwrap();
        let again = Report::from_json(&text).unwrap();
        assert!(again == report, "{name}");
        assert_eq!(again.to_json().unwrap(), text);
    }
}

#[test]
fn a_report_judged_again_is_the_same_report() {
    for (name, report) in all() {
        let read = Report::from_json(&report.to_json().unwrap()).unwrap();
        assert!(read.judged_again().unwrap() == report, "{name}");
    }
}

#[test]
fn a_forged_verdict_does_not_survive_judging() {
    let mut forged = fail();
    forged.verdict = Verdict::Pass;
    forged
        .metrics
        .iter_mut()
        .for_each(|m| m.verdict = Verdict::Pass);
    assert!(forged.judged_again().unwrap() == fail());
}

#[test]
fn other_budgets_give_their_own_verdict() {
    let report = warn();
    assert_eq!(report.verdict, Verdict::Warn);
    let strict = budgets(&[QPS, &CPU.replace("3%", "1%"), BYTES]);
    let judged = report.judged_with(Some(strict.clone()), strict).unwrap();
    let cpu = judged
        .metrics
        .iter()
        .find(|m| m.id.as_str() == "cpu_per_request")
        .unwrap();
    // Past its budget, and no rounds to confirm it.
    assert_eq!(
        (cpu.verdict, cpu.reason),
        (Verdict::Warn, Reason::Inconclusive)
    );
    let exact = budgets(&[QPS, CPU, &BYTES.replace("5%", "0%")]);
    let judged = report.judged_with(Some(exact.clone()), exact).unwrap();
    assert_eq!(judged.verdict, Verdict::Fail);
}

#[test]
fn the_fields_are_those_of_the_schema() {
    let report = value(&fail());
    let mut top: Vec<&str> = report
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    top.sort_unstable();
    let expected = [
        "base",
        "baseline",
        "budget_changes",
        "budgets",
        "harness",
        "head",
        "measuring",
        "metrics",
        "runner",
        "runners",
        "schema",
        "seed",
        "timings",
        "tool",
        "trades",
        "verdict",
    ];
    assert_eq!(top, expected);
    assert_eq!(report["schema"], "gate-report/1");
    assert_eq!(report["verdict"], "FAIL");
    let missing = report["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["reason"] == "missing");
    let missing = missing.unwrap();
    for nothing in [
        "head",
        "delta_pct",
        "adverse_low_pct",
        "adverse_high_pct",
        "band_pct",
    ] {
        assert_eq!(missing[nothing], Value::Null, "{nothing}");
    }
    assert_eq!(
        (&missing["kind"], &missing["budget"]),
        (&json!("exact"), &json!(5.0))
    );
}

#[test]
fn what_is_not_in_the_schema_is_refused() {
    type Spoil = fn(&mut Value);
    let cases: [(Spoil, &str); 9] = [
        (|r| r["extra"] = json!(1), "unknown field `extra`"),
        (
            |r| r["metrics"][0]["extra"] = json!(1),
            "unknown field `extra`",
        ),
        (|r| r["schema"] = json!("gate-report/2"), "gate-report/2"),
        (
            |r| drop(r["metrics"][0].as_object_mut().unwrap().remove("delta_pct")),
            "delta_pct",
        ),
        (
            |r| drop(r["base"].as_object_mut().unwrap().remove("commit")),
            "commit",
        ),
        (|r| r["verdict"] = json!("MAYBE"), "MAYBE"),
        (|r| r["metrics"][0]["id"] = json!("<b>"), "is no metric id"),
        (
            |r| r["metrics"][1]["samples"]["rounds"] = json!([[null]]),
            "expected",
        ),
        (|r| r["metrics"][1]["unit"] = json!("a|b"), "is no unit"),
    ];
    for (spoil, said) in cases {
        let mut spoilt = value(&fail());
        spoil(&mut spoilt);
        let error = Report::from_json(&spoilt.to_string())
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(Report::from_json("{\"schema\": NaN}").is_err());
}

#[test]
fn a_value_that_is_no_number_is_not_read() {
    let text = pass().to_json().unwrap();
    for wrong in ["NaN", "1e999", "null", "\"58\""] {
        let spoilt = text.replacen("58.0,", &format!("{wrong},"), 1);
        assert_ne!(spoilt, text);
        let read = Report::from_json(&spoilt);
        // A `null` may stand where a value may be missing; judging then tells that it is.
        let survives = read.is_ok_and(|r| r.judged_again().is_ok_and(|again| again == r));
        assert!(!survives, "{wrong}");
    }
}
