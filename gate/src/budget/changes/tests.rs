//! Every way to weaken a budgets file, and what is said about it.

use super::*;
use crate::budget::{Baseline, read};

const BASE: &str = r#"schema = 1
[subject]
build = ["make"]
artifacts = { server = "bin/server" }
[subject.serve]
command = ["{server}", "{port}"]
[run]
max_time = "6m"
confidence = 0.99
inconclusive = "fail"
[metrics.qps]
probe = "resp-load"
direction = "higher-is-better"
budget = "3%" # of qps
floor = "1%"
load = { keys = 1000 }
[metrics.bytes]
probe = "command"
run = ["{server}", "memory"]
direction = "lower-is-better"
exact = true
budget = "5%" # of bytes
reason = "as the allocator rounds"
[metrics.bytes.case.int]
budget = "2%"
[metrics.ticks]
probe = "command"
run = ["{server}", "ticks"]
direction = "lower-is-better"
report_only = true
[metrics.zone]
probe = "command"
run = ["{server}", "zone"]
direction = "lower-is-better"
exact = true
budget = "1%" # of zone
"#;

fn base() -> Budgets {
    read("base", BASE).unwrap_or_else(|error| panic!("{error}"))
}

/// `BASE` with each left side, which must be there once, replaced by its right side.
fn edited(edits: &[(&str, &str)]) -> Budgets {
    let text = edits.iter().fold(BASE.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    });
    read("head", &text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// One change on one line.
fn line(change: &BudgetChange) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    format!(
        "{} {:?} {} -> {} {:?}{}",
        change.target,
        change.kind,
        text(&change.old),
        text(&change.new),
        change.justification,
        change
            .reason
            .as_ref()
            .map(|why| format!(": {why}"))
            .unwrap_or_default()
    )
}

fn lines(base: &Budgets, head: &Budgets) -> Vec<String> {
    budget_changes(Some(base), head).iter().map(line).collect()
}

fn changed(edits: &[(&str, &str)]) -> Vec<String> {
    lines(&base(), &edited(edits))
}

#[test]
fn nothing_changes_where_only_the_writing_does() {
    assert!(changed(&[]).is_empty());
    let rewritten = [
        ("max_time = \"6m\"", "max_time = \"360s\""),
        ("budget = \"3%\"", "budget = \"3.0 %\""),
        ("floor = \"1%\"\n", ""),
        ("keys = 1000", "keys = 1_000, zipf = 0.99"),
    ];
    assert!(changed(&rewritten).is_empty());
}

#[test]
fn without_a_file_in_base_every_metric_is_added() {
    let found: Vec<_> = budget_changes(None, &base()).iter().map(line).collect();
    assert_eq!(
        found,
        [
            "bytes Added none -> 5% NotNeeded: as the allocator rounds",
            "bytes/int Added none -> 2% NotNeeded",
            "qps Added none -> 3% NotNeeded",
            "ticks Added none -> report only NotNeeded",
            "zone Added none -> 1% NotNeeded",
        ]
    );
}

#[test]
fn a_loosening_needs_a_reason_beside_it() {
    let raised = ("budget = \"3%\" # of qps", "budget = \"3.001%\"");
    assert_eq!(changed(&[raised]), ["qps Loosened 3% -> 3.001% Missing"]);
    let explained = (
        "budget = \"3%\" # of qps",
        "budget = \"4%\"\nreason = \"reads are safe now\"",
    );
    assert_eq!(
        changed(&[explained]),
        ["qps Loosened 3% -> 4% Given: reads are safe now"]
    );
    let elsewhere = ("\"2%\"", "\"2%\"\nreason = \"a reason of another table\"");
    assert_eq!(
        changed(&[("\"5%\" # of bytes", "\"6%\""), elsewhere]),
        ["bytes Loosened 5% -> 6% Missing"]
    );
}

#[test]
fn a_reason_that_base_has_explains_nothing_new() {
    let raised = ("budget = \"5%\" # of bytes", "budget = \"6%\"");
    assert_eq!(changed(&[raised]), ["bytes Loosened 5% -> 6% Missing"]);
    let respaced = ("the allocator rounds", "  the   allocator\\nrounds ");
    assert_eq!(
        changed(&[raised, respaced]),
        ["bytes Loosened 5% -> 6% Missing"]
    );
    let fresh = ("as the allocator rounds", "keys carry their expiry");
    assert_eq!(
        changed(&[raised, fresh]),
        ["bytes Loosened 5% -> 6% Given: keys carry their expiry"]
    );
    let copied = ("\"2%\"", "\"3%\"\nreason = \"as the allocator rounds\"");
    assert_eq!(changed(&[copied]), ["bytes/int Loosened 2% -> 3% Missing"]);
}

