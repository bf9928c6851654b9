//! What each command does, through a client library that was written for Redis.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::{Commands, ErrorKind, ServerErrorKind, Value, cmd};

use crate::support::TestServer;

#[test]
fn strings() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(client.get("k"), Ok(None::<String>));
    assert_eq!(client.set("k", "v"), Ok(()));
    assert_eq!(client.get("k"), Ok("v".to_owned()));
    assert_eq!(client.append("k", "alue"), Ok(5));
    assert_eq!(client.strlen("k"), Ok(5));
    assert_eq!(client.getset("k", "next"), Ok("value".to_owned()));
    assert_eq!(client.get_del("k"), Ok("next".to_owned()));
    assert_eq!(client.get_del("k"), Ok(None::<String>));
    assert_eq!(client.set_nx("k", "first"), Ok(true));
    assert_eq!(client.set_nx("k", "second"), Ok(false));
    assert_eq!(client.mset(&[("a", "1"), ("b", "2"), ("a", "3")]), Ok(()));
    let values: Vec<Option<String>> = client.mget(&["a", "nothing", "b"]).unwrap();
    assert_eq!(values, [Some("3".to_owned()), None, Some("2".to_owned())]);
}

#[test]
fn any_bytes_are_keys_and_values() {
    let server = TestServer::start();
    let mut client = server.client();
    let bytes: Vec<u8> = (0..=255).collect();
    for key in [&b""[..], b"\r\n", b"\0", &bytes] {
        assert_eq!(client.set(key, &bytes), Ok(()));
        assert_eq!(client.get(key), Ok(bytes.clone()));
        assert_eq!(client.set(key, ""), Ok(()));
        assert_eq!(client.get(key), Ok(Vec::<u8>::new()));
    }
}

#[test]
fn set_obeys_its_options() {
    let server = TestServer::start();
    let mut client = server.client();
    let mut set = |options: &str| -> Value {
        let mut command = cmd("SET");
        for argument in options.split(' ') {
            command.arg(argument);
        }
        command.query(&mut client).unwrap()
    };
    assert_eq!(set("k 1 XX"), Value::Nil);
    assert_eq!(set("k 1 NX"), Value::Okay);
    assert_eq!(set("k 2 NX"), Value::Nil);
    assert_eq!(set("k 2 NX GET"), Value::BulkString(b"1".to_vec()));
    assert_eq!(set("k 3 xx get"), Value::BulkString(b"1".to_vec()));
    assert_eq!(set("new 1 GET"), Value::Nil);
    assert_eq!(set("k 4 EX 100"), Value::Okay);
    assert_eq!(set("k 5 KEEPTTL"), Value::Okay);
    assert_eq!(set("stays 1 PX 100000"), Value::Okay);
    assert_eq!(set("stays 2"), Value::Okay);
    assert_eq!(client.get("k"), Ok("5".to_owned()));
    assert_eq!(client.ttl("k"), Ok(100));
    assert_eq!(client.ttl("stays"), Ok(-1));
}

#[test]
fn counters_stop_at_64_bits() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(client.incr("n", 1), Ok(1));
    assert_eq!(client.decr("n", 11), Ok(-10));
    assert_eq!(client.set("n", i64::MAX - 1), Ok(()));
    assert_eq!(client.incr("n", 1), Ok(i64::MAX));
    let error = client.incr::<_, _, i64>("n", 1).unwrap_err();
    assert_eq!(
        error.detail(),
        Some("increment or decrement would overflow")
    );
    assert_eq!(client.get("n"), Ok(i64::MAX));
    for no_number in ["", " 1", "1.0", "x", "01", "+1"] {
        assert_eq!(client.set("n", no_number), Ok(()));
        let error = client.incr::<_, _, i64>("n", 1).unwrap_err();
        assert_eq!(
            error.detail(),
            Some("value is not an integer or out of range")
        );
    }
}

