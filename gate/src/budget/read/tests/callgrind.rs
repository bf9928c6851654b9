//! `callgrind` metrics: what may be left out, and every mistake.

use crate::budget::{Callgrind, ChangeKind, Probe, Without, budget_changes, read};

const VALID: &str = r#"schema = 1
[subject]
build = ["make"]
artifacts = { bench = "bin/bench" }
[metrics.instructions]
probe = "callgrind"
run = ["{bench}", "{case}", "{count}"]
cases = ["get", "set"]
counts = [10, 50]
direction = "lower-is-better"
"#;

#[test]
fn what_is_left_out_has_its_default() {
    let budgets = read("budgets.toml", VALID).unwrap();
    let spec = &budgets.metrics["instructions"];
    let expected = Callgrind {
        run: ["{bench}", "{case}", "{count}"].map(str::to_owned).to_vec(),
        cases: ["get", "set"].map(str::to_owned).to_vec(),
        counts: Some([10, 50]),
        without: Without::Skip,
    };
    assert_eq!(spec.probe, Probe::Callgrind(expected));
    assert!(spec.exact);
    assert_eq!(spec.budget.as_ref().unwrap().limit.to_string(), "1%");
    let whole = VALID.replace(", \"{case}\", \"{count}\"", "").replace(
        "cases = [\"get\", \"set\"]\ncounts = [10, 50]\n",
        "required = true\n",
    );
    let budgets = read("budgets.toml", &whole).unwrap();
    let Probe::Callgrind(spec) = &budgets.metrics["instructions"].probe else {
        panic!("no count")
    };
    let told = (spec.cases.len(), spec.counts, spec.without);
    assert_eq!(told, (0, None, Without::Fail));
}

#[test]
fn every_mistake_is_told() {
    for (from, to, told) in [
        ("\"{case}\", ", "", "`run` does not say `{case}`"),
        (", \"{count}\"", "", "`run` does not say `{count}`"),
        (
            "cases = [\"get\", \"set\"]\n",
            "",
            "nothing says what it stands for",
        ),
        ("counts = [10, 50]\n", "", "nothing says what it stands for"),
        ("[10, 50]", "[50, 10]", "the smaller first"),
        ("[10, 50]", "[10, 10]", "the smaller first"),
        ("[10, 50]", "[0, 10]", "the smaller first"),
        ("[10, 50]", "[-1, 10]", "the smaller first"),
        ("[10, 50]", "[10]", "the smaller first"),
        ("[10, 50]", "[10, 5000000000]", "the smaller first"),
        ("[\"get\", \"set\"]", "[]", "`cases` lists nothing"),
        (
            "[\"get\", \"set\"]",
            "[\"get\", \"get\"]",
            "`get` is written a second time",
        ),
        ("[\"get\", \"set\"]", "[\"g t\"]", "cannot name a case"),
        ("lower", "higher", "`direction` contradicts"),
        (
            "{bench}",
            "{banch}",
            "`{banch}` in `run` stands for nothing",
        ),
        ("counts", "exact = false\ncounts", "always exact"),
        ("counts", "floor = \"1%\"\ncounts", "`floor` has no meaning"),
        (
            "counts",
            "quantity = \"qps\"\ncounts",
            "`quantity` has no meaning",
        ),
        (
            "bench = \"bin/bench\"",
            "count = \"bin/bench\"",
            "no artifact may be called `count`",
        ),
        (
            "\"lower-is-better\"\n",
            "\"lower-is-better\"\n[metrics.instructions.case.got]\nbudget = \"2%\"\n",
            "\"got\" is none of the `cases`",
        ),
        (
            "\"lower-is-better\"\n",
            "\"lower-is-better\"\n[baseline]\nbudget = \"5%\"\n\
             [baseline.metrics]\n\"instructions/got\" = \"2%\"\n",
            "\"got\" is none of the `cases`",
        ),
        (
            "\"callgrind\"",
            "\"command\"\nexact = true",
            "`cases` has no meaning for the probe `command`",
        ),
    ] {
        let text = VALID.replace(from, to);
        assert_ne!(text, VALID, "{from}");
        let error = read("budgets.toml", &text).expect_err(&text).to_string();
        assert!(error.contains(told), "{to:?}: {error}");
    }
}

#[test]
fn a_count_that_is_taken_otherwise_needs_a_reason() {
    let base = read("budgets.toml", VALID).unwrap();
    let kinds = |text: &str| {
        let head = read("budgets.toml", text).unwrap();
        let changes = budget_changes(Some(&base), &head);
        let told = changes.into_iter().map(|c| (c.target, c.kind));
        told.collect::<Vec<_>>()
    };
    let named = |what: &str, kind| vec![(format!("instructions {what}"), kind)];
    let counts = VALID.replace("[10, 50]", "[10, 20]");
    assert_eq!(kinds(&counts), named("counts", ChangeKind::Loosened));
    let more = VALID.replace("\"set\"]", "\"set\", \"del\"]");
    assert_eq!(kinds(&more), named("cases", ChangeKind::Tightened));
    let fewer = VALID.replace(", \"set\"]", "]");
    assert_eq!(kinds(&fewer), named("cases", ChangeKind::Changed));
    let required = VALID.replace("counts", "required = true\ncounts");
    assert_eq!(kinds(&required), named("required", ChangeKind::Tightened));
}