#[test]
fn a_budget_of_another_kind_needs_a_reason() {
    let of_bytes = |new: &str| {
        let new = format!("budget = {new:?}");
        changed(&[("budget = \"5%\" # of bytes", &new)])
    };
    assert_eq!(of_bytes("16 B"), ["bytes Incomparable 5% -> 16 B Missing"]);
    assert_eq!(
        of_bytes("looser of 5% and 16 B"),
        ["bytes Loosened 5% -> looser of 5% and 16 B Missing"]
    );
    assert_eq!(
        of_bytes("tighter of 16 B and 5%"),
        ["bytes Tightened 5% -> tighter of 5% and 16 B NotNeeded"]
    );
    let explained = (
        "\"2%\"",
        "\"1 KiB\"\nreason = \"small keys move by whole bytes\"",
    );
    assert_eq!(
        changed(&[explained]),
        ["bytes/int Incomparable 2% -> 1 KiB Given: small keys move by whole bytes"]
    );
}

#[test]
fn a_tightening_needs_none() {
    let edits = [
        ("budget = \"3%\"", "budget = \"2%\""),
        ("floor = \"1%\"", "floor = \"0.5%\""),
        ("\"6m\"", "\"7m\""),
    ];
    assert_eq!(
        changed(&edits),
        [
            "qps Tightened 3% -> 2% NotNeeded",
            "qps floor Tightened 1% -> 0.5% NotNeeded",
            "run.max_time Tightened 6m -> 7m NotNeeded",
        ]
    );
}

#[test]
fn the_budget_that_a_case_has_in_effect_counts() {
    let own = ("[metrics.bytes.case.int]\nbudget = \"2%\"\n", "");
    assert_eq!(changed(&[own]), ["bytes/int Loosened 2% -> 5% Missing"]);
    let why = ("as the allocator rounds", "classes are even by now");
    assert_eq!(
        changed(&[own, why]),
        ["bytes/int Loosened 2% -> 5% Given: classes are even by now"]
    );
    assert_eq!(
        changed(&[("\"2%\"", "\"2.5%\"")]),
        ["bytes/int Loosened 2% -> 2.5% Missing"]
    );
    // The metric's own budget moves the cases that have none, and is listed once.
    assert_eq!(
        changed(&[("\"5%\" # of bytes", "\"8%\"")]),
        ["bytes Loosened 5% -> 8% Missing"]
    );
    // Tightened as a whole, with a case kept back at what it had.
    let (whole, case) = (
        ("\"5%\" # of bytes", "\"3%\""),
        (
            "\"2%\"",
            "\"2%\"\n[metrics.bytes.case.raw]\nbudget = \"5%\"",
        ),
    );
    assert_eq!(
        changed(&[whole, case]),
        [
            "bytes Tightened 5% -> 3% NotNeeded",
            "bytes/raw Added none -> 5% NotNeeded"
        ]
    );
    let looser = (
        "\"2%\"",
        "\"2%\"\n[metrics.bytes.case.raw]\nbudget = \"50%\"",
    );
    assert_eq!(changed(&[looser]), ["bytes/raw Loosened 5% -> 50% Missing"]);
    let tighter = (
        "\"2%\"",
        "\"2%\"\n[metrics.bytes.case.raw]\nbudget = \"1%\"",
    );
    assert_eq!(
        changed(&[tighter]),
        ["bytes/raw Tightened 5% -> 1% NotNeeded"]
    );
    assert_eq!(
        changed(&[own, ("\"5%\" # of bytes", "\"2%\"")]),
        [
            "bytes Tightened 5% -> 2% NotNeeded",
            "bytes/int Removed 2% -> none NotNeeded"
        ]
    );
}

#[test]
fn a_metric_that_is_not_judged_any_more_is_loosened() {
    let silent = ("budget = \"3%\" # of qps", "report_only = true");
    assert_eq!(
        changed(&[silent]),
        ["qps Loosened 3% -> report only Missing"]
    );
    let explained = (
        "budget = \"3%\" # of qps",
        "report_only = true\nreason = \"this runner is too noisy\"",
    );
    assert_eq!(
        changed(&[explained]),
        ["qps Loosened 3% -> report only Given: this runner is too noisy"]
    );
    let judged = (
        "report_only = true",
        "exact = true\nbudget = \"9%\"\ncase.a.budget = \"1%\"",
    );
    assert_eq!(
        changed(&[judged]),
        [
            "ticks Tightened report only -> 9% NotNeeded",
            "ticks/a Added none -> 1% NotNeeded",
            "ticks exact Tightened false -> true NotNeeded",
        ]
    );
    let counted = (
        "exact = true\nbudget = \"1%\" # of zone",
        "report_only = true",
    );
    assert_eq!(
        changed(&[counted]),
        [
            "zone Loosened 1% -> report only Missing",
            "zone exact Loosened true -> false Missing",
        ]
    );
}

