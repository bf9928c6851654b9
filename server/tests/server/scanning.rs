//! SCAN on the wire while other clients write, evict and expire: no key that stays is missed, none comes
//! twice, and COUNT, MATCH and TYPE are honoured.

use std::collections::BTreeMap;

use crate::support::{Process, Raw, request};

/// Keys that stay, of each kind.
const STAYING: usize = 300;
const KINDS: [&str; 5] = ["string", "hash", "list", "set", "zset"];
const COUNT: usize = 25;

/// Whether a key with this number is asked for.
type Wanted<'a> = &'a dyn Fn(usize) -> bool;

fn name(kind: &str, number: usize) -> String {
    format!("stays:{kind}:{number}")
}

/// Sends requests in one go; all must be answered without an error.
fn pipeline(client: &mut Raw, requests: &[Vec<u8>]) {
    client.send(&requests.concat());
    for _ in requests {
        let reply = client.reply();
        assert_ne!(reply[0], b'-', "{}", String::from_utf8_lossy(&reply));
    }
}

/// Writes a key that stays, with `round` telling the length of its value.
fn staying(kind: &str, number: usize, round: usize) -> Vec<u8> {
    let (key, value) = (
        name(kind, number),
        vec![b'v'; 1 + (number + round * 37) % 90],
    );
    let key = key.as_bytes();
    match kind {
        "string" => request(&[b"SET", key, &value]),
        "hash" => request(&[b"HSET", key, b"field", &value]),
        "list" => request(&[b"RPUSH", key, &value]),
        "set" => request(&[b"SADD", key, &value]),
        _ => request(&[b"ZADD", key, b"1", &value]),
    }
}

/// Between two calls of the scan: keys that pass come, go, expire and are evicted, those that stay move.
fn disturb(client: &mut Raw, call: usize) {
    let mut requests = Vec::new();
    for number in call * 200..(call + 1) * 200 {
        let (key, value) = (format!("passes:{number}"), vec![b'p'; 1200 + number % 400]);
        let expiry: &[u8] = if number % 3 == 0 { b"1" } else { b"100000" };
        requests.push(request(&[b"SET", key.as_bytes(), &value, b"PX", expiry]));
        if let Some(earlier) = number.checked_sub(150).filter(|earlier| earlier % 2 == 0) {
            requests.push(request(&[b"DEL", format!("passes:{earlier}").as_bytes()]));
        }
    }
    // A read removes what expired some calls ago, if the sweep was not there first.
    for number in (call * 200..(call + 1) * 200).filter_map(|number| number.checked_sub(1000)) {
        requests.push(request(&[b"GET", format!("passes:{number}").as_bytes()]));
    }
    for number in 0..40 {
        let number = (call * 40 + number) % STAYING;
        requests.push(staying(KINDS[number % KINDS.len()], number, call));
    }
    pipeline(client, &requests);
}

/// A reply of SCAN: the cursor, and the keys.
fn scan(client: &mut Raw, words: &[&str]) -> (String, Vec<String>) {
    let words: Vec<_> = words.iter().map(|word| word.as_bytes()).collect();
    let reply = String::from_utf8(client.ask(&words)).unwrap();
    let mut lines = reply.split("\r\n").filter(|line| !line.is_empty());
    assert_eq!(lines.next(), Some("*2"), "{reply}");
    let mut texts = lines.filter(|line| !line.starts_with(['$', '*']));
    let cursor = texts.next().unwrap().to_owned();
    (cursor, texts.map(str::to_owned).collect())
}

/// How often each key was returned from the first call to the last, and how many calls there were.
fn scan_all(
    scanner: &mut Raw,
    options: &[&str],
    mut between: impl FnMut(usize),
) -> (BTreeMap<String, u32>, usize) {
    let (mut returned, mut cursor, mut calls) = (BTreeMap::new(), "0".to_owned(), 0);
    let count = COUNT.to_string();
    loop {
        let words = [&["SCAN", &cursor, "COUNT", &count], options].concat();
        let (next, keys) = scan(scanner, &words);
        assert!(keys.len() <= COUNT, "{} keys of {COUNT}", keys.len());
        for key in keys {
            *returned.entry(key).or_default() += 1;
        }
        calls += 1;
        if next == "0" {
            return (returned, calls);
        }
        cursor = next;
        between(calls);
    }
}

fn start() -> (Process, Raw, Raw) {
    let mut server = Process::start(&[
        "--port",
        "0",
        "--threads",
        "2",
        "--maxmemory-policy",
        "volatile-lru",
    ]);
    let address = server.address();
    let (scanner, mut writer) = (Raw::connect(address), Raw::connect(address));
    for kind in KINDS {
        let requests: Vec<_> = (0..STAYING).map(|n| staying(kind, n, 0)).collect();
        pipeline(&mut writer, &requests);
    }
    let bound = writer.used_memory() + (2 << 20);
    let reply = writer.ask_line(&format!("CONFIG SET maxmemory {bound}"));
    assert_eq!(reply, "+OK\r\n");
    (server, scanner, writer)
}

#[test]
fn keys_that_stay_are_returned_once_while_others_are_evicted_and_expire() {
    let (_server, mut scanner, mut writer) = start();
    let (mut returned, calls) = scan_all(&mut scanner, &[], |call| disturb(&mut writer, call));
    assert!(calls > KINDS.len() * STAYING / COUNT, "{calls} calls");
    for kind in KINDS {
        for number in 0..STAYING {
            let name = name(kind, number);
            assert_eq!(returned.remove(&name), Some(1), "{name}");
        }
    }
    assert!(returned.keys().all(|name| name.starts_with("passes:")));
    assert!(
        returned.values().all(|times| *times == 1),
        "each once at most"
    );
    let stats = writer.ask_line("INFO stats");
    for field in ["evicted_keys:", "expired_keys:"] {
        let line = stats.lines().find(|line| line.starts_with(field)).unwrap();
        assert_ne!(
            line[field.len()..].trim(),
            "0",
            "nothing was put to the test: {line}"
        );
    }
}

#[test]
fn a_pattern_and_a_type_leave_out_the_rest() {
    let (_server, mut scanner, mut writer) = start();
    for kind in KINDS {
        let cases: [(&[&str], Wanted<'_>); 3] = [
            (&["TYPE", kind], &|_| true),
            (&["MATCH", &format!("stays:{kind}:*7")], &|n| n % 10 == 7),
            (&["TYPE", kind, "MATCH", "stays:*:[12]?"], &|n| {
                (10..30).contains(&n)
            }),
        ];
        for (options, wanted) in cases {
            let (returned, _) = scan_all(&mut scanner, options, |call| {
                if call % 8 == 0 {
                    disturb(&mut writer, call);
                }
            });
            let mut returned: Vec<_> = returned.into_iter().collect();
            // The strings that pass have no part in what is asked of the names.
            returned.retain(|(name, _)| !name.starts_with("passes:"));
            let mut expected: Vec<_> = (0..STAYING)
                .filter(|number| wanted(*number))
                .map(|number| (name(kind, number), 1))
                .collect();
            expected.sort();
            assert_eq!(returned, expected, "{options:?}");
        }
    }
}
