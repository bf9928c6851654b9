//! `gate baseline`: exact metrics as they are, recorded for a person to commit, and the creep since.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};

use super::args::FailOn;
use super::counted::{self, CountedArm, Counting};
use super::error::CliError;
use super::progress::{Chatter, Progress};
use super::revisions::{Sides, SidesSettings};
use super::{EXIT_CODES, Exit};
use crate::budget::{Baseline, BudgetChange, Recorded, baseline_folder, recorded_changes};
use crate::build::{Room, cache_root};
use crate::judge::{Agreement, BaselineInput, BothBaselines, Code, Count, Creep, Taken, creep};
use crate::measure::ExactSettings;
use crate::model::{Arm, MetricId, Samples, Unit, Verdict};
use crate::process::{Interrupt, Plan, ProcessError};
use crate::report::{Remark, baseline_remarks, for_terminal};
use crate::revision::Revision;
use crate::runner::counted_on;

/// Digits of the shortest full name of a commit.
const SHA1_DIGITS: usize = 40;
/// Digits of a commit that are shown.
const SHORT_DIGITS: usize = 10;

#[derive(Debug, ClapArgs)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Count the exact metrics of a commit and write baselines/TARGET.toml, for a person to commit
    Record {
        /// The commit
        #[arg(default_value = "HEAD")]
        revision: String,
        /// Why values got worse since the last recording, where any did
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        budgets: BudgetsArg,
    },
    /// Count the exact metrics and hold them against the baseline, and do nothing else
    ///
    /// Where the code is that of the recorded commit and the machine is of the same kind, every count must be
    /// the recorded one to the last digit. Other code may creep by what `[baseline]` in the budgets allows.
    #[command(after_help = EXIT_CODES)]
    Check {
        /// The revision [default: the working tree as it stands]
        revision: Option<String>,
        #[command(flatten)]
        budgets: BudgetsArg,
    },
}

#[derive(Debug, ClapArgs)]
struct BudgetsArg {
    /// The budgets file, from the top of the repository
    #[arg(long, value_name = "FILE", default_value = "budgets.toml")]
    budgets: PathBuf,
}

/// What can be compared: counts of one architecture and operating system.
fn target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// The baseline that a comparison holds its counts against; its toolchain is known once head is built.
pub(super) fn input(
    sides: &Sides,
    interrupt: &Interrupt,
) -> Result<Option<BaselineInput>, CliError> {
    let of_base = sides
        .base_budgets
        .as_ref()
        .and_then(|base| base.baseline.as_ref());
    if sides.head_budgets.baseline.is_none() && of_base.is_none() {
        return Ok(None);
    }
    let target = target();
    let path = Baseline::path(&target);
    let recorded = read(sides, &sides.head, &path)?;
    let others = others(sides, &path)?;
    Ok(Some(BaselineInput {
        others,
        code: match &recorded {
            Some(recorded) => code(sides, &recorded.commit)?,
            None => Code::Other,
        },
        counted_on: counted_on(
            counted::valgrind_of(&sides.head_budgets).as_deref(),
            interrupt,
        )
        .map_err(ProcessError::from)?,
        recorded,
        before: read(sides, &sides.base, &path)?,
        path,
        target,
        toolchain: None,
    }))
}

/// The files of other targets that head changed.
fn others(sides: &Sides, own: &str) -> Result<Vec<BothBaselines>, CliError> {
    let changed = sides.repository.changed_paths(&sides.base, &sides.head)?;
    changed
        .into_iter()
        .filter(|path| path != own && Baseline::target_at(path).is_some())
        .map(|path| {
            Ok(BothBaselines {
                recorded: read(sides, &sides.head, &path)?,
                before: read(sides, &sides.base, &path)?,
                path,
            })
        })
        .collect()
}

/// Whether head is what was recorded at `commit`, but for the baselines themselves.
fn code(sides: &Sides, commit: &str) -> Result<Code, CliError> {
    let repository = &sides.repository;
    // A branch or a tag would be another commit in another clone.
    let is_full =
        commit.len() >= SHA1_DIGITS && commit.bytes().all(|digit| digit.is_ascii_hexdigit());
    let recorded = if is_full {
        repository.find(commit)?
    } else {
        None
    };
    let Some(recorded) = recorded else {
        let short: String = commit.chars().take(SHORT_DIGITS).collect();
        let how = if repository.is_shallow()? {
            ", which is shallow: `git fetch --unshallow` (`fetch-depth: 0` for actions/checkout) brings it"
        } else {
            ""
        };
        return Ok(Code::Unknown(format!(
            "whether it is the code that was recorded cannot be told, as commit {short} is not in this clone{how}"
        )));
    };
    let changed = repository.changed_paths(&recorded, &sides.head)?;
    let folder = baseline_folder();
    Ok(if changed.iter().all(|path| path.starts_with(&folder)) {
        Code::Same
    } else {
        Code::Other
    })
}

