//! `size`, `time`, `import` and `resp-memory` through the command line.

use serde_json::Value;

use crate::repository::{Run, TestRepository};

/// A repository whose build makes `tool` executable at `out/tool`.
fn repository(metric: &str, tool: &str) -> TestRepository {
    let repository = TestRepository::new();
    repository.write("budgets.toml", &budgets(metric));
    repository.write(
        "build.sh",
        "mkdir -p out && cp tool out/tool && chmod +x out/tool\n",
    );
    repository.write("tool", tool);
    repository.write(".gitignore", "/out/\n/target/\n");
    repository.commit("a tool");
    repository
}

fn budgets(metric: &str) -> String {
    format!(
        "schema = 1\n[subject]\nbuild = [\"sh\", \"build.sh\"]\nartifacts = {{ tool = \"out/tool\" }}\n{metric}"
    )
}

/// Commits another tool and compares.
fn compare(repository: &TestRepository, tool: &str, args: &[&str]) -> Run {
    repository.write("tool", tool);
    repository.commit("another tool");
    repository.run(&[&["compare"], args].concat())
}

fn metric(repository: &TestRepository, id: &str) -> Value {
    let report = repository.report();
    let metrics = report["metrics"].as_array().unwrap();
    let found = metrics.iter().find(|metric| metric["id"] == id);
    found
        .unwrap_or_else(|| panic!("no {id} in {metrics:#?}"))
        .clone()
}

const SIZE: &str = r#"
[metrics.size]
probe     = "size"
artifact  = "tool"
direction = "lower-is-better"
budget    = "4 KiB"
"#;

#[test]
fn the_size_of_a_script_is_its_length() {
    let repository = repository(SIZE, "#!/bin/sh\n");
    let run = compare(
        &repository,
        &format!("#!/bin/sh\n{}", "#\n".repeat(100)),
        &[],
    );
    assert_eq!(run.status, 0, "{}", run.stderr);
    let file = metric(&repository, "size/file");
    assert_eq!(
        (&file["base"], &file["head"]),
        (&10.0.into(), &210.0.into())
    );
    assert_eq!(
        (&file["unit"], &file["kind"]),
        (&"B".into(), &"exact".into())
    );
    assert_eq!(file["reason"], "inside_budget");
    let run = compare(&repository, &"#\n".repeat(5000), &[]);
    assert_eq!(run.status, 1, "{}", run.stdout);
}

