//! `gate init` on repositories of several kinds, through the command line.

use std::path::Path;
use std::process::Command;

use crate::repository::{Run, TestRepository};

const FILES: [&str; 3] = [
    "budgets.toml",
    ".github/workflows/gate.yml",
    ".github/workflows/gate-comment.yml",
];
const COMMIT: &str = "89abcdef0123456789abcdef0123456789abcdef";

fn of(files: &[(&str, &str)]) -> TestRepository {
    let repository = TestRepository::new();
    for (path, text) in files {
        repository.write(path, text);
    }
    repository.commit("a project");
    repository
}

fn init(repository: &TestRepository) -> Run {
    let run = repository.run(&["init", "--action", &format!("someone/gate@{COMMIT}")]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    run
}

fn read(repository: &TestRepository, path: &str) -> String {
    std::fs::read_to_string(repository.path().join(path)).unwrap()
}

/// Initialises, checks, and returns what is in the budgets file.
fn complete(repository: &TestRepository) -> String {
    let told = init(repository).stdout;
    assert!(told.contains("look through budgets.toml"), "{told}");
    let check = repository.run(&["check"]);
    assert_eq!(check.status, 0, "{}", check.stderr);
    read(repository, "budgets.toml")
}

#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|l| l.starts_with(line)),
            "no {line} in:\n{text}"
        );
    }
}

#[test]
fn a_cargo_package_with_a_redis_server() {
    let repository = of(&[
        (
            "Cargo.toml",
            "[package]\nname = \"tiny-cache\"\nversion = \"0.1.0\"\nedition = \"2021\"\nkeywords = [\"redis\"]\n",
        ),
        ("Cargo.lock", "version = 4\n"),
        ("src/main.rs", "fn main() { println!(\"--port\"); }\n"),
        ("src/bin/bench.rs", "fn main() {}\n"),
    ]);
    has(
        &complete(&repository),
        &[
            r#"build = ["cargo", "build", "--release", "--locked", "-p", "tiny-cache", "--bin", "#,
            r#"artifacts = { server = "target/release/"#,
            r#"command = ["{server}", "--port", "{port}"]"#,
            r#"ready = "resp""#,
            "[metrics.qps]",
            "[metrics.cpu_per_request]",
            "[metrics.binary_size]",
        ],
    );
}

#[test]
fn a_go_module_that_speaks_http() {
    let repository = of(&[
        ("go.mod", "module example.com/some/api\n\ngo 1.22\n"),
        ("cmd/worker/main.go", "package main\n"),
        (
            "cmd/api-server/main.go",
            "package main\nimport \"net/http\"\nvar port = os.Getenv(\"PORT\")\n",
        ),
    ]);
    let budgets = complete(&repository);
    has(
        &budgets,
        &[
            r#"build = ["go", "build", "-trimpath", "-buildvcs=false", "-o", "bin/api-server", "./cmd/api-server"]"#,
            r#"artifacts = { server = "bin/api-server" }"#,
            r#"command = ["env", "PORT={port}", "{server}"]"#,
            r#"ready = "http:/""#,
        ],
    );
    assert!(
        !budgets.contains("resp-load"),
        "gate's load generator speaks RESP only"
    );
}

#[test]
fn a_cmake_project() {
    let repository = of(&[(
        "CMakeLists.txt",
        "project(thing C)\nadd_executable(thing_tests t.c)\nadd_executable( thingd main.c)\n",
    )]);
    has(
        &complete(&repository),
        &[
            r#"build = ["sh", "-c", "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release"#,
            r#"artifacts = { server = "build/thingd" }"#,
            "# [subject.serve]",
        ],
    );
}

#[test]
fn a_node_package() {
    let repository = of(&[
        (
            "package.json",
            r#"{"name": "x", "main": "./dist/server.js", "scripts": {"build": "esbuild"}, "dependencies": {"express": "5"}}"#,
        ),
        ("package-lock.json", "{}"),
        ("src/server.js", "listen(process.env.PORT)\n"),
    ]);
    has(
        &complete(&repository),
        &[
            r#"build = ["sh", "-c", "npm ci && npm run build"]"#,
            r#"artifacts = { server = "dist/server.js" }"#,
            r#"command = ["env", "PORT={port}", "node", "{server}"]"#,
        ],
    );
}

