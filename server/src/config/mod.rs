//! What the server is told at its start: by flags, and by a file with the same names.
//!
//! ```text
//! command line ─▶ options ┐
//!                         ├─▶ the flag, else the file, else the default ─▶ Config, checked as a whole
//! file (TOML)  ─▶ options ┘
//! ```
//!
//! | module    | owns                                              |
//! |-----------|---------------------------------------------------|
//! | `options` | the names, and what is said of them in the help   |
//! | `value`   | sizes, switches and names, from text              |

mod options;
mod value;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use thiserror::Error;

use crate::state::{Limit, Limits, Policy};
use options::{CommandLine, Options};
pub use value::{Bytes, LogFormat, LogLevel, Rename, Switch};

/// Most threads that a server may be told to use.
const MAX_THREADS: usize = 256;

/// What the server is told at its start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address to listen on.
    pub bind: IpAddr,
    /// Port to listen on; 0 takes any that is free.
    pub port: u16,
    /// Threads that serve connections.
    pub threads: NonZeroUsize,
    /// Bytes of memory that may be in use; 0 is no bound.
    pub max_memory: u64,
    /// Which keys go when that is reached.
    pub policy: Policy,
    /// Bounds of what clients may take.
    pub limits: Limits,
    /// Commands that have another name, or none.
    pub renames: Vec<Rename>,
    /// What to log.
    pub log_level: LogLevel,
    /// How to log.
    pub log_format: LogFormat,
    /// Where Prometheus scrapes, if at all.
    pub metrics: Option<SocketAddr>,
    /// How long clients have to read their replies when the server ends.
    pub shutdown_timeout: Duration,
    /// Whether DEBUG SLEEP and DEBUG OBJECT run.
    pub enable_debug_command: bool,
    /// What every command spins first.
    #[cfg(feature = "handicap")]
    pub handicap: crate::handicap::Handicap,
}

/// Why a server cannot be run as it is told.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The command line is not understood, or asks for help.
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not understood; the text has the line, marked.
    #[error("{}: {source}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// There are more threads than a server may have.
    #[error("threads = {0}: a server has at most {MAX_THREADS} threads")]
    Threads(NonZeroUsize),
    /// A bound lies outside of what makes sense.
    #[error("{name} = {value}: it must be between {min} and {max}")]
    Limit {
        /// The option.
        name: &'static str,
        /// What was given.
        value: u64,
        /// The smallest value.
        min: u64,
        /// The largest value.
        max: u64,
    },
    /// Anybody could reach the server, and nothing would keep them out.
    #[error(
        "refusing to listen on {0}: anybody who reaches that address could read and change everything. \
         Bind 127.0.0.1, or, if that is what you want, say protected-mode no"
    )]
    Unprotected(IpAddr),
}

