//! Placeholders in commands: `["{server}", "--port", "{port}"]`.
//!
//! A placeholder is a name of letters, digits, `_` and `-` in braces: `{port}`, or the name of an
//! artifact. Braces around anything else (`{"a": 1}`) stay as they are. A name that nothing is known
//! under is an error, as a typo would otherwise reach the program; that goes for `${HOME}`, too: no
//! shell reads these commands.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{self, PathBuf};

/// Why a command could not be filled in.
#[derive(Debug, thiserror::Error)]
pub enum ArgvError {
    /// A placeholder that names nothing.
    #[error("`{{{name}}}` in `{argument}` names no artifact; known here: {known}")]
    Unknown {
        /// The name between the braces.
        name: String,
        /// The argument that holds it.
        argument: String,
        /// What could have been meant.
        known: String,
    },
    /// The path of an artifact cannot be made absolute.
    #[error("cannot resolve {}: {source}", .path.display())]
    Path {
        /// The artifact's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Fills in artifacts as absolute paths, and the port where there is one.
pub fn fill(
    argv: &[String],
    artifacts: &BTreeMap<String, PathBuf>,
    port: Option<u16>,
) -> Result<Vec<OsString>, ArgvError> {
    argv.iter()
        .map(|argument| fill_one(argument, artifacts, port))
        .collect()
}

fn fill_one(
    argument: &str,
    artifacts: &BTreeMap<String, PathBuf>,
    port: Option<u16>,
) -> Result<OsString, ArgvError> {
    let mut filled = OsString::new();
    let mut rest = argument;
    while let Some((before, name, after)) = next_placeholder(rest) {
        filled.push(before);
        if let Some(path) = artifacts.get(name) {
            let absolute = path::absolute(path).map_err(|source| ArgvError::Path {
                path: path.clone(),
                source,
            })?;
            filled.push(absolute);
        } else if let ("port", Some(port)) = (name, port) {
            filled.push(port.to_string());
        } else {
            let port = port.map(|_| "port");
            let known = artifacts.keys().map(String::as_str).chain(port);
            return Err(ArgvError::Unknown {
                name: name.to_owned(),
                argument: argument.to_owned(),
                known: known.collect::<Vec<_>>().join(", "),
            });
        }
        rest = after;
    }
    filled.push(rest);
    Ok(filled)
}

/// Text before the first placeholder, its name, and the text after it.
fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let is_name = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        !name.is_empty() && name.chars().all(plain)
    };
    text.match_indices('{').find_map(|(open, _)| {
        let (before, inside) = text.split_at(open);
        let (name, after) = inside.strip_prefix('{')?.split_once('}')?;
        is_name(name).then_some((before, name, after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(argument: &str, port: Option<u16>) -> Result<OsString, String> {
        let artifacts = BTreeMap::from([("server".to_owned(), PathBuf::from("/a/server"))]);
        fill(&[argument.to_owned()], &artifacts, port)
            .map(|mut argv| argv.remove(0))
            .map_err(|e| e.to_string())
    }

    #[test]
    fn names_are_filled_in_wherever_they_stand() {
        assert_eq!(one("{server}", None).unwrap(), "/a/server");
        assert_eq!(
            one("--at=127.0.0.1:{port}/x", Some(18)).unwrap(),
            "--at=127.0.0.1:18/x"
        );
        assert_eq!(one("{server}{port}", Some(1)).unwrap(), "/a/server1");
    }

    #[test]
    fn other_braces_stay() {
        for text in [r#"{"a": 1}"#, "{}", "}{", "{ server }", "plain", "", "{é}"] {
            assert_eq!(one(text, None).unwrap(), text);
        }
        assert_eq!(one("{{server}}", None).unwrap(), "{/a/server}");
    }

    #[test]
    fn a_name_that_is_not_known_is_an_error() {
        assert_eq!(
            one("--x={sever}", Some(1)).unwrap_err(),
            "`{sever}` in `--x={sever}` names no artifact; known here: server, port"
        );
        assert!(one("{port}", None).is_err());
    }

    #[test]
    fn relative_artifacts_become_absolute() {
        let artifacts = BTreeMap::from([("a".to_owned(), PathBuf::from("x/y"))]);
        let argv = fill(&["{a}".to_owned()], &artifacts, None).unwrap();
        assert!(path::Path::new(&argv[0]).is_absolute());
    }
}
