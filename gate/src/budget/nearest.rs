//! The known name that an unknown one was probably meant to be.

use std::fmt;

/// Similarity in `0..=1` from which a name is suggested, by edit distance over length.
const EDITS_MIN: f64 = 0.6;
/// The same by Jaro–Winkler, which favours a shared beginning: `report` for `report_only`.
const BEGINNING_MIN: f64 = 0.88;
/// Bytes from which a name that is only begun is completed: `higher` to `higher-is-better`.
const CUT_LEN_MIN: usize = 3;

/// Names that are known in one place, in the order in which they are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(Vec<String>);

impl Names {
    /// The names as given.
    pub(super) fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The name most like `word`, where one is like it at all.
    pub(super) fn nearest(&self, word: &str) -> Option<&str> {
        let plain = |name: &str| {
            name.trim_matches(['{', '}'])
                .to_lowercase()
                .replace('-', "_")
        };
        let word = plain(word);
        self.0
            .iter()
            .filter_map(|name| {
                let known = plain(name);
                let edits = strsim::normalized_damerau_levenshtein(&word, &known);
                let beginning = strsim::jaro_winkler(&word, &known);
                let cut_short = word.len() >= CUT_LEN_MIN && known.starts_with(&word);
                (edits >= EDITS_MIN || beginning >= BEGINNING_MIN || cut_short)
                    .then_some((edits + beginning, name.as_str()))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name)
    }
}

impl fmt::Display for Names {
    /// As a sentence names them: `a`, `b` or `c`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let before = match index {
                0 => "",
                _ if index + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}`{}`", name.escape_debug())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_what_was_meant_and_nothing_far_fetched() {
        let keys = Names::new(["probe", "direction", "budget", "report_only", "max_time"]);
        for (typed, meant) in [
            ("budgett", Some("budget")),
            ("buget", Some("budget")),
            ("Budget", Some("budget")),
            ("max-time", Some("max_time")),
            ("report", Some("report_only")),
            ("dir", Some("direction")),
            ("tolerance", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(keys.nearest(typed), meant, "{typed}");
        }
    }
}
