//! `gate post`: the report of a run, as the comment of its pull request.
//!
//! What GitHub tells a job comes by `GITHUB_*` variables, the Action's inputs by `GATE_*`; what is
//! typed goes first. The token is only taken from the environment: arguments are seen by every
//! process of the machine.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::error::CliError;
use super::settings::{input, step};
use crate::publish::github::{
    ApiUrl, Delivery, Event, Letter, Patience, PostSettings, Posted, RepositoryName, Token, post,
    preview,
};

/// Where the API is, unless `GITHUB_API_URL` names an Enterprise server's.
const API: &str = "https://api.github.com";
/// The account of `github.token`.
const AUTHOR: &str = "github-actions[bot]";
const REPORT: &str = "target/gate/report.json";
const ARTIFACT: &str = "gate-report";
const BUDGETS: &str = "budgets.toml";

const EXIT_CODES: &str = "Exit status: 0 posted, or nothing to post, which is said; 2 not posted, \
                          and why. The verdict is the exit status of `gate compare`.";

#[derive(Debug, ClapArgs)]
#[command(after_help = EXIT_CODES)]
pub(super) struct PostArgs {
    /// The report of this job, on `pull_request` [default: target/gate/report.json]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// The artifact with the report of the run that ended, on `workflow_run` [default: gate-report]
    #[arg(long, value_name = "NAME")]
    artifact: Option<String>,

    /// The budgets file, from the top of the repository [default: budgets.toml]
    #[arg(long, value_name = "FILE")]
    budgets: Option<String>,

    /// Make a check run of this name too, with the failed budgets marked in the file
    #[arg(long, value_name = "NAME")]
    check_run: Option<String>,

    /// The bot that writes the comment [default: github-actions[bot]]
    #[arg(long, value_name = "LOGIN")]
    author: Option<String>,

    /// Write nothing, and print what would be written
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub(super) fn run(args: PostArgs, repository: Option<&Path>) -> Result<(), CliError> {
    if !is_wanted()? {
        return print("nothing posted: the input comment is never\n");
    }
    let folder = repository.unwrap_or(Path::new("."));
    let report = args
        .report
        .clone()
        .or_else(|| input("GATE_REPORT").map(PathBuf::from));
    let report = folder.join(report.unwrap_or_else(|| PathBuf::from(REPORT)));
    let step = step()?;
    if args.dry_run && input("GITHUB_EVENT_NAME").is_none() {
        // Outside of GitHub nobody knows the pull request; the text is known all the same.
        return print(&preview(&report)?);
    }
    let posted = post(&settings(args, report)?)?;
    match &posted {
        Posted::Created(letter) | Posted::Updated(letter) => {
            step.set("comment-url", &letter.page)?;
            step.summarise(&letter.body)?;
        }
        Posted::Planned(_) | Posted::Nothing(_) => {}
    }
    print(&told(&posted))
}

/// The Action measures and posts in one go where its input `comment` says so.
fn is_wanted() -> Result<bool, CliError> {
    match input("GATE_COMMENT").as_deref() {
        None | Some("auto") => Ok(true),
        Some("never") => Ok(false),
        Some(other) => Err(CliError::Input {
            name: "comment",
            value: other.to_owned(),
            why: "use auto or never".to_owned(),
        }),
    }
}

fn settings(args: PostArgs, report: PathBuf) -> Result<PostSettings, CliError> {
    let delivery = if args.dry_run {
        Delivery::DryRun
    } else {
        Delivery::Send
    };
    let or = |typed: Option<String>, variable: &str, default: &str| {
        typed
            .or_else(|| input(variable))
            .unwrap_or_else(|| default.to_owned())
    };
    let event = Event::read(
        &needed("GITHUB_EVENT_NAME")?,
        Path::new(&needed("GITHUB_EVENT_PATH")?),
    );
    Ok(PostSettings {
        repository: named("GITHUB_REPOSITORY", RepositoryName::new)?,
        event: event?,
        api: ApiUrl::new(&input("GITHUB_API_URL").unwrap_or_else(|| API.to_owned()))?,
        token: token()?,
        report,
        page: page(),
        artifact: or(args.artifact, "GATE_ARTIFACT", ARTIFACT),
        budgets: or(args.budgets, "GATE_BUDGETS", BUDGETS),
        author: or(args.author, "GATE_AUTHOR", AUTHOR),
        check: args.check_run.or_else(|| input("GATE_CHECK_RUN")),
        delivery,
        patience: Patience::default(),
    })
}

/// The page of the run that this job belongs to.
fn page() -> Option<String> {
    let server = input("GITHUB_SERVER_URL")?;
    let repository = input("GITHUB_REPOSITORY")?;
    let run = input("GITHUB_RUN_ID")?;
    Some(format!("{server}/{repository}/actions/runs/{run}"))
}

/// A variable that GitHub sets for every job.
fn needed(name: &'static str) -> Result<String, CliError> {
    input(name).ok_or(CliError::NotInGitHub { name })
}

fn named<T, E: std::fmt::Display>(
    name: &'static str,
    read: fn(&str) -> Result<T, E>,
) -> Result<T, CliError> {
    let value = needed(name)?;
    read(&value).map_err(|error| CliError::Input {
        name,
        why: error.to_string(),
        value,
    })
}

/// The token, which no message may hold, not even where it is none.
fn token() -> Result<Option<Token>, CliError> {
    let Some((name, value)) = ["GATE_TOKEN", "GITHUB_TOKEN"]
        .into_iter()
        .find_map(|name| Some((name, input(name)?)))
    else {
        return Ok(None);
    };
    let refused = |error: crate::publish::github::TokenError| CliError::Input {
        name,
        value: "***".to_owned(),
        why: error.to_string(),
    };
    Token::new(&value).map(Some).map_err(refused)
}

fn told(posted: &Posted) -> String {
    let check = |letter: &Letter| {
        letter
            .check_page
            .as_ref()
            .map(|page| format!("check run: {page}\n"))
            .unwrap_or_default()
    };
    match posted {
        Posted::Created(letter) => format!("commented: {}\n{}", letter.page, check(letter)),
        Posted::Updated(letter) => format!("updated: {}\n{}", letter.page, check(letter)),
        Posted::Nothing(why) => format!("nothing posted: {why}\n"),
        Posted::Planned(plan) => {
            format!(
                "would send:\n{}\n\nwith the comment:\n{}",
                plan.requests.join("\n"),
                plan.body
            )
        }
    }
}

fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|source| CliError::Stdout { source })
}
