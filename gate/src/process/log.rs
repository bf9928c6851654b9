//! The end of a log file, made fit for an error message.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// How much of the end of a log is looked at, in bytes.
const TAIL_BYTES_MAX: u64 = 16 * 1024;

/// The last `lines` lines of a file, without trailing blank lines.
///
/// What a program printed is data: control characters other than line feed and tab are dropped, so
/// that a log cannot steer the terminal that shows it.
pub fn last_lines(path: &Path, lines: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL_BYTES_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)?;
    let text: String = String::from_utf8_lossy(&bytes)
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let kept: Vec<&str> = text.trim_end().lines().collect();
    let first = kept.len().saturating_sub(lines);
    Ok(kept.get(first..).unwrap_or_default().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(text: &str, lines: usize) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        last_lines(file.path(), lines).unwrap()
    }

    #[test]
    fn keeps_the_last_lines_only() {
        assert_eq!(tail("a\nb\nc\nd\n\n", 2), "c\nd");
        assert_eq!(tail("a", 5), "a");
        assert_eq!(tail("", 5), "");
        let filler = format!("{}\n", "x".repeat(99));
        let text = filler.repeat(1000) + "the cause\n";
        assert_eq!(tail(&text, 1), "the cause");
    }

    #[test]
    fn strips_what_could_steer_a_terminal() {
        assert_eq!(tail("\u{1b}[31mred\u{7}\tok\r\n", 3), "[31mred\tok");
    }
}
