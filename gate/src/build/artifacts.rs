//! What a build leaves behind, and what it weighs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::BuildError;

/// One file that a build left behind, copied to where no later build reaches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Where the copy is.
    pub path: PathBuf,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Folders that it has its libraries searched in; `None` for what is no ELF file, such as a script, of which
    /// the bytes do not tell what it runs.
    pub library_folders: Option<Vec<PathBuf>>,
}

/// The artifacts of one arm, by the names that `budgets.toml` gives them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Artifacts {
    /// By name.
    pub files: BTreeMap<String, Artifact>,
}

impl Artifacts {
    /// Whether both hold the same names with the same bytes.
    #[must_use]
    pub fn same_bytes(&self, other: &Self) -> bool {
        self.files.len() == other.files.len()
            && self.files.iter().all(|(name, artifact)| {
                let other = other.files.get(name);
                other.is_some_and(|other| other.sha256 == artifact.sha256)
            })
    }

    /// Whether the bytes of every artifact that `words` call by its name tell what it runs.
    #[must_use]
    pub fn are_programs(&self, words: &[String]) -> bool {
        let called = |name: &str| {
            let braced = format!("{{{name}}}");
            words.iter().any(|word| word.contains(&braced))
        };
        let mut called = self.files.iter().filter(|(name, _)| called(name));
        called.all(|(_, artifact)| artifact.library_folders.is_some())
    }

    /// The path of each artifact by name, as commands use them.
    #[must_use]
    pub fn paths(&self) -> BTreeMap<String, PathBuf> {
        self.files
            .iter()
            .map(|(name, artifact)| (name.clone(), artifact.path.clone()))
            .collect()
    }
}

/// What `manifest.json` says of one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestEntry {
    pub(super) sha256: String,
    pub(super) bytes: u64,
}

/// SHA-256 of a file's bytes, and how many they are.
pub(super) fn digest(path: &Path) -> Result<ManifestEntry, BuildError> {
    let mut file = File::open(path).map_err(BuildError::io("read", path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = file
            .read(&mut buffer)
            .map_err(BuildError::io("read", path))?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else {
            break;
        };
        hasher.update(chunk);
        bytes += chunk.len() as u64;
    }
    Ok(ManifestEntry {
        sha256: hex(&hasher.finalize()),
        bytes,
    })
}

/// Two digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::super::linkage::library_folders;
    use super::*;

    #[test]
    fn a_script_is_more_than_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("server.js");
        std::fs::write(&script, "require('./lib')\n").unwrap();
        let artifact = |path: &Path| Artifact {
            path: path.to_owned(),
            sha256: String::new(),
            bytes: 1,
            library_folders: library_folders(path).unwrap(),
        };
        let own = std::env::current_exe().unwrap();
        let artifacts = Artifacts {
            files: BTreeMap::from([
                ("server".to_owned(), artifact(&own)),
                ("app".to_owned(), artifact(&script)),
            ]),
        };
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert!(artifacts.are_programs(&words("{server} --port {port}")));
        assert!(!artifacts.are_programs(&words("node {app} {port}")));
        assert!(!artifacts.are_programs(&words("{server} --load={app}")));
    }
}
