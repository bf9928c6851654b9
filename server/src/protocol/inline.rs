//! Requests typed as a line, such as `SET greeting "hello world"`, split as `sdssplitargs` of Redis does.
//!
//! | written          | means                                                        |
//! |------------------|--------------------------------------------------------------|
//! | `"a\n\x41\""`    | escapes `\n \r \t \b \a`, `\xHH`, and `\` before anything else |
//! | `'it\'s'`        | taken literally, but for `\'`                                |
//! | `pre"fix"`       | one argument: quotes may open inside a word                  |
//! | `"a"b`, `"a`     | unbalanced: a closing quote ends its word                    |
//!
//! A zero byte ends the line.

use super::decoder::Span;

/// The line's quotes do not match.
pub(super) struct Unbalanced;

/// Appends the words of `line` to `words`, with their ranges there to `spans`.
pub(super) fn split_line(
    line: &[u8],
    words: &mut Vec<u8>,
    spans: &mut Vec<Span>,
) -> Result<(), Unbalanced> {
    let end = line
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(line.len());
    let mut rest = line.get(..end).unwrap_or_default();
    loop {
        let blanks = rest.iter().take_while(|&&byte| is_space(byte)).count();
        rest = rest.get(blanks..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(());
        }
        let start = words.len();
        rest = word(rest, words)?;
        spans.extend(Span::new(start, words.len()));
    }
}

/// Appends the word that `rest` begins with; yields what follows it.
fn word<'a>(mut rest: &'a [u8], words: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        match rest {
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(rest),
            [b'"', quoted @ ..] => return double_quoted(quoted, words),
            [b'\'', quoted @ ..] => return single_quoted(quoted, words),
            [byte, after @ ..] => {
                words.push(*byte);
                rest = after;
            }
        }
    }
}

fn double_quoted<'a>(mut rest: &'a [u8], words: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] => return Err(Unbalanced),
            [b'"', after @ ..] => return closed(after),
            [b'\\', b'x', high, low, after @ ..]
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                words.push(hex(*high) << 4 | hex(*low));
                after
            }
            [b'\\', escaped, after @ ..] => {
                words.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                after
            }
            [byte, after @ ..] => {
                words.push(*byte);
                after
            }
        };
    }
}

fn single_quoted<'a>(mut rest: &'a [u8], words: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        rest = match rest {
            [] => return Err(Unbalanced),
            [b'\\', b'\'', after @ ..] => {
                words.push(b'\'');
                after
            }
            [b'\'', after @ ..] => return closed(after),
            [byte, after @ ..] => {
                words.push(*byte);
                after
            }
        };
    }
}

/// What follows a closing quote must be blank.
fn closed(after: &[u8]) -> Result<&[u8], Unbalanced> {
    match after.first() {
        Some(&byte) if !is_space(byte) => Err(Unbalanced),
        _ => Ok(after),
    }
}

/// `isspace` of C, which knows the vertical tab.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Option<Vec<Vec<u8>>> {
        let (mut words, mut spans) = (Vec::new(), Vec::new());
        split_line(line.as_bytes(), &mut words, &mut spans).ok()?;
        Some(
            spans
                .iter()
                .map(|span| words[span.range()].to_vec())
                .collect(),
        )
    }

    #[test]
    fn words_quotes_and_escapes() {
        let words = |list: &[&[u8]]| Some(list.iter().map(|word| word.to_vec()).collect());
        assert_eq!(split("  SET\tk  v "), words(&[b"SET", b"k", b"v"]));
        assert_eq!(split(r#"a"b c""#), words(&[b"ab c"]));
        assert_eq!(split(r#""\x41\n\q\"""#), words(&[b"A\nq\""]));
        assert_eq!(split(r#""\xg1""#), words(&[b"xg1"]));
        assert_eq!(split(r"'it\'s\n'"), words(&[br"it's\n"]));
        assert_eq!(split("'' \"\""), words(&[b"", b""]));
        assert_eq!(split("a\0b c"), words(&[b"a"]));
        assert_eq!(split("   "), words(&[]));
    }

    #[test]
    fn a_quote_must_close_and_end_its_word() {
        for line in ["\"a", "'a", "\"a\"b", "'a'b", "\"a\\", "\"a\0\""] {
            assert_eq!(split(line), None, "{line:?}");
        }
    }
}
