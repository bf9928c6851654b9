//! The build room: one tree at one fixed path, where one arm after the other is built.
//!
//! The tree is filled with `git read-tree` through an index of the room's own, so it is no
//! worktree that git knows of: nothing is registered in the user's repository and nothing has to
//! be unregistered when a run dies. Files that are equal in both arms keep their times, which is
//! what lets the second build reuse the first one's work.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::artifacts::hex;
use super::{ArtifactCache, Artifacts, BuildError, CacheKey, environment};
use crate::budget::Subject;
use crate::model::Arm;
use crate::process::{Interrupt, Launch, ProcessError, last_lines};
use crate::revision::{Git, Repository, Revision};

/// The longest that a toolchain may take to name itself: one that is pinned may have to be fetched first.
const ASK_MAX: Duration = Duration::from_mins(15);
/// Scripts of a tree that tell the version of a program that they fetch, and of the JDK that runs it.
const WRAPPERS: [&str; 2] = ["gradlew", "mvnw"];
/// Lines of a failed build's log that the error shows.
const TAIL_LINES: usize = 25;

/// The folder that holds every room: `GATE_CACHE_DIR`, else `gate` in the user's cache folder.
pub fn cache_root() -> Result<PathBuf, BuildError> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("GATE_CACHE_DIR")
        .or_else(|| variable("XDG_CACHE_HOME").map(|folder| folder.join("gate")))
        .or_else(|| variable("HOME").map(|folder| folder.join(".cache").join("gate")))
        .ok_or(BuildError::NoCacheFolder)
}

/// The artifacts of one arm, and what they cost.
#[derive(Debug, Clone)]
pub struct Built {
    /// The files.
    pub artifacts: Artifacts,
    /// Whether they came out of the cache.
    pub cached: bool,
    /// Time that it took, checkout included.
    pub time: Duration,
    /// What the toolchain says of itself.
    pub toolchain: String,
}

/// A repository's build room. Locked against other runs as long as the value lives.
#[derive(Debug)]
pub struct Room {
    folder: PathBuf,
    tree: PathBuf,
    index: PathBuf,
    cache: ArtifactCache,
    /// Closing the file gives the lock back.
    _lock: File,
}

