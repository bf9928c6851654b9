//! Channels: who gets which message, in which protocol, and what a slow listener costs others.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use server::exchange::{Ahead, Exchange};
use server::protocol::Replies;
use server::state::{Settings, State};
use store::Millis;

use crate::support::{Process, Raw, TestServer};

/// Waits until `client` is answered `expected`.
fn until(client: &mut Raw, line: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let reply = client.ask_line(line);
        if reply == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{line}: {reply}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn messages_reach_those_who_listen_on_every_thread() {
    for threads in [1, 3] {
        let server = TestServer::with_threads(threads);
        let mut listeners: Vec<Raw> = (0..6).map(|_| server.raw()).collect();
        for (number, listener) in listeners.iter_mut().enumerate() {
            if number % 2 == 1 {
                listener.ask_line("HELLO 3");
            }
            let expected = if number % 2 == 1 { ">3" } else { "*3" };
            let begun = listener.ask_line("SUBSCRIBE news");
            assert_eq!(
                begun,
                format!("{expected}\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
            );
        }
        let mut publisher = server.raw();
        assert_eq!(publisher.ask_line("PUBLISH news hello"), ":6\r\n");
        assert_eq!(publisher.ask_line("PUBLISH others hello"), ":0\r\n");
        for (number, listener) in listeners.iter_mut().enumerate() {
            let marker = if number % 2 == 1 { '>' } else { '*' };
            let message = String::from_utf8(listener.reply()).unwrap();
            assert_eq!(
                message,
                format!("{marker}3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n")
            );
        }
        // Who is gone is not reached.
        listeners.truncate(2);
        until(&mut publisher, "PUBLISH news again", ":2\r\n");
    }
}

/// In what a transaction is told, no message of others stands between the elements of the array.
#[test]
fn a_message_from_another_thread_stands_before_the_array_of_exec() {
    let confirmed = |verb: &str, left: usize| {
        let len = verb.len();
        format!("*3\r\n${len}\r\n{verb}\r\n$1\r\na\r\n:{left}\r\n")
    };
    let (begun, ended) = (confirmed("subscribe", 1), confirmed("unsubscribe", 0));
    let message = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n";
    let queued = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n";
    let pushed = |text: String| text.replace("*3", ">3");
    for (hello, mode, told) in [
        (
            "HELLO 2",
            "ON",
            format!("{queued}{message}*3\r\n{begun}+OK\r\n{ended}"),
        ),
        (
            "HELLO 3",
            "ON",
            pushed(format!("{queued}{message}*3\r\n{begun}+OK\r\n{ended}"))
                .replacen("x\r\n>3", "x\r\n*3", 1),
        ),
        ("HELLO 2", "OFF", format!("{message}{begun}{ended}")),
    ] {
        let mut server = Process::start(&[
            "--port",
            "0",
            "--threads",
            "2",
            "--enable-debug-command",
            "yes",
        ]);
        let address = server.address();
        let (mut listener, mut publisher) = (Raw::connect(address), Raw::connect(address));
        listener.ask_line(hello);
        listener.send(format!("CLIENT REPLY {mode}\r\n").as_bytes());
        if mode == "ON" {
            listener.reply();
        }
        publisher.ask_line("PING");
        listener.send(b"MULTI\r\nSUBSCRIBE a\r\nDEBUG SLEEP 1\r\nUNSUBSCRIBE a\r\nEXEC\r\n");
        until(&mut publisher, "PUBLISH a x", ":1\r\n");
        let got = String::from_utf8(listener.finish()).unwrap();
        assert_eq!(got, told, "{hello} {mode}");
    }
}

#[test]
fn a_pattern_is_told_with_its_messages() {
    let server = TestServer::start();
    let (mut listener, mut publisher) = (server.raw(), server.raw());
    listener.ask_line("PSUBSCRIBE n?ws");
    listener.ask_line("SUBSCRIBE news");
    assert_eq!(publisher.ask_line("PUBLISH news x"), ":2\r\n");
    let first = String::from_utf8(listener.reply()).unwrap();
    let second = String::from_utf8(listener.reply()).unwrap();
    assert_eq!(first, "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$1\r\nx\r\n");
    assert_eq!(
        second,
        "*4\r\n$8\r\npmessage\r\n$4\r\nn?ws\r\n$4\r\nnews\r\n$1\r\nx\r\n"
    );
    assert_eq!(publisher.ask_line("PUBSUB NUMPAT"), ":1\r\n");
    assert_eq!(
        publisher.ask_line("PUBSUB CHANNELS"),
        "*1\r\n$4\r\nnews\r\n"
    );
    assert_eq!(
        publisher.ask_line("PUBSUB NUMSUB news none"),
        "*4\r\n$4\r\nnews\r\n:1\r\n$4\r\nnone\r\n:0\r\n"
    );
}

#[test]
fn messages_keep_their_order_under_load() {
    const MESSAGES: usize = 20_000;
    let server = TestServer::with_threads(2);
    let (mut listener, mut publisher) = (server.raw(), server.raw());
    listener.ask_line("SUBSCRIBE c");
    let writer = std::thread::spawn(move || {
        for number in 0..MESSAGES {
            publisher.send(format!("PUBLISH c {number}\r\n").as_bytes());
        }
        (0..MESSAGES).for_each(|_| assert_eq!(publisher.reply(), b":1\r\n"));
    });
    for number in 0..MESSAGES {
        let text = number.to_string();
        let expected = format!(
            "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n${}\r\n{text}\r\n",
            text.len()
        );
        assert_eq!(String::from_utf8(listener.reply()).unwrap(), expected);
    }
    writer.join().unwrap();
}

#[test]
fn a_listener_that_does_not_read_is_closed_and_delays_nobody() {
    let server = TestServer::start();
    let (mut deaf, mut awake, mut publisher) = (server.raw(), server.raw(), server.raw());
    deaf.ask_line("SUBSCRIBE c");
    awake.ask_line("SUBSCRIBE c");
    let message = vec![b'x'; 1 << 20];
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let reached = publisher.ask(&[b"PUBLISH", b"c", &message]);
        awake.reply();
        if reached == b":1\r\n" {
            break;
        }
        assert!(Instant::now() < deadline, "it is still there");
    }
    // What was in flight, and then the end.
    deaf.rest();
    let left = publisher.used_memory();
    assert!(left < 16 << 20, "{left} bytes are still in use");
}

#[test]
fn a_client_of_resp2_that_listens_can_do_little_else() {
    let server = TestServer::start();
    let mut client = server.raw();
    client.ask_line("SUBSCRIBE c");
    assert!(
        client
            .ask_line("GET k")
            .starts_with("-ERR Can't execute 'get': only (P|S)SUBSCRIBE")
    );
    assert_eq!(client.ask_line("PING"), "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    assert_eq!(client.ask_line("RESET"), "+RESET\r\n");
    assert_eq!(client.ask_line("GET k"), "$-1\r\n");
    assert_eq!(server.raw().ask_line("PUBLISH c x"), ":0\r\n");
}

#[test]
fn one_can_publish_to_oneself_in_resp3() {
    let server = TestServer::start();
    let mut client = server.raw();
    client.ask_line("HELLO 3");
    client.ask_line("SUBSCRIBE c");
    client.send(b"PUBLISH c 1\r\nMULTI\r\nPUBLISH c 2\r\nEXEC\r\nGET k\r\n");
    let message = |text| format!(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n{text}\r\n");
    assert_eq!(String::from_utf8(client.reply()).unwrap(), message(1));
    for expected in [":1\r\n", "+OK\r\n", "+QUEUED\r\n"] {
        assert_eq!(String::from_utf8(client.reply()).unwrap(), expected);
    }
}

/// Clients of one state, without sockets: what one publishes waits in the mailboxes of the others until they ask.
struct Mailboxes {
    state: State,
    clients: [Exchange; 2],
    ahead: Ahead,
}

impl Mailboxes {
    fn new() -> Self {
        let address = "127.0.0.1:0".parse().unwrap();
        let settings = Settings::new(address, NonZeroUsize::MIN, 0);
        Self {
            state: State::new(settings, Millis(0)).unwrap(),
            clients: [Exchange::new(1), Exchange::new(2)],
            ahead: Ahead::default(),
        }
    }

    /// What client `number` is answered.
    fn ask(&mut self, number: usize, lines: &str) -> String {
        let mut replies = Replies::default();
        let input = lines.as_bytes();
        self.clients[number].run(&self.state, Millis(0), input, &mut self.ahead, &mut replies);
        String::from_utf8(replies.take()).unwrap()
    }
}

#[test]
fn messages_come_before_the_word_that_one_has_left() {
    let message = |marker| format!("{marker}3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n1\r\n");
    let old = message('*');
    let left = |name, left| format!("*3\r\n$11\r\nunsubscribe\r\n$1\r\n{name}\r\n:{left}\r\n");
    let both_left = [left('c', 1), left('d', 0)].concat();
    for (leave, said) in [
        ("UNSUBSCRIBE c d\r\n", both_left.clone()),
        ("UNSUBSCRIBE\r\n", both_left),
        ("RESET\r\n", "+RESET\r\n".to_owned()),
    ] {
        let mut both = Mailboxes::new();
        both.ask(0, "SUBSCRIBE c d\r\n");
        assert_eq!(both.ask(1, "PUBLISH c 1\r\n"), ":1\r\n");
        assert_eq!(both.ask(0, leave), format!("{old}{said}"), "{leave}");
        assert_eq!(both.ask(1, "PUBLISH c 1\r\n"), ":0\r\n");
        assert_eq!(both.ask(0, "PING\r\n"), "+PONG\r\n");
    }
    // Of a pattern, too; and before the head of what EXEC answers.
    let mut both = Mailboxes::new();
    both.ask(
        0,
        "HELLO 3\r\nPSUBSCRIBE c*\r\nMULTI\r\nPUNSUBSCRIBE c*\r\n",
    );
    both.ask(1, "PUBLISH c 1\r\n");
    assert_eq!(
        both.ask(0, "EXEC\r\n"),
        ">4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$1\r\nc\r\n$1\r\n1\r\n\
         *1\r\n>3\r\n$12\r\npunsubscribe\r\n$2\r\nc*\r\n:0\r\n"
    );
}

#[test]
fn messages_are_of_the_protocol_that_was_spoken_when_they_came() {
    let mut both = Mailboxes::new();
    both.ask(0, "HELLO 3\r\nSUBSCRIBE c\r\n");
    both.ask(1, "PUBLISH c 1\r\n");
    let said = both.ask(0, "HELLO 2\r\n");
    assert!(
        said.starts_with(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n1\r\n*14\r\n"),
        "{said}"
    );
    both.ask(1, "PUBLISH c 2\r\n");
    assert_eq!(
        both.ask(0, "UNSUBSCRIBE c\r\n"),
        "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n2\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n"
    );
}
