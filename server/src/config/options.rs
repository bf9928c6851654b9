//! Every option once: the names, the help and the types serve the command line and the file alike.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::value::{Bytes, LogFormat, LogLevel, Rename, Secret, Switch};
use crate::state::Policy;

/// The variable that the password is read from, where no flag has it.
pub(super) const PASSWORD_VARIABLE: &str = "SERVER_REQUIREPASS";

/// What was given; what was not is `None`.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Options {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "IP")]
    pub(super) bind: Option<IpAddr>,

    /// Port to listen on; 0 takes any that is free [default: 6379]
    #[arg(long)]
    pub(super) port: Option<u16>,

    /// Threads that serve connections, at most 256 [default: 1]
    #[arg(long, value_name = "COUNT")]
    pub(super) threads: Option<NonZeroUsize>,

    /// Bound of memory in use, such as 100mb or 1gb; 0 is no bound [default: 0]
    #[arg(long = "maxmemory", value_name = "BYTES")]
    #[serde(rename = "maxmemory")]
    pub(super) max_memory: Option<Bytes>,

    /// Which keys go when that is reached, such as allkeys-lru [default: noeviction]
    #[arg(long = "maxmemory-policy", value_name = "POLICY")]
    #[serde(rename = "maxmemory-policy")]
    pub(super) policy: Option<Policy>,

    /// Password that clients must tell; who lists processes sees it, unlike one in a file
    #[arg(
        long,
        value_name = "PASSWORD",
        help_heading = "Safety",
        env = PASSWORD_VARIABLE,
        hide_env_values = true
    )]
    pub(super) requirepass: Option<Secret>,

    /// File whose one line is that password
    #[arg(long, value_name = "FILE", help_heading = "Safety")]
    pub(super) requirepass_file: Option<PathBuf>,

    /// Refuse to listen beyond this machine without a password [default: yes]
    #[arg(long, value_name = "yes|no", help_heading = "Safety")]
    pub(super) protected_mode: Option<Switch>,

    /// Run DEBUG SLEEP and DEBUG OBJECT [default: no]
    #[arg(long, value_name = "yes|no", help_heading = "Safety")]
    pub(super) enable_debug_command: Option<Switch>,

    /// Give a command another name, or none (COMMAND=); may be repeated
    #[arg(
        long = "rename-command",
        value_name = "COMMAND=NAME",
        help_heading = "Safety"
    )]
    #[serde(skip)]
    pub(super) renames: Vec<Rename>,

    /// The same as a table of the file.
    #[arg(skip)]
    pub(super) rename_command: BTreeMap<String, String>,

    /// Connections that may be open at once [default: 10000]
    #[arg(long = "maxclients", value_name = "COUNT", help_heading = "Limits")]
    #[serde(rename = "maxclients")]
    pub(super) max_clients: Option<NonZeroU64>,

    /// Seconds after which an idle connection is closed; 0 is never [default: 0]
    #[arg(long, value_name = "SECONDS", help_heading = "Limits")]
    pub(super) timeout: Option<u64>,

    /// Bytes of one request, and of the requests that MULTI queues [default: 1gb]
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub(super) client_query_buffer_limit: Option<Bytes>,

    /// Bytes of one argument of a request [default: 512mb]
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub(super) proto_max_bulk_len: Option<Bytes>,

    /// Arguments of one request [default: 1048576]
    #[arg(long, value_name = "COUNT", help_heading = "Limits")]
    pub(super) proto_max_args: Option<NonZeroU64>,

    /// Bytes of replies that wait for a client to read them, before it is closed; 0 is no bound [default: 0]
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub(super) output_buffer_limit: Option<Bytes>,

    /// Bytes of messages that wait for a subscriber to read them, before it is closed [default: 32mb]
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub(super) pubsub_buffer_limit: Option<Bytes>,

    /// Bytes of replies to a pipeline after which the rest of it waits until these are read [default: 1mb]
    #[arg(long, value_name = "BYTES", help_heading = "Limits")]
    pub(super) pipeline_limit: Option<Bytes>,

    /// What to log: error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL", help_heading = "Operation")]
    pub(super) log_level: Option<LogLevel>,

    /// How to log: text or json [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Operation")]
    pub(super) log_format: Option<LogFormat>,

    /// Port for Prometheus to scrape /metrics at; none unless given
    #[arg(long, value_name = "PORT", help_heading = "Operation")]
    pub(super) metrics_port: Option<u16>,

    /// Address for Prometheus to scrape at [default: 127.0.0.1]
    #[arg(long, value_name = "IP", help_heading = "Operation")]
    pub(super) metrics_bind: Option<IpAddr>,

    /// Seconds that clients have to read their replies when the server ends [default: 10]
    #[arg(long, value_name = "SECONDS", help_heading = "Operation")]
    pub(super) shutdown_timeout: Option<u64>,
}

/// The command line.
#[derive(clap::Parser, Clone, Debug)]
#[command(
    name = "server",
    version,
    about = "A Redis-compatible in-memory cache server",
    after_help = "Every option but --config can be written in the file, under the same name:\n  \
                  port = 6380\n  maxmemory = \"2gb\"\n  rename-command = { FLUSHALL = \"\" }\n\
                  A flag goes before the file."
)]
pub(super) struct CommandLine {
    /// TOML file with options
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,

    #[command(flatten)]
    pub(super) options: Options,

    /// Iterations that every command spins before it runs: a known slowdown
    #[cfg(feature = "handicap")]
    #[arg(long, value_name = "ITERATIONS", env = crate::handicap::VARIABLE, default_value = "0")]
    pub(super) handicap: crate::handicap::Handicap,
}

impl Options {
    /// These, and those of `file` that are not among these.
    pub(super) fn or(self, file: Self) -> Self {
        let mut rename_command = file.rename_command;
        for Rename { command, name } in self.renames {
            rename_command.retain(|known, _| !known.eq_ignore_ascii_case(&command));
            rename_command.insert(command, name);
        }
        // One source of the password goes before all that the file says of it.
        let (requirepass, requirepass_file) = match (self.requirepass, self.requirepass_file) {
            (None, None) => (file.requirepass, file.requirepass_file),
            given => given,
        };
        Self {
            bind: self.bind.or(file.bind),
            port: self.port.or(file.port),
            threads: self.threads.or(file.threads),
            max_memory: self.max_memory.or(file.max_memory),
            policy: self.policy.or(file.policy),
            requirepass,
            requirepass_file,
            protected_mode: self.protected_mode.or(file.protected_mode),
            enable_debug_command: self.enable_debug_command.or(file.enable_debug_command),
            renames: Vec::new(),
            rename_command,
            max_clients: self.max_clients.or(file.max_clients),
            timeout: self.timeout.or(file.timeout),
            client_query_buffer_limit: self
                .client_query_buffer_limit
                .or(file.client_query_buffer_limit),
            proto_max_bulk_len: self.proto_max_bulk_len.or(file.proto_max_bulk_len),
            proto_max_args: self.proto_max_args.or(file.proto_max_args),
            output_buffer_limit: self.output_buffer_limit.or(file.output_buffer_limit),
            pubsub_buffer_limit: self.pubsub_buffer_limit.or(file.pubsub_buffer_limit),
            pipeline_limit: self.pipeline_limit.or(file.pipeline_limit),
            log_level: self.log_level.or(file.log_level),
            log_format: self.log_format.or(file.log_format),
            metrics_port: self.metrics_port.or(file.metrics_port),
            metrics_bind: self.metrics_bind.or(file.metrics_bind),
            shutdown_timeout: self.shutdown_timeout.or(file.shutdown_timeout),
        }
    }
}
