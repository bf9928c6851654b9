//! The cache server: flags, signals, and the line that says where it listens.

use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use server::config::LogFormat;
use server::{Config, ConfigError, ServerError};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code where the command line or the file cannot be used, as that of clap.
const USAGE: u8 = 2;

#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error("cannot tell where the server listens: {0}")]
    Address(io::Error),
    #[error("cannot set up: {0}")]
    SetUp(io::Error),
    #[error("cannot let the allocator give memory back: {0}")]
    Allocator(tikv_jemalloc_ctl::Error),
}

fn main() -> ExitCode {
    let config = match Config::read(std::env::args_os()) {
        Ok(config) => config,
        // Help and the version are errors to clap, and it knows where they go.
        Err(ConfigError::CommandLine(error)) => error.exit(),
        Err(error) => {
            let _ = writeln!(io::stderr(), "server: {error}");
            return ExitCode::from(USAGE);
        }
    };
    start_log(&config);
    match serve(&config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell if standard error is closed, too.
            let _ = writeln!(io::stderr(), "server: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(config: &Config) {
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_max_level(config.log_level.0);
    match config.log_format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

fn serve(config: &Config) -> Result<(), Failure> {
    // Without a thread of its own the allocator keeps what was freed for as long as nothing is asked of it.
    tikv_jemalloc_ctl::background_thread::write(true).map_err(Failure::Allocator)?;
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
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "ready");
    let signal = tokio::select! {
        _ = terminated.recv() => "SIGTERM",
        _ = interrupted.recv() => "SIGINT",
    };
    tracing::info!(signal, "ending: no more is read, what was read is answered");
    Ok(())
}