impl Config {
    /// Reads the words of the command line, the program's name first, and the file that they name.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, ConfigError> {
        let matches = CommandLine::command().try_get_matches_from(words)?;
        let line = CommandLine::from_arg_matches(&matches)?;
        let file = line.config.as_deref().map(read_file).transpose()?;
        let config = Self::resolve(line.options.or(file.unwrap_or_default()))?;
        #[cfg(feature = "handicap")]
        let config = Self {
            handicap: line.handicap,
            ..config
        };
        Ok(config)
    }

    fn resolve(options: Options) -> Result<Self, ConfigError> {
        let default = Self::default();
        let limits = Limits::default();
        let given = [
            (Limit::Clients, options.max_clients.map(u64::from)),
            (Limit::IdleSeconds, options.timeout),
            (
                Limit::QueryBuffer,
                options.client_query_buffer_limit.map(|bytes| bytes.0),
            ),
            (
                Limit::BulkLen,
                options.proto_max_bulk_len.map(|bytes| bytes.0),
            ),
            (Limit::Arguments, options.proto_max_args.map(u64::from)),
            (
                Limit::OutputBuffer,
                options.output_buffer_limit.map(|bytes| bytes.0),
            ),
            (
                Limit::PubsubBuffer,
                options.pubsub_buffer_limit.map(|bytes| bytes.0),
            ),
            (Limit::Pipeline, options.pipeline_limit.map(|bytes| bytes.0)),
        ];
        for (limit, value) in given {
            let Some(value) = value else { continue };
            let (name, range) = (limit.name(), limit.range());
            if !range.contains(&value) {
                let (min, max) = (*range.start(), *range.end());
                return Err(ConfigError::Limit {
                    name,
                    value,
                    min,
                    max,
                });
            }
            limits.set(limit, value);
        }
        let metrics_bind = options
            .metrics_bind
            .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let config = Self {
            bind: options.bind.unwrap_or(default.bind),
            port: options.port.unwrap_or(default.port),
            threads: options.threads.unwrap_or(default.threads),
            max_memory: options
                .max_memory
                .map_or(default.max_memory, |bytes| bytes.0),
            policy: options.policy.unwrap_or(default.policy),
            limits,
            renames: options
                .rename_command
                .into_iter()
                .map(|(command, name)| Rename { command, name })
                .collect(),
            log_level: options.log_level.unwrap_or(default.log_level),
            log_format: options.log_format.unwrap_or(default.log_format),
            metrics: options
                .metrics_port
                .map(|port| SocketAddr::new(metrics_bind, port)),
            shutdown_timeout: options
                .shutdown_timeout
                .map_or(default.shutdown_timeout, Duration::from_secs),
            enable_debug_command: options.enable_debug_command == Some(Switch::Yes),
            #[cfg(feature = "handicap")]
            handicap: default.handicap,
        };
        if config.threads.get() > MAX_THREADS {
            return Err(ConfigError::Threads(config.threads));
        }
        if !config.bind.is_loopback() && options.protected_mode != Some(Switch::No) {
            return Err(ConfigError::Unprotected(config.bind));
        }
        Ok(config)
    }

    /// Where to listen.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 6379,
            threads: NonZeroUsize::MIN,
            max_memory: 0,
            policy: Policy::Noeviction,
            limits: Limits::default(),
            renames: Vec::new(),
            log_level: LogLevel(tracing::Level::INFO),
            log_format: LogFormat::Text,
            metrics: None,
            shutdown_timeout: Duration::from_secs(10),
            enable_debug_command: false,
            #[cfg(feature = "handicap")]
            handicap: crate::handicap::Handicap::NONE,
        }
    }
}

