//! Names that GitHub gives to things, checked before they become part of a route.

use std::fmt::{self, Write as _};

/// A repository: `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RepositoryName(String);

/// A full commit id: 40 hexadecimal digits, or 64.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CommitId(String);

/// A text that is no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}")]
pub struct NameError {
    text: String,
    what: &'static str,
}

impl NameError {
    fn new(text: &str, what: &'static str) -> Self {
        Self {
            text: super::foreign_text::disarm(text),
            what,
        }
    }
}

impl RepositoryName {
    /// Checks `owner/name`.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let plain = |part: &str| {
            let letters = part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            letters && !matches!(part, "" | "." | "..") && part.len() <= 100
        };
        match text.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => Ok(Self(text.to_owned())),
            _ => Err(NameError::new(text, "repository (owner/name)")),
        }
    }

    /// `owner/name`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    #[must_use]
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }
}

impl CommitId {
    /// Checks a full commit id.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let hex = text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::new(text, "full commit id"))
        }
    }

    /// All digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As many digits as people read.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..9).unwrap_or(&self.0)
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `text` as part of a path or query: everything but unreserved characters is escaped, a slash too.
#[must_use]
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_route() {
        assert_eq!(
            RepositoryName::new("octo-org/octo.repo_1").unwrap().owner(),
            "octo-org"
        );
        for refused in [
            "", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a/b?x", "a/b#", "a b/c", "ä/b",
        ] {
            RepositoryName::new(refused).unwrap_err();
        }
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(CommitId::new(id).unwrap().short(), "012345678");
        for refused in [
            "",
            "main",
            &id[1..],
            &id.to_uppercase(),
            "../../../../../../../../../../../../../x",
        ] {
            CommitId::new(refused).unwrap_err();
        }
    }

    #[test]
    fn a_branch_cannot_add_to_a_query() {
        assert_eq!(
            escaped("fix/a&state=closed#é%"),
            "fix%2Fa%26state%3Dclosed%23%C3%A9%25"
        );
    }
}
