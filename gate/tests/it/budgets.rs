//! Budgets and trades through the command line: what may land, and what is said about every edit.

use serde_json::Value;

use crate::repository::{Run, TestRepository};
use crate::subject::{EXACT_BUDGETS, exact_repository, probe};

/// A repository whose base has `int` at 40 B and `raw` at 4 000 B under the budget `budget`.
fn under(budget: &str) -> TestRepository {
    let repository = exact_repository();
    repository.write("budgets.toml", &with_budget(budget));
    repository.write(
        "probe.sh",
        &probe(&[("int", "40", "B"), ("raw", "4000", "B")]),
    );
    repository.commit("base");
    repository
}

fn with_budget(budget: &str) -> String {
    EXACT_BUDGETS.replace("\"5%\"", budget)
}

/// Commits a head whose probe reads these, and compares it.
fn compare(repository: &TestRepository, int: &str, raw: &str) -> Run {
    repository.write("probe.sh", &probe(&[("int", int, "B"), ("raw", raw, "B")]));
    repository.commit("head");
    repository.run(&["compare"])
}

/// The reasons of `int` and of `raw` in the last report.
fn reasons(repository: &TestRepository) -> [String; 2] {
    let report = repository.report();
    ["int", "raw"].map(|case| {
        let id = format!("bytes_per_key/{case}");
        let metrics = report["metrics"].as_array().unwrap();
        let metric = metrics.iter().find(|metric| metric["id"] == *id).unwrap();
        metric["reason"].as_str().unwrap().to_owned()
    })
}

#[test]
fn a_budget_is_relative_absolute_or_both() {
    for (budget, int, raw, expected) in [
        ("\"16 B\"", "56", "4017", ["inside_budget", "past_budget"]),
        (
            "\"1 KiB\"",
            "1064",
            "5025",
            ["inside_budget", "past_budget"],
        ),
        (
            "\"looser of 5% and 16 B\"",
            "56",
            "4200",
            ["inside_budget", "inside_budget"],
        ),
        (
            "\"looser of 16 B and 5%\"",
            "57",
            "4201",
            ["past_budget", "past_budget"],
        ),
        (
            "\"tighter of 5% and 16 B\"",
            "42",
            "4016",
            ["inside_budget", "inside_budget"],
        ),
        (
            "\"tighter of 5% and 16 B\"",
            "43",
            "4017",
            ["past_budget", "past_budget"],
        ),
        ("\"0 B\"", "39", "40", ["improved", "improved"]),
    ] {
        let repository = under(budget);
        let run = compare(&repository, int, raw);
        assert_eq!(reasons(&repository), expected, "{budget}\n{}", run.stdout);
        let failed = expected.contains(&"past_budget");
        assert_eq!(run.status, i32::from(failed), "{}", run.stdout);
        let report = repository.report();
        assert_ne!(report["metrics"][0]["budget_text"], Value::Null);
    }
}

#[test]
fn a_case_has_a_budget_of_its_own_kind() {
    let repository = under("\"5%\"\n[metrics.bytes_per_key.case.int]\nbudget = \"16 B\"");
    let run = compare(&repository, "56", "4201");
    assert_eq!(reasons(&repository), ["inside_budget", "past_budget"]);
    assert!(
        run.stdout.contains("16 B") && run.stdout.contains("5%"),
        "{}",
        run.stdout
    );
}

#[test]
fn an_amount_must_be_in_the_unit_of_the_metric() {
    let repository = under("\"5%\"");
    // What a program counts in is seen when it has run.
    repository.write("budgets.toml", &with_budget("\"16 ms\""));
    repository.commit("bytes in milliseconds");
    let check = repository.run(&["check"]);
    assert!(check.stdout.contains("no reason given"), "{}", check.stdout);
    repository
        .run(&["compare"])
        .refused(&["bytes_per_key/int", "\"B\"", "16 ms"]);
    // What a probe of the gate counts in is known before.
    let timed = include_str!("subject/budgets.toml");
    let mistaken = timed.replacen("\"10%\"", "\"3 ms\"", 1);
    repository.write("budgets.toml", &mistaken);
    repository
        .run(&["check"])
        .refused(&["budgets.toml:17:13", "3 ms", "req/s"]);
}

#[test]
fn check_tells_without_measuring_what_a_comparison_would_say_of_the_edits() {
    let repository = under("\"5%\"");
    let check = |args: &[&str]| {
        let run = repository.run(&[&["check"], args].concat());
        (run.status, run.stdout)
    };
    let (status, said) = check(&["--base", "HEAD"]);
    assert_eq!(status, 0);
    assert!(
        said.contains("the same as in merge base with HEAD"),
        "{said}"
    );
    // Looser without a reason, in the working tree.
    repository.write("budgets.toml", &with_budget("\"6%\""));
    for args in [
        &["--base", "HEAD"][..],
        &["--base", "HEAD", "./budgets.toml"],
    ] {
        let (status, said) = check(args);
        assert_eq!(status, 1, "{said}");
        assert!(
            said.contains("budget bytes_per_key: loosened, 5% -> 6%; no reason given")
                && said.contains("1 of these is looser without a reason"),
            "{said}"
        );
        assert!(!said.contains("all good"), "{said}");
    }
    // With one, and a trade.
    let reasoned = with_budget("\"6%\"\nreason = \"a second index pays for itself\"");
    repository.write(
        "budgets.toml",
        &(reasoned + &trade("bytes_per_key/int", "9%")),
    );
    let (status, said) = check(&["--base", "HEAD"]);
    assert_eq!(status, 0, "{said}");
    assert!(
        said.contains("a second index pays for itself")
            && said.contains("trade bytes_per_key/int: counts for this change"),
        "{said}"
    );
    // A base that is named must be there; one that is not, need not.
    repository
        .run(&["check", "--base", "nowhere"])
        .refused(&["unknown revision", "nowhere"]);
}

