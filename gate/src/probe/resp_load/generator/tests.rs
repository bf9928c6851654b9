//! The generator against servers that behave and servers that do not.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::super::fixture::{self, Manner};
use super::super::{DataSet, RequestPool};
use super::*;

const TEN_MS: Duration = Duration::from_millis(10);

/// A generator with `load` on a filled server; `cores` threads, on whatever cores.
fn generator(port: u16, load: &Load, interrupt: &Interrupt) -> Result<Generator, LoadError> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let data = Arc::new(DataSet::new(load, &mut rng)?);
    data.fill(port, interrupt)?;
    let pool = Arc::new(RequestPool::new(load, &data, &mut rng)?);
    let targets = [Target {
        arm: Arm::Base,
        port,
    }];
    Generator::start(load, &pool, data.value_bytes(), &targets, &[], interrupt)
}

fn small() -> Load {
    Load {
        connections: 5,
        pipeline: 3,
        keys: 300,
        ..Load::default()
    }
}

fn error_of(manner: Manner) -> String {
    let interrupt = Interrupt::unattached();
    let generator = generator(fixture::serve(manner), &small(), &interrupt).unwrap();
    generator.slice(Arm::Base, TEN_MS).unwrap_err().to_string()
}

#[test]
fn a_slice_counts_whole_rounds_of_batches_and_leaves_nothing_in_flight() {
    for manner in [Manner::Good, Manner::Dribbles] {
        for (connections, pipeline) in [(1, 1), (2, 1), (16, 1), (5, 3), (3, 64)] {
            let load = Load {
                connections,
                pipeline,
                ..small()
            };
            let interrupt = Interrupt::unattached();
            let generator = generator(fixture::serve(manner), &load, &interrupt).unwrap();
            for _ in 0..2 {
                let slice = generator.slice(Arm::Base, TEN_MS).unwrap();
                let sweep = u64::from(connections * pipeline);
                assert!(
                    slice.requests >= sweep && slice.requests.is_multiple_of(sweep),
                    "{slice:?}"
                );
                assert!(slice.wall_ns >= 10_000_000, "{slice:?}");
                assert!(slice.generator_ns > 0, "{slice:?}");
            }
        }
    }
}

#[test]
fn several_threads_share_the_connections() {
    let port = fixture::serve(Manner::Good);
    let load = small();
    let interrupt = Interrupt::unattached();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let data = Arc::new(DataSet::new(&load, &mut rng).unwrap());
    data.fill(port, &interrupt).unwrap();
    let pool = Arc::new(RequestPool::new(&load, &data, &mut rng).unwrap());
    let core = crate::process::Plan::for_this_machine().unwrap().load[0];
    let targets = [Arm::Base, Arm::Head].map(|arm| Target { arm, port });
    let cores = vec![core; 9];
    let bytes = data.value_bytes();
    let generator = Generator::start(&load, &pool, bytes, &targets, &cores, &interrupt).unwrap();
    assert_eq!(generator.threads(), 5, "no thread without a connection");
    for arm in [Arm::Base, Arm::Head, Arm::Base] {
        assert!(generator.slice(arm, TEN_MS).unwrap().requests >= 15);
    }
    let error = generator.slice(Arm::Control, TEN_MS).unwrap_err();
    assert!(
        matches!(error, LoadError::NoSuchArm(Arm::Control)),
        "{error}"
    );
}

#[test]
fn every_misbehaviour_is_told_by_its_name() {
    assert!(error_of(Manner::Errors).ends_with("with an error: ERR out of sorts"));
    assert!(error_of(Manner::LosesKeys).contains("lost a key of the data set"));
    assert!(error_of(Manner::Closes).contains("closed a connection"));
    let error = error_of(Manner::Stutters);
    assert!(
        error.contains("more than it was asked for") || error.contains("no reply"),
        "{error}"
    );
}

#[test]
fn a_server_that_falls_silent_is_given_up_on() {
    let port = fixture::serve(Manner::Silent);
    let mut connection = Connection::open(port, 3, &Interrupt::unattached()).unwrap();
    connection.give_up_after(Duration::from_millis(60));
    connection.send(b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n").unwrap();
    let error = connection.receive(1).unwrap_err().to_string();
    assert!(error.starts_with("the server stopped answering"), "{error}");
}

#[test]
fn an_interrupt_ends_a_slice_that_would_never_end() {
    let interrupt = Interrupt::unattached();
    let generator = generator(fixture::serve(Manner::Silent), &small(), &interrupt).unwrap();
    let raiser = interrupt.clone();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(30));
        raiser.raise();
    });
    let start = Instant::now();
    let error = generator.slice(Arm::Base, TEN_MS).unwrap_err();
    assert!(matches!(error, LoadError::Interrupted(_)), "{error}");
    drop(generator);
    assert!(start.elapsed() < Duration::from_secs(2));
    thread.join().unwrap();
}

#[test]
fn a_server_that_refuses_the_data_set_is_told() {
    // Answers with an error to whatever comes.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let error = {
        let thread = thread::spawn(move || drop(listener.accept()));
        let error = generator(port, &small(), &Interrupt::unattached()).unwrap_err();
        thread.join().unwrap();
        error.to_string()
    };
    assert!(error.starts_with("cannot load the data set"), "{error}");
}
