//! CONFIG: the settings of the running server.
//!
//! | name                       | value                       | `SET` |
//! |----------------------------|-----------------------------|-------|
//! | `maxmemory`                | bytes, 0 for no bound       | yes   |
//! | `requirepass`              | a password, or none where `protected-mode` allows it | yes |
//! | `protected-mode`           | `yes` or `no`               | no    |
//! | `slowlog-log-slower-than`, `slowlog-max-len` | microseconds, requests: see SLOWLOG | yes |
//! | `latency-monitor-threshold` | milliseconds: see LATENCY  | yes   |
//! | `enable-debug-command`     | `yes` or `no`               | no    |
//! | `maxmemory-policy`         | `noeviction`, `allkeys-lru` and so on | yes |
//! | `maxclients`               | connections                 | yes   |
//! | `bind`, `port`, `threads`  | as at the start             | no    |
//! | `databases`                | 1                           | no    |
//! | `proto-max-bulk-len`       | 512 MiB in bytes            | no    |
//! | `appendonly`, `save`       | `no` and empty: nothing is kept on disk | no |

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::sync::atomic::Ordering::Relaxed;

use store::Shards;

use super::{Call, Failure, Outcome};
use crate::protocol::{glob_matches, parse_bytes, parse_integer};
use crate::state::{Limit, Policy, Settings, State};

const NO_INTEGER: &str = "argument couldn't be parsed into an integer";

const NO_BYTES: &str = "argument must be a memory value";

/// The value, which must lie in the range.
fn within<T: PartialOrd + Display>(
    range: &RangeInclusive<T>,
    value: Option<T>,
) -> Result<T, Cow<'static, str>> {
    value.filter(|value| range.contains(value)).ok_or_else(|| {
        let (min, max) = (range.start(), range.end());
        format!("argument must be between {min} and {max} inclusive").into()
    })
}

/// The integer that is typed, which must lie in the range.
fn integer<T: PartialOrd + Display + TryFrom<i64>>(
    range: &RangeInclusive<T>,
    typed: &[u8],
) -> Result<T, Cow<'static, str>> {
    let number = parse_integer(typed).ok_or(NO_INTEGER)?;
    within(range, T::try_from(number).ok())
}

const fn yes_or_no(is_on: bool) -> &'static str {
    if is_on { "yes" } else { "no" }
}

/// The settings by their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Appendonly,
    Bind,
    Databases,
    EnableDebugCommand,
    LatencyMonitorThreshold,
    Limit(Limit),
    Maxmemory,
    MaxmemoryPolicy,
    Port,
    ProtectedMode,
    Requirepass,
    Save,
    SlowlogLogSlowerThan,
    SlowlogMaxLen,
    Threads,
}

impl Setting {
    const OTHERS: [(&'static str, Self); 14] = [
        ("appendonly", Self::Appendonly),
        ("bind", Self::Bind),
        ("databases", Self::Databases),
        ("enable-debug-command", Self::EnableDebugCommand),
        ("latency-monitor-threshold", Self::LatencyMonitorThreshold),
        ("maxmemory", Self::Maxmemory),
        ("maxmemory-policy", Self::MaxmemoryPolicy),
        ("port", Self::Port),
        ("protected-mode", Self::ProtectedMode),
        ("requirepass", Self::Requirepass),
        ("save", Self::Save),
        ("slowlog-log-slower-than", Self::SlowlogLogSlowerThan),
        ("slowlog-max-len", Self::SlowlogMaxLen),
        ("threads", Self::Threads),
    ];

    fn all() -> impl Iterator<Item = (&'static str, Self)> {
        let limits = Limit::ALL.map(|limit| (limit.name(), Self::Limit(limit)));
        limits.into_iter().chain(Self::OTHERS)
    }

    fn value(self, state: &State) -> Cow<'static, [u8]> {
        let State {
            settings, slowness, ..
        } = state;
        let text = match self {
            Self::Appendonly => "no".to_owned(),
            Self::Bind => settings.address.ip().to_string(),
            Self::Databases => "1".to_owned(),
            Self::EnableDebugCommand => yes_or_no(settings.debugging).to_owned(),
            Self::ProtectedMode => yes_or_no(settings.protected).to_owned(),
            Self::LatencyMonitorThreshold => slowness.latency_ms.load(Relaxed).to_string(),
            Self::SlowlogLogSlowerThan => slowness.slower_than_us.load(Relaxed).to_string(),
            Self::SlowlogMaxLen => slowness.log_max.load(Relaxed).to_string(),
            Self::Requirepass => return settings.password.to_bytes().into_vec().into(),
            Self::Limit(limit) => settings.limits.get(limit).to_string(),
            Self::Maxmemory => settings.max_memory().to_string(),
            Self::MaxmemoryPolicy => settings.policy().name().to_owned(),
            Self::Port => settings.address.port().to_string(),
            Self::Save => String::new(),
            Self::Threads => settings.threads.to_string(),
        };
        text.into_bytes().into()
    }

