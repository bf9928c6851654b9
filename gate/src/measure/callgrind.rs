//! Instructions of an operation: a program run under valgrind at two counts, twice on each arm.
//!
//! ```text
//! instructions
//!      │            ● many        value = (I(many) - I(few)) / (many - few)
//!      │      ·  ·                what one more operation takes, as an exact fraction;
//!      │  ● few                   what comes before the first drops out
//!      └──────────────── count
//! ```
//!
//! Instructions do not depend on what else the machine does, so the runs share out all cores. Each has
//! an empty folder with links to its arm's artifacts, so that both arms start a program of the same
//! name: its path is on the stack of the program.
//!
//! Invariant: more operations take more instructions, or the program does not do what it is told.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::{self, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::MeasureError;
use super::exact::{ExactMetric, RUNS};
use crate::budget::{self, Callgrind};
use crate::model::{Arm, MetricId, Share, Shares, Unit};
use crate::probe::{ArgvError, CallgrindProbe, Cost, Profile};
use crate::process::Interrupt;

/// One arm's program.
#[derive(Debug, Clone, Copy)]
pub struct CallgrindArm<'a> {
    /// Whose it is.
    pub arm: Arm,
    /// What is run.
    pub spec: &'a Callgrind,
    /// Paths of the artifacts, by name.
    pub artifacts: &'a BTreeMap<String, PathBuf>,
}

/// How programs are run.
#[derive(Debug, Clone)]
pub struct CallgrindSettings {
    /// Where valgrind is.
    pub valgrind: PathBuf,
    /// Cores to run on, one run on each; none means one run at a time, on any.
    pub cores: Vec<usize>,
    /// The longest that one run may take.
    pub limit: Duration,
}

/// One run of one program.
struct Task<'a> {
    arm: CallgrindArm<'a>,
    case: Option<&'a str>,
    count: Option<u32>,
}

/// Counts every case of every arm twice; the values by metric and case.
///
/// `arms` has base, head or both: an arm whose budgets lack the metric is left out.
pub fn measure_callgrind(
    metric: &str,
    arms: &[CallgrindArm<'_>],
    settings: &CallgrindSettings,
    interrupt: &Interrupt,
) -> Result<BTreeMap<MetricId, ExactMetric>, MeasureError> {
    let mut metrics: BTreeMap<MetricId, ExactMetric> = BTreeMap::new();
    let tasks: Vec<Task<'_>> = arms.iter().flat_map(tasks_of).collect();
    let mut profiles = run_all(metric, &tasks, settings, interrupt)?.into_iter();
    for arm in arms {
        for case in cases(arm.spec) {
            let id = match case {
                Some(case) => MetricId::with_case(metric, case)?,
                None => MetricId::new(metric)?,
            };
            let unit = Unit::new(Callgrind::UNIT)?;
            let entry = metrics
                .entry(id.clone())
                .or_insert_with(|| ExactMetric::new(unit));
            for _ in 0..RUNS {
                let (value, shares) = value(&id, arm, &mut profiles)?;
                entry.push(arm.arm, value, shares)?;
            }
        }
    }
    Ok(metrics)
}

/// What is run for an arm: by case, by run, by count.
fn tasks_of<'a>(arm: &CallgrindArm<'a>) -> Vec<Task<'a>> {
    let arm = *arm;
    let counts = match arm.spec.counts {
        Some(counts) => counts.map(Some).to_vec(),
        None => vec![None],
    };
    let mut tasks = Vec::new();
    for case in cases(arm.spec) {
        for _ in 0..RUNS {
            tasks.extend(counts.iter().map(|&count| Task { arm, case, count }));
        }
    }
    tasks
}

fn cases(spec: &Callgrind) -> Vec<Option<&str>> {
    match spec.cases.as_slice() {
        [] => vec![None],
        cases => cases.iter().map(|case| Some(case.as_str())).collect(),
    }
}

/// One value and what it is made of, from the profiles of one run, which come in the order of their
/// tasks.
fn value(
    id: &MetricId,
    arm: &CallgrindArm<'_>,
    profiles: &mut impl Iterator<Item = Profile>,
) -> Result<(f64, Shares), MeasureError> {
    let mut next = || profiles.next().ok_or(MeasureError::Arms);
    let first = next()?;
    let Some(counts @ [few, many]) = arm.spec.counts else {
        let shares = shares(&Profile::default(), &first, 1);
        return Ok((number(first.total), shares));
    };
    let second = next()?;
    match second.total.checked_sub(first.total) {
        Some(more) if more > 0 => {
            let operations = many - few;
            let shares = shares(&first, &second, operations);
            Ok((number(more) / f64::from(operations), shares))
        }
        _ => Err(MeasureError::NotMore {
            id: id.clone(),
            arm: arm.arm,
            counts,
            instructions: [first.total, second.total],
        }),
    }
}

