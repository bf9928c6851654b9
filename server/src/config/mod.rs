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
#[cfg(test)]
mod tests;
mod value;

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use thiserror::Error;

use crate::state::{Limit, Limits, Policy};
use options::{CommandLine, Options};
pub use value::{Bytes, LogFormat, LogLevel, Rename, Secret, Switch};

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
    /// What clients must tell before anything else.
    pub password: Option<Secret>,
    /// Whether there must be a password where others reach the server.
    pub protected_mode: Switch,
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
    /// The file is not understood where it has a password.
    #[error(
        "{}: line {line} is not understood; it is not shown, for it has a password. \
         It must be a text that is not empty: requirepass = \"…\"",
        path.display()
    )]
    ParsePassword {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
    /// It cannot be known which password is meant.
    #[error("requirepass and requirepass-file are both given: leave one of them out")]
    TwoPasswords,
    /// The password's file cannot be read.
    #[error("cannot read the password from {}: {source}", path.display())]
    ReadPassword {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The password's file does not have one line.
    #[error("{}: a password's file must have one line, which is not empty", path.display())]
    PasswordLines {
        /// The file.
        path: PathBuf,
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
         Give it a password (requirepass-file or requirepass), bind 127.0.0.1, or, if that is what you \
         want, say protected-mode no"
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
        let password = match (options.requirepass, options.requirepass_file) {
            (Some(_), Some(_)) => return Err(ConfigError::TwoPasswords),
            (None, Some(path)) => Some(read_password(&path)?),
            (given, None) => given,
        };
        let config = Self {
            bind: options.bind.unwrap_or(default.bind),
            port: options.port.unwrap_or(default.port),
            threads: options.threads.unwrap_or(default.threads),
            max_memory: options
                .max_memory
                .map_or(default.max_memory, |bytes| bytes.0),
            policy: options.policy.unwrap_or(default.policy),
            limits,
            password,
            protected_mode: options.protected_mode.unwrap_or(default.protected_mode),
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
        let is_open = config.password.is_none() && !config.bind.is_loopback();
        if is_open && config.protected_mode == Switch::Yes {
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
            password: None,
            protected_mode: Switch::Yes,
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
    toml::from_str(&text).map_err(|source: toml::de::Error| {
        let path = path.to_owned();
        match source.span().and_then(|span| password_line(&text, span)) {
            Some(line) => ConfigError::ParsePassword { path, line },
            None => ConfigError::Parse {
                path,
                source: Box::new(source),
            },
        }
    })
}

/// The number of the line that has a password and that an error at `span` would show, if one would: it
/// is on that line, or behind a text of several lines that begins there.
fn password_line(text: &str, span: Range<usize>) -> Option<usize> {
    let mut line_start = 0;
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let line_end = line_start + line.len();
        let shown = text.get(line_start..span.end)?;
        let key = line.trim_start().trim_start_matches(['"', '\'']);
        let goes_on = ["\"\"\"", "'''"].iter().any(|quote| shown.contains(quote));
        let is_here = span.start < line_start + line.trim_end_matches('\n').len() + 1;
        if key.starts_with("requirepass") && (is_here || goes_on) {
            return Some(number);
        }
        line_start = line_end;
    }
    None
}

fn read_password(path: &Path) -> Result<Secret, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::ReadPassword {
        path: path.to_owned(),
        source,
    })?;
    let mut lines = text.lines();
    let password = lines.next().and_then(|line| line.parse().ok());
    password
        .filter(|_| lines.next().is_none())
        .ok_or_else(|| ConfigError::PasswordLines {
            path: path.to_owned(),
        })
}
