//! The listener, and the threads behind it.
//!
//! ```text
//!             ┌ thread 0: accept ─┬─▶ its own connections      runtime 0 │ desk 0
//! port ──────▶│                   ├─ channel ─▶ thread 1       runtime 1 │ desk 1
//!             └                   └─ channel ─▶ thread 2 …     runtime 2 │ desk 2
//! ```
//!
//! Each thread has a runtime of its own that runs on this thread alone. Thread 0 accepts, and deals
//! the connections round robin; a connection stays on its thread for life, so nothing of it is
//! shared and its buffers are the thread's. Threads meet only at the shards. With one thread there is
//! no channel and no other thread at all. Thread 0 is the caller's, and has the upkeep to do too.
//!
//! When the shutdown future ends, thread 0 stops accepting, drops the channels, which is how the
//! other threads learn of it, and waits for them. What was read is answered first: see `drain`.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use crate::config::{Config, Rename, Switch};
use crate::connection::{Connection, read_stopwatch};
use crate::desk::{Desk, read_clock};
use crate::dispatch;
use crate::drain::Drain;
use crate::idle::Idle;
use crate::metrics;
use crate::outbox::Flusher;
use crate::state::{Admission, MemoryError, RenameError, Settings, State};
use crate::upkeep;

/// How long to wait before accepting again when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const REFUSED: &[u8] = b"-ERR max number of clients reached\r\n";

/// Why the server cannot run.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The listener cannot be used.
    #[error("cannot use the listener: {0}")]
    Listener(io::Error),
    /// A thread or its runtime cannot be had.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A thread ended by a panic.
    #[error("a thread of the server panicked")]
    Panicked,
    /// A command cannot be called so.
    #[error(transparent)]
    Rename(#[from] RenameError),
    /// The allocator does not tell how much memory is in use.
    #[error(transparent)]
    Memory(#[from] MemoryError),
}

/// Listens on `address`.
pub fn bind(address: SocketAddr) -> Result<TcpListener, ServerError> {
    TcpListener::bind(address).map_err(|source| ServerError::Listen { address, source })
}

/// Serves the connections of `listener` until `shutdown` ends.
pub fn run(
    listener: TcpListener,
    config: &Config,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    let address = listener.local_addr().map_err(ServerError::Listener)?;
    let mut state = State::new(settings(address, config)?, read_clock())?;
    state.clock = read_stopwatch;
    let state = Arc::new(state);
    let metrics = config.metrics.map(bind).transpose()?;
    let patience = config.shutdown_timeout;
    let workers = (1..config.threads.get())
        .map(|number| Worker::start(number, &state, patience))
        .collect::<Result<Vec<_>, _>>()?;
    let runtime = runtime().map_err(ServerError::Thread)?;
    let outcome = runtime.block_on(async {
        let (desk, drain, idle) = (Desk::new(&state), Drain::new(), Idle::new());
        spawn_local(Flusher(Rc::clone(&desk)));
        spawn_local(Rc::clone(&idle).run(Arc::clone(&state)));
        spawn_local(upkeep::run(Arc::clone(&state)));
        if let Some(metrics) = metrics {
            spawn_local(metrics::serve(listening(metrics)?, Arc::clone(&state)));
        }
        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            error = accept(listener, &state, &workers, &desk, &drain, &idle) => error,
        };
        let threads: Vec<_> = workers.into_iter().map(Worker::dismiss).collect();
        desk.borrow_mut().flush();
        drain.finish(patience).await;
        outcome.map(|()| threads)
    });
    drop(runtime);
    for thread in outcome? {
        thread
            .join()
            .map_err(|_| ServerError::Panicked)?
            .map_err(ServerError::Thread)?;
    }
    Ok(())
}

/// What the configuration says about the running server.
fn settings(address: SocketAddr, config: &Config) -> Result<Settings, ServerError> {
    let mut settings = Settings::new(address, config.threads, config.max_memory);
    settings.limits = config.limits.clone();
    settings.protected = config.protected_mode == Switch::Yes;
    if let Some(password) = &config.password {
        settings.password.set(password.reveal().as_bytes());
    }
    settings.debugging = config.enable_debug_command;
    #[cfg(feature = "handicap")]
    {
        settings.handicap = config.handicap;
    }
    settings.set_policy(config.policy);
    for Rename { command, name } in &config.renames {
        settings.renames.add(command, name, dispatch::is_command)?;
    }
    Ok(settings)
}

