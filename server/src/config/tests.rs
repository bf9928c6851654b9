//! Flags, files and passwords, as they are read and as they are refused.

use super::*;

fn parse(line: &str) -> Result<Config, String> {
    let words = std::iter::once("server").chain(line.split_whitespace());
    Config::read(words.map(OsString::from)).map_err(|error| error.to_string())
}

fn parse_file(text: &str, line: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.toml");
    std::fs::write(&path, text).unwrap();
    parse(&format!("--config {} {line}", path.display()))
        .map_err(|error| error.replace(&*folder.path().to_string_lossy(), ""))
}

#[test]
fn nothing_given_is_the_default() {
    let config = parse("").unwrap();
    assert_eq!(config.address(), "127.0.0.1:6379".parse().unwrap());
    assert_eq!((config.threads.get(), config.max_memory), (1, 0));
    assert_eq!(config.limits.get(Limit::Clients), 10_000);
    assert_eq!(config.metrics, None);
}

#[test]
fn flags_and_a_file_have_the_same_names() {
    let by_flags = parse(
        "--bind ::1 --port 0 --threads 4 --maxmemory 100mb \
         --protected-mode no --rename-command FLUSHALL= --rename-command KEYS=every-key \
         --maxclients 5 --timeout 60 --client-query-buffer-limit 2mb --proto-max-bulk-len 1mb \
         --proto-max-args 9 --output-buffer-limit 3mb --pubsub-buffer-limit 4mb \
         --pipeline-limit 64kb --log-level warn --log-format json --metrics-port 0 \
         --metrics-bind 127.0.0.2 --shutdown-timeout 3 --enable-debug-command yes \
         --maxmemory-policy allkeys-lru --requirepass secret",
    )
    .unwrap();
    let by_file = parse_file(
        r#"
        bind = "::1"
        port = 0
        threads = 4
        maxmemory = "100mb"
        protected-mode = false
        rename-command = { FLUSHALL = "", KEYS = "every-key" }
        maxclients = 5
        timeout = 60
        client-query-buffer-limit = 2097152
        proto-max-bulk-len = "1mb"
        proto-max-args = 9
        output-buffer-limit = "3mb"
        pubsub-buffer-limit = "4mb"
        pipeline-limit = "64kb"
        log-level = "warn"
        log-format = "json"
        metrics-port = 0
        metrics-bind = "127.0.0.2"
        shutdown-timeout = 3
        enable-debug-command = true
        maxmemory-policy = "allkeys-lru"
        requirepass = "secret"
        "#,
        "",
    )
    .unwrap();
    assert_eq!(format!("{by_flags:?}"), format!("{by_file:?}"));
    assert_eq!(by_file.limits.get(Limit::Pipeline), 64 << 10);
    assert_eq!(by_file.metrics, Some("127.0.0.2:0".parse().unwrap()));
    let options = CommandLine::command();
    let names = options.get_arguments().filter_map(clap::Arg::get_long);
    let elsewhere = ["config", "requirepass-file"];
    let others: Vec<_> = names.filter(|name| !elsewhere.contains(name)).collect();
    assert_eq!(others.len(), 22, "every flag is in this test: {others:?}");
}