#[test]
fn a_key_of_another_type_is_refused_and_unchanged() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(client.hset("h", "f", "v"), Ok(1));
    assert_eq!(client.set("s", "v"), Ok(()));
    let wrong = ErrorKind::Server(ServerErrorKind::ResponseError);
    for (name, arguments) in [
        ("GET", &["h"][..]),
        ("APPEND", &["h", "x"]),
        ("INCR", &["h"]),
        ("STRLEN", &["h"]),
        ("GETSET", &["h", "x"]),
        ("GETDEL", &["h"]),
        ("SET", &["h", "x", "GET"]),
        ("HGET", &["s", "f"]),
        ("HSET", &["s", "f", "v"]),
        ("HDEL", &["s", "f"]),
        ("HLEN", &["s"]),
        ("HGETALL", &["s"]),
    ] {
        let error = cmd(name)
            .arg(arguments)
            .query::<Value>(&mut client)
            .unwrap_err();
        assert_eq!(error.code(), Some("WRONGTYPE"), "{name}");
        assert_ne!(error.kind(), wrong, "{name}");
    }
    assert_eq!(client.hget("h", "f"), Ok("v".to_owned()));
    assert_eq!(client.get("s"), Ok("v".to_owned()));
    assert_eq!(
        client.mget(&["h", "s"]),
        Ok((None::<String>, "v".to_owned()))
    );
}

#[test]
fn hashes() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(client.hset_multiple("h", &[("a", "1"), ("b", "2")]), Ok(()));
    assert_eq!(client.hset("h", "a", "3"), Ok(0));
    assert_eq!(client.hlen("h"), Ok(2));
    assert_eq!(client.hget("h", "nothing"), Ok(None::<String>));
    let all: BTreeMap<String, String> = client.hgetall("h").unwrap();
    let expected = [("a", "3"), ("b", "2")].map(|(f, v)| (f.to_owned(), v.to_owned()));
    assert_eq!(all, BTreeMap::from(expected));
    assert_eq!(client.hdel("h", &["a", "b", "c"]), Ok(2));
    assert_eq!(client.exists("h"), Ok(false));
    for n in 0..1000 {
        assert_eq!(client.hset("large", n, n * 2), Ok(1));
    }
    let large: HashMap<i64, i64> = client.hgetall("large").unwrap();
    assert_eq!(large.len(), 1000);
    assert!((0..1000).all(|n| large[&n] == n * 2));
}

#[test]
fn keys_of_any_type() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(cmd("RANDOMKEY").query(&mut client), Ok(None::<String>));
    assert_eq!(client.mset(&[("a", "1"), ("b", "text")]), Ok(()));
    assert_eq!(client.hset("h", "f", "v"), Ok(1));
    assert_eq!(cmd("DBSIZE").query(&mut client), Ok(3));
    assert_eq!(
        cmd("EXISTS").arg(&["a", "a", "x", "h"]).query(&mut client),
        Ok(3)
    );
    for (key, kind, encoding) in [
        ("a", "string", "int"),
        ("b", "string", "embstr"),
        ("h", "hash", "listpack"),
    ] {
        assert_eq!(cmd("TYPE").arg(key).query(&mut client), Ok(kind.to_owned()));
        assert_eq!(client.object_encoding(key), Ok(encoding.to_owned()));
        let bytes: usize = cmd("MEMORY")
            .arg("USAGE")
            .arg(key)
            .query(&mut client)
            .unwrap();
        assert!((8..512).contains(&bytes), "{key} takes {bytes} bytes");
    }
    let keys: BTreeSet<String> = (0..200)
        .map(|_| cmd("RANDOMKEY").query(&mut client).unwrap())
        .collect();
    assert_eq!(keys.len(), 3);
    assert_eq!(client.del(&["a", "x", "h"]), Ok(2));
    assert_eq!(client.unlink("b"), Ok(1));
    assert_eq!(client.set("again", 1), Ok(()));
    assert_eq!(client.flushall(), Ok(()));
    assert_eq!(cmd("DBSIZE").query(&mut client), Ok(0));
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