fn read(sides: &Sides, revision: &Revision, path: &str) -> Result<Option<Baseline>, CliError> {
    let Some(bytes) = sides.repository.read(revision, path)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| CliError::NotText {
        file: path.to_owned(),
        revision: revision.short(),
    })?;
    let baseline = Baseline::read(&text).map_err(|source| CliError::Baseline {
        file: path.to_owned(),
        revision: revision.short(),
        source,
    })?;
    Ok(Some(baseline))
}

/// Runs the command.
pub(super) fn run(args: BaselineArgs, repository: Option<&Path>) -> Result<Exit, CliError> {
    let interrupt = Interrupt::install().map_err(|source| CliError::Signals { source })?;
    match args.what {
        What::Record {
            revision,
            reason,
            budgets,
        } => record(revision, reason, budgets, repository, &interrupt),
        What::Check { revision, budgets } => check(revision, budgets, repository, &interrupt),
    }
}

/// A revision as both sides: nothing is compared with anything.
fn alone(
    revision: Option<String>,
    budgets: BudgetsArg,
    repository: Option<&Path>,
) -> Result<Sides, CliError> {
    let settings = SidesSettings {
        base: Some(revision.clone().unwrap_or_else(|| "HEAD".to_owned())),
        head: revision,
        exact_base: true,
        budgets: budgets.budgets,
    };
    Sides::resolve(&settings, repository)
}

fn record(
    revision: String,
    reason: Option<String>,
    budgets: BudgetsArg,
    repository: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<Exit, CliError> {
    let file = budgets.budgets.to_string_lossy().into_owned();
    let sides = alone(Some(revision), budgets, repository)?;
    let Counted { metrics, toolchain } = count(&sides, interrupt)?;
    if metrics.is_empty() {
        return Err(CliError::NothingExact { file });
    }
    let metrics = metrics
        .into_iter()
        .map(|(id, metric)| {
            let value = settled(&id, &metric)?;
            let unit = metric.unit;
            Ok((id, Recorded { value, unit }))
        })
        .collect::<Result<BTreeMap<_, _>, CliError>>()?;
    let target = target();
    let path = Baseline::path(&target);
    let commit = sides.head.commit.clone().unwrap_or_default();
    let count = metrics.len();
    let valgrind = counted::valgrind_of(&sides.head_budgets);
    let counted_on = counted_on(valgrind.as_deref(), interrupt).map_err(ProcessError::from)?;
    let baseline = Baseline::new(target, commit, toolchain, reason, counted_on, metrics);
    let text = baseline.to_text().map_err(|source| CliError::Baseline {
        file: path.clone(),
        revision: sides.head.short(),
        source,
    })?;
    let before = read(&sides, &sides.head, &path)?;
    let unexplained: Vec<_> =
        recorded_changes(before.as_ref(), Some(&baseline), &sides.head_budgets, &path)
            .into_iter()
            .filter(BudgetChange::is_unjustified)
            .collect();
    let file = sides.repository.root().join(&path);
    let folder = file.parent().unwrap_or(&file);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, text))
        .map_err(|source| CliError::Write {
            path: file.clone(),
            source,
        })?;
    let short = sides.head.short();
    say(&format!(
        "{path}: {count} metrics of {short} recorded; commit it, for comparisons to hold their counts \
         against it\n{}",
        needs_a_reason(&unexplained, &path)
    ))?;
    Ok(Exit::Accepted)
}

/// What a comparison will fail for want of a reason, told where the reason can still be given at once.
fn needs_a_reason(unexplained: &[BudgetChange], path: &str) -> String {
    if unexplained.is_empty() {
        return String::new();
    }
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "not recorded".to_owned());
    let line = |change: &BudgetChange| {
        let metric = change.target.trim_start_matches(path).trim_start();
        let told = format!("{metric}: {} -> {}", side(&change.old), side(&change.new));
        format!("  {}", for_terminal(&told))
    };
    let lines: Vec<String> = unexplained.iter().map(line).collect();
    format!(
        "worse than what is recorded there now, or counted elsewhere, for which a comparison fails until the file \
         says why:\n{}\n\
         record it with `gate baseline record --reason \"…\"`, or write `reason = \"…\"` above `[counted_on]`\n",
        lines.join("\n")
    )
}