#[test]
fn every_edit_of_a_budget_is_listed_and_a_loosening_needs_a_reason() {
    for (old, new, status, said) in [
        ("\"5%\"", "\"4%\"", 0, "bytes_per_key: tightened, 5% -> 4%"),
        (
            "\"5%\"",
            "\"6%\"",
            1,
            "bytes_per_key: loosened, 5% -> 6%; no reason given",
        ),
        (
            "\"5%\"",
            "\"16 B\"",
            1,
            "bytes_per_key: of another kind, not comparable, 5% -> 16 B; no reason given",
        ),
        (
            "\"5%\"",
            "\"16 B\"\nreason = \"small keys move by whole bytes\"",
            0,
            "5% -> 16 B; \"small keys move by whole bytes\"",
        ),
        (
            "\"5%\"",
            "\"tighter of 5% and 16 B\"",
            0,
            "tightened, 5% -> tighter of 5% and 16 B",
        ),
        (
            "\"16 B\"",
            "\"1 KiB\"",
            1,
            "loosened, 16 B -> 1 KiB; no reason given",
        ),
    ] {
        let repository = under(old);
        repository.write("budgets.toml", &with_budget(new));
        let run = compare(&repository, "40", "4000");
        assert_eq!(run.status, status, "{new}\n{}", run.stdout);
        assert!(run.stdout.contains(said), "{said}\n{}", run.stdout);
    }
}

fn trade(metric: &str, allow: &str) -> String {
    format!(
        "\n[[trades]]\nmetric = {metric:?}\nallow = {allow:?}\nreason = \"embeds the expiry time\"\n"
    )
}

#[test]
fn a_trade_has_a_ceiling_and_is_told_whether_it_was_needed() {
    for (allow, int, status, said) in [
        ("12%", "44", 0, "up to 12%, used"),
        ("12%", "45", 1, "up to 12%, was exceeded"),
        ("12%", "42", 0, "up to 12%, was not needed: take it out"),
        ("12%", "38", 0, "up to 12%, was not needed: take it out"),
        ("6 B", "46", 0, "up to 6 B, used"),
        ("6 B", "47", 1, "up to 6 B, was exceeded"),
    ] {
        let repository = under("\"5%\"");
        let trade = trade("bytes_per_key/int", allow);
        repository.write("budgets.toml", &(with_budget("\"5%\"") + &trade));
        let run = compare(&repository, int, "4000");
        assert_eq!(run.status, status, "{allow} {int}\n{}", run.stdout);
        assert!(run.stdout.contains(said), "{said}\n{}", run.stdout);
    }
}

#[test]
fn a_trade_that_names_nothing_is_refused() {
    let repository = under("\"5%\"");
    let budgets = with_budget("\"5%\"");
    // A metric is missing from the file, a case only from the run.
    repository.write(
        "budgets.toml",
        &(budgets.clone() + &trade("bytes_per_kye/int", "9%")),
    );
    repository.run(&["check"]).refused(&[
        "which is not in this file",
        "did you mean `bytes_per_key/int`?",
    ]);
    repository.write(
        "budgets.toml",
        &(budgets + &trade("bytes_per_key/itn", "9%")),
    );
    assert_eq!(repository.run(&["check"]).status, 0);
    compare(&repository, "40", "4000").refused(&["bytes_per_key/itn", "bytes_per_key/int"]);
}

#[test]
fn a_trade_lets_a_metric_go() {
    let repository = under("\"5%\"");
    repository.write("probe.sh", &probe(&[("int", "40", "B")]));
    let gone = trade("bytes_per_key/raw", "removed");
    repository.write("budgets.toml", &(with_budget("\"5%\"") + &gone));
    repository.commit("raw is gone");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("removal, used"), "{}", run.stdout);
}

#[test]
fn a_trade_without_a_reason_is_refused() {
    let repository = under("\"5%\"");
    let budgets = with_budget("\"5%\"") + &trade("bytes_per_key/int", "12%");
    for (from, to, said) in [
        ("reason = \"embeds the expiry time\"\n", "", "reason"),
        (
            "embeds the expiry time",
            "because",
            "at least 10 characters",
        ),
    ] {
        let (before, after) = budgets.rsplit_once(from).unwrap();
        repository.write("budgets.toml", &format!("{before}{to}{after}"));
        repository.run(&["check"]).refused(&[said]);
    }
}