#[test]
fn keys_expire_when_their_time_has_come() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(client.pset_ex("short", "v", 50), Ok(()));
    assert_eq!(client.set_ex("long", "v", 1000), Ok(()));
    assert_eq!(client.get("short"), Ok("v".to_owned()));
    std::thread::sleep(Duration::from_millis(80));
    assert_eq!(client.get("short"), Ok(None::<String>));
    assert_eq!(client.ttl("short"), Ok(-2));
    assert_eq!(client.ttl("long"), Ok(1000));
    assert_eq!(client.persist("long"), Ok(true));
    assert_eq!(client.persist("long"), Ok(false));
    assert_eq!(client.ttl("long"), Ok(-1));
    assert_eq!(client.expire_at("long", now_s() + 500), Ok(true));
    let left: i64 = client.pttl("long").unwrap();
    assert!((498_000..=500_000).contains(&left), "{left} ms left");
    assert_eq!(client.expire("long", -1), Ok(true));
    assert_eq!(client.exists("long"), Ok(false));
    assert_eq!(client.expire("long", 1), Ok(false));
}

#[test]
fn expire_obeys_its_conditions() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(client.set("k", "v"), Ok(()));
    for (seconds, condition, set) in [
        (100, "XX", 0),
        (100, "GT", 0),
        (100, "LT", 1),
        (50, "NX", 0),
        (50, "GT", 0),
        (150, "GT", 1),
        (200, "LT", 0),
        (50, "lt", 1),
        (70, "XX", 1),
    ] {
        let reply = cmd("EXPIRE")
            .arg("k")
            .arg(seconds)
            .arg(condition)
            .query(&mut client);
        assert_eq!(reply, Ok(set), "EXPIRE k {seconds} {condition}");
    }
    assert_eq!(client.ttl("k"), Ok(70));
}

#[test]
fn expired_keys_go_though_nobody_asks_for_them() {
    let server = TestServer::start();
    let mut client = server.client();
    for n in 0..500 {
        assert_eq!(client.pset_ex(n, "v", 20), Ok(()));
    }
    assert_eq!(client.set("stays", "v"), Ok(()));
    for _ in 0..100 {
        std::thread::sleep(Duration::from_millis(20));
        if cmd("DBSIZE").query(&mut client) == Ok(1) {
            let info: String = cmd("INFO").arg("stats").query(&mut client).unwrap();
            assert!(info.contains("expired_keys:500\r\n"), "{info}");
            return;
        }
    }
    panic!("expired keys are still there after two seconds");
}

