//! Commands under other names, or under none.

use std::collections::BTreeMap;

use thiserror::Error;

/// Names in upper case, and the commands that they mean.
///
/// A command that was given another name is found under that only, and one without a name not at all.
#[derive(Clone, Debug, Default)]
pub struct Renames(BTreeMap<Vec<u8>, Meaning>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Meaning {
    Command(Vec<u8>),
    Nothing,
}

/// Why commands cannot be renamed so.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RenameError {
    /// There is nothing to rename.
    #[error("rename-command: there is no command {0}")]
    NoSuchCommand(String),
    /// The name is that of another command, or given twice.
    #[error("rename-command: {command} cannot be called {name}: that name is taken")]
    Taken {
        /// The command.
        command: String,
        /// The name.
        name: String,
    },
}

impl Renames {
    /// Gives `command`, whose name must be known to `exists`, another name; none if that is empty.
    pub fn add(
        &mut self,
        command: &str,
        name: &str,
        exists: impl Fn(&[u8]) -> bool,
    ) -> Result<(), RenameError> {
        let upper = command.to_ascii_uppercase().into_bytes();
        if !exists(&upper) {
            return Err(RenameError::NoSuchCommand(command.to_owned()));
        }
        let new = name.to_ascii_uppercase().into_bytes();
        let taken = match self.0.get(&new) {
            Some(Meaning::Command(_)) => true,
            Some(Meaning::Nothing) => false,
            None => exists(&new) && new != upper,
        };
        if taken {
            return Err(RenameError::Taken {
                command: command.to_owned(),
                name: name.to_owned(),
            });
        }
        if new == upper {
            return Ok(());
        }
        self.0.entry(upper.clone()).or_insert(Meaning::Nothing);
        if !new.is_empty() {
            self.0.insert(new, Meaning::Command(upper));
        }
        Ok(())
    }

    /// Whether every command has its own name.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name to look for where a client says `name`; `None` if that name was taken away.
    #[must_use]
    pub fn resolve<'a>(&'a self, name: &'a [u8]) -> Option<&'a [u8]> {
        match self.0.get(&name.to_ascii_uppercase()) {
            None => Some(name),
            Some(Meaning::Command(command)) => Some(command),
            Some(Meaning::Nothing) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exists(name: &[u8]) -> bool {
        [&b"GET"[..], b"KEYS", b"FLUSHALL"].contains(&name)
    }

    #[test]
    fn a_name_moves_or_goes() {
        let mut renames = Renames::default();
        assert!(renames.is_empty());
        renames.add("flushall", "", exists).unwrap();
        renames.add("KEYS", "All-Keys", exists).unwrap();
        assert_eq!(renames.resolve(b"FlushAll"), None);
        assert_eq!(renames.resolve(b"keys"), None);
        assert_eq!(renames.resolve(b"all-keys"), Some(&b"KEYS"[..]));
        assert_eq!(renames.resolve(b"get"), Some(&b"get"[..]));
        // A name that was taken away is free for another command.
        renames.add("GET", "KEYS", exists).unwrap();
        assert_eq!(renames.resolve(b"KEYS"), Some(&b"GET"[..]));
    }

    #[test]
    fn names_of_others_and_commands_that_are_none_are_refused() {
        let mut renames = Renames::default();
        let taken = renames.add("KEYS", "get", exists).unwrap_err();
        assert!(taken.to_string().contains("KEYS cannot be called get"));
        let unknown = renames.add("NOSUCH", "", exists).unwrap_err();
        assert_eq!(unknown, RenameError::NoSuchCommand("NOSUCH".to_owned()));
        renames.add("KEYS", "k", exists).unwrap();
        assert!(renames.add("FLUSHALL", "K", exists).is_err());
        renames.add("GET", "get", exists).unwrap();
        assert_eq!(renames.resolve(b"GET"), Some(&b"GET"[..]));
    }
}
