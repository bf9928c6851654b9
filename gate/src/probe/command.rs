//! The `command` probe: any program that prints one JSON object a line.
//!
//! ```text
//! {"case": "int", "value": 29.4, "unit": "B"}       case may be left out
//! {"value": 29.4, "unit": "B", "parts": {"entries": 21.0, "index": 8.4}}
//! ```
//!
//! `parts` tell what the value is made of, and must add up to it.
//!
//! The output is taken strictly: a line that is anything else, a value that is negative or not
//! finite, a case twice, or no line at all is an error that names the program, the line and its
//! text. A negative value has no percentage to compare.
//!
//! The program runs in a folder of its own, with a fixed environment, as the size and content of
//! the environment move the stack and with it what is measured.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::model::{MetricId, Share, Shares, Unit};
use crate::process::{Interrupt, Launch, ProcessError, ended_children_cpu, last_lines};

/// The most that a program may print, in bytes.
const OUTPUT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The most lines that a program may print.
const LINES_MAX: usize = 100_000;
/// The most parts of a value, and the longest name of one in bytes.
const PARTS_MAX: usize = 100;
const PART_NAME_LEN_MAX: usize = 60;
/// How far the sum of the parts may be from the value, as a share of it.
const PARTS_ROUNDING: f64 = 1e-9;
/// The most of a line that an error shows, in characters.
const SHOWN_CHARS_MAX: usize = 120;
/// The lines of standard error that an error shows.
const STDERR_LINES: usize = 8;
/// Variables that keep the caller's value.
const KEPT_VARIABLES: [&str; 2] = ["PATH", "HOME"];
/// Variables with a fixed value.
const FIXED_VARIABLES: [(&str, &str); 3] =
    [("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")];

/// One run of a program that prints readings.
#[derive(Debug)]
pub struct CommandProbe<'a> {
    /// Program and arguments, placeholders filled in.
    pub argv: &'a [OsString],
    /// An empty folder to run in.
    pub folder: &'a Path,
    /// Cores to run on; none means any.
    pub cores: &'a [usize],
    /// The longest that it may take.
    pub limit: Duration,
}

/// What a run of a program took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spent {
    /// From its start to its end.
    pub wall: Duration,
    /// CPU time, user and kernel, of the program and of every process that it waited for.
    pub cpu: Duration,
}

/// One value that a program printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The case, where the line named one.
    pub case: Option<String>,
    /// Finite and not negative.
    pub value: f64,
    /// The value's unit.
    pub unit: Unit,
    /// What the value is made of; empty where that is not told.
    pub shares: Shares,
}

