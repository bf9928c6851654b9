//! What a repository builds and how it serves, as far as its files tell.
//!
//! | file | build | artifact |
//! |---|---|---|
//! | `Cargo.toml` | `cargo build --release` of one program | `target/release/NAME` |
//! | `go.mod` | `go build` of the root or of one folder under `cmd` | `bin/NAME` |
//! | `CMakeLists.txt` | configure and build as Release | `build/NAME` of its `add_executable` |
//! | `package.json` | `npm ci`, and its `build` | its `main` |
//! | `Makefile` | `make` | what `TARGET`, `BIN` or `PROGRAM` names, else its default goal |
//!
//! A guess that nothing supports is none: the budgets file says `FILL-IN` there.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::revision::Repository;

/// What was found out; `None` where nothing tells.
#[derive(Debug)]
pub(super) struct Project {
    /// In words.
    pub(super) found: String,
    pub(super) build: Option<Vec<String>>,
    /// The path of the built program, from the top of the repository.
    pub(super) artifact: Option<String>,
    /// The words before the program in its command, for a program that something else runs.
    pub(super) runner: Option<&'static str>,
    pub(super) speaks: Speaks,
    /// How it is told its port.
    pub(super) port: Option<Port>,
}

/// How a server is told its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    /// By `--port`.
    Option,
    /// By the variable `PORT`.
    Variable,
}

/// What a client would speak with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// The protocol of Redis.
    Resp,
    /// HTTP.
    Http,
    /// Nothing says that it serves.
    Unknown,
}

/// Words in manifests and sources that tell what a server speaks.
const RESP: [&str; 5] = ["redis", "resp2", "redcon", "valkey", "+PONG"];
const HTTP: [&str; 10] = [
    "axum",
    "actix-web",
    "hyper",
    "warp",
    "rocket",
    "net/http",
    "gin-gonic",
    "express",
    "fastify",
    "http.createServer",
];
/// Sources that are looked into, and bytes of each.
const SOURCES_MAX: usize = 200;
const SOURCE_BYTES_MAX: usize = 256 * 1024;

/// Looks at the files that git tracks, and at those that it would.
pub(super) fn look(repository: &Repository) -> Project {
    let root = repository.root();
    let files = files(repository);
    let has = |name: &str| files.iter().any(|file| file == name);
    let mut project = [
        (
            "Cargo.toml",
            cargo as fn(&Path, &[String]) -> Option<Project>,
        ),
        ("go.mod", go),
        ("CMakeLists.txt", cmake),
        ("package.json", node),
        ("Makefile", make),
    ]
    .into_iter()
    .filter(|(name, _)| has(name))
    .find_map(|(_, look)| look(root, &files))
    .unwrap_or_else(|| project("no manifest that gate knows", None, None));
    let sources = sources(root, &files);
    let says = |words: &[&str]| words.iter().any(|word| sources.contains(word));
    project.speaks = if says(&RESP) {
        Speaks::Resp
    } else if says(&HTTP) {
        Speaks::Http
    } else {
        Speaks::Unknown
    };
    project.port = port(&sources);
    project
}

fn port(sources: &str) -> Option<Port> {
    let says = |words: &[&str]| words.iter().any(|word| sources.contains(word));
    let derived = says(&["clap"]) && says(&["port: u16"]);
    let flag = says(&[
        "flag.Int(\"port\"",
        "flag.Uint(\"port\"",
        "flag.String(\"port\"",
    ]);
    if says(&["--port"]) || derived || flag {
        Some(Port::Option)
    } else if says(&[
        "process.env.PORT",
        "Getenv(\"PORT\")",
        "getenv(\"PORT\")",
        "env::var(\"PORT\")",
    ]) {
        Some(Port::Variable)
    } else {
        None
    }
}

fn project(found: &str, build: Option<&[&str]>, artifact: Option<String>) -> Project {
    Project {
        found: found.to_owned(),
        build: build.map(|words| words.iter().map(|word| (*word).to_owned()).collect()),
        artifact,
        runner: None,
        speaks: Speaks::Unknown,
        port: None,
    }
}

