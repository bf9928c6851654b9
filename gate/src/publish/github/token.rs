//! The secret that a job may write with, and text that may not contain it.

use std::fmt;

/// A GitHub token. Its `Debug` shows nothing, and it has no `Display`: the only way out is
/// `reveal`, which the client calls once.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A token that cannot travel in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is empty or holds characters that no token has (a line break at its end?)")]
pub struct TokenError;

impl Token {
    /// Takes a token as the environment gives it.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && !text.is_empty() {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenError)
        }
    }

    /// The secret itself.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` without the token: a server may answer with what it was sent.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::new("ghs_secret").unwrap();
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert_eq!(
            token.redact("bad credentials: ghs_secret!"),
            "bad credentials: ***!"
        );
        assert_eq!(Token::new("ghs_secret\n"), Err(TokenError));
        assert_eq!(Token::new(""), Err(TokenError));
    }
}