/// Why a program yielded no readings.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It could not be run to its end.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It ended with a failure.
    #[error("`{program}` ended with {status}; the last it said:\n{stderr}")]
    Failed {
        /// The command line.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// A line is no reading.
    #[error("line {line} of the output of `{program}` {reason}: {text}")]
    Line {
        /// The command line.
        program: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
        /// The line, cut and escaped.
        text: String,
    },
    /// It printed nothing.
    #[error("`{program}` succeeded but printed no reading")]
    Silent {
        /// The command line.
        program: String,
    },
    /// It printed more than any probe should.
    #[error("`{program}` printed more than {what}")]
    TooMuch {
        /// The command line.
        program: String,
        /// The limit.
        what: String,
    },
    /// Its output could not be read back.
    #[error("cannot read the output of `{program}`: {source}")]
    Output {
        /// The command line.
        program: String,
        /// What the system said.
        source: io::Error,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    case: Option<String>,
    value: f64,
    unit: Unit,
    #[serde(default)]
    parts: BTreeMap<String, f64>,
}

impl CommandProbe<'_> {
    /// Runs the program and reads what it printed.
    pub fn run(&self, interrupt: &Interrupt) -> Result<Vec<Reading>, CommandError> {
        self.execute(interrupt)?;
        let program = self.shown();
        let output = fs::read(self.stdout()).map_err(|source| CommandError::Output {
            program: program.clone(),
            source,
        })?;
        parse(&program, &output)
    }

    /// The file that everything it prints on standard output goes to.
    #[must_use]
    pub fn stdout(&self) -> PathBuf {
        self.folder.join("stdout")
    }

    /// Runs the program to its end, which must be a success.
    pub fn execute(&self, interrupt: &Interrupt) -> Result<Spent, CommandError> {
        let program = self.shown();
        let (stdout, stderr) = (self.stdout(), self.folder.join("stderr"));
        let kept = KEPT_VARIABLES
            .into_iter()
            .filter_map(|name| Some((name.into(), std::env::var_os(name)?)));
        let fixed = FIXED_VARIABLES.map(|(name, value)| (name.into(), value.into()));
        let launch = Launch::new(self.argv)?
            .current_dir(self.folder)
            .only_env(kept.chain(fixed))
            .on_cores(self.cores)
            .with_orphans();
        let cpu_before = ended_children_cpu()?;
        let start = Instant::now();
        let mut child = launch.start_captured(&stdout, &stderr)?;
        let watch = |_: &_| {
            let long = |path| fs::metadata(path).is_ok_and(|m| m.len() > OUTPUT_BYTES_MAX);
            if long(&stdout) || long(&stderr) {
                let what = format!("{} MiB", OUTPUT_BYTES_MAX / (1024 * 1024));
                let program = self.shown();
                return Err(CommandError::TooMuch { program, what });
            }
            Ok(())
        };
        let deadline = Instant::now() + self.limit;
        let status = child.wait_watching(interrupt, Some(deadline), watch)?;
        let spent = Spent {
            wall: start.elapsed(),
            cpu: ended_children_cpu()?.saturating_sub(cpu_before),
        };
        // Quick programs may have ended before anybody looked.
        watch(&child)?;
        let unreadable = |source| CommandError::Output {
            program: program.clone(),
            source,
        };
        if !status.success() {
            return Err(CommandError::Failed {
                status,
                stderr: last_lines(&stderr, STDERR_LINES).map_err(unreadable)?,
                program,
            });
        }
        Ok(spent)
    }

    fn shown(&self) -> String {
        let argv: Vec<_> = self.argv.iter().map(|a| a.to_string_lossy()).collect();
        argv.join(" ")
    }
}

/// Reads a program's whole output.
fn parse(program: &str, output: &[u8]) -> Result<Vec<Reading>, CommandError> {
    let mut readings = Vec::new();
    let mut cases = BTreeSet::new();
    let lines = output.strip_suffix(b"\n").unwrap_or(output);
    for (index, line) in lines.split(|&byte| byte == b'\n').enumerate() {
        if output.is_empty() {
            break;
        }
        if index >= LINES_MAX {
            return Err(CommandError::TooMuch {
                program: program.to_owned(),
                what: format!("{LINES_MAX} lines"),
            });
        }
        let reading = reading(line).and_then(|reading| {
            if cases.insert(reading.case.clone()) {
                return Ok(reading);
            }
            Err(match &reading.case {
                Some(case) => format!("names the case {case:?} a second time"),
                None => "is a second one without a case".to_owned(),
            })
        });
        readings.push(reading.map_err(|reason| CommandError::Line {
            program: program.to_owned(),
            line: index + 1,
            reason,
            text: shown(line),
        })?);
    }
    if readings.is_empty() {
        return Err(CommandError::Silent {
            program: program.to_owned(),
        });
    }
    Ok(readings)
}

fn reading(line: &[u8]) -> Result<Reading, String> {
    let line: Line = serde_json::from_slice(line).map_err(|e| format!("is no reading ({e})"))?;
    if let Some(case) = &line.case {
        // The name before the case is not known here and does not matter.
        MetricId::with_case("m", case)
            .map_err(|_| format!("has a case that cannot be part of a metric's name, {case:?}"))?;
    }
    if !line.value.is_finite() || line.value.is_sign_negative() {
        return Err("has a value that is not a finite number of 0 or more".to_owned());
    }
    Ok(Reading {
        case: line.case,
        shares: shares(line.value, line.parts)?,
        value: line.value,
        unit: line.unit,
    })
}

