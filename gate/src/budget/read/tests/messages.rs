//! Every mistake, made in a valid file, as the terminal shows it.

use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::budget::read;

const VALID: &str = r#"schema = 1

[subject]
build = ["make"]
artifacts = { server = "bin/server", probe = "bin/probe" }

[subject.serve]
command = ["{server}", "--port", "{port}"]
ready = "resp"

[run]
max_time = "6m"
confidence = 0.99
inconclusive = "warn"

[metrics.qps]
probe = "resp-load"
direction = "higher-is-better"
budget = "3%"
load = { connections = 16, zipf = 0.99 }

[metrics.bytes]
probe = "command"
run = ["{probe}", "memory"]
direction = "lower-is-better"
exact = true
budget = "5%"

[metrics.bytes.case.int]
budget = "2%"

[[trades]]
metric = "bytes/raw"
allow = "12%"
reason = "embeds the expiry time"
"#;

/// The error of `text` as a terminal of 100 columns without colour shows it.
pub(super) fn render(text: &str) -> String {
    let error = read("budgets.toml", text).expect_err(text);
    let mut shown = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_width(100)
        .render_report(&mut shown, &error)
        .unwrap();
    shown
}

/// Replaces each left side, which must be there once, by its right side, one mistake at a time.
fn mistakes(edits: &[(&str, &str)]) -> String {
    let shown = edits.iter().map(|(from, to)| {
        assert_eq!(VALID.matches(from).count(), 1, "{from}");
        render(&VALID.replace(from, to))
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// Compares with the snapshot, which holds what is shown and not the code that showed it.
macro_rules! shown {
    ($($name_and_text:expr),+) => {{
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!($($name_and_text),+);
        });
    }};
}

#[test]
fn the_file_to_make_mistakes_in_is_valid() {
    read("budgets.toml", VALID).unwrap();
}

#[test]
fn syntax() {
    shown!(mistakes(&[
        ("confidence = 0.99", "confidence = "),
        ("max_time = \"6m\"", "max_time = 6m"),
        ("ready = \"resp\"", "ready = \"resp"),
        ("ready = \"resp\"", "ready = resp"),
        ("[run]", "[run"),
        ("[run]", "[subject]"),
        ("exact = true", "exact = true\nexact = true"),
        ("build = [\"make\"]", "build = [\"make\""),
        ("ready = \"resp\"", "ready = \"\u{1b}[31mresp\u{202e}\""),
    ]));
}

#[test]
fn schema() {
    shown!(mistakes(&[
        ("schema = 1\n", ""),
        ("schema = 1\n", "schema = 2\nfuture = true\n"),
        ("schema = 1\n", "schema = \"1\"\n"),
        ("schema = 1\n", "schemma = 1\n"),
    ]));
    let empty_file = render("");
    shown!("empty_file", empty_file);
}

#[test]
fn unknown_keys() {
    shown!(mistakes(&[
        ("schema = 1\n", "schema = 1\nversion = 2\n"),
        ("[metrics.qps]", "[metric.qps]"),
        ("build = ", "biuld = "),
        ("[subject.serve]", "[subject.server]"),
        ("ready = ", "reddy = "),
        ("max_time = ", "max-time = "),
        ("budget = \"3%\"", "budgets = \"3%\""),
        ("budget = \"3%\"", "tolerance = \"3%\""),
        ("connections = 16", "connection = 16"),
        ("budget = \"2%\"", "bugdet = \"2%\""),
        ("allow = ", "\"al`low\" = "),
    ]));
}

#[test]
fn types() {
    shown!(mistakes(&[
        ("budget = \"3%\"", "budget = 3"),
        ("max_time = \"6m\"", "max_time = 6"),
        ("max_time = \"6m\"", "max_time = 2024-01-01"),
        ("build = [\"make\"]", "build = \"make\""),
        ("build = [\"make\"]", "build = [\"make\", 2]"),
        ("exact = true", "exact = \"true\""),
        ("confidence = 0.99", "confidence = \"99%\""),
        ("connections = 16", "connections = 16.5"),
        (
            "connections = 16",
            "connections = 99999999999999999999999999999999999999999"
        ),
        ("server = \"bin/server\"", "server = true"),
        ("reason = \"embeds", "reason = 5 # \"embeds"),
        ("[run]", "[metrics]\nrun = 3\n[run]"),
        ("inconclusive =", "reason = []\ninconclusive ="),
        ("load = { connections = 16, zipf = 0.99 }", "load = 16"),
        (
            "[metrics.bytes.case.int]\nbudget = \"2%\"",
            "case.int = \"2%\""
        ),
        ("[[trades]]", "[trades]"),
    ]));
}

#[test]
fn subject() {
    shown!(mistakes(&[
        (
            "[subject]\nbuild = [\"make\"]\nartifacts = { server = \"bin/server\", probe = \"bin/probe\" }\n\n[subject.serve]\ncommand = [\"{server}\", \"--port\", \"{port}\"]\nready = \"resp\"\n",
            ""
        ),
        ("build = [\"make\"]\n", ""),
        ("build = [\"make\"]", "build = []"),
        ("build = [\"make\"]", "build = [\" \", \"all\"]"),
        ("build = [\"make\"]", "build = [\"make\", \"a\\u0000b\"]"),
        ("build = [\"make\"]", "build = [\"make\"]\ntoolchain = []"),
        (
            "artifacts = { server = \"bin/server\", probe = \"bin/probe\" }\n",
            ""
        ),
        ("{ server = \"bin/server\", probe = \"bin/probe\" }", "{}"),
        ("server = \"bin/server\"", "server = \"/bin/server\""),
        ("server = \"bin/server\"", "server = \"bin/../../server\""),
        ("server = \"bin/server\"", "server = \"\""),
        ("server = \"bin/server\"", "server = \"./\""),
        ("server = \"bin/server\"", "server = \"bin/\\tserver\""),
        ("server = \"bin/server\"", "\"ser ver\" = \"bin/server\""),
        ("server = \"bin/server\"", "port = \"bin/server\""),
    ]));
}

#[test]
fn serve() {
    shown!(mistakes(&[
        ("command = [\"{server}\", \"--port\", \"{port}\"]\n", ""),
        ("[\"{server}\", \"--port\", \"{port}\"]", "[]"),
        (
            "[\"{server}\", \"--port\", \"{port}\"]",
            "[\"{server}\", \"--port\", \"{prot}\"]"
        ),
        (
            "[\"{server}\", \"--port\", \"{port}\"]",
            "[\"{serve}\", \"--port={port}\"]"
        ),
        (
            "[\"{server}\", \"--port\", \"{port}\"]",
            "[\"{server}\", \"\\u007bhost}{port}\"]"
        ),
        (
            "[\"{server}\", \"--port\", \"{port}\"]",
            "[\"{server}\", \"--port\", \"6379\"]"
        ),
        (
            "[\"{server}\", \"--port\", \"{port}\"]",
            "[\"redis-server\", \"--port\", \"{port}\"]"
        ),
        ("ready = \"resp\"", "ready = \"redis\""),
        ("ready = \"resp\"", "ready = \"http:health\""),
        ("ready = \"resp\"", "ready = \"http:/a b\""),
        (
            "[subject.serve]\ncommand = [\"{server}\", \"--port\", \"{port}\"]\nready = \"resp\"\n",
            ""
        ),
    ]));
}

#[test]
fn run() {
    shown!(mistakes(&[
        ("max_time = \"6m\"", "max_time = \"6\""),
        ("max_time = \"6m\"", "max_time = \"6 parsecs\""),
        ("max_time = \"6m\"", "max_time = \"0s\""),
        ("max_time = \"6m\"", "max_time = \"2days\""),
        ("max_time = \"6m\"", "max_time = \"\""),
        ("confidence = 0.99", "confidence = 99"),
        ("confidence = 0.99", "confidence = 0.5"),
        ("confidence = 0.99", "confidence = 1"),
        ("confidence = 0.99", "confidence = nan"),
        ("inconclusive = \"warn\"", "inconclusive = \"error\""),
        ("inconclusive = \"warn\"", "inconclusive = \"failed\""),
        (
            "inconclusive = \"warn\"",
            "inconclusive = \"warn\"\nreason = \" short   one \""
        ),
        (
            "inconclusive = \"warn\"",
            "inconclusive = \"warn\"\nreason = \"shows \\u001b[31m red\""
        ),
    ]));
}

#[test]
fn percentages() {
    let edits = [
        "3",
        "-3%",
        "+3%",
        "NaN%",
        "nan%",
        "inf%",
        "1000.1%",
        "1e2%",
        "%",
        ".5%",
        "5.%",
        "3%%",
        "3 percent",
        "3 ms",
        "looser of 3% and 5%",
        "",
    ]
    .map(|wrong| format!("budget = {wrong:?}"));
    let edits: Vec<_> = edits
        .iter()
        .map(|to| ("budget = \"3%\"", to.as_str()))
        .collect();
    shown!(mistakes(&edits));
}

#[test]
fn metrics() {
    shown!(mistakes(&[
        ("[metrics.qps]", "[metrics.\"q/ps\"]"),
        ("[metrics.qps]", "[metrics.\"q ps\"]"),
        ("[metrics.qps]", "[metrics.throughput]"),
        ("[metrics.qps]", "[metrics.qsp]"),
        ("probe = \"resp-load\"\n", ""),
        ("probe = \"resp-load\"", "probe = \"resp-laod\""),
        ("probe = \"resp-load\"", "probe = \"jmeter\""),
        ("probe = \"resp-load\"", "probe = \"resp-latency\""),
        ("probe = \"resp-load\"", "probe = \"callgrind\""),
        (
            "probe = \"resp-load\"",
            "probe = \"resp-load\"\nquantity = \"rps\""
        ),
        (
            "probe = \"resp-load\"",
            "probe = \"resp-load\"\nexact = true"
        ),
        (
            "probe = \"resp-load\"",
            "probe = \"resp-load\"\nrun = [\"{probe}\"]"
        ),
        (
            "probe = \"resp-load\"",
            "probe = \"resp-load\"\ncase.int.budget = \"2%\""
        ),
        ("direction = \"higher-is-better\"\n", ""),
        ("direction = \"higher-is-better\"", "direction = \"higher\""),
        (
            "direction = \"higher-is-better\"",
            "direction = \"lower-is-better\""
        ),
        ("budget = \"3%\"\n", ""),
        ("budget = \"3%\"", "budget = \"3%\"\nreport_only = true"),
        ("budget = \"3%\"", "budget = \"3%\"\nfloor = \"x\""),
        ("budget = \"3%\"", "budget = \"3%\"\nreason = \"because\""),
        ("budget = \"5%\"", "budget = \"5%\"\nfloor = \"1%\""),
        ("budget = \"5%\"\n", "report_only = true\n"),
        ("exact = true\n", ""),
        ("run = [\"{probe}\", \"memory\"]\n", ""),
        ("run = [\"{probe}\", \"memory\"]", "run = []"),
        (
            "run = [\"{probe}\", \"memory\"]",
            "run = [\"{probes}\", \"memory\"]"
        ),
        (
            "run = [\"{probe}\", \"memory\"]",
            "run = [\"{probe}\", \"{port}\"]"
        ),
        (
            "run = [\"{probe}\", \"memory\"]",
            "run = [\"python3\", \"memory.py\"]"
        ),
        (
            "run = [\"{probe}\", \"memory\"]",
            "run = [\"{probe}\"]\nload = { keys = 5 }"
        ),
        (
            "run = [\"{probe}\", \"memory\"]",
            "run = [\"{probe}\"]\nquantity = \"qps\""
        ),
    ]));
    let head = VALID.split("[metrics.qps]").next().unwrap();
    let no_metrics = render(&format!("{head}[metrics]\n"));
    shown!("no_metrics", no_metrics);
    let no_metrics_table = render(head);
    shown!("no_metrics_table", no_metrics_table);
}

#[test]
fn load() {
    shown!(mistakes(&[
        ("connections = 16", "connections = 0"),
        ("connections = 16", "connections = 1025"),
        ("connections = 16", "pipeline = -1"),
        ("connections = 16", "read_ratio = 1.5"),
        ("connections = 16", "read_ratio = nan"),
        ("connections = 16", "keys = 100000001"),
        ("connections = 16", "value_bytes = 4294967297"),
        ("zipf = 0.99", "zipf = -0.1"),
        ("zipf = 0.99", "zipf = inf"),
        ("zipf = 0.99", "zipf = 1e999"),
    ]));
}

#[test]
fn cases() {
    shown!(mistakes(&[
        (
            "[metrics.bytes.case.int]\nbudget = \"2%\"",
            "[metrics.bytes.case.int]"
        ),
        ("[metrics.bytes.case.int]", "[metrics.bytes.case.\"i n t\"]"),
        ("[metrics.bytes.case.int]", "[metrics.bytes.case.\"\"]"),
        ("budget = \"2%\"", "budget = \"2\""),
        ("budget = \"2%\"", "budget = \"2%\"\nreason = \"\""),
    ]));
}

#[test]
fn trades() {
    let twice = "reason = \"embeds the expiry time\"\n[[trades]]\nmetric = \"bytes/raw\"\n\
                 allow = \"12%\"\nreason = \"embeds  the expiry time\"";
    shown!(mistakes(&[
        ("metric = \"bytes/raw\"\n", ""),
        ("allow = \"12%\"\n", ""),
        ("reason = \"embeds the expiry time\"\n", ""),
        (
            "reason = \"embeds the expiry time\"",
            "reason = \"   too short      \""
        ),
        ("metric = \"bytes/raw\"", "metric = \"bytes per key\""),
        ("metric = \"bytes/raw\"", "metric = \"byte/raw\""),
        ("metric = \"bytes/raw\"", "metric = \"p999\""),
        ("metric = \"bytes/raw\"", "metric = \"qps/get\""),
        ("allow = \"12%\"", "allow = \"12\""),
        ("allow = \"12%\"", "allow = \"remove\""),
        (
            "metric = \"bytes/raw\"\nallow = \"12%\"",
            "metric = \"bytes\"\nallow = \"removed\""
        ),
        (
            "metric = \"bytes/raw\"\nallow = \"12%\"",
            "metric = \"bytes/int\"\nallow = \"removed\""
        ),
        ("reason = \"embeds the expiry time\"", twice),
    ]));
}
