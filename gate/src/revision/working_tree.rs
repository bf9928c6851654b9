//! The working tree as it stands, hashed without touching the repository.
//!
//! A copy of the user's index keeps git's knowledge of unchanged files, so that only changed ones
//! are read; new objects go to a folder of their own that has the repository's as its alternate.

use std::path::Path;

use tempfile::TempDir;

use super::{Git, RevisionError};

/// A tree and the folder with those of its objects that the repository does not have.
#[derive(Debug)]
pub(super) struct WrittenTree {
    pub(super) tree: String,
    pub(super) objects: TempDir,
}

/// Copies an index with its time: a file that is no older than the index may have changed unseen within one
/// second, and git reads it again. Beside a copy that is younger it would look unchanged.
fn copy(index: &Path, own: &Path) -> std::io::Result<()> {
    std::fs::copy(index, own)?;
    let modified = std::fs::metadata(index)?.modified()?;
    std::fs::File::options()
        .write(true)
        .open(own)?
        .set_modified(modified)
}

/// Writes the working tree under `root`, untracked files included and ignored ones not.
pub(super) fn write(
    root: &Path,
    objects: &Path,
    index: &Path,
) -> Result<WrittenTree, RevisionError> {
    let io = |what: &str| {
        let what = what.to_owned();
        move |source| RevisionError::Io { what, source }
    };
    let folder = tempfile::Builder::new()
        .prefix("gate-tree-")
        .tempdir()
        .map_err(io("make a temporary folder"))?;
    let own_index = folder.path().join("index");
    if index.exists() {
        copy(index, &own_index).map_err(io("copy the index"))?;
    }
    let own_objects = folder.path().join("objects");
    std::fs::create_dir(&own_objects).map_err(io("make a folder for objects"))?;
    let git = Git::new(root)
        .with("GIT_INDEX_FILE", &own_index)
        .with("GIT_OBJECT_DIRECTORY", &own_objects)
        .with("GIT_ALTERNATE_OBJECT_DIRECTORIES", objects);
    git.bytes(&["add", "--all", "--", ":/"])?;
    let tree = git.text(&["write-tree"])?;
    Ok(WrittenTree {
        tree,
        objects: folder,
    })
}
