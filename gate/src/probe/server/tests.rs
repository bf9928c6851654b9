//! Servers that start, servers that do not, and what is left of them.

use std::net::TcpListener;
use std::thread;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::probe::resp_load::fixture::{self, Manner};

fn start(
    serve: &Serve,
    artifacts: &BTreeMap<String, PathBuf>,
    seed: u64,
) -> Result<Server, ServerError> {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let launch = ServerLaunch {
        ready_max: Duration::from_secs(3),
        ..ServerLaunch::new(serve, artifacts, &[], &log)
    };
    launch.start(
        &mut ChaCha8Rng::seed_from_u64(seed),
        &Interrupt::unattached(),
    )
}

fn start_shell(script: &str, ready_max: Duration) -> (ServerError, Duration) {
    let folder = TempDir::new().unwrap();
    let serve = Serve {
        command: ["/bin/sh", "-c", script, "{port}"]
            .map(str::to_owned)
            .to_vec(),
        ready: Ready::Resp,
    };
    let begin = Instant::now();
    let artifacts = BTreeMap::new();
    let log = folder.path().join("log");
    let launch = ServerLaunch {
        ready_max,
        ..ServerLaunch::new(&serve, &artifacts, &[], &log)
    };
    let error = launch
        .start(&mut ChaCha8Rng::seed_from_u64(1), &Interrupt::unattached())
        .unwrap_err();
    (error, begin.elapsed())
}

#[test]
fn a_real_server_is_ready_and_its_port_free_again_afterwards() {
    let (serve, artifacts) = fixture::as_process(Manner::Good);
    let mut server = start(&serve, &artifacts, 11).unwrap();
    server.check_alive().unwrap();
    let port = server.port();
    assert_eq!(look(&Ready::Tcp, port), Ok(()));
    drop(server);
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
}

#[test]
fn servers_that_start_slowly_at_the_same_time_are_not_taken_for_each_other() {
    let (good, artifacts) = fixture::as_process(Manner::Good);
    let slowly = ["/bin/sh", "-c", "sleep 0.2; exec \"$0\" \"$@\""].map(str::to_owned);
    let slow = Serve {
        command: slowly.into_iter().chain(good.command.clone()).collect(),
        ..good.clone()
    };
    // Drawn from the same seed, as two runs of one command draw them.
    let mut servers = thread::scope(|scope| {
        let second = scope.spawn(|| start(&slow, &artifacts, 13).unwrap());
        let first = start(&good, &artifacts, 13).unwrap();
        [first, second.join().unwrap()]
    });
    assert_ne!(servers[0].port(), servers[1].port());
    thread::sleep(Duration::from_millis(400));
    for server in &mut servers {
        server.check_alive().unwrap();
    }
}

/// A server that tells its port in `told`, and takes it when `take` is there.
fn late(told: &Path, take: &Path, good: &Serve) -> Serve {
    let script = format!(
        "n=$(echo \"$@\" | sed 's/.*port=\\([0-9]*\\).*/\\1/'); echo $n >> {told}; \
         until [ -e {take} ]; do sleep 0.01; done; exec \"$0\" \"$@\"",
        told = told.display(),
        take = take.display(),
    );
    let shell = ["/bin/sh", "-c", &script].map(str::to_owned);
    Serve {
        command: shell.into_iter().chain(good.command.clone()).collect(),
        ..good.clone()
    }
}

/// Takes the first port that a file tells of, and answers PING there.
fn answer_instead(told: &Path) {
    let deadline = Instant::now() + Duration::from_secs(5);
    let port = loop {
        let text = std::fs::read_to_string(told).unwrap_or_default();
        if let Some((port, _)) = text.split_once('\n') {
            break port.parse::<u16>().unwrap();
        }
        assert!(Instant::now() < deadline, "no port was told");
        thread::sleep(Duration::from_millis(1));
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 64];
            let _read = stream.read(&mut request).unwrap();
            stream.write_all(b"+PONG\r\n").unwrap();
        }
    });
}

#[test]
fn a_stranger_that_takes_the_port_is_not_taken_for_the_server() {
    let folder = TempDir::new().unwrap();
    let (told, take) = (folder.path().join("told"), folder.path().join("take"));
    let (good, artifacts) = fixture::as_process(Manner::Good);
    let slow = late(&told, &take, &good);
    thread::sleep(Duration::from_millis(30));
    let mut server = thread::scope(|scope| {
        scope.spawn(|| {
            answer_instead(&told);
            // Time enough for it to be taken for the server.
            thread::sleep(Duration::from_millis(300));
            std::fs::write(&take, "").unwrap();
        });
        start(&slow, &artifacts, 15).unwrap()
    });
    server.check_alive().unwrap();
    let ports = std::fs::read_to_string(&told).unwrap();
    let ports: Vec<&str> = ports.lines().collect();
    assert_eq!(ports.len(), 2, "{ports:?}");
    assert_eq!(ports[1], server.port().to_string());
}

#[test]
fn a_server_that_dies_later_is_noticed() {
    let (serve, artifacts) = fixture::as_process(Manner::Good);
    let mut server = start(&serve, &artifacts, 12).unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let deadline = Instant::now() + Duration::from_secs(2);
    while server.check_alive().is_ok() {
        assert!(Instant::now() < deadline);
        thread::sleep(Duration::from_millis(1));
    }
    let error = server.child.poll().unwrap();
    assert!(error.is_some());
}

#[test]
fn one_that_ends_at_once_shows_status_and_log() {
    let (error, took) = start_shell(
        "echo cannot open config >&2; exit 9",
        Duration::from_secs(9),
    );
    let text = error.to_string();
    assert!(
        text.contains("ended before it was ready with exit status: 9"),
        "{text}"
    );
    assert!(text.ends_with("cannot open config"), "{text}");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn one_that_never_gets_ready_is_ended_and_says_what_was_seen() {
    let (error, _) = start_shell("echo warming; sleep 100", Duration::from_millis(60));
    let text = error.to_string();
    assert!(
        text.contains("not ready within 60ms (connecting to port"),
        "{text}"
    );
    assert!(text.ends_with("warming"), "{text}");
}

#[test]
fn a_port_that_is_taken_is_retried_on_others_and_then_told() {
    let folder = TempDir::new().unwrap();
    let tries = folder.path().join("tries");
    let script = format!(
        "echo $0 >> {}; echo 'bind: Address already in use'; exit 1",
        tries.display()
    );
    let (error, _) = start_shell(&script, Duration::from_secs(9));
    assert!(
        error.to_string().ends_with("Address already in use"),
        "{error}"
    );
    let ports: std::collections::BTreeSet<_> = std::fs::read_to_string(&tries)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(ports.len(), 4);
}

#[test]
fn what_answers_the_wrong_way_is_not_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = [
        "-NOAUTH first\r\n",
        "HTTP/1.1 503 Busy\r\n",
        "HTTP/1.1 204 No\r\n",
        "SSH-2.0\r\n",
    ];
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let _read = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    let http = Ready::Http("/up".to_owned());
    assert!(
        look(&Ready::Resp, port)
            .unwrap_err()
            .contains("NOAUTH first")
    );
    assert!(
        look(&http, port)
            .unwrap_err()
            .contains("GET /up was answered by \"HTTP/1.1 503 Busy\"")
    );
    assert_eq!(look(&http, port), Ok(()));
    assert!(look(&http, port).unwrap_err().contains("SSH-2.0"));
}