#[test]
fn a_flag_goes_before_the_file() {
    let file = "port = 1\nthreads = 2\nrename-command = { flushall = \"x\", KEYS = \"k\" }";
    let config = parse_file(file, "--port 2 --rename-command FLUSHALL=").unwrap();
    assert_eq!((config.port, config.threads.get()), (2, 2));
    let names: Vec<_> = config
        .renames
        .iter()
        .map(|rename| rename.name.as_str())
        .collect();
    assert_eq!(names, ["", "k"]);
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    for (line, reason) in [
        ("--maxmemory lots", "not a size of memory"),
        ("--threads 0", "--threads"),
        ("--threads 1000", "at most 256 threads"),
        ("--port 70000", "70000"),
        ("--bind nowhere", "invalid IP address"),
        ("--prot 1", "--port"),
        (
            "--pipeline-limit 1",
            "pipeline-limit = 1: it must be between",
        ),
        ("--rename-command GET", "COMMAND=NAME"),
        ("--log-format xml", "neither text nor json"),
        (
            "--config /nowhere/at.toml",
            "cannot read the configuration file /nowhere/at.toml",
        ),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
}

#[test]
fn mistakes_in_a_file_are_shown_where_they_are() {
    let error = parse_file("port = 6379\nprot = 1\n", "").unwrap_err();
    assert!(
        error.starts_with("/server.toml: TOML parse error at line 2, column 1"),
        "{error}"
    );
    assert!(error.contains("2 | prot = 1\n  | ^^^^"), "{error}");
    assert!(error.contains("unknown field `prot`"), "{error}");
    let error = parse_file("maxmemory = \"lots\"", "").unwrap_err();
    assert!(
        error.contains("1 | maxmemory = \"lots\"\n  |             ^^^^^^"),
        "{error}"
    );
    assert!(error.contains("not a size of memory"), "{error}");
}

#[test]
fn only_in_as_many_words_others_are_let_in() {
    for line in [
        "--bind 0.0.0.0",
        "--bind ::",
        "--bind 192.0.2.1 --protected-mode yes",
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.contains("refusing to listen on"), "{line}: {error}");
    }
    for line in [
        "--bind 0.0.0.0 --requirepass secret",
        "--bind 0.0.0.0 --protected-mode no",
        "--bind 127.0.0.9",
        "--bind ::1",
    ] {
        parse(line).unwrap();
    }
}

#[test]
fn a_password_comes_from_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    let file = path.to_str().unwrap();
    let told = |config: Result<Config, String>| {
        let password = config?.password;
        Ok::<_, String>(password.map(|secret| secret.reveal().to_owned()))
    };
    for (text, password) in [
        ("one two", Some("one two")),
        ("secret\n", Some("secret")),
        ("secret\r\n", Some("secret")),
        ("", None),
        ("\n", None),
        ("a\nb\n", None),
    ] {
        std::fs::write(&path, text).unwrap();
        let read = told(parse(&format!("--requirepass-file {file}")));
        match password {
            Some(password) => assert_eq!(read, Ok(Some(password.to_owned())), "{text:?}"),
            None => assert!(read.unwrap_err().contains("must have one line"), "{text:?}"),
        }
    }
    std::fs::write(&path, "secret").unwrap();
    let both = parse(&format!("--requirepass x --requirepass-file {file}"));
    assert!(both.unwrap_err().contains("both given"));
    let other = parse_file(
        "requirepass = \"old\"",
        &format!("--requirepass-file {file}"),
    );
    assert_eq!(told(other), Ok(Some("secret".to_owned())));
    let absent = parse("--requirepass-file /nowhere/at").unwrap_err();
    assert!(absent.contains("cannot read the password from /nowhere/at"));
    let empty = parse("--requirepass=").unwrap_err();
    assert!(empty.contains("give a password"), "{empty}");
}

#[test]
fn a_password_is_never_shown() {
    let config = parse("--requirepass hunter2").unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    for (text, line) in [
        ("requirepass = 42424242", 1),
        ("port = 1\nrequirepass = \"42424242\n", 2),
        ("port = 1\n\n  requirepass = [\"42424242\"]\n", 3),
        ("requirepass = \"\" # 42424242", 1),
        ("'requirepass' = 42424242", 1),
        ("port = 1\nrequirepass = \"\"\"\n42424242\n", 2),
    ] {
        let error = parse_file(text, "").unwrap_err();
        let expected = format!("/server.toml: line {line} is not understood");
        assert!(error.starts_with(&expected), "{text}: {error}");
        assert!(!error.contains("42424242"), "{text}: {error}");
    }
    let error = parse_file("requirepass = \"x\"\nprot = 1\n", "").unwrap_err();
    assert!(error.contains("2 | prot = 1"), "{error}");
}
