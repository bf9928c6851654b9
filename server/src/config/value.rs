//! Values of options, read alike from a flag and from a file.
//!
//! | type       | as a flag            | in a file                   |
//! |------------|----------------------|-----------------------------|
//! | [`Bytes`]  | `1048576`, `100mb`   | `1048576`, `"100mb"`        |
//! | [`Switch`] | `yes`, `no`          | `"yes"`, `"no"`, `true`, `false` |
//! | [`Secret`] | any text that is not empty | `"text"`                    |
//! | [`Rename`] | `FLUSHALL=`, `KEYS=all-keys` | a table: `FLUSHALL = ""`, `KEYS = "all-keys"` |

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::protocol::parse_bytes;
use crate::state::Policy;

/// A size of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_bytes(text)
            .map(Self)
            .ok_or("not a size of memory such as 1048576, 100mb or 1gb")
    }
}

/// Yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// `yes`
    Yes,
    /// `no`
    No,
}

impl FromStr for Switch {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "yes" | "true" => Ok(Self::Yes),
            "no" | "false" => Ok(Self::No),
            _ => Err("neither yes nor no"),
        }
    }
}

/// A text that nobody is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// The text.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err("empty: give a password, or leave the option out");
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(redacted)")
    }
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("neither text nor json"),
        }
    }
}

/// What is worth a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLevel(pub tracing::Level);

impl FromStr for LogLevel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "error" | "warn" | "info" | "debug" | "trace" => {}
            _ => return Err("none of error, warn, info, debug, trace"),
        }
        text.parse()
            .map(Self)
            .map_err(|_| "none of error, warn, info, debug, trace")
    }
}

impl FromStr for Policy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::named(text).ok_or(
            "none of volatile-lru, volatile-lfu, volatile-random, volatile-ttl, allkeys-lru, \
             allkeys-lfu, allkeys-random, noeviction",
        )
    }
}

/// A command that gets another name, or none at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The name that the command has.
    pub command: String,
    /// The name that it gets; empty for none.
    pub name: String,
}

impl FromStr for Rename {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (command, name) = text
            .split_once('=')
            .ok_or("not of the form COMMAND=NAME, or COMMAND= to take it away")?;
        Ok(Self {
            command: command.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// Takes whatever a file has for a value and reads its text as a flag's.
struct AsFlag<T>(PhantomData<T>);

impl<T: FromStr<Err = &'static str>> Visitor<'_> for AsFlag<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value as the flag of this name takes it")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<T, E> {
        self.visit_str(if truth { "true" } else { "false" })
    }
}

macro_rules! read_as_flag {
    ($($value:ty),*) => {$(
        impl<'de> Deserialize<'de> for $value {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(AsFlag(PhantomData))
            }
        }
    )*};
}

read_as_flag!(Bytes, Switch, LogFormat, LogLevel, Policy);

/// Text and nothing else: of a number it would not be known how it was spelled.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
