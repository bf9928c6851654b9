//! `{name}` in the words of a command: where it stands, and what is filled in.
//!
//! ```text
//! "--port={port}"    a placeholder: letters, digits, `_` and `-` between two braces
//! "{ print $1 }"     none: other braces stay as they are
//! ```
//!
//! The check of a budgets file and the filling-in use the same scan, so that what was found right
//! is what runs. What is filled in is not scanned again.

use std::ops::Range;

/// Stands in a written budgets file where a person has to write something.
pub const FILL_IN: &str = "FILL-IN";

/// Every placeholder of `word`: its name, and its bytes, braces included.
fn scan(word: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    word.match_indices('{').filter_map(move |(start, _)| {
        let rest = word.get(start + 1..)?;
        let name = rest.get(..rest.find('}')?)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let fits = !name.is_empty() && name.chars().all(plain);
        fits.then_some((name, start..start + name.len() + 2))
    })
}

/// The names of the placeholders in `word`, in order.
pub(super) fn names(word: &str) -> impl Iterator<Item = &str> {
    scan(word).map(|(name, _)| name)
}

/// `word` with every placeholder replaced by what `value` has for it; `Err` is the name that it has
/// nothing for.
pub fn fill(word: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::with_capacity(word.len());
    let mut done = 0;
    for (name, span) in scan(word) {
        filled.push_str(word.get(done..span.start).unwrap_or_default());
        filled.push_str(&value(name).ok_or_else(|| name.to_owned())?);
        done = span.end;
    }
    filled.push_str(word.get(done..).unwrap_or_default());
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<String> {
        match name {
            "server" => Some("/a/{port}".to_owned()),
            "port" => Some("7000".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn fills_placeholders_and_leaves_other_braces() {
        for (word, filled) in [
            ("{server}", "/a/{port}"),
            ("-p{port},{port}", "-p7000,7000"),
            ("{ print $1 }", "{ print $1 }"),
            ("{}", "{}"),
            ("{{port}}", "{7000}"),
            ("{port", "{port"),
            ("ü{port}ü", "ü7000ü"),
            ("", ""),
        ] {
            assert_eq!(fill(word, known).as_deref(), Ok(filled), "{word}");
        }
        assert_eq!(fill("{prot}", known), Err("prot".to_owned()));
    }
}
