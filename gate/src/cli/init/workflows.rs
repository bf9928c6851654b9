//! The workflows, which are the examples with this repository's branch and gate's place in them.

use crate::revision::Repository;

/// What the examples have in place of gate's repository and commit.
pub(super) const PLACE: &str = "OWNER/gate@0000000000000000000000000000000000000000";
const MEASURE: &str = include_str!("../../../../.github/examples/forks-measure.yml");
const POST: &str = include_str!("../../../../.github/examples/forks-post.yml");
const BRANCH_LINE: &str = "branches: [main] #";

/// Where a workflow takes gate from: a repository at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ActionReference {
    repository: String,
    commit: String,
}

impl ActionReference {
    /// Refuses what would be no reference in a workflow, a tag or a branch among it: they can move.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let wrong =
            || "write OWNER/REPOSITORY@COMMIT, the commit with all its 40 digits".to_owned();
        let (repository, commit) = text.split_once('@').ok_or_else(wrong)?;
        let (owner, name) = repository.split_once('/').ok_or_else(wrong)?;
        let plain = |word: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            !word.is_empty() && word.chars().all(known)
        };
        let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if plain(owner) && plain(name) && is_commit {
            Ok(Self {
                repository: repository.to_owned(),
                commit: commit.to_owned(),
            })
        } else {
            Err(wrong())
        }
    }

    /// The release workflow builds with this variable.
    pub(super) fn of_this_binary() -> Option<Self> {
        option_env!("GATE_ACTION").and_then(|text| Self::new(text).ok())
    }
}

/// The branch that pull requests go into, as the remote says; else the one that is checked out.
pub(super) fn default_branch(repository: &Repository) -> String {
    let ask = |args: &[&str]| {
        let text = repository.git().text(args).ok()?;
        let name = text.trim().trim_start_matches("origin/").to_owned();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        (!name.is_empty() && name.chars().all(plain)).then_some(name)
    };
    ask(&["symbolic-ref", "--short", "refs/remotes/origin/HEAD"])
        .or_else(|| ask(&["symbolic-ref", "--short", "HEAD"]))
        .unwrap_or_else(|| "main".to_owned())
}

/// The workflow that measures.
pub(super) fn measure(branch: &str, action: Option<&ActionReference>) -> String {
    let branch = format!("branches: [\"{branch}\"] #");
    placed(MEASURE, action).replace(BRANCH_LINE, &branch)
}

/// The workflow that posts.
pub(super) fn post(action: Option<&ActionReference>) -> String {
    placed(POST, action)
}

fn placed(text: &str, action: Option<&ActionReference>) -> String {
    let Some(action) = action else {
        return text.to_owned();
    };
    let (owner, commit) = PLACE.split_once('@').unwrap_or_default();
    text.replace(owner, &action.repository)
        .replace(commit, &action.commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_have_what_is_replaced() {
        assert!(MEASURE.contains(PLACE) && MEASURE.contains(BRANCH_LINE));
        let action = ActionReference::new(&format!("a/b@{}", "1".repeat(40))).unwrap();
        for text in [measure("trunk", Some(&action)), post(Some(&action))] {
            assert!(
                !text.contains("OWNER") && !text.contains("0000000"),
                "{text}"
            );
        }
        assert!(measure("trunk", None).contains("branches: [\"trunk\"] # "));
        for wrong in [
            "a/b",
            "a/b@v1",
            "a@1111111111111111111111111111111111111111",
            "a/b c@1",
        ] {
            ActionReference::new(wrong).unwrap_err();
        }
    }
}
