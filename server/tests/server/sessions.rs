//! What a connection says about itself, and what others can do to it: AUTH, CLIENT, RESET.

use std::time::Duration;

use crate::support::TestServer;

#[test]
fn a_password_is_asked_for_before_anything_else() {
    let server = TestServer::start();
    let (mut old, mut admin) = (server.raw(), server.raw());
    assert_eq!(admin.ask_line("CONFIG SET requirepass secret"), "+OK\r\n");
    assert_eq!(
        admin.ask_line("CONFIG GET requirepass"),
        "*2\r\n$11\r\nrequirepass\r\n$6\r\nsecret\r\n"
    );
    // Who was there before stays.
    assert_eq!(old.ask_line("PING"), "+PONG\r\n");
    let mut client = server.raw();
    let refused = "-NOAUTH Authentication required.\r\n";
    for line in ["PING", "GET k", "MULTI", "CONFIG GET requirepass"] {
        assert_eq!(client.ask_line(line), refused, "{line}");
    }
    let wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
    for line in [
        "AUTH secre",
        "AUTH me secret",
        "AUTH default x",
        "HELLO 3 AUTH default x",
    ] {
        assert_eq!(client.ask_line(line), wrong, "{line}");
    }
    assert!(client.ask_line("HELLO 3").starts_with("-NOAUTH HELLO must"));
    assert_eq!(client.ask_line("PING"), refused);
    assert!(
        client
            .ask_line("HELLO 3 AUTH default secret SETNAME me")
            .starts_with("%7\r\n")
    );
    assert_eq!(client.ask_line("CLIENT GETNAME"), "$2\r\nme\r\n");
    assert_eq!(client.ask_line("RESET"), "+RESET\r\n");
    assert_eq!(client.ask_line("PING"), refused);
    assert_eq!(client.ask_line("AUTH secret"), "+OK\r\n");
    assert_eq!(client.ask_line("GET k"), "$-1\r\n");
    assert_eq!(
        admin.ask(&[b"CONFIG", b"SET", b"requirepass", b""]),
        b"+OK\r\n"
    );
    assert_eq!(server.raw().ask_line("PING"), "+PONG\r\n");
}

#[test]
fn clients_are_listed_and_killed() {
    let server = TestServer::with_threads(2);
    let (mut first, mut second, mut admin) = (server.raw(), server.raw(), server.raw());
    assert_eq!(first.ask_line("CLIENT SETNAME first"), "+OK\r\n");
    second.ask_line("SUBSCRIBE c");
    let list = admin.ask_line("CLIENT LIST");
    let line = |name: &str| {
        let found = list.lines().find(|line| line.contains(name));
        found
            .unwrap_or_else(|| panic!("{name} in {list}"))
            .to_owned()
    };
    assert!(line("name=first").contains("cmd=client|setname"), "{list}");
    assert!(
        line("cmd=subscribe").contains("flags=P db=0 sub=1 psub=0"),
        "{list}"
    );
    assert!(line("cmd=client|list").contains(" resp=2 "), "{list}");
    let ids = admin.ask_line("CLIENT LIST TYPE pubsub");
    let id = ids
        .split_once("id=")
        .unwrap()
        .1
        .split_once(' ')
        .unwrap()
        .0
        .to_owned();
    let own = admin.ask_line("CLIENT ID");
    let own = own.trim_start_matches(':').trim_end();
    let asked = admin.ask_line(&format!("CLIENT LIST ID {own} {id} -1 99999 {id}"));
    let listed: Vec<_> = asked.split("id=").skip(1).collect();
    let first_words = listed.iter().filter_map(|line| line.split(' ').next());
    assert_eq!(first_words.collect::<Vec<_>>(), [own, &id, &id], "{asked}");
    assert_eq!(admin.ask_line("CLIENT LIST ID 99999 -1 0"), "$0\r\n\r\n");
    assert_eq!(admin.ask_line(&format!("CLIENT KILL ID {id}")), ":1\r\n");
    assert_eq!(second.rest(), b"");
    let address = first.stream.local_addr().unwrap();
    assert_eq!(admin.ask_line(&format!("CLIENT KILL {address}")), "+OK\r\n");
    assert_eq!(first.rest(), b"");
    assert_eq!(
        admin.ask_line(&format!("CLIENT KILL {address}")),
        "-ERR No such client\r\n"
    );
    assert_eq!(
        admin.ask_line("CLIENT KILL TYPE normal SKIPME no"),
        ":1\r\n"
    );
    assert_eq!(admin.rest(), b"");
}

#[test]
fn replies_that_are_not_wanted_are_not_written() {
    let server = TestServer::start();
    let mut client = server.raw();
    client.send(b"CLIENT REPLY OFF\r\nSET a 1\r\nNOSUCH\r\nCLIENT REPLY ON\r\n");
    assert_eq!(client.reply(), b"+OK\r\n");
    client.send(b"CLIENT REPLY SKIP\r\nGET a\r\nINCR a\r\n");
    assert_eq!(client.reply(), b":2\r\n");
    client.stream.set_nonblocking(true).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    let mut left = [0; 8];
    assert!(std::io::Read::read(&mut client.stream, &mut left).is_err());
}

