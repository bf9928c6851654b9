//! What becomes of a report: files, standard output, the step of a GitHub Action.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::Format;
use super::error::CliError;
use super::revisions::Sides;
use super::settings::CompareSettings;
use crate::judge::JudgeInput;
use crate::model::{Breakdown, MetricId, Verdict};
use crate::publish::{Step, write_report};
use crate::report::{self, Palette, Report, RunFacts, Runner, Timing, Tool};
use crate::revision::Repository;
use crate::{revision, runner};

/// What a comparison leaves in the output folder.
pub(super) const REPORT_FILES: [&str; 2] = ["report.json", "report.md"];

/// Removes the `files` of an earlier run from the output folder: where this one cannot judge, nobody
/// shall take what that one found for it.
pub(super) fn forget(
    out: Option<&Path>,
    repository: &Repository,
    files: &[&str],
) -> Result<(), CliError> {
    let folder = path(out, repository);
    for file in files {
        match std::fs::remove_file(folder.join(file)) {
            Err(source) if !is_absent(&source) => {
                return Err(CliError::Out {
                    path: folder,
                    source,
                });
            }
            _ => {}
        }
    }
    Ok(())
}

/// A file of the way may stand where a folder is looked for; that is told when the folder is made.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn path(out: Option<&Path>, repository: &Repository) -> PathBuf {
    out.map_or_else(|| repository.root().join("target/gate"), Path::to_owned)
}

/// The output folder, which no other run writes into as long as this lives.
pub(super) struct OutFolder {
    pub(super) path: PathBuf,
    /// Closing it gives the lock back.
    _lock: File,
}

/// The output folder, made where it is missing.
pub(super) fn folder(out: Option<&Path>, sides: &Sides) -> Result<OutFolder, CliError> {
    let path = path(out, &sides.repository);
    let io = |source| CliError::Out {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(&path).map_err(io)?;
    // The folder is ours; without this its files would count as changes of the working tree.
    if out.is_none() {
        std::fs::write(path.join(".gitignore"), "*\n").map_err(io)?;
    }
    let lock = File::open(&path).map_err(io)?;
    // Not every file system has locks.
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        return Err(CliError::OutBusy { path });
    }
    Ok(OutFolder {
        path: path.canonicalize().map_err(io)?,
        _lock: lock,
    })
}

/// Builds the report, leaves its files, and prints what was asked for.
pub(super) fn publish(
    settings: &CompareSettings,
    out: &Path,
    facts: RunFacts,
    input: &JudgeInput,
) -> Result<Verdict, CliError> {
    let report = Report::new(facts, input)?;
    deliver(&report, settings.format, Some(out), &settings.step)?;
    Ok(report.verdict)
}

/// A folder that the user named, made where it is missing.
pub(super) fn made(path: &Path) -> Result<PathBuf, CliError> {
    let made = std::fs::create_dir_all(path).and_then(|()| path.canonicalize());
    made.map_err(|source| CliError::Out {
        path: path.to_owned(),
        source,
    })
}

/// Leaves the report's files in `out`, prints what was asked for, and tells the step.
pub(super) fn deliver(
    report: &Report,
    format: Format,
    out: Option<&Path>,
    step: &Step,
) -> Result<(), CliError> {
    let (json, markdown) = (report.to_json()?, report::markdown(report));
    if let Some(out) = out {
        for (file, text) in REPORT_FILES.into_iter().zip([&json, &markdown]) {
            write_report(out, file, text)?;
        }
    }
    let text = match format {
        Format::Table => report::table(report, palette()),
        Format::Markdown => markdown.clone(),
        Format::Json => json,
        Format::None => String::new(),
    };
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| CliError::Stdout { source })?;
    step.set("verdict", &report.verdict.to_string())?;
    if let Some(out) = out {
        step.set("report-json", &out.join("report.json").to_string_lossy())?;
        step.set("report-md", &out.join("report.md").to_string_lossy())?;
    }
    step.summarise(&markdown)?;
    Ok(())
}

/// Colours for a terminal, unless the user wants none (no-color.org).
fn palette() -> Palette {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if std::io::stdout().is_terminal() && !no_colour {
        Palette::Ansi
    } else {
        Palette::Plain
    }
}

/// What the report says beside the metrics.
pub(super) fn facts(
    sides: &Sides,
    seed: u64,
    machine: &runner::Runner,
    timings: &[(&str, Duration)],
    breakdowns: &BTreeMap<MetricId, Breakdown>,
) -> Result<RunFacts, CliError> {
    Ok(RunFacts {
        harness: sides.touched_harness()?,
        base: revision(&sides.base),
        head: revision(&sides.head),
        runner: runner(machine),
        runners: Vec::new(),
        seed,
        tool: Tool {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        timings: timings
            .iter()
            .map(|(step, time)| Timing {
                step: (*step).to_owned(),
                seconds: time.as_secs_f64(),
            })
            .collect(),
        notes: Vec::new(),
        breakdowns: breakdowns.clone(),
    })
}

fn revision(revision: &revision::Revision) -> report::Revision {
    report::Revision {
        revision: revision.name.clone(),
        commit: revision.commit.clone(),
        tree: revision.tree.clone(),
    }
}

/// The machine as the report tells it.
pub(super) fn runner(machine: &runner::Runner) -> Runner {
    let placement = &machine.placement;
    let used: BTreeSet<&usize> = placement.server.iter().chain(&placement.load).collect();
    let used = u32::try_from(used.len()).unwrap_or(u32::MAX);
    let guest = machine.virtual_machine.clone();
    Runner {
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        kernel: machine.kernel.clone(),
        libc: machine.c_library.clone(),
        cpu: machine.cpu_model.clone(),
        cores: machine.cores.unwrap_or(used),
        governor: machine.governor.clone(),
        memory_bytes: machine.memory_bytes,
        load_1m: machine.load_average,
        memory_stall_pct: machine.memory_stall_pct,
        placement: format!(
            "server on {}, load on {}",
            cores(&placement.server),
            cores(&placement.load)
        ),
        notes: guest.into_iter().chain(placement.note.clone()).collect(),
    }
}

fn cores(cores: &[usize]) -> String {
    let numbers: Vec<String> = cores.iter().map(usize::to_string).collect();
    match numbers.as_slice() {
        [] => "any core".to_owned(),
        [one] => format!("core {one}"),
        more => format!("cores {}", more.join(", ")),
    }
}
