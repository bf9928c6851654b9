//! `gate init`: a budgets file and workflows for the repository that it is run in.
//!
//! ```text
//! look at the repository ─► what it builds, how it serves ─► budgets.toml, every value commented
//!                           what nobody can tell: FILL-IN, which `gate check` refuses
//! default branch ─────────► the example workflows, with it in place of main
//! ```

mod budgets_file;
mod project;
mod workflows;

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use clap::Args as ClapArgs;

use super::error::CliError;
use crate::budget;
use crate::revision::Repository;
use workflows::ActionReference;

#[derive(Debug, ClapArgs)]
pub(super) struct InitArgs {
    /// Write over files that are there already
    #[arg(long)]
    force: bool,

    /// Where workflows take gate from [default: what this binary was released from]
    #[arg(long, value_name = "OWNER/REPOSITORY@COMMIT", value_parser = ActionReference::new)]
    action: Option<ActionReference>,
}

/// Runs the command.
pub(super) fn run(args: &InitArgs, repository: Option<&Path>) -> Result<(), CliError> {
    let repository = Repository::discover(repository.unwrap_or(Path::new(".")))?;
    let root = repository.root();
    let project = project::look(&repository);
    let budgets = budgets_file::text(&project);
    let action = args.action.clone().or_else(ActionReference::of_this_binary);
    let branch = workflows::default_branch(&repository);
    let files = [
        ("budgets.toml", budgets.clone()),
        (
            ".github/workflows/gate.yml",
            workflows::measure(&branch, action.as_ref()),
        ),
        (
            ".github/workflows/gate-comment.yml",
            workflows::post(action.as_ref()),
        ),
    ];
    let there: Vec<String> = files
        .iter()
        .filter(|(path, _)| root.join(path).symlink_metadata().is_ok())
        .map(|(path, _)| (*path).to_owned())
        .collect();
    if !there.is_empty() && !args.force {
        return Err(CliError::AlreadyThere { files: there });
    }
    for (path, text) in &files {
        write(root, path, text)?;
    }
    // Nobody reads along where standard output is closed; the files tell.
    drop(write!(
        std::io::stdout(),
        "{}",
        told(&project, &budgets, &branch, action.as_ref())
    ));
    Ok(())
}

fn write(root: &Path, path: &str, text: &str) -> Result<(), CliError> {
    let full = root.join(path);
    let failed = |source| CliError::Write {
        path: full.clone(),
        source,
    };
    if let Some(folder) = full.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    // A link would lead the write elsewhere, out of the repository perhaps.
    if full
        .symlink_metadata()
        .is_ok_and(|there| there.is_symlink())
    {
        std::fs::remove_file(&full).map_err(failed)?;
    }
    File::create(&full)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)
}

/// What was found, and what is to be done next.
fn told(
    project: &project::Project,
    budgets: &str,
    branch: &str,
    action: Option<&ActionReference>,
) -> String {
    let mut text = format!(
        "found {}\n\nwrote budgets.toml\nwrote .github/workflows/gate.yml          measures pull requests into {branch}\n\
         wrote .github/workflows/gate-comment.yml  comments on them\n\nnext:\n",
        project.found
    );
    let mut step = 0;
    let mut next = |line: &str| {
        step += 1;
        text.extend(["  ", &step.to_string(), ". ", line, "\n"]);
    };
    if budget::read("budgets.toml", budgets).is_err() {
        let lines: Vec<String> = (1..)
            .zip(budgets.lines())
            .filter(|(_, line)| line.contains(budget::FILL_IN))
            .map(|(number, _): (u32, _)| number.to_string())
            .collect();
        next(&format!(
            "budgets.toml: replace every {} (line {}), until `gate check` is content",
            budget::FILL_IN,
            lines.join(", ")
        ));
    } else {
        next("look through budgets.toml: build, serve and budgets are guesses");
    }
    match action {
        None => next(&format!(
            "both workflows: write where gate is in place of {}",
            workflows::PLACE
        )),
        // The sums of a release are listed by a commit after the one that it was built from.
        Some(own) if Some(own) == ActionReference::of_this_binary().as_ref() => next(
            "both workflows: the commit of gate there builds it from source; a later one, whose \
             releases.sha256 lists this release, downloads it instead",
        ),
        Some(_) => {}
    }
    next("`gate compare` shows what a pull request will see");
    next("commit the three files; comments begin once they are on the default branch");
    text
}
