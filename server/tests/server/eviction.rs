//! `maxmemory` with the policies that evict, and keys that expire all at once.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::{Process, Raw, request};

const OOM: &str = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
const ROOM: u64 = 8 << 20;

fn info(client: &mut Raw, section: &str, field: &str) -> u64 {
    let text = client.ask_line(&format!("INFO {section}"));
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    line.strip_prefix(':').unwrap().parse().unwrap()
}

/// Writes `count` keys of 1000 bytes in one pipeline; how many were stored.
fn fill(client: &mut Raw, prefix: &str, count: usize, more: &[&[u8]]) -> usize {
    let value = [b'v'; 1000];
    let write = |n: usize| {
        let name = format!("{prefix}:{n}");
        let mut words = vec![&b"SET"[..], name.as_bytes(), &value];
        words.extend(more);
        request(&words)
    };
    let writes: Vec<u8> = (0..count).flat_map(write).collect();
    let mut stream = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || stream.write_all(&writes).unwrap());
    let stored = (0..count).filter(|_| client.reply() == b"+OK\r\n").count();
    sender.join().unwrap();
    stored
}

#[test]
fn every_policy_keeps_the_bound_and_says_what_went() {
    for policy in [
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
    ] {
        let mut server = Process::start(&["--port", "0", "--threads", "2"]);
        let mut client = server.connect();
        let bound = client.used_memory() + ROOM;
        let set = format!("CONFIG SET maxmemory {bound} maxmemory-policy {policy}");
        assert_eq!(client.ask_line(&set), "+OK\r\n");
        assert!(
            client
                .ask_line("CONFIG GET maxmemory-policy")
                .contains(policy)
        );
        assert_eq!(
            fill(&mut client, "k", 20_000, &[b"EX", b"1000"]),
            20_000,
            "{policy}"
        );
        let used = client.used_memory();
        assert!(used < bound + bound / 100, "{policy}: {used} of {bound}");
        assert!(used > bound - ROOM / 10, "{policy}: {used} of {bound}");
        let keys: u64 = client.ask_line("DBSIZE")[1..].trim().parse().unwrap();
        assert!(keys > 6000, "{policy}: {keys} keys of 1000 bytes in 8 MiB");
        assert_eq!(
            info(&mut client, "stats", "evicted_keys"),
            20_000 - keys,
            "{policy}"
        );
        assert!(client.ask_line("INFO memory").contains(policy));
        assert_eq!(client.ask_line("CONFIG RESETSTAT"), "+OK\r\n");
        assert_eq!(info(&mut client, "stats", "evicted_keys"), 0, "{policy}");
    }
}

#[test]
fn volatile_policies_spare_what_does_not_expire() {
    let mut server = Process::start(&["--port", "0", "--maxmemory-policy", "volatile-lru"]);
    let mut client = server.connect();
    let bound = client.used_memory() + ROOM;
    client.ask_line(&format!("CONFIG SET maxmemory {bound}"));
    assert_eq!(fill(&mut client, "stays", 3000, &[]), 3000);
    assert_eq!(fill(&mut client, "goes", 20_000, &[b"EX", b"1000"]), 20_000);
    let there = fill(&mut client, "stays", 3000, &[b"XX"]);
    assert_eq!(there, 3000, "what does not expire is still there");
    // With nothing left that may go, writes are refused, and reads and deletes go on.
    let stored = fill(&mut client, "more", 20_000, &[]);
    assert!(stored < 10_000, "{stored} more that do not expire");
    assert_eq!(client.ask_line("SET k v"), OOM);
    assert_eq!(client.ask_line("GET k"), "$-1\r\n");
    // Another policy makes room at once.
    assert_eq!(
        client.ask_line("CONFIG SET maxmemory-policy allkeys-lfu"),
        "+OK\r\n"
    );
    assert_eq!(client.ask_line("SET k v"), "+OK\r\n");
    assert_eq!(
        client.ask_line("CONFIG SET maxmemory-policy noeviction"),
        "+OK\r\n"
    );
    let refused = client.ask_line("CONFIG SET maxmemory-policy lru");
    assert!(
        refused.contains("must be one of the following: volatile-lru, "),
        "{refused}"
    );
}

#[test]
fn a_command_that_reads_and_writes_a_string_is_one_use_and_one_that_asks_about_it_none() {
    let mut server = Process::start(&["--port", "0", "--maxmemory-policy", "allkeys-lfu"]);
    let mut client = server.connect();
    client.ask_line("CONFIG SET proto-max-bulk-len 1048576");
    for command in [
        "INCR k",
        "INCRBYFLOAT k 1.5",
        "APPEND k 67",
        "SETRANGE k 1 9",
        "SETBIT k 1 0",
        "SETBIT k 1 1",
        "SET k 1 KEEPTTL",
        "EXPIRE k 100",
        "TOUCH k",
    ] {
        client.ask_line("DEL k");
        client.ask_line("SET k 12345");
        for question in [
            "OBJECT FREQ k",
            "OBJECT ENCODING k",
            "TYPE k",
            "TTL k",
            "EXISTS k",
            "MEMORY USAGE k",
        ] {
            client.ask_line(question);
        }
        assert_eq!(client.ask_line("OBJECT FREQ k"), ":0\r\n");
        client.ask_line(command);
        assert_eq!(client.ask_line("OBJECT FREQ k"), ":1\r\n", "{command}");
    }
}