#[test]
fn a_node_package_of_many_files_is_not_one_of_them() {
    let repository = of(&[
        (
            "package.json",
            r#"{"name": "x", "main": "server.js", "scripts": {"build": "tsc"}}"#,
        ),
        (
            "server.js",
            "require('./lib/handler').listen(process.env.PORT)\n",
        ),
    ]);
    repository.run(&["init"]);
    let text = std::fs::read_to_string(repository.path().join("budgets.toml")).unwrap();
    has(&text, &[r#"artifacts = { server = "FILL-IN"#]);
}

#[test]
fn what_a_makefile_makes_by_default() {
    for (text, artifact) in [
        (
            "CC ?= cc\nDIR := x\n\ntiny: main.c\n\t$(CC) -o $@ $<\n",
            "tiny",
        ),
        (
            ".PHONY: all clean\nall: cli tinyd notes.txt\ntinyd: main.c\n\tcc -o $@ $<\n",
            "tinyd",
        ),
        ("TARGET ?= bin/serve\nall: other\n", "bin/serve"),
    ] {
        let budgets = complete(&of(&[("Makefile", text)]));
        let line = format!("artifacts = {{ server = \"{artifact}\" }}");
        has(&budgets, &[&line]);
    }
    for text in [
        ".PHONY: run\nrun:\n\t./x\n",
        "%.o: %.c\n\tcc $<\n",
        "$(OUT): x\n",
    ] {
        let repository = of(&[("Makefile", text)]);
        let told = init(&repository).stdout;
        assert!(told.contains("FILL-IN (line 14), until"), "{text}: {told}");
    }
}

/// Every value has a comment behind it, or one above it that is its own.
#[test]
fn every_value_is_commented() {
    let repository = of(&[
        ("Makefile", "tiny: main.c\n"),
        ("main.c", "\"--port\" \"+PONG\"\n"),
    ]);
    let budgets = complete(&repository);
    let lines: Vec<&str> = budgets.lines().collect();
    let values = lines.iter().enumerate().filter(|(_, line)| {
        line.split_once(" = ")
            .is_some_and(|(key, _)| !key.starts_with('#'))
    });
    let mut count = 0;
    for (number, line) in values {
        let above = number.checked_sub(1).map_or("", |above| lines[above]);
        assert!(line.contains(" # ") || above.starts_with("# "), "{line}");
        count += 1;
    }
    assert!(count > 15, "{count}");
}

#[test]
fn what_nobody_can_tell_is_marked_and_refused() {
    let cases: [(&[(&str, &str)], usize); 3] = [
        (&[("README", "words\n")], 2),
        (&[("Makefile", "all:\n\tcc -o $(OUT) main.c\n")], 1),
        (
            &[
                ("Makefile", "TARGET := serve\n"),
                ("main.c", "write(fd, \"+PONG\", 5);\n"),
            ],
            1,
        ),
    ];
    for (files, count) in cases {
        let repository = of(files);
        let told = init(&repository).stdout;
        assert!(told.contains("replace every FILL-IN"), "{told}");
        let budgets = read(&repository, "budgets.toml");
        assert_eq!(budgets.matches("FILL-IN").count(), count, "{budgets}");
        repository
            .run(&["check"])
            .refused(&["still to be filled in", "FILL-IN"]);
        repository.commit("as it is");
        repository
            .run(&["compare"])
            .refused(&["still to be filled in"]);
    }
}

#[test]
fn names_that_would_break_the_file_are_quoted() {
    let manifest = r#"{"main": "a\"b\\c{port}\n.js", "scripts": {"build": "esbuild"}}"#;
    let repository = of(&[("package.json", manifest)]);
    init(&repository);
    // A control character is no path: refused by its own rule, and the file is well formed.
    repository
        .run(&["check"])
        .refused(&["artifact path", "contains a control character"]);
}

#[test]
fn nothing_is_written_over() {
    let repository = of(&[("Makefile", "TARGET = serve\n")]);
    repository.write(".github/workflows/gate.yml", "mine\n");
    repository
        .run(&["init"])
        .refused(&[".github/workflows/gate.yml is already there", "--force"]);
    assert!(
        !repository.path().join("budgets.toml").exists(),
        "all or nothing"
    );
    assert_eq!(read(&repository, ".github/workflows/gate.yml"), "mine\n");

    let elsewhere = repository.beside("elsewhere");
    std::fs::write(&elsewhere, "not ours\n").unwrap();
    std::os::unix::fs::symlink(&elsewhere, repository.path().join("budgets.toml")).unwrap();
    repository
        .run(&["init"])
        .refused(&["budgets.toml, .github/workflows/gate.yml are already there"]);
    let run = repository.run(&["init", "--force"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(read(&repository, ".github/workflows/gate.yml").contains("name: Gate"));
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "not ours\n");
    assert!(read(&repository, "budgets.toml").contains("schema = 1"));
}

#[test]
fn workflows_know_the_branch_and_where_gate_is() {
    let repository = of(&[("Makefile", "TARGET = serve\n")]);
    repository.git(&["branch", "-m", "trunk/main"]);
    let told = init(&repository).stdout;
    assert!(
        told.contains("measures pull requests into trunk/main"),
        "{told}"
    );
    let measure = read(&repository, FILES[1]);
    assert!(measure.contains("branches: [\"trunk/main\"]"), "{measure}");
    for path in &FILES[1..] {
        let text = read(&repository, path);
        assert!(
            text.contains("someone/gate") && text.contains(COMMIT),
            "{text}"
        );
        assert!(
            !text.contains("OWNER") && !text.contains("00000000"),
            "{text}"
        );
    }
    // Without it the user is told what to write.
    let run = repository.run(&["init", "--force"]);
    assert!(
        run.stdout
            .contains("write where gate is in place of OWNER/gate@"),
        "{}",
        run.stdout
    );
    repository
        .run(&["init", "--action", "someone/gate@v1"])
        .refused(&["all its 40 digits"]);
}

#[test]
fn what_is_written_passes_the_linters() {
    let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let repository = of(&[("Makefile", "TARGET = serve\n")]);
    init(&repository);
    let workflows: Vec<_> = FILES[1..]
        .iter()
        .map(|path| repository.path().join(path))
        .collect();
    let zizmor = [
        "--offline",
        "--strict-collection",
        "--no-progress",
        "--persona",
        "auditor",
    ];
    let schema = ["--builtin-schema", "vendor.github-workflows"];
    for (linter, args) in [("zizmor", &zizmor[..]), ("check-jsonschema", &schema[..])] {
        match Command::new(linter).args(args).args(&workflows).output() {
            Ok(output) => {
                let run = Run::from(output);
                assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
            }
            Err(error) => {
                assert!(
                    !required,
                    "{linter} does not start, and CI must have it: {error}"
                );
                eprintln!("skipped: {linter} does not start ({error}); `.ci/tools` installs it");
            }
        }
    }
}

#[test]
fn from_nothing_to_a_verdict() {
    let repository = of(&[
        (
            "Makefile",
            "TARGET = serve\nserve: main.sh\n\tcp main.sh serve\n\tchmod +x serve\n",
        ),
        ("main.sh", "#!/bin/sh\necho hello\n"),
        (".gitignore", "/serve\n/target/\n"),
    ]);
    complete(&repository);
    repository.commit("guarded");
    repository.write(
        "main.sh",
        "#!/bin/sh\necho hello and a good deal more than was said before\n",
    );
    repository.commit("larger");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    let report = repository.report();
    let metric = &report["metrics"][0];
    assert_eq!(metric["id"], "binary_size/file");
    assert_eq!(metric["verdict"], "FAIL");
    let bytes = std::fs::metadata(Path::new(&repository.path()).join("main.sh"))
        .unwrap()
        .len();
    let told = metric["head"].as_f64().unwrap();
    let counted = f64::from(u32::try_from(bytes).unwrap());
    assert!((told - counted).abs() < 0.5, "{told} is not {counted}");
}