impl Room {
    /// The room of `repository` under `root`, made where it is missing.
    pub fn open(root: &Path, repository: &Repository) -> Result<Self, BuildError> {
        let digest = Sha256::digest(repository.root().as_os_str().as_encoded_bytes());
        let name = repository
            .root()
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let short = hex(digest.get(..6).unwrap_or_default());
        let folder = root.join(format!(
            "{}-{short}",
            name.unwrap_or_else(|| "root".to_owned())
        ));
        let tree = folder.join("tree");
        fs::create_dir_all(&tree).map_err(BuildError::io("make", &tree))?;
        // The path goes into commands and debug information, so it must not depend on how the
        // folder was reached.
        let folder = folder
            .canonicalize()
            .map_err(BuildError::io("find", &folder))?;

        let path = folder.join("lock");
        let lock = File::create(&path).map_err(BuildError::io("write", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(BuildError::Busy { room: folder }),
            Err(fs::TryLockError::Error(source)) => {
                return Err(BuildError::Io {
                    what: "lock",
                    path,
                    source,
                });
            }
        }
        Ok(Self {
            tree: folder.join("tree"),
            index: folder.join("index"),
            cache: ArtifactCache::open(folder.join("artifacts"))?,
            folder,
            _lock: lock,
        })
    }

    /// The folder with all that a later run can start from: artifacts, and the tree with what its
    /// builds left in it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the artifacts of `revision` are kept under. The room holds its tree afterwards: the
    /// toolchain may be pinned by a file of it.
    pub fn key(
        &self,
        repository: &Repository,
        revision: &Revision,
        arm: Arm,
        subject: &Subject,
        interrupt: &Interrupt,
    ) -> Result<CacheKey, BuildError> {
        self.check_out(repository, revision, subject)
            .map_err(|source| BuildError::Checkout {
                revision: revision.short(),
                room: self.tree.clone(),
                source: Box::new(source),
            })?;
        Ok(CacheKey {
            tree: revision.tree.clone(),
            build: subject.build.clone(),
            artifacts: subject.artifacts.clone(),
            toolchain: self.toolchain(arm, subject, interrupt)?,
            variables: environment::steering(),
            room: self.tree.clone(),
            machine: std::env::consts::ARCH,
        })
    }

    /// The artifacts of `revision`: out of the cache, or built in the room with `log` as the
    /// build's output.
    pub fn build(
        &self,
        repository: &Repository,
        revision: &Revision,
        arm: Arm,
        subject: &Subject,
        log: &Path,
        interrupt: &Interrupt,
    ) -> Result<Built, BuildError> {
        let start = Instant::now();
        let key = self.key(repository, revision, arm, subject, interrupt)?;
        if let Some(artifacts) = self.cache.get(&key) {
            self.refuse_libraries_here(revision, arm, &artifacts)?;
            return Ok(Built {
                artifacts,
                cached: true,
                time: start.elapsed(),
                toolchain: key.toolchain,
            });
        }
        interrupt.check().map_err(ProcessError::from)?;
        self.run_build(revision, arm, subject, log, interrupt)?;
        for (name, path) in &subject.artifacts {
            if !self.tree.join(path).is_file() {
                return Err(BuildError::NoArtifact {
                    arm,
                    revision: revision.short(),
                    name: name.clone(),
                    path: path.clone(),
                    log: log.to_owned(),
                });
            }
        }
        let artifacts = self.cache.put(&key, &self.tree)?;
        self.refuse_libraries_here(revision, arm, &artifacts)?;
        Ok(Built {
            artifacts,
            cached: false,
            time: start.elapsed(),
            toolchain: key.toolchain,
        })
    }

    /// Makes the room's tree equal to the revision's, and keeps what git ignores: compiled
    /// dependencies. Artifacts of an earlier build go, so that none is taken for this one's.
    fn check_out(
        &self,
        repository: &Repository,
        revision: &Revision,
        subject: &Subject,
    ) -> Result<(), crate::revision::RevisionError> {
        for path in subject.artifacts.values() {
            // It may not be there, or be a folder that another revision made; and if it cannot be
            // removed, the build cannot replace it either, and says so.
            let path = self.tree.join(path);
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
        // The room is this run's alone, so a lock is what a run that was killed left of its git.
        let _ = fs::remove_file(self.index.with_extension("lock"));
        let git_dir = repository
            .git()
            .text(&["rev-parse", "--absolute-git-dir"])?;
        let git: Git = repository
            .git_for(revision)
            .with("GIT_DIR", git_dir)
            .with("GIT_WORK_TREE", &self.tree)
            .with("GIT_INDEX_FILE", &self.index);
        let git = git.in_folder(&self.tree);
        let plain = ["-c", "core.sparseCheckout=false", "-c", "core.bare=false"];
        let run = |args: &[&str]| git.bytes(&[&plain, args].concat()).map(drop);
        // A room that came out of an archive has files that the index knows by other inodes. What is
        // equal all the same keeps its time; that something differs is no error here.
        drop(run(&["update-index", "-q", "--refresh"]));
        if run(&["read-tree", "--reset", "-u", &revision.tree]).is_err() {
            // An index that an interrupted run left behind, or a file where a folder must go.
            let _ = fs::remove_file(&self.index);
            run(&["read-tree", "--reset", "-u", &revision.tree])?;
        }
        run(&["checkout-index", "--all", "--force", "--quiet"])?;
        run(&["clean", "-ffdq"])
    }

    /// Refuses artifacts that load what is built here: of both arms that is the same file.
    fn refuse_libraries_here(
        &self,
        revision: &Revision,
        arm: Arm,
        artifacts: &Artifacts,
    ) -> Result<(), BuildError> {
        for (name, artifact) in &artifacts.files {
            let mut folders = artifact.library_folders.iter().flatten();
            if let Some(folder) = folders.find(|folder| folder.starts_with(&self.tree)) {
                return Err(BuildError::LibrariesInRoom {
                    arm,
                    revision: revision.short(),
                    name: name.clone(),
                    folder: folder.clone(),
                });
            }
        }
        Ok(())
    }

    fn toolchain(
        &self,
        arm: Arm,
        subject: &Subject,
        interrupt: &Interrupt,
    ) -> Result<String, BuildError> {
        if let Some(command) = &subject.toolchain {
            return self.ask(arm, command, interrupt);
        }
        let Some(program) = subject.build.first() else {
            return Ok(String::new());
        };
        if Path::new(program)
            .file_name()
            .is_some_and(|name| name == "cargo")
        {
            return self.ask(arm, &["rustc".to_owned(), "-vV".to_owned()], interrupt);
        }
        // A script of the tree may take no notice of the question, and build. The tree is in the key.
        let path = Path::new(program);
        let is_of_tree = path.is_relative() && path.components().count() > 1;
        let answers = path
            .file_name()
            .is_some_and(|name| WRAPPERS.into_iter().any(|wrapper| name == wrapper));
        if is_of_tree && !answers {
            return Ok(program.clone());
        }
        // Not every build program knows its version; then its path has to do.
        match self.ask(arm, &[program.clone(), "--version".to_owned()], interrupt) {
            Err(BuildError::Process(error @ ProcessError::Interrupted(_))) => Err(error.into()),
            version => Ok(version.unwrap_or_else(|_| program.clone())),
        }
    }

    /// What a command prints: the leader's end, or the interrupt, ends all that it started.
    fn ask(
        &self,
        arm: Arm,
        command: &[String],
        interrupt: &Interrupt,
    ) -> Result<String, BuildError> {
        let folder = tempfile::tempdir_in(&self.folder)
            .map_err(BuildError::io("make a folder in", &self.folder))?;
        let (told, complaint) = (folder.path().join("told"), folder.path().join("complaint"));
        let mut argv: Vec<OsString> = command.iter().map(OsString::from).collect();
        if let Some(program) = argv.first_mut() {
            *program = self.program(command).into();
        }
        let launch = environment::unwanted().into_iter().fold(
            Launch::new(&argv)?.current_dir(&self.tree),
            Launch::env_remove,
        );
        let failed = |source| BuildError::Start {
            arm,
            command: command.join(" "),
            source,
        };
        let started = launch.start_captured(&told, &complaint);
        let mut child = started.map_err(|error| match error {
            ProcessError::Start { source, .. } => failed(source),
            other => other.into(),
        })?;
        let status = child.wait_with(interrupt, Some(Instant::now() + ASK_MAX))?;
        let read = |path: &Path| {
            let bytes = fs::read(path).map_err(BuildError::io("read", path))?;
            Ok::<_, BuildError>(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        if status.success() {
            return read(&told);
        }
        let said = read(&complaint)?;
        Err(failed(std::io::Error::other(format!("{status}: {said}"))))
    }

    /// The program of `argv`: one with a folder in its name is the tree's own.
    fn program(&self, argv: &[String]) -> PathBuf {
        let program = argv.first().map(PathBuf::from).unwrap_or_default();
        if program.components().count() > 1 {
            self.tree.join(program)
        } else {
            program
        }
    }

    fn run_build(
        &self,
        revision: &Revision,
        arm: Arm,
        subject: &Subject,
        log: &Path,
        interrupt: &Interrupt,
    ) -> Result<(), BuildError> {
        let line = subject.build.join(" ");
        let mut argv: Vec<OsString> = subject.build.iter().map(OsString::from).collect();
        if let Some(program) = argv.first_mut() {
            *program = self.program(&subject.build).into();
        }
        let launch = environment::unwanted().into_iter().fold(
            Launch::new(&argv)?.current_dir(&self.tree),
            Launch::env_remove,
        );
        let mut child = launch.start_logged(log)?;
        let status = child.wait_with(interrupt, None)?;
        if status.success() {
            return Ok(());
        }
        Err(BuildError::Failed {
            arm,
            revision: revision.short(),
            status: status.to_string(),
            tail: last_lines(log, TAIL_LINES).map_err(BuildError::io("read", log))?,
            log: log.to_owned(),
            command: line,
        })
    }
}
