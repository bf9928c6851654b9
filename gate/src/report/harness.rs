//! A change of what measures: its numbers may have moved for that alone.

use super::schema::Report;

/// How many paths are told, and how much of each.
const PATHS_SHOWN: usize = 5;
const PATH_CHARS_MAX: usize = 120;

/// What of the harness the change touches; `None` where it does not.
pub(super) fn sentence(report: &Report, escaped: fn(&str) -> String) -> Option<String> {
    let all = report.harness.len();
    if all == 0 {
        return None;
    }
    let paths = report.harness.iter().take(PATHS_SHOWN);
    let shown = paths
        .map(|path| escaped(&path.chars().take(PATH_CHARS_MAX).collect::<String>()))
        .collect::<Vec<_>>()
        .join(", ");
    let more = match all.saturating_sub(PATHS_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "The change touches what measures it: {shown}{more}. A number that moved may have moved for that alone."
    ))
}
