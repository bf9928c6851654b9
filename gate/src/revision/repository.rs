//! A repository, and how names become revisions in it.
//!
//! ```text
//! gate compare              base = merge-base(default branch, HEAD), or HEAD's first parent where
//!                           that is the head itself; head = the working tree
//! gate compare BASE         base = merge-base(BASE, HEAD);  head = the working tree
//! gate compare BASE HEAD    base = merge-base(BASE, HEAD);  head = HEAD
//! ```
//!
//! A working tree without changes *is* the commit it stands on.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use tempfile::TempDir;

use super::{Git, RevisionError, working_tree};

/// A checkout of a git repository.
#[derive(Debug, Clone)]
pub struct Repository {
    root: PathBuf,
    objects: PathBuf,
    index: PathBuf,
}

/// A revision, resolved.
#[derive(Debug, Clone)]
pub struct Revision {
    /// What people call it: the name as typed, or `working tree`.
    pub name: String,
    /// The commit, in full; `None` for a working tree with changes.
    pub commit: Option<String>,
    /// The tree, in full.
    pub tree: String,
    /// Holds the objects of a working tree's changes as long as the revision is in use.
    objects: Option<Rc<TempDir>>,
}

impl Revision {
    /// The same revision under another name.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }

    /// The commit's first ten digits, or `working tree`.
    #[must_use]
    pub fn short(&self) -> String {
        self.commit.as_ref().map_or_else(
            || self.name.clone(),
            |commit| commit.chars().take(10).collect(),
        )
    }
}

impl Repository {
    /// The repository that `folder` lies in.
    pub fn discover(folder: &Path) -> Result<Self, RevisionError> {
        if !folder.is_dir() {
            return Err(RevisionError::NoFolder {
                folder: folder.to_owned(),
            });
        }
        let git = Git::new(folder);
        if git
            .answer(&["rev-parse", "--is-bare-repository"])?
            .as_deref()
            == Some("true")
        {
            return Err(RevisionError::Bare {
                folder: folder.to_owned(),
            });
        }
        let Some(root) = git.answer(&["rev-parse", "--show-toplevel"])? else {
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            return Err(RevisionError::NoRepository { folder });
        };
        let root = PathBuf::from(root);
        let git = Git::new(&root);
        let path = |name: &str| -> Result<PathBuf, RevisionError> {
            Ok(root.join(git.text(&["rev-parse", "--git-path", name])?))
        };
        Ok(Self {
            objects: path("objects")?,
            index: path("index")?,
            root: root.clone(),
        })
    }

    /// The top of the checkout.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Git at the top of the checkout.
    #[must_use]
    pub fn git(&self) -> Git {
        Git::new(&self.root)
    }

    /// Git that also sees the objects of `revision`.
    #[must_use]
    pub fn git_for(&self, revision: &Revision) -> Git {
        match &revision.objects {
            None => self.git(),
            Some(folder) => self
                .git()
                .with("GIT_OBJECT_DIRECTORY", folder.path().join("objects"))
                .with("GIT_ALTERNATE_OBJECT_DIRECTORIES", &self.objects),
        }
    }

    /// The commit that `name` stands for, or an error that helps to find it.
    pub fn resolve(&self, name: &str) -> Result<Revision, RevisionError> {
        let found = self.find(name)?;
        found.map_or_else(
            || {
                Err(RevisionError::Unknown {
                    name: name.to_owned(),
                    help: self.hint(name)?,
                })
            },
            Ok,
        )
    }

    /// The commit that `name` stands for; `None` where there is none here.
    pub fn find(&self, name: &str) -> Result<Option<Revision>, RevisionError> {
        // A name that begins with a dash would be read as an option.
        if name.starts_with('-') {
            return Ok(None);
        }
        let Some(commit) = self.commit_of(name)? else {
            return Ok(None);
        };
        let tree = self
            .git()
            .text(&["rev-parse", "--verify", &format!("{commit}^{{tree}}")])?;
        Ok(Some(Revision {
            name: name.to_owned(),
            commit: Some(commit),
            tree,
            objects: None,
        }))
    }

    fn commit_of(&self, name: &str) -> Result<Option<String>, RevisionError> {
        self.git().answer(&[
            "rev-parse",
            "--quiet",
            "--verify",
            "--end-of-options",
            &format!("{name}^{{commit}}"),
        ])
    }

    /// What to do about a name that no commit goes by.
    fn hint(&self, name: &str) -> Result<String, RevisionError> {
        let remote = format!("origin/{name}");
        if !name.starts_with('-') && self.commit_of(&remote)?.is_some() {
            return Ok(format!("did you mean {remote:?}?"));
        }
        if self.is_shallow()? {
            return Ok(
                "this clone is shallow: fetch the history with `git fetch --unshallow` \
                       (`fetch-depth: 0` for actions/checkout)"
                    .to_owned(),
            );
        }
        Ok(
            "`git log --oneline --all` lists what is here; `git fetch` brings what is not"
                .to_owned(),
        )
    }