    /// What setting it to `value` would do, or why it cannot be set to that.
    fn change(self, value: &[u8], settings: &Settings) -> Result<Change, Cow<'static, str>> {
        let text = std::str::from_utf8(value).unwrap_or_default();
        match self {
            Self::Maxmemory => parse_bytes(text)
                .map(Change::Maxmemory)
                .ok_or(Cow::Borrowed(NO_BYTES)),
            Self::Limit(limit) if limit.is_bytes() => {
                let bytes = parse_bytes(text).ok_or(Cow::Borrowed(NO_BYTES))?;
                within(&limit.range(), Some(bytes)).map(|bytes| Change::Limit(limit, bytes))
            }
            Self::Limit(limit) => {
                integer(&limit.range(), value).map(|value| Change::Limit(limit, value))
            }
            Self::Requirepass if value.is_empty() && settings.needs_password() => Err(
                "without a password anybody could come in from elsewhere, and protected-mode is on"
                    .into(),
            ),
            Self::Requirepass => Ok(Change::Password(value.into())),
            Self::SlowlogLogSlowerThan => {
                integer(&(-1..=i64::MAX), value).map(Change::SlowlogLogSlowerThan)
            }
            Self::SlowlogMaxLen => {
                integer(&(0..=isize::MAX.unsigned_abs()), value).map(Change::SlowlogMaxLen)
            }
            Self::LatencyMonitorThreshold => {
                integer(&(0..=i64::MAX.unsigned_abs()), value).map(Change::LatencyMonitorThreshold)
            }
            Self::MaxmemoryPolicy => Policy::named(text).map(Change::Policy).ok_or_else(|| {
                let names = Policy::ALL.map(|(name, _)| name).join(", ");
                format!("argument(s) must be one of the following: {names}").into()
            }),
            _ => Err("can't set immutable config".into()),
        }
    }
}

enum Change {
    Maxmemory(u64),
    Limit(Limit, u64),
    Password(Box<[u8]>),
    SlowlogLogSlowerThan(i64),
    SlowlogMaxLen(usize),
    LatencyMonitorThreshold(u64),
    Policy(Policy),
}

/// `CONFIG GET pattern [pattern …]`
pub fn get(call: &mut Call<'_, '_>) -> Outcome {
    // Whoever asks for a name gets it as it was written.
    let shown = |name: &'static str| -> Option<Cow<'_, [u8]>> {
        call.args.from(2).find_map(|asked| {
            let is_pattern = asked.iter().any(|byte| b"[*?".contains(byte));
            if !is_pattern {
                let is_it = asked.eq_ignore_ascii_case(name.as_bytes());
                return is_it.then_some(asked.into());
            }
            let matches = glob_matches(&asked.to_ascii_lowercase(), name.as_bytes());
            matches.then_some(name.as_bytes().into())
        })
    };
    let found: Vec<_> = Setting::all()
        .filter_map(|(name, setting)| Some((shown(name)?, setting)))
        .collect();
    call.replies.map(found.len());
    for (name, setting) in found {
        call.replies.bulk(&name);
        call.replies.bulk(&setting.value(call.state));
    }
    Ok(())
}

/// `CONFIG SET name value [name value …]`: all or none
pub fn set(call: &mut Call<'_, '_>) -> Outcome {
    if !call.args.len().is_multiple_of(2) {
        return Err(Failure::Syntax);
    }
    let mut changes: Vec<(Setting, Change)> = Vec::new();
    for (name, value) in call
        .args
        .from(2)
        .step_by(2)
        .zip(call.args.from(3).step_by(2))
    {
        let Some((known, setting)) =
            Setting::all().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()))
        else {
            let text = b"ERR Unknown option or number of arguments for CONFIG SET - '";
            return Err(Failure::quoting(&[text, name, b"'"]));
        };
        let change = setting.change(value, &call.state.settings);
        let repeated = changes.iter().any(|(earlier, _)| *earlier == setting);
        match change {
            Ok(change) if !repeated => changes.push((setting, change)),
            Ok(_) => return Err(failed(known, "duplicate parameter")),
            Err(why) => return Err(failed(known, &why)),
        }
    }
    let State {
        settings, slowness, ..
    } = call.state;
    for (_, change) in changes {
        match change {
            Change::Maxmemory(bytes) => settings.set_max_memory(bytes),
            Change::Limit(limit, value) => settings.limits.set(limit, value),
            Change::Password(password) => settings.password.set(&password),
            Change::SlowlogLogSlowerThan(us) => slowness.slower_than_us.store(us, Relaxed),
            Change::SlowlogMaxLen(len) => slowness.log_max.store(len, Relaxed),
            Change::LatencyMonitorThreshold(ms) => slowness.latency_ms.store(ms, Relaxed),
            Change::Policy(policy) => {
                settings.set_policy(policy);
                Shards::set_policy(call.shards, policy.eviction());
            }
        }
    }
    call.replies.ok();
    Ok(())
}

fn failed(name: &str, why: &str) -> Failure {
    let text = format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}");
    Failure::Quoting(text.into_bytes().into())
}

/// `CONFIG RESETSTAT`
pub fn resetstat(call: &mut Call<'_, '_>) -> Outcome {
    let expired = Shards::expired_total(call.shards);
    let evicted = Shards::evicted_total(call.shards);
    call.state.stats.reset(expired, evicted);
    call.state.errors.reset();
    call.replies.ok();
    Ok(())
}

/// `CONFIG REWRITE`
pub fn rewrite(_call: &mut Call<'_, '_>) -> Outcome {
    Err(Failure::Text(
        "ERR The server is running without a config file",
    ))
}
