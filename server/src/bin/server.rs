//! The cache server: flags, signals, and the line that says where it listens.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use server::{Config, ServerError};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("cannot tell where the server listens: {0}")]
    Address(io::Error),
    #[error("cannot set up: {0}")]
    SetUp(io::Error),
}

fn main() -> ExitCode {
    let config = Config::parse();
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    match serve(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell if standard error is closed, too.
            let _ = writeln!(io::stderr(), "server: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: &Config) -> Result<(), Failure> {
    let listener = server::bind(config.address())?;
    let address = listener.local_addr().map_err(Failure::Address)?;
    let mut announced = Ok(());
    server::run(listener, config, async {
        announced = announce_and_wait(address).await;
    })?;
    announced.map_err(Failure::SetUp)
}

/// Says where the server listens, once it can be told to stop, and waits for that.
async fn announce_and_wait(address: SocketAddr) -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "listening on {address}")?;
    stdout.flush()?;
    drop(stdout);
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    Ok(())
}
