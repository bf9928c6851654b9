//! Which commits are compared, and what is said where there are none.

use crate::repository::{Run, TestRepository, gate_in, git_in};
use crate::subject::{exact_repository, probe};

#[test]
fn an_unknown_revision_is_named() {
    let repository = exact_repository();
    repository
        .run(&["compare", "no-such-branch"])
        .refused(&["unknown revision \"no-such-branch\""]);
    repository
        .run(&["compare", "main", "--", "--upload-pack=x"])
        .refused(&["unknown revision"]);
}

#[test]
fn a_remote_branch_without_its_remote_is_suggested() {
    let repository = exact_repository();
    repository.git(&["update-ref", "refs/remotes/origin/topic", "HEAD"]);
    repository
        .run(&["compare", "topic"])
        .refused(&["did you mean \"origin/topic\"?"]);
}

#[test]
fn outside_a_repository() {
    let folder = tempfile::tempdir().unwrap();
    let output = gate_in(folder.path(), folder.path(), &["compare"])
        .output()
        .unwrap();
    Run::from(output).refused(&["no git repository around"]);
}

#[test]
fn a_repository_without_commits() {
    TestRepository::new()
        .run(&["compare"])
        .refused(&["no commit yet"]);
}

#[test]
fn the_first_commit_has_nothing_before_it() {
    let repository = TestRepository::new();
    repository.write("budgets.toml", "schema = 1\n");
    repository.commit("first");
    repository.run(&["compare"]).refused(&["first commit"]);
}

#[test]
fn unrelated_histories() {
    let repository = exact_repository();
    repository.git(&["checkout", "--quiet", "--orphan", "other"]);
    repository.commit("another beginning");
    repository
        .run(&["compare", "main"])
        .refused(&["no common ancestor", "--exact-base"]);
}

#[test]
fn a_shallow_clone_without_the_merge_base() {
    let repository = exact_repository();
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.commit("on the topic");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit("on main");
    let clone = repository.beside("clone");
    let from = format!("file://{}", repository.path().display());
    git_in(
        repository.path().parent().unwrap(),
        &[
            "clone",
            "--quiet",
            "--depth=1",
            "--no-single-branch",
            &from,
            clone.to_str().unwrap(),
        ],
    );
    let output = gate_in(
        &clone,
        &repository.cache(),
        &["compare", "origin/topic", "HEAD"],
    )
    .output()
    .unwrap();
    Run::from(output).refused(&["this clone is shallow", "fetch-depth: 0"]);
    // The parent of the only commit that is here.
    let output = gate_in(&clone, &repository.cache(), &["compare"])
        .output()
        .unwrap();
    Run::from(output).refused(&["this clone is shallow"]);
}

#[test]
fn a_base_is_compared_through_the_merge_base() {
    let repository = exact_repository();
    let fork = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.write(
        "probe.sh",
        &probe(&[("int", "39", "B"), ("raw", "300.25", "B")]),
    );
    let topic = repository.commit("smaller");
    repository.git(&["checkout", "--quiet", "main"]);
    repository.write(
        "probe.sh",
        &probe(&[("int", "20", "B"), ("raw", "300.25", "B")]),
    );
    let main = repository.commit("much smaller");

    let run = repository.run(&["compare", "main", "topic"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = repository.report();
    assert_eq!(report["base"]["commit"], fork.as_str());
    assert_eq!(report["head"]["commit"], topic.as_str());
    assert!(
        run.stderr.contains(&fork[..10]),
        "the merge base is printed: {}",
        run.stderr
    );

    // Against the tip of main itself the same head is a regression from 20 to 39.
    let run = repository.run(&["compare", "main", "topic", "--exact-base"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert_eq!(repository.report()["base"]["commit"], main.as_str());
}

#[test]
fn without_arguments_on_a_branch_the_default_branch_is_the_base() {
    let repository = exact_repository();
    let main = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["checkout", "--quiet", "-b", "topic"]);
    repository.commit("one");
    repository.write(
        "probe.sh",
        &probe(&[("int", "41", "B"), ("raw", "300.25", "B")]),
    );
    let head = repository.commit("two");
    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = repository.report();
    assert_eq!(report["base"]["commit"], main.as_str());
    assert_eq!(report["head"]["commit"], head.as_str());
    assert_eq!(report["verdict"], "WARN", "41 is inside the budget of 5 %");
}

#[test]
fn without_arguments_on_the_default_branch_the_previous_commit_is_the_base() {
    let repository = exact_repository();
    let before = repository.git(&["rev-parse", "HEAD"]);
    repository.write("README", "text");
    let head = repository.commit("a text");
    assert_eq!(repository.run(&["compare"]).status, 0);
    let report = repository.report();
    assert_eq!(report["base"]["commit"], before.as_str());
    assert_eq!(report["head"]["commit"], head.as_str());
}

#[test]
fn a_dirty_tree_is_judged_as_it_stands_and_left_alone() {
    let repository = exact_repository();
    let commit = repository.git(&["rev-parse", "HEAD"]);
    // Changed, untracked and staged files all count; none of them is touched.
    repository.write("probe.sh", ". ./values.sh\n");
    repository.write("values.sh", "echo unused\n");
    repository.write(
        "build.sh",
        "mkdir -p out && cat values.txt > out/probe && chmod +x out/probe\n",
    );
    repository.write(
        "values.txt",
        &probe(&[("int", "44", "B"), ("raw", "300.25", "B")]),
    );
    repository.git(&["add", "build.sh"]);
    let index = std::fs::read(repository.path().join(".git/index")).unwrap();
    let (_, before) = repository.traces();
    let objects = repository.git(&["count-objects"]);

    let run = repository.run(&["compare"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
    let report = repository.report();
    assert_eq!(
        report["base"]["commit"],
        commit.as_str(),
        "changes are compared with their commit"
    );
    assert!(report["head"]["commit"].is_null());
    assert_eq!(report["head"]["revision"], "working tree");

    assert_eq!(repository.traces(), (0, before));
    assert_eq!(
        std::fs::read(repository.path().join(".git/index")).unwrap(),
        index
    );
    assert_eq!(
        repository.git(&["count-objects"]),
        objects,
        "no object is written"
    );
}

/// As an editor does within the second in which git last looked.
#[test]
fn a_change_that_leaves_size_and_time_is_seen() {
    let repository = exact_repository();
    repository.write("probe.sh", &probe(&[("int", "40", "B")]));
    repository.commit("forty");
    // What else git would tell the change by.
    repository.git(&["config", "core.trustctime", "false"]);
    let file = repository.path().join("probe.sh");
    let time = std::fs::metadata(&file).unwrap().modified().unwrap();
    repository.write("probe.sh", &probe(&[("int", "49", "B")]));
    for path in [file, repository.path().join(".git/index")] {
        let open = std::fs::File::options().write(true).open(path).unwrap();
        open.set_modified(time).unwrap();
    }
    let run = repository.run(&["compare", "HEAD", "--exact-base"]);
    assert_eq!(run.status, 1, "{}\n{}", run.stdout, run.stderr);
}

#[test]
fn submodules_are_refused() {
    let repository = exact_repository();
    let other = exact_repository();
    repository.git(&[
        "submodule",
        "--quiet",
        "add",
        other.path().to_str().unwrap(),
        "vendored",
    ]);
    repository.commit("with a submodule");
    repository
        .run(&["compare"])
        .refused(&["has submodules (vendored)"]);
}
