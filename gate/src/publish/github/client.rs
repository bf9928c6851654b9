//! Requests to GitHub: one call at a time, bounded in time and size, repeated only where that is safe.
//!
//! | method | repeated after | because |
//! |---|---|---|
//! | GET, PATCH, DELETE | limits and faults | twice is the same as once |
//! | POST | limits only | a fault may hide that it was done: the caller looks first |

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, Method, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use octocrab::service::middleware::retry::RetryConfig;
use octocrab::{OctoBody, Octocrab};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::api_error::{ApiCause, ApiError, Permission};
use super::api_url::ApiUrl;
use super::foreign_text::disarm;
use super::patience::{Patience, Pause};
use super::token::Token;

/// The longest answer to anything but a download: a hundred comments of full length.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The version of the API that the requests are written for.
const API_VERSION: (&str, &str) = ("x-github-api-version", "2022-11-28");

/// Items of a page, the most that GitHub gives.
const PAGE_LEN: usize = 100;
/// A list that goes on longer is not one of ours.
const PAGES_MAX: usize = 100;
/// What answers are asked for as.
const JSON: &str = "application/vnd.github+json";
/// Files as they are, without base64 around them; archives come as they are in any case.
const RAW: &str = "application/vnd.github.raw+json";

/// What a request is for, and what it needs: the words of its errors.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose {
    /// As an infinitive: "list the comments".
    pub(super) to: &'static str,
    /// What GitHub asks for it.
    pub(super) permission: Permission,
}

/// A connection to one API with one token.
#[derive(Debug)]
pub(super) struct Client {
    crab: Octocrab,
    patience: Patience,
    token: Option<Token>,
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn read<T: DeserializeOwned>(&self) -> Result<T, ApiCause> {
        serde_json::from_slice(&self.body)
            .map_err(|error| ApiCause::Malformed(disarm(&error.to_string())))
    }
}

/// One request.
struct Call<'a> {
    method: Method,
    route: &'a str,
    body: Option<Vec<u8>>,
    accept: &'static str,
    bytes_max: usize,
    purpose: Purpose,
}

impl<'a> Call<'a> {
    fn new(method: Method, route: &'a str, purpose: Purpose) -> Self {
        Self {
            method,
            route,
            body: None,
            accept: JSON,
            bytes_max: ANSWER_BYTES_MAX,
            purpose,
        }
    }
}

impl Client {
    /// A client; to be made and used inside a runtime.
    pub(super) fn new(
        url: &ApiUrl,
        token: Option<Token>,
        patience: Patience,
    ) -> Result<Self, ApiError> {
        let builder = Octocrab::builder()
            .add_retry_config(RetryConfig::None)
            .add_header(
                HeaderName::from_static(API_VERSION.0),
                API_VERSION.1.to_owned(),
            )
            .set_connect_timeout(Some(patience.call));
        let built = builder
            .base_uri(url.uri())
            .and_then(|builder| match &token {
                Some(token) => builder.personal_token(token.reveal()).build(),
                None => builder.build(),
            });
        let crab = built.map_err(|error| ApiError {
            purpose: "set up the connection to GitHub",
            cause: ApiCause::Connection(shown(&error, token.as_ref())),
        })?;
        Ok(Self {
            crab,
            patience,
            token,
        })
    }

    /// How often and how long this client tries.
    pub(super) const fn patience(&self) -> Patience {
        self.patience
    }