fn listening(listener: TcpListener) -> Result<tokio::net::TcpListener, ServerError> {
    listener
        .set_nonblocking(true)
        .map_err(ServerError::Listener)?;
    tokio::net::TcpListener::from_std(listener).map_err(ServerError::Listener)
}

fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
}

/// Accepts connections and deals them out; ends only where the listener cannot be used at all.
async fn accept(
    listener: TcpListener,
    state: &Arc<State>,
    workers: &[Worker],
    desk: &Rc<RefCell<Desk>>,
    drain: &Rc<Drain>,
    idle: &Idle,
) -> Result<(), ServerError> {
    let listener = listening(listener)?;
    // `None` stands for this thread's own turn.
    let mut hands = std::iter::once(None)
        .chain(workers.iter().map(Some))
        .cycle();
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if state.stats.open_connection(state.settings.max_clients()) == Admission::Refused {
            // As much of the reply as fits an empty socket buffer, which is all of it.
            let _ = stream.try_write(REFUSED);
            continue;
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let handed = match hands.next().flatten() {
            None => {
                let (desk, drain) = (Rc::clone(desk), Rc::clone(drain));
                spawn_local(Connection::new(
                    stream,
                    Arc::clone(state),
                    desk,
                    drain,
                    idle,
                ));
                Ok(())
            }
            Some(worker) => worker.hand_over(stream),
        };
        if let Err(error) = handed {
            tracing::warn!(%error, "connection dropped");
            state.stats.close_connection();
        }
    }
}

/// A thread besides the first.
struct Worker {
    connections: mpsc::UnboundedSender<std::net::TcpStream>,
    thread: JoinHandle<io::Result<()>>,
}

impl Worker {
    fn start(number: usize, state: &Arc<State>, patience: Duration) -> Result<Self, ServerError> {
        let (connections, incoming) = mpsc::unbounded_channel();
        let state = Arc::clone(state);
        let thread = std::thread::Builder::new()
            .name(format!("worker-{number}"))
            .spawn(move || serve_incoming(incoming, &state, patience))
            .map_err(ServerError::Thread)?;
        Ok(Self {
            connections,
            thread,
        })
    }

    /// Gives a connection to the thread; the stream leaves this thread's runtime.
    fn hand_over(&self, stream: tokio::net::TcpStream) -> io::Result<()> {
        self.connections
            .send(stream.into_std()?)
            .map_err(|_| io::Error::other("the thread has ended"))
    }

    /// Lets the thread end; yields what ends with it.
    fn dismiss(self) -> JoinHandle<io::Result<()>> {
        self.thread
    }
}

/// A worker's life: it ends when thread 0 drops the channel.
fn serve_incoming(
    mut incoming: mpsc::UnboundedReceiver<std::net::TcpStream>,
    state: &Arc<State>,
    patience: Duration,
) -> io::Result<()> {
    let runtime = runtime()?;
    runtime.block_on(async {
        let (desk, drain, idle) = (Desk::new(state), Drain::new(), Idle::new());
        spawn_local(Flusher(Rc::clone(&desk)));
        spawn_local(Rc::clone(&idle).run(Arc::clone(state)));
        while let Some(stream) = incoming.recv().await {
            match tokio::net::TcpStream::from_std(stream) {
                Ok(stream) => {
                    let (desk, drain) = (Rc::clone(&desk), Rc::clone(&drain));
                    spawn_local(Connection::new(
                        stream,
                        Arc::clone(state),
                        desk,
                        drain,
                        &idle,
                    ));
                }
                Err(error) => {
                    tracing::warn!(%error, "connection dropped");
                    state.stats.close_connection();
                }
            }
        }
        desk.borrow_mut().flush();
        drain.finish(patience).await;
    });
    Ok(())
}