#[test]
fn another_measurement_is_a_loosening_where_the_metric_is_judged() {
    assert_eq!(
        changed(&[("keys = 1000", "keys = 1000, read_ratio = 1, zipf = 0")]),
        ["qps load Loosened read_ratio = 0.9, zipf = 0.99 -> read_ratio = 1, zipf = 0 Missing"]
    );
    assert_eq!(
        changed(&[("floor = \"1%\"", "floor = \"9%\"")]),
        ["qps floor Loosened 1% -> 9% Missing"]
    );
    assert_eq!(
        changed(&[(
            "\"zone\"]\ndirection = \"lower",
            "\"zones\"]\ndirection = \"higher"
        )]),
        [
            "zone direction Loosened lower-is-better -> higher-is-better Missing",
            r#"zone run Loosened ["{server}", "zone"] -> ["{server}", "zones"] Missing"#,
        ]
    );
    let other_probe = (
        "probe = \"command\"\nrun = [\"{server}\", \"zone\"]\ndirection = \"lower-is-better\"\nexact = true",
        "probe = \"resp-load\"\nquantity = \"cpu_per_request\"\ndirection = \"lower-is-better\"",
    );
    assert_eq!(
        changed(&[other_probe]),
        [
            "zone exact Loosened true -> false Missing",
            r#"zone probe Loosened command ["{server}", "zone"] -> resp-load cpu_per_request Missing"#,
        ]
    );
    let other_quantity = (
        "probe = \"resp-load\"\ndirection = \"higher-is-better\"",
        "probe = \"resp-load\"\nquantity = \"cpu_per_request\"\ndirection = \"lower-is-better\"",
    );
    assert_eq!(
        changed(&[other_quantity]),
        [
            "qps direction Loosened higher-is-better -> lower-is-better Missing",
            "qps quantity Loosened qps -> cpu_per_request Missing",
        ]
    );
    assert_eq!(
        changed(&[("\"ticks\"]", "\"tocks\"]\nfloor = \"4%\"")]),
        [
            "ticks floor Changed 1% -> 4% NotNeeded",
            r#"ticks run Changed ["{server}", "ticks"] -> ["{server}", "tocks"] NotNeeded"#,
        ]
    );
}

#[test]
fn a_run_that_decides_less_is_loosened() {
    let weaker = [
        ("max_time = \"6m\"", "max_time = \"10s\""),
        ("inconclusive = \"fail\"", "inconclusive = \"warn\""),
    ];
    assert_eq!(
        changed(&weaker),
        [
            "run.max_time Loosened 6m -> 10s Missing",
            "run.inconclusive Loosened fail -> warn Missing",
        ]
    );
    for confidence in ["0.9", "0.999"] {
        let edit = format!("confidence = {confidence}\nreason = \"as measured on this runner\"");
        assert_eq!(
            changed(&[("confidence = 0.99", &edit)]),
            [format!(
                "run.confidence Loosened 0.99 -> {confidence} Given: as measured on this runner"
            )]
        );
    }
    let run = "[run]\nmax_time = \"6m\"\nconfidence = 0.99\ninconclusive = \"fail\"\n";
    assert_eq!(
        changed(&[(run, "")]),
        ["run.inconclusive Loosened fail -> warn Missing"]
    );
    let stale = ("[run]", "[run]\nreason = \"as measured on this runner\"");
    assert_eq!(
        lines(&edited(&[stale]), &edited(&[stale, weaker[0]])),
        ["run.max_time Loosened 6m -> 10s Missing"]
    );
}

