//! From an event to a comment.
//!
//! ```text
//! pull_request   report of this job ──────────────────────────────┐
//! workflow_run   find the pull request ─ take the artifact ─ admit │ judge again with the repository's
//!                                        ─ budgets ─ baselines ───┤ own budgets and baselines
//! anything else  nothing to do                                    ▼
//!                            render ─ cut ─ is head still the head? ─ comment ─ check run
//! ```
//!
//! Where a run left no report that can be taken, the comment says so and no more.

use std::collections::BTreeSet;
use std::path::Path;

use super::admission;
use super::api_error::ApiError;
use super::artifact;
use super::check_run::{self, Check};
use super::client::Client;
use super::comment::{self, Place, Written};
use super::error::PostError;
use super::event::{Event, PullRequestEvent, WorkflowRunEvent};
use super::letter::{self, Contents};
use super::names::CommitId;
use super::pull_request::{self, PullRequest};
use super::recorded::{self, At, BudgetsFile};
use super::settings::{Delivery, Letter, Plan, PostSettings, Posted, WhyNothing};
use crate::budget::{Baseline, Budgets};
use crate::judge::BothBaselines;
use crate::report::{MARKER, Report};

/// The longest report of this job's own.
const OWN_REPORT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Publishes a report to the pull request that it is about.
pub fn post(settings: &PostSettings) -> Result<Posted, PostError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(PostError::Runtime)?;
    runtime.block_on(async {
        let client = Client::new(&settings.api, settings.token.clone(), settings.patience)?;
        let job = Job { settings, client };
        match &settings.event {
            Event::PullRequest(event) => job.own(event).await,
            Event::WorkflowRun(event) => job.foreign(event).await,
            Event::Other(name) => Ok(Posted::Nothing(WhyNothing::NoPullRequest(name.clone()))),
        }
    })
}

/// The comment that the report at `path` would make.
pub fn preview(path: &Path) -> Result<String, PostError> {
    Ok(letter::body(&Contents::Own(&own_report(path)?)))
}

/// The report of this job, judged again.
fn own_report(path: &Path) -> Result<Report, PostError> {
    let read = |why: String| PostError::Report {
        path: path.to_owned(),
        why,
    };
    let length = std::fs::metadata(path)
        .map_err(|error| read(error.to_string()))?
        .len();
    if length > OWN_REPORT_BYTES_MAX {
        return Err(read(format!(
            "it is longer than {OWN_REPORT_BYTES_MAX} bytes"
        )));
    }
    let json = std::fs::read(path).map_err(|error| read(error.to_string()))?;
    Ok(admission::read(&json)?
        .judged_again()
        .map_err(admission::AdmissionError::from)?)
}

struct Job<'a> {
    settings: &'a PostSettings,
    client: Client,
}

/// Where a letter goes.
struct Address<'a> {
    number: u64,
    head: &'a CommitId,
}

