//! Foreign text made harmless.
//!
//! Reasons, revisions and names of machines come from whoever opened the pull request. In Markdown
//! they may neither break out of their cell nor link, mention or refer to anything:
//!
//! | text | becomes | because |
//! |---|---|---|
//! | `< > &` | entities | HTML |
//! | a mark of Markdown | numeric entity | tables, code, emphasis, links, headings |
//! | `@` `#` | entity and a zero-width space | GitHub looks for mentions and references in the text *after* Markdown, where an entity is a plain `@` again |
//! | `:` before a word, the dot of `www.`, the second `/` of two | numeric entity | addresses become links without any mark |
//! | control and bidirectional characters | a space | they forge lines and reorder text |
//!
//! On a terminal only the last row matters: an escape sequence could repaint the verdict.

/// How much of one foreign text is shown.
const TEXT_LEN_MAX: usize = 400;

/// Text for Markdown: one line that means itself and nothing else.
#[must_use]
pub fn for_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut last_three = [' '; 3];
    let text = for_terminal(text);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let before_space = rest.as_str().starts_with([' ']) || rest.as_str().is_empty();
        match c {
            ':' if before_space => escaped.push(c),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' | '#' => {
                escaped.push_str(&entity(c));
                escaped.push_str("&#8203;");
            }
            '.' if last_three.iter().all(|w| w.eq_ignore_ascii_case(&'w')) => {
                escaped.push_str("&#46;");
            }
            '/' if last_three.last() == Some(&'/') => escaped.push_str(&entity(c)),
            '|' | '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '!' | '$' | ':' => {
                escaped.push_str(&entity(c));
            }
            plain => escaped.push(plain),
        }
        last_three.rotate_left(1);
        if let Some(last) = last_three.last_mut() {
            *last = c;
        }
    }
    escaped
}

fn entity(c: char) -> String {
    format!("&#{};", u32::from(c))
}

/// Text for a terminal: one line, of a bearable length, without characters that are not seen.
#[must_use]
pub fn for_terminal(text: &str) -> String {
    let mut line: String = text
        .chars()
        .take(TEXT_LEN_MAX)
        .map(|c| if is_unseen(c) { ' ' } else { c })
        .collect();
    if text.chars().nth(TEXT_LEN_MAX).is_some() {
        line.push('…');
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Control, zero-width, bidirectional and tag characters.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_foreign_keeps_a_meaning() {
        for (text, shown) in [
            ("a | b", "a &#124; b"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("@team please", "&#64;&#8203;team please"),
            ("fixes #12", "fixes &#35;&#8203;12"),
            (
                "`x` **y** [z](u)",
                "&#96;x&#96; &#42;&#42;y&#42;&#42; &#91;z&#93;(u)",
            ),
            ("https://evil.example", "https&#58;/&#47;evil.example"),
            ("see WWW.evil.example", "see WWW&#46;evil.example"),
            ("one\ntwo\r\n# three", "one two &#35;&#8203; three"),
            ("\u{1b}[31mred\u{202e}", "&#91;31mred"),
            ("&lt;", "&amp;lt;"),
            ("größer – plain", "größer – plain"),
        ] {
            assert_eq!(for_markdown(text), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        let shown = for_terminal(&"ä".repeat(1000));
        assert_eq!(shown.chars().count(), TEXT_LEN_MAX + 1);
        assert!(shown.ends_with('…'));
    }

    proptest! {
        #[test]
        fn marks_never_get_through(text in "\\PC*|[\\s|<>&@#`*_\\[\\]\\\\!~a-z]*") {
            let shown = for_markdown(&text);
            prop_assert!(!shown.contains(['|', '<', '>', '@', '`', '\\', '*', '_', '[', '\n', '\r']));
            // What is left of `&` and `#` is our own entities.
            for entity in shown.split('&').skip(1) {
                let (name, _) = entity.split_once(';').unwrap();
                let digits = name.strip_prefix('#').unwrap_or("");
                prop_assert!(
                    ["lt", "gt", "amp"].contains(&name) || digits.parse::<u32>().is_ok(),
                    "{name}"
                );
            }
        }
    }
}