#[test]
fn what_is_no_reply_is_written_to_who_wants_none() {
    let subscribed = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
    let left = "*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:0\r\n";
    let pushed = |text: &str| text.replace('*', ">");
    let message = ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n";
    for (lines, said) in [
        (
            "CLIENT REPLY OFF\nPUBLISH a x\nPUBSUB CHANNELS",
            String::new(),
        ),
        (
            "CLIENT REPLY SKIP\nPUBLISH a x\nECHO e",
            "$1\r\ne\r\n".to_owned(),
        ),
        (
            "CLIENT REPLY SKIP\nSUBSCRIBE a\nPING",
            format!("{subscribed}*2\r\n$4\r\npong\r\n$0\r\n\r\n"),
        ),
        (
            "CLIENT REPLY SKIP\nNOSUCH\nECHO e",
            "$1\r\ne\r\n".to_owned(),
        ),
        ("CLIENT REPLY SKIP\nRESET\nECHO e", "$1\r\ne\r\n".to_owned()),
        (
            "CLIENT REPLY OFF\nRESET\nECHO e",
            "+RESET\r\n$1\r\ne\r\n".to_owned(),
        ),
        (
            "CLIENT REPLY OFF\nMULTI\nSUBSCRIBE a\nUNSUBSCRIBE\nEXEC\nCLIENT REPLY ON",
            format!("{subscribed}{left}+OK\r\n"),
        ),
        (
            "CLIENT REPLY SKIP\nHELLO 3\nSUBSCRIBE a\nCLIENT REPLY SKIP\nPUBLISH a x\nECHO e\nCLIENT REPLY OFF\n\
             PUBLISH a x\nUNSUBSCRIBE",
            [
                &pushed(subscribed),
                message,
                "$1\r\ne\r\n",
                message,
                &pushed(left),
            ]
            .concat(),
        ),
    ] {
        let server = TestServer::start();
        let mut client = server.raw();
        client.send(format!("{lines}\n").replace('\n', "\r\n").as_bytes());
        let got = String::from_utf8(client.finish()).unwrap();
        assert_eq!(got, said, "{lines}");
    }
}

#[test]
fn quit_closes_a_connection_that_wants_no_reply() {
    let server = TestServer::start();
    for mode in ["SKIP", "OFF"] {
        let mut client = server.raw();
        client.send(format!("CLIENT REPLY {mode}\r\nQUIT\r\nPING\r\n").as_bytes());
        assert_eq!(client.rest(), b"", "{mode}");
    }
}

#[test]
fn what_took_long_is_noted() {
    let server = TestServer::start();
    let mut client = server.raw();
    for line in ["CONFIG SET slowlog-log-slower-than 0", "SLOWLOG RESET"] {
        assert_eq!(client.ask_line(line), "+OK\r\n");
    }
    client.ask_line("CLIENT SETNAME me");
    client.ask_line("GET fast");
    let log = client.ask_line("SLOWLOG GET 1");
    assert!(log.contains("*2\r\n$3\r\nGET\r\n$4\r\nfast\r\n"), "{log}");
    client.ask_line("LRANGE list 0 -1");
    let log = client.ask_line("SLOWLOG GET 1");
    assert!(
        log.contains("*4\r\n$6\r\nLRANGE\r\n$4\r\nlist\r\n$1\r\n0\r\n$2\r\n-1\r\n"),
        "{log}"
    );
    assert!(log.ends_with("$2\r\nme\r\n"), "{log}");
    // But no password, right or wrong.
    for (line, shown) in [
        ("AUTH secret", "*2 AUTH (redacted)"),
        ("AUTH default secret", "*3 AUTH (redacted) (redacted)"),
        (
            "AUTH my secret is",
            "*4 AUTH (redacted) (redacted) (redacted)",
        ),
        (
            "HELLO 2 SETNAME me auth default secret",
            "*7 HELLO 2 SETNAME me auth (redacted) (redacted)",
        ),
        (
            "HELLO 9 AUTH default secret",
            "*5 HELLO 9 AUTH (redacted) (redacted)",
        ),
        ("HELLO 2 AUTH secret", "*4 HELLO 2 AUTH (redacted)"),
        (
            "CONFIG SET timeout 0 RequirePass secret nosuch 1",
            "*8 CONFIG SET timeout 0 RequirePass (redacted) nosuch 1",
        ),
    ] {
        client.ask_line(line);
        let log = client.ask_line("SLOWLOG GET 1");
        let words: Vec<_> = log.lines().filter(|line| !line.starts_with('$')).collect();
        assert!(words.join(" ").contains(shown), "{line}: {log}");
    }
    assert_eq!(client.ask_line("CONFIG SET slowlog-max-len 1"), "+OK\r\n");
    client.ask_line("KEYS *");
    assert_eq!(client.ask_line("SLOWLOG LEN"), ":1\r\n");
    assert_eq!(client.ask_line("LATENCY LATEST"), "*0\r\n");
    assert!(
        client
            .ask_line("DEBUG SLEEP 0")
            .starts_with("-ERR DEBUG command not allowed")
    );
}
