//! Would GitHub take what is sent? `prism` holds every request against GitHub's own description of its
//! API (`openapi-cut.json`), and answers as GitHub would.
//!
//! Requests are caught on the fake, which keeps state, and are then sent to prism word for word.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fake::{Fault, Seen};
use crate::limits::many_failures;
use crate::world::Scene;

/// Prism needs a few seconds, and far more on a machine that builds beside it.
const START_MAX: Duration = Duration::from_mins(1);

/// Below the ports that the system hands out by itself: until prism listens, no other test gets it.
fn free_port() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (first..32_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

/// The mock; it ends with the value.
struct Prism {
    process: Child,
    port: u16,
}

impl Prism {
    /// Where `prism` is not installed: `None`, with a word, and a failure in CI.
    fn start() -> Option<Self> {
        let port = free_port();
        let description =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/github/openapi-cut.json");
        let started = Command::new("prism")
            .args(["mock", "-h", "127.0.0.1", "-p", &port.to_string()])
            .arg(description)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = match started {
            Ok(process) => process,
            Err(error) => {
                let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
                assert!(
                    !required,
                    "prism does not start, and CI must have it: {error}"
                );
                eprintln!(
                    "skipped: prism does not start ({error}); `.ci/tools` installs it, and prints the \
                     folder whose bin belongs on the PATH"
                );
                return None;
            }
        };
        let mut prism = Self { process, port };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < START_MAX, "prism does not listen");
            let ended = prism.process.try_wait().unwrap();
            assert!(ended.is_none(), "prism ended: {ended:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(prism)
    }

    /// The status of the answer, and the answer.
    fn ask(&self, request: &Seen) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(START_MAX)).unwrap();
        let mut text = format!("{} {} HTTP/1.1\r\n", request.method, request.path);
        for (name, value) in &request.headers {
            if !["host", "connection", "content-length"].contains(&name.as_str()) {
                // GitHub tells of this media type in words only.
                let value = value.replace("application/vnd.github.raw+json", "application/json");
                text.extend([name, ": ", &value, "\r\n"]);
            }
        }
        let length = request.body.len();
        text.push_str("host: 127.0.0.1\r\nconnection: close\r\n");
        text.extend([
            "content-length: ",
            &length.to_string(),
            "\r\n\r\n",
            &request.body,
        ]);
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }

    #[track_caller]
    fn takes(&self, request: &Seen) {
        let (status, answer) = self.ask(request);
        // The examples that it answers with break its own description here and there.
        let fits = (200..400).contains(&status) && !answer.contains("[\"request\"");
        let (method, path) = (&request.method, &request.path);
        let told: String = answer.chars().take(2000).collect();
        assert!(fits, "{method} {path}\n{}\n{told}", request.body);
    }

    #[track_caller]
    fn refuses(&self, request: &Seen) {
        let (status, answer) = self.ask(request);
        assert_eq!(status, 422, "{} {}: {answer}", request.method, request.path);
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What is sent while comments and check runs are made, updated and taken back.
fn everything_sent() -> Vec<Seen> {
    let own = Scene::own();
    own.post().unwrap();
    own.post().unwrap();

    let mut foreign = Scene::foreign();
    foreign.settings.check = Some("gate".to_owned());
    many_failures(&foreign, 120);
    foreign.post().unwrap();

    let other = Scene::own();
    other.fake.world().writer = json!({"login": "alice", "type": "User"});
    other.post().unwrap_err();

    let unclear = Scene::own();
    unclear.fake.fault("POST", Fault::DoneThenReset);
    unclear.post().unwrap();

    [own, foreign, other, unclear]
        .iter()
        .flat_map(|scene| scene.fake.seen())
        // What the store of archives is asked is none of the API's business.
        .filter(|seen| seen.path.starts_with("/repos/"))
        .collect()
}

/// A request with one part of its body changed.
fn changed(request: &Seen, change: impl Fn(&mut Value)) -> Seen {
    let mut body: Value = serde_json::from_str(&request.body).unwrap();
    change(&mut body);
    Seen {
        body: body.to_string(),
        ..request.clone()
    }
}

#[test]
fn github_takes_every_request_and_would_refuse_what_is_cut() {
    let Some(prism) = Prism::start() else {
        return;
    };
    let sent = everything_sent();
    let mut operations: Vec<String> = sent
        .iter()
        .map(|seen| {
            let path = seen.path.split('?').next().unwrap();
            let part = path.splitn(5, '/').nth(4).unwrap();
            let name: String = part.chars().filter(|c| !c.is_ascii_digit()).collect();
            let name = name.split(['.', ':']).next().unwrap();
            format!("{} {}", seen.method, name.replace("//", "/"))
        })
        .collect();
    operations.sort();
    operations.dedup();
    let wanted = [
        "DELETE issues/comments/",
        "GET actions/artifacts/zip",
        "GET actions/runs/artifacts",
        "GET contents/budgets",
        "GET issues/comments",
        "GET pulls",
        "GET pulls/",
        "PATCH check-runs/",
        "PATCH issues/comments/",
        "POST check-runs",
        "POST issues/comments",
    ];
    for operation in wanted {
        assert!(
            operations.iter().any(|o| o == operation),
            "{operation} is not sent: {operations:?}"
        );
    }
    for request in &sent {
        prism.takes(request);
    }

    let made = |method: &str, path: &str| {
        let found = |seen: &&Seen| seen.method == method && seen.path.contains(path);
        sent.iter().find(found).unwrap()
    };
    let check = made("POST", "/check-runs");
    let annotations = |body: &Value| body["output"]["annotations"].as_array().unwrap().len();
    assert_eq!(annotations(&serde_json::from_str(&check.body).unwrap()), 50);
    prism.refuses(&changed(check, |body| {
        let all = body["output"]["annotations"].as_array_mut().unwrap();
        all.push(all[0].clone());
    }));
    let of = |length: usize| {
        changed(check, move |body| {
            body["output"]["summary"] = "é".repeat(length).into();
        })
    };
    prism.takes(&of(65_535));
    prism.refuses(&of(65_536));
    prism.refuses(&changed(check, |body| body["conclusion"] = "fine".into()));
    prism.refuses(&changed(check, |body| {
        body["output"]["annotations"][0]["annotation_level"] = "error".into();
    }));
    prism.refuses(&changed(made("POST", "/comments"), |body| {
        *body = json!({"text": "x"});
    }));
    prism.refuses(&changed(made("PATCH", "/issues/comments/"), |body| {
        *body = json!({"body": 1});
    }));
}
