//! `[subject]` and `[run]`: what is built, how it is started, how long and how sure a run is.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use globset::Glob;
use toml::Spanned;

use super::super::error::{Found, Located, Mistake};
use super::super::file::{RunTable, ServeTable, SubjectTable, Text, Words};
use super::super::nearest::Names;
use super::super::placeholder::{self, FILL_IN};
use super::super::spec::{Inconclusive, Ready, Run, Serve, Subject};
use super::value::{max_time, missing, reason, word};

/// What an undecided metric may do to a run.
pub(in crate::budget) const UNDECIDED: [(&str, Inconclusive); 2] =
    [("warn", Inconclusive::Warn), ("fail", Inconclusive::Fail)];
/// The longest artifact name, in bytes: it becomes a file name in the cache.
const NAME_LEN_MAX: usize = 120;

pub(super) fn subject(table: Spanned<SubjectTable>, text: &str) -> Found<Subject> {
    let span = table.span();
    let table = table.into_inner();
    let absent = |key, example| missing(span.clone(), "[subject]", key, example);
    let build = table
        .build
        .ok_or_else(|| absent("build", "build = [\"cargo\", \"build\", \"--release\"]"))?;
    let artifacts = table.artifacts.ok_or_else(|| {
        let example = "artifacts = { server = \"target/release/server\" }";
        absent("artifacts", example)
    })?;
    let artifacts = self::artifacts(artifacts)?;
    Ok(Subject {
        build: program("build", build)?,
        toolchain: table
            .toolchain
            .map(|words| program("toolchain", words))
            .transpose()?,
        harness: table.harness.map(harness).transpose()?.unwrap_or_default(),
        serve: table
            .serve
            .map(|table| serve(table, &artifacts, text))
            .transpose()?,
        artifacts,
    })
}

/// Globs of paths from the root of the repository.
fn harness(words: Words) -> Found<Vec<String>> {
    words
        .into_inner()
        .into_iter()
        .map(|word| {
            is_filled_in(&word)?;
            if word.get_ref().is_empty() {
                return Err(Located::new(word.span(), Mistake::Glob(String::new())));
            }
            if let Err(error) = Glob::new(word.get_ref()) {
                let why = format!(" ({})", error.kind());
                return Err(Located::new(word.span(), Mistake::Glob(why)));
            }
            Ok(word.into_inner())
        })
        .collect()
}

fn artifacts(tables: Spanned<BTreeMap<Text, Text>>) -> Found<BTreeMap<String, String>> {
    if tables.get_ref().is_empty() {
        return Err(Located::new(tables.span(), Mistake::NoArtifacts));
    }
    tables
        .into_inner()
        .into_iter()
        .map(|(name, path)| {
            artifact_name(&name)?;
            is_filled_in(&path)?;
            artifact_path(&path)?;
            Ok((name.into_inner(), path.into_inner()))
        })
        .collect()
}

/// What stands for something else in commands.
const RESERVED: [&str; 3] = ["port", "case", "count"];

fn artifact_name(name: &Text) -> Found<()> {
    let text = name.get_ref();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mistake = if RESERVED.contains(&text.as_str()) {
        Mistake::ReservedName(text.clone())
    } else if text.is_empty() || text.len() > NAME_LEN_MAX || !text.chars().all(plain) {
        Mistake::Name {
            what: "an artifact",
            name: text.clone(),
            marks: ", `_` and `-`",
        }
    } else {
        return Ok(());
    };
    Err(Located::new(name.span(), mistake))
}

fn artifact_path(path: &Text) -> Found<()> {
    let text = path.get_ref();
    let parts = || Path::new(text).components();
    let why = if text.contains(char::is_control) {
        "contains a control character"
    } else if parts().any(|part| matches!(part, Component::RootDir | Component::Prefix(_))) {
        "does not start at the root of the repository"
    } else if parts().any(|part| part == Component::ParentDir) {
        "leaves its folder by `..`"
    } else if !matches!(parts().next_back(), Some(Component::Normal(_))) {
        "names no file"
    } else {
        return Ok(());
    };
    let path_text = text.clone();
    let mistake = Mistake::ArtifactPath {
        path: path_text,
        why,
    };
    Err(Located::new(path.span(), mistake))
}

fn serve(
    table: Spanned<ServeTable>,
    artifacts: &BTreeMap<String, String>,
    text: &str,
) -> Found<Serve> {
    let span = table.span();
    let table = table.into_inner();
    let command = table.command.ok_or_else(|| {
        let example = "command = [\"{server}\", \"--port\", \"{port}\"]";
        missing(span, "[subject.serve]", "command", example)
    })?;
    let command_span = command.span();
    let command = filled("command", command, artifacts, Filled::WithPort, text)?;
    if !command
        .iter()
        .any(|word| placeholder::names(word).any(|name| name == "port"))
    {
        return Err(Located::new(command_span, Mistake::ServeWithoutPort));
    }
    Ok(Serve {
        command,
        ready: table.ready.as_ref().map_or(Ok(Ready::Resp), ready)?,
    })
}

