//! What the README shows is what the linters check.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The README shows an example behind a line that names its file.
#[test]
fn every_example_workflow_is_in_the_readme_word_for_word() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let folder = root().join(".github/examples");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let mark = format!("<!-- .github/examples/{name} -->\n```yaml\n");
        let (_, shown) = readme
            .split_once(&mark)
            .unwrap_or_else(|| panic!("the README does not show {name}: no {mark:?}"));
        let (shown, _) = shown.split_once("```\n").unwrap();
        assert_eq!(shown, text, "the README shows another {name}");
        count += 1;
    }
    assert!(count >= 4, "{count} examples");
    assert_eq!(readme.matches("<!-- .github/examples/").count(), count);
}

/// The budgets of other people's servers, from the top of the repository.
fn examples() -> Vec<String> {
    let folder = std::fs::read_dir(root().join("gate/examples")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files = names.filter(|name| Path::new(name).extension().is_some_and(|e| e == "toml"));
    files.map(|name| format!("gate/examples/{name}")).collect()
}

/// Twenty lines guard somebody else's server, and what was run with them is told beside them.
#[test]
fn every_example_is_twenty_lines_without_a_mistake() {
    let told = std::fs::read_to_string(root().join("gate/examples/README.md")).unwrap();
    let examples = examples();
    assert!(examples.len() >= 3, "{examples:?}");
    for file in examples {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        assert!(text.lines().count() <= 20, "{file} has grown");
        let name = file.rsplit('/').next().unwrap();
        assert!(told.contains(&format!("`{name}`")), "no word of {name}");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_gate"))
            .args(["check", &file])
            .current_dir(root())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file}: {stderr}");
    }
}

/// An editor checks budgets files by the schema that stands beside this crate.
#[test]
fn the_schema_of_budgets_is_the_one_that_is_kept() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_gate"))
        .args(["check", "--schema"])
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let kept = std::fs::read_to_string(root().join("gate/budgets.schema.json")).unwrap_or_default();
    assert!(
        printed == kept,
        "write it again: gate check --schema > gate/budgets.schema.json"
    );
    let examples = examples();
    let examples = examples.iter().map(String::as_str);
    for file in examples.chain(["budgets.toml"]) {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let line = text.lines().next().unwrap();
        let path = line
            .strip_prefix("#:schema ")
            .unwrap_or_else(|| panic!("{file}: {line}"));
        let named = root()
            .join(file)
            .parent()
            .unwrap()
            .join(path)
            .canonicalize()
            .unwrap();
        assert!(
            named.ends_with("gate/budgets.schema.json"),
            "{file}: {path}"
        );
    }
}

/// Whoever copies an example gets what this repository itself uses.
#[test]
fn one_action_has_one_version_everywhere() {
    let mut pins = std::collections::BTreeMap::new();
    let mut folders = vec![root().join(".github")];
    let mut files = vec![root().join("action.yml")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yml") {
                files.push(path);
            }
        }
    }
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines() {
            let Some((_, used)) = line.split_once("uses: ") else {
                continue;
            };
            let Some((action, version)) = used.split_once('@') else {
                assert!(used.starts_with("./"), "{}: {line}", file.display());
                continue;
            };
            let sha = version.split(' ').next().unwrap();
            assert!(
                sha.len() == 40 && sha.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{}: no commit: {line}",
                file.display()
            );
            let owner: String = action.split('/').take(2).collect::<Vec<_>>().join("/");
            let pinned = pins.entry(owner).or_insert_with(|| version.to_owned());
            assert_eq!(pinned, version, "{}: {line}", file.display());
        }
    }
    assert!(pins.len() >= 3, "{pins:?}");
}
