//! Where a reply ends, and whether it is one that a GET or a SET may have.
//!
//! | bytes | reply to | here |
//! |---|---|---|
//! | `+OK\r\n` | SET | good |
//! | `$3\r\nabc\r\n` | GET | good where the length is that of every value |
//! | `$-1\r\n` | GET of a missing key | error: the data set holds every key asked for |
//! | `-ERR …\r\n` | | error, with its text |
//! | anything else | | error |
//!
//! (RESP2, <https://redis.io/docs/latest/develop/reference/protocol-spec/>.) A server that drops keys
//! or answers with errors would look fast; that is why every reply is looked at.

use super::LoadError;

/// The longest line before which a reply is garbage, in bytes.
const LINE_BYTES_MAX: usize = 4096;
/// The most of an unexpected reply that an error shows, in bytes.
const SHOWN_BYTES_MAX: usize = 80;

/// The length of the first reply in `bytes`, once all of it is there.
pub(super) fn first_len(bytes: &[u8], value_bytes: usize) -> Result<Option<usize>, LoadError> {
    let Some(line_len) = line_len(bytes) else {
        return if bytes.len() > LINE_BYTES_MAX {
            Err(unexpected(bytes))
        } else {
            Ok(None)
        };
    };
    let line = bytes.get(..line_len).unwrap_or_default();
    match line {
        b"+OK" => Ok(Some(line_len + 2)),
        [b'$', b'-', b'1'] => Err(LoadError::KeyLost),
        [b'$', digits @ ..] => {
            let len = number(digits).ok_or_else(|| unexpected(bytes))?;
            if len != value_bytes {
                let text = format!("a value of {len} bytes where all have {value_bytes}");
                return Err(LoadError::Unexpected(text));
            }
            let end = line_len + 2 + len + 2;
            match bytes.get(end - 2..end) {
                Some(b"\r\n") => Ok(Some(end)),
                Some(_) => Err(unexpected(bytes)),
                None => Ok(None),
            }
        }
        [b'-', text @ ..] => Err(LoadError::ErrorReply(shown(text))),
        _ => Err(unexpected(bytes)),
    }
}

/// The bytes before the first CR LF.
fn line_len(bytes: &[u8]) -> Option<usize> {
    let window = bytes.get(..LINE_BYTES_MAX).unwrap_or(bytes);
    let lf = window.iter().position(|&byte| byte == b'\n')?;
    (lf > 0 && window.get(lf - 1) == Some(&b'\r')).then(|| lf - 1)
}

fn number(digits: &[u8]) -> Option<usize> {
    let plain = !digits.is_empty() && digits.len() <= 9 && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| {
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
    })
}

fn unexpected(bytes: &[u8]) -> LoadError {
    LoadError::Unexpected(format!(
        "what is no reply to GET or SET: {:?}",
        shown(bytes)
    ))
}

fn shown(bytes: &[u8]) -> String {
    let start = bytes.get(..SHOWN_BYTES_MAX).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start);
    text.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn len(bytes: &[u8]) -> Result<Option<usize>, String> {
        first_len(bytes, 3).map_err(|e| e.to_string())
    }

    #[test]
    fn good_replies_have_their_length() {
        assert_eq!(len(b"+OK\r\n").unwrap(), Some(5));
        assert_eq!(len(b"+OK\r\n$3\r\nabc\r\n").unwrap(), Some(5));
        assert_eq!(len(b"$3\r\nabc\r\n+OK\r\n").unwrap(), Some(9));
        assert_eq!(len(b"$3\r\n\r\n\r\r\n").unwrap(), Some(9));
        assert_eq!(first_len(b"$0\r\n\r\n", 0).unwrap(), Some(6));
    }

    #[test]
    fn bad_replies_say_what_they_are() {
        for (bytes, expected) in [
            (
                &b"-ERR unknown command\r\n"[..],
                "with an error: ERR unknown command",
            ),
            (b"-OOM \x1b[2J\r\n", "with an error: OOM [2J"),
            (b"$-1\r\n", "lost a key"),
            (b"$4\r\n", "a value of 4 bytes where all have 3"),
            (b"$3\r\nabcde", "no reply to GET or SET"),
            (b":1\r\n", "no reply"),
            (b"*1\r\n", "no reply"),
            (b"$\r\n", "no reply"),
            (b"$99999999999999999999\r\n", "no reply"),
            (b"$-2\r\n", "no reply"),
            (b"+PONG\r\n", "no reply"),
            (b"\r\n", "no reply"),
        ] {
            let error = len(bytes).unwrap_err();
            assert!(error.contains(expected), "{bytes:?}: {error}");
        }
        assert!(len(&[b'+'; LINE_BYTES_MAX + 1]).is_err());
    }

    proptest! {
        #[test]
        fn any_cut_of_good_replies_waits_for_the_rest(
            values in prop::collection::vec(prop::option::of(any::<[u8; 3]>()), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = Vec::new();
            let mut ends = vec![0];
            for value in &values {
                match value {
                    None => bytes.extend_from_slice(b"+OK\r\n"),
                    Some(v) => bytes.extend([&b"$3\r\n"[..], v, b"\r\n"].concat()),
                }
                ends.push(bytes.len());
            }
            let cut = cut.index(bytes.len() + 1);
            let (mut at, mut seen) = (0, 0);
            while let Some(len) = len(&bytes[at..cut]).unwrap() {
                at += len;
                seen += 1;
            }
            // The naive count: replies that end at or before the cut.
            prop_assert_eq!(seen, ends.iter().filter(|end| **end <= cut).count() - 1);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(Some(len)) = first_len(&bytes, 3) {
                prop_assert!(len <= bytes.len());
            }
        }
    }
}
