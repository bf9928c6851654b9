//! Whatever the text, the reader answers, and a mistake is shown in its place.

use proptest::prelude::*;

use super::messages::render;
use super::{FULL, SHORT};
use crate::budget::read;

/// What a mistake is made of: pieces that mean something somewhere in a budgets file.
const PIECES: [&str; 24] = [
    "",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "\"\"\"",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\r",
    "\u{feff}",
    "é",
    "%",
    "-1",
    "nan",
    "1e999",
    "true",
    "\\u0000",
    "[[trades]]\n",
    "[metrics.qps]\n",
];

/// Reads `text`, and shows the mistake where there is one.
fn answers(text: &str) {
    if let Err(error) = read("budgets.toml", text) {
        let span = error.span();
        assert!(
            text.get(span.clone()).is_some(),
            "{span:?} is no part of {text:?}"
        );
        let shown = render(text);
        assert!(!shown.contains("Failed to read"), "{shown}");
        assert!(shown.contains("[budgets.toml:"), "{shown}");
        let harmless = |c: char| c == '\n' || !c.is_control();
        assert!(shown.chars().all(harmless), "{shown:?}");
    }
}

proptest! {
    #[test]
    fn reads_any_text(text in ".{0,200}|(?s).{0,200}") {
        answers(&text);
    }

    #[test]
    fn reads_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        answers(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn reads_a_valid_file_with_pieces_cut_out_and_put_in(
        full in any::<bool>(),
        edits in proptest::collection::vec(
            (any::<prop::sample::Index>(), 0usize..12, prop::sample::select(&PIECES[..])),
            1..4,
        ),
    ) {
        let mut text: Vec<char> = if full { FULL } else { SHORT }.chars().collect();
        for (at, cut, piece) in edits {
            let start = at.index(text.len());
            let end = (start + cut).min(text.len());
            text.splice(start..end, piece.chars());
        }
        answers(&String::from_iter(text));
    }

    #[test]
    fn reads_a_valid_file_with_lines_missing_doubled_and_swapped(
        full in any::<bool>(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 1..40),
    ) {
        let mut lines: Vec<&str> = if full { FULL } else { SHORT }.lines().collect();
        for pair in order.chunks(2) {
            let line = lines[pair[0].index(lines.len())];
            match pair {
                [_, to] => lines.insert(to.index(lines.len()), line),
                _ => lines.retain(|other| *other != line),
            }
        }
        answers(&lines.join("\n"));
    }
}
