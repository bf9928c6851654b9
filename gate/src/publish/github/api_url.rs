//! Where the API is.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// The base of every request: `https://api.github.com`, or that of a GitHub Enterprise server.
///
/// The token travels with every request, so plain http is refused unless it stays on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Uri);

/// Why an address is no base for requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the API address {text:?} {why}")]
pub struct ApiUrlError {
    text: String,
    why: &'static str,
}

impl ApiUrl {
    /// Where `GITHUB_API_URL` points.
    pub fn new(text: &str) -> Result<Self, ApiUrlError> {
        let refuse = |why| ApiUrlError {
            text: text.to_owned(),
            why,
        };
        let uri: Uri = text.parse().map_err(|_| refuse("is no address"))?;
        let authority = uri.authority().ok_or_else(|| refuse("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refuse("holds a user name"));
        }
        if uri.query().is_some() {
            return Err(refuse("holds a query"));
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(uri)),
            Some("http") if is_loopback(authority.host()) => Ok(Self(uri)),
            Some("http") => Err(refuse(
                "is plain http, which would show the token to the network",
            )),
            _ => Err(refuse("is not https")),
        }
    }

    /// As the client takes it.
    pub(super) fn uri(&self) -> Uri {
        self.0.clone()
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for fine in [
            "https://api.github.com",
            "https://github.example.com/api/v3",
            "http://127.0.0.1:4010",
            "http://[::1]:4010",
            "http://localhost:4010",
        ] {
            ApiUrl::new(fine).unwrap();
        }
        for refused in [
            "http://api.github.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "https://user@api.github.com",
            "ftp://api.github.com",
            "api.github.com",
            "/api",
            "",
        ] {
            ApiUrl::new(refused).unwrap_err();
        }
    }
}
