//! The table of commands against that of `redis-server`: what is offered is described alike, and what is
//! not is listed in the README.
//!
//! INFO has no field that Redis has not, but for two.
//!
//! Left out of the comparison: tips and notes, which are sentences; ZRANK and ZREVRANK, which take WITHSCORE
//! as since Redis 7.2; DEBUG, which has subcommands here.

use super::Redis;
use super::comparison::{elements, sorted_leaves};
use crate::support::{Raw, TestServer};

const NOT_COMPARED: [&str; 8] = [
    "zrank",
    "zrevrank",
    "debug",
    "debug|help",
    "debug|object",
    "debug|panic",
    "debug|sleep",
    "client|setinfo",
];

/// The texts of an array of bulk strings.
fn texts(reply: &[u8]) -> Vec<String> {
    let text = |element: &[u8]| {
        let text = String::from_utf8(element.to_vec()).unwrap();
        text.lines().nth(1).unwrap().to_owned()
    };
    elements(reply).into_iter().map(text).collect()
}

#[test]
fn commands_are_described_as_redis_describes_them() {
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    for protocol in ["2", "3"] {
        let (mut ours, mut theirs) = (server.raw(), Raw::connect(redis.address));
        for client in [&mut ours, &mut theirs] {
            client.ask(&[b"HELLO", protocol.as_bytes()]);
        }
        // Everything but what is in no category at all, which nothing is.
        let fast = texts(&ours.ask_bytes("COMMAND LIST FILTERBY ACLCAT fast"));
        let slow = texts(&ours.ask_bytes("COMMAND LIST FILTERBY ACLCAT slow"));
        let all = [fast, slow].concat();
        assert!(all.len() > 190, "{}", all.len());
        for name in all
            .iter()
            .filter(|name| !NOT_COMPARED.contains(&name.as_str()))
        {
            let request = [&b"COMMAND"[..], b"INFO", name.as_bytes()];
            let (ours, theirs) = (ours.ask(&request), theirs.ask(&request));
            let (ours, theirs) = (elements(&ours)[0], elements(&theirs)[0]);
            let (ours, theirs) = (elements(ours), elements(theirs));
            assert_eq!(theirs.len(), 10, "{name} is not known there");
            for field in 0..7 {
                let [ours, theirs] = [&ours, &theirs].map(|fields| {
                    let leaves = sorted_leaves(fields[field]);
                    leaves.concat().escape_ascii().to_string()
                });
                assert_eq!(ours, theirs, "{name}, field {field}, in RESP{protocol}");
            }
            let has_notes = theirs[8].windows(5).any(|word| word == b"notes");
            if !has_notes {
                let [ours, theirs] =
                    [&ours, &theirs].map(|fields| fields[8].escape_ascii().to_string());
                assert_eq!(ours, theirs, "keys of {name} in RESP{protocol}");
            }
        }
    }
}

#[test]
fn help_names_what_is_offered_and_nothing_else() {
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let (mut ours, mut theirs) = (server.raw(), Raw::connect(redis.address));
    let lines = |reply: &[u8]| -> Vec<String> {
        let text = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
        elements(reply).into_iter().map(text).collect()
    };
    for name in [
        "client", "command", "config", "latency", "memory", "object", "pubsub", "slowlog",
    ] {
        let request = [name.as_bytes(), b"help"];
        let theirs = lines(&theirs.ask(&request));
        let help = lines(&ours.ask(&request));
        assert_eq!(help[0], theirs[0]);
        assert_eq!(help[help.len() - 2..], theirs[theirs.len() - 2..]);
        let pattern = format!("COMMAND LIST FILTERBY PATTERN {name}|*");
        let offered = texts(&ours.ask_bytes(&pattern));
        let named: Vec<String> = help[1..]
            .chunks(2)
            .map(|pair| {
                let word = pair[0].split_whitespace().next().unwrap();
                format!("{name}|{}", word[1..].to_lowercase())
            })
            .collect();
        assert_eq!(named, offered);
    }
    assert!(
        ours.ask_line("DEBUG HELP")
            .starts_with("-ERR DEBUG command not allowed")
    );
}

#[test]
fn what_is_not_offered_is_listed_in_the_readme() {
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let offered = texts(&server.raw().ask_bytes("COMMAND LIST"));
    let mut redis = Raw::connect(redis.address);
    for name in texts(&redis.ask_bytes("COMMAND LIST")) {
        if offered.contains(&name) {
            continue;
        }
        let words: Vec<&str> = name.split('|').collect();
        // The subcommands of a command that is not offered are not listed one by one.
        let word = words
            .iter()
            .find(|word| !offered.iter().any(|known| known == *word));
        let word = word.unwrap().to_uppercase();
        assert!(
            readme.contains(&format!("`{word}`")),
            "{name} is neither offered nor listed"
        );
        let request: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let reply = String::from_utf8(server.raw().ask(&request)).unwrap();
        assert!(reply.starts_with("-ERR unknown "), "{name}: {reply}");
    }
}

#[test]
fn fields_of_info_have_the_names_that_redis_gives_them() {
    let Some(redis) = Redis::start() else { return };
    let server = TestServer::start();
    let [ours, theirs] = [server.address, redis.address].map(|address| {
        let info = Raw::connect(address).ask_line("INFO");
        let names = info.lines().skip(1).map(|line| line.split(':').next());
        names
            .map(|name| name.unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    // What this server alone has.
    let own = ["server_version", "threads"];
    let unknown: Vec<&String> = ours
        .iter()
        .filter(|name| !theirs.contains(name) && !own.contains(&name.as_str()))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for name in [
        "used_memory_rss",
        "mem_fragmentation_ratio",
        "mem_fragmentation_bytes",
        "evicted_keys",
        "uptime_in_seconds",
    ] {
        assert!(ours.iter().any(|ours| ours == name), "{name}");
    }
}