#[test]
fn a_metric_that_comes_or_goes_is_listed() {
    let repository = under("\"5%\"");
    let more = "\n[metrics.more]\nprobe = \"command\"\nrun = [\"{probe}\"]\n\
                direction = \"lower-is-better\"\nexact = true\nbudget = \"7%\"\n";
    repository.write("budgets.toml", &(with_budget("\"5%\"") + more));
    let run = compare(&repository, "40", "4000");
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("more: added"), "{}", run.stdout);
    repository.write("budgets.toml", &with_budget("\"5%\""));
    let run = compare(&repository, "40", "4000");
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("more: removed"), "{}", run.stdout);
    let gone = trade("more", "removed");
    repository.write("budgets.toml", &(with_budget("\"5%\"") + &gone));
    // Where base has no such metric the entry names nothing.
    compare(&repository, "40", "4000").refused(&["more"]);
    let run = repository.run(&["compare", "HEAD~2", "HEAD", "--exact-base"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
}

#[test]
fn a_check_tells_every_mistake_at_once() {
    let repository = under("\"5%\"");
    let more = "\n[metrics.more]\nprobe = \"comand\"\ndirection = \"lower-is-better\"\n\
                [run]\nconfidence = 2\n";
    repository.write("budgets.toml", &(with_budget("\"five\"") + more));
    let parts = [
        "not \"five\"",
        "budgets.toml:12:13",
        "did you mean `command`?",
        "budgets.toml:15:9",
        "`confidence`",
        "budgets.toml:18:14",
    ];
    repository.run(&["check"]).refused(&parts);
    repository.run(&["compare"]).refused(&[parts[0]]);
    let trades = [("bytes_per_kye", "9%"), ("bytes_per_key/int", "much")];
    let trades = trades.map(|(metric, allow)| trade(metric, allow)).concat();
    let creep = "[baseline]\nbudget = \"often\"\n";
    repository.write("budgets.toml", &(with_budget("\"5%\"") + &trades + creep));
    let parts = ["bytes_per_kye", "not \"much\"", "not \"often\""];
    repository.run(&["check"]).refused(&parts);
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_known_one() {
    let repository = under("\"5%\"");
    for (from, to, near) in [
        ("schema = 1", "shema = 1", "did you mean `schema`?"),
        ("build  ", "biuld  ", "did you mean `build`?"),
        ("exact ", "exakt ", "did you mean `exact`?"),
        ("\"command\"", "\"comand\"", "did you mean `command`?"),
    ] {
        let wrong = EXACT_BUDGETS.replace(from, to);
        assert_ne!(wrong, EXACT_BUDGETS);
        repository.write("budgets.toml", &wrong);
        repository.run(&["check"]).refused(&[near]);
    }
}

#[test]
fn unknown_keys_hide_no_other_mistake() {
    let repository = under("\"5%\"");
    let mut wrong = EXACT_BUDGETS.to_owned();
    for (from, to) in [
        ("build  ", "biuld  "),
        ("exact ", "exakt "),
        ("\"5%\"", "\"much\"\nqqqq = { zzzz = 1 }"),
    ] {
        assert!(wrong.contains(from), "{wrong}");
        wrong = wrong.replacen(from, to, 1);
    }
    repository.write("budgets.toml", &wrong);
    let run = repository.run(&["check"]);
    let said = [
        "did you mean `build`?",
        "did you mean `exact`?",
        "unknown key `qqqq`",
        "not \"much\"",
    ];
    run.refused(&said);
    for said in said {
        assert_eq!(run.stderr.matches(said).count(), 1, "{}", run.stderr);
    }
    // Not that they are missing, where they were only misspelt.
    assert!(!run.stderr.contains("no `build`"), "{}", run.stderr);
    assert!(!run.stderr.contains("zzzz`"), "{}", run.stderr);

    // The right key stands beside the wrong one.
    let both = EXACT_BUDGETS.replacen("exact ", "exakt = false\nexact ", 1);
    repository.write("budgets.toml", &both);
    repository.run(&["check"]).refused(&["unknown key `exakt`"]);
}

#[test]
fn ten_thousand_metrics_are_judged() {
    let script = |odd: u32| {
        format!(
            "#!/bin/sh\ni=0\nwhile [ $i -lt 10000 ]; do\n  v=100; [ $i -eq 7777 ] && v={odd}\n  \
             echo \"{{\\\"case\\\": \\\"c$i\\\", \\\"value\\\": $v, \\\"unit\\\": \\\"B\\\"}}\"\n  i=$((i + 1))\ndone\n"
        )
    };
    let repository = exact_repository();
    repository.write("probe.sh", &script(100));
    repository.commit("ten thousand");
    repository.write("probe.sh", &script(110));
    repository.commit("one of them grew");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let report = repository.report();
    let metrics = report["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), 10_000);
    assert_eq!(
        metrics[0]["id"], "bytes_per_key/c7777",
        "the worst comes first"
    );
    let comment = std::fs::read_to_string(repository.path().join("target/gate/report.md")).unwrap();
    assert!(
        comment.len() <= 65_536 && comment.contains("c7777"),
        "{}",
        comment.len()
    );
}
