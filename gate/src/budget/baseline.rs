//! `baselines/TARGET.toml`: exact metrics as they were at one commit, against which slow creep is seen.
//!
//! ```toml
//! schema = 1
//! target = "x86_64-linux"            # counts of another machine cannot be compared
//! commit = "5ddad8c1…"
//! toolchain = "rustc 1.95.0 …"       # nor can those of another compiler
//! reason = "embeds the expiry time"  # why a value got worse, where one did
//!
//! [counted_on]                        # where these are the same, the same code counts the same
//! c_library = "glibc 2.36"
//! processor = "AuthenticAMD (avx avx2)"
//! valgrind = "valgrind-3.19.0"        # where instructions are counted
//!
//! [metrics]
//! "bytes_per_key/int" = { value = 32.6, unit = "B" }
//! ```
//!
//! The gate writes the file when it is told to, and a person commits it. Ten rises of 1 % pass a
//! budget of 2 % each; against the baseline they are one rise of 10 %.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CountedOn;
use crate::model::{MetricId, Unit};

/// The schema that this version reads.
const SCHEMA: u32 = 1;
/// The folder that the files lie in, from the top of the repository.
const FOLDER: &str = "baselines";
/// The longest name of an architecture and an operating system.
const TARGET_LEN_MAX: usize = 64;

/// A recorded baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: u32,
    /// Architecture and operating system: `x86_64-linux`.
    pub target: String,
    /// The commit that was counted, in full.
    pub commit: String,
    /// What the toolchain said of itself.
    pub toolchain: String,
    /// Why values got worse since the last recording, where any did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The machine; `None` in a file that does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counted_on: Option<CountedOn>,
    /// The counts.
    pub metrics: BTreeMap<MetricId, Recorded>,
}

/// One recorded count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// Finite and not negative.
    pub value: f64,
    /// What it is counted in.
    pub unit: Unit,
}

/// Why a text is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Not TOML, or not the keys of this schema.
    #[error("{0}")]
    Form(#[from] toml::de::Error),
    /// It cannot be written as TOML.
    #[error("{0}")]
    Write(#[from] toml::ser::Error),
    /// Another schema.
    #[error("schema {0} is not known to this version of gate")]
    Schema(u32),
    /// Nothing in it.
    #[error("it has no metric")]
    Empty,
    /// A value that nothing can count.
    #[error("`{metric}` has the value {value}; it must be a finite number, 0 or more")]
    Value {
        /// The metric.
        metric: MetricId,
        /// The value.
        value: f64,
    },
}

/// The folder that all files lie in, from the top of the repository and with the slash at its end.
#[must_use]
pub fn baseline_folder() -> String {
    format!("{FOLDER}/")
}

/// The first lines in which what two toolchains say of themselves differs.
#[must_use]
pub fn differing<'a>(one: &'a str, other: &'a str) -> (&'a str, &'a str) {
    let mut lines = one.lines().zip(other.lines());
    lines.find(|(one, other)| one != other).unwrap_or((
        one.lines().next().unwrap_or(""),
        other.lines().next().unwrap_or(""),
    ))
}

/// Whether `text` can be a target, as in `x86_64-linux`: it is part of a file's name.
#[must_use]
pub fn is_target(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    (1..=TARGET_LEN_MAX).contains(&text.len()) && text.chars().all(plain)
}