fn files(repository: &Repository) -> Vec<String> {
    let args = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    // A repository whose files git cannot list has nothing to look at; what is written says so.
    let listed = repository.git().text(&args).unwrap_or_default();
    listed
        .split('\0')
        .filter(|file| !file.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Manifests and sources, one behind the other.
fn sources(root: &Path, files: &[String]) -> String {
    const ENDS: [&str; 12] = [
        "Cargo.toml",
        "go.mod",
        "package.json",
        ".rs",
        ".go",
        ".c",
        ".cc",
        ".cpp",
        ".h",
        ".js",
        ".ts",
        ".py",
    ];
    files
        .iter()
        .filter(|file| ENDS.iter().any(|end| file.ends_with(end)))
        .take(SOURCES_MAX)
        .filter_map(|file| std::fs::read(root.join(file)).ok())
        .map(|bytes| {
            let bytes = bytes.get(..SOURCE_BYTES_MAX).unwrap_or(&bytes);
            String::from_utf8_lossy(bytes).into_owned()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The one that the name speaks for: `server`, or the first.
fn chosen(names: &[(String, String)]) -> Option<&(String, String)> {
    let serves = |(_, name): &&(String, String)| name.contains("server") || name.ends_with('d');
    names.iter().find(serves).or_else(|| names.first())
}

/// What `cargo metadata` prints, as far as it matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// `package.json`, as far as it matters here.
#[derive(Deserialize)]
struct Manifest {
    main: Option<String>,
    #[serde(default)]
    scripts: BTreeMap<String, String>,
}

fn cargo(root: &Path, files: &[String]) -> Option<Project> {
    let output = Command::new("cargo")
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout).ok()?;
    let programs: Vec<(String, String)> = metadata
        .packages
        .into_iter()
        .flat_map(|package| {
            let programs = package
                .targets
                .into_iter()
                .filter(|t| t.kind.contains(&"bin".to_owned()));
            programs.map(move |target| (package.name.clone(), target.name))
        })
        .collect();
    let (package, name) = chosen(&programs)?;
    let mut build = vec!["cargo", "build", "--release"];
    if files.iter().any(|file| file == "Cargo.lock") {
        build.push("--locked");
    }
    build.extend(["-p", package, "--bin", name]);
    let found = format!("a Cargo package with the program `{name}`");
    Some(project(
        &found,
        Some(&build),
        Some(format!("target/release/{name}")),
    ))
}

fn go(root: &Path, files: &[String]) -> Option<Project> {
    let mut programs: Vec<(String, String)> = files
        .iter()
        .filter_map(|file| file.strip_prefix("cmd/")?.strip_suffix("/main.go"))
        .filter(|name| !name.contains('/'))
        .map(|name| (format!("./cmd/{name}"), name.to_owned()))
        .collect();
    if programs.is_empty() && files.iter().any(|file| file == "main.go") {
        let text = std::fs::read_to_string(root.join("go.mod")).ok()?;
        let module = text
            .lines()
            .find_map(|line| line.strip_prefix("module "))?
            .trim();
        let name = module.rsplit('/').next()?;
        programs.push((".".to_owned(), name.to_owned()));
    }
    let (folder, name) = chosen(&programs)?;
    let artifact = format!("bin/{name}");
    // Without the commit in the binary, equal sources give equal bytes.
    let build = [
        "go",
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-o",
        &artifact,
        folder,
    ];
    let found = format!("a Go module with the program `{name}`");
    Some(project(&found, Some(&build), Some(artifact.clone())))
}

fn cmake(root: &Path, _files: &[String]) -> Option<Project> {
    let text = std::fs::read_to_string(root.join("CMakeLists.txt")).ok()?;
    let programs: Vec<(String, String)> = text
        .match_indices("add_executable(")
        .filter_map(|(at, word)| {
            let rest = text.get(at + word.len()..)?;
            rest.split(|c: char| c.is_whitespace() || c == ')')
                .find(|name| !name.is_empty())
        })
        .filter(|name| is_plain(name))
        .map(|name| (String::new(), name.to_owned()))
        .collect();
    let name = chosen(&programs).map(|(_, name)| name.as_str());
    let build = [
        "sh",
        "-c",
        "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build --parallel",
    ];
    let found = match name {
        Some(name) => format!("a CMake project with the program `{name}`"),
        None => "a CMake project".to_owned(),
    };
    Some(project(
        &found,
        Some(&build),
        name.map(|name| format!("build/{name}")),
    ))
}

fn node(root: &Path, files: &[String]) -> Option<Project> {
    let text = std::fs::read_to_string(root.join("package.json")).ok()?;
    let manifest: Manifest = serde_json::from_str(&text).ok()?;
    let install = if files.iter().any(|file| file == "package-lock.json") {
        "npm ci"
    } else {
        "npm install"
    };
    let builds = manifest.scripts.contains_key("build");
    let line = if builds {
        format!("{install} && npm run build")
    } else {
        install.to_owned()
    };
    let main = manifest
        .main
        .map(|main| main.trim_start_matches("./").to_owned());
    // Of a package that is not bundled one file is nothing without the others.
    let main = main.filter(|_| {
        manifest
            .scripts
            .get("build")
            .is_some_and(|text| is_bundler(text))
    });
    let mut project = project("a Node package", Some(&["sh", "-c", &line]), main);
    project.runner = Some("node");
    Some(project)
}

/// Whether a script of `package.json` calls what makes one file of many.
fn is_bundler(script: &str) -> bool {
    let bundlers = ["esbuild", "webpack", "rollup", "ncc", "vite", "parcel"];
    let mut words = script.split([' ', '/', '=']);
    words.any(|word| bundlers.contains(&word)) || script.contains("bun build")
}

fn make(root: &Path, _files: &[String]) -> Option<Project> {
    let text = std::fs::read_to_string(root.join("Makefile")).ok()?;
    let names = ["TARGET", "BIN", "PROGRAM", "PROG"];
    let artifact = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim_end_matches([' ', '\t', ':', '?']), value.trim()))
        .find(|(name, value)| names.contains(name) && is_plain(value))
        .map(|(_, value)| value.to_owned())
        .or_else(|| default_goal(&text));
    let found = match &artifact {
        Some(artifact) => format!("a Makefile that makes `{artifact}`"),
        None => "a Makefile".to_owned(),
    };
    Some(project(&found, Some(&["make"]), artifact))
}

/// The file that `make` makes where it is told nothing: the target of the first rule, or one of what
/// that needs where it is no file itself.
fn default_goal(text: &str) -> Option<String> {
    let rules: Vec<(&str, &str)> = text
        .lines()
        .filter(|line| !line.starts_with(['\t', '#']))
        .filter_map(|line| line.split_once(':'))
        .filter(|(targets, needs)| !targets.contains('=') && !needs.starts_with(['=', ':']))
        .collect();
    let phony = |name: &str| {
        let mut lists = rules.iter().filter(|(target, _)| *target == ".PHONY");
        name == "all" || lists.any(|(_, names)| names.split_whitespace().any(|n| n == name))
    };
    let is_program = |name: &&str| is_plain(name) && !phony(name) && !name.contains('.');
    let (targets, needs) = rules
        .iter()
        .find(|(targets, _)| !targets.starts_with('.'))?;
    let first = targets.split_whitespace().next()?;
    if !phony(first) {
        return Some(first).filter(is_program).map(str::to_owned);
    }
    let needs = needs.split_whitespace().filter(is_program);
    let programs: Vec<(String, String)> =
        needs.map(|name| (String::new(), name.to_owned())).collect();
    chosen(&programs).map(|(_, name)| name.clone())
}

/// Whether a word of a makefile is a path and nothing that is filled in later.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    !word.is_empty() && word.chars().all(plain)
}
