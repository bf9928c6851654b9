//! `.github/actions/install`, run for real against a server of releases on this machine.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::repository::Run;

/// An action's checkout whose `cargo` only tells that it was called, and a server of releases.
struct Releases {
    folder: TempDir,
    url: String,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Releases {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("action/.github/actions")).unwrap();
        std::fs::create_dir_all(at("bin")).unwrap();
        let installer = include_str!("../../../.github/actions/install");
        executable(&at("action/.github/actions/install"), installer);
        std::fs::write(at("action/.github/actions/releases.sha256"), "# none\n").unwrap();
        executable(&at("bin/cargo"), "#!/bin/sh\necho \"cargo $* in $PWD\"\n");
        let files = Arc::new(Mutex::new(HashMap::new()));
        let url = serve(Arc::clone(&files));
        Self { folder, url, files }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Publishes a program under this platform's name, and returns the name and the SHA-256.
    fn publish(&self, version: &str, program: &str) -> (String, String) {
        let name = format!(
            "gate-{version}-{}-unknown-linux-gnu.tar.gz",
            std::env::consts::ARCH
        );
        executable(&self.path("gate"), program);
        let tar = Command::new("tar")
            .current_dir(self.folder.path())
            .args(["-czf", &name, "gate"])
            .status();
        assert!(tar.unwrap().success());
        let bytes = std::fs::read(self.path(&name)).unwrap();
        let told = Command::new("sha256sum")
            .arg(self.path(&name))
            .output()
            .unwrap();
        let sum = String::from_utf8(told.stdout).unwrap()[..64].to_owned();
        self.files
            .lock()
            .unwrap()
            .insert(format!("/v{version}/{name}"), bytes);
        (name, sum)
    }

    fn list(&self, lines: &[(&str, &str)]) {
        let lines: Vec<String> = lines
            .iter()
            .map(|(sum, name)| format!("{sum}  {name}\n"))
            .collect();
        std::fs::write(
            self.path("action/.github/actions/releases.sha256"),
            lines.concat(),
        )
        .unwrap();
    }

    fn install(&self, version: &str) -> Run {
        let mut path = self.path("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        Command::new(self.path("action/.github/actions/install"))
            .env("PATH", path)
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GATE_VERSION", version)
            .env("GATE_RELEASES", &self.url)
            .output()
            .map(Run::from)
            .unwrap()
    }

    fn installed(&self) -> bool {
        self.path("temp/gate/bin/gate").exists()
    }
}

fn executable(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn serve(files: Arc<Mutex<HashMap<String, Vec<u8>>>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut line).unwrap();
            let mut header = String::new();
            while reader.read_line(&mut header).unwrap() > 2 {
                header.clear();
            }
            let path = line.split(' ').nth(1).unwrap_or_default();
            let (status, body) = files
                .lock()
                .unwrap()
                .get(path)
                .map_or((404, Vec::new()), |body| (200, body.clone()));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            // A client that went away has seen enough.
            drop(stream.write_all(&[head.into_bytes(), body].concat()));
        }
    });
    url
}

/// Runs `.ci/release-assets` with compilers that only leave scripts behind.
fn release_assets(releases: &Releases, tag: &str) -> Run {
    let at = |path: &str| releases.path(path);
    std::fs::create_dir_all(at("source/.ci")).unwrap();
    std::fs::write(at("source/Cargo.toml"), include_str!("../../../Cargo.toml")).unwrap();
    let script = include_str!("../../../.ci/release-assets");
    executable(&at("source/.ci/release-assets"), script);
    let host = format!("host: {}-unknown-linux-gnu", std::env::consts::ARCH);
    executable(&at("bin/rustc"), &format!("#!/bin/sh\necho {host}\n"));
    let build = "#!/bin/sh\nmkdir -p target/release\ncd target/release\n\
                 for p in gate server; do echo '#!/bin/sh' >$p; echo \"echo this is $p\" >>$p; chmod +x $p; done\n";
    executable(&at("bin/cargo"), build);
    let path = format!("{}:{}", at("bin").display(), std::env::var("PATH").unwrap());
    Command::new(at("source/.ci/release-assets"))
        .arg(at("release"))
        .env("PATH", path)
        .env("RELEASE_TAG", tag)
        .output()
        .map(Run::from)
        .unwrap()
}

#[test]
fn what_is_released_is_what_is_installed() {
    let releases = Releases::new();
    let version = env!("CARGO_PKG_VERSION");
    let other = release_assets(&releases, "v999.0.0");
    assert_eq!(other.status, 1, "{}", other.stdout);
    assert!(other.stderr.contains("is not v"), "{}", other.stderr);

    let built = release_assets(&releases, &format!("v{version}"));
    assert_eq!(built.status, 0, "{}", built.stderr);
    // What the notes of a release hold goes into the list as it is.
    let list = releases.path("action/.github/actions/releases.sha256");
    std::fs::write(list, &built.stdout).unwrap();
    assert!(built.stdout.contains("  server-"), "{}", built.stdout);
    for entry in std::fs::read_dir(releases.path("release")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        let place = format!("/v{version}/{name}");
        let bytes = std::fs::read(&path).unwrap();
        releases.files.lock().unwrap().insert(place, bytes);
    }
    let run = releases.install("");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("this is gate"), "{}", run.stdout);
}