    /// Reads one object.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        route: &str,
        purpose: Purpose,
    ) -> Result<T, ApiError> {
        let call = Call::new(Method::GET, route, purpose);
        self.repeated(&call, |answer| answer.read()).await
    }

    /// Reads a file, in GitHub's raw form, or an archive; `bytes_max` is the longest that is taken.
    pub(super) async fn download(
        &self,
        route: &str,
        bytes_max: usize,
        purpose: Purpose,
    ) -> Result<Vec<u8>, ApiError> {
        let call = Call {
            accept: RAW,
            bytes_max,
            ..Call::new(Method::GET, route, purpose)
        };
        self.repeated(&call, |answer| Ok(answer.body)).await
    }

    /// Reads every page of a list.
    ///
    /// Addresses in `Link` are not followed, only their page number is believed: a server cannot
    /// lead the token elsewhere. Pages of a filtered list may be short, so a short page ends the
    /// list only where no next one is named.
    pub(super) async fn pages<T, P>(
        &self,
        route: &str,
        items: fn(P) -> Vec<T>,
        purpose: Purpose,
    ) -> Result<Vec<T>, ApiError>
    where
        P: DeserializeOwned,
    {
        let mut all = Vec::new();
        let join = if route.contains('?') { '&' } else { '?' };
        for page in 1..=PAGES_MAX {
            let route = format!("{route}{join}per_page={PAGE_LEN}&page={page}");
            let call = Call::new(Method::GET, &route, purpose);
            let (found, next) = self
                .repeated(&call, |answer| {
                    let next = next_page(&answer.headers);
                    Ok((items(answer.read()?), next))
                })
                .await?;
            let full = found.len() >= PAGE_LEN;
            all.extend(found);
            if !full && next != Some(page + 1) {
                return Ok(all);
            }
        }
        let cause = ApiCause::Malformed(format!("the list has more than {PAGES_MAX} pages"));
        Err(ApiError {
            purpose: purpose.to,
            cause,
        })
    }

    /// Changes something; safe to repeat.
    pub(super) async fn patch<T: DeserializeOwned>(
        &self,
        route: &str,
        body: &(impl Serialize + Sync),
        purpose: Purpose,
    ) -> Result<T, ApiError> {
        let call = Call {
            body: encoded(body, purpose)?,
            ..Call::new(Method::PATCH, route, purpose)
        };
        self.repeated(&call, |answer| answer.read()).await
    }

    /// Removes something; safe to repeat.
    pub(super) async fn delete(&self, route: &str, purpose: Purpose) -> Result<(), ApiError> {
        let call = Call::new(Method::DELETE, route, purpose);
        self.repeated(&call, |_| Ok(())).await
    }

    /// Creates something. After a fault it is unclear whether it was made: [`ApiCause::is_unclear`].
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        route: &str,
        body: &(impl Serialize + Sync),
        purpose: Purpose,
    ) -> Result<T, ApiError> {
        let call = Call {
            body: encoded(body, purpose)?,
            ..Call::new(Method::POST, route, purpose)
        };
        self.repeated(&call, |answer| answer.read()).await
    }

    async fn repeated<T>(
        &self,
        call: &Call<'_>,
        read: impl Fn(Answer) -> Result<T, ApiCause>,
    ) -> Result<T, ApiError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let cause = match self.once(call).await.and_then(&read) {
                Ok(read) => return Ok(read),
                Err(cause) => cause,
            };
            let pause = cause
                .pause()
                .filter(|pause| call.method != Method::POST || matches!(pause, Pause::Limit(_)));
            match pause.and_then(|pause| self.patience.wait(pause, tried)) {
                Some(wait) => tokio::time::sleep(wait).await,
                None => {
                    return Err(ApiError {
                        purpose: call.purpose.to,
                        cause,
                    });
                }
            }
        }
    }

    async fn once(&self, call: &Call<'_>) -> Result<Answer, ApiCause> {
        let limit = self.patience.call;
        match tokio::time::timeout(limit, self.exchange(call)).await {
            Ok(result) => result,
            Err(_) => Err(ApiCause::Slow(limit)),
        }
    }

    async fn exchange(&self, call: &Call<'_>) -> Result<Answer, ApiCause> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(call.route)
            .header(http::header::ACCEPT, call.accept);
        let body = match &call.body {
            Some(body) => {
                request = request.header(http::header::CONTENT_TYPE, "application/json");
                OctoBody::from(body.clone())
            }
            None => OctoBody::empty(),
        };
        let request = request
            .body(body)
            .map_err(|error| ApiCause::Malformed(self.shown(&error)))?;
        let response = self
            .crab
            .execute(request)
            .await
            .map_err(|error| self.broken(&error))?;
        let (parts, body) = response.into_parts();
        let body = match Limited::new(body, call.bytes_max).collect().await {
            Ok(body) => body.to_bytes().to_vec(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(ApiCause::TooLarge(call.bytes_max));
            }
            Err(error) => return Err(self.broken(error.as_ref())),
        };
        if parts.status.is_success() {
            return Ok(Answer {
                headers: parts.headers,
                body,
            });
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let body = self.token.as_ref().map_or_else(
            || body.clone(),
            |token| token.redact(&String::from_utf8_lossy(&body)).into_bytes(),
        );
        let permission = call.purpose.permission;
        Err(ApiCause::from_answer(
            parts.status,
            &parts.headers,
            &body,
            permission,
            now,
        ))
    }

    fn broken(&self, error: &(dyn std::error::Error + 'static)) -> ApiCause {
        ApiCause::Connection(self.shown(error))
    }

    fn shown(&self, error: &(dyn std::error::Error + 'static)) -> String {
        shown(error, self.token.as_ref())
    }
}

/// The innermost cause: the outer layers only say that there was one.
fn shown(error: &(dyn std::error::Error + 'static), token: Option<&Token>) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    let text = inner.to_string();
    disarm(&token.map_or_else(|| text.clone(), |token| token.redact(&text)))
}

fn encoded(body: &(impl Serialize + Sync), purpose: Purpose) -> Result<Option<Vec<u8>>, ApiError> {
    serde_json::to_vec(body)
        .map(Some)
        .map_err(|error| ApiError {
            purpose: purpose.to,
            cause: ApiCause::Malformed(error.to_string()),
        })
}

/// The number of the page that `Link` calls the next one.
fn next_page(headers: &HeaderMap) -> Option<usize> {
    let links = headers.get(http::header::LINK)?.to_str().ok()?;
    let next = links
        .split(',')
        .find(|link| link.contains("rel=\"next\""))?;
    let (address, _) = next.trim().strip_prefix('<')?.split_once('>')?;
    let (_, query) = address.split_once('?')?;
    let number = query
        .split('&')
        .find_map(|part| part.strip_prefix("page="))?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_number_of_the_next_page_is_believed() {
        let next = |link: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::LINK, HeaderValue::from_static(link));
            next_page(&headers)
        };
        let link = "<https://api.github.com/r?page=1>; rel=\"prev\", \
                    <https://elsewhere.example/r?per_page=100&page=3>; rel=\"next\"";
        assert_eq!(next(link), Some(3));
        assert_eq!(
            next("<https://api.github.com/r?page=1>; rel=\"first\""),
            None
        );
        assert_eq!(next("rubbish"), None);
        assert_eq!(next_page(&HeaderMap::new()), None);
    }
}
