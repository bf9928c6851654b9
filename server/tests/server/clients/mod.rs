//! Programs that were written for Redis, against this server: redis-py, node-redis, redis-cli and
//! redis-benchmark. The redis crate is what `commands` speaks through.
//!
//! `.ci/tools` installs the libraries, as `redis-py` and `redis-node`. What is not installed is said to be
//! skipped, unless `CI` is `true`.

use std::io::{ErrorKind, Write};
use std::process::{Command, Output, Stdio};

use crate::support::TestServer;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/server/clients");

/// Runs a program with `input`; nothing where it is not installed.
fn run(program: &str, arguments: &[&str], input: &str) -> Option<Output> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let required = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!required, "{program} is not installed");
            eprintln!("skipped: {program} is not installed");
            return None;
        }
        Err(error) => panic!("{program} cannot be started: {error}"),
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    Some(child.wait_with_output().unwrap())
}

/// The standard output of a program that ended well.
fn text(program: &str, output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {text}\n{error}");
    text
}

/// Runs a script of a client library against a server of its own, in both protocols.
fn script(program: &str, file: &str, content: &str) {
    let server = TestServer::start();
    let (host, port) = (
        server.address.ip().to_string(),
        server.address.port().to_string(),
    );
    let path = format!("{FOLDER}/{file}");
    for protocol in ["2", "3"] {
        let Some(output) = run(program, &[&path, &host, &port, protocol], "") else {
            return;
        };
        assert_eq!(text(program, &output), content, "RESP{protocol}");
    }
}

#[test]
fn redis_py_is_content() {
    script("redis-py", "redis_py.py", "redis-py is content\n");
}

#[test]
fn node_redis_is_content() {
    script("redis-node", "node_redis.cjs", "node-redis is content\n");
}

#[test]
fn redis_cli_shows_what_it_shows_of_redis() {
    let server = TestServer::start();
    let port = server.address.port().to_string();
    let input = "SET k v\nGET k\nGET none\nHSET h f 1 g 2\nHGETALL h\nINCR k\nZADD z 1.5 m\n\
                 ZRANGE z 0 -1 WITHSCORES\nSADD s x\nSMEMBERS s\n";
    for (flag, shown) in [
        (
            "-2",
            "OK\n\"v\"\n(nil)\n(integer) 2\n1) \"f\"\n2) \"1\"\n3) \"g\"\n4) \"2\"\n\
             (error) ERR value is not an integer or out of range\n(integer) 1\n1) \"m\"\n2) \"1.5\"\n\
             (integer) 1\n1) \"x\"\n",
        ),
        (
            "-3",
            "OK\n\"v\"\n(nil)\n(integer) 2\n1# \"f\" => \"1\"\n2# \"g\" => \"2\"\n\
             (error) ERR value is not an integer or out of range\n(integer) 1\n\
             1) 1) \"m\"\n   2) (double) 1.5\n(integer) 1\n1~ \"x\"\n",
        ),
    ] {
        let arguments = ["-p", &port, flag, "--no-raw"];
        let cleared = run("redis-cli", &["-p", &port, "FLUSHALL"], "");
        if cleared.is_none() {
            return;
        }
        let output = run("redis-cli", &arguments, input).unwrap();
        assert_eq!(text("redis-cli", &output), shown, "{flag}");
    }
    let scanned = run("redis-cli", &["-p", &port, "--scan", "--pattern", "?"], "").unwrap();
    let mut keys: Vec<String> = text("redis-cli", &scanned)
        .lines()
        .map(Into::into)
        .collect();
    keys.sort();
    assert_eq!(keys, ["h", "k", "s", "z"]);
    let pipe = run(
        "redis-cli",
        &["-p", &port, "--pipe"],
        "SET a 1\r\nSET b 2\r\n",
    )
    .unwrap();
    let report = text("redis-cli", &pipe);
    assert!(report.contains("errors: 0, replies: 2"), "{report}");
}

#[test]
fn redis_benchmark_ends_without_an_error() {
    let server = TestServer::start();
    let port = server.address.port().to_string();
    for pipeline in ["1", "16"] {
        let tests =
            "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset";
        let arguments = [
            "-p", &port, "-n", "2000", "-c", "8", "-P", pipeline, "-t", tests, "-q", "--csv",
        ];
        let Some(output) = run("redis-benchmark", &arguments, "") else {
            return;
        };
        let report = text("redis-benchmark", &output);
        assert!(!report.contains("rror"), "{report}");
        // PING inline and as a frame, LRANGE with the push that it needs, and a line of titles.
        assert!(report.lines().count() >= 17, "{report}");
    }
}