#[test]
fn a_transaction_keeps_the_bound_with_each_of_its_commands() {
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let bound = client.used_memory() + ROOM;
    client.ask_line(&format!(
        "CONFIG SET maxmemory {bound} maxmemory-policy allkeys-lru"
    ));
    assert_eq!(fill(&mut client, "k", 10_000, &[]), 10_000);
    // Queued, it would not fit; its values are small enough to be queued.
    assert_eq!(client.ask_line("MULTI"), "+OK\r\n");
    for _ in 0..1000 {
        let append = request(&[b"APPEND", b"grows", &[b'v'; 1000]]);
        client.send(&append);
        assert_eq!(client.reply(), b"+QUEUED\r\n");
    }
    client.send(&request(&[b"EXEC"]));
    assert!(client.reply().starts_with(b"*1000\r\n:"));
    let used = client.used_memory();
    assert!(used < bound + bound / 100 + (1 << 20), "{used} of {bound}");
}

/// Which is freed between requests, by the clock alone.
#[test]
fn a_large_collection_that_is_unlinked_or_expires_is_gone_at_once_and_then_its_memory() {
    const MEMBERS: usize = 300_000;
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let before = client.used_memory();
    let ways = ["UNLINK set", "PEXPIRE set 1", "SPOP set 300000"];
    for way in ways {
        for part in 0..MEMBERS / 1000 {
            let members = (0..1000).map(|n| format!("member:{:09}", part * 1000 + n));
            let members: Vec<String> = members.collect();
            let mut words = vec![&b"SADD"[..], b"set"];
            words.extend(members.iter().map(String::as_bytes));
            assert_eq!(client.ask(&words), b":1000\r\n");
        }
        let full = client.used_memory() - before;
        assert!(full > 30 * MEMBERS as u64, "{full} bytes of members");
        // In one transaction, so that nothing is freed between them.
        client.send(format!("MULTI\r\n{way}\r\nDBSIZE\r\nINFO memory\r\nEXEC\r\n").as_bytes());
        assert_eq!(client.reply(), b"+OK\r\n");
        (0..3).for_each(|_| assert_eq!(client.reply(), b"+QUEUED\r\n"));
        let replies = String::from_utf8(client.reply()).unwrap();
        let (of_way, memory) = replies.split_once("# Memory").unwrap();
        if way.starts_with("SPOP") {
            let of_a_member = "$16\r\nmember:000000000\r\n".len();
            assert!(of_way.len() > MEMBERS * of_a_member, "{}", of_way.len());
        } else {
            assert!(of_way.starts_with("*3\r\n:1\r\n"), "{of_way}");
        }
        if !way.starts_with("PEXPIRE") {
            let keys = of_way.rsplit("\r\n").nth(2);
            assert_eq!(keys, Some(":0"));
            assert!(
                memory.contains("lazyfree_pending_objects:1\r\n"),
                "{memory}"
            );
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut held = full;
        while held > full / 100 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
            held = client.used_memory().saturating_sub(before);
        }
        assert!(held <= full / 100, "{way}: {held} bytes of {full} are left");
        // The last of it goes with the steps that follow.
        while info(&mut client, "memory", "lazyfree_pending_objects") > 0 {
            assert!(Instant::now() < deadline, "{way}: not all is freed");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(client.ask_line("DBSIZE"), ":0\r\n");
    }
    assert_eq!(info(&mut client, "stats", "expired_keys"), 1);
}

#[test]
fn what_expires_at_once_is_given_back_by_the_sweep() {
    const KEYS: usize = 100_000;
    let mut server = Process::start(&["--port", "0"]);
    let mut client = server.connect();
    let name = |n: usize| format!("key:{n:012}");
    let value = b"a value of thirty-two bytes here";
    let write = |n: usize| request(&[b"SET", name(n).as_bytes(), value, b"EX", b"1000"]);
    // Only once all are there, so that none expires before the memory is read, however slow the machine.
    let hasten = |n: usize| request(&[b"PEXPIRE", name(n).as_bytes(), b"300"]);
    let writes: Vec<u8> = (0..KEYS).flat_map(write).collect();
    let shorter: Vec<u8> = (0..KEYS).step_by(10).flat_map(hasten).collect();
    let mut stream = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || stream.write_all(&writes).unwrap());
    for _ in 0..KEYS {
        assert_eq!(client.reply(), b"+OK\r\n");
    }
    sender.join().unwrap();
    let before = client.used_memory();
    let mut stream = client.stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || stream.write_all(&shorter).unwrap());
    for _ in 0..KEYS / 10 {
        assert_eq!(client.reply(), b":1\r\n");
    }
    sender.join().unwrap();
    // Nothing is asked for that would remove a key: the sweep alone does it.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut keys = KEYS;
    while keys > KEYS / 10 * 9 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
        keys = client.ask_line("DBSIZE")[1..].trim().parse().unwrap();
    }
    assert_eq!(keys, KEYS / 10 * 9);
    // How soon the memory is there again, `server/benches/expiry` measures.
    let mut given_back = 0;
    while given_back * 20 <= before && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
        given_back = before.saturating_sub(client.used_memory());
    }
    assert!(given_back * 20 > before, "{given_back} of {before} bytes");
    assert_eq!(
        info(&mut client, "stats", "expired_keys"),
        (KEYS / 10) as u64
    );
    assert_eq!(client.ask_line("CONFIG RESETSTAT"), "+OK\r\n");
    assert_eq!(info(&mut client, "stats", "expired_keys"), 0);
    client.ask_line("SET k v PX 1");
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(client.ask_line("GET k"), "$-1\r\n");
    assert_eq!(info(&mut client, "stats", "expired_keys"), 1);
}