#[test]
fn the_size_of_a_program_is_told_by_what_it_is_made_of() {
    let sections = SIZE.replace(
        "\"4 KiB\"",
        "\"4 KiB\"\nsections = [\".text\", \".rodata\"]",
    );
    let repository = repository(&sections, "unused");
    repository.write("build.sh", "mkdir -p out && rustc -O -o out/tool tool.rs\n");
    let program = "static TEXT: &[u8] = include_bytes!(\"text\");\n\
        fn main() { println!(\"{}\", TEXT[std::env::args().count() % TEXT.len()]); }\n";
    repository.write("tool.rs", program);
    repository.write("text", &"0123456789".repeat(10));
    repository.commit("a program with a text in it");
    // Twenty thousand bytes of read-only data, and no code.
    repository.write("text", &"0123456789".repeat(2000));
    repository.commit("a longer text");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let grown = |case: &str| {
        let metric = metric(&repository, &format!("size/{case}"));
        metric["head"].as_f64().unwrap() - metric["base"].as_f64().unwrap()
    };
    for case in ["file", "stripped", "rodata", ".rodata"] {
        assert!(grown(case) >= 19_000.0, "{case} {}", run.stdout);
    }
    assert!(
        grown("text") < 4096.0 && grown(".text") < 4096.0,
        "{}",
        run.stdout
    );
    assert!(metric(&repository, "size/debug")["base"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_size_that_nobody_can_tell_is_refused() {
    let repository = repository(SIZE, "#!/bin/sh\n");
    repository.write(
        "budgets.toml",
        &budgets(&SIZE.replace("\"tool\"", "\"tol\"")),
    );
    repository
        .run(&["check"])
        .refused(&["there is no artifact \"tol\"", "did you mean `tool`?"]);
    let section = SIZE.replace("\"4 KiB\"", "\"4 KiB\"\nsections = [\".text\"]");
    repository.write("budgets.toml", &budgets(&section));
    repository.commit("a section of a script");
    repository
        .run(&["compare"])
        .refused(&["is no ELF file", ".text"]);
    repository.write("budgets.toml", &budgets(&SIZE.replace("KiB", "ms")));
    repository
        .run(&["check"])
        .refused(&["4 ms", "counted in \"B\""]);
}

const TIME: &str = r#"
[metrics.wall]
probe     = "time"
run       = ["{tool}"]
direction = "lower-is-better"
budget    = "50%"

[metrics.cpu]
probe     = "time"
run       = ["{tool}"]
direction = "lower-is-better"
budget    = "900%"
"#;

#[test]
fn a_program_that_takes_longer_fails() {
    let repository = repository(TIME, "#!/bin/sh\nsleep 0.02\n");
    let run = compare(
        &repository,
        "#!/bin/sh\nsleep 0.08\n",
        &["--max-time", "5s"],
    );
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let wall = metric(&repository, "wall");
    assert_eq!(
        (&wall["verdict"], &wall["reason"]),
        (&"FAIL".into(), &"past_budget".into())
    );
    assert_eq!(
        (&wall["unit"], &wall["kind"]),
        (&"ms".into(), &"noisy".into())
    );
    assert!(wall["base"].as_f64().unwrap() >= 20.0 && wall["head"].as_f64().unwrap() >= 80.0);
    let orders: Vec<&str> = wall["samples"]["rounds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|round| round["order"].as_str().unwrap())
        .collect();
    assert!(
        orders.iter().any(|order| order.starts_with('b')),
        "{orders:?}"
    );
    assert!(
        orders.iter().any(|order| order.starts_with('h')),
        "{orders:?}"
    );
    let cpu = metric(&repository, "cpu");
    assert_ne!(cpu["verdict"], "FAIL", "it only waits longer: {cpu}");
    let again = repository.run(&["judge", "target/gate/report.json"]);
    assert_eq!((again.status, again.stdout), (1, run.stdout));
}

#[test]
fn a_program_that_fails_is_no_fast_one() {
    let repository = repository(TIME, "#!/bin/sh\nsleep 0.01\n");
    compare(
        &repository,
        "#!/bin/sh\necho no such file >&2\nexit 3\n",
        &[],
    )
    .refused(&["on head", "exit status: 3", "no such file"]);
}

#[test]
fn a_base_that_predates_the_probe_has_nothing_to_compare_with() {
    let repository = repository(SIZE, "#!/bin/sh\nexit 9\n");
    let exact = "\n[metrics.count]\nprobe = \"command\"\nrun = [\"{tool}\"]\n\
                 direction = \"lower-is-better\"\nexact = true\nbudget = \"1%\"\n";
    repository.write("budgets.toml", &budgets(&format!("{SIZE}{TIME}{exact}")));
    let tool = "#!/bin/sh\necho '{\"value\": 1, \"unit\": \"\"}'\n";
    let run = compare(&repository, tool, &["--max-time", "5s"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    for id in ["wall", "cpu", "count"] {
        let metric = metric(&repository, id);
        assert_eq!(
            (&metric["verdict"], &metric["reason"]),
            (&"PASS".into(), &"new".into())
        );
        assert_eq!(metric["base"], Value::Null);
    }
    let again = repository.run(&["judge", "target/gate/report.json"]);
    assert_eq!((again.status, again.stdout), (0, run.stdout));
}

/// A metric of what `tool` writes for another benchmark tool.
fn import(name: &str, keys: &str) -> String {
    format!(
        "\n[metrics.{name}]\nprobe = \"import\"\nrun = [\"{{tool}}\"]\n\
         direction = \"lower-is-better\"\n{keys}\n"
    )
}

/// A tool that writes what five benchmark tools do, and prints what Go does.
fn five_tools(allocations: u32) -> String {
    let file = |path: &str, text: &str| format!("cat > {path} <<'END'\n{text}\nEND\n");
    [
        "#!/bin/sh\nmkdir -p target/criterion/split/new\n".to_owned(),
        file(
            "target/criterion/split/new/estimates.json",
            include_str!("../samples/criterion/split/new/estimates.json"),
        ),
        file("hyperfine.json", include_str!("../samples/hyperfine.json")),
        file(
            "google.json",
            include_str!("../samples/google-benchmark.json"),
        ),
        file(
            "pytest.json",
            include_str!("../samples/pytest-benchmark.json"),
        ),
        format!("echo 'BenchmarkFields-2 2000 263.9 ns/op 96 B/op {allocations} allocs/op'\n"),
    ]
    .concat()
}

#[test]
fn what_another_tool_wrote_is_compared() {
    let shown = |format: &str| format!("format = {format}\nreport_only = true");
    let counted = "format = \"go\"\nquantity = \"allocs/op\"\nexact = true\nbudget = \"0%\"";
    let metrics = [
        import("allocations", counted),
        import("times", &shown("\"go\"")),
        import(
            "commands",
            &shown("\"hyperfine\"\nfile = \"hyperfine.json\""),
        ),
        import("benches", &shown("\"criterion\"")),
        import(
            "google",
            &shown("\"google-benchmark\"\nfile = \"google.json\""),
        ),
        import(
            "pytest",
            &shown("\"pytest-benchmark\"\nfile = \"pytest.json\""),
        ),
    ];
    let repository = repository(&metrics.concat(), &five_tools(1));
    let run = compare(&repository, &five_tools(2), &[]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let allocations = metric(&repository, "allocations/Fields");
    assert_eq!(allocations["reason"], "past_budget");
    assert_eq!(
        (&allocations["base"], &allocations["head"]),
        (&1.0.into(), &2.0.into())
    );
    assert_eq!(allocations["unit"], "allocs/op");
    let times = metric(&repository, "times/Fields");
    assert_eq!(
        (&times["kind"], &times["head"]),
        (&"report_only".into(), &263.9.into())
    );
    assert_eq!(metric(&repository, "commands/true")["unit"], "s");
    assert_eq!(metric(&repository, "benches/split")["unit"], "ns");
    let report = repository.report();
    for (name, unit) in [("google/", "ns"), ("pytest/", "s")] {
        let metrics = report["metrics"].as_array().unwrap();
        let found = metrics
            .iter()
            .find(|metric| metric["id"].as_str().unwrap().starts_with(name))
            .unwrap_or_else(|| panic!("no {name} in {metrics:#?}"));
        assert_eq!(
            (&found["kind"], &found["unit"], &found["verdict"]),
            (&"report_only".into(), &unit.into(), &"PASS".into())
        );
    }

    // The same bytes are not asked again.
    repository.write("NOTES", "no code\n");
    repository.commit("a text");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}\n{}", run.stdout, run.stderr);
    for name in ["times", "allocations"] {
        assert_eq!(metric(&repository, name)["reason"], "identical_binary");
    }

    compare(&repository, "#!/bin/sh\necho PASS\n", &[])
        .refused(&["is no output of", "no benchmark"]);
}

#[test]
fn a_server_that_takes_more_memory_fails() {
    let memory = r#"
[subject.serve]
command = ["{tool}", "{port}"]

[metrics.rss_per_key]
probe     = "resp-memory"
direction = "lower-is-better"
budget    = "20%"
load      = { keys = 20000, value_bytes = 256 }
"#;
    let repository = repository(memory, "unused");
    let server = include_str!("subject/server.rs");
    repository.write(
        "build.sh",
        "mkdir -p out && rustc --edition 2021 -O -o out/tool server.rs\n",
    );
    repository.write("server.rs", server);
    repository.commit("a server");
    repository.write(
        "server.rs",
        &server.replace("value.clone()", "value.repeat(4)"),
    );
    repository.commit("values four times as long");
    let run = repository.run(&["compare", "--max-time", "5s"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let rss = metric(&repository, "rss_per_key");
    assert_eq!(
        (&rss["verdict"], &rss["unit"]),
        (&"FAIL".into(), &"B".into())
    );
    let (base, head) = (rss["base"].as_f64().unwrap(), rss["head"].as_f64().unwrap());
    assert!(
        base > 256.0 && base < 1024.0 && head > 1024.0,
        "{base} {head}"
    );
    // This server keeps no account of its own.
    let used = memory.replace("rss_per_key", "used_per_key");
    repository.write("budgets.toml", &budgets(&used));
    repository.commit("by its own account");
    repository
        .run(&["compare", "HEAD~2", "HEAD", "--exact-base"])
        .refused(&["used_memory", "rss_per_key"]);
}