fn ready(written: &Text) -> Found<Ready> {
    let found = written.get_ref();
    match found.as_str() {
        "resp" => Ok(Ready::Resp),
        "tcp" => Ok(Ready::Tcp),
        // The path goes into a request line, where a space or a line break would end it.
        _ => match found.strip_prefix("http:") {
            Some(path) if path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()) => {
                Ok(Ready::Http(path.to_owned()))
            }
            _ => {
                let found = found.clone();
                Err(Located::new(written.span(), Mistake::Ready { found }))
            }
        },
    }
}

pub(super) fn run(table: RunTable) -> Found<Run> {
    let default = Run::default();
    let confidence = match table.confidence {
        // NaN is on neither side, so the test is for lying inside.
        Some(value) if !(*value.get_ref() > 0.5 && *value.get_ref() < 1.0) => {
            let mistake = Mistake::Confidence(*value.get_ref());
            return Err(Located::new(value.span(), mistake));
        }
        Some(value) => value.into_inner(),
        None => default.confidence,
    };
    Ok(Run {
        max_time: table
            .max_time
            .as_ref()
            .map_or(Ok(default.max_time), max_time)?,
        confidence,
        inconclusive: table
            .inconclusive
            .map_or(Ok(default.inconclusive), |text| {
                word("inconclusive", &text, &UNDECIDED)
            })?,
        reason: table.reason.as_ref().map(reason).transpose()?,
    })
}

/// Refuses what `gate init` could not find out and nobody has written since.
fn is_filled_in(word: &Text) -> Found<()> {
    if word.get_ref().contains(FILL_IN) {
        return Err(Located::new(word.span(), Mistake::NotFilledIn));
    }
    Ok(())
}

/// A program and its arguments, in which nothing is filled in.
fn program(key: &'static str, words: Words) -> Found<Vec<String>> {
    if words
        .get_ref()
        .first()
        .is_none_or(|first| first.get_ref().trim().is_empty())
    {
        return Err(Located::new(words.span(), Mistake::EmptyCommand(key)));
    }
    words
        .into_inner()
        .into_iter()
        .map(|word| {
            is_filled_in(&word)?;
            // The operating system ends an argument there.
            if word.get_ref().contains('\0') {
                return Err(Located::new(word.span(), Mistake::ControlCharacter(key)));
            }
            Ok(word.into_inner())
        })
        .collect()
}

/// What may be filled into a command.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Filled {
    /// The artifacts.
    Artifacts,
    /// The artifacts, a case and a number of operations.
    Operations,
    /// The artifacts, and the port of a server.
    WithPort,
}

/// A program and its arguments, every placeholder known and one of them an artifact.
pub(super) fn filled(
    key: &'static str,
    words: Words,
    artifacts: &BTreeMap<String, String>,
    filled: Filled,
    text: &str,
) -> Found<Vec<String>> {
    // Before anything else that is wrong with it.
    words.get_ref().iter().try_for_each(is_filled_in)?;
    let names = || artifacts.keys().map(|name| format!("{{{name}}}"));
    let mut uses_artifact = false;
    for word in words.get_ref() {
        for name in placeholder::names(word.get_ref()) {
            let mistake = match name {
                "port" if filled == Filled::WithPort => continue,
                "case" | "count" if filled == Filled::Operations => continue,
                "port" => Mistake::PortOutsideServe,
                name if artifacts.contains_key(name) => {
                    uses_artifact = true;
                    continue;
                }
                name => Mistake::UnknownPlaceholder {
                    key,
                    name: name.to_owned(),
                    known: match filled {
                        Filled::Artifacts => Names::new(names()),
                        Filled::Operations => {
                            let more = ["{case}", "{count}"].map(str::to_owned);
                            Names::new(names().chain(more))
                        }
                        Filled::WithPort => Names::new(names().chain(["{port}".to_owned()])),
                    },
                },
            };
            let span = word.span();
            let written = text.get(span.clone()).unwrap_or_default();
            // Not found where the braces are written as escapes: then the whole word is marked.
            let marked = written
                .find(&format!("{{{name}}}"))
                .map_or(span.clone(), |at| {
                    let start = span.start + at;
                    start..start + name.len() + 2
                });
            return Err(Located::new(marked, mistake));
        }
    }
    let span = words.span();
    let command = program(key, words)?;
    if !uses_artifact {
        let known = Names::new(names());
        return Err(Located::new(span, Mistake::NoArtifactUsed { key, known }));
    }
    Ok(command)
}