#[test]
fn a_metric_is_removed_by_a_trade_of_this_change() {
    let (before, _) = BASE.split_once("[metrics.zone]").unwrap();
    let head = read("head", before).unwrap();
    assert_eq!(lines(&base(), &head), ["zone Removed 1% -> none Missing"]);
    let trade =
        "[[trades]]\nmetric = \"zone/a\"\nallow = \"removed\"\nreason = \"there are no zones\"\n";
    let traded = read("head", &format!("{before}{trade}")).unwrap();
    assert_eq!(
        lines(&base(), &traded),
        ["zone Removed 1% -> none Given: there are no zones"]
    );
    // A trade that base has already was for another removal.
    let mut spent = base();
    spent.trades.clone_from(&traded.trades);
    assert_eq!(lines(&spent, &traded), ["zone Removed 1% -> none Missing"]);
    let mut reported = base();
    reported.metrics.remove("ticks");
    assert_eq!(
        lines(&base(), &reported),
        ["ticks Removed report only -> none NotNeeded"]
    );
}

#[test]
fn what_is_built_and_started_is_listed() {
    let edits = [
        (
            "build = [\"make\"]",
            "build = [\"make\", \"-O\"]\ntoolchain = [\"cc\", \"-v\"]",
        ),
        (
            "artifacts = { server = \"bin/server\" }",
            "artifacts = { server = \"out/server\", tool = \"t\" }",
        ),
        (
            "[subject.serve]\ncommand = [\"{server}\", \"{port}\"]",
            "[subject.serve]\ncommand = [\"{server}\", \"-p\", \"{port}\"]\nready = \"http:/up\"",
        ),
    ];
    assert_eq!(
        changed(&edits),
        [
            r#"subject.build Changed ["make"] -> ["make", "-O"] NotNeeded"#,
            r#"subject.toolchain Added none -> ["cc", "-v"] NotNeeded"#,
            "subject.artifacts.server Changed bin/server -> out/server NotNeeded",
            "subject.artifacts.tool Added none -> t NotNeeded",
            r#"subject.serve.command Changed ["{server}", "{port}"] -> ["{server}", "-p", "{port}"] NotNeeded"#,
            "subject.serve.ready Changed resp -> http:/up NotNeeded",
        ]
    );
}

#[test]
fn a_recorded_file_that_is_moved_elsewhere_needs_a_reason() {
    let file = |commit: &str, edits: &[(&str, &str)]| {
        let mut text = format!(
            "schema = 1\ntarget = \"x86_64-linux\"\ncommit = \"{commit}\"\n\
             toolchain = \"cc 1\\nLLVM 2\"\n[counted_on]\nc_library = \"glibc 2.36\"\n\
             [metrics]\n\"bytes/int\" = {{ value = 9.0, unit = \"B\" }}\n"
        );
        for (from, to) in edits {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        Baseline::read(&text).unwrap()
    };
    let mut budgets = base();
    let creep = "[baseline]\nbudget = \"5%\"\n";
    budgets.baseline = read("head", &format!("{BASE}{creep}")).unwrap().baseline;
    let old = file("c0ffee", &[]);
    let told = |new: &Baseline| -> Vec<String> {
        let path = "baselines/x86_64-linux.toml";
        let changes = recorded_changes(Some(&old), Some(new), &budgets, path);
        changes.iter().map(line).collect()
    };
    for (from, to, says) in [
        (
            "LLVM 2",
            "LLVM 3",
            "toolchain Loosened LLVM 2 -> LLVM 3 Missing",
        ),
        (
            "target = \"x86_64",
            "target = \"m68k",
            "target Loosened x86_64-linux -> m68k-linux Missing",
        ),
        (
            "2.36",
            "2.37",
            "counted_on Loosened glibc 2.36 -> glibc 2.37 Missing",
        ),
        (
            "[counted_on]\nc_library = \"glibc 2.36\"",
            "",
            "counted_on Loosened told -> not told Missing",
        ),
        (
            "[counted_on]",
            "reason = \"the old one is gone\"\n[counted_on]\nvalgrind = \"valgrind-3.19.0\"",
            "counted_on Loosened not told -> valgrind-3.19.0 Given: the old one is gone",
        ),
    ] {
        let says = format!("baselines/x86_64-linux.toml {says}");
        assert_eq!(told(&file("c0ffee", &[(from, to)])), [says]);
        // Recorded anew it is told by the file, for everybody to see.
        assert_eq!(told(&file("beef", &[(from, to)])), [""; 0]);
    }
}

#[test]
fn a_change_survives_json() {
    let found = budget_changes(Some(&base()), &edited(&[("\"2%\"", "\"3%\"")]));
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(
        json,
        r#"[{"target":"bytes/int","kind":"loosened","old":"2%","new":"3%","reason":null,"justification":"missing"}]"#
    );
    assert_eq!(
        serde_json::from_str::<Vec<BudgetChange>>(&json).unwrap(),
        found
    );
    assert!(found[0].is_unjustified());
}
