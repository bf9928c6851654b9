//! What GitHub refused, in a sentence that names the remedy.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use miette::Diagnostic;
use serde::Deserialize;

use super::foreign_text::disarm;
use super::patience::Pause;

/// What a job must be allowed to do, as `permissions:` of a workflow spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// List the artifacts of a run and take one.
    ActionsRead,
    /// Read files and compare commits.
    ContentsRead,
    /// Find a pull request and its comments.
    PullRequestsRead,
    /// Write a comment.
    PullRequestsWrite,
    /// Write a check run.
    ChecksWrite,
}

impl Permission {
    /// The line to add to the job.
    #[must_use]
    pub const fn line(self) -> &'static str {
        match self {
            Self::ActionsRead => "actions: read",
            Self::ContentsRead => "contents: read",
            Self::PullRequestsRead => "pull-requests: read",
            Self::PullRequestsWrite => "pull-requests: write",
            Self::ChecksWrite => "checks: write",
        }
    }
}

/// A request to GitHub that did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {purpose}: {cause}")]
pub struct ApiError {
    /// What the request was for, as an infinitive.
    pub purpose: &'static str,
    /// Why it failed.
    pub cause: ApiCause,
}

impl Diagnostic for ApiError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.cause.help()
    }
}

/// Why a request to GitHub failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum ApiCause {
    /// 401
    #[error("GitHub does not accept the token (401: {0})")]
    #[diagnostic(help(
        "hand over `token: ${{{{ github.token }}}}`; a token of your own may have expired"
    ))]
    Token(String),
    /// 403
    #[error("the token may not do this (403: {message})")]
    #[diagnostic(help(
        "add `{}` to the permissions of the job; on `pull_request` from a fork every token is \
         read-only, which is what the second workflow is for", permission.line()
    ))]
    Forbidden {
        /// What was asked for.
        permission: Permission,
        /// What GitHub says.
        message: String,
    },
    /// 404
    #[error("GitHub knows nothing there, or does not show it to this token (404: {message})")]
    #[diagnostic(help("the job needs `{}`; if it has it, what it asks for is gone", permission.line()))]
    NotFound {
        /// What was asked for.
        permission: Permission,
        /// What GitHub says.
        message: String,
    },
    /// 410
    #[error("it is gone for good (410: {0})")]
    #[diagnostic(help("artifacts expire, and comments cannot be added where issues are disabled"))]
    Gone(String),
    /// 422, 400
    #[error("GitHub finds the request invalid ({status}: {message})")]
    Invalid {
        /// Which.
        status: u16,
        /// What GitHub says.
        message: String,
    },
    /// 3xx
    #[error("GitHub answers from another address ({0})")]
    #[diagnostic(help("was the repository renamed or moved while the workflow ran? Run it again"))]
    Moved(u16),
    /// 429, or 403 for too many requests
    #[error("too many requests ({status}: {message}){}", asked(*wait))]
    #[diagnostic(help("run the job again later; every run of `gate post` is safe to repeat"))]
    Limited {
        /// Which.
        status: u16,
        /// What GitHub says.
        message: String,
        /// How long GitHub asked to wait.
        wait: Option<Duration>,
    },
    /// 5xx
    #[error("GitHub has a fault ({status}: {message})")]
    #[diagnostic(help("see https://www.githubstatus.com, and run the job again"))]
    Server {
        /// Which.
        status: u16,
        /// What it says.
        message: String,
    },
    /// Every other status.
    #[error("GitHub answered {status}: {message}")]
    Unexpected {
        /// Which.
        status: u16,
        /// What it says.
        message: String,
    },
    /// The token is another account's.
    #[error("the token writes as {writer}, and a comment is found again by the bot {author}")]
    #[diagnostic(help(
        "name the bot of the token's app with `author`; a token of a person cannot be used, since \
         anyone could then paste a comment that passes for ours"
    ))]
    WrongAuthor {
        /// Who wrote.
        writer: String,
        /// Who was expected to.
        author: String,
    },
    /// No answer.
    #[error("the connection failed: {0}")]
    Connection(String),
    /// No whole answer in time.
    #[error("no whole answer within {} s", .0.as_secs_f64())]
    Slow(Duration),
    /// More than this request can have for an answer.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
    /// An answer that is not what the API describes.
    #[error("the answer makes no sense: {0}")]
    Malformed(String),
}

fn asked(wait: Option<Duration>) -> String {
    wait.map(|wait| format!("; it asks to wait {} s", wait.as_secs()))
        .unwrap_or_default()
}

impl ApiCause {
    /// Whether the same call may work later, and what to wait for.
    pub(super) const fn pause(&self) -> Option<Pause> {
        match self {
            Self::Limited { wait, .. } => Some(Pause::Limit(*wait)),
            Self::Server { .. } | Self::Connection(_) | Self::Slow(_) | Self::Malformed(_) => {
                Some(Pause::Fault)
            }
            _ => None,
        }
    }

    /// Whether the server may have done what it was asked all the same.
    pub(super) const fn is_unclear(&self) -> bool {
        matches!(self.pause(), Some(Pause::Fault))
    }

