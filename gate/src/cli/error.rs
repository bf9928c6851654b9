//! Everything that ends a run with exit status 2, and how it is shown.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

use crate::budget::BudgetError;
use crate::build::BuildError;
use crate::measure::MeasureError;
use crate::model::UnitError;
use crate::process::{Interrupted, ProcessError};
use crate::publish::PublishError;
use crate::revision::RevisionError;

/// Why gate could not judge.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(super) enum CliError {
    /// An argument, or an input of the Action, makes no sense.
    #[error("invalid value {value:?} for {name}: {why}")]
    Input {
        /// The option or input.
        name: &'static str,
        /// As typed.
        value: String,
        /// What is wrong with it.
        why: String,
    },
    /// GitHub tells its jobs by variables what they are about.
    #[error("{name} is not set")]
    #[diagnostic(help(
        "`gate post` runs in a job of GitHub Actions; elsewhere `gate post --dry-run --report FILE` \
         prints the comment"
    ))]
    NotInGitHub {
        /// The variable.
        name: &'static str,
    },
    /// Where the API is.
    #[error(transparent)]
    ApiUrl(#[from] crate::publish::github::ApiUrlError),
    /// The event.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Event(#[from] crate::publish::github::EventError),
    /// Posting.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Post(#[from] crate::publish::github::PostError),
    /// The file is nowhere.
    #[error("{revision} has no {file}")]
    #[diagnostic(help(
        "`gate init` writes one for what it finds in the repository; --budgets FILE names another"
    ))]
    NoBudgets {
        /// Which revision.
        revision: String,
        /// Which file.
        file: String,
    },
    /// A file of budgets cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    #[diagnostic(help("name the file to check: `gate check FILE`"))]
    ReadBudgets {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A report cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    #[diagnostic(help(
        "name the report.json of a run, by default in target/gate, or the samples.json of every runner"
    ))]
    ReadReport {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is no report.
    #[error("{}: {source}", path.display())]
    #[diagnostic(help(
        "judge report.json and samples.json with the version of gate that wrote them"
    ))]
    NoReport {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: crate::report::ReportError,
    },
    /// `gate judge` without a file.
    #[error("no samples.json and no report.json is named")]
    #[diagnostic(help(
        "`gate judge target/gate/report.json` judges a run again, `gate judge FOLDER` what is in FOLDER of \
         several runners"
    ))]
    NothingNamed,
    /// A folder without samples.
    #[error("{} has no .json file in it", path.display())]
    #[diagnostic(help("name the folder with the samples.json of every runner"))]
    NoSamples {
        /// The folder.
        path: PathBuf,
    },
    /// A report among samples.
    #[error("{} is the report of a whole run, which cannot be judged together with others", path.display())]
    #[diagnostic(help(
        "`gate compare` stops when its own data are clear; let several runners `gate measure`, and judge \
         their samples.json"
    ))]
    NotSamples {
        /// The file.
        path: PathBuf,
    },
    /// Samples of several runners that do not belong together.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pool(#[from] crate::report::PoolError),
    /// A recorded baseline cannot be read.
    #[error("{file} of {revision}: {source}")]
    #[diagnostic(help(
        "`gate baseline record` writes the file; take what people wrote into it out"
    ))]
    Baseline {
        /// The file.
        file: String,
        /// Whose.
        revision: String,
        /// What is wrong with it.
        source: crate::budget::BaselineError,
    },
    /// Nothing is counted exactly.
    #[error("{file} has no exact metric, so there is nothing to record")]
    NothingExact {
        /// The budgets file.
        file: String,
    },
    /// A metric that cannot be counted on this machine.
    #[error("`{metric}` cannot be counted here: {why}")]
    NotCounted {
        /// The metric.
        metric: crate::model::MetricId,
        /// Why.
        why: String,
    },
    /// A count that is not the same twice.
    #[error("`{metric}` is not the same twice ({counts}), so it cannot be recorded")]
    #[diagnostic(help("find out what makes it differ, or take `exact = true` out"))]
    NotTheSame {
        /// The metric.
        metric: crate::model::MetricId,
        /// Its counts.
        counts: String,
    },
    /// The budgets hold nothing against a baseline.
    #[error("{file} has no `[baseline]` table, so nothing is held against a baseline")]
    #[diagnostic(help("add `[baseline]` with `budget = \"5%\"`"))]
    NoCreepBudget {
        /// The budgets file.
        file: String,
    },
    /// A file of budgets is no text.
    #[error("{file} of {revision} is not UTF-8 text")]
    NotText {
        /// The file.
        file: String,
        /// Whose.
        revision: String,
    },
    /// `--only` leaves nothing.
    #[error("no metric matches {}", patterns.join(" "))]
    #[diagnostic(help("the metrics are: {}", known.join(", ")))]
    NoMetric {
        /// The patterns.
        patterns: Vec<String>,
        /// Names in the budgets.
        known: Vec<String>,
    },
    /// A metric that must be measured cannot be.
    #[error("{metric} is required, and valgrind is not on the PATH")]
    #[diagnostic(help(
        "`apt-get install valgrind` or `dnf install valgrind` gets it; without `required = true` the \
         metric is skipped, which warns"
    ))]
    NoValgrind {
        /// Its name.
        metric: String,
    },
    /// What would be written is there.
    #[error("{} already there", there(files))]
    #[diagnostic(help("`gate init --force` writes over all three of its files"))]
    AlreadyThere {
        /// From the top of the repository.
        files: Vec<String>,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The output folder is of no use.
    #[error("cannot write into the output folder {}: {source}", path.display())]
    #[diagnostic(help("name another with --out DIR"))]
    Out {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Two runs would write over each other's logs and reports.
    #[error("another gate run is writing into the output folder {}", path.display())]
    #[diagnostic(help("wait for it to end, or name another with --out DIR"))]
    OutBusy {
        /// The folder.
        path: PathBuf,
    },
    /// The signals that end a run cannot be caught, so nobody could end the children.
    #[error("cannot catch SIGINT and SIGTERM: {source}")]
    Signals {
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Nobody can read the result.
    #[error("cannot write the result to standard output: {source}")]
    #[diagnostic(help("report.json and report.md are in the output folder all the same"))]
    Stdout {
        /// What the operating system said.
        source: std::io::Error,
    },
    #[error(transparent)]
    Report(#[from] crate::report::ReportError),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Unit(#[from] UnitError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Budgets(#[from] BudgetError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Revision(#[from] RevisionError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Measure(#[from] MeasureError),
    #[error(transparent)]
    Judge(#[from] crate::judge::JudgeError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

fn there(files: &[String]) -> String {
    let verb = if files.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", files.join(", "))
}

impl CliError {
    /// Shows the error on standard error, in a frame that marks the place where there is one.
    pub(super) fn show(&self) {
        let terminal = std::io::stderr().is_terminal();
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let mut text = String::new();
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_break_words(false)
            // Every message tells its own cause.
            .without_cause_chain();
        if handler.render_report(&mut text, self).is_err() {
            text = format!("error: {self}\n");
        }
        // With standard error closed there is nobody left to tell.
        drop(write!(std::io::stderr(), "{text}"));
    }
}
