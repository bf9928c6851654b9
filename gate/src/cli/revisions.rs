//! What is compared: both revisions, and the budgets of both.

use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSetBuilder};

use super::error::CliError;
use crate::budget::{self, Budgets};
use crate::revision::{Repository, Revision, RevisionError};

/// The most paths that a report lists.
const HARNESS_PATHS_MAX: usize = 100;

/// What names both sides.
#[derive(Debug)]
pub(super) struct SidesSettings {
    pub(super) base: Option<String>,
    pub(super) head: Option<String>,
    /// Base is what was named, instead of its merge base with head.
    pub(super) exact_base: bool,
    /// The budgets file, from the top of the repository.
    pub(super) budgets: PathBuf,
}

/// Both sides of a comparison, before anything is built.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) repository: Repository,
    pub(super) base: Revision,
    pub(super) head: Revision,
    /// `None` where base has no budgets file.
    pub(super) base_budgets: Option<Budgets>,
    pub(super) head_budgets: Budgets,
}

impl Sides {
    /// One revision on both sides: `name`, or the working tree.
    pub(super) fn twice(
        name: Option<&str>,
        budgets: &Path,
        repository: Option<&Path>,
    ) -> Result<Self, CliError> {
        let repository = Repository::discover(repository.unwrap_or(Path::new(".")))?;
        let revision = match name {
            Some(name) => repository.resolve(name)?,
            None => repository.working_tree()?,
        };
        repository.refuse_submodules(&revision)?;
        let (base_budgets, head_budgets) =
            read_budgets(&repository, budgets, &revision, &revision)?;
        Ok(Self {
            repository,
            base: revision.clone(),
            head: revision,
            base_budgets,
            head_budgets,
        })
    }

    pub(super) fn resolve(
        settings: &SidesSettings,
        repository: Option<&Path>,
    ) -> Result<Self, CliError> {
        let repository = Repository::discover(repository.unwrap_or(Path::new(".")))?;
        let head = match &settings.head {
            Some(name) => repository.resolve(name)?,
            None => repository.working_tree()?,
        };
        let base = match &settings.base {
            Some(name) if settings.exact_base => repository.resolve(name)?,
            name => base(&repository, name.as_deref(), &head)?,
        };
        repository.refuse_submodules(&base)?;
        repository.refuse_submodules(&head)?;
        let (base_budgets, head_budgets) =
            read_budgets(&repository, &settings.budgets, &base, &head)?;
        Ok(Self {
            repository,
            base,
            head,
            base_budgets,
            head_budgets,
        })
    }
}

impl Sides {
    /// The paths that the change touches of what `[subject] harness` names in base or head.
    pub(super) fn touched_harness(&self) -> Result<Vec<String>, CliError> {
        let budgets = self.base_budgets.iter().chain([&self.head_budgets]);
        let mut globs = GlobSetBuilder::new();
        for pattern in budgets.flat_map(|budgets| &budgets.subject.harness) {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            globs.add(glob.map_err(|error| not_a_glob(pattern, &error))?);
        }
        let globs = globs.build().map_err(|error| not_a_glob("", &error))?;
        if globs.is_empty() {
            return Ok(Vec::new());
        }
        let mut paths = self.repository.changed_paths(&self.base, &self.head)?;
        paths.retain(|path| globs.is_match(path));
        paths.truncate(HARNESS_PATHS_MAX);
        Ok(paths)
    }
}

/// The merge base of `head` and what was named, or the base that it has where nothing was.
pub(super) fn base(
    repository: &Repository,
    name: Option<&str>,
    head: &Revision,
) -> Result<Revision, CliError> {
    let Some(name) = name else {
        return Ok(repository.default_base(head)?);
    };
    let named = repository.resolve(name)?;
    let base = repository.merge_base(&named, head)?;
    Ok(base.named(format!("merge base with {name}")))
}

/// The reader of the budgets took it already.
fn not_a_glob(pattern: &str, error: &globset::Error) -> CliError {
    CliError::Input {
        name: "[subject] harness",
        value: pattern.to_owned(),
        why: error.kind().to_string(),
    }
}

/// The budgets of both revisions. A file that neither tree has but that is on the disk (it is ignored,
/// not added yet, or lies outside of the repository) holds for both.
fn read_budgets(
    repository: &Repository,
    file: &Path,
    base: &Revision,
    head: &Revision,
) -> Result<(Option<Budgets>, Budgets), CliError> {
    let shown = file.to_string_lossy();
    let missing = || CliError::NoBudgets {
        revision: format!("{} ({})", head.name, head.short()),
        file: shown.clone().into_owned(),
    };
    if let Some(path) = in_tree(repository, file) {
        // Head's first: of a mistake that both have it is the one to mend.
        let of_head = read_from(repository, head, &path, &shown)?;
        let name_of_base = format!("{shown} of {} ({})", base.name, base.short());
        let of_base = read_from(repository, base, &path, &name_of_base)?;
        match of_head {
            Some(of_head) => return Ok((of_base, of_head)),
            // Head took the file away, and with it everything that it would be judged by.
            None if of_base.is_some() => return Err(missing()),
            None => {}
        }
        refuse_link(repository, &path)?;
    }
    let path = repository.root().join(file);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) if source.kind() == ErrorKind::NotFound => return Err(missing()),
        Err(source) => return Err(CliError::ReadBudgets { path, source }),
    };
    let budgets = budget::read(&shown, &text)?;
    Ok((Some(budgets.clone()), budgets))
}

/// Refuses a path that leads to another file of the repository, of which the revisions know something.
fn refuse_link(repository: &Repository, path: &str) -> Result<(), CliError> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let found = real(&repository.root().join(path)).zip(real(repository.root()));
    let elsewhere = found.is_some_and(|(file, root)| {
        let inside = file.strip_prefix(root);
        inside.is_ok_and(|inside| inside != Path::new(path))
    });
    if elsewhere {
        let path = path.to_owned();
        return Err(RevisionError::Link { path }.into());
    }
    Ok(())
}

/// The budgets file of a revision; `None` where it has none.
pub(super) fn read_from(
    repository: &Repository,
    revision: &Revision,
    path: &str,
    shown: &str,
) -> Result<Option<Budgets>, CliError> {
    let Some(bytes) = repository.read(revision, path)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| CliError::NotText {
        file: path.to_owned(),
        revision: revision.short(),
    })?;
    Ok(Some(budget::read(shown, &text)?))
}

/// The path of `file` from the top of the tree, or `None` where it lies outside of the repository.
fn in_tree(repository: &Repository, file: &Path) -> Option<String> {
    let relative: PathBuf = if file.is_absolute() {
        file.strip_prefix(repository.root()).ok()?.to_owned()
    } else {
        file.to_owned()
    };
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let words: Vec<String> = relative
        .components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    plain.then(|| words.join("/"))
}
