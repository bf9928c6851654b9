//! What Prometheus scrapes: `GET /metrics` on a port of its own.
//!
//! The names are those of `redis_exporter`, so that its dashboards and alerts serve here, too. A
//! counter ends with `_total`; sizes are in bytes.
//!
//! | bound                        | value |
//! |------------------------------|-------|
//! | connections at once          | 16; more wait to be accepted |
//! | time to send a request       | 10 s  |

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;

use crate::desk::read_clock;
use crate::state::{MemoryError, Snapshot, State, Usage};

const CONNECTIONS_MAX: usize = 16;
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The text format's version is part of its type.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers scrapes for as long as the server runs.
pub(crate) async fn serve(listener: TcpListener, state: Arc<State>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a scrape");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let state = Arc::clone(&state);
        spawn_local(async move {
            let answer = service_fn(|request: Request<Incoming>| {
                let response = answer(request.method(), request.uri().path(), &state);
                async { Ok::<_, Infallible>(response) }
            });
            let served = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(REQUEST_TIMEOUT)
                .serve_connection(TokioIo::new(stream), answer)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "scrape lost");
            }
            drop(permit);
        });
    }
}

fn answer(method: &Method, path: &str, state: &State) -> Response<Full<Bytes>> {
    let (status, kind, text) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/metrics") => match render(state) {
            Ok(text) => (StatusCode::OK, TEXT_FORMAT, text),
            Err(error) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain",
                format!("{error}\n"),
            ),
        },
        (&Method::GET | &Method::HEAD, _) => (
            StatusCode::NOT_FOUND,
            "text/plain",
            "only /metrics is here\n".to_owned(),
        ),
        _ => (
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain",
            "only GET is answered\n".to_owned(),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
    }
    response
}

/// A name, what it says, and its value.
type Metric = (&'static str, &'static str, u64);

/// All metrics in the text format.
fn render(state: &State) -> Result<String, MemoryError> {
    let usage = state.memory.measure(state.keyspace.used_bytes())?;
    let counts = state.stats.snapshot();
    let keys = state.keyspace.len() as u64;
    let mut text = String::with_capacity(4096);
    for (name, help, value) in gauges(state, &counts, usage) {
        family(&mut text, name, help, "gauge", "", value);
    }
    for (name, help, value) in counters(state, &counts) {
        family(&mut text, name, help, "counter", "", value);
    }
    let database = "{db=\"db0\"}";
    family(&mut text, "redis_db_keys", "Keys", "gauge", database, keys);
    let expiring = state.keyspace.expiring() as u64;
    let (name, help) = ("redis_db_keys_expiring", "Keys that expire");
    family(&mut text, name, help, "gauge", database, expiring);
    Ok(text)
}

/// What rises and falls.
fn gauges(state: &State, counts: &Snapshot, usage: Usage) -> [Metric; 9] {
    let uptime_s = read_clock().0.saturating_sub(state.started.0) / 1000;
    [
        ("redis_up", "Whether the server answers", 1),
        (
            "redis_uptime_in_seconds",
            "Seconds since the start",
            uptime_s,
        ),
        (
            "redis_connected_clients",
            "Connections that are open",
            counts.connected_clients,
        ),
        (
            "redis_config_maxclients",
            "Connections that may be open",
            state.settings.max_clients(),
        ),
        (
            "redis_memory_used_bytes",
            "Bytes in live allocations",
            usage.used,
        ),
        (
            "redis_memory_used_rss_bytes",
            "Bytes of the allocator's pages in memory",
            usage.resident,
        ),
        (
            "redis_memory_used_peak_bytes",
            "Largest redis_memory_used_bytes that was read",
            usage.peak,
        ),
        (
            "redis_memory_max_bytes",
            "Bound of memory, 0 for none",
            state.settings.max_memory(),
        ),
        (
            "redis_instantaneous_ops_per_sec",
            "Commands a second in the last second",
            counts.instantaneous_ops_per_sec,
        ),
    ]
}

/// What only rises.
fn counters(state: &State, counts: &Snapshot) -> [Metric; 8] {
    [
        (
            "redis_connections_received_total",
            "Connections that came",
            counts.total_connections_received,
        ),
        (
            "redis_rejected_connections_total",
            "Connections beyond maxclients",
            counts.rejected_connections,
        ),
        (
            "redis_commands_processed_total",
            "Commands that ran",
            counts.total_commands_processed,
        ),
        (
            "redis_net_input_bytes_total",
            "Bytes that clients sent",
            counts.total_net_input_bytes,
        ),
        (
            "redis_net_output_bytes_total",
            "Bytes that were sent to clients",
            counts.total_net_output_bytes,
        ),
        (
            "redis_keyspace_hits_total",
            "Reads that found their key",
            counts.keyspace_hits,
        ),
        (
            "redis_keyspace_misses_total",
            "Reads that did not",
            counts.keyspace_misses,
        ),
        (
            "redis_expired_keys_total",
            "Keys whose time was over",
            state.keyspace.expired_total(),
        ),
    ]
}

fn family(text: &mut String, name: &str, help: &str, kind: &str, labels: &str, value: u64) {
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "# HELP {name} {help}.\n# TYPE {name} {kind}\n{name}{labels} {value}\n"
    );
}