impl Job<'_> {
    /// The report of this job, whose pull request is the event's.
    async fn own(&self, event: &PullRequestEvent) -> Result<Posted, PostError> {
        if event.head_repository.as_ref() != Some(&self.settings.repository) {
            return Ok(Posted::Nothing(WhyNothing::Fork));
        }
        let address = Address {
            number: event.number,
            head: &event.head,
        };
        let report = match self.measured_here(event) {
            Ok(report) => report,
            Err(error) => {
                let page = self.settings.page.as_deref();
                return self.unjudged(&address, page, error).await;
            }
        };
        let budgets = match &self.settings.check {
            Some(_) => self.budgets_at(&event.head).await?,
            None => None,
        };
        let text = budgets.as_ref().map(|file| file.text.as_str());
        self.deliver(&address, &Contents::Own(&report), text).await
    }

    fn measured_here(&self, event: &PullRequestEvent) -> Result<Report, PostError> {
        let report = own_report(&self.settings.report)?;
        admission::expect_head(&report, &event.head)?;
        Ok(report)
    }

    /// What an earlier run said must not stand there as if it were about this commit.
    async fn unjudged(
        &self,
        address: &Address<'_>,
        page: Option<&str>,
        error: PostError,
    ) -> Result<Posted, PostError> {
        if error.is_about_the_report() {
            let head = address.head;
            let contents = Contents::None { head, page };
            self.deliver(address, &contents, None).await?;
        }
        Err(error)
    }

    /// A run that was cut off has nothing to say, but what an earlier one said of another commit is not
    /// true of this one. Where nothing stands there, nothing has to be taken back: a run that was
    /// cancelled may be followed by one of the same commit.
    async fn cut_off(
        &self,
        address: &Address<'_>,
        page: &str,
        why: WhyNothing,
    ) -> Result<Posted, PostError> {
        let ours = comment::ours(&self.client, self.place(address)).await?;
        if ours.is_empty() {
            return Ok(Posted::Nothing(why));
        }
        let contents = Contents::None {
            head: address.head,
            page: Some(page),
        };
        self.deliver(address, &contents, None).await
    }

    /// The report of a run whose code is not trusted.
    async fn foreign(&self, event: &WorkflowRunEvent) -> Result<Posted, PostError> {
        let pull = match self.pull_of(event).await? {
            Ok(pull) => pull,
            Err(why) => return Ok(Posted::Nothing(why)),
        };
        let address = Address {
            number: pull.number,
            head: &event.head,
        };
        // A verdict of FAIL ends the run as a failure.
        if !matches!(event.conclusion.as_deref(), Some("success" | "failure")) {
            let why = WhyNothing::not_finished(event.conclusion.as_deref());
            return self.cut_off(&address, &event.page, why).await;
        }
        match self.judged(event, &pull).await {
            Ok((report, budgets)) => {
                let contents = Contents::Foreign(&report);
                self.deliver(&address, &contents, Some(&budgets.text)).await
            }
            Err(error) => self.unjudged(&address, Some(&event.page), error).await,
        }
    }

    async fn pull_of(
        &self,
        event: &WorkflowRunEvent,
    ) -> Result<Result<PullRequest, WhyNothing>, ApiError> {
        if event.started_by != "pull_request" {
            return Ok(Err(WhyNothing::NoPullRequest(event.started_by.clone())));
        }
        if event.conclusion.is_none() {
            return Ok(Err(WhyNothing::not_finished(None)));
        }
        let (Some(from), Some(branch)) = (&event.head_repository, &event.head_branch) else {
            return Ok(Err(WhyNothing::BranchGone));
        };
        let repository = &self.settings.repository;
        let mut found =
            pull_request::find(&self.client, repository, from, branch, &event.head).await?;
        Ok(match (found.pop(), found.as_slice()) {
            (Some(pull), []) => Ok(pull),
            (None, _) => Err(WhyNothing::not_found(&event.head, from, branch)),
            (Some(last), others) => {
                let mut numbers: Vec<u64> = others.iter().map(|pull| pull.number).collect();
                numbers.push(last.number);
                Err(WhyNothing::Ambiguous {
                    head: event.head.short().to_owned(),
                    numbers,
                })
            }
        })
    }

    /// The run's report, judged again, and head's budgets.
    async fn judged(
        &self,
        event: &WorkflowRunEvent,
        pull: &PullRequest,
    ) -> Result<(Report, BudgetsFile), PostError> {
        let repository = &self.settings.repository;
        let found =
            artifact::find(&self.client, repository, event, &self.settings.artifact).await?;
        let json = artifact::take(&self.client, repository, &found).await?;
        let report = admission::read(&json)?;
        admission::expect_head(&report, &event.head)?;
        let base = self.merge_base(pull, &event.head).await?;
        admission::expect_base(&report, &base)?;
        let base_budgets = self.budgets_at(&base).await?.map(|file| file.budgets);
        let head_budgets =
            self.budgets_at(&event.head)
                .await?
                .ok_or_else(|| PostError::NoBudgets {
                    file: self.settings.budgets.clone(),
                    commit: event.head.short().to_owned(),
                })?;
        let has_baseline = |budgets: &Budgets| budgets.baseline.is_some();
        let report = if has_baseline(&head_budgets.budgets)
            || base_budgets.as_ref().is_some_and(has_baseline)
        {
            self.with_baselines(report, &base, &event.head).await?
        } else {
            report
        };
        let judged = report
            .judged_with(base_budgets, head_budgets.budgets.clone())
            .map_err(admission::AdmissionError::from)?;
        Ok((judged, head_budgets))
    }

    /// The report, held against the baseline that the repository has for the target which it names. It
    /// may name any, so what changed in the files of all others is a part of it too.
    async fn with_baselines(
        &self,
        report: Report,
        base: &CommitId,
        head: &CommitId,
    ) -> Result<Report, PostError> {
        let repository = &self.settings.repository;
        let before = recorded::baselines(&self.client, repository, base).await?;
        let after = recorded::baselines(&self.client, repository, head).await?;
        let known: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let target = admission::expect_target(&report)?;
        admission::expect_known(target, &known)?;
        let own = self.both(Baseline::path(target), base, head).await?;
        let mut others = Vec::new();
        for other in known {
            if other != target && before.get(other) != after.get(other) {
                others.push(self.both(Baseline::path(other), base, head).await?);
            }
        }
        Ok(report.with_baseline(own, others))
    }

    async fn merge_base(&self, pull: &PullRequest, head: &CommitId) -> Result<CommitId, PostError> {
        let tip = CommitId::new(&pull.base.sha)?;
        let repository = &self.settings.repository;
        let base = pull_request::merge_base(&self.client, repository, &tip, head).await?;
        Ok(CommitId::new(&base)?)
    }

    async fn budgets_at(&self, commit: &CommitId) -> Result<Option<BudgetsFile>, PostError> {
        let at = self.at(&self.settings.budgets, commit);
        recorded::budgets(&self.client, at).await
    }

    /// A baseline as both commits have it.
    async fn both(
        &self,
        path: String,
        base: &CommitId,
        head: &CommitId,
    ) -> Result<BothBaselines, PostError> {
        Ok(BothBaselines {
            recorded: recorded::baseline(&self.client, self.at(&path, head)).await?,
            before: recorded::baseline(&self.client, self.at(&path, base)).await?,
            path,
        })
    }

    fn at<'b>(&'b self, path: &'b str, commit: &'b CommitId) -> At<'b> {
        At {
            repository: &self.settings.repository,
            path,
            commit,
        }
    }

    fn place(&self, address: &Address<'_>) -> Place<'_> {
        Place {
            repository: &self.settings.repository,
            number: address.number,
            marker: MARKER,
            author: &self.settings.author,
        }
    }

    async fn deliver(
        &self,
        address: &Address<'_>,
        contents: &Contents<'_>,
        budgets: Option<&str>,
    ) -> Result<Posted, PostError> {
        let body = letter::body(contents);
        let check = self.settings.check.as_deref().and_then(|name| {
            letter::check(
                contents,
                name,
                address.head,
                &self.settings.budgets,
                budgets,
            )
        });
        if let Some(why) = self.moved_on(address).await? {
            return Ok(Posted::Nothing(why));
        }
        let place = self.place(address);
        match self.settings.delivery {
            Delivery::DryRun => self.plan(place, body, check.as_ref()).await,
            Delivery::Send => self.send(place, body, check.as_ref()).await,
        }
    }

    /// Whether somebody closed the pull request or pushed to it while the report was being made.
    async fn moved_on(&self, address: &Address<'_>) -> Result<Option<WhyNothing>, ApiError> {
        let Address { number, head } = *address;
        let pull = pull_request::read(&self.client, &self.settings.repository, number).await?;
        Ok(if !pull.is_open() {
            Some(WhyNothing::Closed(number))
        } else if pull.is_at(head) {
            None
        } else {
            Some(WhyNothing::moved(number, head, &pull))
        })
    }

    async fn send(
        &self,
        place: Place<'_>,
        body: String,
        check: Option<&Check<'_>>,
    ) -> Result<Posted, PostError> {
        let written = comment::write(&self.client, place, &body).await?;
        let check_page = match check {
            Some(check) => check_run::make(&self.client, place.repository, check).await?,
            None => None,
        };
        let letter = |page| Letter {
            number: place.number,
            page,
            body,
            check_page,
        };
        Ok(match written {
            Written::Created(page) => Posted::Created(letter(page)),
            Written::Updated(page) => Posted::Updated(letter(page)),
        })
    }

    async fn plan(
        &self,
        place: Place<'_>,
        body: String,
        check: Option<&Check<'_>>,
    ) -> Result<Posted, PostError> {
        let route = format!("/repos/{}", place.repository);
        let ours = comment::ours(&self.client, place).await?;
        let mut requests = vec![match ours.first() {
            Some(comment) => format!("PATCH {route}/issues/comments/{}", comment.id()),
            None => format!("POST {route}/issues/{}/comments", place.number),
        }];
        if let Some(check) = check {
            requests.push(format!(
                "POST {route}/check-runs {}",
                check_run::shown(check)?
            ));
        }
        Ok(Posted::Planned(Plan { body, requests }))
    }
}