fn check(
    revision: Option<String>,
    budgets: BudgetsArg,
    repository: Option<&Path>,
    interrupt: &Interrupt,
) -> Result<Exit, CliError> {
    let file = budgets.budgets.to_string_lossy().into_owned();
    let sides = alone(revision, budgets, repository)?;
    let budget = sides.head_budgets.baseline.as_ref();
    let budget = budget.ok_or(CliError::NoCreepBudget { file })?;
    let Some(mut input) = input(&sides, interrupt)? else {
        return Ok(Exit::Accepted);
    };
    let Counted { metrics, toolchain } = count(&sides, interrupt)?;
    input.toolchain = Some(toolchain);
    let mut counts = Vec::new();
    for (id, metric) in &metrics {
        let Some(spec) = sides.head_budgets.metrics.get(id.name()) else {
            continue;
        };
        counts.push(Count {
            id,
            unit: &metric.unit,
            direction: spec.direction,
            value: settled(id, metric)?,
        });
    }
    let crept = creep(budget, &input, counts)?;
    let remarks = baseline_remarks(&input, &crept);
    let line = |remark: &Remark| for_terminal(&remark.to_string());
    let lines: Vec<String> = remarks.iter().map(line).collect();
    let mut text = lines.join("\n");
    let verdict = crept.verdict();
    if let Creep::Judged { agreement, .. } = &crept {
        let same_code = matches!(agreement, Agreement::Demanded);
        text.push_str(match (same_code, verdict) {
            (true, Verdict::Fail) => {
                "\nFAIL: the same code counted differently here than where it was recorded"
            }
            (true, _) => "\nPASS: the same code counted the same here, to the last digit",
            (false, Verdict::Fail) => "\nFAIL: crept too far from the baseline",
            (false, _) => "\nPASS: nothing crept too far from the baseline",
        });
    }
    if let Creep::Outdated(_) = &crept {
        text.push_str("\nWARN: nothing is held against it until then");
    }
    say(&(text + "\n"))?;
    Ok(Exit::of(verdict, FailOn::Fail))
}

/// A metric's unit, and its counts.
struct Exact {
    unit: Unit,
    counts: Vec<f64>,
}

/// The exact metrics of one revision.
struct Counted {
    metrics: BTreeMap<MetricId, Exact>,
    toolchain: String,
}

/// Builds head and counts its exact metrics twice.
fn count(sides: &Sides, interrupt: &Interrupt) -> Result<Counted, CliError> {
    let progress = Progress::new(Chatter::Steps);
    let budgets = &sides.head_budgets;
    let names: Vec<&str> = budgets
        .metrics
        .iter()
        .filter(|(_, spec)| spec.exact)
        .map(|(name, _)| name.as_str())
        .collect();
    let room = Room::open(&cache_root()?, &sides.repository)?;
    progress.step(&format!("building {}", sides.head.short()));
    let built = room.build(
        &sides.repository,
        &sides.head,
        Arm::Head,
        &budgets.subject,
        &room.folder().join("build.log"),
        interrupt,
    )?;
    let placement = Plan::for_this_machine()?;
    let paths = built.artifacts.paths();
    let counting = Counting {
        head: budgets,
        arms: vec![CountedArm {
            arm: Arm::Head,
            budgets: Some(budgets),
            artifacts: &paths,
        }],
        same_bytes: None,
        settings: ExactSettings {
            cores: placement.server.clone(),
            limit: counted::RUN_MAX,
        },
        cores: placement.all(),
        progress: &progress,
        interrupt,
    };
    let mut metrics = BTreeMap::new();
    for metric in counting.count(&names)?.metrics {
        match metric.taken {
            Taken::Samples(Samples::Exact(samples)) => {
                let (unit, counts) = (metric.unit, samples.head);
                metrics.insert(metric.id, Exact { unit, counts });
            }
            Taken::Unavailable(why) => {
                let metric = metric.id;
                return Err(CliError::NotCounted { metric, why });
            }
            _ => {}
        }
    }
    progress.finish();
    Ok(Counted {
        metrics,
        toolchain: built.toolchain,
    })
}

/// The count of a metric that is the same twice.
fn settled(id: &MetricId, metric: &Exact) -> Result<f64, CliError> {
    match metric.counts.as_slice() {
        [first, rest @ ..] if rest.iter().all(|value| value.total_cmp(first).is_eq()) => Ok(*first),
        counts => Err(CliError::NotTheSame {
            metric: id.clone(),
            counts: counts
                .iter()
                .map(f64::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}

fn say(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| CliError::Stdout { source })
}