#[test]
fn scan_reports_every_key_that_is_there_throughout() {
    for threads in [1, 3] {
        let server = TestServer::with_threads(threads);
        let mut client = server.client();
        for n in 0..500 {
            assert_eq!(client.set(format!("stays:{n}"), n), Ok(()));
        }
        let mut found = BTreeSet::new();
        let (mut cursor, mut calls) = (0_u64, 0);
        loop {
            let mut scan = cmd("SCAN");
            scan.arg(cursor).arg(&["MATCH", "stays:*", "COUNT", "7"]);
            let (next, keys): (u64, Vec<String>) = scan.query(&mut client).unwrap();
            found.extend(keys);
            // The table grows and shrinks meanwhile.
            for n in 0..50 {
                let key = format!("comes:{calls}:{n}");
                assert_eq!(client.set(&key, n), Ok(()));
                if calls % 3 == 0 {
                    assert_eq!(client.del(&key), Ok(1));
                }
            }
            calls += 1;
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        assert!(calls > 10);
        assert_eq!(found.len(), 500);
    }
}

#[test]
fn scan_filters_by_type() {
    let server = TestServer::start();
    let mut client = server.client();
    assert_eq!(client.set("s", "v"), Ok(()));
    assert_eq!(client.hset("h", "f", "v"), Ok(1));
    for (kind, keys) in [("string", &["s"][..]), ("HASH", &["h"]), ("list", &[])] {
        let mut scan = cmd("SCAN");
        scan.arg(&["0", "COUNT", "100", "TYPE", kind]);
        let (cursor, found): (u64, Vec<String>) = scan.query(&mut client).unwrap();
        assert_eq!(
            (cursor, found),
            (0, keys.iter().map(|&key| key.to_owned()).collect())
        );
    }
}

#[test]
fn the_connection_knows_itself() {
    let server = TestServer::start();
    let mut client = server.raw();
    let id = client.ask_line("CLIENT ID");
    assert_ne!(server.raw().ask_line("CLIENT ID"), id);
    assert_eq!(client.ask_line("CLIENT GETNAME"), "$-1\r\n");
    assert_eq!(client.ask_line("CLIENT SETNAME me"), "+OK\r\n");
    assert_eq!(client.ask_line("CLIENT GETNAME"), "$2\r\nme\r\n");
    assert_eq!(
        client.ask_line("HELLO 2 AUTH default any SETNAME you")[..5],
        *"*14\r\n"
    );
    assert_eq!(client.ask_line("CLIENT GETNAME"), "$3\r\nyou\r\n");
    assert_eq!(client.ask_line("CLIENT SETINFO LIB-NAME test"), "+OK\r\n");
    assert_eq!(client.ask_line("CLIENT SETINFO LIB-VER 1.0"), "+OK\r\n");
    assert!(
        client
            .ask_line("CLIENT SETINFO LIB-AGE 1")
            .starts_with("-ERR Unrecognized option")
    );
    assert_eq!(
        client.ask_line("HELLO 4"),
        "-NOPROTO unsupported protocol version\r\n"
    );
    assert_eq!(client.ask_line("SELECT 0"), "+OK\r\n");
    assert_eq!(
        client.ask_line("SELECT 1"),
        "-ERR DB index is out of range\r\n"
    );
}

#[test]
fn info_counts_what_happened() {
    let server = TestServer::start();
    let mut client = server.raw();
    for line in [
        "SET a 1",
        "SET b 1 EX 100",
        "GET a",
        "GET nothing",
        "NOSUCH",
    ] {
        client.ask_line(line);
    }
    let info = client.ask_line("INFO");
    for field in [
        "# Server",
        "redis_version:7.0.15",
        "connected_clients:1",
        "total_connections_received:1",
        "keyspace_hits:1",
        "keyspace_misses:1",
        "db0:keys=2,expires=1,avg_ttl=0",
    ] {
        assert!(info.contains(&format!("{field}\r\n")), "{field} in {info}");
    }
    // The unknown command did not run; the INFO that is asked is counted with the rest.
    assert!(info.contains("total_commands_processed:5\r\n"), "{info}");
    assert!(!client.ask_line("INFO memory").contains("# Server"));
    assert_eq!(client.ask_line("CONFIG RESETSTAT"), "+OK\r\n");
    assert!(
        client
            .ask_line("INFO stats")
            .contains("keyspace_hits:0\r\n")
    );
}

#[test]
fn commands_describe_themselves() {
    let server = TestServer::start();
    let mut client = server.client();
    let count: usize = cmd("COMMAND").arg("COUNT").query(&mut client).unwrap();
    let all: Vec<Value> = cmd("COMMAND").query(&mut client).unwrap();
    assert_eq!(all.len(), count);
    let set: Vec<Vec<Value>> = cmd("COMMAND")
        .arg("INFO")
        .arg("set")
        .query(&mut client)
        .unwrap();
    assert_eq!(
        set[0][..2],
        [Value::BulkString(b"set".to_vec()), Value::Int(-3)]
    );
    assert_eq!(set[0][3..6], [Value::Int(1), Value::Int(1), Value::Int(1)]);
}
