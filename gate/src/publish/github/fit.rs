//! Markdown made to fit a limit of GitHub's, and saying so.
//!
//! | where | limit |
//! |---|---|
//! | comment | 65,536 characters |
//! | summary of a check run | 65,535 characters |
//!
//! The cut falls between two lines, code fences and `<details>` that are open there are closed, and
//! the last line tells that something is missing and where it is. Counted in UTF-16 units, which are
//! never fewer than characters.

/// The longest comment.
pub(super) const COMMENT_LEN_MAX: usize = 65_536;
/// The longest summary of a check run.
pub(super) const SUMMARY_LEN_MAX: usize = 65_535;

/// `markdown`, or as many of its first lines as fit into `len_max` together with a line that says
/// that it was cut. `elsewhere` completes "The rest is in …".
pub(super) fn fit(markdown: &str, len_max: usize, elsewhere: &str) -> String {
    if length(markdown) <= len_max {
        return markdown.to_owned();
    }
    let notice = format!(
        "\n**This was cut**: it is longer than the {len_max} characters that GitHub takes. \
         The rest is in {elsewhere}.\n"
    );
    let room = len_max.saturating_sub(length(&notice));
    let mut kept = String::new();
    let mut kept_len = 0;
    let mut open = Open::default();
    for line in markdown.split_inclusive('\n') {
        let mut after = open.clone();
        after.read(line);
        // The line itself, a line break that it may lack, and what would have to be closed.
        if kept_len + length(line) + 1 + length(&after.closers()) > room {
            break;
        }
        kept.push_str(line);
        kept_len += length(line);
        open = after;
    }
    kept + &open.closers() + &notice
}

/// Characters as a browser counts them.
pub(super) fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// What is open after some lines.
#[derive(Debug, Clone, Default)]
struct Open {
    fence: Option<String>,
    details: usize,
}

impl Open {
    fn read(&mut self, line: &str) {
        let text = line.trim();
        let ticks: String = text.chars().take_while(|c| *c == '`').collect();
        match &self.fence {
            Some(fence) if text.len() == ticks.len() && ticks.len() >= fence.len() => {
                self.fence = None;
            }
            Some(_) => {}
            None if ticks.len() >= 3 => self.fence = Some(ticks),
            None => {
                self.details += text.matches("<details").count();
                self.details = self
                    .details
                    .saturating_sub(text.matches("</details>").count());
            }
        }
    }

    fn closers(&self) -> String {
        let fence = self
            .fence
            .as_ref()
            .map(|fence| format!("{fence}\n"))
            .unwrap_or_default();
        fence + &"\n</details>\n".repeat(self.details)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        let exact = "x".repeat(300);
        assert_eq!(fit(&exact, 300, "the log"), exact);
        assert_ne!(fit(&exact, 299, "the log"), exact);
    }

    #[test]
    fn what_is_open_at_the_cut_is_closed() {
        let text = format!(
            "first\n\n<details><summary>s</summary>\n\n```text\n{}",
            "line\n".repeat(100)
        );
        let cut = fit(&text, 300, "the log");
        assert!(length(&cut) <= 300);
        assert!(
            cut.contains("line\n```\n\n</details>\n\n**This was cut**"),
            "{cut}"
        );
        assert!(cut.ends_with("The rest is in the log.\n"));
    }

    proptest! {
        #[test]
        fn nothing_is_ever_longer_than_the_limit(
            lines in prop::collection::vec("(<details>|</details>|```|[ -~é😀]{0,30})", 0..60),
            len_max in 200..600usize,
        ) {
            let text = lines.join("\n");
            let cut = fit(&text, len_max, "the log");
            prop_assert!(length(&cut) <= len_max);
            prop_assert!(length(&text) > len_max || cut == text);
        }
    }
}