impl Baseline {
    /// A baseline of these counts.
    #[must_use]
    pub fn new(
        target: String,
        commit: String,
        toolchain: String,
        reason: Option<String>,
        counted_on: CountedOn,
        metrics: BTreeMap<MetricId, Recorded>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            target,
            commit,
            toolchain,
            reason,
            counted_on: Some(counted_on),
            metrics,
        }
    }

    /// Where the file for a target lies, from the top of the repository.
    #[must_use]
    pub fn path(target: &str) -> String {
        format!("{FOLDER}/{target}.toml")
    }

    /// The target whose file lies at `path`; `None` where it is no such file.
    #[must_use]
    pub fn target_at(path: &str) -> Option<&str> {
        let name = path.strip_prefix(FOLDER)?.strip_prefix('/')?;
        let target = name.strip_suffix(".toml")?;
        is_target(target).then_some(target)
    }

    /// Reads a file.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let baseline: Self = toml::from_str(text)?;
        baseline.check()?;
        Ok(baseline)
    }

    /// The text of the file.
    pub fn to_text(&self) -> Result<String, BaselineError> {
        self.check()?;
        let head = Self {
            metrics: BTreeMap::new(),
            ..self.clone()
        };
        let mut text = "# Written by `gate baseline record`, for a person to commit. What is counted from now on \
             is\n# held against it, so that many small rises are seen as the large one that they are.\n"
            .to_owned();
        text.push_str(&toml::to_string(&head)?);
        for (id, recorded) in &self.metrics {
            let line = format!(
                "\"{id}\" = {{ value = {:?}, unit = \"{}\" }}\n",
                recorded.value, recorded.unit
            );
            text.push_str(&line);
        }
        Ok(text)
    }

    fn check(&self) -> Result<(), BaselineError> {
        if self.schema != SCHEMA {
            return Err(BaselineError::Schema(self.schema));
        }
        if self.metrics.is_empty() {
            return Err(BaselineError::Empty);
        }
        let wrong = |value: f64| !(value.is_finite() && value >= 0.0);
        match self.metrics.iter().find(|(_, r)| wrong(r.value)) {
            None => Ok(()),
            Some((metric, recorded)) => Err(BaselineError::Value {
                metric: metric.clone(),
                value: recorded.value,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline() -> Baseline {
        let metrics = [("bytes/int", 32.6, "B"), ("count", 7.0, "")].map(|(id, value, unit)| {
            let unit = Unit::new(unit).unwrap();
            (
                MetricId::try_from(id.to_owned()).unwrap(),
                Recorded { value, unit },
            )
        });
        let [target, commit, toolchain] =
            ["x86_64-linux", "5ddad8c", "cc 1\nLLVM 2"].map(str::to_owned);
        let counted_on = CountedOn {
            c_library: Some("glibc 2.36 (Debian 2.36-9)".to_owned()),
            processor: Some("AuthenticAMD (avx avx2)".to_owned()),
            valgrind: None,
        };
        Baseline::new(target, commit, toolchain, None, counted_on, metrics.into())
    }

    #[test]
    fn what_is_written_reads_again() {
        let mut written = baseline();
        let text = written.to_text().unwrap();
        insta::assert_snapshot!(text);
        assert_eq!(Baseline::read(&text).unwrap(), written);
        written.reason = Some("embeds \"the\" expiry".to_owned());
        let text = written.to_text().unwrap();
        assert_eq!(Baseline::read(&text).unwrap(), written);
        written.counted_on = None;
        let text = written.to_text().unwrap();
        assert_eq!(Baseline::read(&text).unwrap(), written);
        assert_eq!(
            Baseline::path("x86_64-linux"),
            "baselines/x86_64-linux.toml"
        );
        let target = Baseline::target_at("baselines/x86_64-linux.toml");
        assert_eq!(target, Some("x86_64-linux"));
        for other in [
            "baselines/.toml",
            "baselines/a b.toml",
            "baselines/old/x86_64-linux.toml",
            "baselines/README.md",
            "old/x86_64-linux.toml",
        ] {
            assert_eq!(Baseline::target_at(other), None, "{other}");
        }
    }

    #[test]
    fn what_nobody_recorded_is_refused() {
        let text = baseline().to_text().unwrap();
        for (from, to, why) in [
            ("schema = 1", "schema = 2", "schema 2 is not known"),
            ("schema = 1", "shema = 1", "unknown field `shema`"),
            ("32.6", "nan", "must be a finite number"),
            ("32.6", "inf", "must be a finite number"),
            ("32.6", "-1.0", "must be a finite number"),
            ("bytes/int", "bytes int", "is no metric id"),
            ("[metrics]", "[metric]", "unknown field `metric`"),
        ] {
            assert!(text.contains(from), "{text}");
            let error = Baseline::read(&text.replacen(from, to, 1)).unwrap_err();
            assert!(error.to_string().contains(why), "{why}: {error}");
        }
        let (empty, _) = text.split_once("\"bytes").unwrap();
        assert!(matches!(Baseline::read(empty), Err(BaselineError::Empty)));
    }
}