    /// Whether the clone ends before the first commit.
    pub fn is_shallow(&self) -> Result<bool, RevisionError> {
        Ok(self.git().text(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    /// The working tree with all its uncommitted changes; the commit that it stands on where it
    /// has none.
    pub fn working_tree(&self) -> Result<Revision, RevisionError> {
        if self.commit_of("HEAD")?.is_none() {
            return Err(RevisionError::NoCommit);
        }
        let head = self.resolve("HEAD")?;
        let written = working_tree::write(&self.root, &self.objects, &self.index)?;
        if written.tree == head.tree {
            return Ok(head);
        }
        Ok(Revision {
            name: "working tree".to_owned(),
            commit: None,
            tree: written.tree,
            objects: Some(Rc::new(written.objects)),
        })
    }

    /// The commit where `base` and `head` parted; a working tree counts as its commit.
    pub fn merge_base(&self, base: &Revision, head: &Revision) -> Result<Revision, RevisionError> {
        let of = |revision: &Revision| revision.commit.clone().unwrap_or_else(|| "HEAD".to_owned());
        let Some(commit) = self.git().answer(&["merge-base", &of(base), &of(head)])? else {
            if self.is_shallow()? {
                let what = format!("the merge base of {:?} and {:?}", base.name, head.name);
                return Err(RevisionError::Shallow { what });
            }
            return Err(RevisionError::Unrelated {
                base: base.name.clone(),
                head: head.name.clone(),
            });
        };
        self.resolve(&commit)
    }

    /// What `head` is compared with where nobody named a base.
    pub fn default_base(&self, head: &Revision) -> Result<Revision, RevisionError> {
        let branch = self.default_branch()?;
        let base = self
            .merge_base(&branch, head)?
            .named(format!("merge base with {}", branch.name));
        if Some(&base.commit) == Some(&head.commit) {
            return self.first_parent(head);
        }
        Ok(base)
    }

    fn default_branch(&self) -> Result<Revision, RevisionError> {
        let git = self.git();
        let remote = git.answer(&[
            "symbolic-ref",
            "--quiet",
            "--short",
            "refs/remotes/origin/HEAD",
        ])?;
        let known = ["origin/main", "origin/master", "main", "master"].map(str::to_owned);
        for name in remote.into_iter().chain(known) {
            if self.commit_of(&name)?.is_some() {
                return self.resolve(&name);
            }
        }
        Err(RevisionError::NoDefaultBranch)
    }

    fn first_parent(&self, head: &Revision) -> Result<Revision, RevisionError> {
        let parent = format!("{}^1", head.commit.as_deref().unwrap_or("HEAD"));
        if self.commit_of(&parent)?.is_some() {
            return Ok(self.resolve(&parent)?.named(format!("{}^", head.name)));
        }
        if self.is_shallow()? {
            return Err(RevisionError::Shallow {
                what: format!("the parent of {:?}", head.name),
            });
        }
        Err(RevisionError::FirstCommit {
            name: head.name.clone(),
        })
    }

    /// The bytes of the file at `path` (from the top, with `/`), or `None` where the revision has
    /// no such file. A symbolic link is refused: git has its target's name, and not what is there.
    pub fn read(&self, revision: &Revision, path: &str) -> Result<Option<Vec<u8>>, RevisionError> {
        let git = self.git_for(revision);
        let listed = git.bytes(&["ls-tree", "-z", "--full-tree", &revision.tree, "--", path])?;
        let listed = String::from_utf8_lossy(&listed);
        if listed.starts_with("120") {
            return Err(RevisionError::Link {
                path: path.to_owned(),
            });
        }
        // A folder or a submodule of that name is no file either.
        if !listed.starts_with("100") {
            return Ok(None);
        }
        git.bytes(&["cat-file", "blob", &format!("{}:{path}", revision.tree)])
            .map(Some)
    }

    /// The paths that differ between two revisions, from the top, in order.
    pub fn changed_paths(
        &self,
        base: &Revision,
        head: &Revision,
    ) -> Result<Vec<String>, RevisionError> {
        let listed = self.git_for(head).bytes(&[
            "diff-tree",
            "-r",
            "-z",
            "--name-only",
            "--no-renames",
            &base.tree,
            &head.tree,
        ])?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let paths = listed.split('\0').filter(|path| !path.is_empty());
        Ok(paths.map(str::to_owned).collect())
    }

    /// Refuses a revision with submodules: its tree hash says nothing of what is in them.
    pub fn refuse_submodules(&self, revision: &Revision) -> Result<(), RevisionError> {
        let listed = self.git_for(revision).bytes(&[
            "ls-tree",
            "-r",
            "-z",
            "--full-tree",
            &revision.tree,
        ])?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let paths: Vec<String> = listed
            .split('\0')
            .filter(|line| line.starts_with("160000 "))
            .filter_map(|line| line.split_once('\t').map(|(_, path)| path.to_owned()))
            .collect();
        if paths.is_empty() {
            return Ok(());
        }
        Err(RevisionError::Submodules {
            revision: revision.name.clone(),
            paths,
        })
    }
}
