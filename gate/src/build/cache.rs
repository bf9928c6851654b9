//! Artifacts by what they were built from.
//!
//! An entry is written beside its final place and renamed into it, so that a run that dies leaves
//! no half entry; digests are checked at every read, so that a damaged one is built again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::artifacts::{ManifestEntry, digest, hex};
use super::linkage::library_folders;
use super::{Artifact, Artifacts, BuildError};

/// Entries kept; the least recently used go first. Two a comparison, so these are eight of them.
const ENTRIES_MAX: usize = 16;
const MANIFEST: &str = "manifest.json";

/// Everything that decides what a build leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CacheKey {
    /// The tree that is built.
    pub tree: String,
    /// Program and arguments.
    pub build: Vec<String>,
    /// Paths of the artifacts by name.
    pub artifacts: BTreeMap<String, String>,
    /// What the toolchain says of itself.
    pub toolchain: String,
    /// Variables that steer compilers.
    pub variables: Vec<String>,
    /// The room's path: debug information and panic messages name it.
    pub room: PathBuf,
    /// Processor architecture.
    pub machine: &'static str,
}

impl CacheKey {
    /// The entry's folder name: 32 hexadecimal digits.
    #[must_use]
    pub fn folder(&self) -> String {
        let mut hasher = self.recipe_hasher();
        add(&mut hasher, &self.tree);
        hex(hasher.finalize().get(..16).unwrap_or_default())
    }

    /// All but the tree, as 32 hexadecimal digits: what two builds share of which one can start from
    /// what the other left.
    #[must_use]
    pub fn recipe(&self) -> String {
        hex(self
            .recipe_hasher()
            .finalize()
            .get(..16)
            .unwrap_or_default())
    }

    fn recipe_hasher(&self) -> Sha256 {
        let mut hasher = Sha256::new();
        add(&mut hasher, "gate-artifacts/2");
        add(&mut hasher, &self.build.len().to_string());
        for word in &self.build {
            add(&mut hasher, word);
        }
        add(&mut hasher, &self.artifacts.len().to_string());
        for (name, path) in &self.artifacts {
            add(&mut hasher, name);
            add(&mut hasher, path);
        }
        add(&mut hasher, &self.toolchain);
        add(&mut hasher, &self.variables.len().to_string());
        for variable in &self.variables {
            add(&mut hasher, variable);
        }
        add(&mut hasher, &self.room.to_string_lossy());
        add(&mut hasher, self.machine);
        hasher
    }
}

/// Length before text, so that no two keys run together to the same bytes.
fn add(hasher: &mut Sha256, text: &str) {
    hasher.update((text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// What an entry says of itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    tree: String,
    build: Vec<String>,
    toolchain: String,
    artifacts: BTreeMap<String, ManifestEntry>,
}

/// The folder of all entries.
#[derive(Debug, Clone)]
pub struct ArtifactCache {
    folder: PathBuf,
}

impl ArtifactCache {
    /// The cache in `folder`, which is made where it is missing.
    pub fn open(folder: PathBuf) -> Result<Self, BuildError> {
        fs::create_dir_all(&folder).map_err(BuildError::io("make", &folder))?;
        Ok(Self { folder })
    }

    /// The artifacts built from `key`, or `None` where they are not here or damaged.
    #[must_use]
    pub fn get(&self, key: &CacheKey) -> Option<Artifacts> {
        let folder = self.folder.join(key.folder());
        let text = fs::read_to_string(folder.join(MANIFEST)).ok()?;
        let manifest: Manifest = serde_json::from_str(&text).ok()?;
        let mut found = Artifacts::default();
        for name in key.artifacts.keys() {
            let entry = manifest.artifacts.get(name)?;
            let path = folder.join(name);
            if digest(&path).ok()? != *entry {
                return None;
            }
            let artifact = Artifact {
                library_folders: library_folders(&path).ok()?,
                path,
                sha256: entry.sha256.clone(),
                bytes: entry.bytes,
            };
            found.files.insert(name.clone(), artifact);
        }
        // The manifest's age is the entry's last use; where that cannot be set the entry is only
        // dropped earlier.
        if let Ok(file) = fs::File::options().append(true).open(folder.join(MANIFEST)) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(found)
    }

    /// Copies the artifacts out of `tree` and keeps them under `key`.
    pub fn put(&self, key: &CacheKey, tree: &Path) -> Result<Artifacts, BuildError> {
        let staging = tempfile::Builder::new()
            .prefix(".staging-")
            .tempdir_in(&self.folder)
            .map_err(BuildError::io("make a folder in", &self.folder))?;
        let mut manifest = Manifest {
            tree: key.tree.clone(),
            build: key.build.clone(),
            toolchain: key.toolchain.clone(),
            artifacts: BTreeMap::new(),
        };
        for (name, path) in &key.artifacts {
            let copy = staging.path().join(name);
            fs::copy(tree.join(path), &copy)
                .map_err(BuildError::io("copy an artifact to", &copy))?;
            manifest.artifacts.insert(name.clone(), digest(&copy)?);
        }
        let text = serde_json::to_string_pretty(&manifest)
            .map_err(|error| BuildError::io("write", &self.folder)(error.into()))?;
        let path = staging.path().join(MANIFEST);
        fs::write(&path, text).map_err(BuildError::io("write", &path))?;

        let folder = self.folder.join(key.folder());
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(BuildError::io("remove", &folder))?;
        }
        let staged = staging.keep();
        fs::rename(&staged, &folder).map_err(BuildError::io("rename a folder to", &folder))?;
        self.prune(&folder)?;
        self.get(key).ok_or_else(|| {
            BuildError::io("read back", &folder)(std::io::Error::other("the copy does not match"))
        })
    }

    /// Drops the least recently used entries past the limit, `newest` never.
    fn prune(&self, newest: &Path) -> Result<(), BuildError> {
        let read = fs::read_dir(&self.folder).map_err(BuildError::io("list", &self.folder))?;
        let mut entries: Vec<(SystemTime, PathBuf)> = read
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path != newest)
            .filter_map(|path| {
                let modified = fs::metadata(path.join(MANIFEST)).ok()?.modified().ok()?;
                Some((modified, path))
            })
            .collect();
        entries.sort();
        let surplus = (entries.len() + 1).saturating_sub(ENTRIES_MAX);
        for (_, path) in entries.into_iter().take(surplus) {
            fs::remove_dir_all(&path).map_err(BuildError::io("remove", &path))?;
        }
        Ok(())
    }
}