/// The parts of a value, which add up to it but for what rounding each of them may do.
fn shares(value: f64, parts: BTreeMap<String, f64>) -> Result<Shares, String> {
    if parts.is_empty() {
        return Ok(Shares::new());
    }
    if parts.len() > PARTS_MAX {
        return Err(format!("has more than {PARTS_MAX} parts"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | '-' | ':');
    let fits = |name: &String| {
        !name.is_empty() && name.len() <= PART_NAME_LEN_MAX && name.chars().all(plain)
    };
    if let Some(name) = parts.keys().find(|name| !fits(name)) {
        return Err(format!(
            "has a part {name:?}; use letters, digits, spaces, `_`, `.`, `-` and `:`, at most \
             {PART_NAME_LEN_MAX} bytes"
        ));
    }
    let sum: f64 = parts.values().sum();
    // What is not finite is not close to anything.
    let adds_up = (sum - value).abs() <= value * PARTS_ROUNDING;
    if !adds_up {
        return Err(format!(
            "has parts that add up to {sum}, and not to its value {value}"
        ));
    }
    let share = |own| Share {
        own,
        inclusive: None,
    };
    Ok(parts
        .into_iter()
        .map(|(name, own)| (name, share(own)))
        .collect())
}

/// A line fit for an error message.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    fn run(script: &str) -> Result<Vec<Reading>, String> {
        let folder = TempDir::new().unwrap();
        let argv: Vec<OsString> = ["/bin/sh", "-c", script].map(Into::into).to_vec();
        let probe = CommandProbe {
            argv: &argv,
            folder: folder.path(),
            cores: &[],
            limit: Duration::from_secs(5),
        };
        probe
            .run(&Interrupt::unattached())
            .map_err(|e| e.to_string())
    }

    fn error_of(output: &str) -> String {
        parse("p", output.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn readings_come_from_a_real_program() {
        let readings = run(
            r#"echo '{"case": "int", "value": 29.4, "unit": "B"}'; echo '{"value": 0, "unit": ""}'"#,
        )
        .unwrap();
        let expected = [(Some("int"), 29.4, "B"), (None, 0.0, "")];
        assert_eq!(readings.len(), expected.len());
        for (reading, (case, value, unit)) in readings.iter().zip(expected) {
            assert_eq!(reading.case.as_deref(), case);
            assert_eq!(reading.value.to_bits(), f64::to_bits(value));
            assert_eq!(reading.unit.as_str(), unit);
        }
    }

    #[test]
    fn the_environment_is_fixed_and_the_folder_its_own() {
        let script = "env | grep -E '^(LANG|TZ)=' | sort >&2; ls >&2; \
                      env | cut -d= -f1 | grep -c -vE '^(PWD|OLDPWD|SHLVL|_)$' >&2; exit 1";
        let error = run(script).unwrap_err();
        let kept = KEPT_VARIABLES
            .iter()
            .filter(|v| std::env::var_os(v).is_some());
        let variables = kept.count() + FIXED_VARIABLES.len();
        let expected = format!("LANG=C.UTF-8\nTZ=UTC\nstderr\nstdout\n{variables}");
        assert!(error.ends_with(&expected), "{error}");
    }

    #[test]
    fn a_failing_program_shows_its_last_words() {
        let error =
            run("echo '{}'; echo first >&2; echo cannot map memory >&2; exit 3").unwrap_err();
        assert!(
            error.contains("exit status: 3") && error.ends_with("cannot map memory"),
            "{error}"
        );
    }

    #[test]
    fn a_program_that_hangs_or_floods_is_ended() {
        let folder = TempDir::new().unwrap();
        let probe = |argv: &[OsString], limit| {
            CommandProbe {
                argv,
                folder: folder.path(),
                cores: &[],
                limit,
            }
            .run(&Interrupt::unattached())
            .unwrap_err()
        };
        let sleep: Vec<OsString> = ["sleep", "100"].map(Into::into).to_vec();
        let error = probe(&sleep, Duration::from_millis(40));
        assert!(
            matches!(error, CommandError::Process(ProcessError::TimedOut { .. })),
            "{error}"
        );
        let flood: Vec<OsString> = ["yes"].map(Into::into).to_vec();
        let error = probe(&flood, Duration::from_secs(20));
        assert!(matches!(error, CommandError::TooMuch { .. }), "{error}");
    }

    #[test]
    fn every_kind_of_rubbish_is_refused_with_its_line() {
        let good = r#"{"case": "a", "value": 1, "unit": "B"}"#;
        for (bad, expected) in [
            ("rubbish", "is no reading"),
            ("", "is no reading"),
            ("[]", "is no reading"),
            (r#"{"value": NaN, "unit": "B"}"#, "is no reading"),
            (r#"{"value": 1e999, "unit": "B"}"#, "is no reading"),
            (r#"{"value": "1", "unit": "B"}"#, "is no reading"),
            (r#"{"value": null, "unit": "B"}"#, "is no reading"),
            (r#"{"value": 1}"#, "missing field `unit`"),
            (r#"{"unit": "B"}"#, "missing field `value`"),
            (r#"{"value": 1, "unit": "|"}"#, "is no unit"),
            (r#"{"value": 1, "unit": "B", "x": 1}"#, "unknown field `x`"),
            (
                r#"{"value": -1, "unit": "B"}"#,
                "finite number of 0 or more",
            ),
            (r#"{"case": "", "value": 1, "unit": "B"}"#, "cannot be part"),
            (
                r#"{"case": "a b", "value": 1, "unit": "B"}"#,
                "cannot be part",
            ),
            (
                r#"{"value": 3, "unit": "B", "parts": {"a": 1, "b": 1.5}}"#,
                "parts that add up to 2.5, and not to its value 3",
            ),
            (
                r#"{"value": 3, "unit": "B", "parts": {"<b>": 3}}"#,
                "has a part \"<b>\"",
            ),
            (
                r#"{"value": 3, "unit": "B", "parts": {"a": "3"}}"#,
                "is no reading",
            ),
            (good, "names the case \"a\" a second time"),
        ] {
            let error = error_of(&format!("{good}\n{bad}\n"));
            assert!(error.starts_with("line 2 of the output of `p`"), "{error}");
            assert!(error.contains(expected), "{bad}: {error}");
            assert!(error.contains(&format!("{bad:?}")), "{bad}: {error}");
        }
        assert!(error_of("").contains("printed no reading"));
        assert!(error_of("\n").contains("line 1"));
        let line_separated = r#"{"value": 1, "unit": ""}"#;
        assert!(
            error_of(&format!("{line_separated}\n{line_separated}")).contains("without a case")
        );
        let many: Vec<_> = (0..=LINES_MAX)
            .map(|i| format!(r#"{{"case": "{i}", "value": 1, "unit": ""}}"#))
            .collect();
        assert!(error_of(&many.join("\n")).contains("100000 lines"));
        let long = "x".repeat(10_000);
        assert!(error_of(&long).len() < 400);
    }

    proptest! {
        #[test]
        fn no_output_panics_and_what_is_taken_is_a_finite_value(
            lines in prop::collection::vec(
                prop_oneof![any::<String>(), "\\{\"value\": ?-?[0-9.eE+-]{1,8}, ?\"unit\": ?\"[A-Z]?\"\\}"],
                0..4,
            )
        ) {
            if let Ok(readings) = parse("p", lines.join("\n").as_bytes()) {
                for reading in readings {
                    prop_assert!(reading.value.is_finite() && reading.value >= 0.0);
                }
            }
        }
    }
}
