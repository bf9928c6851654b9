//! `gate cache`: what a run can take over from an earlier one, for a cache of a CI service.
//!
//! ```text
//! push to the default branch   gate cache key --head; not kept yet: gate cache fill, and keep FOLDER
//! pull request                 gate cache key (of base); restore FOLDER; gate compare builds head only
//! ```
//!
//! The key is `gate-RECIPE-TREE`: everything that decides what a build leaves behind. Another tree with
//! the same recipe is worth restoring too, since its build is where this one's can start.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Subcommand};

use super::error::CliError;
use super::revisions::{Sides, SidesSettings};
use super::settings::{input, step};
use crate::build::{CacheKey, Room, cache_root};
use crate::model::Arm;
use crate::process::Interrupt;

#[derive(Debug, ClapArgs)]
pub(super) struct CacheArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Print the key and the folder of what a comparison takes over for its base
    Key {
        /// As for `gate compare`
        base: Option<String>,
        /// As for `gate compare`
        head: Option<String>,
        /// The key of what is checked out, as `gate cache fill` keeps it
        #[arg(long = "head", conflicts_with = "base")]
        of_head: bool,
        #[command(flatten)]
        budgets: BudgetsArg,
    },
    /// Build a revision, for later comparisons with it
    Fill {
        /// The revision [default: the commit that is checked out]
        revision: Option<String>,
        #[command(flatten)]
        budgets: BudgetsArg,
    },
}

#[derive(Debug, ClapArgs)]
struct BudgetsArg {
    /// The budgets file, from the top of the repository [default: budgets.toml]
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
}

impl BudgetsArg {
    fn resolved(self) -> PathBuf {
        self.budgets
            .or_else(|| input("GATE_BUDGETS").map(PathBuf::from))
            .unwrap_or_else(|| PathBuf::from("budgets.toml"))
    }
}

/// Runs the command.
pub(super) fn run(args: CacheArgs, repository: Option<&Path>) -> Result<(), CliError> {
    let interrupt = Interrupt::install().map_err(|source| CliError::Signals { source })?;
    match args.what {
        What::Key {
            base,
            head,
            of_head: false,
            budgets,
        } => {
            let settings = SidesSettings {
                base: base.or_else(|| input("GATE_BASE")),
                head: head.or_else(|| input("GATE_HEAD")),
                exact_base: false,
                budgets: budgets.resolved(),
            };
            let sides = Sides::resolve(&settings, repository)?;
            let room = Room::open(&cache_root()?, &sides.repository)?;
            let subject = &sides
                .base_budgets
                .as_ref()
                .unwrap_or(&sides.head_budgets)
                .subject;
            let key = room.key(
                &sides.repository,
                &sides.base,
                Arm::Base,
                subject,
                &interrupt,
            )?;
            tell(&key, &room)
        }
        What::Key { budgets, .. } => {
            let sides = alone(None, budgets, repository)?;
            let room = Room::open(&cache_root()?, &sides.repository)?;
            tell_head(&sides, &room, &interrupt)
        }
        What::Fill { revision, budgets } => {
            let sides = alone(revision, budgets, repository)?;
            let room = Room::open(&cache_root()?, &sides.repository)?;
            let subject = &sides.head_budgets.subject;
            let log = room.folder().join("build.log");
            room.build(
                &sides.repository,
                &sides.head,
                Arm::Head,
                subject,
                &log,
                &interrupt,
            )?;
            tell_head(&sides, &room, &interrupt)
        }
    }
}

/// Tells what head's artifacts are kept under.
fn tell_head(sides: &Sides, room: &Room, interrupt: &Interrupt) -> Result<(), CliError> {
    let subject = &sides.head_budgets.subject;
    let key = room.key(
        &sides.repository,
        &sides.head,
        Arm::Head,
        subject,
        interrupt,
    )?;
    tell(&key, room)
}

/// One revision as both sides.
fn alone(
    revision: Option<String>,
    budgets: BudgetsArg,
    repository: Option<&Path>,
) -> Result<Sides, CliError> {
    let name = revision
        .or_else(|| input("GATE_HEAD"))
        .unwrap_or_else(|| "HEAD".to_owned());
    let settings = SidesSettings {
        base: Some(name.clone()),
        head: Some(name),
        exact_base: true,
        budgets: budgets.resolved(),
    };
    Sides::resolve(&settings, repository)
}

fn tell(key: &CacheKey, room: &Room) -> Result<(), CliError> {
    let prefix = format!("gate-{}-", key.recipe());
    let whole = format!("{prefix}{}", key.tree);
    let folder = room.folder().to_string_lossy();
    let step = step()?;
    step.set("cache-key", &whole)?;
    step.set("cache-prefix", &prefix)?;
    step.set("cache-folder", &folder)?;
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        "key:    {whole}\nprefix: {prefix}\nfolder: {folder}"
    )
    .and_then(|()| stdout.flush())
    .map_err(|source| CliError::Stdout { source })
}