    /// The cause that a status stands for. `now` is the time since the epoch.
    pub(super) fn from_answer(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        permission: Permission,
        now: Duration,
    ) -> Self {
        let message = message(status, body);
        let limited = is_limit(status, headers, &message);
        let code = status.as_u16();
        match code {
            _ if limited => Self::Limited {
                status: code,
                message,
                wait: asked_wait(headers, now),
            },
            300..=399 => Self::Moved(code),
            400 | 422 => Self::Invalid {
                status: code,
                message,
            },
            401 => Self::Token(message),
            403 => Self::Forbidden {
                permission,
                message,
            },
            404 => Self::NotFound {
                permission,
                message,
            },
            410 => Self::Gone(message),
            500..=599 => Self::Server {
                status: code,
                message,
            },
            _ => Self::Unexpected {
                status: code,
                message,
            },
        }
    }
}

/// A secondary limit comes as 403 or 429, with `Retry-After` or only with words.
fn is_limit(status: StatusCode, headers: &HeaderMap, message: &str) -> bool {
    let spent = number(headers, "x-ratelimit-remaining") == Some(0);
    let words = message.to_lowercase();
    let told = words.contains("rate limit") || words.contains("abuse detection");
    let asked = headers.contains_key(http::header::RETRY_AFTER);
    match status.as_u16() {
        429 => true,
        403 => spent || told || asked,
        _ => false,
    }
}

fn asked_wait(headers: &HeaderMap, now: Duration) -> Option<Duration> {
    if let Some(seconds) = number(headers, "retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    if number(headers, "x-ratelimit-remaining") != Some(0) {
        return None;
    }
    let reset = Duration::from_secs(number(headers, "x-ratelimit-reset")?);
    // The clocks of both sides may differ by a second.
    Some(reset.saturating_sub(now) + Duration::from_secs(1))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The part of GitHub's error bodies that people read.
#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<serde_json::Value>,
}

fn message(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let told = match serde_json::from_slice::<ErrorBody>(body) {
        Ok(body) => {
            let mut told = body.message;
            for error in body.errors.iter().take(3) {
                let part = error.get("message").unwrap_or(error);
                told.push_str("; ");
                told.push_str(
                    &part
                        .as_str()
                        .map_or_else(|| part.to_string(), str::to_owned),
                );
            }
            told
        }
        Err(_) => text.into_owned(),
    };
    let told = disarm(&told);
    if told.is_empty() {
        return status.canonical_reason().unwrap_or("no message").to_owned();
    }
    told
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn cause(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> ApiCause {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        let status = StatusCode::from_u16(status).unwrap();
        let now = Duration::from_secs(1_000_000);
        ApiCause::from_answer(
            status,
            &map,
            body.as_bytes(),
            Permission::PullRequestsWrite,
            now,
        )
    }

    fn wait(cause: &ApiCause) -> Option<u64> {
        match cause.pause() {
            Some(Pause::Limit(wait)) => wait.map(|wait| wait.as_secs()),
            other => panic!("no limit: {other:?}"),
        }
    }

    #[test]
    fn a_limit_is_told_from_a_missing_permission() {
        let denied = r#"{"message": "Resource not accessible by integration"}"#;
        assert!(matches!(
            cause(403, &[("x-ratelimit-remaining", "42")], denied),
            ApiCause::Forbidden { .. }
        ));
        let secondary = r#"{"message": "You have exceeded a secondary rate limit."}"#;
        assert_eq!(
            wait(&cause(403, &[("retry-after", "7")], secondary)),
            Some(7)
        );
        assert_eq!(wait(&cause(403, &[], secondary)), None);
        assert_eq!(wait(&cause(429, &[], "")), None);
        let spent = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1000020"),
        ];
        assert_eq!(wait(&cause(403, &spent, denied)), Some(21));
        let past = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "5")];
        assert_eq!(wait(&cause(429, &past, "")), Some(1));
    }

    #[test]
    fn every_status_has_a_sentence() {
        let body =
            r#"{"message": "Validation Failed", "errors": [{"message": "body is too long"}, "x"]}"#;
        let sentences: Vec<String> = [301, 400, 401, 403, 404, 410, 418, 422, 429, 500, 502]
            .into_iter()
            .map(|status| {
                let cause = cause(status, &[], body);
                let help = cause
                    .help()
                    .map(|help| format!("\n    help: {help}"))
                    .unwrap_or_default();
                format!(
                    "{}{help}",
                    ApiError {
                        purpose: "write the comment",
                        cause
                    }
                )
            })
            .collect();
        insta::assert_snapshot!(sentences.join("\n"));
    }

    #[test]
    fn bodies_that_are_not_json_are_cut() {
        let page = cause(502, &[], &format!("<html>{}", "x".repeat(100_000)));
        assert_eq!(
            page,
            ApiCause::Server {
                status: 502,
                message: "(a page of HTML)".to_owned()
            }
        );
        let trace = cause(500, &[], &"at frame\n".repeat(5000)).to_string();
        assert!(trace.chars().count() < 300, "{trace}");
        assert!(!trace.contains('\n'));
        assert_eq!(
            cause(503, &[], "").to_string(),
            "GitHub has a fault (503: Service Unavailable)"
        );
    }
}
