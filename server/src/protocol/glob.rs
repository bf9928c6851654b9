//! Glob patterns, with the dialect of Redis's `stringmatchlen`.
//!
//! | piece     | matches                                                          |
//! |-----------|------------------------------------------------------------------|
//! | `*`       | any run of bytes, also none                                      |
//! | `?`       | any one byte                                                     |
//! | `[a-cx]`  | one byte of the set; `[^…]` one byte outside it; `\` escapes in it |
//! | `\x`      | the byte `x`, whatever it is                                     |
//!
//! A set that is never closed ends with the pattern. Every piece but `*` takes exactly one byte, so
//! it is enough to go back to the last `*` on a mismatch: the time is at most |pattern| × |text|,
//! where a recursive matcher can be made to run for hours by `a*a*a*a*b`.

/// Whether the whole of `text` matches `pattern`.
#[must_use]
pub fn glob_matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', after @ ..] = pattern {
            if after.is_empty() {
                return true;
            }
            last_star = Some((after, text));
            pattern = after;
            continue;
        }
        let Some((&byte, rest)) = text.split_first() else {
            return pattern.is_empty();
        };
        match one_byte(pattern, byte) {
            Some(after) => (pattern, text) = (after, rest),
            None => match last_star {
                Some((after_star, [_, shorter @ ..])) => {
                    (pattern, text) = (after_star, shorter);
                    last_star = Some((after_star, shorter));
                }
                _ => return false,
            },
        }
    }
}

/// Matches `byte` with the first piece of `pattern`, which is not `*`; yields what follows the piece.
fn one_byte(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', after @ ..] => Some(after),
        [b'[', b'^', set @ ..] => {
            let (found, after) = in_set(set, byte);
            (!found).then_some(after)
        }
        [b'[', set @ ..] => {
            let (found, after) = in_set(set, byte);
            found.then_some(after)
        }
        [b'\\', literal, after @ ..] | [literal, after @ ..] => (*literal == byte).then_some(after),
    }
}

/// Whether `byte` is in the set that `rest` begins inside of, and what follows the set.
fn in_set(mut rest: &[u8], byte: u8) -> (bool, &[u8]) {
    let mut found = false;
    loop {
        rest = match rest {
            [] => return (found, rest),
            [b'\\', literal, after @ ..] => {
                found |= *literal == byte;
                after
            }
            [b']', after @ ..] => return (found, after),
            [low, b'-', high, after @ ..] => {
                let (low, high) = if low <= high {
                    (low, high)
                } else {
                    (high, low)
                };
                found |= (low..=high).contains(&&byte);
                after
            }
            [literal, after @ ..] => {
                found |= *literal == byte;
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same pieces, but trying every split at every star.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([b'*', after @ ..], _) => {
                (0..=text.len()).any(|taken| naive(after, text.get(taken..).unwrap_or_default()))
            }
            (_, []) => pattern.is_empty(),
            (_, [byte, rest @ ..]) => {
                one_byte(pattern, *byte).is_some_and(|after| naive(after, rest))
            }
        }
    }

    #[test]
    fn pieces_match_as_in_redis() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("h?llo", "hello", true),
            ("h?llo", "hllo", false),
            ("h*llo", "heeello", true),
            ("h[ae]llo", "hillo", false),
            ("h[^e]llo", "hallo", true),
            ("h[b-a]llo", "hallo", true),
            ("h[a-", "ha", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("[\\]]", "]", true),
            ("a\\", "a\\", true),
            ("key:*:end", "key:1:end:2:end", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(
                glob_matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern:?} against {text:?}"
            );
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        let pattern = b"a*".repeat(64);
        assert!(!glob_matches(
            &[&pattern[..], b"b"].concat(),
            &b"a".repeat(4096)
        ));
    }

    proptest! {
        #[test]
        fn agrees_with_the_naive_matcher(
            pattern in r"[ab*?\[\]^\\-]{0,8}",
            text in r"[ab\]\\-]{0,8}",
        ) {
            prop_assert_eq!(
                glob_matches(pattern.as_bytes(), text.as_bytes()),
                naive(pattern.as_bytes(), text.as_bytes())
            );
        }
    }
}