const PROGRAM: &str = "#!/bin/sh\necho this is gate 1.2.3\n";

#[test]
fn the_newest_listed_binary_is_installed_where_its_sum_is_right() {
    let releases = Releases::new();
    let (old, old_sum) = releases.publish("1.2.2", "#!/bin/sh\necho this is gate 1.2.2\n");
    let (name, sum) = releases.publish("1.2.3", PROGRAM);
    releases.list(&[(&sum, &name), (&old_sum, &old)]);
    let run = releases.install("");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("this is gate 1.2.3"), "{}", run.stdout);
    assert!(!run.stdout.contains("cargo"), "{}", run.stdout);
    let older = releases.install("1.2.2");
    assert!(
        older.stdout.contains("this is gate 1.2.2"),
        "{}",
        older.stdout
    );
}

#[test]
fn a_binary_with_another_sum_is_never_run() {
    let releases = Releases::new();
    let (name, sum) = releases.publish("1.2.3", PROGRAM);
    let other = sum.chars().rev().collect::<String>();
    releases.list(&[(&other, &name)]);
    let run = releases.install("");
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("it is not run"), "{}", run.stdout);
    assert!(!run.stdout.contains("this is gate"), "{}", run.stdout);
    assert!(
        !run.stdout.contains("cargo"),
        "a mismatch is no reason to build: {}",
        run.stdout
    );
    assert!(!releases.installed());
}

#[test]
fn a_listed_binary_that_is_not_there_is_an_error() {
    let releases = Releases::new();
    let (name, sum) = releases.publish("1.2.3", PROGRAM);
    releases.list(&[(&sum, &name)]);
    releases.files.lock().unwrap().clear();
    let run = releases.install("");
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("cannot download"), "{}", run.stdout);
    assert!(!releases.installed());
}

#[test]
fn without_a_binary_for_this_platform_the_source_is_built() {
    let releases = Releases::new();
    let sum = "0".repeat(64);
    releases.list(&[(&sum, "gate-1.2.3-sparc-sun-solaris.tar.gz")]);
    for (version, why) in [
        ("", "has no binary for"),
        ("1.2.3", "has no binary for"),
        ("source", "version is source"),
    ] {
        let run = releases.install(version);
        assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(why), "{}", run.stdout);
        let action = releases.path("action");
        let built = format!(
            "cargo install --locked --quiet --force --path gate --root {} in {}",
            releases.path("temp/gate").display(),
            action.display()
        );
        assert!(run.stdout.contains(&built), "{}", run.stdout);
    }
}

#[test]
fn the_very_same_source_is_built_once() {
    let releases = Releases::new();
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .current_dir(releases.path("action"))
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?} {output:?}");
    };
    let commit = |lock: &str| {
        std::fs::write(releases.path("action/Cargo.lock"), lock).unwrap();
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", lock]);
    };
    for folder in ["gate", ".github/examples"] {
        let folder = releases.path("action").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("file"), "text").unwrap();
    }
    std::fs::write(releases.path("action/Cargo.toml"), "[workspace]").unwrap();
    git(&["init", "--quiet"]);
    commit("one");
    let is_built = || {
        let run = releases.install("source");
        assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
        let built = run.stdout.contains("cargo install");
        assert_eq!(
            built,
            !run.stdout.contains("it was built before"),
            "{}",
            run.stdout
        );
        std::fs::create_dir_all(releases.path("temp/gate/bin")).unwrap();
        executable(&releases.path("temp/gate/bin/gate"), PROGRAM);
        built
    };
    assert!(is_built(), "nothing is there");
    assert!(!is_built());
    std::fs::write(releases.path("action/gate/file"), "edited").unwrap();
    assert!(is_built(), "what is not committed has no name");
    commit("two");
    assert!(is_built());
    assert!(!is_built());
    // Another compiler.
    executable(&releases.path("bin/rustc"), "#!/bin/sh\necho rustc 9\n");
    assert!(is_built());
    std::fs::remove_dir_all(releases.path("temp/gate/bin")).unwrap();
    assert!(is_built(), "a mark without a program");
    std::fs::remove_dir_all(releases.path("action/.git")).unwrap();
    assert!(is_built() && is_built());
}

#[test]
fn a_version_that_nobody_listed_is_refused() {
    let releases = Releases::new();
    let (name, sum) = releases.publish("1.2.3", PROGRAM);
    releases.list(&[(&sum, &name)]);
    for version in ["9.9.9", "1.2", "1.2.3\n::warning::x", "../1.2.3", "-e"] {
        let run = releases.install(version);
        assert_eq!(run.status, 1, "{version}: {}", run.stdout);
        assert!(run.stdout.contains("known: 1.2.3"), "{}", run.stdout);
        assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    }
    assert!(!releases.installed());
}

#[test]
fn a_binary_that_does_not_start_here_is_replaced_by_the_source() {
    let releases = Releases::new();
    let (name, sum) = releases.publish("1.2.3", "#!/bin/sh\nexit 127\n");
    releases.list(&[(&sum, &name)]);
    let run = releases.install("");
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("does not start here"), "{}", run.stdout);
    assert!(run.stdout.contains("cargo install"), "{}", run.stdout);
}