fn read_file(path: &Path) -> Result<Options, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| ConfigError::Parse {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Config, String> {
        let words = std::iter::once("server").chain(line.split_whitespace());
        Config::read(words.map(OsString::from)).map_err(|error| error.to_string())
    }

    fn parse_file(text: &str, line: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.toml");
        std::fs::write(&path, text).unwrap();
        parse(&format!("--config {} {line}", path.display()))
            .map_err(|error| error.replace(&*folder.path().to_string_lossy(), ""))
    }

    #[test]
    fn nothing_given_is_the_default() {
        let config = parse("").unwrap();
        assert_eq!(config.address(), "127.0.0.1:6379".parse().unwrap());
        assert_eq!((config.threads.get(), config.max_memory), (1, 0));
        assert_eq!(config.limits.get(Limit::Clients), 10_000);
        assert_eq!(config.metrics, None);
    }

    #[test]
    fn flags_and_a_file_have_the_same_names() {
        let by_flags = parse(
            "--bind ::1 --port 0 --threads 4 --maxmemory 100mb \
             --protected-mode no --rename-command FLUSHALL= --rename-command KEYS=every-key \
             --maxclients 5 --timeout 60 --client-query-buffer-limit 2mb --proto-max-bulk-len 1mb \
             --proto-max-args 9 --output-buffer-limit 3mb --pubsub-buffer-limit 4mb \
             --pipeline-limit 64kb --log-level warn --log-format json --metrics-port 0 \
             --metrics-bind 127.0.0.2 --shutdown-timeout 3 --enable-debug-command yes \
             --maxmemory-policy allkeys-lru",
        )
        .unwrap();
        let by_file = parse_file(
            r#"
            bind = "::1"
            port = 0
            threads = 4
            maxmemory = "100mb"
            protected-mode = false
            rename-command = { FLUSHALL = "", KEYS = "every-key" }
            maxclients = 5
            timeout = 60
            client-query-buffer-limit = 2097152
            proto-max-bulk-len = "1mb"
            proto-max-args = 9
            output-buffer-limit = "3mb"
            pubsub-buffer-limit = "4mb"
            pipeline-limit = "64kb"
            log-level = "warn"
            log-format = "json"
            metrics-port = 0
            metrics-bind = "127.0.0.2"
            shutdown-timeout = 3
            enable-debug-command = true
            maxmemory-policy = "allkeys-lru"
            "#,
            "",
        )
        .unwrap();
        assert_eq!(format!("{by_flags:?}"), format!("{by_file:?}"));
        assert_eq!(by_file.limits.get(Limit::Pipeline), 64 << 10);
        assert_eq!(by_file.metrics, Some("127.0.0.2:0".parse().unwrap()));
        let options = CommandLine::command();
        let names = options.get_arguments().filter_map(clap::Arg::get_long);
        let others: Vec<_> = names.filter(|name| *name != "config").collect();
        assert_eq!(others.len(), 21, "every flag is in this test: {others:?}");
    }

    #[test]
    fn a_flag_goes_before_the_file() {
        let file = "port = 1\nthreads = 2\nrename-command = { flushall = \"x\", KEYS = \"k\" }";
        let config = parse_file(file, "--port 2 --rename-command FLUSHALL=").unwrap();
        assert_eq!((config.port, config.threads.get()), (2, 2));
        let names: Vec<_> = config
            .renames
            .iter()
            .map(|rename| rename.name.as_str())
            .collect();
        assert_eq!(names, ["", "k"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_reason() {
        for (line, reason) in [
            ("--maxmemory lots", "not a size of memory"),
            ("--threads 0", "--threads"),
            ("--threads 1000", "at most 256 threads"),
            ("--port 70000", "70000"),
            ("--bind nowhere", "invalid IP address"),
            ("--prot 1", "--port"),
            (
                "--pipeline-limit 1",
                "pipeline-limit = 1: it must be between",
            ),
            ("--rename-command GET", "COMMAND=NAME"),
            ("--log-format xml", "neither text nor json"),
            (
                "--config /nowhere/at.toml",
                "cannot read the configuration file /nowhere/at.toml",
            ),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }

    #[test]
    fn mistakes_in_a_file_are_shown_where_they_are() {
        let error = parse_file("port = 6379\nprot = 1\n", "").unwrap_err();
        assert!(
            error.starts_with("/server.toml: TOML parse error at line 2, column 1"),
            "{error}"
        );
        assert!(error.contains("2 | prot = 1\n  | ^^^^"), "{error}");
        assert!(error.contains("unknown field `prot`"), "{error}");
        let error = parse_file("maxmemory = \"lots\"", "").unwrap_err();
        assert!(
            error.contains("1 | maxmemory = \"lots\"\n  |             ^^^^^^"),
            "{error}"
        );
        assert!(error.contains("not a size of memory"), "{error}");
    }

    #[test]
    fn only_in_as_many_words_others_are_let_in() {
        for line in [
            "--bind 0.0.0.0",
            "--bind ::",
            "--bind 192.0.2.1 --protected-mode yes",
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains("refusing to listen on"), "{line}: {error}");
        }
        for line in [
            "--bind 0.0.0.0 --protected-mode no",
            "--bind 127.0.0.9",
            "--bind ::1",
        ] {
            parse(line).unwrap();
        }
    }
}
