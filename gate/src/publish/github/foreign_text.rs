//! Text that others wrote, made fit for one line of a log.
//!
//! A runner obeys lines that begin with `::` and text after `##[`, a terminal obeys control
//! characters, and an error of a proxy may be a page of HTML. So what comes from outside is cut,
//! flattened and disarmed before it is shown.

/// The longest piece of foreign text in a message, in characters.
const SHOWN_CHARS_MAX: usize = 200;

/// `text` on one line, without control characters or workflow commands, cut to 200 characters.
#[must_use]
pub fn disarm(text: &str) -> String {
    if text.trim_start().starts_with('<') {
        return "(a page of HTML)".to_owned();
    }
    let mut flat = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if !flat.is_empty() {
            flat.push(' ');
        }
        flat.extend(word.chars().filter(|c| !is_invisible(*c)));
        if flat.len() > 4 * SHOWN_CHARS_MAX {
            break;
        }
    }
    while flat.contains("::") {
        flat = flat.replace("::", ": :");
    }
    let flat = flat.replace("##[", "## [");
    match flat.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", flat.get(..end).unwrap_or_default()),
        None => flat,
    }
}

/// Characters that change how others are read: bidirectional overrides, joiners, the byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_speak_to_the_runner_or_the_terminal() {
        assert_eq!(disarm("no\n::error::gotcha"), "no : :error: :gotcha");
        assert_eq!(disarm(":::add-mask:::x"), ": : :add-mask: : :x");
        assert_eq!(disarm("a ##[error] b"), "a ## [error] b");
        assert_eq!(disarm("\u{1b}[31mred\u{7}"), "[31mred");
        assert_eq!(disarm("\u{202e}live"), "live");
        assert_eq!(disarm("  <html><body>502"), "(a page of HTML)");
        let long = disarm(&"é".repeat(5000));
        assert_eq!(long.chars().count(), SHOWN_CHARS_MAX + 1);
    }
}