/// What each function took of one more operation; those of starting up take none.
fn shares(few: &Profile, many: &Profile, operations: u32) -> Shares {
    let slope = |few: u64, many: u64| {
        let size = number(many.abs_diff(few)) / f64::from(operations);
        if many < few { -size } else { size }
    };
    let share = |(name, many): (&String, &Cost)| {
        let few = few.functions.get(name).copied().unwrap_or_default();
        let share = Share {
            own: slope(few.own, many.own),
            inclusive: Some(slope(few.inclusive, many.inclusive)),
        };
        (many.own != few.own).then(|| (name.clone(), share))
    };
    many.functions.iter().filter_map(share).collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a run of more than 2^53 instructions would take years under valgrind"
)]
const fn number(instructions: u64) -> f64 {
    instructions as f64
}

/// Runs the tasks, as many at once as there are cores; the profiles in the order of the tasks.
fn run_all(
    metric: &str,
    tasks: &[Task<'_>],
    settings: &CallgrindSettings,
    interrupt: &Interrupt,
) -> Result<Vec<Profile>, MeasureError> {
    let room = TempDir::with_prefix("gate-exact-").map_err(MeasureError::Folder)?;
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let outcomes = Mutex::new(BTreeMap::new());
    let work = |core: &[usize]| {
        while !failed.load(Relaxed) {
            let index = next.fetch_add(1, Relaxed);
            let Some(task) = tasks.get(index) else { break };
            let folder = room.path().join(index.to_string());
            let outcome = run(metric, task, &folder, core, settings, interrupt);
            failed.fetch_or(outcome.is_err(), Relaxed);
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes.insert(index, outcome);
        }
    };
    thread::scope(|scope| {
        let (work, cores) = (&work, settings.cores.as_slice());
        let (first, others) = cores.split_at(cores.len().min(1));
        for core in others.chunks(1) {
            scope.spawn(move || work(core));
        }
        work(first);
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    outcomes.into_values().collect()
}

fn run(
    metric: &str,
    task: &Task<'_>,
    folder: &Path,
    core: &[usize],
    settings: &CallgrindSettings,
    interrupt: &Interrupt,
) -> Result<Profile, MeasureError> {
    let of_argv = |source| MeasureError::Argv {
        metric: metric.to_owned(),
        arm: task.arm.arm,
        source,
    };
    std::fs::create_dir(folder).map_err(MeasureError::Folder)?;
    for (name, artifact) in task.arm.artifacts {
        let target = path::absolute(artifact).map_err(|source| {
            let path = artifact.clone();
            of_argv(ArgvError::Path { path, source })
        })?;
        symlink(target, folder.join(name)).map_err(MeasureError::Folder)?;
    }
    let argv = task.argv().map_err(of_argv)?;
    let probe = CallgrindProbe {
        valgrind: &settings.valgrind,
        argv: &argv,
        folder,
        cores: core,
        limit: settings.limit,
    };
    let profile = probe
        .run(interrupt)
        .map_err(|source| MeasureError::Callgrind {
            metric: metric.to_owned(),
            arm: task.arm.arm,
            source,
        })?;
    std::fs::remove_dir_all(folder).map_err(MeasureError::Folder)?;
    Ok(profile)
}

impl Task<'_> {
    fn argv(&self) -> Result<Vec<OsString>, ArgvError> {
        let value = |name: &str| match name {
            "case" => self.case.map(str::to_owned),
            "count" => self.count.map(|count| count.to_string()),
            name => self
                .arm
                .artifacts
                .contains_key(name)
                .then(|| format!("./{name}")),
        };
        let words = self.arm.spec.run.iter();
        words
            .map(|word| {
                let filled = budget::fill(word, value).map_err(|name| ArgvError::Unknown {
                    name,
                    argument: word.clone(),
                    known: self
                        .arm
                        .artifacts
                        .keys()
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", "),
                })?;
                Ok(OsString::from(filled))
            })
            .collect()
    }
}
